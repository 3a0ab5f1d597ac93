"""The hall as a whole: opening, sweeping, following new settings, announcing, stopping."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.facts.account_facts import (
    AccessToken,
    Account,
    AccountRooms,
    ErasedAuthor,
    Hook,
    Ignoring,
    KeptPreferences,
    KnownAddress,
    RankGiven,
    ReadPosition,
    RegistrationCode,
)
from groupchat.facts.kinds import KINDS
from groupchat.facts.room_facts import Closed, Invitation, Lock, Motd, RoomOperator, RoomSettings, Slow
from groupchat.facts.sanctions import Ban, Mute, NetworkBan, NetworkMute, Sanction
from groupchat.facts.typed import TypedFact
from groupchat.facts.whereabouts import Places
from groupchat.journals.memory import MemoryJournal
from groupchat.model.drafts import Amendment, Draft, Kind
from groupchat.model.errors import JournalUnavailable, NoSuchNick
from groupchat.model.events import SERVER, Announced, AuthorId, Done, Listed, Said, Told
from groupchat.model.ranks import Rank
from tests.fakes import HeldJournal
from tests.house import NOON, House
from tests.journals.contract import said
from tests.people import establish, member, operator

ALICE = AuthorId(7)


def sanction(form: type[Sanction], whom: str, until: float | None) -> Sanction:
    """A ban or a mute of somebody who is not here."""
    return form(whom, whom, None, form is not NetworkBan, "", "olga", "", NOON, until)


def journal_of(*facts: TypedFact) -> MemoryJournal:
    """A journal in which these are true."""
    journal = MemoryJournal()
    journal.append([Amendment(SERVER, NOON, tuple(one.put() for one in facts))])
    return journal


class OpenTests(SynchronousTestCase):
    def test_empty(self) -> None:
        """There is a lobby in an empty hall, and nobody in it."""
        hall = House().hall
        self.assertEqual((hall.rooms.names(), len(hall.roster), len(hall.sessions)), (("lobby",), 0, 0))

    def test_rooms(self) -> None:
        """A hall knows the rooms that the journal has posts of, with topics."""
        journal = MemoryJournal()
        for kind, words in ((Kind.SAID, "hi"), (Kind.TOPIC, "plans")):
            journal.append([Draft(kind, ALICE, "alice", NOON, "dev", words)])
        hall = House(journal).hall
        room = hall.rooms.find("dev")
        assert room is not None
        self.assertEqual((room.topic, room.stored, hall.stream.delivered), ("plans", True, 2))

    def test_facts(self) -> None:
        """Whatever is a fact in the journal is true in the hall, of every kind."""
        account, code = Account("Alice", "alice", ALICE, "hash", 0.0), RegistrationCode("digest", "olga", NOON + 60)
        rank, position = RankGiven(ALICE, Rank.OPERATOR, "server", 0.0), ReadPosition(ALICE, "lobby", 5, 9.0)
        kept, ignoring = KeptPreferences(ALICE, "text", {"echo": "on"}), Ignoring(ALICE, AuthorId(8), "bob")
        ban, mute, network = (
            sanction(form, whom, None) for form, whom in ((Ban, "bob"), (Mute, "bob"), (NetworkBan, "192.0.2.0/24"))
        )
        muted = sanction(NetworkMute, "198.51.100.0/24", None)
        settings = RoomSettings("dev", {"topic": "operators"}, "olga", 0.0)
        closed = Closed("attic", "olga", "", 0.0)
        address = KnownAddress(ALICE, "digest", 9.0)
        token, hook = AccessToken(ALICE, "ci", "digest", 9.0), Hook(ALICE, "ci", "dev", "digest", 9.0)
        rooms = AccountRooms(ALICE, Places(("lobby", "dev"), "lobby"))
        lock, slow, motd = Lock("dev", "olga", 0.0), Slow("dev", 5.0, "olga", 0.0), Motd("Hi.", "olga", 0.0)
        invited, granted = (form("dev", ALICE, "Alice", "olga", 0.0) for form in (Invitation, RoomOperator))
        facts: tuple[TypedFact, ...] = (
            account, code, rank, position, kept, ignoring, address, ban, mute, network, lock, slow, motd,
            invited, granted, token, hook, rooms, muted, settings, closed, ErasedAuthor(AuthorId(9), "forgotten-9"),
        )  # fmt: skip
        self.assertEqual({one.KIND for one in facts}, set(KINDS), "a kind is missing here")
        hall = House(journal_of(*facts)).hall
        state = hall.moderation
        self.assertEqual(hall.accounts.places(ALICE), rooms.places)
        self.assertEqual((hall.accounts.find("alice"), hall.accounts.codes), (account, {"digest": code}))
        self.assertEqual((hall.accounts.preferences(ALICE, "text"), hall.accounts.ignoring(ALICE)), (kept, [ignoring]))
        self.assertEqual(hall.positions.find(ALICE, "lobby"), position)
        self.assertEqual(
            (list(state.bans), list(state.mutes), state.networks), ([ban], [mute], {network.name: network})
        )
        self.assertEqual((state.locked, state.slow, hall.motd), ({"dev": lock}, {"dev": slow}, "Hi."))
        self.assertEqual((state.invited, state.operators), ({"dev": {ALICE: invited}}, {"dev": {ALICE: granted}}))
        self.assertEqual(state.ranks, {ALICE: rank})
        keys = hall.access_keys
        self.assertEqual((keys.tokens.of(ALICE), keys.hooks.of(ALICE)), ([token], [hook]))

    def test_ended(self) -> None:
        """Sanctions that ended while the server was down hold nobody back, and are undone at the first sweep."""
        journal = journal_of(
            sanction(Ban, "bob", NOON), sanction(Mute, "carol", NOON + 1), sanction(NetworkBan, "192.0.2.0/24", NOON)
        )
        house = House(journal)
        (bob,) = house.come("bob")
        self.assertEqual(bob.codes, [])
        house.hall.sweep()
        state = house.hall.moderation
        self.assertEqual((len(state.bans), len(state.mutes), len(state.networks)), (0, 1, 0))
        kept = [len(self.successResultOf(journal.facts(form.KIND))) for form in (Ban, Mute, NetworkBan)]
        self.assertEqual(kept, [0, 1, 0])


class OpenLateTests(SynchronousTestCase):
    """A hall whose journal learns of more before the hall opens, as that of a node does that was away."""

    def test_nothing_missing(self) -> None:
        """Whoever comes back is shown all of it, once and in order."""
        house = House()
        house.hall = house.made()
        house.journal.append([said(f"text {number}") for number in range(1, 301)])
        house.hall.open()
        peer = house.connect("json").offer("bob", since=1)
        self.assertEqual([event.id for event in peer.take() if isinstance(event, Said)], list(range(2, 301)))


class SweepTests(SynchronousTestCase):
    def test_mute_ends(self) -> None:
        """People who can speak again are told, on every connection and with the room; others and bans are not."""
        house = House()
        olga, alice = operator(house, "olga"), member(house, "alice")
        (bob,) = house.come("bob")
        olga.type("/mute alice 10s", "/mute bob 20s noise", "/ban carol 10s")
        for peer in (alice, bob):
            peer.take()
        house.pass_time(10)
        self.assertEqual(alice.take(), [Told(("You can speak again.",))])
        self.assertEqual(bob.take(), [])
        self.assertEqual(len(house.hall.moderation.bans), 0)
        house.pass_time(10)
        self.assertEqual([type(event) for event in bob.take()], [Told])
        self.assertFalse(house.hall.moderation.curbs)

    def test_mute_of_a_nickname(self) -> None:
        """Whoever has a nickname that was muted is told, and nobody when nobody has it; of a ban nobody is told."""
        house = House()
        (bob,) = house.come("bob")
        establish(
            house.hall,
            sanction(Mute, "bob", NOON + 5), sanction(Mute, "nobody", NOON + 5), sanction(Ban, "carol", NOON + 10),
        )  # fmt: skip
        house.pass_time(5)
        self.assertEqual(bob.take(), [Told(("You can speak again.",))])
        house.pass_time(5)
        self.assertEqual(bob.take(), [])

    def test_ends_once(self) -> None:
        """What has ended is undone once, also when the journal takes more than a second for it."""
        journal = HeldJournal(MemoryJournal())
        house = House(journal)
        (bob,) = house.come("bob")
        mute = sanction(Mute, "bob", NOON + 2)
        establish(house.hall, mute)
        journal.commit()
        house.pass_time(2)
        while journal.pending:
            journal.commit()
        house.pass_time(2)
        while journal.pending:
            journal.commit()
        self.assertEqual(bob.take(), [Told(("You can speak again.",))])
        self.assertEqual(self.successResultOf(journal.facts("mute")), [])

    def test_made_anew_while_it_ends(self) -> None:
        """A mute that was made anew when the old one had just ended stays."""
        journal = HeldJournal(MemoryJournal())
        house = House(journal)
        newer = sanction(Mute, "bob", NOON + 60)
        establish(house.hall, sanction(Mute, "bob", NOON + 1))
        journal.within.append([Amendment(SERVER, NOON, (newer.put(),))])
        journal.pending.clear()
        journal._waiting.clear()
        house.pass_time(1)
        journal.commit()
        self.assertEqual([fact.value for fact in self.successResultOf(journal.facts("mute"))], [newer.value()])

    def test_everything_is_swept(self) -> None:
        """A sweep looks after commits, typing, slow readers, and joins that were kept back."""
        journal = HeldJournal(MemoryJournal())
        house = House(journal, stuck_timeout_s=20, notice_burst=1, notice_rate=1)
        alice, bob = house.come("alice", "bob", door="json")
        house.come("carol", "dave", door="json")
        while journal.pending:
            journal.commit()
        alice.do("typing")
        bob.screen.fill()
        self.assertEqual(len(house.hall.typists._typing), 1)
        self.assertTrue(house.hall.attendance.doorways._doorways["lobby"].waiting)
        house.pass_time(20)
        self.assertEqual(house.hall.typists._typing, {})
        self.assertEqual(bob.codes, ["too-slow"])
        self.assertEqual(house.hall.attendance.doorways._kept_back, {})
        alice.say("hello")
        house.pass_time(11)
        self.assertIsNotNone(house.hall.commits.refusal)


class SettingsTests(SynchronousTestCase):
    def test_follow(self) -> None:
        """Every part that follows settings goes by the new ones."""
        house = House()
        hall = house.hall
        settings = hall.settings.replaced(motd="Changed.", log_lines=3, page_posts=7)
        hall.follow(settings)
        for part in (hall, hall.commits, hall.readers, hall.outcomes, hall.attendance, hall.admission):
            self.assertIs(part.settings, settings)
        self.assertEqual((hall.motd, hall.log_limits.limit), ("Changed.", 3))

    def test_sessions_follow(self) -> None:
        """Connections go by the new limits too."""
        house = House()
        (alice,) = house.come("alice", exempt=False)
        house.hall.follow(house.hall.settings.replaced(flood_burst=3, flood_rate=1))
        house.pass_time(1)
        alice.type(*["/whois alice"] * 10)
        self.assertEqual(len(alice.answers), 4, "three, and one in debt")

    def test_motd(self) -> None:
        """An operator's message of the day comes before that of the settings, also when it is empty."""
        hall = House(motd="Settings.").hall
        self.assertEqual(hall.motd, "Settings.")
        establish(hall, Motd("", "olga", NOON))
        self.assertEqual(hall.motd, "")
        hall.consequences.learn(Motd("", "olga", NOON).undone())
        self.assertEqual(hall.motd, "Settings.")


class FindTests(SynchronousTestCase):
    def test_find(self) -> None:
        """Somebody is found by their nickname in any spelling; of nobody is said how to see who is here."""
        house = House()
        (alice,) = house.come("Alice")
        self.assertIs(house.hall.find("ALICE"), alice.connection.person)
        with self.assertRaises(NoSuchNick) as nobody:
            house.hall.find("bob")
        self.assertEqual(str(nobody.exception), "Nobody here is called bob. /list shows who is.")


class TellTests(SynchronousTestCase):
    def test_announce(self) -> None:
        """An announcement reaches everybody once, whichever rooms they are in."""
        house = House()
        alice, bob = house.come("alice", "bob")
        alice.type("/join dev")
        bob.type("/leave")
        for peer in (alice, bob):
            peer.take()
        house.hall.announce("Soon.")
        for peer in (alice, bob):
            self.assertEqual(peer.take(), [Announced("Soon.", house.now())])

    def test_trouble_does_not_wait(self) -> None:
        """That nothing can be stored is told past the queue, which may be what does not move."""
        journal = HeldJournal(MemoryJournal())
        house = House(journal)
        (alice,) = house.come("alice")
        alice.type("one")
        house.hall.announce("This waits.")
        house.hall.health.report("The disk is full.")
        self.assertEqual(alice.take(), [Announced("The disk is full.", house.now())])

    def test_trouble_of_the_journal(self) -> None:
        """When the journal takes nothing everybody is told."""
        journal = HeldJournal(MemoryJournal())
        alice, bob = House(journal).come("alice", "bob")
        alice.type("lost")
        journal.fail(JournalUnavailable("The disk is full."))
        self.assertEqual([event.text for event in bob.take() if isinstance(event, Announced)], ["The disk is full."])

    def test_passed(self) -> None:
        """What is queued now has passed when it is delivered, or refused; of nothing, at once."""
        journal = HeldJournal(MemoryJournal())
        house = House(journal)
        self.successResultOf(house.hall.passed())
        (alice,) = house.come("alice")
        for end in (journal.commit, lambda: journal.fail(JournalUnavailable("Full."))):
            alice.type("hello")
            waiting = house.hall.passed()
            self.assertNoResult(waiting)
            end()
            self.successResultOf(waiting)

    def test_renew(self) -> None:
        """Connections that stay are persisted; those without a nickname are passed over."""
        house = House()
        (bot,) = house.come("bot", door="json")
        house.connect()
        house.clock.advance(43200)
        house.hall.renew(60.0)
        stored = self.successResultOf(house.journal.recall(bot.connection.digest))
        assert stored is not None
        self.assertEqual(stored.seen, house.now())


class StopTests(SynchronousTestCase):
    def test_all_is_written(self) -> None:
        """Whoever stops the hall waits until all is written; all are told and closed, and nobody is seen to leave."""
        journal = HeldJournal(MemoryJournal())
        house = House(journal)
        alice, bob = house.come("alice", "bob")
        nameless = house.connect()
        alice.type("last words")
        stopped = house.hall.stop("The server stops.")
        self.assertNoResult(stopped)
        self.assertFalse(bob.screen.closed)
        journal.commit()
        self.successResultOf(stopped)
        self.assertEqual([type(event) for event in bob.events], [Said, Announced])
        self.assertEqual([peer.screen.codes for peer in (alice, bob, nameless)], [["stopping"]] * 3)

    def test_sessions_are_written(self) -> None:
        """Where everybody stands is written before it has stopped."""
        journal = HeldJournal(MemoryJournal())
        house = House(journal)
        (bot,) = house.come("bot", door="json")
        while journal.pending:
            journal.commit()
        bot.do("join", room="dev")
        stopped = house.hall.stop("The server stops.")
        self.assertNoResult(stopped)
        while journal.pending:
            journal.commit()
        self.successResultOf(stopped)
        stored = self.successResultOf(journal.recall(bot.connection.digest))
        assert stored is not None
        self.assertEqual(stored.rooms, ("lobby", "dev"))

    def test_catching_up(self) -> None:
        """A connection that is catching up is told and closed when it has read everything."""
        house = House()
        alice, bob = house.come("alice", "bob")
        bob.screen.fill()
        alice.type("hello")
        self.successResultOf(house.hall.stop("The server stops."))
        self.assertEqual((alice.screen.closed, bob.screen.closed), (True, False))
        bob.screen.drain()
        self.assertEqual((bob.take()[-1], bob.screen.codes), (Told(("The server stops.",)), ["stopping"]))


class HonestyTests(SynchronousTestCase):
    def test_since_and_version(self) -> None:
        """A hall knows its version and since when it is open."""
        hall = House().hall
        self.assertEqual((hall.since, hall.version), (NOON, ""))

    def test_status(self) -> None:
        """Answers reach only the one who asked."""
        alice, bob = House().come("alice", "bob")
        alice.do("list").do("ping")
        self.assertEqual(([type(event) for event in alice.take()], bob.take()), ([Listed, Done], []))
