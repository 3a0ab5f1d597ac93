"""Tables of commands: aliases, the nearest name, who may use what, completion, documentation."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.model.errors import NotAllowed, Refusal, UnknownCommand
from groupchat.model.events import AuthorId, Done
from groupchat.state.people import Person
from groupchat.verbs.commands import COMMANDS
from groupchat.verbs.grammar.table import INTRODUCTION
from tests.verbs.grammar.cases import TableCase

COMMANDS_PAGE = Path(__file__).parents[3] / "docs" / "COMMANDS.md"
ALOUD = "Nothing was said; a line that begins with // is."
WRITE_PAGE = (
    "python -c 'from groupchat.verbs.commands import COMMANDS;"
    """ print("# Commands\\n\\n" + COMMANDS.markdown(), end="")' > docs/COMMANDS.md"""
)


class TableTests(TableCase):
    def test_aliases(self) -> None:
        """A command goes by its aliases too, in whatever case."""
        for name in ("t", "WHISPER", "Tell"):
            self.assertEqual(self.typed(f"{name} bob x"), Done(text="bob|x"))
            self.assertEqual(self.asked(name, nick="bob", text="x"), Done(text="bob|x"))

    def test_nearest(self) -> None:
        """An unknown command is refused, with the nearest known name if any is near."""
        self.assertEqual(
            self.typed("tel bob x"),
            (UnknownCommand, f"There is no command /tel. Did you mean /tell? /help lists the commands. {ALOUD}"),
        )
        self.assertEqual(
            self.typed("xyzzy"), (UnknownCommand, f"There is no command /xyzzy. /help lists the commands. {ALOUD}")
        )
        self.assertEqual(self.typed("")[0], UnknownCommand)  # type: ignore[index]
        self.assertEqual(
            self.asked("tel"),
            (UnknownCommand, "There is no command /tel. Did you mean /tell? /help lists the commands."),
        )

    def test_paths(self) -> None:
        """A line that begins with a path is refused, with how to say it, and no command is proposed."""
        for line, path in (
            ("etc/hosts is broken", "/etc/hosts"), ("home/me", "/home/me"), ("usr is full", "/usr"),
            ("tell/bob x", "/tell/bob"), ("Users/me/x", "/Users/me/x"), ("dev/null", "/dev/null"), ("tmp/", "/tmp/"),
        ):  # fmt: skip
            told = f"{path} is no command, and was not said. Begin with two slashes to say it: /{path}"
            self.assertEqual(self.typed(line), (UnknownCommand, told))
        long = self.typed("home/" + "x" * 4000)
        self.assertLess(len(long[1]), 200)  # type: ignore[index]

    def test_needs(self) -> None:
        """The rank a command needs is enforced before it runs, and below it the command is not offered."""
        for answer in (self.typed("shutdown"), self.asked("shutdown")):
            self.assertEqual(answer, (NotAllowed, "/shutdown is for operators only."))
        self.assertNotIn("/shutdown", self.table.complete(self.me, "/s"))

    def test_complete(self) -> None:
        """Commands, aliases, people, rooms and settings are completed where they may stand."""
        hall = self.me.hall
        for nick in ("Albert", "bob"):
            hall.roster.claim(Person(nick, nick.lower(), AuthorId(len(nick)), 0))
        self.assertEqual(self.table.complete(self.me, "/t"), ["/t", "/tell"])
        self.assertEqual(self.table.complete(self.me, "/tell AL"), ["Albert", "alice"])
        self.assertEqual(self.table.complete(self.me, "/tell "), ["Albert", "alice", "bob"])
        self.assertEqual(self.table.complete(self.me, "/tell bob al"), ["Albert", "alice"])
        self.assertEqual(self.table.complete(self.me, "hi al"), ["Albert", "alice"])
        self.assertEqual(self.table.complete(self.me, "hi "), [])
        self.assertEqual(self.table.complete(self.me, "so :smile_c"), [":smile_cat:"])
        self.assertEqual(self.table.complete(self.me, "/tell bob :smile_c"), [":smile_cat:"])
        self.assertLessEqual(len(self.table.complete(self.me, ":s")), 40)
        self.assertEqual(self.table.complete(self.me, "/nothing al"), [])
        self.assertEqual(COMMANDS.complete(self.me, "/msg al"), ["Albert", "alice"])
        self.assertEqual(COMMANDS.complete(self.me, "/join #LO"), ["lobby"])
        self.assertEqual(COMMANDS.complete(self.me, "/set ec"), ["echo"])
        self.assertIn("Europe/Paris", COMMANDS.complete(self.me, "/set zone europe/pa"))
        self.assertEqual(COMMANDS.complete(self.me, "/help unig"), ["unignore"])

    def test_markdown(self) -> None:
        """The page has a row for each command, with its fields and cost, and a section for each with more to say."""
        page = self.table.markdown()
        self.assertTrue(page.startswith(INTRODUCTION), page)
        self.assertIn("\n\n## Trying things out\n\n| command | what it does | fields | cost | also |\n|---|", page)
        self.assertIn("| `/tell NICK TEXT` | Tell somebody. | `nick`, `text` | 3 | `/t`, `/whisper` |\n", page)
        self.assertIn("| Show a \\| or two. | `count`, `since`, `day` |  |  |\n", page)
        self.assertIn("\n### `/change [#N] TEXT`\n\nChange something.\nOr do not.\n", page)

    @given(st.text(max_size=60))
    def test_any_line(self, line: str) -> None:
        """Whatever is typed after the slash is understood or refused."""
        self.typed(line)
        for name in ("tell ", "change ", "show ", "show since "):
            self.typed(name + line)
        for command in COMMANDS.sorted():
            try:
                COMMANDS.read_line(self.me, f"{command.name} {line}")
            except Refusal:
                continue


class PageTests(SynchronousTestCase):
    def test_fresh(self) -> None:
        """docs/COMMANDS.md says what the table says."""
        written = COMMANDS_PAGE.read_text(encoding="utf-8") if COMMANDS_PAGE.exists() else ""
        self.assertEqual(written, f"# Commands\n\n{COMMANDS.markdown()}", f"Write it anew by: {WRITE_PAGE}")
