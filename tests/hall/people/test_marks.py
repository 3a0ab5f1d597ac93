"""What people mark as read: their devices agree, it outlives the server, and it costs little."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from groupchat.facts.account_facts import ReadPosition
from groupchat.facts.reading_places import PRIVATE, ROOMS_KEPT, TALKS_KEPT, talk
from groupchat.hall.people.persistence import MARKED_SWEEPS
from groupchat.journals.memory import MemoryJournal
from groupchat.model.drafts import Operation, ReadUpTo, StoredSession
from groupchat.model.events import Listed, MarkedRead, Replayed, Said, Welcomed
from tests.fakes import HeldJournal, SlowJournal
from tests.house import House, Peer
from tests.people import account, operator

SECRET = "correct horse"


class CountingJournal(MemoryJournal):
    """A journal that keeps the operations it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.operations: list[Operation] = []
        self.commits = 0

    def append(self, operations: Any) -> Any:
        """Keep them, and carry them out."""
        self.operations += operations
        self.commits += bool(operations)
        return super().append(operations)

    def taken(self, form: type) -> list[Any]:
        """Return the operations of one form, and forget all."""
        operations, self.operations = self.operations, []
        return [one for one in operations if type(one) is form]


class MarksCase(SynchronousTestCase):
    """alice has an account, and bob talks."""

    def setUp(self) -> None:
        self.journal = CountingJournal()
        self.house = House(self.journal)
        (self.bob,) = self.house.come("bob", door="json")
        self.bob.do("join", room="dev")
        account(self.house.hall, "alice", password=SECRET)

    def device(self, **fields: Any) -> Peer:
        """Let alice come in on one more device, which says itself what was read."""
        fields = {"password": SECRET, "rooms": ("dev", "lobby"), "marks": True, **fields}
        return self.house.connect("json").offer("alice", **fields)

    def guest(self, nick: str = "gina", **fields: Any) -> Peer:
        """Let a guest come in who says what was read."""
        return self.house.connect("json").offer(nick, **{"rooms": ("dev", "lobby"), "marks": True, **fields})

    def unread(self, peer: Peer) -> dict[str, int]:
        """How many messages each place has that are new to a peer, as it was told last."""
        lists = [one for one in peer.answers if isinstance(one, Listed) and one.what == "unread"]
        return {item["room"] or f"@{item['nick']}": item["new"] for item in lists[-1].items}

    def asked(self, peer: Peer) -> dict[str, int]:
        """How many messages are new to a peer, asked for now."""
        peer.take()
        return self.unread(peer.do("unread"))

    def marked(self, peer: Peer) -> list[tuple[str, str, int]]:
        """What a peer was told of being read elsewhere, since this was asked last."""
        return [(one.room, one.nick, one.upto) for one in peer.take() if isinstance(one, MarkedRead)]

    def talk(self, *rooms: str) -> None:
        """Let bob say something in each of these rooms."""
        for room in rooms:
            self.bob.say("news", room=room)


class DevicesTests(MarksCase):
    def test_two_devices(self) -> None:
        """What is marked on one device is told to the other at once, and is not new to a third."""
        one, two = self.device(), self.device()
        self.talk("lobby", "lobby", "dev")
        self.assertEqual(self.asked(two), {"dev": 1, "lobby": 2})
        two.take()
        one.do("read", room="lobby", id=2)
        self.assertEqual(self.marked(two), [("lobby", "", 2)])
        self.assertEqual(self.marked(one), [])
        self.assertEqual(self.asked(two), {"dev": 1})
        self.assertEqual(self.unread(self.device()), {"dev": 1})

    def test_nothing_new(self) -> None:
        """A device that says itself what was read is told also that nothing is new, and up to which number."""
        self.talk("lobby")
        device = self.device()
        (told,) = [one for one in device.answers if isinstance(one, Listed)]
        self.assertEqual((told.items, told.upto), ((), 1))

    def test_both_at_once(self) -> None:
        """Of two devices that mark at once the further one holds, in whichever order."""
        one, two = self.device(), self.device()
        self.talk(*["lobby"] * 9)
        for upper, lower in ((one, two), (two, one)):
            for peer in (one, two):
                peer.take()
            upto = self.house.hall.stream.delivered - (0 if upper is two else 3)

            def both(upper: Peer = upper, lower: Peer = lower, upto: int = upto) -> None:
                upper.do("read", room="lobby", id=upto)
                lower.do("read", room="lobby", id=upto - 1)

            self.house.turns.run(both)
            self.assertEqual(self.marked(lower), [("lobby", "", upto)])
            self.assertEqual(self.marked(upper), [])
            self.assertEqual(self.asked(one), {} if upto == 9 else {"lobby": 3})

    def test_what_is_sent_is_not_read(self) -> None:
        """With such a device nothing counts as read because it was sent, not even when it leaves."""
        one = self.device()
        self.talk("lobby", "dev")
        one.vanish()
        self.assertEqual(self.unread(self.device()), {"dev": 1, "lobby": 1})

    def test_what_people_are_shown_is_read(self) -> None:
        """What a program that marks nothing has shown is read when one leaves it; other devices are told."""
        device = self.device()
        netcat = self.house.connect("text").type("alice", SECRET)
        self.talk("lobby")
        self.bob.do("msg", nick="alice", text="psst")
        device.take()
        netcat.vanish()
        self.assertEqual(self.marked(device), [("dev", "", 2), ("lobby", "", 2), ("", "", 2)])
        self.assertEqual(self.asked(device), {})

    def test_room_that_is_new(self) -> None:
        """In a room that somebody is in for the first time nothing from before they came is new."""
        self.bob.do("join", room="games")
        self.talk("games")
        device = self.device().do("join", room="games")
        self.talk("games")
        self.assertEqual(self.asked(device), {"games": 1})
        device.vanish()
        self.assertEqual(self.unread(self.device(rooms=("games",))), {"games": 1})

    def test_quiet(self) -> None:
        """A connection that only posts reads nothing."""
        quiet = self.house.connect("json").offer("alice", password=SECRET, quiet=True, marks=True)
        for fields in ({"room": "lobby"}, {"all": True}, {"nick": "bob"}):
            quiet.take()
            quiet.do("read", **fields)
            self.assertEqual(quiet.codes, ["not-allowed"])
        quiet.take()
        self.talk("lobby")
        self.device().do("read", room="lobby")
        self.assertEqual(self.marked(quiet), [])


class NumbersTests(MarksCase):
    def setUp(self) -> None:
        super().setUp()
        self.alice = self.device()
        self.talk("lobby", "lobby", "lobby")
        self.alice.take()

    def test_without_a_number(self) -> None:
        """Without a number everything up to the newest is read."""
        self.alice.do("read", room="lobby")
        self.assertEqual([done.fields for done in self.alice.answers], [{"upto": 3}])  # type: ignore[attr-defined]
        self.assertEqual(self.asked(self.alice), {})

    def test_above_the_newest(self) -> None:
        """A number above the newest is the newest: what comes afterwards is new."""
        self.alice.do("read", room="lobby", id=2**53)
        self.talk("lobby")
        self.assertEqual(self.asked(self.alice), {"lobby": 1})

    def test_never_back(self) -> None:
        """A lower number changes nothing, and the answer says where it stands."""
        self.alice.do("read", room="lobby", id=2).do("read", room="lobby", id=1).do("read", room="lobby", id=0)
        self.assertEqual([done.fields for done in self.alice.answers], [{"upto": 2}] * 3)  # type: ignore[attr-defined]
        self.assertEqual(self.asked(self.alice), {"lobby": 1})

    def test_refused(self) -> None:
        """A room one is not in, a nickname nobody has, and two places at once are refused, and nothing is marked."""
        for fields, code in (
            ({"room": "ops"}, "not-in-room"),
            ({"room": "@1"}, "room-invalid"),
            ({"nick": "nobody"}, "no-such-nick"),
            ({"nick": "bob", "room": "lobby"}, "bad-arguments"),
            ({"all": True, "room": "lobby"}, "bad-arguments"),
            ({"room": "lobby", "id": -1}, "bad-arguments"),
            ({"room": "lobby", "id": "3"}, "bad-arguments"),
        ):
            self.alice.take()
            self.alice.do("read", **fields)
            self.assertEqual(self.alice.codes, [code], fields)
        self.assertEqual(self.asked(self.alice), {"lobby": 3})

    def test_closed_room(self) -> None:
        """A room that was closed is in no list, and cannot be marked."""
        self.alice.do("join", room="games")
        self.bob.do("join", room="games").say("news", room="games")
        olga = operator(self.house, "olga")
        olga.type("/close games", "/close games")
        self.alice.take()
        self.alice.do("read", room="games")
        self.assertEqual(self.alice.codes, ["not-in-room"])
        self.assertEqual(self.asked(self.alice), {"lobby": 3})

    def test_text(self) -> None:
        """People type /read and /unread."""
        netcat = self.house.connect("text").type("alice", SECRET)
        self.assertEqual(self.texts(netcat, "/read #2"), ["You have read lobby up to #2."])
        self.assertEqual(self.texts(netcat, "/read all"), ["You have read everything."])
        self.assertEqual(self.texts(netcat, "/unread"), ["You have read everything."])
        netcat.type("/query bob")
        self.assertEqual(self.texts(netcat, "/read"), ["You have read what bob wrote to you, up to #3."])

    def texts(self, peer: Peer, line: str) -> list[str]:
        """What somebody reads who types this."""
        peer.take()
        peer.type(line)
        return [line for one in peer.answers for line in (one.lines if isinstance(one, Listed) else [one.text])]  # type: ignore[attr-defined]

    def test_all(self) -> None:
        """/read all marks every room, and everything private; other devices are told of each."""
        two = self.device()
        self.bob.do("msg", nick="alice", text="psst")
        self.talk("dev")
        two.take()
        self.alice.do("read", all=True)
        self.assertEqual(self.marked(two), [("dev", "", 5), ("lobby", "", 5), ("", "", 5)])
        self.assertEqual(self.asked(two), {})

    def test_all_up_to(self) -> None:
        """What came after the number up to which everything is read is still new."""
        self.alice.vanish()
        netcat = self.house.connect("text").type("alice", SECRET)
        self.device().do("read", all=True, id=1)
        netcat.take()
        netcat.type("/catchup")
        self.assertEqual([len(one.posts) for one in netcat.answers], [2])  # type: ignore[attr-defined]

    def test_catchup(self) -> None:
        """/catchup shows what is not read, as long as it is not marked; to a program that marks nothing, once."""
        self.alice.do("catchup", room="lobby").do("catchup", room="lobby")
        self.assertEqual([len(one.posts) for one in self.alice.answers], [3, 3])  # type: ignore[attr-defined]
        self.assertEqual(self.asked(self.alice), {"lobby": 3})


class PrivateTests(MarksCase):
    def setUp(self) -> None:
        super().setUp()
        self.alice = self.device()
        (self.carol,) = self.house.come("carol", door="json")

    def write(self, *senders: Peer) -> None:
        """Let these people write to alice."""
        for sender in senders:
            sender.do("msg", nick="alice", text="psst")

    def test_each_person(self) -> None:
        """What is private is marked for each person."""
        self.write(self.bob, self.carol, self.bob)
        two = self.device()
        self.assertEqual(self.unread(two), {"@bob": 2, "@carol": 1})
        two.take()
        self.alice.do("read", nick="bob")
        self.assertEqual(self.marked(two), [("", "bob", 3)])
        self.assertEqual(self.asked(two), {"@carol": 1})
        self.write(self.bob)
        self.assertEqual(self.asked(two), {"@bob": 1, "@carol": 1})

    def test_never_back(self) -> None:
        """What is below everything private that was read is read: to mark it changes nothing, and nobody is told."""
        self.write(self.bob, self.bob)
        two = self.device()
        self.alice.do("read", all=True)
        self.house.pass_time(MARKED_SWEEPS + 1)
        two.take()
        self.alice.take()
        self.journal.taken(ReadUpTo)
        self.alice.do("read", nick="bob", id=1).do("read", nick="bob", id=1)
        self.house.pass_time(MARKED_SWEEPS + 1)
        self.assertEqual([done.fields for done in self.alice.answers], [{"upto": 2}] * 2)  # type: ignore[attr-defined]
        self.assertEqual((self.marked(two), self.journal.taken(ReadUpTo)), ([], []))

    def test_shown_again(self) -> None:
        """What was marked is not shown again as missed; what was not is."""
        self.write(self.bob, self.carol)
        self.alice.do("read", nick="bob")
        self.alice.vanish()
        netcat = self.house.connect("text").type("alice", SECRET)
        shown = [one.posts for one in netcat.answers if isinstance(one, Replayed)]
        self.assertEqual([[post.nick for post in posts] for posts in shown], [["carol"]])

    def test_renamed(self) -> None:
        """A person who is called otherwise now is the same person."""
        self.write(self.bob)
        self.bob.do("nick", nick="robert")
        self.assertEqual(self.asked(self.alice), {"@robert": 1})
        self.alice.do("read", nick="robert")
        self.assertEqual(self.asked(self.alice), {})

    def test_gone(self) -> None:
        """What a guest wrote who has left can be marked by the nickname they had."""
        self.write(self.bob)
        self.bob.vanish()
        self.assertEqual(self.asked(self.alice), {"@bob": 1})
        self.alice.do("read", nick="BOB")
        self.assertEqual(self.asked(self.alice), {})

    def test_ignored(self) -> None:
        """Nothing of people whom one ignores is new."""
        self.write(self.bob)
        self.alice.do("ignore", nick="bob")
        self.assertEqual(self.asked(self.alice), {})

    def test_no_more_positions_than_needed(self) -> None:
        """When all that is private was read, one position says so."""
        self.write(self.bob, self.carol)
        self.alice.do("read", nick="bob").do("read", nick="carol")
        self.assertEqual(self.asked(self.alice), {})
        author = self.alice.connection.person.author
        known = {one.room for one in self.house.hall.positions.all_of(author)}
        self.assertEqual(known, {"lobby", "dev", PRIVATE})

    def test_bounded(self) -> None:
        """Of any number of conversations and rooms so many are remembered, in memory and on disk alike."""
        person = self.alice.connection.person
        for number in range(1, TALKS_KEPT + 50):
            self.house.hall.persistence.mark(self.alice.connection, talk(number), number)  # type: ignore[arg-type]
            self.house.hall.persistence.mark(self.alice.connection, f"room{number}", number)
            self.house.clock.advance(1)
        self.house.pass_time(MARKED_SWEEPS)
        known = {one.name: one.upto for one in self.house.hall.positions.all_of(person.author)}
        self.assertEqual(len(known), TALKS_KEPT + ROOMS_KEPT + 1)
        facts = self.successResultOf(self.journal.facts(ReadPosition.KIND))
        self.assertEqual({fact.name: fact.value["upto"] for fact in facts if fact.value}, known)


class DurableTests(MarksCase):
    def test_written_once(self) -> None:
        """However often somebody marks, it is written once in some seconds: one operation for each place."""
        one = self.device()
        self.talk(*["lobby"] * 50)
        self.house.pass_time(MARKED_SWEEPS)
        self.journal.taken(ReadUpTo)
        before = self.journal.commits
        for number in range(1, 51):
            one.do("read", room="lobby", id=number)
        self.assertEqual(self.journal.commits, before)
        self.house.pass_time(MARKED_SWEEPS)
        self.assertEqual([(read.room, read.upto) for read in self.journal.taken(ReadUpTo)], [("lobby", 50)])
        self.house.pass_time(3 * MARKED_SWEEPS)
        self.assertEqual(self.journal.commits, before + 1)

    def test_same_again_writes_nothing(self) -> None:
        """To mark the same again writes nothing, and tells nobody anything."""
        one, two = self.device(), self.device()
        self.talk("lobby")
        one.do("read", room="lobby")
        self.house.pass_time(MARKED_SWEEPS)
        self.journal.taken(ReadUpTo)
        two.take()
        one.do("read", room="lobby")
        self.house.pass_time(MARKED_SWEEPS)
        self.assertEqual((self.journal.taken(ReadUpTo), self.marked(two)), ([], []))

    def test_restart(self) -> None:
        """What was marked is so after the server was killed, as soon as it was written."""
        one = self.device()
        self.talk("lobby", "dev")
        self.bob.do("msg", nick="alice", text="psst")
        one.do("read", room="lobby").do("read", nick="bob")
        self.house.pass_time(MARKED_SWEEPS)
        one.do("read", room="dev")
        self.house.hall = self.house.reopened()
        self.assertEqual(self.unread(self.device()), {"dev": 1})

    def test_leaving(self) -> None:
        """Whoever leaves has what they marked on disk at once."""
        one = self.device()
        self.talk("lobby")
        one.do("read", room="lobby")
        one.vanish()
        self.house.hall = self.house.reopened()
        self.assertEqual(self.unread(self.device()), {})

    def test_guest(self) -> None:
        """A guest who comes back with the token, also after the server was killed, has read what they had marked."""
        gina = self.guest()
        self.talk("lobby", "dev")
        gina.do("read", room="lobby")
        token = gina.token
        self.house.pass_time(MARKED_SWEEPS)
        self.assertEqual(self.journal.taken(ReadUpTo), [])
        self.house.hall = self.house.reopened()
        again = self.guest(token=token, since=2)
        self.assertEqual(self.unread(again), {"dev": 1})
        again.vanish()
        self.assertEqual(self.unread(self.guest(token=token, since=2)), {"dev": 1})

    def test_guest_is_forgotten(self) -> None:
        """Of a guest who has left nothing stays in memory."""
        gina = self.guest()
        author = gina.connection.person.author
        gina.vanish()
        self.assertEqual(self.house.hall.positions.all_of(author), ())

    def test_refused_guest_is_forgotten(self) -> None:
        """Of a guest who comes back and may not come in nothing stays in memory either."""
        gina = self.guest()
        author, token = gina.connection.person.author, gina.token
        gina.vanish()
        journal = HeldJournal(self.journal)
        self.house.hall.stream.journal = journal
        again = self.house.connect("json").offer("gina", token, rooms=("lobby",), marks=True)
        again.vanish()
        while journal.pending:
            journal.commit()
        self.house.turn()
        self.assertEqual(self.house.hall.positions.all_of(author), ())

    def test_registered(self) -> None:
        """Whoever registers keeps what they had marked as a guest."""
        gina = self.guest()
        self.talk("lobby", "dev")
        gina.do("read", room="lobby")
        gina.do("register", password=SECRET)
        self.house.hall = self.house.reopened()
        again = self.house.connect("json").offer("gina", password=SECRET, rooms=("dev", "lobby"), marks=True)
        self.assertEqual(self.unread(again), {"dev": 1})

    def test_full_disk(self) -> None:
        """While nothing can be stored marks hold, and are written afterwards."""
        one = self.device()
        self.talk("lobby")
        self.house.pass_time(MARKED_SWEEPS)
        commits = self.house.hall.commits
        held = HeldJournal(self.journal)
        commits._journal = held
        self.bob.say("slow")
        self.house.pass_time(int(self.house.hall.settings.commit_refuse_s) + 2)
        self.assertIsNotNone(commits.refusal)
        one.do("read", room="lobby", id=1)
        self.house.pass_time(2 * MARKED_SWEEPS)
        self.assertEqual(self.asked(one), {})
        self.journal.taken(ReadUpTo)
        while held.pending:
            held.commit()
            self.house.turn()
        self.house.pass_time(1)
        while held.pending:
            held.commit()
            self.house.turn()
        self.assertEqual(
            [(read.room, read.upto) for read in self.journal.taken(ReadUpTo)], [("lobby", 1), (PRIVATE, 1)]
        )

    def test_session_of_an_account(self) -> None:
        """The positions of an account are not in its sessions."""
        one = self.device()
        self.talk("lobby")
        one.do("read", room="lobby")
        one.vanish()
        sessions = self.journal.taken(StoredSession)
        self.assertEqual({session.read for session in sessions}, {()})

    def test_welcome_before(self) -> None:
        """The list of what is new follows the welcome, before anything that was said since."""
        one = self.device()
        self.talk("lobby")
        one.vanish()
        again = self.device(since=0)
        shown = [type(event) for event in again.take()]
        self.assertIs(shown[0], Welcomed)
        self.assertLess(shown.index(Listed), shown.index(Said))


class LockedTests(SynchronousTestCase):
    def test_locked_meanwhile(self) -> None:
        """Nobody is told how much is new in a room that is locked while they come in."""
        journal = SlowJournal(MemoryJournal())
        house = House(journal)
        olga, (bob,) = operator(house, "olga", "json"), house.come("bob", door="json")
        account(house.hall, "alice", password=SECRET)
        bob.do("join", room="dev")
        alice: dict[str, Any] = {"password": SECRET, "rooms": ("dev", "lobby"), "marks": True}
        house.connect("json").offer("alice", **alice).vanish()
        bob.say("news", room="dev")
        bob.say("news", room="lobby")
        for room, found in (("", {"dev", "lobby"}), ("dev", {"lobby"})):
            journal.slow = True
            peer = house.connect("json").offer("alice", **alice)
            self.assertTrue(journal.reads)
            if room:
                olga.do("lock", room=room)
            journal.answer_all()
            journal.slow = False
            (told,) = [one for one in peer.answers if isinstance(one, Listed)]
            self.assertEqual({item["room"] for item in told.items}, found)
            peer.vanish()


class GoneTests(SynchronousTestCase):
    """Who has left while an answer was looked up has read nothing."""

    def setUp(self) -> None:
        self.journal = SlowJournal(MemoryJournal())
        self.house = House(self.journal)
        (self.bob,) = self.house.come("bob")

    def gone(self, peer: Peer, request: str, **fields: Any) -> None:
        """Let somebody ask, and go before the answer has been found."""
        self.journal.slow = True
        peer.do(request, **fields)
        self.assertTrue(self.journal.reads, request)
        peer.vanish()
        self.journal.slow = False
        self.journal.answer_all()
        self.house.turn()

    def guest(self) -> Peer:
        """Let a guest come in who says what was read, whom somebody has whispered to who has left."""
        guest = self.house.connect("json").offer("gina", marks=True)
        self.house.come("eve")[0].type("/msg gina psst", "/exit")
        return guest

    def test_guests(self) -> None:
        """A guest who asks and goes leaves nothing behind."""
        before = dict(self.house.hall.positions._known)
        for request, fields in (("unread", {}), ("read", {"nick": "eve"})):
            self.gone(self.guest(), request, **fields)
            self.house.pass_time(MARKED_SWEEPS + 1)
            self.assertEqual(self.house.hall.positions._known, before, request)
            self.assertEqual(self.house.hall.persistence._marked, {}, request)

    def test_accounts(self) -> None:
        """What an account was not shown any more it has not read."""
        account(self.house.hall, "alice", password=SECRET)
        alice = self.house.connect("text").type("alice", SECRET)
        author = alice.connection.person.author
        alice.type("/exit")
        self.bob.type("one", "two")
        alice = self.house.connect("text").type("alice", SECRET)
        before = self.house.hall.positions.find(author, "lobby")
        self.journal.slow = True
        alice.type("/catchup")
        self.assertTrue(self.journal.reads)
        alice.connection.gone = True  # as when another takes its place: nothing is noted of what it was shown
        self.journal.slow = False
        self.journal.answer_all()
        self.assertEqual(self.house.hall.positions.find(author, "lobby"), before)
