"""The page in Chromium at the far end of a bad network."""

import re
import shlex
import time
from typing import ClassVar

from playwright.sync_api import Playwright, sync_playwright

from faults.far_clients import Client
from faults.trial import Trial
from tests.functional.browser.chromium import ARGUMENTS, browser_path
from tests.functional.harness import LIMIT_S

LOADING_MS = 300_000
"""Milliseconds: 120 KB at 64 kbit/s, and much of it again."""

STILL = 10
"""So often nothing new is shown at the beginning of the room before it is believed to be all."""


class Page(Client):
    """The page, in a browser of its own."""

    tells = True
    shown = re.compile(r"\bt(\d+)\b")

    _playwright: ClassVar[Playwright]

    @classmethod
    def drive(cls, trial: Trial) -> None:
        """Begin to drive browsers, until the trial ends."""
        manager = sync_playwright()
        cls._playwright = manager.start()
        trial.at_end(cls._playwright.stop)

    def start(self, port: int) -> None:
        script = self._trial.folder / f"chromium-{self.room}"
        script.write_text(f'#!/bin/sh\nexec {shlex.join((*self.link.prefix, browser_path()))} "$@"\n')
        script.chmod(0o755)
        browser = self._playwright.chromium.launch(executable_path=str(script), args=ARGUMENTS)
        self._trial.at_end(browser.close)
        self._page = browser.new_page()
        self._shown: dict[int, str] = {}
        self._page.set_default_timeout(LOADING_MS)
        self._page.goto(f"http://{self.link.here}:{port}/?room={self.room}")
        self._page.get_by_role("textbox", name="Nickname").fill(self.nick)
        self._page.get_by_role("button", name="Join", exact=True).click()
        self._box = self._page.get_by_role("textbox", name="Message", exact=True)
        self._box.wait_for()

    def say(self, text: str) -> None:
        self._box.fill(text)
        self._box.press("Enter")

    def listen(self) -> None:
        # Only the messages around those that are seen are in the page.
        shown = "all => all.map(one => [Number(one.id.slice(1)), one.getAttribute('aria-label')])"
        self._shown.update(dict(self._page.eval_on_selector_all("[role=log] article", shown)))
        if self.told_at is None and self._page.get_by_text(re.compile("No answer from|No connection")).count():
            self.told_at = time.monotonic()

    def finish(self) -> None:
        """Read up to the beginning, as what was missed for long is shown from its end."""
        beginning = self._page.get_by_role("log").get_by_text("This is where")
        end = time.monotonic() + LIMIT_S
        still = 0
        while still < STILL and time.monotonic() < end:
            known = len(self._shown)
            self._page.evaluate("document.getElementById('log').scrollTop = 0")
            self._page.wait_for_timeout(100)
            self.listen()
            still = still + 1 if beginning.is_visible() and len(self._shown) == known else 0

    def everything(self) -> str:
        self.listen()
        return "\n".join(self._shown[number] for number in sorted(self._shown))
