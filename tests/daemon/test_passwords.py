"""Hashes made in threads: right, bounded, of today's parameters."""

from typing import Literal

from argon2 import PasswordHasher
from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.trial.unittest import TestCase
from zope.interface.verify import verifyObject

from groupchat.daemon.passwords import MEMORY_COST_KIB, THREADS, Passwords
from groupchat.interfaces.identity import IPasswords
from groupchat.model.errors import Busy
from tests.fakes import FakePasswords

CHEAP = PasswordHasher(1, 8, 1)
"""Hashes that cost little, for tests that are not about the cost."""


class CountingHasher(PasswordHasher):
    """A hasher that counts how often it is asked to verify."""

    def __init__(self) -> None:
        super().__init__(1, 8, 1)
        self.verified = 0

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
        one, two = await passwords.hash("sesame"), await passwords.hash("sesame")
        self.assertNotEqual(one, two)
        self.assertNotIn("sesame", one)
        self.assertTrue(one.startswith("$argon2id$"))
        self.assertTrue(await passwords.verify(one, "sesame"))
        self.assertFalse(await passwords.verify(one, "Sesame"))
        self.assertFalse(await passwords.verify(None, "nobody's password"))
        self.assertFalse(await passwords.verify("no hash", "sesame"))

    async def test_same_work(self) -> None:
        """Without an account a hash is checked too, so that the time does not tell whether there is one."""
        hasher = CountingHasher()
        passwords = self.passwords(hasher)
        hashed = await passwords.hash("sesame")
        for asked in (hashed, None, None):
            await passwords.verify(asked, "wrong")
        self.assertEqual(hasher.verified, 3)

    async def test_parameters(self) -> None:
        """Hashes have the second choice of RFC 9106; those of other parameters are outdated."""
        passwords = self.passwords(None)
        hashed = await passwords.hash("sesame")
        self.assertIn(f"$m={MEMORY_COST_KIB},t=3,p=1$", hashed)
        self.assertFalse(passwords.is_outdated(hashed))
        self.assertTrue(passwords.is_outdated(CHEAP.hash("sesame")))
        self.assertTrue(await passwords.verify(CHEAP.hash("sesame"), "sesame"))

    async def test_queue(self) -> None:
        """A limited number of requests may wait, and more are refused at once; later ones are accepted again."""
        passwords = self.passwords(queue=5)
        asked: list[Deferred[str]] = [passwords.hash("x") for _ in range(5 + THREADS)]
        self.failureResultOf(passwords.hash("x"), Busy)
        self.failureResultOf(passwords.verify(None, "x"), Busy)
        await gatherResults(asked)
        await passwords.hash("x")

    def test_interface(self) -> None:
        """The real one and the stand-in are what they say."""
        self.assertTrue(verifyObject(IPasswords, self.passwords()))
        self.assertTrue(verifyObject(IPasswords, FakePasswords()))
