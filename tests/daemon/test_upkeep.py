"""Periodic work, settings that are read again, and what the supervisor is told."""

from collections.abc import Sequence
from typing import Any, cast

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.internet.testing import EventLoggingObserver
from twisted.logger import formatEvent, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from groupchat.config.settings import Settings
from groupchat.daemon.supervisor import Supervisor
from groupchat.daemon.upkeep import EXPIRY_S, RENEWAL_S, SWEEP_S, Chore, Upkeep
from groupchat.delivery.commits import Broken
from groupchat.doors.reception import Reception
from groupchat.hall.health import Reload
from groupchat.journals.memory import MemoryJournal
from groupchat.model.drafts import Expire, ForgetSessions, Operation, Outcome
from groupchat.model.errors import CannotStart, JournalUnavailable
from tests.fakes import HeldJournal
from tests.house import House


class ChoreTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.times: list[float] = []

    def fail_once(self) -> None:
        self.times.append(self.clock.seconds())
        raise ValueError("once more")

    def test_failing(self) -> None:
        """A failure is logged each time, and the work is done again."""
        chore = Chore(self.clock, 10.0, self.fail_once, "It went wrong")
        chore.start()
        self.clock.pump([10, 10])
        self.assertEqual(self.times, [10, 20])
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 2)

    def test_at_once(self) -> None:
        """It can begin without waiting for the first period to pass."""
        chore = Chore(self.clock, 10.0, lambda: self.times.append(self.clock.seconds()), "It went wrong")
        chore.start(now=True)
        self.clock.advance(10)
        self.assertEqual(self.times, [0, 10])

    def test_slow(self) -> None:
        """The next time waits for what takes long; what fails when it is no more needed is not worth a line."""
        works: list[Deferred[None]] = []

        def begin() -> "Deferred[None]":
            works.append(Deferred())
            return works[-1]

        chore = Chore(self.clock, 10.0, begin, "It went wrong")
        chore.start(now=True)
        self.clock.pump([10, 10])
        self.assertEqual(len(works), 1)
        works[0].callback(None)
        self.clock.advance(10)
        self.assertEqual(len(works), 2)
        chore.stop()
        works[1].errback(ValueError("the journal is closed"))
        self.assertEqual(self.flushLoggedErrors(ValueError), [])
        self.clock.advance(100)
        self.assertEqual(len(works), 2)


class RememberingJournal(MemoryJournal):
    """A journal in memory that knows what it was asked to remove."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Operation] = []

    def append(self, operations: Sequence[Operation]) -> "Deferred[list[Outcome]]":
        self.asked += [one for one in operations if isinstance(one, Expire | ForgetSessions)]
        return super().append(operations)


class FakeCertificates:
    """Certificates that count how often they are to be renewed."""

    def __init__(self) -> None:
        self.renewals = 0

    def renew(self) -> None:
        self.renewals += 1


class FakeSupervisor(Supervisor):
    """A supervisor that remembers what it was told."""

    def __init__(self) -> None:
        super().__init__({"NOTIFY_SOCKET": "/nowhere"})
        self.told: list[str] = []

    def tell(self, *lines: str) -> None:
        self.told += lines


class UpkeepTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.journal = RememberingJournal()
        self.house = House(self.journal)
        self.certificates = FakeCertificates()
        self.supervisor = FakeSupervisor()
        self.file: Settings | CannotStart = Settings()
        self.upkeep = Upkeep(
            self.house.clock, self.house.hall, self.journal, cast(Any, self.certificates), self.supervisor, self.reread
        )
        self.addCleanup(self.upkeep.stop)
        self.observer = EventLoggingObserver()
        globalLogPublisher.addObserver(self.observer)
        self.addCleanup(globalLogPublisher.removeObserver, self.observer)

    def reread(self) -> Settings:
        if isinstance(self.file, CannotStart):
            raise self.file
        return self.file

    def logged(self) -> list[str]:
        return [formatEvent(event) for event in self.observer]

    def reload(self, receptions: Sequence[Reception] = ()) -> None:
        self.upkeep.reload(receptions)

    def test_start(self) -> None:
        """At the start the supervisor is told that the daemon is ready, and how it is."""
        self.upkeep.start()
        self.assertEqual(self.supervisor.told, ["READY=1", "STATUS=People: 0, rooms: 1, newest: #0"])

    def test_periods(self) -> None:
        """Each second the status is renewed, and each half a minute the certificate; after a stop, nothing."""
        self.upkeep.start()
        self.house.come("alice")
        self.house.clock.advance(SWEEP_S)
        self.assertEqual(self.supervisor.told[-1], "STATUS=People: 1, rooms: 1, newest: #0")
        self.house.clock.pump([1.0] * round(RENEWAL_S))
        self.assertEqual(self.certificates.renewals, 1)
        self.upkeep.stop()
        self.house.clock.pump([1.0] * round(2 * RENEWAL_S))
        self.assertEqual(self.certificates.renewals, 1)

    def test_standing_still(self) -> None:
        """After the process stood still, what has come meanwhile is read before anything counts as late."""
        sweeps: list[float] = []
        self.patch(self.house.hall, "sweep", lambda: sweeps.append(self.house.clock.seconds()))
        self.upkeep.start()
        self.house.clock.pump([1.0] * 3)
        self.house.clock.advance(7.3)
        self.house.clock.pump([0.1] * 20)
        self.assertEqual(list(map(int, sweeps)), [1, 2, 3, 12])

    def test_late_again_and_again(self) -> None:
        """When each turn is late, as on a busy machine, every other one is done."""
        sweeps: list[float] = []
        self.patch(self.house.hall, "sweep", lambda: sweeps.append(self.house.clock.seconds()))
        self.upkeep.start()
        self.house.clock.pump([3.0] * 8)
        self.assertEqual(sweeps, [6, 12, 18, 24])

    def test_disk_that_answered(self) -> None:
        """Nobody is told that the disk does not answer when it was this process that stood still."""
        journal = HeldJournal(MemoryJournal())
        house = House(journal, commit_refuse_s=5)
        upkeep = Upkeep(house.clock, house.hall, journal, cast(Any, self.certificates), self.supervisor, self.reread)
        self.addCleanup(upkeep.stop)
        alice, bob = house.come("alice", "bob")
        upkeep.start()
        while journal.pending:
            journal.commit()
        alice.say("hello")
        house.turn()
        bob.take()
        house.clock.advance(7)  # the timers come before what can be read
        journal.commit()
        house.clock.pump([0.1] * 30)
        self.assertEqual(bob.texts, ["hello"])
        self.assertNotIn("disk", repr(bob.screen.shown))
        alice.say("and on a disk that does not answer")
        house.clock.pump([0.1] * 70)
        self.assertIn("The disk does not answer.", repr(bob.screen.shown))

    def test_expiry(self) -> None:
        """At the start and each hour old tokens are removed, and old messages only when the settings say so."""
        self.upkeep.start()
        self.assertEqual([type(one) for one in self.journal.asked], [ForgetSessions])
        self.house.hall.follow(self.house.hall.settings.replaced(retain_days=7))
        self.house.clock.advance(EXPIRY_S)
        now = self.house.now()
        self.assertEqual(self.journal.asked[1:], [ForgetSessions(now - 30 * 86400), Expire(now - 7 * 86400)])

    def test_expired(self) -> None:
        """What is older than it is kept is not shown any more, to anybody."""
        (alice,) = self.house.come("alice")
        alice.say("old words")
        self.house.hall.follow(self.house.hall.settings.replaced(retain_days=1))
        self.house.clock.advance(2 * 86400)
        self.upkeep.start()
        self.assertIn("Messages up to #1 have expired, and count as removed", self.logged())
        (bob,) = self.house.come("bob")
        bob.type("/history", "/search words")
        program = self.house.connect("json").offer("carl", since=0)
        alice.say("new words")
        for peer in (bob, program):
            self.assertNotIn("old words", repr(peer.screen.shown))
            self.assertEqual(peer.texts, ["new words"])

    def test_expiry_is_put_off(self) -> None:
        """When nothing can be stored, nothing is removed, and that is no failure."""
        self.house.hall.commits._state = Broken(JournalUnavailable("no"))
        self.upkeep.start()
        self.assertEqual((self.journal.asked, self.flushLoggedErrors()), ([], []))

    def test_reload(self) -> None:
        """Changed settings are applied to the hall and the doors, and named in the log."""
        reception = Reception(cast(Any, self.house.connect), Settings(), cast(Any, self.house.clock))
        self.file = Settings(nick_max=12)
        self.reload([reception])
        self.assertEqual((self.house.hall.settings.nick_max, reception.settings.nick_max), (12, 12))
        self.assertIn("Settings changed: nick_max", self.logged())
        self.assertEqual(self.certificates.renewals, 1)
        first, *_, last = self.supervisor.told
        self.assertEqual((first, last), ("RELOADING=1", "READY=1"))
        self.assertEqual(self.house.hall.health.reload, Reload(self.house.hall.now()))

    def test_restart_needed(self) -> None:
        """A change that needs a restart is logged, and not applied."""
        self.file = Settings(connections=5, nick_max=12)
        self.reload()
        self.assertEqual((self.house.hall.settings.connections, self.house.hall.settings.nick_max), (10000, 12))
        self.assertIn("connections has changed, which needs a restart", self.logged())
        self.assertIn("Settings changed: nick_max", self.logged())

    def test_mistake(self) -> None:
        """Wrong settings change nothing, and the supervisor is told all the same that the reload is over."""
        self.file = CannotStart("chat.toml, line 2: no.")
        self.reload()
        self.assertEqual(self.house.hall.settings, Settings())
        self.assertIn("The settings stay as they were: chat.toml, line 2: no.", self.logged())
        self.assertEqual(self.supervisor.told[-1], "READY=1")
        self.assertEqual(self.house.hall.health.reload, Reload(self.house.hall.now(), "chat.toml, line 2: no."))
        self.file = Settings()
        self.reload()
        self.assertEqual(self.house.hall.health.reload, Reload(self.house.hall.now()))
