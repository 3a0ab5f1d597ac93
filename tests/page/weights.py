"""What a browser fetches of the page, found in the files themselves."""

import re

from tests.functional.harness import TREE

PAGE = TREE / "groupchat" / "doors" / "web" / "page"

_IMPORTS = re.compile(r'^(?:(?:import|export)[^;"]* from|import) "\./([a-z]+\.js)";$', re.MULTILINE)
_NAMED = re.compile(r'(?:href|src)="page/([a-z.]+)"')


def fetched_at_first() -> dict[str, int]:
    """Return the sizes of the files that are fetched until one is in a room and can write."""
    index = (PAGE / "index.html").read_text()
    found = {"index.html"}
    waiting = set(_NAMED.findall(index))
    while waiting:
        name = waiting.pop()
        found.add(name)
        if name.endswith(".js"):
            waiting |= set(_IMPORTS.findall((PAGE / name).read_text())) - found
    return {name: (PAGE / name).stat().st_size for name in found}


def all_files() -> dict[str, int]:
    """Return the sizes of all files of the page."""
    return {path.name: path.stat().st_size for path in PAGE.iterdir()}
