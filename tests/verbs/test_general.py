"""Preferences, the server's state, the barrier and the end."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.journals.memory import MemoryJournal
from groupchat.model import preferences
from groupchat.model.errors import JournalUnavailable
from groupchat.model.events import Done, Left, Listed, Said
from groupchat.model.preferences import Preferences
from tests.fakes import HeldJournal
from tests.house import House, Peer
from tests.people import account, member

PASSWORD = "correct horse"


def back(home: House, nick: str, door: str = "text") -> Peer:
    """Return somebody who logs in."""
    peer = home.connect(door)
    return peer.offer(nick, password=PASSWORD) if door == "json" else peer.type(nick, PASSWORD)


def attended(home: House, nick: str) -> Peer:
    """Return somebody who sits at a program, which is shown things as programs are until it has said so."""
    peer = home.connect("json")
    peer.screen.prefer(Preferences(emoji=False))
    return peer.offer(nick, password=PASSWORD, attended=True)


class SetTests(SynchronousTestCase):
    def test_list(self) -> None:
        """/set alone lists the preferences, for people and for programs; a name or value that is none is refused."""
        (alice,) = House().come("alice")
        alice.type("/set", "/set echo", "/set echo perhaps", "/set colour red")
        (listed, *_) = alice.answers
        assert isinstance(listed, Listed)
        self.assertIn("echo off", listed.lines[0])
        self.assertEqual([item["name"] for item in listed.items], preferences.names())
        self.assertEqual(listed.items[0], {"name": "echo", "value": "off"})
        self.assertEqual(alice.codes, ["bad-arguments"] * 3)
        self.assertFalse([answer for answer in alice.answers if isinstance(answer, Done)])

    def test_answer(self) -> None:
        """A change is answered with a sentence for people, and name and value for programs."""
        (alice,) = House().come("alice")
        alice.type("/set ZONE europe/paris")
        fields = {"name": "zone", "value": "Europe/Paris"}
        self.assertEqual(alice.answers, [Done(0, "zone is now Europe/Paris.", fields)])

    def test_answer_of_an_account(self) -> None:
        """A change that is remembered is answered in the same way, once it is on disk."""
        alice = member(House(), "alice", "json")
        alice.do("set", name="echo", value=True, ref=1)
        self.assertEqual(alice.answers, [Done(0, "echo is now on.", {"name": "echo", "value": "on"})])
        self.assertEqual(alice.refs(), [("Done", 1)])

    def test_every_connection(self) -> None:
        """What a person prefers holds at once at all doors of one kind, and later; programs have their own."""
        home = House()
        account(home.hall, "alice")
        laptop, phone, bot = back(home, "alice"), back(home, "alice"), back(home, "alice", "json")
        laptop.type("/set echo on", "/set zone utc")
        self.assertTrue(phone.screen.style.preferences.echo)
        self.assertFalse(bot.screen.style.preferences.echo)
        later = back(home, "alice").screen.style.preferences
        self.assertEqual((later.echo, later.zone), (True, "UTC"))

    def test_program(self) -> None:
        """What a program sets holds for that connection only, unless it wants it remembered."""
        home = House()
        account(home.hall, "alice")
        terminal, bot = attended(home, "alice"), back(home, "alice", "json")
        bot.do("set", name="echo", value=True, remember=False)
        self.assertTrue(bot.screen.style.preferences.echo)
        self.assertEqual(bot.told, ["echo is now on."])
        for other in (terminal, attended(home, "alice"), back(home, "alice", "json")):
            self.assertFalse(other.screen.style.preferences.echo)
        bot.do("set", name="echo", value=True, remember=True)
        self.assertTrue(attended(home, "alice").screen.style.preferences.echo)

    def test_person_at_a_program(self) -> None:
        """What a person types into a program is remembered for such programs, and reaches no program by itself."""
        home = House()
        account(home.hall, "alice")
        laptop = back(home, "alice")
        first, second = attended(home, "alice"), attended(home, "alice")
        bot = back(home, "alice", "json")
        self.assertTrue(first.screen.style.preferences.emoji)
        first.session.type("/set joins off")
        first.session.type("/set emoji off")
        for peer in (first, second, attended(home, "alice")):
            kept = peer.screen.style.preferences
            self.assertEqual((kept.joins, kept.emoji), ("off", False))
        for peer in (bot, back(home, "alice", "json"), laptop):
            self.assertEqual(peer.screen.style.preferences.joins, "on")

    def test_guest(self) -> None:
        """A guest's preferences end with the connection."""
        home = House()
        (alice,) = home.come("alice")
        alice.type("/set echo on")
        alice.vanish()
        self.assertFalse(home.connect().type("alice").screen.style.preferences.echo)

    def test_not_stored(self) -> None:
        """When the change cannot be stored it is refused, and holds for this connection until it ends."""
        journal = HeldJournal(MemoryJournal())
        home = House(journal)
        alice = member(home, "alice", "json")
        while journal.pending:
            journal.commit()
        alice.do("set", name="echo", value=True)
        journal.fail(JournalUnavailable("Full."))
        self.assertEqual(alice.codes, ["journal-unavailable"])
        self.assertTrue(alice.screen.style.preferences.echo)

    def test_at_once(self) -> None:
        """A change holds from the next line on."""
        (alice, bob) = House().come("alice", "bob")
        alice.type("one", "/set echo on", "two", "/set joins off")
        bob.type("/leave")
        self.assertEqual(alice.texts, ["two"])

    def test_usage(self) -> None:
        """A name without a value is answered with the usage."""
        (bot,) = House().come("bot", door="json")
        bot.do("set", name="echo")
        self.assertEqual(bot.codes, ["bad-arguments"])
        self.assertTrue(bot.answers[0].text.startswith("Usage: /set echo VALUE"))  # type: ignore[attr-defined]

    def test_server(self) -> None:
        """What the server itself sets is stored nowhere."""
        house = House()
        server = house.connect("json")
        server.session.serve()
        server.do("set", name="zone", value="UTC", ref=1)
        self.assertEqual(server.refs(), [("Done", 1)])
        self.assertEqual(server.screen.style.preferences.zone, "UTC")
        self.assertEqual(self.successResultOf(house.journal.facts("preferences")), [])

    def test_remember(self) -> None:
        """Only true and false are taken for "remember"."""
        (bot,) = House().come("bot", door="json")
        bot.do("set", name="echo", value=True, remember="yes")
        self.assertEqual(bot.codes, ["bad-arguments"])


class StatusTests(SynchronousTestCase):
    def test_status(self) -> None:
        """The status counts people, connections and rooms, and says how the journal is."""
        home = House()
        account(home.hall, "alice")
        alice, _ = back(home, "alice"), back(home, "alice")
        home.connect()
        (bot,) = home.come("bot", door="json")
        bot.say("hi").do("join", room="dev")
        bot.take()
        bot.do("status")
        (listed,) = bot.answers
        assert isinstance(listed, Listed)
        (item,) = listed.items
        counts = {name: item[name] for name in ("people", "connections", "rooms", "head", "queued", "trouble")}
        self.assertEqual(counts, {"people": 2, "connections": 4, "rooms": 2, "head": 1, "queued": 0, "trouble": ""})
        self.assertEqual((item["name"], item["since"]), (home.hall.settings.name, "2026-11-21T12:00:00.000Z"))
        alice.type("/status")
        listed = alice.answers[-1]
        assert isinstance(listed, Listed)
        self.assertEqual(listed.lines[1], "2 people, 4 connections, 2 rooms")
        self.assertEqual(listed.lines[3], "Messages can be posted.")

    def test_trouble(self) -> None:
        """When nothing can be stored, the status says so."""
        journal = HeldJournal(MemoryJournal())
        home = House(journal)
        (alice,) = home.come("alice")
        alice.session.typed("lost")
        journal.fail(JournalUnavailable("The disk is full."))
        alice.take()
        alice.session.typed("/status")
        listed = alice.answers[-1]
        assert isinstance(listed, Listed)
        self.assertNotEqual(listed.lines[-1], "Messages can be posted.")
        self.assertEqual(listed.items[0]["trouble"], listed.lines[-1])


class PingTests(SynchronousTestCase):
    def test_barrier(self) -> None:
        """A ping is answered after everything that was posted before it, by anybody, is shown and answered."""
        journal = HeldJournal(MemoryJournal())
        home = House(journal)
        bot, other = home.come("bot", "other", door="json")
        while journal.pending:
            journal.commit()
        bot.take(), other.take()
        other.say("first")
        bot.say("second", ref=1).do("ping", ref=2)
        self.assertEqual(bot.screen.shown, [])
        while journal.pending:
            journal.commit()
            home.turn()
        self.assertEqual([type(event) for event, _ in bot.screen.shown], [Said, Done, Done])
        self.assertEqual(bot.refs(), [("Done", 1), ("Done", 2)])

    def test_idle(self) -> None:
        """Where nothing is posted the answer comes at once; also before there is a nickname."""
        home = House()
        (bot,) = home.come("bot", door="json")
        bot.do("ping", ref=3)
        self.assertEqual(bot.refs(), [("Done", 3)])
        self.assertEqual(home.connect("json").do("ping", ref=4).refs(), [("Done", 4)])

    def test_refused_posts(self) -> None:
        """A ping after a post that could not be stored is answered after its refusal."""
        journal = HeldJournal(MemoryJournal())
        home = House(journal)
        (bot,) = home.come("bot", door="json")
        while journal.pending:
            journal.commit()
        bot.say("lost", ref=1).do("ping", ref=2)
        journal.fail(JournalUnavailable("Full."))
        home.turn()
        self.assertEqual(bot.refs(), [("Refused", 1), ("Done", 2)])


class ExitTests(SynchronousTestCase):
    def test_reason(self) -> None:
        """The reason is shown to others, cut to what they should have to read; the code of closing is exit."""
        home = House()
        alice, bob = home.come("alice", "bob")
        alice.type(f"/quit   {'z' * 200}")
        self.assertEqual(bob.events, [Left("lobby", "alice", home.now(), "z" * 100, True)])
        self.assertEqual(alice.screen.codes, ["exit"])

    def test_program(self) -> None:
        """A program is answered with its ref before the connection closes."""
        (bot,) = House().come("bot", door="json")
        bot.do("exit", reason="done", ref=9)
        self.assertEqual(bot.refs(), [("Done", 9)])
        self.assertTrue(bot.screen.closed)
