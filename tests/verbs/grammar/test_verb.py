"""Verbs from one declaration each: usage, what is typed, JSON, and declarations that are wrong."""

from groupchat.model.errors import BadArguments
from groupchat.model.events import Answer, Done
from groupchat.verbs.actor import Actor
from groupchat.verbs.commands import COMMANDS
from tests.house import House
from tests.verbs.grammar.cases import TableCase


class VerbTests(TableCase):
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
