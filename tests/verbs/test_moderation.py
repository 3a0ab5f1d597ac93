"""Keeping order: what operators can do, what others are shown of it, and what is true afterwards."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.journals.memory import MemoryJournal
from groupchat.model.drafts import Fact
from groupchat.model.errors import Banned, JournalUnavailable
from groupchat.model.events import (
    Announced,
    Deleted,
    Event,
    Greeted,
    Left,
    Listed,
    Moderated,
    Refused,
    Replayed,
    Said,
    Told,
)
from groupchat.model.ranks import Rank
from groupchat.model.times import minute
from groupchat.state.moderation import BAN, KINDS, MUTE
from tests.fakes import HeldJournal, SlowJournal
from tests.house import NOON, House, Peer
from tests.people import account, member, operator

MINUTE = 60


class ModerationTest(SynchronousTestCase):
    """Olga is an operator, rita operates the room dev, alice has an account, bob is a guest; all are in the lobby."""

    def setUp(self) -> None:
        self.house = House()
        self.olga = operator(self.house, "olga")
        self.rita = member(self.house, "rita")
        self.alice = member(self.house, "alice")
        (self.bob,) = self.house.come("bob")
        self.olga.type("/op rita dev")
        self.forget()

    def forget(self) -> None:
        """Nobody remembers what they were shown so far."""
        for peer in (self.olga, self.rita, self.alice, self.bob):
            peer.take()

    def in_dev(self, *peers: Peer) -> None:
        """Let these go to the room dev."""
        for peer in peers:
            peer.type("/join dev")
        self.forget()

    def done(self, peer: Peer) -> list[str]:
        """What a peer was shown that operators did."""
        return [f"{event.nick} {event.text}" for event in peer.events if isinstance(event, Moderated)]

    def log(self, count: int = 50) -> list[str]:
        """What /modlog shows an operator."""
        self.olga.take()
        self.olga.type(f"/modlog {count}")
        return [_words(post) for answer in self.olga.answers if isinstance(answer, Replayed) for post in answer.posts]

    def told(self, peer: Peer) -> list[str]:
        """What a peer was told without having asked."""
        return [line for answer in peer.answers if isinstance(answer, Told) for line in answer.lines]

    def refused(self, peer: Peer) -> str:
        """The last refusal a peer was shown."""
        return [f"{answer.code}: {answer.text}" for answer in peer.answers if isinstance(answer, Refused)][-1]

    # Kicks

    def test_kick(self) -> None:
        """An operator's kick ends every connection of the person, told why; the room sees both; one may return."""
        self.olga.type("/kick bob stop that")
        self.assertEqual(self.done(self.alice), ["olga kicked bob: stop that"])
        self.assertEqual([type(event) for event in self.alice.events], [Moderated, Left])
        self.assertEqual(self.refused(self.bob), "kicked: You were put out by olga: stop that")
        self.assertTrue(self.bob.screen.closed)
        self.assertEqual(self.done(self.bob), ["olga kicked bob: stop that"])
        (again,) = self.house.come("bob")
        self.assertFalse(again.screen.closed)

    def test_kick_from_room(self) -> None:
        """A room's operator puts out of the room only, and only who is there."""
        self.in_dev(self.rita, self.bob)
        self.rita.type("/kick bob", "/kick alice")
        self.assertEqual(self.refused(self.bob), "kicked: You were put out of dev by rita.")
        self.assertFalse(self.bob.screen.closed)
        self.assertEqual(self.bob.connection.rooms, ("lobby",))
        self.assertEqual(self.done(self.rita), ["rita kicked bob out of dev"])
        self.assertEqual(self.rita.codes, ["no-such-nick"])
        self.bob.type("/join dev")
        self.assertEqual(self.bob.connection.rooms, ("lobby", "dev"))

    def test_nobody_orders_themselves_or_superiors(self) -> None:
        """Nobody kicks, bans, mutes or purges themselves, and a room's operator no operator nor another one's there."""
        self.olga.type("/op alice dev")
        self.in_dev(self.rita, self.olga, self.alice)
        for verb in ("kick", "ban", "mute", "purge"):
            for peer, nick, code in [
                (self.olga, "olga", "bad-arguments"),
                (self.rita, "rita", "bad-arguments"),
                (self.rita, "olga", "not-allowed"),
                (self.rita, "alice", "not-allowed"),
            ]:
                peer.take()
                peer.type(f"/{verb} {nick}")
                self.assertEqual(peer.codes, [code], f"{verb} {nick}")
        self.assertFalse(any(self.house.hall.moderation.bans))

    # Bans

    def test_ban_guest(self) -> None:
        """A banned guest is put out with why and how long; the nickname is kept out, an address can be, too."""
        self.olga.type("/ban bob 2h spam")
        self.assertEqual(self.done(self.alice), ["olga banned bob for 2 hours: spam"])
        self.assertEqual(self.refused(self.bob), "banned: You are banned for 2 hours, by olga: spam")
        self.assertTrue(self.bob.screen.closed)
        self.assertIn("/ban 192.0.2.1 keeps them out", self.olga.told[-1])
        back = self.house.connect().type("BOB")
        self.assertEqual(self.refused(back), "banned: You are banned for 2 hours, by olga: spam")
        back.type("robert")
        back.type("/nick bob")
        self.assertEqual(self.refused(back), "banned: You are banned for 2 hours, by olga: spam")
        self.house.pass_time(2 * 3600)
        back.take()
        back.type("/nick bob")
        self.assertEqual(back.codes, [])
        self.assertEqual(len(self.house.hall.moderation.bans), 0)

    def test_ban_token(self) -> None:
        """A guest's program cannot come back by its token under another nickname."""
        bot = self.house.connect("json").offer("bot")
        self.olga.type("/ban bot")
        self.assertTrue(bot.screen.closed)
        back = self.house.connect("json").offer("other", token=bot.token)
        self.assertEqual(back.codes, ["banned"])
        self.assertEqual(self.house.connect("json").offer("other").codes, [])

    def test_ban_account(self) -> None:
        """An account is banned whether it is here or not, as itself and not as a nickname."""
        self.olga.type("/ban alice")
        self.assertEqual(self.refused(self.alice), "banned: You are banned until unbanned, by olga.")
        author = self.house.hall.accounts.find("alice")
        assert author is not None
        self.assertRaises(Banned, self.house.hall.moderation.check_coming, author.author, "other", 0.0)
        self.olga.type("/unban ALICE", "/ban alice 10m")
        self.assertEqual(self.olga.codes, [])
        self.assertEqual(
            self.log()[-3:], ["banned alice until unbanned", "unbanned alice", "banned alice for 10 minutes"]
        )

    def test_ban_from_room(self) -> None:
        """A room's operator bans from the room, and only from there; nobody comes back by the room's name."""
        self.in_dev(self.rita, self.bob)
        self.rita.type("/ban bob 1h")
        self.assertEqual(self.refused(self.bob), "banned: You are banned from dev for 1 hour, by rita.")
        self.assertEqual(self.bob.connection.rooms, ("lobby",))
        self.bob.take()
        self.bob.type("/join dev", "still here")
        self.assertEqual(self.bob.codes, ["banned"])
        self.assertEqual(self.alice.texts, ["still here"])
        self.rita.type("/unban bob")
        self.bob.type("/join dev")
        self.assertEqual(self.bob.connection.rooms, ("lobby", "dev"))

    def test_ban_address(self) -> None:
        """All connections of a banned network are cut, with and without a nickname; the rooms are not shown it."""
        nameless, other = self.house.connect(), self.house.connect()
        for peer in (self.olga, self.rita, self.alice, other):
            peer.screen.address = "198.51.100.1"
        self.olga.type("/ban 192.0.2.99/24 1d flood")
        self.assertTrue(self.bob.screen.closed and nameless.screen.closed)
        self.assertFalse(other.screen.closed)
        self.assertEqual(self.refused(nameless), "banned: Your address is banned for 1 day, by olga: flood")
        self.assertEqual(self.done(self.alice), [])
        check = self.house.hall.moderation.check_address
        self.assertRaises(Banned, check, "192.0.2.200", self.house.now())
        check("198.51.100.7", self.house.now())
        check("192.0.2.200", self.house.now() + 86400)
        self.assertEqual(self.log()[-1], "banned 192.0.2.0/24 for 1 day: flood")
        self.olga.type("/unban 192.0.2.0/24")
        check("192.0.2.200", self.house.now())

    def test_ban_own_address(self) -> None:
        """Nobody bans the address they come from, and only operators ban addresses."""
        self.in_dev(self.rita)
        self.olga.type("/ban 192.0.2.0/24")
        self.rita.type("/ban 198.51.100.7", "/unban 198.51.100.7")
        self.assertEqual((self.olga.codes, self.rita.codes), (["bad-arguments"], ["not-allowed"] * 2))

    def test_lists(self) -> None:
        """Bans and mutes are listed with who, when, why and for how long; a room's operator sees those of the room."""
        self.in_dev(self.rita, self.bob)
        self.olga.type("/ban 203.0.113.0/24 7d", "/ban carol forever noise")
        self.rita.type("/ban bob 1h", "/mute dave 10m")
        self.house.pass_time(MINUTE)
        self.olga.take()
        self.olga.type("/bans", "/mutes")
        bans, mutes = (answer for answer in self.olga.answers if isinstance(answer, Listed))
        since = minute(NOON, None)  # in the zone of the machine
        self.assertEqual(
            list(bans.lines),
            [
                f"carol is banned, since {since}, by olga: noise",
                f"bob is banned in dev for another 59 minutes, since {since}, by rita",
                f"203.0.113.0/24 is banned for another 1 week, since {since}, by olga",
            ],
        )
        self.assertEqual(
            bans.items[1],
            {"whom": "bob", "room": "dev", "by": "rita", "why": "", "at": "2026-11-21T12:00:00.000Z",
             "until": "2026-11-21T13:00:00.000Z"},
        )  # fmt: skip
        self.assertEqual((mutes.items[0]["whom"], mutes.items[0]["room"]), ("dave", "dev"))
        self.rita.take()
        self.rita.type("/bans", "/mutes")
        bans, mutes = (answer for answer in self.rita.answers if isinstance(answer, Listed))
        self.assertEqual(([item["whom"] for item in bans.items], len(mutes.items)), (["bob"], 1))

    def test_undo_nothing(self) -> None:
        """What does not hold cannot be undone, and one is told so."""
        self.olga.type(
            "/unban carol", "/unban 203.0.113.1", "/unmute carol", "/unlock dev", "/slow dev 0", "/uninvite alice dev",
            "/deop alice dev", "/motd -",
        )  # fmt: skip
        self.assertEqual(self.olga.codes, ["nothing-to-undo"] * 8)

    # Mutes

    def test_mute(self) -> None:
        """A muted person is told, says nothing anywhere, reads on, may take back, and can speak again when it ends."""
        self.bob.type("before")
        self.olga.type("/mute bob 10m shouting")
        self.assertEqual(self.told(self.bob), ["You are muted for 10 minutes, by olga: shouting"])
        self.forget()
        self.bob.type(
            "x", "/me x", "/msg alice x", "/topic x", "/edit x", "s/before/x/", "/join dev", "x", "/nick rob", "x"
        )
        self.assertEqual(self.bob.codes, ["muted"] * 8)
        self.assertEqual((self.alice.texts, self.house.hall.rooms.open("lobby").topic), ([], ""))
        self.bob.type("/delete")
        self.assertEqual(type(self.alice.events[-1]), Deleted)
        self.alice.type("hello")
        self.assertEqual(self.bob.texts, ["hello"])
        self.house.pass_time(10 * MINUTE)
        self.assertEqual(self.told(self.bob), ["You can speak again."])
        self.bob.type("/switch lobby", "thanks")
        self.assertEqual(self.alice.texts, ["thanks"])

    def test_mute_in_room(self) -> None:
        """A room's operator mutes in the room: elsewhere one speaks, but cannot change old lines meanwhile."""
        self.in_dev(self.rita, self.bob)
        self.rita.type("/mute bob")
        self.bob.type("x", "/edit y", "/switch lobby", "elsewhere")
        self.assertEqual(self.bob.codes, ["muted", "muted"])
        self.assertEqual(self.alice.texts, ["elsewhere"])
        self.assertEqual(self.refused(self.bob), "muted: You are muted in dev until unmuted, by rita.")
        self.olga.type("/unmute bob")
        self.assertEqual(self.olga.codes, ["nothing-to-undo"])
        self.rita.type("/unmute bob")
        self.assertEqual(self.told(self.bob)[-1], "You can speak again in dev; rita unmuted you.")
        self.bob.type("/switch dev", "free")
        self.assertEqual(self.rita.texts[-1], "free")

    def test_mute_follows(self) -> None:
        """A mute of an account holds on all its connections; one of a guest also for who takes the nickname."""
        self.olga.type("/mute alice", "/mute bob")
        self.bob.vanish()
        (other,) = self.house.come("bob")
        other.type("x")
        self.alice.type("x")
        self.assertEqual((other.codes, self.alice.codes), (["muted"], ["muted"]))

    # Slow rooms, locked rooms

    def test_slow(self) -> None:
        """In a slow room each person waits between messages, who keeps order there does not, and 0 ends it."""
        self.in_dev(self.rita, self.bob, self.alice)
        self.rita.type("/slow dev 30", "one", "two")
        self.bob.type("one", "two", "/me three")
        self.alice.type("mine")
        self.assertEqual(self.rita.texts, ["one", "mine"])
        self.assertEqual(self.bob.codes, ["slow-mode"] * 2)
        self.assertEqual(
            self.refused(self.bob), "slow-mode: In dev you can say something every 30 seconds; wait another 30 seconds."
        )
        self.house.pass_time(30)
        self.bob.type("two")
        self.assertEqual(self.rita.texts, ["one", "mine", "two"])
        self.bob.type("/switch lobby", "a", "b")
        self.rita.type("/slow dev 0")
        self.bob.type("/switch dev", "three", "four")
        self.assertEqual(self.rita.texts[-2:], ["three", "four"])
        self.assertEqual(self.house.hall.moderation.curbs, False)
        self.rita.type("/slow dev 3601")
        self.assertEqual(self.rita.codes, ["bad-arguments"])

    def test_lock(self) -> None:
        """A locked room lets in operators and the invited; who is in stays; anybody comes in when it is unlocked."""
        self.in_dev(self.rita, self.alice)
        self.rita.type("/lock")
        self.bob.type("/join dev")
        self.assertEqual(self.refused(self.bob), "room-locked: dev is locked; its operators can /invite you.")
        self.alice.type("still in")
        self.assertEqual(self.rita.texts, ["still in"])
        self.olga.type("/join dev")
        self.assertIn("dev", self.olga.connection.rooms)
        self.rita.type("/invite bob")
        self.assertEqual(self.told(self.bob), ["rita invites you to dev: /join dev"])
        self.bob.type("/join dev", "/leave dev")
        self.rita.type("/uninvite bob")
        self.bob.take()
        self.bob.type("/join dev")
        self.assertEqual(self.bob.codes, ["room-locked"])
        self.rita.type("/lock dev", "/unlock", "/lock lobby")
        self.assertEqual(self.rita.codes, ["bad-arguments", "not-allowed"])
        self.bob.type("/join dev")
        self.assertIn("dev", self.bob.connection.rooms)
        self.olga.type("/lock lobby")
        self.assertEqual(self.olga.codes, ["bad-arguments"])

    # Messages

    def test_purge(self) -> None:
        """All that somebody said in the time goes, in every room, also what another connection said by the nickname."""
        self.bob.type("/join dev", "one", "/switch lobby", "two", "/msg alice private")
        self.bob.vanish()
        (again,) = self.house.come("bob")
        again.type("three", "/me four")
        self.alice.type("kept")
        self.forget()
        self.olga.type("/purge bob")
        self.assertEqual(self.done(self.alice), ["olga purged what bob said in the last hour: 4 messages"])
        self.assertEqual([event.target for event in self.alice.events if isinstance(event, Deleted)], [3, 5, 6])
        self.olga.take()
        self.olga.type("/history 50")
        (answer,) = (answer for answer in self.olga.answers if isinstance(answer, Replayed))
        self.assertEqual([_words(post) for post in answer.posts if isinstance(post, Said)], ["kept"])
        self.alice.take()
        self.alice.type("/search private")
        (answer,) = (answer for answer in self.alice.answers if isinstance(answer, Replayed))
        self.assertEqual(len(answer.posts), 1)

    def test_purge_time(self) -> None:
        """What is older than the time stays; without any message one is told so; an account's are told by itself."""
        self.alice.type("old")
        self.house.pass_time(2 * 3600)
        self.alice.type("new")
        self.forget()
        self.olga.type("/purge alice 1h", "/purge alice 1h", "/purge alice forever")
        self.assertEqual(self.olga.codes, ["no-such-message"])
        self.assertEqual([event.target for event in self.bob.events if isinstance(event, Deleted)], [3, 2])

    def test_purge_in_room(self) -> None:
        """A room's operator purges the room only."""
        self.in_dev(self.rita, self.bob)
        self.bob.type("one", "/switch lobby", "two")
        self.rita.type("/purge bob")
        self.assertEqual(self.done(self.rita), ["rita purged what bob said in dev in the last hour: 1 message"])
        self.assertEqual([type(event) for event in self.alice.events], [Said])

    def test_purge_many(self) -> None:
        """A thousand messages go in one transaction."""
        for number in range(1000):
            self.bob.type(f"{number}")
        held = HeldJournal(self.house.journal)
        self.house.hall.stream.journal = self.house.hall.commits._journal = held
        self.olga.type("/purge bob")
        ((drafts, _),) = held.pending
        self.assertEqual(len(drafts), 1001)
        held.commit()
        self.assertEqual(len([event for event in self.alice.events if isinstance(event, Deleted)]), 1000)

    def test_delete(self) -> None:
        """Who keeps order deletes anybody's message where they do, by its number; a room's operator no operator's."""
        self.in_dev(self.rita, self.bob, self.olga)
        self.bob.type("one", "/switch lobby", "two")
        self.olga.type("three")
        self.rita.type("/delete 2", "/delete 3", "/delete 4", "/delete 99")
        self.assertEqual(self.rita.codes, ["not-yours", "not-yours", "no-such-message"])
        self.assertEqual(self.done(self.rita), ["rita deleted #2 of bob"])
        self.olga.type("/delete 3", "/delete")
        self.assertEqual(self.log()[-2:], ["deleted #2 of bob", "deleted #3 of bob"])
        (deleted,) = (event for event in self.alice.events if isinstance(event, Deleted))
        self.assertEqual((deleted.target, deleted.nick), (3, "olga"))

    # The hall

    def test_op(self) -> None:
        """Only accounts are made operators of rooms; they and the room are told; it ends by /deop."""
        self.olga.type("/op bob dev", "/op nobody dev", "/op rita dev", "/op alice")
        self.assertEqual(self.olga.codes, ["no-such-account", "no-such-account", "bad-arguments"])
        self.assertEqual(self.done(self.bob), ["olga made alice an operator of lobby"])
        self.assertEqual(self.told(self.alice)[0].partition(";")[0], "olga made you an operator of lobby")
        self.assertEqual(self.alice.actor.rank, Rank.ROOM_OPERATOR)
        self.olga.type("/deop alice lobby")
        self.assertEqual(self.alice.actor.rank, Rank.MEMBER)

    def test_motd(self) -> None:
        """The message of the day is shown to who comes from then on, until it is cleared."""
        self.olga.type("/motd", "/motd Be kind.", "/motd")
        self.assertEqual(self.told(self.olga), ["There is no message of the day.", "Be kind."])
        peer = self.house.connect()
        peer.session.greet()
        (greeting,) = (answer for answer in peer.answers if isinstance(answer, Greeted))
        self.assertEqual(greeting.motd, "Be kind.")
        self.olga.type("/motd -")
        self.assertEqual(self.house.hall.motd, "")

    def test_announce(self) -> None:
        """An announcement reaches everybody in every room, and is in the log."""
        self.bob.type("/leave")
        self.olga.type("/announce Tea at five.")
        for peer in (self.alice, self.bob, self.olga):
            (event,) = (event for event in peer.events if isinstance(event, Announced))
            self.assertEqual(event.text, "olga to everybody: Tea at five.")
        self.assertEqual(self.log()[-1], "announced: Tea at five.")

    def test_modlog(self) -> None:
        """Everything is in the log, in order; a room's operator is shown what was done in the room."""
        self.in_dev(self.rita)
        self.olga.type("/mute bob 1h", "/announce hello")
        self.rita.type("/slow dev 5")
        self.olga.type("/unmute bob", "/ban 203.0.113.9")
        whole = [
            "made rita an operator of dev",
            "muted bob for 1 hour",
            "announced: hello",
            "made dev slow: a message every 5 seconds",
            "unmuted bob",
            "banned 203.0.113.9/32 until unbanned",
        ]
        self.assertEqual(self.log(), whole)
        self.assertEqual(self.log(2), whole[-2:])
        self.rita.take()
        self.rita.type("/modlog")
        (answer,) = (answer for answer in self.rita.answers if isinstance(answer, Replayed))
        self.assertEqual([_words(post) for post in answer.posts], [whole[0], whole[3]])

    # Journal first

    def test_after_restart(self) -> None:
        """After a restart everything is as it was, but what has ended, which the journal is told."""
        self.in_dev(self.rita)
        self.olga.type(
            "/ban carol 1h", "/ban dave", "/mute bob 2h", "/ban 203.0.113.0/24", "/motd Hi.", "/ban 198.51.100.1 1h",
            "/slow dev 7", "/lock dev", "/invite bob dev",
        )  # fmt: skip
        before = self.house.hall.moderation
        self.house.clock.advance(3600)
        after = self.house.reopened().moderation
        self.assertEqual([sanction.whom for sanction in after.bans], ["dave"])
        self.assertEqual([*after.mutes], [*before.mutes])
        self.assertEqual(list(after.networks), ["/203.0.113.0/24"])
        self.assertEqual((after.motd, after.slow, after.locked), ("Hi.", {"dev": 7}, {"dev": "olga"}))
        self.assertEqual((after.invited, after.operators), (before.invited, before.operators))
        self.assertTrue(after.curbs)
        names = [fact.name for fact in self.successResultOf(self.house.journal.facts(BAN))]
        self.assertEqual(names, ["/dave"])

    def test_refused_by_journal(self) -> None:
        """What the journal does not take does not happen: nobody is told, put out, muted or banned."""
        house = House(HeldJournal(MemoryJournal()))
        journal = house.journal
        assert isinstance(journal, HeldJournal)
        olga, bob = operator(house, "olga"), house.come("bob")[0]
        while journal.pending:
            journal.commit()
        for line in (
            "/kick bob",
            "/ban bob",
            "/mute bob",
            "/slow lobby 5",
            "/motd x",
            "/announce x",
            "/ban 203.0.113.9",
        ):
            olga.take()
            olga.type(line)
            self.assertEqual(olga.take(), [], "nothing is answered before it is on disk")
            journal.fail(JournalUnavailable("The disk is full."))
            self.assertEqual(olga.codes, ["journal-unavailable"], line)
            told = [event for event in bob.take() if not isinstance(event, Announced)]  # that the disk is full
            self.assertEqual(told, [], line)
        state = house.hall.moderation
        self.assertEqual(
            (len(state.bans), len(state.mutes), state.networks, state.motd, state.curbs), (0, 0, {}, None, False)
        )
        self.assertFalse(bob.screen.closed)

    def test_next_line_waits(self) -> None:
        """A line typed after a command that changes something is taken when it is on disk."""
        house = House(HeldJournal(MemoryJournal()))
        journal = house.journal
        assert isinstance(journal, HeldJournal)
        olga = operator(house, "olga")
        while journal.pending:
            journal.commit()
        olga.type("/ban bob", "/unban bob", "/bans")
        for _ in range(2):
            journal.commit()
            house.turn()
        (listed,) = (answer for answer in olga.answers if isinstance(answer, Listed))
        self.assertEqual((olga.codes, listed.lines), ([], ("Nobody is banned.",)))

    def test_arriving_meanwhile(self) -> None:
        """Who is just coming in when they are banned does not come in."""
        journal = SlowJournal(MemoryJournal())
        house = House(journal)
        olga = operator(house, "olga")
        journal.slow = True
        bob = house.connect().type("bob")
        olga.type("/ban bob")
        journal.answer_all()
        self.assertEqual(bob.codes, ["banned"])
        self.assertIsNone(house.hall.roster.find("bob"))

    def test_resuming(self) -> None:
        """A program that resumes is not let into a room that was locked meanwhile; without any it is in the lobby."""
        bot = self.house.connect("json").offer("bot")
        bot.do("join", room="dev").do("leave", room="lobby")
        bot.vanish()
        self.rita.type("/join dev", "/lock dev")
        back = self.house.connect("json").offer("bot", token=bot.token)
        self.assertEqual(back.connection.rooms, ("lobby",))
        self.rita.type("/unlock dev", "/switch lobby")
        self.olga.type("/op rita")
        self.rita.type("/ban bot")
        self.assertEqual(back.connection.rooms, ())
        again = self.house.connect("json").offer("bot", token=back.token or bot.token)
        self.assertEqual((again.codes, again.connection.rooms), ([], ()))

    def test_kinds(self) -> None:
        """Every kind of fact is read at the start, and taking back what is not there does nothing."""
        state = self.house.hall.moderation
        for kind in KINDS:
            state.learn(Fact(kind, "dev/5", None))
        self.assertEqual(state.operators["dev"], {self.rita.connection.person.author: "rita"})
        self.assertIn(MUTE, KINDS)


def _words(post: Event) -> str:
    """The text of a post."""
    return str(getattr(post, "text", ""))


class HasteTest(SynchronousTestCase):
    def test_operator_is_not_held_up(self) -> None:
        """Beyond the burst an operator's commands are taken at once; a member's wait."""
        house = House()
        operator(house, "first")
        for nick, rank, all_taken in (("olga", Rank.OPERATOR, True), ("alice", Rank.MEMBER, False)):
            (peer,) = house.come(nick, exempt=False)
            account(house.hall, nick, rank)
            peer.type(*["/whois first"] * 40)
            self.assertEqual(len(peer.answers) == 40, all_taken, nick)


class RankTest(SynchronousTestCase):
    def test_ranks(self) -> None:
        """A guest has no rank, an account its own, and a room's operator theirs in that room only."""
        house = House()
        (bob,) = house.come("bob")
        self.assertEqual(bob.actor.rank_in("dev"), Rank.GUEST)
        account(house.hall, "bob")
        self.assertEqual(bob.actor.rank_in("dev"), Rank.MEMBER)
        operator(house, "olga").type("/op bob dev")
        self.assertEqual((bob.actor.rank_in("dev"), bob.actor.rank), (Rank.ROOM_OPERATOR, Rank.MEMBER))
