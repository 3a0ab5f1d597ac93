"""What outlives a connection: it is on disk when it changes, and one comes back to where one was."""

from copy import deepcopy
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from groupchat.facts.whereabouts import Places
from groupchat.hall.people.persistence import RENEWED_S
from groupchat.interfaces.storage import IJournal
from groupchat.journals.memory import MemoryJournal
from groupchat.model.drafts import Audience, StoredSession
from groupchat.model.errors import JournalUnavailable
from groupchat.model.events import Departed
from groupchat.state.positions import PRIVATE
from tests.fakes import HeldJournal
from tests.hall.people.test_attendance import AttendanceCase
from tests.house import House, Peer
from tests.people import member, operator


def departed(peer: Peer) -> list[tuple[str, str, str]]:
    """The rooms a peer was told that it is not in any more: the room, why, and where its lines go."""
    return [(one.room, one.code, one.current) for one in peer.answers if isinstance(one, Departed)]


class PersistTests(AttendanceCase):
    """What the journal keeps of a connection, so that its token works later."""

    def stored(self, peer: Peer) -> StoredSession:
        """The session the journal has of a peer."""
        found = self.successResultOf(self.house.journal.recall(peer.connection.digest))
        assert found is not None
        return found

    def test_stored(self) -> None:
        """When a connection leaves, its rooms and how far it has read are kept."""
        bot = self.come("bot", rooms=("dev", "lobby"))
        for number in range(3):
            self.watcher.say(str(number))
        bot.vanish()
        stored = self.stored(bot)
        self.assertEqual((stored.nick, stored.rooms, stored.position), ("bot", ("dev", "lobby"), 3))

    def test_without_a_token(self) -> None:
        """Of a connection without a token nothing is kept."""
        (alice,) = self.house.come("alice")
        alice.vanish()
        self.hall.persistence.remember(alice.connection)
        self.assertIsNone(self.successResultOf(self.house.journal.recall("")))

    def test_remember(self) -> None:
        """What is remembered of a living connection is where it is now; of one that is gone nothing is."""
        bot = self.come("bot")
        self.watcher.say("hello")
        bot.do("join", room="dev")
        self.hall.persistence.remember(bot.connection)
        self.assertEqual((self.stored(bot).rooms, self.stored(bot).position), (("lobby", "dev"), 1))
        bot.vanish()
        self.watcher.say("later")
        self.hall.persistence.remember(bot.connection)
        self.assertEqual(self.stored(bot).position, 1)

    def test_renew(self) -> None:
        """Twice a day it is persisted that a connection is still here."""
        bot = self.come("bot")
        first = self.stored(bot).seen
        for stayed, seen in (
            (RENEWED_S - 60, first),
            (RENEWED_S, first + RENEWED_S),
            (RENEWED_S + 60, first + RENEWED_S),
        ):
            self.house.clock.advance(first + stayed - self.now)
            self.hall.persistence.renew(bot.connection, 60.0)
            self.assertEqual(self.stored(bot).seen, seen)

    def test_positions(self) -> None:
        """How far an account has read is noted, in rooms and private messages; of a guest nothing is."""
        alice = member(self.house, "alice", "json")
        author = alice.connection.person.author
        self.watcher.say("hello")
        for peer in (alice, self.watcher):
            self.hall.persistence.note_position(peer.connection, ("lobby",))
        position = self.hall.positions.find(author, "lobby")
        assert position is not None
        self.assertEqual((position.upto, position.at), (1, self.now))
        self.assertIsNotNone(self.hall.positions.find(author, PRIVATE))
        facts = self.successResultOf(self.house.journal.facts("position"))
        self.assertEqual({fact.name for fact in facts}, {f"{author}/lobby", f"{author}/"})


class MovingTests(SynchronousTestCase):
    """Who joins, leaves or switches is told so when it is on disk; a kill at any moment loses nothing that was told."""

    def setUp(self) -> None:
        self.journal = HeldJournal(MemoryJournal())
        self.house = House(self.journal)
        self.bot = self.house.connect("json").offer("bot")
        self.commit()
        self.bot.do("join", room="dev").do("join", room="ops")
        self.commit()
        self.token = self.bot.token
        self.bot.take()

    def commit(self) -> None:
        """Let everything that waits be written."""
        self.house.turn()
        while self.journal.pending:
            self.journal.commit()
            self.house.turn()

    def back(self, journal: IJournal | None = None) -> Peer:
        """Kill the daemon; return the program that comes back with its token after the restart."""
        house = House(self.journal.within if journal is None else journal)
        return house.connect("json").offer("bot", token=self.token, since="head")

    def test_told_when_on_disk(self) -> None:
        """Nothing is shown before the commit; after it everything is, and a kill right then changes nothing."""
        for name, room, rooms, current, told in (
            ("switch", "dev", ("lobby", "dev", "ops"), "dev", "Your lines now go to dev."),
            ("join", "den", ("lobby", "dev", "ops", "den"), "den", "You are in den now."),
            ("leave", "den", ("lobby", "dev", "ops"), "ops", "You left den. Your lines now go to ops."),
            ("switch", "lobby", ("lobby", "dev", "ops"), "lobby", "Your lines now go to lobby."),
            ("leave", "dev", ("lobby", "ops"), "lobby", "You left dev. Your lines now go to lobby."),
        ):
            before = self.bot.connection.places
            self.bot.do(name, room=room)
            self.assertEqual((self.bot.take(), self.bot.connection.places), ([], before))
            self.assertEqual(self.back().connection.places, before)
            self.assertEqual(len(self.journal.pending), 1)
            self.journal.commit()
            self.house.turn()
            self.assertEqual(self.bot.told, [told])
            self.assertEqual((self.bot.connection.rooms, self.bot.connection.current), (rooms, current))
            back = self.back()
            self.assertEqual((back.connection.rooms, back.connection.current), (rooms, current))
            self.bot.take()

    def test_many_share_a_commit(self) -> None:
        """However many join while one commit is in flight, the next has all of them."""
        bots = [self.house.connect("json").offer(f"bot{number}") for number in range(50)]
        self.commit()
        self.bot.say("in flight")
        for bot in bots:
            bot.take()
            bot.do("join", room="dev")
        self.journal.commit()
        self.assertEqual(len(self.journal.pending), 1)
        self.journal.commit()
        self.assertEqual([bot.told for bot in bots], [["You are in dev now."]] * 50)
        self.assertEqual(self.journal.pending, [])

    def test_no_commit_for_lines(self) -> None:
        """Saying something stores no session, and a person without a token or account stores none at all."""
        self.bot.say("hello")
        (operations,) = self.journal.pending
        self.assertEqual([type(one).__name__ for one in operations], ["Draft"])
        self.commit()
        (guest,) = self.house.come("guest")
        guest.type("/join dev", "/switch lobby", "/leave dev")
        self.assertEqual((self.journal.pending, guest.connection.rooms), ([], ("lobby",)))

    def test_next_line_waits(self) -> None:
        """What is sent after a switch is said in the room switched to, never in the one before."""
        self.bot.do("switch", room="dev").say("for dev")
        self.commit()
        (post,) = self.successResultOf(self.journal.recent(Audience(("dev",)), 99, 9))
        self.assertEqual(post.event.room, "dev")

    def test_put_out_while_it_moves(self) -> None:
        """Whoever is put out of a room while moving to another is where they should be in both respects."""
        for name, room, after in (("join", "den", ("lobby", "ops", "den")), ("leave", "ops", ("lobby",))):
            with self.subTest(name):
                self.setUp()
                olga = operator(self.house, "olga", "json")
                self.commit()
                olga.do("kick", nick="bot", room="dev")
                self.bot.do(name, room=room)
                while self.journal.pending:
                    self.journal.commit()
                    disk = self.back(deepcopy(self.journal.within)).connection.rooms
                    self.assertNotIn("dev", disk)
                self.assertEqual((self.bot.connection.rooms, disk), (after, after))

    def test_moves_that_came_too_late(self) -> None:
        """Switching to a room that was taken away meanwhile is refused; leaving it is done already."""
        for name, codes in (("switch", ["kicked", "not-in-room"]), ("leave", ["kicked"])):
            self.setUp()
            self.bot.do("switch", room="lobby")
            self.commit()
            self.bot.take()
            olga = operator(self.house, "olga", "json")
            olga.do("kick", nick="bot", room="dev")
            self.bot.do(name, room="dev")
            self.commit()
            self.assertEqual(self.bot.codes, codes)
            self.assertEqual(self.bot.connection.places, Places(("lobby", "ops"), "lobby"))
            self.assertEqual(self.back().connection.places, self.bot.connection.places)

    def test_lock_while_it_moves(self) -> None:
        """A room that is locked while somebody is on the way in is not entered, and not on disk either."""
        olga = operator(self.house, "olga", "json")
        self.commit()
        self.bot.say("in flight")
        olga.do("lock", room="den")
        self.bot.do("join", room="den")
        self.commit()
        self.assertEqual(self.bot.codes, ["room-locked"])
        self.assertEqual(self.bot.connection.rooms, ("lobby", "dev", "ops"))
        self.assertEqual(self.back().connection.places, self.bot.connection.places)

    def test_full_disk(self) -> None:
        """While nothing can be stored people move all the same, are told so, and are there when they come back."""
        self.bot.do("leave", room="ops")
        self.journal.fail(JournalUnavailable("The disk is full."))
        self.assertEqual(
            " ".join(self.bot.told),
            "You left ops. Your lines now go to dev."
            " That cannot be stored just now, and is not sure to outlast a restart.",
        )
        self.bot.vanish()
        again = self.house.connect("json").offer("bot", token=self.token, since="head")
        self.assertEqual(again.connection.places, Places(("lobby", "dev"), "dev"))

    def test_gone_meanwhile(self) -> None:
        """A connection that is lost before its move is on disk leaves no trace of somebody who is not there."""
        self.bot.do("join", room="den")
        self.bot.vanish()
        self.commit()
        self.assertIsNone(self.house.hall.rooms.find("den"))
        self.assertEqual(self.back().connection.current, "den")


class AccountTests(SynchronousTestCase):
    """An account's rooms are the account's."""

    def setUp(self) -> None:
        self.house = House()
        self.settings: dict[str, object] = {}
        self.alice = member(self.house, "alice")
        self.alice.type("/join dev", "/join ops", "/switch dev")

    def login(self, door: str = "text", **claim: Any) -> Peer:
        """Kill the daemon, and return alice who logs in after the restart."""
        self.house.hall = self.house.reopened(**self.settings)
        peer = self.house.connect(door)
        if door == "json":
            return peer.offer("alice", password="correct horse", **claim)
        return peer.type("/login alice correct horse")

    def test_where_it_was(self) -> None:
        """With the password one comes into the rooms the account was last in, through every door."""
        for door in ("text", "json"):
            self.assertEqual(self.login(door).connection.places, Places(("lobby", "dev", "ops"), "dev"))

    def test_left(self) -> None:
        """A room that was left stays left, the lobby and the last one too."""
        self.alice.type("/leave lobby")
        self.assertEqual(self.login().connection.rooms, ("dev", "ops"))
        for room in ("dev", "ops"):
            self.login().type(f"/leave {room}")
        self.assertEqual(self.login().connection.rooms, ())

    def test_two_devices(self) -> None:
        """Each session has its rooms; the account has those of the one that moved last."""
        phone = self.house.connect("json").offer("alice", password="correct horse")
        self.assertEqual(phone.connection.places, Places(("lobby", "dev", "ops"), "dev"))
        phone.do("leave", room="ops").do("switch", room="lobby")
        self.assertEqual(self.alice.connection.places, Places(("lobby", "dev", "ops"), "dev"))
        self.alice.vanish()
        token = phone.token
        self.assertEqual(self.login().connection.places, Places(("lobby", "dev"), "lobby"))
        self.login().type("/join den")
        again = self.house.connect("json").offer("alice", token=token)
        self.assertEqual(again.connection.places, Places(("lobby", "dev"), "lobby"))

    def test_lobby_wanted(self) -> None:
        """A setting, or one's own, says that one comes into the lobby; that forgets nothing."""
        self.settings = {"login_rooms": "lobby"}
        peer = self.login()
        self.assertEqual(peer.connection.rooms, ("lobby",))
        peer.type("/set rooms mine")
        self.assertEqual(self.login().connection.rooms, ("lobby", "dev", "ops"))
        self.settings = {}
        self.login().type("/set rooms lobby")
        self.assertEqual(self.login().connection.rooms, ("lobby",))
        self.login().type("/set rooms server")
        self.assertEqual(self.login().connection.rooms, ("lobby", "dev", "ops"))

    def test_named_rooms_win(self) -> None:
        """A claim that names rooms is in these; the account stays where it was."""
        self.assertEqual(self.login("json", rooms=("den",)).connection.rooms, ("den",))
        self.assertEqual(self.login("json", quiet=True).connection.rooms, ())
        self.assertEqual(self.login().connection.rooms, ("lobby", "dev", "ops"))

    def test_closed_rooms(self) -> None:
        """Rooms that are locked, or from which one is banned meanwhile, are left out, and one is told which.

        The one that lines went to is told again, until something was to be said.
        """
        olga = operator(self.house, "olga")
        self.alice.vanish()
        olga.type("/lock dev").do("ban", whom="alice", duration=3600, room="ops")
        self.assertEqual(olga.codes, [])
        self.assertEqual(departed(self.login()), [("dev", "room-locked", "lobby"), ("ops", "banned", "lobby")])
        peer = self.login()
        self.assertEqual((peer.connection.rooms, departed(peer)), (("lobby",), [("dev", "lost", "lobby")]))
        peer.type("for dev")
        self.assertEqual(peer.codes, ["room-lost"])
        peer.type("for the lobby")
        self.assertEqual(departed(self.login()), [])

    def test_registered_here(self) -> None:
        """Whoever makes an account where they are is there again when they log in."""
        (bob,) = self.house.come("bob")
        bot = self.house.connect("json").offer("bot")
        for peer in (bob, bot):
            peer.do("join", room="den")
            peer.do("register", password="correct horse")
        self.house.hall = self.house.reopened()
        for nick in ("bob", "bot"):
            peer = self.house.connect().type(f"/login {nick} correct horse")
            self.assertEqual(peer.connection.places, Places(("lobby", "den"), "den"))

    def test_put_out_before_any_move(self) -> None:
        """An account that has never moved is where it came in; whoever is put out of there does not come back there."""
        olga = operator(self.house, "olga", "json")
        for rooms in (None, ("den",)):
            bob = self.house.connect("json").offer("bob", password="correct horse", register=True, rooms=rooms)
            room = bob.connection.current
            olga.do("kick", nick="bob", room=room)
            self.house.hall = self.house.reopened()
            peer = self.house.connect("json").offer("bob", password="correct horse")
            self.assertEqual(peer.connection.places, Places((), "", room))
            self.house = House()
            olga = operator(self.house, "olga", "json")

    def test_removed(self) -> None:
        """With an account its rooms go."""
        self.alice.type("/unregister correct horse")
        self.assertEqual(self.successResultOf(self.house.journal.facts("rooms")), [])
