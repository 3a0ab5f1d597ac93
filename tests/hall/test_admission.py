"""What the hall asks of people who come in, and how passwords are checked."""

from collections.abc import Callable
from dataclasses import replace

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from groupchat.config.settings import Settings
from groupchat.facts.account_facts import Account, RegistrationCode, digest_of
from groupchat.hall.admission import Admission
from groupchat.hall.proofs import WRONG, WRONG_HERE, Proofs, prepared
from groupchat.limits.quotas import Quota
from groupchat.model.drafts import FactChange
from groupchat.model.errors import (
    AccountExists,
    BadArguments,
    Busy,
    CodeInvalid,
    JournalUnavailable,
    LoginNeeded,
    NickTaken,
    NotEncrypted,
    PasswordNeeded,
    PasswordWeak,
    PasswordWrong,
    RegistrationClosed,
    TooManyFailures,
    TooManyRegistrations,
)
from groupchat.model.events import AuthorId
from groupchat.model.text import PASSWORD
from groupchat.state.access_keys import AccessKeys
from groupchat.state.accounts import Accounts
from groupchat.state.known_addresses import KnownAddresses
from tests.fakes import FakePasswords, FakeScreen, hashed

GOOD = "correct horse"


class AdmissionCase(SynchronousTestCase):
    """Alice has an account."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.accounts = Accounts()
        self.alice = Account("Alice", "alice", AuthorId(7), hashed(GOOD), 0.0)
        self.accounts.learn(self.alice.fact)
        self.known = KnownAddresses()
        self.access_keys = AccessKeys()
        self.screen = FakeScreen(self.clock, "text", exempt=False)
        self.open()

    def open(self, **settings: object) -> Admission:
        """Admission with these settings."""
        self.passwords = FakePasswords()
        self.rehashed: list[tuple[Account, str]] = []
        self.kept: list[FactChange] = []
        proofs = Proofs(
            self.accounts, self.passwords, Settings().replaced(**settings), self.clock, lambda: 1000.0,
            lambda account, made: self.rehashed.append((account, made)), self.known,
            lambda author, *changes: self.kept.extend(changes), self.access_keys,
        )  # fmt: skip
        self.admission = Admission(self.accounts, proofs, self.clock, lambda: 1000.0)
        return self.admission

    def at(self, address: str, exempt: bool = False) -> FakeScreen:
        """A screen at another address."""
        screen = FakeScreen(self.clock, "text", exempt=exempt)
        screen.address = address
        return screen

    def invite(self, code: str = "code", until: float = 2000.0) -> RegistrationCode:
        """A registration code."""
        invite = RegistrationCode(digest_of(code), "olga", until)
        self.accounts.learn(invite.fact)
        return invite


class NicknameTests(AdmissionCase):
    def test_possible(self) -> None:
        """A well-formed nickname is possible, and a reserved one only for the account that has it."""
        self.open(reserved_names=("alice", "root"))
        nicks = ("bob", "no name", "", "root", "alice")
        self.assertEqual([self.admission.is_possible(nick) for nick in nicks], [True, False, False, False, True])
        self.open(reserved_names=("alice", "root"), password="sesame")  # which of these has an account is not told
        self.assertEqual([self.admission.is_possible(nick) for nick in nicks], [True, False, False, True, True])

    def test_belongs_to_an_account(self) -> None:
        """A nickname belongs to an account in any spelling."""
        self.assertEqual([self.admission.belongs_to_account(nick) for nick in ("ALICE", "bob")], [True, False])

    def test_asks_for_a_password(self) -> None:
        """An account's nickname asks for a password, and every nickname where guests need one or may not come in."""
        self.assertEqual([self.admission.asks_for_password(nick) for nick in ("alice", "bob")], [True, False])
        for closed in ({"password": "sesame"}, {"guests": False}, {"password": "sesame", "guests": False}):
            self.open(**closed)
            self.assertEqual([self.admission.asks_for_password(nick) for nick in ("alice", "bob")], [True, True])

    def test_why(self) -> None:
        """Where everybody needs a password, the words do not depend on whether there is an account."""
        account = "You need an account here: give the password of NICK. If you have none,"
        either = "NICK needs a password: its own if it is somebody's account, else that of this server."
        code = "/register NAME PASSWORD CODE makes one, with a code from an operator."
        cases: list[tuple[dict[str, object], str]] = [
            ({"password": "sesame"}, either),
            ({"guests": False}, f"{account} /register NAME PASSWORD makes one."),
            ({"guests": False, "registration": "closed"}, f"{account} the administrator makes one."),
            ({"guests": False, "registration": "invite"}, f"{account} {code}"),
        ]
        for closed, words in cases:
            self.open(**closed)
            for nick in ("alice", "bob"):
                self.assertEqual(self.admission.why_password(nick), words.replace("NICK", nick))


class ProveTests(AdmissionCase):
    def proved(self, nick: str, password: str | None, only_account: bool = False) -> object:
        """Return the account, None for a guest, or the code and words of the refusal."""
        found: list[object] = []
        waiting = self.admission.prove(nick, password, only_account, self.screen)
        waiting.addCallbacks(found.append, lambda failure: found.append((failure.value.code, str(failure.value))))
        return found[0]

    def test_open(self) -> None:
        """In an open hall a nickname that is an account's needs its password, and guests have none."""
        self.assertIsNone(self.proved("bob", None))
        self.assertEqual(self.proved("alice", GOOD), self.alice)
        needed = "alice belongs to an account: give its password, or choose another nickname."
        self.assertEqual(self.proved("alice", None), ("password-needed", needed))
        for nick, password in (("alice", "guess"), ("bob", "guess"), ("bob", GOOD)):
            self.assertEqual(self.proved(nick, password), ("password-wrong", WRONG))

    def test_closed(self) -> None:
        """Where everybody needs a password, nothing but its right one tells whether there is an account.

        The answers are the same, they take the same work, and they count alike.
        """
        for closed in ({"password": "sesame"}, {"guests": False}, {"password": "sesame", "guests": False}):
            for only_account in (False, True):
                found = {}
                for nick in ("alice", "nobody"):
                    self.open(**closed, password_failures=3, reserved_names=("alice", "nobody"))
                    answers = [self.proved(nick, given, only_account) for given in (None, *("guess",) * 4, None)]
                    found[nick] = (str(answers).replace(nick, "NICK"), len(self.passwords.verified), len(self.kept))
                self.assertEqual(found["alice"], found["nobody"], (closed, only_account))
                self.assertIn("too-many-failures", found["alice"][0])
                self.assertEqual(found["alice"][1], 3)

    def test_password_of_the_hall(self) -> None:
        """The hall's password lets guests in, never an account; where only an account will do, it is a wrong one."""
        self.open(password="sesame", password_failures=99)
        self.assertIsNone(self.proved("bob", "sesame"))
        self.assertEqual(self.passwords.verified, [])
        self.assertEqual(self.proved("alice", GOOD), self.alice)
        self.assertEqual(self.proved("alice", "sesame"), ("password-wrong", WRONG_HERE))
        self.assertEqual(self.proved("bob", "sesame", only_account=True), ("password-wrong", WRONG))
        self.open(password="sesame", guests=False)
        self.assertEqual(self.proved("carol", "sesame"), ("password-wrong", WRONG))

    def test_unencrypted(self) -> None:
        """Where passwords are not taken unencrypted none is compared, the hall's neither."""
        self.open(password="sesame", plain_passwords=False)
        for nick in ("alice", "bob"):
            for password in ("sesame", GOOD, "guess"):
                found = self.proved(nick, password)
                assert isinstance(found, tuple)
                self.assertEqual(found[0], "not-encrypted")
        self.assertEqual((self.passwords.verified, len(self.admission.proofs.failures)), ([], 0))


class GuestTests(AdmissionCase):
    def test_open(self) -> None:
        """Where nothing is asked of guests they come in, whatever they send."""
        for password in (None, "x"):
            self.admission.check_guest(password, self.screen)

    def test_no_guests(self) -> None:
        """Where guests may not come in again they are told how to get an account, which depends on who makes them."""
        for registration, way in (
            ("open", "/register NAME PASSWORD makes one"), ("invite", "with a code"), ("closed", "the administrator"),
        ):  # fmt: skip
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

    def test_without_a_password(self) -> None:
        """An account that was imported without a password is refused like an unknown one, and costs as much."""
        self.accounts.learn(replace(self.alice, hash="").fact)
        for given in ("", "guess"):
            failure = self.failureResultOf(self.admission.check("alice", given, self.screen), PasswordWrong)
            self.assertEqual(failure.getErrorMessage(), WRONG)
        self.assertEqual(self.passwords.verified, [False, False])

    def test_too_many(self) -> None:
        """After some failures no password of the account is tried from there; the owner elsewhere is let in."""
        self.open(password_failures=2)
        for _ in range(2):
            self.failureResultOf(self.admission.check("alice", "guess", self.screen), PasswordWrong)
        self.failureResultOf(self.admission.check("alice", GOOD, self.screen), TooManyFailures)
        self.assertEqual(len(self.passwords.verified), 2)
        elsewhere = self.at("198.51.100.9")
        self.assertEqual(self.successResultOf(self.admission.check("alice", GOOD, elsewhere)), self.alice)

    def test_guessed_everywhere(self) -> None:
        """While somebody guesses from everywhere, the owner is let in from where they were before, and nowhere else."""
        self.admission.welcome(self.alice, self.at("198.51.100.9"))
        (fact,) = self.kept
        self.known.learn(fact.fact)
        for number in range(99):
            self.failureResultOf(self.admission.check("alice", "guess", self.at(f"203.0.113.{number}")))
        self.assertEqual(len(self.passwords.verified), 30)
        for address in ("203.0.113.200", "192.0.2.77"):
            self.failureResultOf(self.admission.check("alice", GOOD, self.at(address)), TooManyFailures)
        self.assertEqual(self.successResultOf(self.admission.check("alice", GOOD, self.at("198.51.100.9"))), self.alice)
        bob = Account("Bob", "bob", AuthorId(8), hashed(GOOD), 0.0)
        self.accounts.learn(bob.fact)
        self.assertEqual(self.successResultOf(self.admission.check("bob", GOOD, self.at("192.0.2.77"))), bob)

    def test_exempt(self) -> None:
        """At an exempt address failures lock one account out there, and nobody else."""
        office = self.at("10.0.0.1", exempt=True)
        for nick in ("bob", "carol", "dave"):
            for _ in range(3):
                self.failureResultOf(self.admission.check(nick, "guess", office), PasswordWrong)
            self.failureResultOf(self.admission.check(nick, "guess", office), TooManyFailures)
        self.assertEqual(self.successResultOf(self.admission.check("alice", GOOD, office)), self.alice)

    def test_households(self) -> None:
        """Who asks for a check is told to the queue by household."""
        for address in ("192.0.2.1", "2001:db8::1:2", "2001:db8::9", ""):
            self.successResultOf(self.admission.check("alice", GOOD, self.at(address)))
        self.assertEqual(self.passwords.households, ["192.0.2.1", "2001:db8::/64", "2001:db8::/64", ""])
        self.successResultOf(self.admission.hash("bob", GOOD, self.at("2001:db8::1:2")))
        self.assertEqual(self.passwords.households[-1], "2001:db8::/64")

    def test_journal_unavailable(self) -> None:
        """Where the journal takes nothing people come in all the same; their address is just not noted."""

        def refuse(author: object, *changes: object) -> None:
            raise JournalUnavailable("Full.")

        self.admission.proofs._amend = refuse
        self.admission.welcome(self.alice, self.at("198.51.100.9"))
        self.assertFalse(self.known.knows(self.alice.author, "198.51.100.9"))

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
        for fact in (self.alice.undone().fact, Account("Alice", "alice", AuthorId(8), hashed(GOOD), 0.0).fact):
            self.accounts.learn(self.alice.fact)
            waiting = self.admission.check("alice", GOOD, self.screen)
            self.accounts.learn(self.alice.undone().fact)
            self.accounts.learn(fact)
            self.passwords.answer()
            self.failureResultOf(waiting, PasswordWrong)
            self.accounts.learn(self.alice.undone().fact)

    def test_changed_meanwhile(self) -> None:
        """What is given out is the account of now."""
        self.passwords.held = True
        waiting = self.admission.check("alice", GOOD, self.screen)
        changed = Account("ALICE", "alice", AuthorId(7), hashed(GOOD), 0.0)
        self.accounts.learn(changed.fact)
        self.passwords.answer()
        self.assertEqual(self.successResultOf(waiting), changed)

    def test_nobody_has_an_account(self) -> None:
        """Where there are no accounts, nobody can log in."""
        proofs = Proofs(
            Accounts(), None, Settings(), self.clock, lambda: 0.0, lambda account, made: None, self.known,
            lambda facts: None, self.access_keys,
        )  # fmt: skip
        admission = Admission(Accounts(), proofs, self.clock, lambda: 0.0)
        self.failureResultOf(admission.check("alice", GOOD, self.screen), RegistrationClosed)


class RehashTests(AdmissionCase):
    def setUp(self) -> None:
        super().setUp()
        self.old = Account("Alice", "alice", AuthorId(7), f"0:{GOOD[::-1]}", 0.0)
        self.accounts.learn(self.old.fact)

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
        for fact in (Account("Alice", "alice", AuthorId(7), hashed("new"), 0.0).fact, self.old.undone().fact):
            self.accounts.learn(self.old.fact)
            self.passwords.held = True
            waiting = self.admission.check("alice", GOOD, self.screen)
            self.passwords.answer()
            self.successResultOf(waiting)
            self.accounts.learn(fact)
            self.passwords.answer()
        self.assertEqual(self.rehashed, [])


def free() -> None:
    """Find the nickname free."""


class RegistrationTests(AdmissionCase):
    def test_open(self) -> None:
        """Anybody may register where that is open, but not with a nickname that has an account."""
        self.assertIsNone(self.admission.check_registration(None, self.screen))
        waiting = self.admission.hash_first("alice", GOOD, None, self.screen, free)
        self.assertIn("/login alice PASSWORD", str(self.failureResultOf(waiting, AccountExists).value))
        self.assertEqual(self.passwords.households, [])

    def test_closed(self) -> None:
        """Nobody may register where only operators make accounts, with a code neither."""
        self.open(registration="closed")
        self.invite()
        self.assertRaises(RegistrationClosed, self.admission.check_registration, "code", self.screen)

    def test_by_invitation(self) -> None:
        """Where it takes an invitation, one that holds is given back, to be used up."""
        self.open(registration="invite")
        invite = self.invite()
        self.assertEqual(self.admission.check_registration("code", self.screen), invite)
        for code, words in ((None, "You need a code"), ("other", "unknown, used or too old")):
            with self.assertRaises(CodeInvalid) as invalid:
                self.admission.check_registration(code, self.screen)
            self.assertIn(words, str(invalid.exception))
        self.invite("old", until=999.0)
        self.assertRaises(CodeInvalid, self.admission.check_registration, "old", self.screen)

    def test_code_that_is_not_needed(self) -> None:
        """Where registration is open, a code that is no invitation is refused: it may be the password."""
        self.assertRaises(CodeInvalid, self.admission.check_registration, "sesame", self.screen)
        self.assertRaises(CodeInvalid, self.register, "sesame")

    def register(self, code: str | None) -> RegistrationCode | None:
        """Let somebody register who is not in."""
        return self.admission.check_registration(code, self.screen, is_in=False)

    def test_stranger(self) -> None:
        """Where guests need a password, a stranger registers with it, or with an invitation."""
        self.open(password="sesame", password_failures=1)
        invite = self.invite()
        self.assertEqual(self.register("code"), invite)
        self.assertRaises(PasswordNeeded, self.register, None)
        for _ in range(3):
            self.register("sesame")
        self.assertIsNone(self.admission.check_registration(None, self.screen))
        self.assertRaises(PasswordWrong, self.register, "guess")
        self.assertRaises(TooManyFailures, self.register, "sesame")
        self.open()
        self.register(None)

    def test_unencrypted(self) -> None:
        """Where passwords are not taken unencrypted, neither codes nor the hall's password are compared."""
        self.open(plain_passwords=False, registration="invite", password="sesame")
        self.invite()
        for code in (None, "code", "sesame", "guess"):
            for is_in in (False, True):
                self.assertRaises(NotEncrypted, self.admission.check_registration, code, self.screen, is_in=is_in)
        self.assertEqual(len(self.admission.proofs.failures), 0)


class RegistrantsTests(AdmissionCase):
    """How many accounts are made from one address."""

    def hash(
        self,
        screen: FakeScreen | None = None,
        invite: RegistrationCode | None = None,
        password: str = GOOD,
        nick: str = "bob",
        check_free: Callable[[], None] = free,
    ) -> object:
        """Make the password of a new account; return its hash, or the code of the refusal."""
        found: list[object] = []
        waiting = self.admission.hash_first(nick, password, invite, screen or self.screen, check_free)
        waiting.addCallbacks(found.append, lambda failure: found.append(failure.value.code))
        return found[0]

    def test_five_an_hour(self) -> None:
        """An address makes five accounts an hour, or as many as the setting says; no hash is made for more."""
        made = [self.hash() for _ in range(7)]
        self.assertEqual(made, [hashed(GOOD)] * 5 + ["too-many-registrations"] * 2)
        self.assertEqual(len(self.passwords.households), 5)
        self.assertEqual(self.hash(self.at("198.51.100.9")), hashed(GOOD))
        waiting = self.admission.hash_first("bob", GOOD, None, self.screen, free)
        self.assertEqual(
            str(self.failureResultOf(waiting, TooManyRegistrations).value),
            "From your address, or by others who share it, 5 accounts can be made in an hour. "
            "Try again in 1 hour, or ask an operator for an invitation.",
        )
        self.clock.advance(3600)
        self.assertEqual(self.hash(), hashed(GOOD))
        self.admission.settings = Settings().replaced(registrations_hour=1)
        self.assertEqual(self.hash(), "too-many-registrations")

    def test_networks(self) -> None:
        """IPv6 addresses are counted by /64, and ten times as many by /48."""
        for number in range(5):
            self.hash(self.at(f"2001:db8::{number}"))
        self.assertEqual(self.hash(self.at("2001:db8::99")), "too-many-registrations")
        made = [self.hash(self.at(f"2001:db8:0:{number:x}::1")) for number in range(1, 100)]
        self.assertEqual(made.count(hashed(GOOD)), 45)
        self.assertEqual(self.hash(self.at("2001:db8:1::1")), hashed(GOOD))

    def test_not_counted(self) -> None:
        """Exempt addresses, UNIX sockets and people with invitations make as many accounts as they like."""
        for screen in (self.at("10.0.0.1", exempt=True), self.at("")):
            self.assertEqual([self.hash(screen) for _ in range(30)], [hashed(GOOD)] * 30)
        invites = [self.invite(f"code {number}") for number in range(30)]
        self.assertEqual([self.hash(invite=invite) for invite in invites], [hashed(GOOD)] * 30)
        self.assertEqual(self.hash(), hashed(GOOD))

    def test_not_made(self) -> None:
        """A password that is refused, or for which there was no time, is not counted."""
        self.assertEqual([self.hash(password="x") for _ in range(9)], ["password-weak"] * 9)
        self.passwords.busy = True
        self.assertEqual([self.hash() for _ in range(9)], ["busy"] * 9)
        self.passwords.busy = False
        self.assertEqual([self.hash() for _ in range(5)], [hashed(GOOD)] * 5)

    def test_tries_are_counted(self) -> None:
        """Where everybody needs a password, a nickname that is tried costs as much as an account that is made."""

        def lookalike() -> None:
            raise NickTaken("al1ce looks like alice.")

        for closed in ({"guests": False}, {"password": "sesame"}):
            self.open(**closed)
            self.admission.registrations = Quota(5, 3600.0)
            self.assertEqual([self.hash(password="x", nick=nick) for nick in ("alice", "bob")], ["password-weak"] * 2)
            self.assertEqual(self.hash(password="x", check_free=lookalike), "password-weak")
            tried = [self.hash(nick="alice") for _ in range(3)] + [self.hash(check_free=lookalike) for _ in range(2)]
            self.assertEqual(tried, ["account-exists"] * 3 + ["nick-taken"] * 2)
            for nick in ("alice", "bob"):
                self.assertEqual(self.hash(nick=nick), "too-many-registrations")
            invite = self.invite()
            self.assertEqual([self.hash(invite=invite, nick="alice") for _ in range(5)], ["account-exists"] * 5)
            waiting = self.admission.hash_first("alice", GOOD, invite, self.screen, free)
            self.assertEqual(
                str(self.failureResultOf(waiting, TooManyRegistrations).value),
                "With one code, 5 nicknames can be tried in an hour. Try again in 1 hour.",
            )
            self.assertEqual(self.hash(invite=self.invite("other")), hashed(GOOD))

    def test_tries_where_guests_are_let_in(self) -> None:
        """Where guests are told for nothing that a nickname is an account's, trying to register it is not counted."""
        self.assertEqual([self.hash(nick="alice") for _ in range(9)], ["account-exists"] * 9)
        self.assertEqual(self.hash(), hashed(GOOD))

    def test_at_the_same_time(self) -> None:
        """Registrations that are all begun before the first is done are counted all the same."""
        self.passwords.held = True
        waiting = [self.admission.hash_first("bob", GOOD, None, self.screen, free) for _ in range(8)]
        self.assertEqual(len(self.passwords.waiting), 5)
        for one in waiting[5:]:
            self.failureResultOf(one, TooManyRegistrations)


class HashTests(AdmissionCase):
    def weak(self, password: str, nick: str = "bob") -> str:
        """Why this password is refused."""
        refused = self.failureResultOf(self.admission.hash(nick, password, self.screen), PasswordWeak)
        return str(refused.value)

    def test_made(self) -> None:
        """A password of any length that is allowed is hashed."""
        for password in ("x" * 8, "x" * PASSWORD.most):
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


class LongPasswordTests(AdmissionCase):
    LONG = "a" + "\u0301\u0316" * 4000

    def test_nothing_is_hashed(self) -> None:
        """A password longer than any is refused before it is normalised, counted or hashed, wherever it is given."""
        self.open(password="sesame")
        for _ in range(10):
            for nick in ("alice", "bob"):
                self.failureResultOf(self.admission.check(nick, self.LONG, self.screen), BadArguments)
            self.failureResultOf(self.admission.hash("bob", self.LONG, self.screen), PasswordWeak)
        self.assertEqual(self.successResultOf(self.admission.check("alice", GOOD, self.screen)), self.alice)
        self.assertRaises(BadArguments, prepared, self.LONG)
        self.assertEqual(len(prepared("\u0301\u0316" * 128)), 256)
