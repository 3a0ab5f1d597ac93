"""Tests of the fields of records."""

from dataclasses import dataclass, replace

from twisted.trial.unittest import SynchronousTestCase

from groupchat.facts.kinds import KINDS
from groupchat.facts.whereabouts import Places
from groupchat.journals.rules.codec import CONSEQUENCES, OPERATIONS
from groupchat.journals.rules.field_types import is_proper
from groupchat.journals.rules.field_types import tests_of as found_tests
from groupchat.model.drafts import ReadUpTo
from groupchat.model.events import AuthorId
from tests.facts.examples import EXAMPLES


class FieldTypesTests(SynchronousTestCase):
    """What a field may be follows from its annotation."""

    def test_all(self) -> None:
        """There is a test for each field of everything that stands in a journal."""
        for form in (*OPERATIONS.values(), *CONSEQUENCES.values(), *KINDS.values()):
            self.assertTrue(found_tests(form), form)

    def test_facts(self) -> None:
        """Every fact that people make is proper."""
        for fact, _, name, value in EXAMPLES:
            self.assertTrue(is_proper(type(fact).read(name, value)), fact)

    def test_numbers(self) -> None:
        """A whole number fits in a table and is no truth value; a time is any number that there is."""
        read = ReadUpTo(AuthorId(1), "lobby", 5, 1)
        for upto, is_fine in ((-(2**63), True), (2**63, False), (True, False), (1.0, False), (None, False)):
            self.assertEqual(is_proper(replace(read, upto=upto)), is_fine, upto)  # type: ignore[arg-type]
        for at, is_fine in ((1.5, True), (float("inf"), False), (float("nan"), False), (2**63, False), ("1", False)):
            self.assertEqual(is_proper(replace(read, at=at)), is_fine, at)  # type: ignore[arg-type]

    def test_names(self) -> None:
        """All of several are tested."""
        for rooms, is_fine in ((("a", "b"), True), ((), True), (("a", 1), False), (["a"], False), ("a", False)):
            self.assertEqual(is_proper(Places(rooms)), is_fine, rooms)  # type: ignore[arg-type]

    def test_unknown(self) -> None:
        """A field whose values could not be tested is found when its class is first used."""

        @dataclass
        class Odd:
            what: complex

        self.assertRaises(TypeError, found_tests, Odd)
