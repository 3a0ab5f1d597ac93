"""docs/ARCHITECTURE.md against the tree: people who come new find what it names, and nothing is missing there."""

import re
from pathlib import Path, PurePosixPath

from twisted.trial.unittest import SynchronousTestCase

TREE = Path(__file__).parents[1]
PACKAGE = TREE / "groupchat"
PAGE = (TREE / "docs" / "ARCHITECTURE.md").read_text("utf-8")

FOLDERS = {path.parent.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py")} - {"."}
FILES = {
    path.relative_to(TREE).as_posix()
    for top in ("groupchat", "tests", "faults", "benchmarks", "docs")
    for path in (TREE / top).rglob("*")
    if path.suffix in (".py", ".js", ".css", ".html", ".svg")
}

STEP = re.compile(r"^ *\d+ +([a-z_]+(?:/[a-z_]+)+/?)(?=:| )", re.MULTILINE)
"""A step of the life of something, which begins with the module that does it."""


def names_a_file(path: str) -> bool:
    """Return whether this is the end of the path of a file, or of a module."""
    return any(f"/{file}".endswith((f"/{path}", f"/{path}.py")) for file in FILES)


class ArchitectureTests(SynchronousTestCase):
    def test_folders(self) -> None:
        """Every folder of the package is named."""
        named = set(re.findall(r"`([\w/]+)/`", PAGE))
        lacking = {folder for folder in FOLDERS if folder not in named and PurePosixPath(folder).name not in named}
        self.assertEqual(lacking, set())

    def test_files(self) -> None:
        """Every file that is named is there."""
        named = set(re.findall(r"`((?:[\w-]+/)*[\w-]+\.(?:py|js|css|html|svg))`", PAGE))
        self.assertGreater(len(named), 50)
        self.assertEqual({path for path in named if not names_a_file(path)}, set())

    def test_steps(self) -> None:
        """Every module that a line or a file goes through is there."""
        steps = {step for step in STEP.findall(PAGE) if not step.endswith("/")}
        self.assertGreater(len(steps), 15)
        self.assertEqual({step for step in steps if not names_a_file(step)}, set())
