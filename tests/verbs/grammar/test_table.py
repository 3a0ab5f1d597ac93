"""Commands from one declaration: usage, aliases, the nearest name, completion, JSON, documentation."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.model.errors import BadArguments, NotAllowed, Refusal, UnknownCommand
from groupchat.model.events import Answer, AuthorId, Done
from groupchat.model.ranks import Rank
from groupchat.state.people import Person
from groupchat.verbs.actor import Actor
from groupchat.verbs.commands import COMMANDS
from groupchat.verbs.grammar.arguments import Name, Nick
from groupchat.verbs.grammar.number_arguments import Count, Day, PostId, Since
from groupchat.verbs.grammar.table import INTRODUCTION, Table
from groupchat.verbs.grammar.text_arguments import Rest
from groupchat.verbs.grammar.word_arguments import PreferenceValue
from tests.house import House

COMMANDS_PAGE = Path(__file__).parents[3] / "docs" / "COMMANDS.md"
ALOUD = "Nothing was said; a line that begins with // is."
WRITE_PAGE = (
    "python -c 'from groupchat.verbs.commands import COMMANDS;"
    """ print("# Commands\\n\\n" + COMMANDS.markdown(), end="")' > docs/COMMANDS.md"""
)


def table() -> Table:
    """Return a table with a few commands."""
    table = Table("trying", "trying things out")

    @table.verb("t", "whisper", cost=3)
    def tell(me: Actor, nick: Nick, text: Rest) -> Answer:
        """Tell somebody."""
        return Done(text=f"{nick}|{text}")

    @table.verb()
    def change(me: Actor, id: PostId | None = None, *, text: Rest) -> Answer:
        """Change something.

        Or do not.
        """
        return Done(id or 0, text)

    @table.verb()
    def show(me: Actor, count: Count | None = None, since: Since | None = None, day: Day | None = None) -> Answer:
        """Show a | or two."""
        return Done(text=f"{count} {since} {day}")

    @table.verb(needs=Rank.OPERATOR)
    def shutdown_(me: Actor, when: Name = "now", how: PreferenceValue = "") -> Answer:
        """Stop everything."""
        return Done(text=when)

    return table


class TableTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.table = table()
        (alice,) = House().come("alice")
        self.me = alice.actor

    def typed(self, line: str) -> object:
        """Return the result of a line, or its refusal."""
        try:
            verb, arguments = self.table.read_line(self.me, line)
            return verb.function(self.me, **arguments)
        except Refusal as refusal:
            return type(refusal), str(refusal)

    def asked(self, name: str, **fields: object) -> object:
        """Return the result of a request, or its refusal."""
        try:
            verb, arguments = self.table.read_fields(self.me, name, fields)
            return verb.function(self.me, **arguments)
        except Refusal as refusal:
            return type(refusal), str(refusal)

    def test_usage(self) -> None:
        """The signature is the grammar: what may be left out stands in brackets."""
        usages = [command.usage for command in self.table.sorted()]
        self.assertEqual(
            usages,
            [
                "/change [#N] TEXT",
                "/show [COUNT] [since #N] [YYYY-MM-DD]",
                "/shutdown [NAME] [VALUE]",
                "/tell NICK TEXT",
            ],
        )

    def test_typed(self) -> None:
        """Arguments are read in order; the last one keeps its spacing."""
        self.assertEqual(self.typed("tell bob  two  words "), Done(text="bob|two  words "))
        self.assertEqual(self.typed("change #41 new"), Done(41, "new"))
        self.assertEqual(self.typed("change 41 new"), Done(41, "new"))
        self.assertEqual(self.typed("change new 41"), Done(0, "new 41"))
        self.assertEqual(self.typed("change some day"), Done(0, "some day"))
        self.assertEqual(self.typed("show"), Done(text="None None None"))
        self.assertEqual(self.typed("show 7"), Done(text="7 None None"))
        self.assertEqual(self.typed("show since #41"), Done(text="None 41 None"))
        self.assertEqual(self.typed("show 2026-11-21"), Done(text="None None 2026-11-21"))

    def test_wrong(self) -> None:
        """A line that does not fit is refused with the usage, or with what is wrong."""
        usage = (BadArguments, "Usage: /tell NICK TEXT")
        self.assertEqual([self.typed(line) for line in ("tell", "tell bob", "tell bob ")], [usage] * 3)
        for line in ("show seven", "show 7 7", "show 2026-11-21 x"):
            self.assertEqual(self.typed(line), (BadArguments, "Usage: /show [COUNT] [since #N] [YYYY-MM-DD]"))
        self.assertEqual(self.typed("show 0")[0], BadArguments)  # type: ignore[index]
        self.assertEqual(self.typed("show 2026-02-30")[0], BadArguments)  # type: ignore[index]

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

    def test_json(self) -> None:
        """A program gives arguments by name, in their own types; fields that begin with x- are its own."""
        self.assertEqual(
            self.asked("tell", nick="bob", text=" x ", **{"x-other": 1, "ref": 2, "key": "k"}), Done(text="bob| x ")
        )
        self.assertEqual(self.asked("change", id=41, text="new"), Done(41, "new"))
        self.assertEqual(self.asked("change", id=None, text="new"), Done(0, "new"))
        self.assertEqual(self.asked("show", count=7, since=8, day="2026-11-21"), Done(text="7 8 2026-11-21"))

    def test_json_fields(self) -> None:
        """A field that is no argument is refused by name, never ignored."""
        refusal = (BadArguments, "tell has no field room; its fields: nick, text.")
        self.assertEqual(self.asked("tell", nick="bob", text="x", room="dev"), refusal)

    def test_no_room(self) -> None:
        """A room that is null or empty is refused: meant for one room, the verb could else hold everywhere."""
        (olga,) = House().come("olga")
        for room in (None, ""):
            with self.assertRaises(BadArguments):
                COMMANDS.read_fields(olga.actor, "history", {"room": room})

    def test_json_types(self) -> None:
        """A value of the wrong type is refused, whatever JSON has in store."""
        wrong: dict[str, list[object]] = {
            "tell": [{"nick": 1}, {"nick": ["bob"]}, {"text": 1}, {"text": {}}, {"nick": None}],
            "change": [{"id": "41"}, {"id": True}, {"id": -1}, {"id": 1.5}, {"id": 2**53 + 1}],
            "show": [{"count": 0}, {"count": "7"}, {"day": 20261121}, {"day": "today"}, {"since": []}],
        }
        right = {"tell": {"nick": "bob", "text": "x"}, "change": {"text": "x"}, "show": {}}
        for name, cases in wrong.items():
            for case in cases:
                fields: dict[str, object] = {**right[name], **case}  # type: ignore[dict-item]
                self.assertEqual(self.asked(name, **fields)[0], BadArguments, (name, case))  # type: ignore[index]
        self.assertEqual(self.asked("tell", nick="bob"), (BadArguments, "tell needs the field text."))

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

    def test_wrong_declarations(self) -> None:
        """A command without help, with a name twice, or with an argument of no kind is found out at once."""

        def mute(me: Actor) -> Answer:
            return Done()

        def tell(me: Actor) -> Answer:
            """Again."""
            return Done()

        def odd(me: Actor, what: str) -> Answer:
            """Odd."""
            return Done()

        for function in (mute, tell, odd):
            self.assertRaises(TypeError, self.table.verb(), function)

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
