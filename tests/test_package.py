"""Packages have the whole program, and run when installed."""

import os
import re
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from shutil import copytree, ignore_patterns, rmtree
from typing import ClassVar

from twisted.trial.unittest import SynchronousTestCase

import groupchat
from groupchat.admin.settings_commands import describe
from groupchat.client.core.protocol import LONGEST_LINE
from groupchat.delivery.ignore_lists import IGNORED_MAX
from groupchat.doors.lines.json_requests import KEY_LIMIT, REF_LIMIT
from groupchat.doors.lines.telnet import COMMANDS_AT_ONCE, SUBNEGOTIATION_LIMIT
from groupchat.doors.wire.framing import SKIPPED_LIMIT
from groupchat.doors.wire.tls import EARLY_BYTES
from groupchat.journals.rules.words import PHRASES_MAX, WORDS_MAX
from groupchat.journals.sqlite.reader import SEARCH_S
from groupchat.journals.sqlite.sqlite_journal import SEARCHES
from groupchat.limits.pages import PAGE
from groupchat.model.errors import Refusal
from groupchat.model.events import Notice, Post
from groupchat.model.text import LENGTHS
from groupchat.model.times import FIRST_DAY, LAST_DAY
from groupchat.sessions.arrival.destination import SPELLINGS
from groupchat.state.access_keys import MOST
from groupchat.verbs.commands import COMPLETIONS
from groupchat.verbs.grammar.number_arguments import LARGEST
from groupchat.verbs.visiting import FAREWELL_MAX

TREE = Path(__file__).parents[1]
UNTRACKED = ignore_patterns(
    ".*", "*.egg-info", "build", "dist", "__pycache__", "groupchat-data", "_trial_temp*", "venv"
)


def run(*command: object, cwd: Path) -> str:
    """The output of a command, which must succeed."""
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, env=environment, capture_output=True, text=True, timeout=300
    )
    if done.returncode:
        raise AssertionError(f"{command} exits {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done.stdout


class PackageTest(SynchronousTestCase):
    """Built once, in a copy of the tree, without asking any package index."""

    folder: ClassVar[Path]
    source: ClassVar[Path]

    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = Path(tempfile.mkdtemp(prefix="groupchat-package-"))
        cls.source = cls.folder / "source"
        copytree(TREE, cls.source, ignore=UNTRACKED)
        build = (
            "import sys; from setuptools import build_meta as b; print(b.build_sdist('dist'), b.build_wheel('dist'))"
        )
        run(sys.executable, "-W", "ignore", "-c", build, cwd=cls.source)

    @classmethod
    def tearDownClass(cls) -> None:
        rmtree(cls.folder)

    def expected(self) -> set[str]:
        """Every file of the tree that is part of the program."""
        files = [path for path in (TREE / "groupchat").rglob("*") if path.is_file()]
        files += (TREE / "twisted" / "plugins").glob("*.py")
        names = {str(path.relative_to(TREE)) for path in files}
        return {name for name in names if "__pycache__" not in name and not name.endswith("dropin.cache")}

    def test_wheel(self) -> None:
        """A wheel holds the whole program, and nothing else: no tests, and no __init__.py over Twisted's own."""
        (wheel,) = (self.source / "dist").glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            names = {name for name in archive.namelist() if ".dist-info/" not in name}
        self.assertEqual(names, self.expected())
        self.assertNotIn("twisted/__init__.py", names)
        self.assertNotIn("twisted/plugins/__init__.py", names)

    def test_source_archive(self) -> None:
        """A source archive holds the program, its tests, its documents and chat.tac."""
        (archive_path,) = (self.source / "dist").glob("*.tar.gz")
        with tarfile.open(archive_path) as archive:
            names = {name.partition("/")[2] for name in archive.getnames()}
        tests = {str(path.relative_to(TREE)) for path in (TREE / "tests").rglob("*.py")}
        docs = {str(path.relative_to(TREE)) for path in (TREE / "docs").glob("*.md")}
        top = {"chat.tac", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "pyproject.toml", "setup.cfg"}
        self.assertEqual((self.expected() | tests | docs | top) - names, set())

    def test_every_way_of_installing(self) -> None:
        """From the tree, editable, and from the wheel: ``twistd groupchat`` is there, and gone when uninstalled."""
        (wheel,) = (self.source / "dist").glob("*.whl")
        for number, what in enumerate([("-e", self.source), (self.source,), (wheel,)]):
            python = self.environment(self.folder / f"venv{number}")
            pip = [sys.executable, "-m", "pip", "--python", python, "--quiet"]
            offline = ["--no-deps", "--no-build-isolation", "--ignore-installed", "--no-index"]
            run(*pip, "install", *offline, *what, cwd=self.folder)
            found = run(python, "-c", "import groupchat; print(groupchat.__file__)", cwd=self.folder)
            self.assertTrue(Path(found).is_relative_to(self.source if number == 0 else python.parents[1]), found)
            twistd = "from twisted.scripts.twistd import run; run()"
            self.assertRegex(run(python, "-c", twistd, "--help", cwd=self.folder), r"\n +groupchat +A group chat")
            self.assertIn("join", run(python.parent / "groupchat", "--help", cwd=self.folder))
            run(*pip, "uninstall", "--yes", "groupchat", cwd=self.folder)
            run(python, "-c", "import twisted.plugins, twisted.plugins.twisted_core", cwd=self.folder)
            self.assertEqual(list(python.parents[1].rglob("groupchat_plugin.py")), [])

    def environment(self, place: Path) -> Path:
        """The Python of a new environment that has what this one has, but for what is installed as editable here."""
        venv.create(place)  # without pip, which would bring an old setuptools
        (packages,) = place.glob("lib/python*/site-packages")
        ours = [path for path in sys.path if path.endswith("-packages")]
        (packages / "ours.pth").write_text("\n".join(ours) + "\n")
        return place / "bin" / "python"


SETTINGS = """# Settings

These settings go into a TOML file for `twistd groupchat --settings FILE`; the daemon also runs without one.

"""


def lengths() -> str:
    """Return the tables of all limits of what peers send that are not settings."""
    rows: list[tuple[str, int, str, str]] = [
        *((one.what[0].lower() + one.what[1:], one.most, "characters", one.reason) for one in LENGTHS),
        ("a reason for leaving", FAREWELL_MAX, "characters", "more is cut off: it must not keep anybody here"),
        ("a `key`", KEY_LIMIT, "characters", "it is kept with the message for ever"),
        ("a `ref`", REF_LIMIT, "characters of JSON", "it is kept until the answer, and sent back"),
        ("the names in `rooms`", SPELLINGS, "times `rooms_max`", "the same room may be named more than once"),
        ("a search", WORDS_MAX, "words", "in all; those of phrases and signs are counted singly"),
        ("a search", PHRASES_MAX, "different words", "each is looked up by itself"),
        ("a search", round(SEARCH_S * 1000), "ms of a processor", "then it is given up: `too-slow-search`"),
        ("searches that wait", SEARCHES, "searches", "further ones are refused: `busy`"),
        ("a page of a list", PAGE, "items", "`/list after NICK` shows what follows"),
        ("a list of completions", COMPLETIONS, "words", "the first and the last"),
        ("the people one ignores", IGNORED_MAX, "people", "each is looked at for every line"),
        ("access tokens, and hooks, of an account", MOST, "of each", "people need a few"),
        ("a number", LARGEST, "", "the largest that every reader of JSON knows exactly"),
        ("a telnet subnegotiation", SUBNEGOTIATION_LIMIT, "bytes", "real ones have some dozens"),
        (
            "telnet commands at once",
            COMMANDS_AT_ONCE,
            "commands",
            "a client sends a few; twenty cost a line",
        ),
        ("TLS before it is established", EARLY_BYTES, "bytes", "OpenSSL keeps them all"),
        ("a line that is too long", SKIPPED_LIMIT, "bytes", "so much is skipped for a program, then it is cut off"),
        ("a line of the server, for the client library", LONGEST_LINE, "bytes", "no list is as long"),
    ]
    table = "".join(f"| {what} | {most:,} {unit} | {why} |\n" for what, most, unit, why in rows)
    return LENGTHS_PAGE.format(first=FIRST_DAY, last=LAST_DAY) + table


LENGTHS_PAGE = """
## Lengths

Beside the settings above, what peers send has these limits.
Each is checked before anything else is done with what was sent, and a refusal names the one that was exceeded.
A line has at most `line_limit_bytes` or `json_limit_bytes`.
A string in a request, of whatever field, and a message have at most `line_limit_bytes`.
A nickname has at most `nick_max` characters, a topic `topic_max`.
Days are from {first} to {last}.
Fields whose names begin with `x-` are limited by the line only.

| what | at most | why |
|---|---|---|
"""


def below(kind: type) -> list[type]:
    """All kinds of this kind, but not itself."""
    kinds: list[type] = []
    inner: type
    for inner in kind.__subclasses__():
        kinds += [inner, *below(inner)]
    return kinds


def kebab(name: str) -> str:
    return re.sub("(?<!^)(?=[A-Z])", "-", name).lower()


class AgreementTest(SynchronousTestCase):
    """Documents and code agree."""

    def test_readme_and_ci(self) -> None:
        """CI sets up and tests as the README tells."""
        (command,) = re.findall(r"^(python3 -m venv .*pytest.*)$", (TREE / "README.md").read_text(), re.MULTILINE)
        self.assertIn(f"\n{command}\n", (TREE / ".ci" / "run").read_text())

    def test_codes_and_events(self) -> None:
        """docs/PROTOCOL.md tells of every code of a refusal, and of every event a program can be sent."""
        text = (TREE / "docs" / "PROTOCOL.md").read_text()
        for module in walk_packages(groupchat.__path__, "groupchat."):
            if not module.name.endswith("__main__"):
                import_module(module.name)
        codes = {vars(kind).get("code") for kind in below(Refusal)} - {None}
        told = codes | {kebab(kind.__name__) for kind in (*below(Post), *below(Notice))}
        self.assertEqual({word for word in told if f"`{word}`" not in text}, set())

    def test_settings(self) -> None:
        """docs/SETTINGS.md has every setting as it is declared; ``python -m tests.test_package`` writes it anew."""
        self.assertEqual((TREE / "docs" / "SETTINGS.md").read_text(), SETTINGS + describe() + lengths())


if __name__ == "__main__":
    (TREE / "docs" / "SETTINGS.md").write_text(SETTINGS + describe() + lengths())
