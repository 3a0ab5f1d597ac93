"""By what facts are known: the same however a journal has written them, and different for any other decision."""

import json
from dataclasses import replace

from twisted.trial.unittest import SynchronousTestCase

from groupchat.exchange import fact_lines
from groupchat.facts.account_facts import Account, Ignoring, KeptPreferences
from groupchat.facts.sanctions import Mute
from groupchat.journals.rules.known_facts import CARRIED, DECIDED, mark
from groupchat.model.drafts import Fact
from groupchat.model.events import AuthorId

MUTE = Mute("Bob", "bob", AuthorId(5), True, "lobby", "alice", "spam", 1795262400.5678912, None, "192.0.2.1")
ALICE = Account("alice", "alice", AuthorId(2**62 + 1), "a hash", 1795262400.1239)


class MarkTest(SynchronousTestCase):
    def test_kinds(self) -> None:
        """What is carried is known, and those kinds have a time that are said to have one."""
        self.assertEqual(CARRIED, set(fact_lines.CARRIED))
        self.assertEqual(DECIDED, {kind for kind, parts in fact_lines.CARRIED.items() if "at" in parts})

    def test_carried(self) -> None:
        """A fact that came out of a line is known by what it was known by where it was decided."""
        for ago in range(2000):
            for one in (replace(MUTE, at=MUTE.at - ago * 1.0007), replace(ALICE, since=ALICE.since - ago * 0.3337)):
                there = fact_lines.read(json.loads(json.dumps(fact_lines.written(one.fact))))
                self.assertEqual(mark(there), mark(one.fact))
        preferences = KeptPreferences(AuthorId(5), "text", {"echo": "on"}).fact
        self.assertEqual(mark(fact_lines.read(fact_lines.written(preferences))), mark(preferences))

    def test_same(self) -> None:
        """Words and names of others do not count, nor passwords, nor what an ignored person was called."""
        self.assertEqual(mark(replace(MUTE, by="forgotten-1", why="", key="x", whom="x").fact), mark(MUTE.fact))
        nobodys = replace(MUTE, author=None)
        self.assertEqual(mark(replace(nobodys, by="forgotten-1", why="").fact), mark(nobodys.fact))
        self.assertEqual(mark(replace(ALICE, hash="other").fact), mark(ALICE.fact))
        ignoring = Ignoring(AuthorId(5), AuthorId(6), "bob")
        self.assertEqual(mark(replace(ignoring, nick="forgotten-1").fact), mark(ignoring.fact))

    def test_different(self) -> None:
        """Another kind, name, time, author or preference is another fact."""
        preferences = KeptPreferences(AuthorId(5), "text", {"echo": "on"})
        facts = [
            MUTE.fact, replace(MUTE, at=MUTE.at + 0.001).fact, replace(MUTE, room="").fact,
            replace(MUTE, author=AuthorId(6)).fact, replace(MUTE, author=None).fact,
            Fact("ban", MUTE.name, MUTE.value()), replace(MUTE, author=None, key="carol").fact,
            ALICE.fact, replace(ALICE, author=AuthorId(7)).fact,
            replace(ALICE, since=ALICE.since + 1).fact, preferences.fact,
            KeptPreferences(AuthorId(5), "text", {"echo": "off"}).fact,
            KeptPreferences(AuthorId(5), "page", {"echo": "on"}).fact,
        ]  # fmt: skip
        self.assertEqual(len({mark(fact) for fact in facts}), len(facts))

    def test_no_time(self) -> None:
        """A time that is none, as in a damaged file, is no reason to fail."""
        for at in (float("nan"), float("inf"), "x", None):
            self.assertEqual(len(mark(Fact("mute", "/bob", {"at": at, "author": None}))), 32)
