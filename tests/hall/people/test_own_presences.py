"""What a node tells the others of the connections that it has, where something comes in between."""

from collections.abc import Iterator, Sequence

from twisted.internet.defer import Deferred

from groupchat.delivery.queue import Change, Receipt
from groupchat.facts.whereabouts import Places
from groupchat.hall.people.own_presences import TIDIED_SWEEPS, OwnPresences
from groupchat.model.drafts import Operation, Outcome
from groupchat.model.errors import JournalUnavailable
from groupchat.model.events import AuthorId, Left, Renamed, Welcomed
from groupchat.model.node_operations import Attend, Depart
from groupchat.state.people import Person
from tests.fakes import FakeScreen
from tests.hall.people.linked import Node
from tests.hall.people.test_decided_elsewhere import DecidedCase
from tests.hall.people.test_neighbours import ClusterCase, shown
from tests.house import Peer

WAIT = JournalUnavailable("Wait.")


class PresencesCase(ClusterCase):
    def own(self, node: Node) -> OwnPresences:
        """The presences of a node."""
        assert node.hall.neighbours is not None
        return node.hall.neighbours.own

    def holding(self, node: Node) -> Peer:
        """Let somebody come in, of whom something waits to be written until the node refuses everything."""
        peer = self.come(node, "waiting")
        peer.say("hello")
        node.pass_time(12)
        self.assertIsNotNone(node.hall.commits.refusal)
        return peer

    def refuse(self, node: Node) -> None:
        """Refuse everything that waits."""
        while node.journal.pending:
            node.journal.fail(WAIT)

    def written(self) -> Iterator[Operation]:
        """Give everything in the log."""
        return (one for _, entry in self.cluster.entries for one in entry)


class ClaimTests(PresencesCase):
    def test_resumed_under_another_nickname(self) -> None:
        """Who comes back at another node may take another nickname, which nobody else has from the request on."""
        alice = self.a.connect("json").offer("alice")
        self.cluster.settle()
        again = self.b.connect("json").offer("mira", token=alice.token)
        self.b.write().apply()  # what was told at the other node stands before this
        other = self.b.connect("json").offer("mira")
        self.assertEqual((other.codes, again.answers), (["nick-taken"], []))
        self.cluster.settle()
        welcome = again.answers[0]
        assert isinstance(welcome, Welcomed)
        self.assertEqual((welcome.nick, self.nicks(self.a), self.nicks(self.b)), ("mira", ["mira"], ["mira"]))
        claims = [one.presence for one in self.written() if isinstance(one, Attend) and one.takes]
        self.assertEqual([one.nick for one in claims if one.node == claims[-1].node], ["mira"])
        self.assertNotEqual(claims[0].node, claims[-1].node)

    def test_free_again(self) -> None:
        """A nickname that was asked for can be had again when whoever asked for it, and got it, has another one."""
        alice = self.a.connect("json").offer("alice")
        self.cluster.settle()
        again = self.b.connect("json").offer("mira", token=alice.token)
        self.cluster.settle()
        again.do("nick", nick="nora")
        self.cluster.settle()
        other = self.b.connect("json").offer("mira")
        self.cluster.settle()
        self.assertEqual((other.codes, self.nicks(self.a)), ([], ["mira", "nora"]))

    def test_nothing_is_kept_of_what_is_refused(self) -> None:
        """A claim that cannot be made just now leaves nothing: the nickname is free."""
        self.holding(self.a)
        own, person = self.own(self.a), Person("alice", "alice", AuthorId(5), 1.0)
        screen = FakeScreen(self.a.clock, "json")
        with self.assertRaises(JournalUnavailable):
            own.claim(person, "h", Places(("lobby",), "lobby"), False, screen, ("mira", "mira"))
        self.assertTrue(self.a.hall.roster.is_free("mira", "mira"))

    def test_refused_claim_is_not_taken_back(self) -> None:
        """Who was not let in needs no entry that says that they are gone."""
        first, second = self.a.connect("json").offer("mira"), self.b.connect("json").offer("mira")
        self.a.write()
        self.b.write()
        self.cluster.settle()
        self.assertEqual((first.codes, second.codes), ([], ["nick-taken"]))
        self.assertEqual([one for one in self.written() if isinstance(one, Depart)], [])

    def test_back_before_it_was_told(self) -> None:
        """Who left while nothing could be told, and comes back by the token before that is told, stays."""
        alice = self.a.connect("json").offer("alice")
        self.cluster.settle()
        self.holding(self.a)
        alice.vanish()
        self.cluster.settle()
        self.assertIsNone(self.a.hall.commits.refusal)
        again = self.a.connect("json").offer("alice", token=alice.token)
        self.a.write().apply()  # until the nickname is asked for
        self.assertTrue(any(isinstance(one, Attend) for waiting in self.a.journal.pending for one in waiting))
        self.a.pass_time(1)
        self.cluster.settle()
        self.assertEqual(again.codes, [])
        for node in (self.a, self.b):
            self.assertEqual(self.nicks(node), ["alice", "waiting"])

    def test_given_up_while_the_older_connection_ends(self) -> None:
        """Who waited too long for another nickname, and leaves by the older connection, is gone at every node."""
        alice = self.a.connect("json").offer("alice")
        self.cluster.settle()
        again = self.a.connect("json").offer("mira", token=alice.token)
        self.a.pass_time(12)
        self.assertIsNotNone(self.a.hall.commits.refusal)
        self.assertEqual(again.codes, ["journal-unavailable"])
        alice.vanish()
        self.cluster.settle()
        self.a.pass_time(1)
        self.cluster.settle()
        self.assertEqual((self.nicks(self.a), self.nicks(self.b)), ([], []))
        for nick in ("alice", "mira"):
            other = self.b.connect("json").offer(nick)
            self.cluster.settle()
            self.assertEqual(other.codes, [])


class ComingElsewhereTests(DecidedCase, PresencesCase):
    def test_room_locked_meanwhile(self) -> None:
        """Who comes in elsewhere than was asked for, since a room was closed meanwhile, is there at every node."""
        self.keeper.do("join", room="dev")
        self.cluster.settle()
        self.keeper.do("lock", room="dev")
        self.a.write()
        bob = self.b.connect("json").offer("bob", rooms=("dev", "lobby"))
        self.b.write()
        self.cluster.settle()
        told = [one.presence for one in self.written() if isinstance(one, Attend)]
        rooms = [presence.rooms for presence in told if presence.nick == "bob"]
        self.assertEqual((len(rooms), rooms[-1]), (2, ("lobby",)))
        self.assertEqual(bob.connection.rooms, ("lobby",))
        for node in (self.a, self.b):
            self.assertEqual((self.nicks(node, "dev"), self.nicks(node)), (["keeper"], ["bob", "keeper"]))


class ChangeTests(PresencesCase):
    def test_reason_is_told_late(self) -> None:
        """Who left a room while nothing could be told is shown leaving with the reason."""
        bob = self.come(self.b, "bob", rooms=("dev", "lobby"))
        alice = self.come(self.a, "alice", rooms=("dev", "lobby"))
        self.holding(self.a)
        bob.take()
        alice.do("leave", room="dev", reason="lunch")
        self.cluster.settle()
        self.a.pass_time(1)
        self.cluster.settle()
        self.assertEqual([(one.room, one.reason) for one in shown(bob) if isinstance(one, Left)], [("dev", "lunch")])

    def test_refused_change_is_told_again(self) -> None:
        """What the log refused once is told again: where somebody is, and that somebody is gone."""
        alice, bob = self.come(self.a, "alice"), self.come(self.a, "bob")
        for change in (lambda: alice.do("join", room="dev"), bob.vanish):
            change()
            self.refuse(self.a)
            for _ in range(2):
                self.a.pass_time(1)
                self.cluster.settle()
        self.assertEqual((self.nicks(self.b), self.nicks(self.b, "dev")), (["alice"], ["alice"]))

    def test_change_while_a_nickname_is_on_its_way(self) -> None:
        """What changes while somebody takes another nickname is told after it, and does not take it back."""
        bob, alice = self.come(self.b, "bob"), self.come(self.a, "alice", rooms=("dev", "lobby"))
        bob.take()
        alice.do("nick", nick="mira")
        self.a.hall.attendance.leave_room(alice.connection, "dev", "")
        self.cluster.settle()
        self.assertEqual([one.new for one in shown(bob) if isinstance(one, Renamed)], ["mira"])
        self.assertEqual((self.nicks(self.b), self.nicks(self.b, "dev")), (["bob", "mira"], []))

    def test_nothing_is_tried_while_cut_off(self) -> None:
        """While the node counts as gone nothing is told each second, which would only be refused."""
        alice, bob = self.come(self.a, "alice", rooms=("dev", "lobby")), self.come(self.a, "bob")
        self.a.journal.fence()
        self.cluster.down(self.a)
        bob.vanish()
        tried: list[Operation] = []
        append = self.a.journal.append

        def noting(operations: Sequence[Operation]) -> "Deferred[list[Outcome]]":
            tried.extend(one for one in operations if isinstance(one, Attend | Depart))
            return append(operations)

        self.a.journal.append = noting  # type: ignore[method-assign]
        alice.do("leave", room="dev")
        self.a.pass_time(3)
        self.assertEqual(tried, [])
        self.a.apply()
        self.cluster.begin(self.a.journal)
        self.cluster.settle()
        self.assertEqual((self.nicks(self.b), self.nicks(self.b, "dev")), (["alice"], []))


class TidyTests(PresencesCase):
    def test_claim_is_no_mistake(self) -> None:
        """Whoever is just coming in again is not taken for somebody who is left over."""
        alice = self.a.connect("json").offer("alice")
        self.cluster.settle()
        self.a.pass_time(TIDIED_SWEEPS - 1)
        self.cluster.settle()
        alice.vanish()
        again = self.a.connect("json").offer("alice", token=alice.token)
        self.a.pass_time(1)
        self.cluster.settle()
        self.assertEqual(again.codes, [])
        self.assertEqual((self.nicks(self.a), self.nicks(self.b)), (["alice"], ["alice"]))

    def test_whoever_came_in_once(self) -> None:
        """A connection that is gone, and that the others believe to be here, is told to be gone within minutes."""
        alice = self.come(self.a, "alice")
        row = self.own(self.a).rows[alice.connection.handle]
        alice.vanish()
        self.cluster.settle()
        self.a.hall.commits.post(Change(Attend(row), Receipt()))
        self.cluster.settle()
        self.assertEqual(self.nicks(self.b), ["alice"])
        self.a.pass_time(2 * TIDIED_SWEEPS)
        self.cluster.settle()
        self.assertEqual(self.nicks(self.b), [])
