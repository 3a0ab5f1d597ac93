"""Errors: their codes are stable, unique and documented."""

import re
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from groupchat.model import errors
from groupchat.model.errors import CannotStart, JournalBroken, NickTaken, Refusal

REFUSALS = [
    value
    for value in vars(errors).values()
    if isinstance(value, type) and issubclass(value, Refusal) and value is not Refusal
]
PROTOCOL = Path(__file__).parents[2] / "docs" / "PROTOCOL.md"

STABLE = [
    "access-invalid",
    "account-exists",
    "already-deleted",
    "bad-arguments",
    "bad-character",
    "bad-json",
    "banned",
    "busy",
    "code-invalid",
    "flooding",
    "handshake-timeout",
    "held-line",
    "journal-unavailable",
    "kicked",
    "line-too-long",
    "login-needed",
    "muted",
    "nick-invalid",
    "nick-reserved",
    "nick-taken",
    "no-nickname",
    "no-such-account",
    "no-such-message",
    "no-such-nick",
    "no-such-room",
    "node-lost",
    "not-allowed",
    "not-encrypted",
    "not-in-room",
    "not-utf8",
    "not-yours",
    "nothing-to-say",
    "nothing-to-undo",
    "password-needed",
    "password-weak",
    "password-wrong",
    "registration-closed",
    "replaced",
    "room-invalid",
    "room-locked",
    "search-unavailable",
    "secret-in-line",
    "server-error",
    "server-full",
    "slow-mode",
    "token-invalid",
    "too-many-attempts",
    "too-many-connections",
    "too-many-failures",
    "too-many-registrations",
    "too-old",
    "too-slow",
    "unknown-command",
]
"""Codes that programs in use compare with: more may be added, none may be changed or removed."""


def documented() -> set[str]:
    """Return every code that docs/PROTOCOL.md explains, in its table or in the sentences after it."""
    section = PROTOCOL.read_text("utf-8").partition("\n## Codes\n")[2].partition("\n## ")[0]
    return {*re.findall(r"`([a-z0-9-]+)`", section)}


class Codes(SynchronousTestCase):
    def test_each_has_its_own(self) -> None:
        """Every refusal has a code of its own, so that a program can tell them apart."""
        codes = [refusal.code for refusal in REFUSALS]
        self.assertEqual(sorted(codes), sorted({*codes}))
        self.assertNotIn(Refusal.code, codes)
        self.assertTrue(all("code" in vars(refusal) for refusal in REFUSALS))

    def test_kebab_case(self) -> None:
        """Codes are lower-case words joined by hyphens, at most 24 characters long."""
        for refusal in REFUSALS:
            self.assertRegex(refusal.code, r"\A[a-z][a-z0-9]*(-[a-z0-9]+)*\Z")
            self.assertLessEqual(len(refusal.code), 24)

    def test_stable(self) -> None:
        """No code that programs know has disappeared."""
        self.assertEqual({*STABLE} - {refusal.code for refusal in REFUSALS}, set())

    def test_documented(self) -> None:
        """Every code is explained in docs/PROTOCOL.md."""
        self.assertEqual({refusal.code for refusal in REFUSALS} - documented(), set())


class Sentences(SynchronousTestCase):
    def test_str_is_the_sentence(self) -> None:
        """The text of a refusal is the sentence it was raised with, and its code does not depend on it."""
        refusal = NickTaken("alice is taken; choose another nickname.")
        self.assertEqual((str(refusal), refusal.code), ("alice is taken; choose another nickname.", "nick-taken"))

    def test_faults_are_not_refusals(self) -> None:
        """A broken journal and a failed start are never caught as somebody's mistake."""
        for fault in (JournalBroken, CannotStart):
            self.assertFalse(issubclass(fault, Refusal))
