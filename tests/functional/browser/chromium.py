"""A real browser, driven by Playwright, and what judges the pages in it."""

import os
import shutil
from pathlib import Path
from typing import Any

from tests.functional.harness import LIMIT_S, program
from tests.lacking import lacking

try:
    from playwright.sync_api import Browser, Page, Playwright
except ImportError:
    lacking("playwright is not installed")

ARGUMENTS = [
    "--no-sandbox",  # as root there is none
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",  # else it asks for hosts that are not there
    "--disable-component-update",
    "--disable-sync",
]

SETTINGS: list[tuple[int, int, dict[str, Any]]] = [
    (1280, 800, {"color_scheme": "light"}),
    (1280, 800, {"color_scheme": "dark"}),
    (1280, 800, {"forced_colors": "active"}),
    (640, 400, {}),  # the same screen at 200 %
    (390, 844, {"color_scheme": "light"}),
    (390, 844, {"color_scheme": "dark"}),
    (320, 640, {}),
]
"""Width and height of a window, and what people have set for all pages."""


def browser_path() -> str:
    """Return the path of Chromium, by any of its names; it is called chromium where it is missing."""
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        if (path := shutil.which(name)) is not None:
            return path
    return program("chromium")


def launch(playwright: Playwright, *arguments: str) -> Browser:
    """Start a browser, which ends with Playwright.

    That must end before other tests run: as long as it is there, an event loop is running in this thread.
    """
    return playwright.chromium.launch(
        executable_path=browser_path(), args=[*ARGUMENTS, *arguments], timeout=LIMIT_S * 1000
    )


def npm_package(name: str) -> Path:
    """Return the folder of an npm package; without it the test is skipped, and fails in CI."""
    folder = os.environ.get("GROUPCHAT_NODE_MODULES", "")
    path = Path(folder) / name
    if not folder or not path.is_dir():
        lacking(f"{name} of npm is not in the folder GROUPCHAT_NODE_MODULES ({folder or 'not set'})")
    return path


def inaccessible(page: Page) -> list[str]:
    """Return what axe-core finds wrong in a page as it is now: each rule, with the places that break it."""
    if not page.evaluate("'axe' in globalThis"):
        page.evaluate(f"{(npm_package('axe-core') / 'axe.min.js').read_text()}; undefined")
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{rule['id']} ({rule['help']}): {node['target']} {node['html']:.200}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


def inaccessible_somewhere(page: Page) -> list[str]:
    """Return what axe-core finds wrong in a page in any of the settings that people have, and go back to the first."""
    found = []
    for width, height, media in SETTINGS:
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(**{"color_scheme": "light", "forced_colors": "none", **media})
        found += [f"{width} px, {media}: {each}" for each in inaccessible(page)]
    width, height, media = SETTINGS[0]
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(**{"forced_colors": "none", **media})
    return found
