"""A connection's life: nameless, claiming, chatting, gone."""

from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from groupchat.interfaces.screens import Hold, IScreen, IStyle
from groupchat.interfaces.storage import IJournal
from groupchat.journals.memory import MemoryJournal
from groupchat.model.claims import Claim
from groupchat.model.errors import HandshakeTimeout
from groupchat.model.events import Asked, Done, Greeted, Left, Refused, Said, Welcomed
from groupchat.sessions.session import State
from tests.fakes import FakeScreen, FakeStyle, HeldJournal, SlowJournal
from tests.house import House


class FakesTests(SynchronousTestCase):
    def test_fakes(self) -> None:
        """The stand-ins have every method and attribute of what they stand for."""
        house = House()
        screen = house.connect().screen
        self.assertTrue(verifyObject(IScreen, screen))
        self.assertTrue(verifyObject(IStyle, FakeStyle.of("text")))
        for journal in (SlowJournal(MemoryJournal()), HeldJournal(MemoryJournal())):
            self.assertTrue(verifyObject(IJournal, journal))


class NamelessTests(SynchronousTestCase):
    def test_greeting(self) -> None:
        """Who connects is told how many are here, and asked for a nickname."""
        house = House(name="chat.example.org")
        house.come("alice")
        peer = house.connect()
        peer.session.greet()
        greeted, asked = peer.answers
        self.assertEqual(greeted, Greeted("", "chat.example.org", 1, ""))
        self.assertEqual(asked, Asked("nickname"))

    def test_nickname(self) -> None:
        """A nickname that is free makes one a member of the lobby."""
        peer = House().connect().type(" alice ")
        self.assertEqual(peer.answers, [Welcomed("alice", "lobby", 0, "", 0)])
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
        """One may leave without a nickname; nobody hears of it."""
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


class ChattingTests(SynchronousTestCase):
    def test_say(self) -> None:
        """What one types, all others see; one's own line does not come back."""
        house = House()
        alice, bob = house.come("alice", "bob")
        alice.type("hello :)")
        self.assertEqual(bob.take(), [Said(1, "lobby", "alice", house.now(), "hello 😊")])
        self.assertEqual(alice.take(), [Done(1, "")])

    def test_echo(self) -> None:
        """Who likes to, sees their own lines too."""
        (alice,) = House().come("alice")
        alice.type("/set echo on", "hello")
        self.assertEqual(alice.texts, ["hello"])

    def test_slashes(self) -> None:
        """Two slashes say one; an unknown command is refused, never said."""
        house = House()
        alice, bob = house.come("alice", "bob")
        alice.type("//exit", "/mgs bob hi")
        self.assertEqual(bob.texts, ["/exit"])
        self.assertEqual(alice.codes, ["unknown-command"])
        self.assertIn("/msg", alice.answers[-1].text)  # type: ignore[attr-defined]

    def test_programs_say_anything(self) -> None:
        """A machine that says "/exit" says it, and "s/a/b/" too."""
        house = House()
        alice, bot = house.come("alice", "bot", door="json")
        bot.say("/exit", ref=1).say("s/a/b/", ref=2)
        self.assertEqual(alice.texts, ["/exit", "s/a/b/"])
        self.assertEqual(bot.answers, [Done(1), Done(2)])

    def test_blank_lines(self) -> None:
        """Blank lines of people are passed over; a program's are refused, for it waits for an answer."""
        house = House()
        alice, bob = house.come("alice", "bob")
        alice.type("", "   ")
        self.assertEqual(alice.answers, [])
        bob.say("  ", ref=1)
        self.assertEqual(bob.codes, ["nothing-to-say"])

    def test_controls(self) -> None:
        """No line brings an escape sequence to another's screen."""
        house = House()
        alice, bob = house.come("alice", "bob")
        alice.type("a\x1b[2Jb\x07\u202ec")
        self.assertEqual(bob.texts, ["abc"])

    def test_substitution(self) -> None:
        """ "s/a/b/" changes the first such part of one's own last message, with an escaped slash if need be."""
        house = House()
        alice, bob = house.come("alice", "bob")
        alice.type("one teh two teh", "s/teh/the/", "s/the/a\\/b", "s/nowhere/x/")
        self.assertEqual([event.text for event in bob.events][1:], ["one the two teh", "one a/b two teh"])  # type: ignore[attr-defined]
        self.assertEqual(alice.codes, ["bad-arguments"])
        bob.type("s/a/b/")
        self.assertEqual(bob.codes, ["no-such-message"])

    def test_substitution_waits(self) -> None:
        """ "s/a/b/" typed right after a line changes that line, although it is still on its way to the disk."""
        journal = HeldJournal(MemoryJournal())
        house = House(journal)
        alice, bob = house.come("alice", "bob")
        alice.type("an old teh")
        journal.commit()
        alice.type("a new teh", "s/teh/the/")
        while journal.pending:
            journal.commit()
            house.turn()
        self.assertEqual([event.text for event in bob.events], ["an old teh", "a new teh", "a new the"])  # type: ignore[attr-defined]

    def test_nickname_of_a_program_later(self) -> None:
        """A program that offers another nickname later is renamed; a token is for coming in."""
        (bot,) = House().come("bot", door="json")
        bot.offer("robot", ref=5)
        self.assertEqual(bot.member.person.nick, "robot")
        bot.offer("bot", token="x", ref=6)
        self.assertEqual(bot.codes, ["bad-arguments"])
        self.assertEqual(bot.refs(), [("Done", 5), ("Refused", 6)])


class LeavingTests(SynchronousTestCase):
    def test_exit(self) -> None:
        """Who exits is bidden goodbye and the connection is closed; the others see it, with the reason."""
        house = House()
        alice, bob = house.come("alice", "bob")
        alice.type("/exit so tired")
        self.assertEqual(alice.told, ["Goodbye, alice."])
        self.assertTrue(alice.screen.closed)
        self.assertEqual(bob.events, [Left("lobby", "alice", house.now(), "so tired")])

    def test_exit_after_posts(self) -> None:
        """Goodbye comes when one's own posts are on disk, and nobody sees one leave before one's last words."""
        journal = HeldJournal(MemoryJournal())
        house = House(journal)
        alice, bob = house.come("alice", "bob")
        alice.type("last words", "/exit", "not heard")
        self.assertEqual((alice.answers, alice.screen.closed), ([], False))
        journal.commit()
        self.assertEqual([type(event) for event in bob.events], [Said, Left])
        self.assertEqual(alice.answers, [Done(1), Done(text="Goodbye, alice.")])
        self.assertTrue(alice.screen.closed)

    def test_end_of_input(self) -> None:
        """Who sends no more gets the answers to what was sent, and then leaves."""
        journal = HeldJournal(MemoryJournal())
        house = House(journal)
        alice, bob = house.come("alice", "bob")
        alice.type("last words")
        alice.session.ended()
        self.assertFalse(alice.screen.closed)
        journal.commit()
        self.assertEqual([type(event) for event in bob.events], [Said, Left])
        self.assertEqual(alice.answers[0], Done(1))
        self.assertTrue(alice.screen.closed)

    def test_end_of_input_after_exit(self) -> None:
        """ "/exit" and the end of input at once: the answers still come."""
        journal = HeldJournal(MemoryJournal())
        house = House(journal)
        (alice,) = house.come("alice")
        alice.type("last words", "/exit")
        alice.session.ended()
        self.assertFalse(alice.screen.closed)
        journal.commit()
        self.assertEqual(alice.answers, [Done(1), Done(text="Goodbye, alice.")])
        self.assertTrue(alice.screen.closed)

    def test_end_of_input_without_nickname(self) -> None:
        """Who ends before there is a nickname is simply gone."""
        house = House()
        peer = house.connect()
        peer.session.ended()
        self.assertTrue(peer.screen.closed)
        self.assertIs(peer.session.state, State.GONE)

    def test_lost(self) -> None:
        """A lost connection frees the nickname at once, and the others see it once."""
        house = House()
        alice, bob = house.come("alice", "bob")
        alice.vanish()
        alice.session.lost("again")
        self.assertEqual(bob.events, [Left("lobby", "alice", house.now(), "connection lost")])
        self.assertEqual([person.nick for person in house.hall.roster], ["bob"])
        self.assertNotIn(alice.session, house.hall.sessions)

    def test_gone_after_exit(self) -> None:
        """Whatever still comes from a connection after its exit changes nothing."""
        house = House()
        alice, bob = house.come("alice", "bob")
        alice.type("/exit")
        bob.take()
        alice.session.typed("hello")
        alice.session.say("hello")
        alice.session.offer(Claim("carol"))
        alice.session.lost("connection lost")
        self.assertEqual(bob.take(), [])

    def test_outbound_hold(self) -> None:
        """Who takes nothing is not listened to either."""
        (alice,) = House().come("alice")
        alice.screen.fill()
        self.assertIn(Hold.OUTBOUND, alice.screen.holds)
        alice.screen.drain()
        self.assertNotIn(Hold.OUTBOUND, alice.screen.holds)


class FakeScreenTests(SynchronousTestCase):
    def test_closed(self) -> None:
        """A closed screen takes and shows nothing more."""
        (alice,) = House().come("alice")
        screen: FakeScreen = alice.screen
        screen.close()
        alice.type("hello")
        screen.write(FakeStyle.of("text").answer(Done(), None, ""))
        self.assertEqual((alice.answers, screen.lines), ([], []))
