"""Who may know whom, as ARCHITECTURE.md draws it."""

import ast
from collections.abc import Iterator
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

PACKAGE = Path(__file__).parents[1] / "groupchat"
STARTERS = {
    "groupchat.service", "groupchat.options", "groupchat.upkeep", "groupchat.farewell",
    "groupchat.admin", "groupchat.passwords", "groupchat.verify", "groupchat.metrics",
    "groupchat.backup", "groupchat.export", "groupchat.forget", "groupchat.intake",
}  # fmt: skip
"""What starts a process or threads, or works on a journal without a daemon, and may so know everything."""

CORE_FROM_TWISTED = {"twisted.internet.defer", "twisted.internet.task", "twisted.logger", "twisted.python.failure"}
FOLDERS = ("groupchat.doors", "groupchat.journals", "groupchat.client")
FORBIDDEN = {
    "groupchat.doors": ("groupchat.journals", "groupchat.client", *STARTERS),
    "groupchat.journals": ("groupchat.doors", "groupchat.client", "groupchat.hall", "groupchat.session", *STARTERS),
    "groupchat.client": ("groupchat.doors", "groupchat.journals", "groupchat.hall", "groupchat.session", *STARTERS),
}
OF_THE_CORE = (*FOLDERS, *STARTERS)
"""What nothing in the core imports."""


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        name = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        yield name, ast.parse(path.read_text(encoding="utf-8"))


def imported(tree: ast.Module) -> Iterator[str]:
    """Every module, and every name from one, that is imported anywhere; none is imported relatively."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def within(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)


class LayersTest(SynchronousTestCase):
    def test_layers(self) -> None:
        """Nothing imports what its layer must not know."""
        for name, tree in modules():
            if name in STARTERS:
                continue
            folder = next((folder for folder in FOLDERS if within(name, (folder,))), "")
            forbidden = FORBIDDEN.get(folder, OF_THE_CORE)
            self.assertEqual([other for other in imported(tree) if within(other, forbidden)], [], name)

    def test_core_is_free_of_the_network(self) -> None:
        """The core knows of Twisted only what it needs to wait, to log and to hold a failure."""
        for name, tree in modules():
            if name in STARTERS or within(name, FOLDERS):
                continue
            known = [other for other in imported(tree) if within(other, ("twisted",))]
            self.assertEqual([other for other in known if not within(other, tuple(CORE_FROM_TWISTED))], [], name)

    def test_reactor_is_passed_down(self) -> None:
        """Only functions that start a process import the reactor, and no module does as it is imported."""
        for name, tree in modules():
            for statement in tree.body:
                if isinstance(statement, ast.Import | ast.ImportFrom):
                    found = imported(ast.Module([statement], []))
                    self.assertNotIn("twisted.internet.reactor", list(found), name)
            if name not in STARTERS and not within(name, ("groupchat.client",)):
                self.assertNotIn("twisted.internet.reactor", list(imported(tree)), name)
