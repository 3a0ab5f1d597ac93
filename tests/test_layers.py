"""The table of allowed arrows between folders; no circle of any kind; small folders; names used once."""

import ast
from collections import Counter
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

PACKAGE = Path(__file__).parents[1] / "groupchat"

MOST_MODULES = 12
"""The most modules a folder may have."""

MOST_TYPE_CHECKING = 5
"""The most files that may have imports for the type checker only."""

_BASE = ("lazy", "model", "model.message", "facts", "interfaces", "limits", "config")
_SESSIONS = ("sessions.arrival", "sessions")
_CORE = (*_BASE, "state", "delivery", "sharing", "hall.people", "hall", "verbs.grammar", "verbs", *_SESSIONS)
_DOORS = ("doors.certificates", "doors.wire", "doors.lines", "doors.web", "doors.requests", "doors.transfers", "doors")
_JOURNALS = (
    "journals.rules", "journals.logs", "journals.logs.etcd.requests", "journals.logs.etcd", "journals.nodes",
    "journals.cluster", "journals.sqlite", "journals", "journals.tools",
)  # fmt: skip
_SERVER = (*_CORE, "disk", "outgoing", "files", "files.others", *_DOORS, *_JOURNALS, "daemon.log", "daemon")
_TERMINAL = (
    "terminal.attention", "terminal.display", "terminal.surfaces", "terminal.surfaces.editor", "terminal.flow",
    "terminal.viewing", "terminal",
)  # fmt: skip
_CLIENT = ("client.core", "client.tls", "client.loop", "client")
_CLIENTS = (*_CLIENT, "stdio", "destinations", *_TERMINAL, "programs")

ARROWS: Mapping[str, tuple[str, ...]] = {
    # The core, from the ground up.
    "lazy": (),
    "model.unicode": ("lazy",),
    "model": ("lazy", "model.unicode"),
    "model.message": ("lazy", "model"),
    "disk": (
        "lazy",
        "model",
    ),
    "facts": (
        "lazy",
        "model",
    ),
    "limits": (
        "lazy",
        "model",
    ),
    "config": ("lazy", "model", "disk"),
    "interfaces": ("lazy", "model", "model.message", "limits", "config"),
    "state": _BASE,
    "delivery": (*_BASE, "state"),
    "sharing": (*_BASE, "state", "delivery"),
    "hall.people": (*_BASE, "state", "delivery"),
    "hall": (*_BASE, "state", "delivery", "sharing", "hall.people"),
    "verbs.grammar": (*_BASE, "state"),
    "verbs": (*_BASE, "state", "delivery", "sharing", "hall.people", "hall", "verbs.grammar"),
    "sessions.arrival": _CORE[:-2],
    "sessions": _CORE[:-1],
    # The doors: bytes, then lines, then the table that knows every kind.
    "doors.certificates": ("lazy", "model", "disk"),
    "doors.wire": (*_BASE, "sessions", "disk"),
    "doors.lines": (*_BASE, "sessions", "doors.wire"),
    "doors.web": (*_BASE, "sessions", "doors.wire", "doors.lines"),
    "doors.requests": (*_BASE, "state", "sessions", "doors.wire", "doors.lines", "doors.web"),
    "doors.transfers": (*_BASE, "sessions", "doors.wire", "doors.web", "doors.requests"),
    "doors": (*_BASE, "sessions", "doors.wire", "doors.lines", "doors.web", "doors.requests", "doors.transfers"),
    # Connections that are made, and not accepted.
    "outgoing": ("lazy",),
    # Journals know what things are and what is asked of them, nothing else.
    "journals.rules": ("lazy", "model", "model.message", "facts", "interfaces"),
    "journals.logs": ("lazy", "model", "interfaces"),
    "journals.logs.etcd.requests": ("lazy", "model", "interfaces"),
    "journals.logs.etcd": ("lazy", "model", "interfaces", "outgoing", "journals.logs", "journals.logs.etcd.requests"),
    "journals.nodes": ("lazy", "model", "facts", "journals.rules"),
    "journals.cluster": ("lazy", "model", "model.message", "interfaces", "journals.rules", "journals.nodes"),
    "journals.sqlite": (
        "lazy",
        "model",
        "model.message",
        "facts",
        "interfaces",
        "disk",
        "journals.rules",
        "journals.nodes",
    ),
    "journals": ("lazy", "model", "model.message", "facts", "interfaces", "disk", *_JOURNALS[:-2]),
    "journals.tools": ("lazy", "model", "facts", "interfaces", "disk", *_JOURNALS[:-1]),
    "files": ("lazy", "model", "interfaces", "disk"),
    "files.others": ("lazy", "model", "interfaces", "outgoing", "files"),
    "exchange": ("lazy", "model", "facts", *_JOURNALS),
    # Clients know what things are, and nothing of the server.
    "client.core": (),
    "client.tls": ("client.core",),
    "client.loop": ("client.core",),
    "client.http": ("client.core",),
    "client": ("lazy", "model", "model.message", "client.core", "client.tls", "client.loop", "client.http"),
    "client.aio": ("client.core", "client.tls", "client.http", "client"),
    "client.bots": ("disk", "client.core", "client", "client.aio"),
    "client.testing": ("client.core", "client"),
    "stdio": ("lazy", "model", "model.message", *_CLIENT),
    "destinations": ("lazy", "disk", *_CLIENT, "stdio"),
    "terminal.attention": ("lazy", "model", *_CLIENT, "stdio", "destinations"),
    "terminal.display": ("lazy", "model", "model.message", *_CLIENT, "stdio"),
    "terminal.surfaces": ("lazy", "model", "disk", *_CLIENT, "stdio", "terminal.display"),
    "terminal.surfaces.editor": ("lazy", "model", "disk", *_CLIENT, "stdio", "terminal.display", "terminal.surfaces"),
    "terminal.flow": ("lazy", "model", *_CLIENT, "stdio", "destinations", *_TERMINAL[:-3]),
    "terminal.viewing": ("lazy", "model", *_CLIENT, "stdio", *_TERMINAL[:-2]),
    "terminal": ("lazy", "model", *_CLIENT, "stdio", "destinations", *_TERMINAL[:-1]),
    "programs": ("lazy", "model", *_CLIENTS[:-1]),
    "checker": ("lazy", "model", "interfaces", "disk", "files", *_CLIENT, "stdio", *_JOURNALS),
    # What puts a process together.
    "daemon.log": ("lazy", "model", "config"),
    "daemon": ("daemon.log", *_CORE, "disk", "files", "files.others", *_DOORS, *_JOURNALS),
    "admin": (*_SERVER, *_CLIENTS, "checker", "exchange"),
    "admin.copies": (*_SERVER, "admin"),
    "admin.nodes": (*_SERVER, "admin", "admin.copies"),
    "": ("daemon", "daemon.log"),
}
"""For each folder, which others its modules may import from; the package itself is the empty name."""

CORE_FROM_TWISTED = {"twisted.internet.defer", "twisted.internet.task", "twisted.logger", "twisted.python.failure"}
"""What the core may know of Twisted: how to wait, to log and to hold a failure."""

CLIENT_CORE_WITHOUT = {
    "client.core": {"twisted", "zope", "asyncio", "socket", "selectors", "select", "ssl", "threading", "OpenSSL"},
    "client.tls": {
        "twisted",
        "zope",
        "asyncio",
        "socket",
        "selectors",
        "select",
        "threading",
        "OpenSSL",
        "cryptography",
    },
}
"""What the folders of the client that move no bytes themselves must not import, of all that could."""

START_PROCESSES = ("daemon", "admin", "programs", "terminal", "stdio", "client", "checker")
"""The folders in which functions that start a process may import the reactor."""


def modules() -> dict[str, ast.Module]:
    """Every module below the package by its name in it, such as ``state.rooms``."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        name = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        found[name.removesuffix(".__init__") if name != "__init__" else ""] = ast.parse(path.read_text("utf-8"))
    return found


MODULES = modules()
FOLDERS = {".".join(path.parent.relative_to(PACKAGE).parts) for path in PACKAGE.rglob("*.py")}


def imported(tree: ast.AST) -> Iterator[str]:
    """Every module, and every name from one, that is imported anywhere, for the type checker too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                yield name if name.removeprefix("groupchat.") in MODULES else str(node.module)


def inner(tree: ast.AST) -> set[str]:
    """The modules of this package that are imported."""
    return {name.removeprefix("groupchat").lstrip(".") for name in imported(tree) if name.split(".")[0] == "groupchat"}


def folder_of(module: str) -> str:
    return module if module in FOLDERS else module.rpartition(".")[0]


class LayersTest(SynchronousTestCase):
    """Arrows point one way."""

    def test_table(self) -> None:
        """Every folder has its row, and no arrow between two folders is missing from the table."""
        self.assertEqual(sorted(FOLDERS), sorted(ARROWS))
        wrong = sorted(
            f"{module} -> {other}"
            for module, tree in MODULES.items()
            for other in inner(tree)
            if folder_of(other) not in (folder_of(module), *ARROWS[folder_of(module)])
        )
        self.assertEqual(wrong, [])

    def test_table_has_no_circle(self) -> None:
        """What the table allows never leads back."""
        tuple(TopologicalSorter(ARROWS).static_order())

    def test_no_circle(self) -> None:
        """No module leads back to itself, by whatever import: within a function or for the type checker too."""
        try:
            tuple(
                TopologicalSorter({module: inner(tree) - {module} for module, tree in MODULES.items()}).static_order()
            )
        except CycleError as error:
            self.fail(" -> ".join(error.args[1]))

    def test_checker_sees_circles(self) -> None:
        """An import for the type checker only, and one within a function, are seen."""
        tree = ast.parse(
            "if TYPE_CHECKING:\n    from groupchat.state.rooms import Room\n"
            "def f():\n    from groupchat.model import text\n"
        )
        self.assertEqual(inner(tree), {"state.rooms", "model.text"})

    def test_small_folders(self) -> None:
        """No folder has more modules than one can keep in mind."""
        sizes = Counter(folder_of(module) for module in MODULES if module not in FOLDERS)
        self.assertEqual({folder: size for folder, size in sizes.items() if size > MOST_MODULES}, {})

    def test_names_are_used_once(self) -> None:
        """No two modules have one name."""
        names = Counter(module.rpartition(".")[2] for module in MODULES if module not in FOLDERS)
        self.assertEqual([name for name, count in names.items() if count > 1], [])

    def test_type_checking_is_rare(self) -> None:
        """Hardly any file needs imports for the type checker only: where arrows point one way, they are real."""
        files = [name for name, tree in MODULES.items() if "TYPE_CHECKING" in ast.dump(tree)]
        self.assertLessEqual(len(files), MOST_TYPE_CHECKING, files)

    def test_core_is_free_of_the_network(self) -> None:
        """The core knows of Twisted only what it needs to wait, to log and to hold a failure."""
        for name, tree in MODULES.items():
            if folder_of(name) in _CORE:
                known = [other for other in imported(tree) if other.split(".")[0] == "twisted"]
                self.assertEqual([other for other in known if other not in CORE_FROM_TWISTED], [], name)

    def test_client_core_moves_no_bytes(self) -> None:
        """The client's core knows no network, and its TLS only OpenSSL in memory."""
        for name, tree in MODULES.items():
            forbidden = CLIENT_CORE_WITHOUT.get(folder_of(name), set())
            self.assertEqual({other for other in imported(tree) if other.split(".")[0] in forbidden}, set(), name)
        self.assertEqual(set(CLIENT_CORE_WITHOUT) - {folder_of(name) for name in MODULES}, set())

    def test_reactor_is_passed_down(self) -> None:
        """Only functions that start a process import the reactor, and no module does as it is imported."""
        for name, tree in MODULES.items():
            top = ast.Module([node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)], [])
            self.assertNotIn("twisted.internet.reactor", list(imported(top)), name)
            if folder_of(name).split(".")[0] not in START_PROCESSES:
                self.assertNotIn("twisted.internet.reactor", list(imported(tree)), name)
