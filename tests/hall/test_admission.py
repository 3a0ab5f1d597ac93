"""What the hall asks of people who come in, and how passwords are checked."""

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from groupchat.config.settings import Settings
from groupchat.hall.admission import LONGEST, WRONG, Admission, prepared
from groupchat.model.errors import (
    AccountExists,
    Busy,
    CodeInvalid,
    LoginNeeded,
    NotEncrypted,
    PasswordNeeded,
    PasswordWeak,
    PasswordWrong,
    RegistrationClosed,
    TooManyFailures,
)
from groupchat.model.events import AuthorId
from groupchat.model.ranks import Rank
from groupchat.state.accounts import Account, Accounts, Invite, digest_of
from tests.fakes import FakePasswords, FakeScreen, hashed

GOOD = "correct horse"


class AdmissionCase(SynchronousTestCase):
    """Alice has an account."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.accounts = Accounts()
        self.alice = Account("Alice", AuthorId(7), hashed(GOOD), Rank.MEMBER, 0.0)
        self.accounts.learn(self.alice.fact())
        self.screen = FakeScreen(self.clock, "text")
        self.open()

    def open(self, **settings: object) -> Admission:
        """Admission with these settings."""
        self.passwords = FakePasswords()
        self.rehashed: list[tuple[Account, str]] = []
        self.admission = Admission(
            self.accounts, self.passwords, Settings().replaced(**settings), self.clock, lambda: 1000.0,
            lambda account, made: self.rehashed.append((account, made)),
        )  # fmt: skip
        return self.admission

    def invite(self, code: str = "code", until: float = 2000.0) -> Invite:
        """An invitation with this code."""
        invite = Invite(digest_of(code), "olga", until)
        self.accounts.learn(invite.fact())
        return invite


class NicknameTests(AdmissionCase):
    def test_possible(self) -> None:
        """A well-formed nickname is possible, and a reserved one only for the account that has it."""
        self.open(reserved_names=("alice", "root"))
        self.assertEqual(
            [self.admission.is_possible(nick) for nick in ("bob", "no name", "", "root", "alice")],
            [True, False, False, False, True],
        )

    def test_belongs_to_an_account(self) -> None:
        """A nickname belongs to an account in any spelling, and while one is being made."""
        self.accounts.pending.add("bob")
        self.assertEqual(
            [self.admission.belongs_to_account(nick) for nick in ("ALICE", "bob", "carol")], [True, True, False]
        )

    def test_asks_for_a_password(self) -> None:
        """An account's nickname asks for a password, and every nickname where guests need one."""
        self.assertEqual([self.admission.asks_for_password(nick) for nick in ("alice", "bob")], [True, False])
        self.open(password="sesame")
        self.assertTrue(self.admission.asks_for_password("bob"))
        self.open(password="sesame", guests=False)
        self.assertFalse(self.admission.asks_for_password("bob"))

    def test_expects_an_account(self) -> None:
        """A password is an account's, unless the nickname is free and guests need one."""
        self.assertTrue(self.admission.expects_account("alice", None))
        self.assertEqual([self.admission.expects_account("bob", given) for given in (None, "x")], [False, True])
        self.open(password="sesame")
        self.assertFalse(self.admission.expects_account("bob", "x"))


class GuestTests(AdmissionCase):
    def test_open(self) -> None:
        """Where nothing is asked of guests they come in, whatever they send."""
        for password in (None, "x"):
            self.admission.check_guest(password, self.screen)

    def test_no_guests(self) -> None:
        """Where guests may not come in they are told how to get an account, which depends on who makes them."""
        for registration, way in (("open", "/register NAME PASSWORD makes one"), ("closed", "the administrator")):
            self.open(guests=False, registration=registration)
            with self.assertRaises(LoginNeeded) as needed:
                self.admission.check_guest(None, self.screen)
            self.assertIn(way, str(needed.exception))

    def test_password_of_the_hall(self) -> None:
        """Where guests need a password they come in with it, and it counts as no failure."""
        self.open(password="sesame", password_failures=2)
        self.assertRaises(PasswordNeeded, self.admission.check_guest, None, self.screen)
        for _ in range(5):
            self.admission.check_guest("sesame", self.screen)

    def test_wrong(self) -> None:
        """Wrong passwords are refused, and after some no password is tried for a while, the right one neither."""
        self.open(password="sesame", password_failures=2, password_wait_s=5.0)
        for _ in range(2):
            self.assertRaises(PasswordWrong, self.admission.check_guest, "guess", self.screen)
        with self.assertRaises(TooManyFailures) as failures:
            self.admission.check_guest("sesame", self.screen)
        self.assertIn("5 seconds", str(failures.exception))
        self.clock.advance(5)
        self.admission.check_guest("sesame", self.screen)

    def test_keyboards(self) -> None:
        """A password is the same from whichever keyboard it came."""
        self.open(password="caf\u00e9")
        self.admission.check_guest("cafe\u0301", self.screen)

    def test_unencrypted(self) -> None:
        """Where passwords are not taken unencrypted, none is looked at."""
        self.open(password="sesame", plain_passwords=False)
        for password in ("sesame", "guess"):
            self.assertRaises(NotEncrypted, self.admission.check_guest, password, self.screen)
        self.screen.secure = True
        self.admission.check_guest("sesame", self.screen)


class CheckTests(AdmissionCase):
    def test_right(self) -> None:
        """The account is given out for its password, whatever the case of the nickname."""
        self.assertEqual(self.successResultOf(self.admission.check("ALICE", GOOD, self.screen)), self.alice)

    def test_alike(self) -> None:
        """A wrong password and an unknown nickname are refused alike, and both cost a hash."""
        for nick in ("alice", "nobody"):
            failure = self.failureResultOf(self.admission.check(nick, "guess", self.screen), PasswordWrong)
            self.assertEqual(failure.getErrorMessage(), WRONG)
        self.assertEqual(self.passwords.verified, [True, False])

    def test_too_many(self) -> None:
        """After some failures no password of the account is tried from there; the owner elsewhere is let in."""
        self.open(password_failures=2)
        for _ in range(2):
            self.failureResultOf(self.admission.check("alice", "guess", self.screen), PasswordWrong)
        self.failureResultOf(self.admission.check("alice", GOOD, self.screen), TooManyFailures)
        self.assertEqual(len(self.passwords.verified), 2)
        elsewhere = FakeScreen(self.clock, "text")
        elsewhere.address = "198.51.100.9"
        self.assertEqual(self.successResultOf(self.admission.check("alice", GOOD, elsewhere)), self.alice)

    def test_unencrypted(self) -> None:
        """Where passwords are not taken unencrypted, none is looked at."""
        self.open(plain_passwords=False)
        self.failureResultOf(self.admission.check("alice", GOOD, self.screen), NotEncrypted)
        self.assertEqual(self.passwords.verified, [])

    def test_forgiven(self) -> None:
        """The right password counts as no failure, however often it is given."""
        self.open(password_failures=2)
        for _ in range(5):
            self.successResultOf(self.admission.check("alice", GOOD, self.screen))

    def test_busy(self) -> None:
        """A check for which there was no time counts as no failure."""
        self.open(password_failures=1)
        self.passwords.busy = True
        for _ in range(3):
            self.failureResultOf(self.admission.check("alice", GOOD, self.screen), Busy)
        self.passwords.busy = False
        self.successResultOf(self.admission.check("alice", GOOD, self.screen))

    def test_at_the_same_time(self) -> None:
        """Many guesses at the same time are no more than were allowed one after another."""
        self.open(password_failures=3)
        self.passwords.held = True
        tries = [self.admission.check("alice", "guess", self.screen) for _ in range(10)]
        self.assertEqual(len(self.passwords.waiting), 3)
        while self.passwords.waiting:
            self.passwords.answer()
        kinds = [self.failureResultOf(one).type for one in tries]
        self.assertEqual(kinds, [PasswordWrong] * 3 + [TooManyFailures] * 7)

    def test_removed_meanwhile(self) -> None:
        """An account that was removed, or made anew by another person, during the check is not given out."""
        self.passwords.held = True
        for fact in (self.alice.removal(), Account("Alice", AuthorId(8), hashed(GOOD), Rank.MEMBER, 0.0).fact()):
            self.accounts.learn(self.alice.fact())
            waiting = self.admission.check("alice", GOOD, self.screen)
            self.accounts.learn(self.alice.removal())
            self.accounts.learn(fact)
            self.passwords.answer()
            self.failureResultOf(waiting, PasswordWrong)
            self.accounts.learn(self.alice.removal())

    def test_changed_meanwhile(self) -> None:
        """What is given out is the account of now."""
        self.passwords.held = True
        waiting = self.admission.check("alice", GOOD, self.screen)
        promoted = Account("Alice", AuthorId(7), hashed(GOOD), Rank.OPERATOR, 0.0)
        self.accounts.learn(promoted.fact())
        self.passwords.answer()
        self.assertEqual(self.successResultOf(waiting), promoted)

    def test_nobody_has_an_account(self) -> None:
        """Where there are no accounts, nobody can log in."""
        admission = Admission(Accounts(), None, Settings(), self.clock, lambda: 0.0, lambda account, made: None)
        self.failureResultOf(admission.check("alice", GOOD, self.screen), RegistrationClosed)


class RehashTests(AdmissionCase):
    def setUp(self) -> None:
        super().setUp()
        self.old = Account("Alice", AuthorId(7), f"0:{GOOD[::-1]}", Rank.MEMBER, 0.0)
        self.accounts.learn(self.old.fact())

    def test_outdated(self) -> None:
        """A password whose hash would be made otherwise today is hashed anew when it is known."""
        self.successResultOf(self.admission.check("alice", GOOD, self.screen))
        self.assertEqual(self.rehashed, [(self.old, hashed(GOOD))])

    def test_wrong(self) -> None:
        """A wrong one is not."""
        self.failureResultOf(self.admission.check("alice", "guess", self.screen))
        self.assertEqual(self.rehashed, [])

    def test_changed_meanwhile(self) -> None:
        """A new password that was set meanwhile stays; so does an account that is gone."""
        for fact in (Account("Alice", AuthorId(7), hashed("new"), Rank.MEMBER, 0.0).fact(), self.old.removal()):
            self.accounts.learn(self.old.fact())
            self.passwords.held = True
            waiting = self.admission.check("alice", GOOD, self.screen)
            self.passwords.answer()
            self.successResultOf(waiting)
            self.accounts.learn(fact)
            self.passwords.answer()
        self.assertEqual(self.rehashed, [])


class RegistrationTests(AdmissionCase):
    def test_open(self) -> None:
        """Anybody may register where that is open, but not with a nickname that has an account."""
        self.assertIsNone(self.admission.check_registration("bob", None))
        with self.assertRaises(AccountExists) as exists:
            self.admission.check_registration("alice", None)
        self.assertIn("/login alice PASSWORD", str(exists.exception))

    def test_closed(self) -> None:
        """Nobody may register where only operators make accounts, with a code neither."""
        self.open(registration="closed")
        self.invite()
        self.assertRaises(RegistrationClosed, self.admission.check_registration, "bob", "code")

    def test_by_invitation(self) -> None:
        """Where it takes an invitation, one that holds is given back, to be used up."""
        self.open(registration="invite")
        invite = self.invite()
        self.assertEqual(self.admission.check_registration("bob", "code"), invite)
        for code, words in ((None, "You need a code"), ("other", "unknown, used or too old")):
            with self.assertRaises(CodeInvalid) as invalid:
                self.admission.check_registration("bob", code)
            self.assertIn(words, str(invalid.exception))
        self.invite("old", until=999.0)
        self.assertRaises(CodeInvalid, self.admission.check_registration, "bob", "old")

    def test_code_that_is_not_needed(self) -> None:
        """A code that is the hall's password, and no invitation, is let pass where registration is open."""
        self.assertIsNone(self.admission.check_registration("bob", "sesame"))

    def test_stranger(self) -> None:
        """Where guests need a password, a stranger registers with it, or with an invitation."""
        self.open(password="sesame", password_failures=1)
        self.admission.check_stranger(None, self.invite(), self.screen)
        self.assertRaises(PasswordNeeded, self.admission.check_stranger, None, None, self.screen)
        for _ in range(3):
            self.admission.check_stranger("sesame", None, self.screen)
        self.assertRaises(PasswordWrong, self.admission.check_stranger, "guess", None, self.screen)
        self.assertRaises(TooManyFailures, self.admission.check_stranger, "sesame", None, self.screen)
        self.open()
        self.admission.check_stranger(None, None, self.screen)


class HashTests(AdmissionCase):
    def weak(self, password: str, nick: str = "bob") -> str:
        """Why this password is refused."""
        refused = self.failureResultOf(self.admission.hash(nick, password, self.screen), PasswordWeak)
        return str(refused.value)

    def test_made(self) -> None:
        """A password of any length that is allowed is hashed."""
        for password in ("x" * 8, "x" * LONGEST):
            self.assertEqual(self.successResultOf(self.admission.hash("bob", password, self.screen)), hashed(password))

    def test_weak(self) -> None:
        """A password that is too short or too long is refused with both lengths; the nickname is no password."""
        self.assertEqual(self.weak("x" * 7), "A password has 8 to 256 characters; this one has 7.")
        self.assertIn("this one has 257", self.weak("x" * 257))
        self.assertIn("nickname", self.weak("ROBERTSON", "robertson"))

    def test_new_settings(self) -> None:
        """The least length is that of the settings of now, as are the numbers of failures."""
        self.admission.settings = Settings().replaced(password_min=10, password_failures=1)
        self.assertIn("10 to 256", self.weak("x" * 9))
        self.failureResultOf(self.admission.check("alice", "guess", self.screen), PasswordWrong)
        self.failureResultOf(self.admission.check("alice", "guess", self.screen), TooManyFailures)

    def test_new_waits(self) -> None:
        """How long to wait after failures is that of the settings of now, too."""
        self.admission.settings = Settings().replaced(password_failures=1, password_wait_s=7.0, password_wait_max_s=7.0)
        self.failureResultOf(self.admission.check("alice", "guess", self.screen), PasswordWrong)
        failure = self.failureResultOf(self.admission.check("alice", GOOD, self.screen), TooManyFailures)
        self.assertIn("7 seconds", str(failure.value))

    def test_one_form(self) -> None:
        """What is hashed, and counted, is the one form of the password."""
        self.assertIn("this one has 7", self.weak("cafe\u0301xxx"))
        made = self.successResultOf(self.admission.hash("bob", "cafe\u0301xxxx", self.screen))
        self.assertEqual(made, hashed("caf\u00e9xxxx"))

    def test_unencrypted(self) -> None:
        """Where passwords are not taken unencrypted, none is made."""
        self.open(plain_passwords=False)
        self.failureResultOf(self.admission.hash("bob", GOOD, self.screen), NotEncrypted)

    def test_prepared(self) -> None:
        """Every text has one form that is hashed, even one that is no valid Unicode."""
        self.assertEqual(prepared("cafe\u0301"), "caf\u00e9")
        self.assertEqual(prepared("\ud800x"), "?x")
