"""Arguments that are names, and what holds for every kind of argument."""

from hypothesis import given
from hypothesis import strategies as st

from groupchat.model.errors import BadArguments
from groupchat.model.text import LENGTHS
from groupchat.verbs.grammar import arguments, number_arguments, text_arguments, word_arguments
from groupchat.verbs.grammar.arguments import (
    AfterArgument,
    Argument,
    HereArgument,
    NickArgument,
    RoomArgument,
    RoomBeforeArgument,
    TargetArgument,
    WithArgument,
)
from groupchat.verbs.grammar.number_arguments import DurationArgument
from tests.verbs.grammar.argument_cases import CHOICES, ArgumentCase

KINDS: list[type[Argument]] = [
    kind
    for module in (arguments, text_arguments, number_arguments, word_arguments)
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, Argument) and kind.__module__ == module.__name__
]
"""Every kind of argument."""

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


class NameTests(ArgumentCase):
    """Names of people and rooms."""

    def test_words(self) -> None:
        """A name is one word; the blanks after it go with it."""
        for kind in (Argument, NickArgument, RoomArgument, TargetArgument):
            self.takes(kind, "bob  two  words", "bob", "two  words")

    def test_after(self) -> None:
        """A name after which a list goes on follows the word "after", which may be the name of a room alone."""
        self.takes(AfterArgument, "after  bob dev", "bob", "dev")
        for line in ("after", "after ", "afterwards bob", "bob"):
            self.assertIsNone(AfterArgument().take(line), line)

    def test_mistaken_addresses(self) -> None:
        """What no nickname can look like is meant as an address; the refusal says that it is none."""
        for word in ("bob", "v1.2", "192.0.2.7", "192.0.2.0/24", "2001:db8::/32", "::1"):
            self.takes(TargetArgument, word, word)
        for word in ("300.1.1.1", "1.2.3", "192.0.2.0/33", "bob/24", "2001:db8:::1"):
            refusal = self.assertRaises(BadArguments, TargetArgument().take, word)
            self.assertIn(f"{word} is no address; write it like 192.0.2.7", str(refusal))

    def test_room_before(self) -> None:
        """A room that another argument must follow is taken only if something follows."""
        self.takes(RoomBeforeArgument, "dev 10", "dev", "10")
        for line in ("10", "10 "):
            self.assertIsNone(RoomBeforeArgument().take(line))

    def test_right_json(self) -> None:
        """Each kind takes its own type."""
        cases: list[tuple[type[Argument], object, object]] = [
            (NickArgument, "bob", "bob"),
            (HereArgument, "#Dev", "#Dev"),
        ]
        for kind, given_, value in cases:
            self.assertEqual(self.gives(kind, given_), value, kind)

    def test_wrong_json(self) -> None:
        """A value of another type is refused."""
        cases: list[tuple[type[Argument], list[object]]] = [
            (NickArgument, [1, True, ["bob"], {}]),
            (HereArgument, [1, False, ["dev"]]),
        ]
        for kind, values in cases:
            for value in values:
                self.assertIsInstance(self.gives(kind, value), BadArguments, f"{kind} {value!r}")

    def test_cleaned(self) -> None:
        """What others may be shown is cleaned."""
        for kind in (NickArgument, HereArgument):
            self.assertEqual(self.gives(kind, "a\x1b[2Jb"), "ab", kind)

    def test_people(self) -> None:
        """Nicknames are completed in whatever case."""
        for kind in (NickArgument, TargetArgument):
            self.assertEqual(self.offers(kind, "AL"), ["Albert", "alice"], kind)
        self.assertEqual(self.offers(NickArgument, ""), ["Albert", "alice", "bob"])

    def test_rooms(self) -> None:
        """Rooms are completed with or without their sign."""
        for kind in (RoomArgument, RoomBeforeArgument):
            self.assertEqual(self.offers(kind, "#De"), ["dev", "devops"])

    def test_nothing_offered(self) -> None:
        """For a name of any kind there is nothing to choose from."""
        self.assertEqual(self.offers(Argument, "x"), [])


class EveryKindTests(ArgumentCase):
    """What holds for every kind, in whichever module."""

    def test_never_typed(self) -> None:
        """What has no label is never taken from a line."""
        for kind in KINDS:
            if not kind.label:
                self.assertIsNone(kind().take("dev true"), kind)

    @given(st.text(max_size=40))
    def test_any_line(self, line: str) -> None:
        """From any line each kind takes a value and leaves an end of the line, or nothing, or refuses."""
        for kind in KINDS:
            try:
                taken = kind().take(line)
            except BadArguments:
                continue
            if taken is not None:
                self.assertTrue(line.endswith(taken[1]), kind)

    @given(JSON)
    def test_anything(self, given_: object) -> None:
        """Whatever JSON has in store is understood or refused."""
        for kind in KINDS:
            self.gives(kind, given_)

    def test_secret(self) -> None:
        """Passwords and codes are secret, and nothing else is."""
        secret = {kind.__name__ for kind in KINDS if kind.secret}
        self.assertEqual(
            secret,
            {"PasswordArgument", "OldPasswordArgument", "NewPasswordArgument", "PassphraseArgument", "CodeArgument",
             "ChosenPasswordArgument", "ChosenPassphraseArgument"},
        )  # fmt: skip
        new = {kind.__name__ for kind in KINDS if kind.is_new}
        self.assertEqual(new, {"NewPasswordArgument", "ChosenPasswordArgument", "ChosenPassphraseArgument"})

    def test_never_completed(self) -> None:
        """Nothing is offered for a secret."""
        for kind in KINDS:
            if kind.secret:
                self.assertEqual(list(kind().complete(CHOICES, "")), [], kind)

    @given(st.text(max_size=10))
    def test_beginnings(self, start: str) -> None:
        """Whatever is offered begins with what was typed, but for a sign before it, and in whichever case."""
        for kind in KINDS:
            for choice in self.offers(kind, start):
                typed = start.removeprefix("#").removeprefix("/").lower()
                self.assertTrue(choice.lower().startswith((typed, start.lower())), (kind, start, choice))

    def test_bounded(self) -> None:
        """Every kind of text but what is said, and passwords, has a length, typed and as JSON."""
        open_ended = {"RestArgument", "MessageArgument", "ReasonArgument", "PasswordArgument", "OldPasswordArgument",
                      "PassphraseArgument", "NewPasswordArgument", "ChosenPasswordArgument",
                      "ChosenPassphraseArgument"}  # fmt: skip
        for kind in KINDS:
            long = "1m" * 8000 if issubclass(kind, DurationArgument) else "\ufdfa" * 5385
            length = kind().length
            if length is None:
                if kind.__name__ not in open_ended:
                    self.assertRaises(BadArguments, kind().from_json, long)
                continue
            self.assertIn(length, LENGTHS)
            error = self.assertRaises(BadArguments, kind().from_json, long)
            self.assertIn(f"has at most {length.most} characters; this one has {len(long):,}.", str(error))
            if kind.label:
                before = {AfterArgument: "after ", WithArgument: "with "}.get(kind, "")
                self.assertRaises(BadArguments, kind().take, f"{before}{long} {long}")
