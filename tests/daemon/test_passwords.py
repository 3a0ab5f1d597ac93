"""Hashes made in threads: right, bounded, of today's parameters."""

import os
import threading
from typing import Any, Literal

import argon2
from argon2 import PasswordHasher
from argon2.exceptions import HashingError, VerificationError
from argon2.low_level import error_to_str
from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase
from zope.interface.verify import verifyObject

from groupchat.daemon.passwords import COURTESY, HASHING, MEMORY_ALLOCATION_ERROR, MEMORY_COST_KIB, THREADS, Passwords
from groupchat.interfaces.identity import IPasswords
from groupchat.model.errors import Busy
from tests.fakes import FakePasswords

CHEAP = PasswordHasher(1, 8, 1)
"""Hashes that cost little, for tests that are not about the cost."""


class CountingHasher(PasswordHasher):
    """A hasher that counts how often it is asked to hash and to verify."""

    def __init__(self) -> None:
        super().__init__(1, 8, 1)
        self.verified = self.hashed = 0

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        self.hashed += 1
        return super().hash(password, salt=salt)

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
        self.verified += 1
        return super().verify(hash, password)


class PasswordsTests(TestCase):
    timeout = 60

    def passwords(self, hasher: PasswordHasher | None = CHEAP, queue: int = 64) -> Passwords:
        made = Passwords(reactor, queue, hasher)
        made.start()
        self.addCleanup(made.stop)
        return made

    async def test_hash(self) -> None:
        """A hash is that of its password only, is another each time, and does not contain it."""
        passwords = self.passwords()
        one, two = await passwords.hash("sesame", ""), await passwords.hash("sesame", "")
        self.assertNotEqual(one, two)
        self.assertNotIn("sesame", one)
        self.assertTrue(one.startswith("$argon2id$"))
        self.assertTrue(await passwords.verify(one, "sesame", ""))
        self.assertFalse(await passwords.verify(one, "Sesame", ""))
        self.assertFalse(await passwords.verify(None, "nobody's password", ""))
        self.assertFalse(await passwords.verify("no hash", "sesame", ""))

    async def test_same_work(self) -> None:
        """Without an account a hash is checked too, so that the time does not tell whether there is one."""
        hasher = CountingHasher()
        passwords = self.passwords(hasher)
        hashed = await passwords.hash("sesame", "")
        for asked in (hashed, None, None):
            await passwords.verify(asked, "wrong", "")
        self.assertEqual((hasher.verified, hasher.hashed), (3, 1))
        costs = [argon2.extract_parameters(one) for one in (hashed, passwords._nobodys)]
        self.assertEqual(costs[0], costs[1])

    async def test_parameters(self) -> None:
        """Hashes have the second choice of RFC 9106; those of other parameters are outdated."""
        passwords = self.passwords(None)
        hashed = await passwords.hash("sesame", "")
        self.assertIn(f"$m={MEMORY_COST_KIB},t=3,p=1$", hashed)
        self.assertFalse(passwords.is_outdated(hashed))
        self.assertTrue(passwords.is_outdated(CHEAP.hash("sesame")))
        self.assertTrue(await passwords.verify(CHEAP.hash("sesame"), "sesame", ""))

    async def test_courteous(self) -> None:
        """The threads leave the processor to the one that talks to people, whose own priority stays."""
        here = os.getpriority(os.PRIO_PROCESS, 0)
        found: list[int] = []

        class Noting(PasswordHasher):
            def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
                found.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
                return super().hash(password, salt=salt)

        await self.passwords(Noting(1, 8, 1)).hash("x", "")
        self.assertEqual(found, [min(here + COURTESY, 19)])
        self.assertEqual(os.getpriority(os.PRIO_PROCESS, 0), here)

    async def test_queue(self) -> None:
        """A limited number may wait, and more are refused, new hashes before checks; later ones are accepted again."""
        passwords = self.passwords(queue=5)
        asked: list[Deferred[Any]] = [passwords.verify(None, "x", "") for _ in range(THREADS - HASHING)]
        asked += [passwords.hash("x", "") for _ in range(5 + HASHING)]
        self.failureResultOf(passwords.hash("x", ""), Busy)
        check = passwords.verify(None, "x", "")
        self.failureResultOf(asked.pop(), Busy)
        await gatherResults([check, *asked])
        await passwords.hash("x", "")

    async def test_turns(self) -> None:
        """Somebody who asks once waits for one of each other household at most, and a check for no new hash."""
        begun: list[str] = []
        going_on = threading.Event()
        self.addCleanup(going_on.set)

        class Noting(PasswordHasher):
            def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
                begun.append("hash")
                return super().hash(password, salt=salt)

            def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
                if password == b"blocker":
                    going_on.wait(60)  # so that one thread is left, and does everything in order
                    return super().verify(hash, password)
                begun.append(f"{password.decode() if isinstance(password, bytes) else password}'s check")
                return super().verify(hash, password)

        passwords = self.passwords(Noting(1, 8, 1))
        blocked = [passwords.verify(None, "blocker", "") for _ in range(THREADS - 1)]
        asked: list[Deferred[Any]] = [passwords.hash("mallory", "mallory") for _ in range(20)]
        asked += [passwords.verify(None, "mallory", "mallory") for _ in range(20)]
        await gatherResults([*asked, passwords.verify(None, "alice", "alice")])
        going_on.set()
        await gatherResults(blocked)
        checks = ["mallory's check", "alice's check", *["mallory's check"] * 19]
        self.assertEqual(begun, ["hash", *checks, *["hash"] * 19])

    async def test_thread_for_checks(self) -> None:
        """However many register, a check begins at once: one thread is not for new hashes."""
        going_on = threading.Event()
        self.addCleanup(going_on.set)

        class Blocking(PasswordHasher):
            def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
                going_on.wait(60)
                return super().hash(password, salt=salt)

        passwords = self.passwords(Blocking(1, 8, 1))
        hashes = [passwords.hash("x", f"household {number}") for number in range(9)]
        self.assertFalse(await passwords.verify(None, "x", "alice"))
        going_on.set()
        await gatherResults(hashes)

    async def test_full_of_one(self) -> None:
        """A queue that one household has filled has room for others; whoever filled it is refused."""
        passwords = self.passwords(queue=5)
        asked: list[Deferred[Any]] = [passwords.verify(None, "x", "mallory") for _ in range(THREADS - HASHING)]
        asked += [passwords.hash("x", "mallory") for _ in range(5 + HASHING)]
        one, two = passwords.verify(None, "x", "alice"), passwords.hash("x", "bob")
        for left_out in asked[-2:]:
            self.failureResultOf(left_out, Busy)
        self.failureResultOf(passwords.hash("x", "mallory"), Busy)
        await gatherResults([*asked[:-2], one, two])

    async def test_stopped(self) -> None:
        """A stop waits for what the threads are doing, and for nothing that waits."""
        passwords = Passwords(reactor, 64, CHEAP)
        passwords.start()
        answers: list[str] = []
        for _ in range(HASHING + 9):
            passwords.hash("x", "").addCallback(answers.append)
        passwords.stop()
        await deferLater(reactor, 0.05)
        self.assertEqual(len(answers), HASHING)

    async def test_error(self) -> None:
        """A failed question is answered with its failure, and the next ones are served."""

        class Failing(PasswordHasher):
            def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
                raise ZeroDivisionError

        passwords = self.passwords(Failing(1, 8, 1))
        asked = [passwords.hash("x", "") for _ in range(THREADS + 3)]
        for one in asked:
            with self.assertRaises(ZeroDivisionError):
                await one
        self.assertFalse(await passwords.verify(None, "x", ""))

    async def test_memory(self) -> None:
        """Where there is not enough memory for a hash the server is busy; that is no wrong password."""

        class Starving(PasswordHasher):
            def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
                raise HashingError(error_to_str(MEMORY_ALLOCATION_ERROR))

            def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
                raise VerificationError(error_to_str(MEMORY_ALLOCATION_ERROR))

        passwords = self.passwords(Starving(1, 8, 1))
        for asked in (passwords.hash("x", ""), passwords.verify(None, "x", "")):
            with self.assertRaises(Busy):
                await asked

    def test_interface(self) -> None:
        """The real one and the stand-in are what they say."""
        self.assertTrue(verifyObject(IPasswords, self.passwords()))
        self.assertTrue(verifyObject(IPasswords, FakePasswords()))
