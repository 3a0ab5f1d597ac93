"""The caller of a verb: which room, place, scope and person it means, and what it posts."""

from dataclasses import replace

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from groupchat.facts.room_facts import Lock
from groupchat.journals.memory import MemoryJournal
from groupchat.model.drafts import Deed, Kind
from groupchat.model.errors import (
    BadArguments,
    Banned,
    JournalUnavailable,
    Muted,
    NickInvalid,
    NickReserved,
    NoSuchRoom,
    NotAllowed,
    NotInRoom,
    RoomInvalid,
    RoomLocked,
)
from groupchat.model.events import AwayChanged, Done, Moderated
from groupchat.model.ranks import Rank
from groupchat.model.text import REASON
from groupchat.verbs.actor import OPERATORS, Actor, because, checked_reason
from tests.fakes import HeldJournal
from tests.house import House
from tests.people import account, establish, member, operator


class RoomTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.house = House()
        (self.alice,) = self.house.come("alice")
        self.alice.type("/join dev", "/switch lobby")
        self.actor = self.alice.actor

    def test_room(self) -> None:
        """A room is the named one of the caller's, in any spelling, or the current one."""
        for name, room in (("", "lobby"), ("lobby", "lobby"), ("dev", "dev"), ("#DEV", "dev")):
            self.assertEqual(self.actor.room(name), room)
            self.assertEqual(self.actor.own_room(name), room)

    def test_not_in_room(self) -> None:
        """A room the caller is not in is refused, never replaced by the current one; so is what is no name."""
        self.assertRaises(NotInRoom, self.actor.room, "ops")
        self.assertRaises(RoomInvalid, self.actor.room, "no such")
        self.alice.type("/leave", "/leave")
        self.assertRaises(NotInRoom, self.actor.room, "")
        self.assertRaises(NotInRoom, self.actor.place, "")
        self.assertEqual(self.actor.current, "")

    def test_quiet(self) -> None:
        """A quiet caller uses any room it could join, must name it, and is in none of its own.

        What it may not join it is not told of, unless it speaks there.
        """
        boss = operator(self.house, "boss")
        boss.type("/lock dev", "/op boss lobby")
        bot = self.house.connect("json").offer("bot", quiet=True).actor
        boss.type("/join ops", "/switch lobby")
        self.assertEqual(bot.room("lobby"), "lobby")
        self.assertEqual(bot.room("#New"), "new")
        self.assertRaises(NoSuchRoom, bot.room, "dev")
        self.assertRaises(RoomLocked, bot.speaking_room, "dev")
        self.assertRaises(NotInRoom, bot.room, "")
        self.assertRaises(NotInRoom, bot.own_room, "lobby")
        boss.do("ban", whom="bot", room="lobby")
        self.assertRaises(Banned, bot.room, "lobby")

    def test_place(self) -> None:
        """The room an order is about need not be one of the caller's."""
        self.assertEqual([self.actor.place(name) for name in ("", "ops", "#DEV")], ["lobby", "ops", "dev"])
        self.assertRaises(RoomInvalid, self.actor.place, "no such")

    def test_names(self) -> None:
        """Completion chooses from everybody here, and from all rooms."""
        self.assertEqual(self.actor.nicks(), ["alice"])
        self.assertEqual(self.actor.room_names(), ["lobby", "dev"])


class ScopeTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.house = House()
        self.boss, self.rita = operator(self.house, "boss"), member(self.house, "rita")
        self.boss.type("/op rita dev")
        self.rita.type("/join dev")

    def test_scope(self) -> None:
        """An operator's word holds everywhere, a room operator's in the current room; both can name a room."""
        self.assertEqual([self.boss.actor.scope(name) for name in ("", "dev", "#Ops")], ["", "dev", "ops"])
        self.assertEqual([self.rita.actor.scope(name) for name in ("", "dev")], ["dev", "dev"])
        self.rita.type("/leave", "/leave")
        self.assertRaises(NotInRoom, self.rita.actor.scope, "")

    def test_rank(self) -> None:
        """The rank is that in the current room, or in another one that is asked about."""
        actor = self.rita.actor
        self.assertIs(actor.rank, Rank.ROOM_OPERATOR)
        self.assertIs(actor.rank_in("lobby"), Rank.MEMBER)
        self.rita.type("/switch lobby")
        self.assertIs(actor.rank, Rank.MEMBER)
        self.assertIs(actor.rank_in("dev"), Rank.ROOM_OPERATOR)

    def test_server(self) -> None:
        """The server itself is an operator in every room, and in none."""
        server = self.house.connect("json")
        server.session.serve()
        self.assertEqual((server.actor.rank, server.actor.current, server.actor.scope("")), (Rank.OPERATOR, "", ""))


class TargetTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.house = House()
        self.boss = operator(self.house, "boss")
        self.rita, self.alice = member(self.house, "rita"), member(self.house, "alice")
        (self.bob,) = self.house.come("bob")
        self.boss.type("/op rita lobby", "/op alice lobby")

    def test_target(self) -> None:
        """A nickname means whoever has it: a person, an account that is not here, or nobody yet."""
        dora = account(self.house.hall, "Dora")
        actor = self.boss.actor
        person = self.bob.connection.person
        found = actor.target("BOB")
        self.assertEqual((found.nick, found.key, found.account, found.author), ("bob", "bob", None, person.author))
        self.assertIs(found.person, person)
        found = actor.target("dora")
        self.assertEqual((found.nick, found.account, found.person, found.author), ("Dora", dora, None, dora.author))
        found = actor.target("Eve")
        self.assertEqual((found.nick, found.key, found.author), ("Eve", "eve", None))
        self.assertRaises(NickInvalid, actor.target, "a,b")
        self.assertRaises(NickReserved, actor.target, "admin")

    def test_subject(self) -> None:
        """Nobody calls themselves to order, and a room's operator no other operator in that room."""
        self.assertEqual(self.rita.actor.subject("bob", "lobby").nick, "bob")
        self.assertRaises(BadArguments, self.rita.actor.subject, "rita", "lobby")
        self.assertRaises(BadArguments, self.boss.actor.subject, "boss", "")
        for nick in ("alice", "boss"):
            self.assertRaises(NotAllowed, self.rita.actor.subject, nick, "lobby")
        self.assertEqual(self.boss.actor.subject("rita", "lobby").nick, "rita")
        self.assertEqual(self.boss.actor.subject("alice", "").nick, "alice")

    def test_stage(self) -> None:
        """What is done to somebody is shown in the caller's room if they are there, else where they are."""
        self.bob.type("/join dev")
        actor, person = self.boss.actor, self.bob.connection.person
        self.assertEqual(actor.stage(person), "dev")
        self.bob.type("/switch lobby")
        self.assertEqual(actor.stage(person), "lobby")
        self.assertEqual(actor.stage(None), "lobby")

    def test_stage_of_several_connections(self) -> None:
        """When one of their connections is where the caller is, that room is shown it."""
        second = self.house.connect("json").offer("alice", password="correct horse", rooms=("dev",))
        self.assertEqual(self.boss.actor.stage(second.connection.person), "lobby")

    def test_zone(self) -> None:
        """Times are in the caller's zone; without one, in that of the settings, and without that in this host's."""
        self.assertIsNone(self.bob.actor.zone)
        self.house.hall.follow(self.house.hall.settings.replaced(zone="Asia/Kolkata"))
        self.assertEqual(str(self.bob.actor.zone), "Asia/Kolkata")
        self.boss.take()
        self.boss.type("/whois bob")
        self.assertIn("here since 2026-11-21 17:30", repr(self.boss.answers))
        self.bob.type("/set zone Europe/Paris")
        self.assertEqual(str(self.bob.actor.zone), "Europe/Paris")


class PostTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.journal = HeldJournal(MemoryJournal())
        self.house = House(self.journal)
        self.alice, self.bob = self.house.come("alice", "bob", door="json")
        self.commit()
        self.alice.take(), self.bob.take()
        self.actor = Actor(self.house.hall, self.alice.connection, 5, "key")
        self.lock = Lock("dev", "alice", self.house.now())

    def commit(self) -> None:
        """Let everything be written."""
        while self.journal.pending:
            self.journal.commit()
            self.house.turn()

    def test_draft(self) -> None:
        """A draft has the caller's nickname, author and key, and the time."""
        draft = self.actor.draft(Kind.SAID, "lobby", "hi")
        person = self.alice.connection.person
        self.assertEqual((draft.author, draft.nick, draft.key), (person.author, "alice", "key"))
        self.assertEqual((draft.room, draft.text, draft.at), ("lobby", "hi", self.house.now()))
        self.assertEqual((draft.folded, draft.within), ("alice", ("lobby",)))

    def test_answer(self) -> None:
        """A post is answered with the ref when it is on disk, and its receipt settled then."""
        done: list[str] = []
        receipt = self.actor.post(self.actor.draft(Kind.SAID, "lobby", "hi"), "said")
        receipt.when_settled(lambda: done.append("settled"))
        self.assertEqual((done, self.alice.refs()), ([], []))
        self.commit()
        self.assertEqual(done, ["settled"])
        self.assertEqual(self.alice.screen.shown[-1:], [(Done(1, "said"), 5)])
        self.assertIsNone(receipt.refusal)

    def test_not_awaited(self) -> None:
        """A post that is not what was asked for is not answered."""
        self.actor.post(self.actor.draft(Kind.SAID, "lobby", "hi"), awaited=False)
        self.commit()
        self.assertEqual(self.alice.answers, [])
        self.assertEqual(self.bob.texts, ["hi"])

    def test_refused(self) -> None:
        """A post that is not written has no effects: its receipt says why."""
        receipt = self.actor.post(self.actor.draft(Kind.SAID, "lobby", "hi", changes=(self.lock.made(),)))
        self.assertTrue(receipt.changes)
        waiting: Deferred[None] = receipt.result()
        self.journal.fail(JournalUnavailable("Full."))
        self.failureResultOf(waiting, JournalUnavailable)
        self.assertEqual(self.house.hall.moderation.locked, {})
        self.assertEqual(self.alice.refs(), [("Refused", 5)])

    def test_muted(self) -> None:
        """A post of somebody who may not speak is refused before it is queued."""
        boss = operator(self.house, "boss")
        self.commit()
        boss.type("/mute alice")
        self.commit()
        self.assertRaises(Muted, self.actor.post, self.actor.draft(Kind.SAID, "lobby", "hi"))
        self.assertEqual(self.journal.pending, [])

    def test_decree(self) -> None:
        """A deed is stored with its facts, shown to the room with its fields, and never dropped for its key."""
        self.make_operator()
        deed = Deed("lock", "locked dev", "dev")
        for _ in range(2):
            self.actor.decree(deed, self.lock.put(), needs=OPERATORS, room="lobby", text="ok")
        self.commit()
        shown = [event for event in self.bob.events if isinstance(event, Moderated)]
        self.assertEqual(
            [(event.id, event.act, event.target) for event in shown], [(1, "lock", "dev"), (2, "lock", "dev")]
        )
        self.assertEqual(self.house.hall.moderation.locked, {"dev": self.lock})

    def test_decree_of_somebody_demoted(self) -> None:
        """A deed whose author has the rank no more when it is carried out is refused, with what it changes."""
        self.make_operator()
        deed = Deed("lock", "locked dev", "dev")
        self.actor.decree(Deed("kick", "kicked bob", "bob"), needs=OPERATORS)
        given = self.house.hall.moderation.ranks[self.alice.connection.person.author]
        establish(self.house.hall, replace(given, rank=Rank.MEMBER))
        self.actor.decree(deed, self.lock.made(), needs=OPERATORS, room="lobby", text="ok")
        self.commit()
        self.assertEqual(self.alice.codes, ["not-allowed"])
        self.assertEqual(self.house.hall.moderation.locked, {})
        self.assertEqual([event for event in self.bob.events if isinstance(event, Moderated)], [])

    def make_operator(self) -> None:
        """Let alice operate the server."""
        account(self.house.hall, "alice", Rank.OPERATOR)
        self.commit()

    def test_tell(self) -> None:
        """A notice goes to people in its rooms, and the caller is answered with it."""
        self.actor.tell(AwayChanged("lobby", "alice", self.house.now(), True), ("lobby",), "away")
        self.assertEqual(len(self.bob.events), 1)
        self.assertEqual(self.alice.refs(), [("Done", 5)])


class WordsTests(SynchronousTestCase):
    def test_reason(self) -> None:
        """A reason is trimmed; a long one is refused with its length."""
        self.assertEqual(checked_reason("  spam "), "spam")
        self.assertEqual(checked_reason("x" * REASON.most), "x" * REASON.most)
        self.assertIn("201", str(self.assertRaises(BadArguments, checked_reason, "x" * 201)))

    def test_because(self) -> None:
        """A reason follows a colon; no reason, nothing."""
        self.assertEqual((because("spam"), because("")), (": spam", ""))
