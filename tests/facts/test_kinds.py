"""The table of kinds: every record is in it, and comes back as it went in."""

import inspect
import json
from collections.abc import Iterator

from twisted.trial.unittest import SynchronousTestCase

from groupchat.facts import account_facts, room_facts, sanctions
from groupchat.facts.account_facts import Account
from groupchat.facts.kinds import KINDS, owner, read
from groupchat.facts.rule_book import RuleBook
from groupchat.facts.typed import TypedFact
from groupchat.model.drafts import Fact, canonical
from tests.facts.examples import ALICE, BOB, EXAMPLES


def forms() -> Iterator[type[TypedFact]]:
    """Give every class of facts that has a kind."""
    for module in (account_facts, room_facts, sanctions):
        for _, form in inspect.getmembers(module, inspect.isclass):
            if issubclass(form, TypedFact) and hasattr(form, "KIND"):
                yield form


class TableTest(SynchronousTestCase):
    def test_complete(self) -> None:
        """Every record of a kind is in the table, under its own kind, and no kind has two."""
        self.assertEqual(set(KINDS.values()), set(forms()))
        self.assertEqual([form.KIND for form in KINDS.values()], list(KINDS))
        self.assertEqual(len({form.KIND for form in forms()}), len(set(forms())))

    def test_every_kind_has_an_example(self) -> None:
        """These tests see each kind."""
        self.assertEqual({kind for _, kind, _, _ in EXAMPLES}, set(KINDS))

    def test_accounts_first(self) -> None:
        """Accounts are learned before what belongs to them, also by the rule book."""
        self.assertEqual((next(iter(KINDS)), RuleBook.KINDS[0]), (Account.KIND, Account.KIND))

    def test_owners(self) -> None:
        """What goes with an account, with whose, and what stays."""
        found = {kind: owner(kind, name) for _, kind, name, _ in EXAMPLES}
        self.assertEqual(
            {kind: author for kind, author in found.items() if author is not None},
            {
                "rank": ALICE, "preferences": BOB, "ignoring": BOB, "known-address": BOB, "position": BOB,
                "access-token": BOB, "hook": BOB,
                "invitation": BOB, "room-operator": BOB, "rooms": BOB,
            },
        )  # fmt: skip


class FormTest(SynchronousTestCase):
    """What stands in databases for ever."""

    def test_written(self) -> None:
        """Each fact is kept under this kind and name, with this value."""
        for one, kind, name, value in EXAMPLES:
            self.assertEqual(one.fact, Fact(kind, name, value))

    def test_read(self) -> None:
        """Each fact comes back from its JSON, whatever the order of the keys, as the same record."""
        for one, kind, name, value in EXAMPLES:
            for text in (canonical(value), json.dumps(dict(reversed(value.items())))):
                found = read(Fact(kind, name, json.loads(text)))
                self.assertEqual((type(found), found), (type(one), one))

    def test_untrue(self) -> None:
        """A fact that is true no more has no record."""
        for _, kind, name, _ in EXAMPLES:
            self.assertIsNone(read(Fact(kind, name, None)))

    def test_unknown(self) -> None:
        """A kind that there is not, and a field that is missing, are told."""
        self.assertRaises(KeyError, read, Fact("colour", "red", {}))
        self.assertRaises(KeyError, owner, "colour", "red")
        self.assertRaises(KeyError, read, Fact("account", "alice", {"nick": "alice"}))

    def test_secret(self) -> None:
        """What a log shows of an account is not its hash."""
        (account,) = (one for one, kind, _, _ in EXAMPLES if kind == Account.KIND)
        self.assertNotIn("1:hash", repr(account))
