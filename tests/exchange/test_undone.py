"""A journal's own facts, in an export of it, that are not here: what was undone stays so, what was lost comes back."""

from groupchat.facts.account_facts import Account, Ignoring, KeptPreferences, RankGiven
from groupchat.facts.typed import TypedFact
from groupchat.model.drafts import Fact, FactChange
from groupchat.model.events import AuthorId
from groupchat.model.ranks import Rank
from tests.admin.cases import ALICE, BOB, NOON, account
from tests.exchange.places import Place, PlacesCase
from tests.exchange.test_clusters import NodesCase
from tests.exchange.test_incoming import amended, mute, said

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
