"""A connection until it has a nickname: what it is shown, every move of the drawing and none other, how it ends."""

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from groupchat.journals.memory import MemoryJournal
from groupchat.model.claims import Claim
from groupchat.model.drafts import StoredSession
from groupchat.model.errors import BadArguments, Flooding, HandshakeTimeout
from groupchat.model.events import Asked, Done, Entered, Greeted, Left, Listed, Refused, Welcomed
from groupchat.sessions.handshake import MOVES, Handshake, State
from tests.fakes import HeldJournal, SlowJournal
from tests.house import House, Peer
from tests.people import account, operator

PASSWORD = "correct horse"

NAMELESS, ASKED, CLAIMING, CHATTING, GONE = State

DRAWN = {
    (NAMELESS, ASKED), (ASKED, NAMELESS), (NAMELESS, CLAIMING), (ASKED, CLAIMING), (CLAIMING, NAMELESS),
    (CLAIMING, ASKED), (CLAIMING, CHATTING), (CHATTING, NAMELESS),
    (NAMELESS, GONE), (ASKED, GONE), (CLAIMING, GONE), (CHATTING, GONE),
}  # fmt: skip
"""The arrows of the drawing in the module, read off once more."""


class MovesTests(SynchronousTestCase):
    """Each test brings a connection along one arrow of the drawing."""

    def setUp(self) -> None:
        self.journal = SlowJournal(MemoryJournal())
        self.house = House(self.journal)
        account(self.house.hall, "alice")

    def nameless(self) -> Peer:
        """Return a connection that has just been greeted."""
        peer = self.house.connect()
        peer.session.greet()
        self.assertIs(peer.session.state, NAMELESS)
        return peer

    def asked(self) -> Peer:
        """Return a connection that is asked for a password."""
        peer = self.nameless().type("alice")
        self.assertIs(peer.session.state, ASKED)
        return peer

    def claiming(self) -> Peer:
        """Return a connection that is just coming in."""
        self.journal.slow = True
        peer = self.nameless().type("bob")
        self.assertIs(peer.session.state, CLAIMING)
        return peer

    def chatting(self) -> Peer:
        """Return a connection that is in."""
        peer = self.nameless().type("bob")
        self.assertIs(peer.session.state, CHATTING)
        return peer

    def test_table(self) -> None:
        """The table has the arrows of the drawing, and no others."""
        self.assertEqual({(state, to) for state, to_ in MOVES.items() for to in to_}, DRAWN)

    def test_no_other_move(self) -> None:
        """A move that is not drawn is a fault of ours, and is not made."""
        for start in State:
            for to in State:
                session = Handshake(self.house.hall, self.house.connect().screen)
                session.state = start
                if (start, to) in DRAWN:
                    session._move(to)
                    self.assertIs(session.state, to)
                else:
                    self.assertRaises(AssertionError, session._move, to)
                    self.assertIs(session.state, start)

    def test_nameless_to_asked_and_back(self) -> None:
        """A nickname with a password asks for it; an empty line asks for a nickname again."""
        peer = self.asked().type("")
        self.assertIs(peer.session.state, NAMELESS)
        self.assertEqual(peer.answers[-1], Asked("nickname"))

    def test_nameless_to_claiming_to_chatting(self) -> None:
        """A free nickname is claimed, and the person is in when the earlier messages are read."""
        peer = self.claiming()
        self.journal.answer_all()
        self.assertIs(peer.session.state, CHATTING)

    def test_asked_to_claiming_to_asked(self) -> None:
        """A password is checked; a wrong one is asked for again."""
        peer = self.asked()
        self.house.passwords.held = True
        peer.type("guess")
        self.assertIs(peer.session.state, CLAIMING)
        self.house.passwords.answer()
        self.assertIs(peer.session.state, ASKED)

    def test_claiming_to_nameless(self) -> None:
        """When somebody is refused at last, another nickname is asked for."""
        boss = operator(self.house, "boss")
        peer = self.claiming()
        self.journal.slow = False
        boss.type("/ban bob")
        self.journal.answer_all()
        self.assertEqual(peer.codes, ["banned"])
        self.assertIs(peer.session.state, NAMELESS)

    def test_chatting_to_nameless(self) -> None:
        """After /logout a nickname is asked for."""
        peer = self.asked().type(PASSWORD, "/logout")
        self.assertIs(peer.session.state, NAMELESS)
        self.assertIsNone(peer.session.connection)

    def test_to_gone(self) -> None:
        """From every state a lost connection is gone, and leaves no nickname behind."""
        for state in (self.nameless, self.asked, self.chatting, self.claiming):
            peer = state()
            peer.vanish()
            self.assertIs(peer.session.state, GONE, state.__name__)
            self.journal.answer_all()
            self.assertIs(peer.session.state, GONE, state.__name__)
            self.assertIsNone(self.house.hall.roster.find("bob"))

    def test_gone_stays_gone(self) -> None:
        """Nothing that still arrives for a connection that is gone changes or shows anything."""
        peer = self.chatting()
        peer.session.hangup()
        shown = list(peer.screen.shown)
        peer.session.typed("hello")
        peer.session.refuse(BadArguments("Late."))
        peer.session.hangup(HandshakeTimeout("Late."))
        peer.session.ended()
        peer.session.lost("again")
        self.assertEqual(peer.screen.shown, shown)
        self.assertIs(peer.session.state, GONE)
        self.assertEqual(self.house.hall.stream.delivered, 0)


class NamelessTests(SynchronousTestCase):
    def test_greeting(self) -> None:
        """Somebody who connects is told how many are here, and asked for a nickname."""
        house = House(name="chat.example.org")
        house.come("alice")
        peer = house.connect()
        peer.session.greet()
        greeted, asked = peer.answers
        self.assertEqual(greeted, Greeted("", "chat.example.org", 1, ""))
        self.assertEqual(asked, Asked("nickname"))

    def test_introduction(self) -> None:
        """A program that has no nickname yet can ask what people are greeted with; it is told once, with its ref."""
        house = House(name="chat.example.org")
        house.come("alice")
        peer = house.connect(door="json")
        peer.session.do("hello", {}, 7)
        item = {"version": "", "name": "chat.example.org", "people": 1, "rooms": 1, "motd": ""}
        self.assertEqual(peer.screen.shown, [(Listed("hello", (), (item,)), 7)])

    def test_nickname(self) -> None:
        """A nickname that is free makes one a member of the lobby."""
        peer = House().connect().type(" alice ")
        welcome, entered = peer.answers
        assert isinstance(welcome, Welcomed)
        self.assertEqual((welcome.nick, welcome.room, welcome.token, welcome.account), ("alice", "lobby", "", ""))
        self.assertEqual(entered, Entered("lobby", ""))
        self.assertIs(peer.session.state, State.CHATTING)

    def test_empty_line(self) -> None:
        """An empty line at the prompt brings the prompt again, and counts as no refusal."""
        peer = House().connect().type(*[""] * 9)
        self.assertEqual(peer.answers, [Asked("nickname")] * 9)
        self.assertFalse(peer.screen.closed)

    def test_refused_nickname(self) -> None:
        """A refused nickname leaves the person nameless, with the reason and the prompt again."""
        house = House()
        house.come("alice")
        peer = house.connect().type("ALICE")
        refused, asked = peer.answers
        self.assertEqual((refused.code, asked), ("nick-taken", Asked("nickname")))  # type: ignore[attr-defined]
        self.assertIs(peer.session.state, State.NAMELESS)
        peer.type("bob")
        self.assertEqual(peer.connection.person.nick, "bob")

    def test_every_kind_of_refusal(self) -> None:
        """A nickname may be taken, reserved or malformed."""
        house = House()
        house.come("alice")
        peer = house.connect().type("alice", "admin", "x y")
        self.assertEqual(peer.codes, ["nick-taken", "nick-reserved", "nick-invalid"])

    def test_five_refusals(self) -> None:
        """The fifth refused nickname ends the connection, after it was told why; the fourth does not."""
        peer = House().connect().type(*["?"] * 4)
        self.assertFalse(peer.screen.closed)
        peer.type("?")
        self.assertEqual(peer.codes, [*["nick-invalid"] * 5, "too-many-attempts"])
        self.assertTrue(peer.screen.closed)
        self.assertIs(peer.session.state, State.GONE)

    def test_exit(self) -> None:
        """A person can leave without a nickname; nobody hears of it."""
        house = House()
        (alice,) = house.come("alice")
        peer = house.connect().type("/exit")
        self.assertEqual(peer.answers, [Done(text="Goodbye.")])
        self.assertTrue(peer.screen.closed)
        self.assertEqual(alice.take(), [])

    def test_program_without_nickname(self) -> None:
        """A program that says something before it has a nickname is told to choose one."""
        peer = House().connect("json").say("hi", ref=7).do("list", ref=8)
        self.assertEqual(peer.codes, ["no-nickname"] * 2)
        self.assertEqual(peer.refs(), [("Refused", 7), ("Refused", 8)])

    def test_handshake_timeout(self) -> None:
        """A door that gives up tells why, and the session is gone."""
        house = House()
        peer = house.connect()
        peer.session.hangup(HandshakeTimeout("Too late."))
        self.assertEqual(peer.answers, [Refused("handshake-timeout", "Too late.")])
        self.assertTrue(peer.screen.closed)
        peer.session.hangup(HandshakeTimeout("Too late."))
        self.assertEqual(len(peer.answers), 1)


class PatienceTests(SynchronousTestCase):
    def test_begins_anew(self) -> None:
        """Refusals are counted from the last time somebody was in."""
        house = House()
        account(house.hall, "alice")
        peer = house.connect()
        for _ in range(2):
            peer.type(*["?"] * 4)
            self.assertFalse(peer.screen.closed)
            peer.type("alice", PASSWORD, "/logout")
            self.assertIs(peer.session.state, NAMELESS)
        self.assertEqual(peer.codes, ["nick-invalid"] * 8)


class ClosingTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.house = House()
        self.alice, self.bob = self.house.come("alice", "bob")

    def test_hangup(self) -> None:
        """A connection that is cut off is told why first; others see the code as the reason, in words."""
        self.alice.session.hangup(Flooding("Not now."))
        self.assertEqual(self.alice.answers, [Refused("flooding", "Not now.")])
        self.assertEqual(self.alice.screen.codes, ["flooding"])
        self.assertEqual(self.bob.events, [Left("lobby", "alice", self.house.now(), "flooding", True)])
        self.assertEqual(self.house.hall.health.refusals["flooding"], 1)

    def test_hangup_in_words(self) -> None:
        """A code of several words is shown to others as words."""
        self.alice.session.hangup(HandshakeTimeout("Too late."))
        self.assertEqual(self.bob.events[0].reason, "handshake timeout")  # type: ignore[attr-defined]

    def test_hangup_without_reason(self) -> None:
        """Without a refusal the connection counts as lost."""
        self.alice.session.hangup()
        self.assertEqual((self.alice.answers, self.alice.screen.codes), ([], ["connection-lost"]))
        self.assertEqual(self.bob.events[0].reason, "connection lost")  # type: ignore[attr-defined]

    def test_close(self) -> None:
        """When the server stops, nobody is shown to leave, and the place of programs is kept."""
        journal = HeldJournal(MemoryJournal())
        house = House(journal)
        (bot,), (alice,) = house.come("bot", door="json"), house.come("alice")
        while journal.pending:
            journal.commit()
        alice.take()
        bot.session.close()
        self.assertEqual(bot.screen.codes, ["stopping"])
        self.assertIs(bot.session.state, GONE)
        self.assertEqual(alice.events, [])
        self.assertEqual([type(one) for one in journal.pending[-1]], [StoredSession])

    def test_close_while_coming_in(self) -> None:
        """Somebody who is just coming in when the server stops does not come in any more."""
        journal = SlowJournal(MemoryJournal())
        house = House(journal)
        journal.slow = True
        peer = house.connect().type("carol")
        peer.session.close()
        journal.answer_all()
        self.assertIsNone(peer.session.connection)
        self.assertEqual(len(house.hall.roster), 0)

    def test_refuse(self) -> None:
        """What a door refuses is shown with its ref, and counted."""
        (bot,) = self.house.come("bot", door="json")
        bot.session.refuse(BadArguments("No."), 7)
        self.assertEqual(bot.refs(), [("Refused", 7)])
        self.assertEqual(self.house.hall.health.refusals["bad-arguments"], 1)


class OwnFaultTests(SynchronousTestCase):
    def test_attempt_that_breaks(self) -> None:
        """A fault of ours is logged, told as such, and the nickname is asked for again."""
        house = House()
        peer = house.connect()

        def break_(_: object) -> "Deferred[object]":
            raise ZeroDivisionError("unexpected")

        waiting: Deferred[object] = Deferred()
        peer.session._move(CLAIMING)
        waiting.addCallback(break_).addErrback(peer.session._turned_away, 3, Claim("eve"))
        waiting.addBoth(peer.session._answered)
        waiting.callback(None)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.assertEqual(peer.codes, ["server-error"])
        self.assertNotIn("ZeroDivision", str(peer.answers))
        self.assertIs(peer.session.state, NAMELESS)
