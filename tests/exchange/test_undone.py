"""A journal's own facts, in an export of it, that are not here: what was undone stays so, what was lost comes back."""

from dataclasses import replace

from groupchat.exchange import fact_lines
from groupchat.exchange.incoming import OTHERWISE, UNDONE
from groupchat.facts.account_facts import Account, Ignoring, KeptPreferences, RankGiven
from groupchat.facts.typed import TypedFact
from groupchat.journals.tools.leaving import leave
from groupchat.model.drafts import Erase, Fact, FactChange
from groupchat.model.events import SERVER, AuthorId
from groupchat.model.ranks import Rank
from tests.admin.cases import ALICE, BOB, NOON, account
from tests.exchange.places import Place, PlacesCase
from tests.exchange.test_clusters import NodesCase
from tests.exchange.test_incoming import amended, mute, said
from tests.journals.cluster.nodes import Node

CAROL = AuthorId(44)


def registered(nick: str, author: AuthorId, minutes: float) -> Account:
    return Account(nick, nick, author, "", NOON + minutes * 60)


def operator(author: AuthorId, minutes: float) -> RankGiven:
    return RankGiven(author, Rank.OPERATOR, "alice", NOON + minutes * 60)


class FactsCase(PlacesCase):
    def do(self, place: Place, *facts: TypedFact) -> None:
        place.append(amended(*(fact.put() for fact in facts)))
        self.assertLessEqual({(fact.KIND, fact.name) for fact in facts}, set(self.facts(place)))

    def undo(self, place: Place, kind: str, name: str) -> None:
        self.assertIn((kind, name), self.facts(place))
        place.append(amended(FactChange(Fact(kind, name, None))))
        self.assertNotIn((kind, name), self.facts(place))

    def facts(self, place: Place) -> list[tuple[str, str]]:
        return place.query("SELECT kind, name FROM facts ORDER BY kind, name")


class RestoredTest(FactsCase):
    """A journal that was restored from a backup, and takes an export of what it was, with more in it."""

    def setUp(self) -> None:
        self.lost = self.place()
        self.do(self.lost, account("alice", ALICE), account("bob", BOB), operator(BOB, 0), mute("eve"))
        self.lost.append(said("a", 1))
        self.here = self.copy(self.lost)

    def test_undone_before(self) -> None:
        """What the backup had and what was undone since stays undone: ranks, mutes, and accounts with all they had."""
        self.lost.append(said("b", 10))
        for kind, name in (("rank", str(BOB)), ("mute", "/eve"), ("account", "bob")):
            self.undo(self.here, kind, name)
            left = self.facts(self.here)
            for _ in range(2):
                self.assertEqual(self.here.take(self.lost.exported()).facts["imported"], 0)
                self.assertEqual(self.facts(self.here), left)

    def test_lost(self) -> None:
        """What was given after the backup comes back: an account, its rank, what it prefers and whom it ignores."""
        new = (
            registered("carol", CAROL, 5),
            operator(CAROL, 6),
            KeptPreferences(CAROL, "text", {"echo": "on"}),
            Ignoring(CAROL, BOB, "bob"),
            mute("mallory", 7),
        )
        self.do(self.lost, *new)
        self.lost.append(said("b", 10))
        incoming = self.here.take(self.lost.exported())
        self.assertEqual((incoming.accounts, incoming.facts["imported"]), (["carol"], len(new)))
        self.assertEqual(self.facts(self.here), self.facts(self.lost))
        self.assertEqual(self.here.exported(), self.lost.exported())

    def test_lost_and_undone(self) -> None:
        """What came back, and was undone then, is not brought back by that file nor by a newer one."""
        self.do(self.lost, registered("carol", CAROL, 5), KeptPreferences(CAROL, "text", {"echo": "on"}))
        self.do(self.lost, operator(CAROL, 6), mute("mallory", 7))
        self.lost.append(said("b", 3))
        self.here.append(said("x", 4), said("y", 4), said("z", 4))
        lines = self.lost.exported()
        self.here.take(lines)
        for kind, name in (("mute", "/mallory"), ("rank", str(CAROL)), ("account", "carol")):
            self.undo(self.here, kind, name)
            self.assert_unchanged(self.here, lines)
        left = self.facts(self.here)
        self.lost.append(said("c", 20))
        self.here.take(self.lost.exported())
        self.assertEqual(self.facts(self.here), left)

    def test_lost_and_decided_anew(self) -> None:
        """What was decided here again before the import is as it is here, and stays undone when that is undone."""
        self.do(self.lost, mute("mallory", 5))
        self.lost.append(said("b", 3))
        self.do(self.here, mute("mallory", 6))
        self.here.append(said("x", 7))
        lines = self.lost.exported()
        self.assertEqual(self.here.take(lines).facts["imported"], 0)
        self.undo(self.here, "mute", "/mallory")
        self.assert_unchanged(self.here, lines)

    def test_last_decisions_of_the_backup(self) -> None:
        """What the backup had shows until when it had everything, also if nothing was said in that time."""
        self.do(self.lost, mute("mallory", 5), mute("trudy", 6))
        self.here = self.copy(self.lost)
        self.lost.append(said("b", 10))
        self.undo(self.here, "mute", "/mallory")
        self.here.take(self.lost.exported())
        self.assertNotIn(("mute", "/mallory"), self.facts(self.here))

    def test_without_a_time(self) -> None:
        """What an account that is here preferred or ignored does not come back: it may have been undone."""
        self.do(self.lost, KeptPreferences(ALICE, "text", {"echo": "on"}), Ignoring(ALICE, BOB, "bob"))
        self.here = self.copy(self.lost)
        self.lost.append(said("b", 10))
        self.undo(self.here, "preferences", f"{ALICE}/text")
        self.undo(self.here, "ignoring", f"{ALICE}/{BOB}")
        left = self.facts(self.here)
        self.here.take(self.lost.exported())
        self.assertEqual(self.facts(self.here), left)

    def test_nothing_said_since(self) -> None:
        """What was lost comes back, although nothing was said after it, or nothing at all."""
        new = (registered("carol", CAROL, 5), operator(CAROL, 6), mute("mallory", 7))
        self.do(self.lost, *new)
        self.assertEqual(self.here.take(self.lost.exported()).facts["imported"], len(new))
        self.assertEqual(self.here.exported(), self.lost.exported())
        lost = self.place()
        here = self.copy(lost)
        self.do(lost, *new)
        here.take(lost.exported())
        self.assertEqual(here.exported(), lost.exported())

    def test_undone_since(self) -> None:
        """What was undone or decided otherwise after an export does not come back from it, said anything or not."""
        before = self.lost.exported()
        self.do(self.lost, operator(BOB, 8), mute("eve", 9))
        between = self.lost.exported()
        for kind, name in (("rank", str(BOB)), ("mute", "/eve")):
            self.undo(self.lost, kind, name)
        for lines in (before, between, before):
            incoming = self.lost.take(lines)
            self.assertEqual((incoming.facts["left out"], incoming.reasons), (2, {UNDONE: 2}))
            self.assertEqual(self.facts(self.lost), [("account", "alice"), ("account", "bob")])
        self.do(self.lost, mute("eve", 12))
        for lines in (before, between):
            self.assertEqual(self.lost.take(lines).reasons, {UNDONE: 1, OTHERWISE: 1})

    def test_undone_and_decided_again(self) -> None:
        """What was undone on both sides, and decided again on the lost one, comes with that later decision, once."""
        for place in (self.lost, self.here):
            self.undo(place, "mute", "/eve")
        self.do(self.lost, mute("eve", 5))
        lines = self.lost.exported()
        self.here.take(lines)
        self.assertIn(("mute", "/eve"), self.facts(self.here))
        self.undo(self.here, "mute", "/eve")
        self.assert_unchanged(self.here, lines)

    def test_clocks(self) -> None:
        """Whatever the clocks said: a post of the future makes nothing count as undone, nor one of the past as lost."""
        self.lost.append(said("b", 120), said("c", -120))
        self.here = self.copy(self.lost)
        self.do(self.lost, mute("mallory", 7), mute("trudy", -7))
        self.undo(self.here, "mute", "/eve")
        self.here.take(self.lost.exported())
        mutes = [name for kind, name in self.facts(self.here) if kind == "mute"]
        self.assertEqual(mutes, ["/mallory", "/trudy"])

    def test_lost_undoing(self) -> None:
        """An import only adds: what was undone in the time that was lost holds again, until that is undone again."""
        self.undo(self.lost, "mute", "/eve")
        lines = self.lost.exported()
        self.here.take(lines)
        self.assertIn(("mute", "/eve"), self.facts(self.here))

    def test_preferences_lost(self) -> None:
        """What an account that is here preferred and ignored in the time that was lost comes back."""
        self.do(self.lost, KeptPreferences(ALICE, "text", {"echo": "on"}), Ignoring(ALICE, BOB, "bob"))
        self.here.take(self.lost.exported())
        self.assertEqual(self.facts(self.here), self.facts(self.lost))

    def test_erased_elsewhere(self) -> None:
        """A decision is known although whom it is about, or who decided it, was erased elsewhere."""
        self.do(self.lost, replace(mute("mallory", 4), by="alice"), replace(mute("carol", 5), author=CAROL))
        third = self.place()
        third.take(self.lost.exported())
        third.append(Erase("alice", "forgotten-0000abcd", SERVER), Erase("carol", "forgotten-0000abce", SERVER))
        for name in ("/mallory", "/carol"):
            self.undo(self.lost, "mute", name)
        self.lost.take(third.exported())
        self.assertEqual([name for kind, name in self.facts(self.lost) if kind == "mute"], ["/eve"])

    def test_earlier_files(self) -> None:
        """What an earlier version of this form has exported and noted still counts."""
        here = self.place()
        lines = self.lost.exported()
        lines[0]["formerly"] = ["0" * 32]
        muting = next(line for line in lines if line.get("fact") == "mute")
        with here.archive() as archive:
            archive.database.execute("INSERT INTO origins VALUES (1, ?)", (lines[0]["journal"],))
            archive.database.execute("INSERT INTO imported_facts VALUES (?, 1)", (fact_lines.digest(muting),))
        self.assertEqual(here.take(lines).reasons, {UNDONE: 1})
        self.assertEqual([kind for kind, _ in self.facts(here)], ["account", "account", "rank"])

    def test_nothing_in_common(self) -> None:
        """Everything comes back into a backup from before anything."""
        lost = self.place()
        here = self.copy(lost)
        self.do(lost, account("alice", ALICE), KeptPreferences(ALICE, "text", {"echo": "on"}), operator(ALICE, 0))
        lost.append(said("a", 1))
        here.take(lost.exported())
        self.assertEqual(here.exported(), lost.exported())

    def test_several_exports_at_once(self) -> None:
        """Of files that were joined each is judged by itself, in whichever order they stand."""
        other = self.place()
        self.do(other, mute("oscar", 2))
        other.append(said("o", 30))
        self.do(self.lost, registered("carol", CAROL, 5), mute("mallory", 7))
        self.lost.append(said("b", 10))
        for order in (1, -1):
            here = self.copy(self.here)
            self.undo(here, "mute", "/eve")
            exports = [self.lost.exported(), other.exported()][::order]
            here.take([*exports[0], *exports[1]])
            mutes = [name for kind, name in self.facts(here) if kind == "mute"]
            self.assertEqual(mutes, ["/mallory", "/oscar"])
            self.assertIn(("account", "carol"), self.facts(here))


class LeavingTest(FactsCase, NodesCase):
    """A node that left its cluster, and takes what the cluster has said since."""

    GONE = (("rank", str(BOB)), ("mute", "/eve"))

    def test_undone_and_new(self) -> None:
        """What it undid stays undone; what the cluster decided after it had left comes, once."""
        made = (account("alice", ALICE), account("bob", BOB), operator(BOB, 0), mute("eve"))
        first, a1 = self.grown(amended(*(fact.put() for fact in made)), said("a"))
        second = self.copied(first)
        self.say(
            a1, said("c", 2), amended(mute("mallory", 3).made(), registered("carol", CAROL, 3).put()), said("d", 4)
        )
        for kind, name in (("rank", str(BOB)), ("mute", "/eve"), ("account", "bob")):
            self.undo(second, kind, name)
        second.append(said("x", 2, BOB, "bob"))
        lines = first.exported()
        second.take(lines)
        expected = [("account", "alice"), ("account", "carol"), ("mute", "/mallory")]
        self.assertEqual(self.facts(second), expected)
        self.undo(second, "mute", "/mallory")
        self.undo(second, "account", "carol")
        self.assert_unchanged(second, lines)
        self.say(a1, said("e", 5))
        second.take(first.exported())
        self.assertEqual(self.facts(second), [("account", "alice")])

    def test_the_other_way(self) -> None:
        """What the cluster undid does not come back from the node that left; what that decided since comes, once."""
        made = (account("alice", ALICE), account("bob", BOB), operator(BOB, 0), mute("eve"))
        first, a1 = self.grown(amended(*(fact.put() for fact in made)), said("a"))
        second = self.copied(first)
        gone = (("mute", "/eve"), ("rank", str(BOB)), ("account", "bob"))
        self.say(a1, *(amended(FactChange(Fact(kind, name, None))) for kind, name in gone), said("c", 2))
        self.do(second, mute("mallory", 3))
        second.append(said("x", 4))
        lines = second.exported()
        self.stop(a1)
        first.take(lines)
        self.assertEqual(self.facts(first), [("account", "alice"), ("mute", "/mallory")])
        self.undo(first, "mute", "/mallory")
        self.assert_unchanged(first, lines)

    def test_nothing_said_since(self) -> None:
        """What the cluster decided after a node had left comes to that, although nothing was said after it."""
        first, a1 = self.grown(amended(account("alice", ALICE).put()), said("a"))
        second = self.copied(first)
        self.say(a1, amended(registered("carol", CAROL, 3).put()))
        second.take(first.exported())
        self.assertEqual(self.facts(second), [("account", "alice"), ("account", "carol")])

    def test_over_others(self) -> None:
        """What a cluster undid does not come back over a third server, which has it from a node that left."""
        made = (account("alice", ALICE), account("bob", BOB), operator(BOB, 0), mute("eve"))
        first, a1 = self.grown(amended(*(fact.put() for fact in made)), said("a"))
        b1, other = self.joined(first)
        second, third = self.copied(first), self.place()
        self.do(second, mute("mallory", 4))
        second.append(said("x", 2))
        third.take(second.exported())
        third.append(said("t", 5))
        self.say(a1, *(amended(FactChange(Fact(kind, name, None))) for kind, name in self.GONE), said("c", 3))
        lines = third.exported()
        for node, place in ((a1, first), (b1, other)):
            self.stop(node)
            leave(place.folder)
        successor = self.copied(first)
        for place in (first, other, successor):
            incoming = place.take(lines)
            self.assertEqual((incoming.facts["imported"], incoming.reasons), (1, {UNDONE: 2}))
            expected = [("account", "alice"), ("account", "bob"), ("mute", "/mallory")]
            self.assertEqual(self.facts(place), expected)
            self.assert_unchanged(place, lines)

    def test_undone_at_others(self) -> None:
        """What a third server or a node that left undid does not come back from the cluster, or over another one."""
        made = (account("alice", ALICE), account("bob", BOB), operator(BOB, 0), mute("eve"))
        first, a1 = self.grown(amended(*(fact.put() for fact in made)), said("a"))
        second, third = self.copied(first), self.place()
        second.append(said("x", 2))
        third.take(first.exported())
        exports = [second.exported(), third.exported()]
        for place in (second, third):
            for kind, name in self.GONE:
                self.undo(place, kind, name)
        self.say(a1, said("b", 3))
        for lines in (*exports, first.exported()):
            for place in (second, third):
                place.take(lines)
                self.assertEqual(self.facts(place), [("account", "alice"), ("account", "bob")])

    def joined(self, place: Place) -> tuple[Node, Place]:
        """Start another node, with a copy of what a node has."""
        other = self.copied(place, is_seed=True)
        return self.begun("b1", other), other

    def test_founder_restored(self) -> None:
        """What a backup of the founder undid does not come back from the cluster; what was lost before that comes."""
        first = self.place()
        self.do(first, account("alice", ALICE), mute("eve"))
        first.append(said("a", 1))
        second = self.copy(first)
        self.do(first, registered("carol", CAROL, 2))
        first.append(said("b", 3))
        a1 = self.begun("a1", first)
        self.say(a1, said("c", 4), amended(mute("mallory", 5).made()))
        self.undo(second, "mute", "/eve")
        lines = first.exported()
        second.take(lines)
        self.assertEqual(self.facts(second), [("account", "alice"), ("account", "carol"), ("mute", "/mallory")])
        self.undo(second, "mute", "/mallory")
        self.assert_unchanged(second, lines)
