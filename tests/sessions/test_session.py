"""What a connection says and asks for: lines, requests, floods, and things that go wrong."""

from collections.abc import Iterator
from contextlib import contextmanager

from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from groupchat.interfaces.screens import Hold, IScreen, IStyle
from groupchat.interfaces.storage import IJournal
from groupchat.journals.memory import MemoryJournal
from groupchat.model.claims import Claim
from groupchat.model.drafts import Draft
from groupchat.model.errors import BadJson
from groupchat.model.events import Answer, Done, Left, Refused, Said
from groupchat.model.ranks import Rank
from groupchat.sessions.session import State
from groupchat.verbs import commands
from groupchat.verbs.actor import Actor
from tests.fakes import FakeScreen, FakeStyle, HeldJournal, SlowJournal
from tests.house import House
from tests.people import account, operator


class FakesTests(SynchronousTestCase):
    def test_fakes(self) -> None:
        """The stand-ins have every method and attribute of what they stand for."""
        house = House()
        screen = house.connect().screen
        self.assertTrue(verifyObject(IScreen, screen))
        self.assertTrue(verifyObject(IStyle, FakeStyle.of("text")))
        for journal in (SlowJournal(MemoryJournal()), HeldJournal(MemoryJournal())):
            self.assertTrue(verifyObject(IJournal, journal))


class ChattingTests(SynchronousTestCase):
    def test_say(self) -> None:
        """What a person types, all others see; their own line does not come back."""
        house = House()
        alice, bob = house.come("alice", "bob")
        alice.type("hello :)")
        self.assertEqual(bob.take(), [Said(1, "lobby", "alice", house.now(), "hello 😊")])
        self.assertEqual(alice.take(), [Done(1, "")])

    def test_echo(self) -> None:
        """Somebody who wants to sees their own lines too."""
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

    def test_password_after_a_blank(self) -> None:
        """A blank before a command makes it something to say, but not where that would tell a password to all."""
        alice, bob = House().come("alice", "bob")
        alice.type(" /login alice sesame", "\t /REGISTER sesame", " /exit", " /etc/passwd")
        self.assertEqual(alice.codes, ["bad-arguments"] * 2)
        self.assertNotIn("sesame", str(alice.answers))
        self.assertEqual(bob.texts, [" /exit", " /etc/passwd"])

    def test_password_after_another_slash(self) -> None:
        """Slashes of input methods, and blanks that are not seen, do not let a password be told to all."""
        alice, bob = House().come("alice", "bob")
        slashes = "\uff0f\u2044\u2215\u29f8\u2571\u3001\u30fb\u0338"
        starts = [*slashes, "\u2800/", "\u3000\uff0f", "\uff0f\u2800", "\u2800 \u2044 "]
        lines = [f"{start}{name} alice sesame" for start in starts for name in ("login", "Register", "\uff4cogin")]
        alice.type(*lines)
        self.assertEqual(alice.codes, ["bad-arguments"] * len(lines))
        self.assertNotIn("sesame", str(alice.answers))
        said = [
            "\uff0fexit", "\u3001login\u3001", "\uff0f\uff0flogin a b", "\u2800login a b", "\uff0fetc\uff0fpasswd",
            "\u2800",
        ]  # fmt: skip
        alice.type(*said)
        self.assertEqual(bob.texts, said)

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
        """ "s/a/b/" changes the first such part of the person's last message, with an escaped slash if need be."""
        house = House()
        alice, bob = house.come("alice", "bob")
        alice.type("one teh two teh", "s/teh/the/", "s/the/a\\/b/", "s/nowhere/x/")
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
        self.assertEqual(bot.connection.person.nick, "robot")
        bot.offer("bot", token="x", ref=6)
        self.assertEqual(bot.codes, ["bad-arguments"])
        self.assertEqual(bot.refs(), [("Done", 5), ("Refused", 6)])


class RequestTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.house = House()
        (self.bot,) = self.house.come("bot", door="json")
        (self.alice,) = self.house.come("alice")

    def test_unknown_fields(self) -> None:
        """A field that is no argument is refused by name, and nothing is done; programs may send their own."""
        self.bot.do("say", text="hi", rom="dev", ref=1)
        (refused,) = self.bot.answers
        assert isinstance(refused, Refused)
        self.assertEqual((refused.code, "rom" in refused.text), ("bad-arguments", True))
        self.assertEqual(self.alice.texts, [])
        self.bot.session.do("say", {"text": "hi", "x-color": "red", "x-": [1]}, 2)
        self.assertEqual(self.alice.texts, ["hi"])

    def test_unknown_verb(self) -> None:
        """A verb that does not exist is refused, with the nearest."""
        self.bot.do("sya", text="hi", ref=1)
        self.assertEqual(self.bot.codes, ["unknown-command"])
        self.assertIn("/say", self.bot.answers[0].text)  # type: ignore[attr-defined]

    def test_one_answer(self) -> None:
        """Every request is answered exactly once with its ref, whatever kind of answer it has."""
        self.bot.screen.take_lines()
        requests: tuple[tuple[str, dict[str, object]], ...] = (
                ("say", {"text": "hi"}), ("say", {"text": ""}), ("typing", {}), ("history", {}), ("away", {}),
                ("back", {}), ("join", {"room": "dev"}), ("leave", {}), ("nick", {"nick": "robot"}), ("ping", {}),
                ("set", {"name": "echo", "value": True}), ("help", {}), ("kick", {"nick": "alice"}), ("whois", {}),
        )  # fmt: skip
        for ref, (name, fields) in enumerate(requests):
            self.bot.session.do(name, fields, ref)
            self.house.turn()
        refs = [ref for event, ref in self.bot.screen.shown if isinstance(event, Answer) and ref is not None]
        self.assertEqual(refs, list(range(14)))

    def test_typed_at_a_program(self) -> None:
        """What a person types at a program is a command, a correction or words, and is stored once with its key."""
        session = self.bot.session
        for line, key in (
            ("hello teh", "a"),
            ("hello teh", "a"),
            ("s/teh/the/", "b"),
            ("/me waves", "c"),
            ("//x", "d"),
        ):
            session.type(line, 1, key)
        texts = [event.text for event in self.alice.events]  # type: ignore[attr-defined]
        self.assertEqual(texts, ["hello teh", "hello the", "waves", "/x"])

    def test_changes_are_waited_for(self) -> None:
        """The line after a request that changes what is true is taken when that is on disk."""
        journal = HeldJournal(MemoryJournal())
        house = House(journal)
        boss = operator(house, "boss")
        while journal.pending:
            journal.commit()
            house.turn()
        boss.type("/slow lobby 9", "after")
        self.assertEqual(boss.screen.holds, Hold.ANSWER)
        self.assertEqual(len(journal.pending[-1]), 1)
        journal.commit()
        house.turn()
        self.assertEqual(boss.screen.holds, Hold(0))
        waiting = [one for operations in journal.pending for one in operations]
        self.assertEqual([one.text for one in waiting if isinstance(one, Draft)], ["after"])

    def test_journal_does_not_keep_up(self) -> None:
        """When too much waits for the journal its sender is not read any more, until it has caught up."""
        journal = HeldJournal(MemoryJournal())
        house = House(journal)
        (bot,) = house.come("bot", door="json")
        while journal.pending:
            journal.commit()
            house.turn()
        sent = 0
        while Hold.JOURNAL not in bot.screen.holds:
            bot.say("x" * 1000)
            sent += 1
        while journal.pending:
            journal.commit()
            house.turn()
        self.assertNotIn(Hold.JOURNAL, bot.screen.holds)
        self.assertEqual(house.hall.stream.delivered, sent)

    def test_server(self) -> None:
        """The connection of the server itself is in no room and in no list; it speaks in the room that it names."""
        server = self.house.connect("json")
        server.session.serve()
        self.assertIs(server.session.state, State.CHATTING)
        self.assertEqual((server.connection.rooms, len(self.house.hall.roster)), ((), 2))
        server.do("say", text="hi").do("say", text="hi", room="lobby")
        self.assertEqual((server.codes, self.alice.texts), (["not-in-room"], ["hi"]))

    def test_settings(self) -> None:
        """New settings hold at once for those who are here."""
        (carol,) = self.house.come("carol", exempt=False)
        self.house.pass_time(10)
        self.house.hall.follow(self.house.hall.settings.replaced(flood_burst=1))
        carol.type("one", "two", "three")
        self.assertEqual(len(self.alice.texts), 2)


class LeavingTests(SynchronousTestCase):
    def test_exit(self) -> None:
        """/exit is answered with a goodbye and the connection is closed; the others see it, with the reason."""
        house = House()
        alice, bob = house.come("alice", "bob")
        alice.type("/exit so tired")
        self.assertEqual(alice.told, ["Goodbye, alice."])
        self.assertTrue(alice.screen.closed)
        self.assertEqual(bob.events, [Left("lobby", "alice", house.now(), "so tired", True)])

    def test_exit_after_posts(self) -> None:
        """Goodbye comes when everything said is on disk, and nobody sees a person leave before their last words."""
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
        """A peer that sends no more gets the answers to what it sent, and then leaves."""
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
        """A peer that ends before there is a nickname is simply gone."""
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
        self.assertEqual(bob.events, [Left("lobby", "alice", house.now(), "connection lost", True)])
        self.assertEqual([person.nick for person in house.hall.roster], ["bob"])
        self.assertNotIn(alice.session, house.hall.sessions)

    def test_gone_after_exit(self) -> None:
        """Whatever still comes from a connection after its exit changes nothing."""
        house = House()
        alice, bob = house.come("alice", "bob")
        alice.type("/exit")
        bob.take()
        alice.session.typed("hello")
        alice.session.do("say", {"text": "hello"})
        alice.session.offer(Claim("carol"))
        alice.session.lost("connection lost")
        self.assertEqual(bob.take(), [])

    def test_outbound_hold(self) -> None:
        """A peer that takes nothing is not listened to either."""
        (alice,) = House().come("alice")
        alice.screen.fill()
        self.assertIn(Hold.OUTBOUND, alice.screen.holds)
        alice.screen.drain()
        self.assertNotIn(Hold.OUTBOUND, alice.screen.holds)


class FloodTests(SynchronousTestCase):
    def test_burst(self) -> None:
        """Ten lines at once are taken at once; the eleventh makes the peer wait half a second for its next."""
        house = House()
        (alice,) = house.come("alice")
        (bob,) = house.come("bob", exempt=False)
        bob.type(*map(str, range(20)))
        self.assertEqual(len(alice.texts), 10)  # the nickname counted too
        self.assertEqual(bob.screen.holds, Hold.FLOOD)
        house.clock.advance(0.49)
        self.assertEqual(len(alice.texts), 10)
        house.clock.advance(0.02)
        self.assertEqual(len(alice.texts), 11)

    def test_rate(self) -> None:
        """After the burst two lines a second are taken, in order, and none is lost: a paste of 40 goes through."""
        house = House()
        (alice,) = house.come("alice")
        (bob,) = house.come("bob", exempt=False)
        house.pass_time(10)
        lines = [f"line {number}" for number in range(40)]
        bob.type(*lines)
        self.assertEqual(len(alice.texts), 11)
        house.pass_time(5)
        self.assertEqual(len(alice.texts), 21)
        house.pass_time(10)
        self.assertEqual(alice.texts, lines)
        self.assertEqual((bob.codes, bob.screen.closed), ([], False))

    def test_steady_excess(self) -> None:
        """After 30 s of steady excess the peer is told why, cut off, and the others see it leave."""
        house = House()
        (alice,) = house.come("alice")
        (bob,) = house.come("bob", exempt=False)
        bob.type(*["spam"] * 200)
        house.pass_time(28)
        self.assertFalse(bob.screen.closed)
        house.pass_time(4)
        self.assertEqual(bob.codes, ["flooding"])
        self.assertTrue(bob.screen.closed)
        self.assertEqual(alice.events[-1].reason, "flooding")  # type: ignore[attr-defined]
        self.assertLess(len(alice.texts), 75)

    def test_excess_ends(self) -> None:
        """A peer that pauses now and then is never cut off, however much it sends in all."""
        house = House()
        (bob,) = house.come("bob", exempt=False)
        for _ in range(10):
            bob.type(*["paste"] * 30)
            house.pass_time(16)
        self.assertEqual((bob.codes, bob.screen.closed), ([], False))

    def test_exempt(self) -> None:
        """An exempt peer is never held back."""
        house = House()
        alice, bob = house.come("alice", "bob")
        bob.type(*["work"] * 500)
        self.assertEqual(len(alice.texts), 500)
        self.assertEqual(bob.screen.holds, Hold(0))

    def test_costs(self) -> None:
        """A costly command makes the peer wait as long as it costs, whatever else was waited for meanwhile."""
        house = House()
        (bob,) = house.come("bob", exempt=False)
        house.pass_time(10)
        bob.type("/history", "/history", "/nonsense")
        self.assertEqual(len(bob.answers), 2)
        for _ in range(4):
            house.clock.advance(1.2)
            self.assertEqual(len(bob.answers), 2)
        house.clock.advance(0.3)
        self.assertEqual(bob.codes, ["unknown-command"])

    def test_cut_off_command(self) -> None:
        """The command with which the patience ends is not carried out."""
        house = House(flood_patience_s=1, flood_burst=1)
        (bob,) = house.come("bob", exempt=False)
        house.pass_time(5)
        bob.type("/join a", "/join b", "/join c", "/join d")
        house.pass_time(5)
        self.assertTrue(bob.screen.closed)
        self.assertEqual(bob.codes, ["flooding"])
        self.assertIsInstance(bob.answers[-1], Refused)


class MishapTests(SynchronousTestCase):
    @contextmanager
    def command_that_breaks(self) -> "Iterator[None]":
        """Within, there is a command /break, which raises what nobody expected."""
        table = commands.COMMANDS

        def break_(me: Actor) -> Answer:
            """Break."""
            raise ZeroDivisionError("unexpected")

        table.verb()(break_)
        try:
            yield
        finally:
            del table._verbs["break"], table._names["break"]

    def test_command(self) -> None:
        """A command that breaks is logged and answered; everybody lives on."""
        house = House()
        alice, bob = house.come("alice", "bob")
        with self.command_that_breaks():
            alice.type("/break", "still here")
            alice.do("break", ref=3)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 2)
        self.assertEqual(alice.codes, ["server-error"] * 2)
        self.assertEqual(bob.texts, ["still here"])
        self.assertNotIn("ZeroDivision", str(alice.answers))

    def test_read(self) -> None:
        """A read of the journal that breaks is logged and answered with its ref; the next line is taken."""
        journal = SlowJournal(MemoryJournal())
        house = House(journal)
        alice, bob = house.come("alice", "bob", door="json")
        journal.slow = True
        alice.do("history", ref=4)
        self.assertEqual(alice.screen.holds, Hold.ANSWER)
        alice.say("and on", ref=5)
        journal.fail(ValueError("unexpected"))
        house.turn()
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)
        self.assertEqual(alice.refs(), [("Refused", 4), ("Done", 5)])
        self.assertEqual(bob.texts, ["and on"])

    def test_coming_in(self) -> None:
        """A read that breaks while somebody comes in leaves them nameless, and the nickname free."""
        journal = SlowJournal(MemoryJournal())
        house = House(journal)
        journal.slow = True
        peer = house.connect().type("alice")
        journal.fail(ValueError("unexpected"))
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)
        self.assertEqual(peer.codes, ["server-error"])
        self.assertIs(peer.session.state, State.NAMELESS)
        self.assertEqual(len(house.hall.roster), 0)

    def test_gone_while_coming_in(self) -> None:
        """A read that breaks is logged although the connection is lost meanwhile."""
        journal = SlowJournal(MemoryJournal())
        house = House(journal)
        journal.slow = True
        peer = house.connect().type("alice")
        peer.vanish()
        journal.fail(ValueError("unexpected"))
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)
        self.assertEqual(len(house.hall.roster), 0)


class FakeScreenTests(SynchronousTestCase):
    def test_closed(self) -> None:
        """A closed screen takes and shows nothing more."""
        (alice,) = House().come("alice")
        screen: FakeScreen = alice.screen
        screen.close("exit")
        alice.type("hello")
        screen.write(screen.answer(Done(), None, "", ""))
        self.assertEqual((alice.answers, screen.lines), ([], []))


class HasteTests(SynchronousTestCase):
    def test_operator_is_not_held_up(self) -> None:
        """Beyond the burst an operator's commands are taken at once; a member's wait."""
        house = House()
        operator(house, "first")
        for nick, rank, all_taken in (("olga", Rank.OPERATOR, True), ("alice", Rank.MEMBER, False)):
            (peer,) = house.come(nick, exempt=False)
            account(house.hall, nick, rank)
            peer.type(*["/whois first"] * 40)
            self.assertEqual(len(peer.answers) == 40, all_taken, nick)


class RejectedTests(SynchronousTestCase):
    def test_charged(self) -> None:
        """Lines that a door cannot read are charged: after the burst they are read slowly, and at last cut off."""
        house = House(flood_burst=5, flood_rate=1.0, flood_patience_s=10)
        (bob,) = house.come("bob", exempt=False)
        bob.take()
        for _ in range(4):  # the nickname was a line too
            bob.session.reject(BadJson("no"))
        self.assertEqual((bob.codes, bob.screen.holds), (["bad-json"] * 4, Hold(0)))
        bob.session.reject(BadJson("no"))
        self.assertIn(Hold.FLOOD, bob.screen.holds)
        for _ in range(20):
            house.pass_time(1)
            bob.session.reject(BadJson("no"))
        self.assertEqual(bob.codes[-1], "flooding")
        self.assertTrue(bob.screen.closed)
        before = len(bob.answers)
        bob.session.reject(BadJson("no"))
        self.assertEqual(len(bob.answers), before)


class TurnTests(SynchronousTestCase):
    def test_costly(self) -> None:
        """After a verb that costs more than a line others have their turn, also when the peer is exempt from limits."""
        house = House()
        bob, bot = house.come("bob")[0], house.come("bot", door="json")[0]
        bob.type("hello", "/list", "/whois bot", "/search hello")
        self.assertEqual(bob.screen.yielded, 2)
        bot.do("list").do("say", text="hi").do("complete", text="/h")
        self.assertEqual(bot.screen.yielded, 2)
