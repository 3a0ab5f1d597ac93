"""The changes that are asked for of a fact, and the fingerprint by which they are judged."""

import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.facts.room_facts import Invitation, RoomOperator, Slow
from groupchat.facts.typed import TypedFact, owner_of
from groupchat.model.drafts import ABSENT, ANY, PRESENT, Fact, FactChange, fingerprint
from tests.facts.examples import BOB, EXAMPLES

SLOW = Slow("dev", 5.0, "olga", 100.0)

VALUES = st.dictionaries(
    st.text(max_size=4),
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4),
    max_size=6,
)


class ChangeTest(SynchronousTestCase):
    def test_made(self) -> None:
        """What is made must not be there yet; what is put may be."""
        self.assertEqual(SLOW.made(), FactChange(SLOW.fact, ABSENT))
        self.assertEqual(SLOW.put(), FactChange(SLOW.fact, ANY))

    def test_replacing(self) -> None:
        """What is made from another expects that one; what is made from nothing, nothing."""
        faster = replace(SLOW, seconds=1.0)
        self.assertEqual(faster.replacing(SLOW), FactChange(faster.fact, fingerprint(SLOW.value())))
        self.assertEqual(faster.replacing(None), FactChange(faster.fact, ABSENT))

    def test_undone(self) -> None:
        """What is undone expects to be there as it is."""
        self.assertEqual(SLOW.undone(), FactChange(Fact("slow", "dev", None), fingerprint(SLOW.value())))


class FingerprintTest(SynchronousTestCase):
    @given(VALUES)
    def test_order(self, value: dict[str, object]) -> None:
        """It depends neither on the order of the keys nor on having been written down and read again."""
        found = fingerprint(value)
        self.assertEqual(fingerprint(dict(reversed(value.items()))), found)
        self.assertEqual(fingerprint(json.loads(json.dumps(value))), found)

    @given(VALUES, VALUES)
    def test_different(self, one: dict[str, object], other: dict[str, object]) -> None:
        """Different values have different ones, and those of equal JSON the same."""
        same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
        self.assertEqual(fingerprint(one) == fingerprint(other), same)

    def test_every_field_counts(self) -> None:
        """A change of any field of any fact is noticed."""
        for one, _, _, value in EXAMPLES:
            for name in value:
                self.assertNotEqual(fingerprint({**value, name: "other"}), fingerprint(one.value()), (one, name))

    def test_is_no_word(self) -> None:
        """None looks like another thing to expect."""
        self.assertNotIn(fingerprint({}), (ANY, ABSENT, PRESENT))

    def test_lone_surrogates(self) -> None:
        """Any text has one."""
        self.assertNotEqual(fingerprint({"a": "\ud800"}), fingerprint({"a": "\ud801"}))


class OwnerTest(SynchronousTestCase):
    def test_parts(self) -> None:
        """The owner is the part of the name that the record says; rooms' names may be anything without a slash."""

        class Whole(Slow):
            __slots__ = ()
            OWNER = "whole"

        class First(Slow):
            __slots__ = ()
            OWNER = "first"

        cases: list[tuple[type[TypedFact], str]] = [
            (Whole, "22"), (First, "22/"), (First, "22/7"), (RoomOperator, "7/22"), (Invitation, "a b/22"),
        ]  # fmt: skip
        for form, name in cases:
            self.assertEqual(owner_of(form, name), BOB)
        self.assertIsNone(owner_of(Slow, "22"))
