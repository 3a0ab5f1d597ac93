"""The people of other nodes: they are in rooms and lists, and what they do is shown, in the same order everywhere."""

from dataclasses import replace

from twisted.trial.unittest import SynchronousTestCase

from groupchat.delivery.queue import Change, Receipt
from groupchat.model.errors import JournalUnavailable
from groupchat.model.events import (
    AuthorId,
    Done,
    Entered,
    Event,
    Joined,
    Left,
    Listed,
    ManyJoined,
    Notice,
    Post,
    Refused,
    Renamed,
    Said,
    Typing,
    Welcomed,
    Whispered,
)
from groupchat.model.node_operations import Attend, Presence
from groupchat.sessions.visit import Visits
from groupchat.sessions.visitor import Credentials
from groupchat.state.people import Person
from tests.fakes import FakeScreen
from tests.hall.people.linked import Cluster, Node
from tests.house import Peer


def shown(peer: Peer) -> list[Event]:
    """The posts and notices a peer was shown since it was asked last."""
    return [event for event in peer.take() if isinstance(event, Post | Notice | ManyJoined)]


def said(peer: Peer) -> list[Said]:
    """What was said, as a peer was shown it since it was asked last."""
    return [event for event in peer.take() if isinstance(event, Said)]


def listed(peer: Peer, name: str = "list", **fields: object) -> Listed:
    """What a peer is answered that asks for a list."""
    peer.take()
    peer.do(name, **fields)
    (answer,) = [event for event in peer.take() if isinstance(event, Listed)]
    return answer


class ClusterCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.cluster = Cluster()
        self.a, self.b = self.cluster.nodes

    def come(self, node: Node, nick: str, **claim: object) -> Peer:
        """Let a program come in."""
        (peer,) = self.cluster.come(node, nick, **claim)
        return peer

    def nicks(self, node: Node, room: str = "lobby") -> list[str]:
        """Who is in a room, as a node knows."""
        found = node.hall.rooms.find(room)
        return sorted(person.nick for person in found.people) if found is not None else []


class ComingTests(ClusterCase):
    def test_seen_everywhere(self) -> None:
        """Who comes at one node is shown coming at the other, is in its lists, and is told of everybody."""
        bob = self.come(self.b, "bob")
        (alice,) = [self.a.connect("json").offer("alice")]
        self.cluster.settle()
        (entered,) = [event for event in alice.take() if isinstance(event, Entered)]
        self.assertEqual({one["nick"] for one in entered.people or ()}, {"alice", "bob"})
        (joined,) = shown(bob)
        assert isinstance(joined, Joined)
        self.assertEqual((joined.nick, joined.room), ("alice", "lobby"))
        for peer in (alice, bob):
            self.assertEqual([item["nick"] for item in listed(peer).items], ["alice", "bob"])
        self.assertEqual(listed(bob, "rooms").items[0]["people"], 2)

    def test_waits_for_the_log(self) -> None:
        """Nobody is welcomed, or shown, before the nickname is theirs in the log."""
        bob = self.come(self.b, "bob")
        alice = self.a.connect("json").offer("alice")
        self.assertEqual(alice.take(), [])
        self.a.write()
        self.assertEqual(alice.take(), [])
        self.a.apply()
        self.assertIsInstance(alice.take()[0], Welcomed)
        self.assertEqual(shown(bob), [])
        self.a.write()
        self.b.apply()
        self.assertEqual([type(event) for event in shown(bob)], [Joined])

    def test_operations_of_a_join(self) -> None:
        """Somebody who comes in costs the log two operations more than at a single node: as whom, and where."""
        self.a.connect("json").offer("alice", rooms=("dev", "lobby"))
        self.cluster.settle()
        operations = [type(one).__name__ for _, entry in self.cluster.entries for one in entry]
        self.assertEqual(operations.count("Attend"), 2)

    def test_rooms_take_nothing_back(self) -> None:
        """Who has claimed a nickname tells the rooms without taking it once more: another node may have it by then."""
        self.a.connect("json").offer("alice")
        self.cluster.settle()
        attends = [one for _, entry in self.cluster.entries for one in entry if isinstance(one, Attend)]
        self.assertEqual([(one.takes, one.presence.rooms) for one in attends], [(True, ()), (False, ("lobby",))])

    def test_said(self) -> None:
        """What is said at one node is shown at the other, with the same number, and in the order of the log."""
        alice, bob = self.come(self.a, "alice"), self.come(self.b, "bob")
        shown(alice)
        alice.say("one")
        bob.say("two")
        self.b.write()
        self.cluster.settle()
        self.assertEqual([(event.id, event.text) for event in said(alice)], [(1, "two")])
        self.assertEqual([(event.id, event.text) for event in said(bob)], [(2, "one")])
        self.assertEqual(self.a.hall.stream.delivered, self.b.hall.stream.delivered)

    def test_leaving(self) -> None:
        """Who leaves a room, or the hall, is shown so at the other node, with the reason."""
        alice, bob = self.come(self.a, "alice"), self.come(self.b, "bob")
        bob.do("join", room="dev")
        alice.do("join", room="dev")
        self.cluster.settle()
        shown(bob)
        alice.do("leave", room="dev", reason="lunch")
        self.cluster.settle()
        (left,) = shown(bob)
        assert isinstance(left, Left)
        self.assertEqual((left.nick, left.room, left.reason, left.gone), ("alice", "dev", "lunch", False))
        alice.do("exit", reason="bye")
        self.cluster.settle()
        (left,) = shown(bob)
        assert isinstance(left, Left)
        self.assertEqual((left.nick, left.room, left.reason, left.gone), ("alice", "lobby", "bye", True))
        self.assertEqual(len(self.b.hall.roster), 1)

    def test_order_among_posts(self) -> None:
        """Who leaves after saying something, or says something after coming, is shown so everywhere."""
        bob = self.come(self.b, "bob")
        alice = self.a.connect("json").offer("alice")
        self.a.write().apply()
        alice.say("hello").do("exit")
        self.cluster.settle()
        self.assertEqual([type(event) for event in shown(bob)], [Joined, Said, Left])

    def test_crowd(self) -> None:
        """Many who come at once at one node are announced together at the other."""
        bob = self.come(self.b, "bob")
        for number in range(8):
            self.a.connect("json").offer(f"guest{number}")
        self.cluster.settle()
        self.assertIn(ManyJoined, [type(event) for event in shown(bob)])

    def test_node_that_starts_later(self) -> None:
        """A node that starts knows who is at the others, in which rooms, and who is away."""
        alice = self.come(self.a, "alice", rooms=("dev", "lobby"))
        alice.do("away", text="lunch")
        self.cluster.settle()
        later = self.cluster.add("c")
        self.assertEqual((self.nicks(later, "dev"), self.nicks(later)), (["alice"], ["alice"]))
        carol = self.come(later, "carol")
        (item,) = listed(carol, "whois", nick="alice").items
        self.assertEqual((item["rooms"], item["away"], item["words"]), (["dev", "lobby"], True, "lunch"))


class SilentLogTests(ClusterCase):
    """Whoever comes in while the log does not answer."""

    def setUp(self) -> None:
        self.cluster = Cluster(commit_refuse_s=5)
        self.a, self.b = self.cluster.nodes

    def test_turned_away(self) -> None:
        """Who is just coming in as the log falls silent is told so, and may try again; at each door."""
        alice, (tom,) = self.a.connect("json").offer("alice", ref=1), [self.a.connect().type("tom")]
        self.assertEqual((alice.answers, tom.codes), ([], []))
        self.a.pass_time(7)
        (refused, _) = alice.answers
        assert isinstance(refused, Refused)
        self.assertEqual((alice.codes, tom.codes), (["journal-unavailable"], ["journal-unavailable"]))
        self.assertIn("You cannot come in either. Try again in a while.", refused.text)
        self.assertEqual((list(self.a.hall.roster), list(self.a.hall.arrivals)), ([], []))
        alice.offer("alice", ref=2)
        self.assertEqual(alice.codes, ["journal-unavailable"] * 2)  # at once
        self.assertEqual((alice.screen.closed, tom.screen.closed), (False, False))

    def test_nobody_is_shown_who_gave_up(self) -> None:
        """When the log is back nobody is shown those who were turned away, and their nicknames are free at once."""
        bob = self.come(self.b, "bob")
        alice = self.a.connect("json").offer("alice", rooms=("dev", "lobby"))
        gone = self.a.connect().type("gone")
        self.a.pass_time(7)
        gone.vanish()
        self.a.write().apply()
        again = self.a.connect("json").offer("alice")
        self.cluster.settle()
        self.assertEqual(again.codes, [])
        (joined,) = shown(bob)
        assert isinstance(joined, Joined)
        self.assertEqual(joined.nick, "alice")
        self.assertEqual(self.nicks(self.b), ["alice", "bob"])
        self.assertEqual((len(self.a.hall.roster), len(self.b.hall.roster)), (2, 2))
        self.assertEqual(alice.codes, ["journal-unavailable"])

    def test_token(self) -> None:
        """Who comes back by a token, here or from another node, is told so too, and the token works afterwards."""
        here, there = self.a.connect("json").offer("hal"), self.b.connect("json").offer("theo")
        self.cluster.settle()
        tokens = {"hal": here.token, "theo": there.token}
        again = [self.a.connect("json").offer(nick, token, 0) for nick, token in tokens.items()]
        self.a.pass_time(7)
        self.assertEqual([peer.codes for peer in again], [["journal-unavailable"]] * 2)
        self.cluster.settle()
        later = [self.a.connect("json").offer(nick, token, 0) for nick, token in tokens.items()]
        self.cluster.settle()
        self.assertEqual([peer.codes for peer in later], [[], []])
        self.assertEqual(self.nicks(self.b), ["hal", "theo"])

    def test_registering(self) -> None:
        """Of an account that was just being made it is said that this is not known yet."""
        alice = self.a.connect("json").offer("alice", password="correct horse", register=True)
        while self.a.passwords.waiting:
            self.a.passwords.answer()
        self.a.turn()
        self.a.pass_time(7)
        (refused, _) = alice.answers
        assert isinstance(refused, Refused)
        self.assertIn("Whether the account alice was made is not known yet.", refused.text)
        self.cluster.settle()
        self.assertIsNotNone(self.b.hall.accounts.find("alice"))


class NicknameTests(ClusterCase):
    def race(self, first: Node, second: Node) -> tuple[Peer, Peer]:
        """Let somebody ask for one nickname at each node, one of them first."""
        peers = first.connect("json").offer("mira"), second.connect("json").offer("Mira")
        first.write()
        second.write()
        self.cluster.settle()
        return peers

    def test_race(self) -> None:
        """Of two who ask for one nickname at two nodes the first in the log has it, whichever node that is."""
        for first, second in ((self.a, self.b), (self.b, self.a)):
            winner, loser = self.race(first, second)
            self.assertEqual((winner.answers[0].__class__, loser.codes), (Welcomed, ["nick-taken"]))
            self.assertEqual(len(first.hall.roster), 1)
            self.assertEqual(first.hall.roster.find("mira"), winner.connection.person)
            self.assertEqual(second.hall.roster.find("mira").author, winner.connection.person.author)  # type: ignore[union-attr]
            loser.offer("nora")
            self.cluster.settle()
            self.assertEqual(self.nicks(first), ["mira", "nora"])
            winner.vanish()
            loser.vanish()
            self.cluster.settle()

    def test_taken(self) -> None:
        """A nickname that somebody has at another node is refused at once."""
        self.come(self.a, "alice")
        other = self.b.connect("json").offer("alice")
        self.assertEqual(other.codes, ["nick-taken"])

    def test_rename_race(self) -> None:
        """Of two who take one nickname at two nodes one has it; the other keeps the old one, and is told why."""
        for first, second in ((self.a, self.b), (self.b, self.a)):
            one, two = self.come(first, "one"), self.come(second, "two")
            shown(one)
            one.do("nick", nick="mira", ref=1)
            two.do("nick", nick="mira", ref=2)
            first.write()
            second.write()
            self.cluster.settle()
            self.assertEqual(two.codes, ["nick-taken"])
            self.assertEqual((self.nicks(first), self.nicks(second)), (["mira", "two"], ["mira", "two"]))
            self.assertEqual(next(event for event in shown(two) if isinstance(event, Renamed)).new, "mira")
            (done,) = [event for event in one.take() if isinstance(event, Done)]
            self.assertEqual(done.fields, {"nick": "mira"})
            two.do("nick", nick="nora")
            self.cluster.settle()
            self.assertEqual(self.nicks(first), ["mira", "nora"])
            one.vanish()
            two.vanish()
            self.cluster.settle()

    def test_claim_against_rename(self) -> None:
        """Somebody who comes in under a nickname that another one is just taking at another node may lose it."""
        one = self.come(self.a, "one")
        one.do("nick", nick="mira")
        two = self.b.connect("json").offer("mira")
        self.a.write()
        self.cluster.settle()
        self.assertEqual((two.codes, self.nicks(self.b)), (["nick-taken"], ["mira"]))

    def test_waiting_for_a_nickname(self) -> None:
        """Until it is known whether a nickname is theirs nothing of the person is taken; then it goes on in order."""
        alice, bob = self.come(self.a, "alice"), self.come(self.b, "bob")
        alice.do("nick", nick="mira").say("as mira")
        self.cluster.settle()
        renamed, post = shown(bob)
        assert isinstance(renamed, Renamed)
        assert isinstance(post, Said)
        self.assertEqual((renamed.new, post.nick), ("mira", "mira"))

    def test_given_up(self) -> None:
        """The nickname of somebody who is gone before it was theirs is free again at every node."""
        alice = self.a.connect("json").offer("alice")
        alice.vanish()
        self.cluster.settle()
        self.assertEqual((len(self.a.hall.roster), len(self.b.hall.roster)), (0, 0))
        self.come(self.b, "alice")
        self.assertEqual(self.nicks(self.a), ["alice"])

    def test_freed_in_order(self) -> None:
        """A nickname that is left at one node and taken at the other is nobody's twice, for people of either."""
        alice, watcher = self.come(self.a, "alice"), self.come(self.b, "watcher")
        alice.do("exit")
        self.a.write()
        self.b.apply()
        second = self.b.connect("json").offer("alice")
        self.cluster.settle()
        self.assertIsInstance(second.answers[0], Welcomed)
        self.assertEqual([type(event) for event in shown(watcher)], [Left, Joined])

    def test_nobody_has_it_twice(self) -> None:
        """Whoever the log gives a nickname has it alone, whatever was known before of people elsewhere, and here."""
        self.come(self.a, "alice")
        neighbours = self.a.hall.neighbours
        assert neighbours is not None
        known = Presence("h2", "b", 2, AuthorId(2), "mira", "mira", "", 1.0, 1.0, ("lobby",), "lobby")
        neighbours.learn(Attend(known))
        neighbours.learn(Attend(replace(known, handle="h3", author=AuthorId(3))))
        self.assertEqual(self.nicks(self.a), ["alice", "mira"])
        roster = self.a.hall.roster
        self.assertIsNone(roster.of(AuthorId(2)))
        coming = Person("nora", "nora", AuthorId(4), 1.0)
        roster.claim(coming)
        neighbours.learn(Attend(replace(known, handle="h5", author=AuthorId(5), nick="nora", key="nora")))
        self.assertIsNone(roster.of(AuthorId(4)))
        self.assertEqual(self.nicks(self.a), ["alice", "mira", "nora"])


class PrivateTests(ClusterCase):
    def test_private(self) -> None:
        """A private message reaches somebody at another node, who can answer it; nobody else sees it."""
        alice, bob, eve = self.come(self.a, "alice"), self.come(self.b, "bob"), self.come(self.b, "eve")
        alice.do("msg", nick="bob", text="psst")
        self.cluster.settle()
        (whisper,) = [event for event in shown(bob) if isinstance(event, Whispered)]
        self.assertEqual((whisper.text, shown(eve)), ("psst", []))
        bob.do("reply", text="yes")
        self.cluster.settle()
        self.assertEqual([event.text for event in shown(alice) if isinstance(event, Whispered)][-1], "yes")

    def test_away(self) -> None:
        """Who is away at one node is shown so at the other, and whoever writes to them there is told once."""
        alice, bob = self.come(self.a, "alice"), self.come(self.b, "bob")
        bob.do("away", text="lunch")
        self.cluster.settle()
        alice.take()
        alice.do("msg", nick="bob", text="psst")
        self.cluster.settle()
        self.assertEqual(alice.told, ["bob is away: lunch."])
        self.assertTrue(listed(alice, "list").items[1]["away"])
        bob.do("back")
        self.cluster.settle()
        self.assertFalse(listed(alice, "list").items[1]["away"])

    def test_typing(self) -> None:
        """Who is typing at one node is shown so at the other, and nobody is shown it twice."""
        alice, bob, carol = self.come(self.a, "alice"), self.come(self.b, "bob"), self.come(self.a, "carol")
        shown(bob), shown(carol)
        alice.do("typing")
        self.cluster.settle()
        for peer in (bob, carol):
            self.assertEqual(
                [(one.nick, one.room) for one in shown(peer) if isinstance(one, Typing)], [("alice", "lobby")]
            )

    def test_gone(self) -> None:
        """Nobody writes to somebody who has left another node."""
        alice, bob = self.come(self.a, "alice"), self.come(self.b, "bob")
        bob.vanish()
        self.cluster.settle()
        alice.do("msg", nick="bob", text="psst")
        self.assertEqual(alice.codes, ["no-such-nick"])


class WatcherTests(ClusterCase):
    def test_nobody_reads_unseen(self) -> None:
        """Who follows a room over HTTP is listed at every node, with a nickname or counted, until they stop."""
        alice = self.come(self.b, "alice")
        visits = Visits(self.a.hall)
        watching = []
        for nick in ("", "bot"):
            visit = visits.begin(FakeScreen(self.a.clock, "json"))
            visit.come(Credentials(nick))
            visit.watch(FakeScreen(self.a.clock, "json"), "lobby", None)
            watching.append(visit)
        self.cluster.settle()
        found = listed(alice, "list")
        self.assertEqual(([item["nick"] for item in found.items], found.unnamed), (["alice", "bot"], 1))
        self.assertEqual(shown(alice), [])
        self.come(self.b, "bot").vanish()
        self.cluster.settle()
        later = self.cluster.add("c")
        carol = self.come(later, "carol")
        self.assertEqual(listed(carol, "list").unnamed, 1)
        for visit in watching:
            visit.end()
        self.cluster.settle()
        found = listed(alice, "list")
        self.assertEqual(([item["nick"] for item in found.items], found.unnamed), (["alice", "carol"], 0))


class TokenTests(ClusterCase):
    def test_resumed_at_another_node(self) -> None:
        """A guest who comes back by the token at another node is the same, and the older connection is closed."""
        carol = self.come(self.b, "carol")
        alice = self.a.connect("json").offer("alice")
        self.cluster.settle()
        token, author = alice.token, alice.connection.person.author
        shown(carol)
        again = self.b.connect("json").offer("alice", token=token)
        self.cluster.settle()
        self.assertIsInstance(again.answers[0], Welcomed)
        self.assertEqual(again.connection.person.author, author)
        self.assertEqual((alice.codes, alice.screen.closed), (["replaced"], True))
        self.assertEqual(shown(carol), [])
        self.assertEqual((self.nicks(self.a), self.nicks(self.b)), (["alice", "carol"], ["alice", "carol"]))
        alice.session.lost("connection lost")
        self.cluster.settle()
        self.assertEqual(self.nicks(self.a), ["alice", "carol"])

    def test_what_the_older_node_still_says(self) -> None:
        """What a node says of a connection after its client came back at another one changes nothing any more."""
        carol = self.come(self.b, "carol")
        alice = self.a.connect("json").offer("alice")
        self.cluster.settle()
        again = self.b.connect("json").offer("alice", token=alice.token)
        self.b.write().apply()
        alice.do("away", text="lunch")
        self.b.write()
        self.cluster.settle()
        self.assertEqual((again.codes, alice.codes), ([], ["replaced"]))
        again.vanish()
        self.cluster.settle()
        self.assertEqual((self.nicks(self.a), self.nicks(self.b)), (["carol"], ["carol"]))
        self.assertEqual(carol.codes, [])

    def test_shown_before_what_waits(self) -> None:
        """Who leaves a room here and is in it at another node by then is in it for the people here, too, in the end."""
        bob = self.come(self.a, "bob", rooms=("dev", "lobby"))
        alice = self.a.connect("json").offer("alice", rooms=("dev", "lobby"))
        self.cluster.settle()
        bob.take()
        again = self.b.connect("json").offer("alice", token=alice.token, rooms=("dev", "lobby"))
        self.b.write().apply()
        bob.say("what follows waits for this")
        self.a.hall.attendance.leave_room(alice.connection, "dev", "")
        self.b.write()
        self.cluster.settle()
        self.assertEqual(again.connection.rooms, ("dev", "lobby"))
        told = [event for event in bob.take() if isinstance(event, Entered | Joined | Left)]
        self.assertEqual([(type(one), one.room) for one in told], [(Left, "dev"), (Joined, "dev")])
        self.assertEqual((self.nicks(self.a, "dev"), self.nicks(self.b, "dev")), (["alice", "bob"], ["alice", "bob"]))

    def test_resumed_at_a_node_that_is_behind(self) -> None:
        """Whoever was told at one node where they are is there at another, which had yet to carry that out."""
        alice = self.a.connect("json").offer("alice")
        self.cluster.settle()
        alice.do("join", room="dev")
        self.a.write()
        self.a.apply()
        self.assertEqual(alice.connection.current, "dev")
        self.assertTrue(self.b.journal.is_behind)
        again = self.b.connect("json").offer("alice", token=alice.token)
        self.cluster.settle()
        welcome = again.answers[0]
        assert isinstance(welcome, Welcomed)
        self.assertEqual((welcome.room, welcome.rooms), ("dev", ("lobby", "dev")))

    def test_resumed_after_a_loss(self) -> None:
        """A guest whose node is gone comes back at another one, in the same rooms."""
        alice = self.a.connect("json").offer("alice", rooms=("dev", "lobby"))
        self.cluster.settle()
        self.cluster.down(self.a)
        self.b.apply()
        self.assertEqual(self.nicks(self.b), [])
        again = self.b.connect("json").offer("alice", token=alice.token)
        self.b.write().apply()
        self.b.write().apply()
        welcome = again.answers[0]
        assert isinstance(welcome, Welcomed)
        self.assertEqual((welcome.nick, welcome.rooms), ("alice", ("dev", "lobby")))


class CutOffTests(ClusterCase):
    def cut_off(self) -> None:
        """Cut the first node off, so that the second counts it as gone."""
        self.a.journal.fence()
        self.cluster.down(self.a)
        self.b.apply()

    def test_posts_are_refused(self) -> None:
        """A node that is cut off refuses posts by name."""
        alice = self.come(self.a, "alice")
        self.cut_off()
        alice.say("hello")
        self.assertEqual(alice.codes, ["journal-unavailable"])

    def test_back_again(self) -> None:
        """Whoever is still there when their node is back is shown leaving and coming; nothing else is missing."""
        alice, bob = self.come(self.a, "alice"), self.come(self.b, "bob")
        shown(alice)
        self.cut_off()
        self.assertEqual([type(event) for event in shown(bob)], [Left])
        bob.say("alone")
        self.b.write()
        self.a.apply()
        self.cluster.begin(self.a.journal)
        self.cluster.settle()
        self.assertEqual([type(event) for event in shown(bob)], [Joined])
        self.assertEqual([event.text for event in said(alice)], ["alone"])
        self.assertEqual((self.nicks(self.a), self.nicks(self.b)), (["alice", "bob"], ["alice", "bob"]))
        alice.say("back")
        self.cluster.settle()
        self.assertEqual([event.text for event in said(bob)], ["back"])

    def test_nickname_lost_meanwhile(self) -> None:
        """Whose nickname somebody took meanwhile is put out, before the other one is shown."""
        alice, bob = self.come(self.a, "alice"), self.come(self.a, "bob")
        shown(bob)
        self.cut_off()
        other = self.b.connect("json").offer("alice")
        self.b.write().apply()
        self.assertIsInstance(other.answers[0], Welcomed)
        self.b.write()
        self.a.apply()
        self.assertEqual((alice.codes, alice.screen.closed), (["node-lost"], True))
        self.assertEqual([type(event) for event in shown(bob)], [Left, Joined])
        self.cluster.begin(self.a.journal)
        self.cluster.settle()
        self.assertEqual((self.nicks(self.a), self.nicks(self.b)), (["alice", "bob"], ["alice", "bob"]))
        here = self.a.hall.roster.find("alice")
        assert here is not None
        self.assertEqual(here.author, other.connection.person.author)

    def test_nothing_is_missed_by_who_is_put_out(self) -> None:
        """Who is put out in the midst of an entry comes back by the token, and is shown what stands before it there."""
        carol = self.come(self.b, "carol")
        alice = self.a.connect("json").offer("alice")
        self.cluster.settle()
        token = alice.token
        self.cut_off()
        carol.say("hold").say("said before")
        self.b.connect("json").offer("alice")
        self.b.write().apply()
        self.b.write().apply()
        self.assertEqual([type(one).__name__ for one in self.cluster.entries[-1][1]][-2:], ["Draft", "Attend"])
        self.a.apply()
        self.assertEqual(alice.codes, ["node-lost"])
        self.cluster.begin(self.a.journal)
        self.cluster.settle()
        back = self.a.connect("json").offer("alicia", token=token)
        self.cluster.settle()
        welcome = next(one for one in back.answers if isinstance(one, Welcomed))
        self.assertEqual((welcome.nick, welcome.position), ("alicia", 1))

    def test_nickname_lost_in_the_new_epoch(self) -> None:
        """So is who had it taken away after the node has begun anew, but before it told of its people."""
        alice = self.come(self.a, "alice")
        self.cut_off()
        other = self.b.connect("json").offer("alice")
        self.b.write()
        self.cluster.begin(self.a.journal)
        self.cluster.settle()
        self.assertEqual((alice.codes, other.codes), (["node-lost"], []))
        self.assertEqual((self.nicks(self.a), self.nicks(self.b)), (["alice"], ["alice"]))

    def test_changes_meanwhile(self) -> None:
        """Who left while the node was cut off is gone; who changed rooms is where they are."""
        alice, bob = self.come(self.a, "alice"), self.come(self.a, "bob")
        alice.do("join", room="dev")
        self.cut_off()
        bob.vanish()
        self.a.apply()
        self.cluster.begin(self.a.journal)
        self.a.pass_time(2)
        self.cluster.settle()
        self.assertEqual(
            (self.nicks(self.b), self.nicks(self.b, "dev")), (self.nicks(self.a), self.nicks(self.a, "dev"))
        )
        self.assertEqual(self.nicks(self.b), ["alice"])

    def test_changes_while_nothing_is_written(self) -> None:
        """What changes while the log takes nothing, but nobody is cut off, is told as soon as it can be."""
        alice, bob = self.come(self.a, "alice", rooms=("dev", "lobby")), self.come(self.a, "bob")
        alice.say("hello")
        self.a.pass_time(12)
        self.assertIsNotNone(self.a.hall.commits.refusal)
        alice.do("leave", room="dev")
        bob.vanish()
        self.assertEqual(self.nicks(self.a), ["alice"])
        self.cluster.settle()
        self.a.pass_time(1)
        self.cluster.settle()
        self.assertEqual((self.nicks(self.b), self.nicks(self.b, "dev")), (["alice"], []))


class LeftOverTests(ClusterCase):
    def test_left_over(self) -> None:
        """A nickname is freed within minutes whose connection is not here, whatever went wrong."""
        alice = self.come(self.a, "alice")
        neighbours = self.a.hall.neighbours
        assert neighbours is not None
        known = neighbours.own.rows[alice.connection.handle]
        lost = replace(known, handle="x", author=AuthorId(9), nick="x", key="x")
        self.a.hall.commits.post(Change(Attend(lost), Receipt()))
        self.cluster.settle()
        self.assertIsNotNone(self.b.hall.roster.find("x"))
        self.a.pass_time(130)
        self.cluster.settle()
        self.assertEqual([person.nick for person in self.b.hall.roster], ["alice"])
        self.assertEqual(alice.codes, [])

    def test_topic_of_a_forgotten_room(self) -> None:
        """A room that was forgotten here has its topic when somebody at another node has gone there."""
        alice, bob = self.come(self.a, "alice"), self.come(self.b, "bob")
        bob.do("join", room="dev").do("topic", text="plans").do("leave", room="dev")
        self.cluster.settle()
        self.a.hall.rooms.drop("dev")
        bob.do("join", room="dev")
        self.cluster.settle()
        alice.do("join", room="dev")
        self.cluster.settle()
        self.assertEqual([event.topic for event in alice.take() if isinstance(event, Entered)][-1], "plans")


class RefusedTests(SynchronousTestCase):
    def test_no_refusal_is_lost(self) -> None:
        """A claim that cannot be written is refused by name, and can be repeated."""
        cluster = Cluster()
        a, _ = cluster.nodes
        alice = a.connect("json").offer("alice")
        a.journal.fail(JournalUnavailable("Wait."))
        self.assertEqual([one.code for one in alice.answers if isinstance(one, Refused)], ["journal-unavailable"])
        alice.offer("alice")
        cluster.settle()
        self.assertIsInstance(alice.answers[-2], Welcomed)
