"""Hash and check passwords with Argon2id (RFC 9106), in two threads of their own.

A hash takes some 0.1 s and 64 MiB on purpose; argon2-cffi releases the interpreter meanwhile.
"""

from typing import Any, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from twisted.internet.defer import Deferred, fail
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool
from zope.interface import implementer

from groupchat.interfaces.identity import IPasswords
from groupchat.model.errors import Busy

THREADS = 2
"""Hashes made at the same time: they take 128 MiB at most."""

TIME_COST, MEMORY_COST_KIB, PARALLELISM = 3, 65536, 1
"""The second choice of RFC 9106, section 4; with one lane, because the cores have other work."""

_Result = TypeVar("_Result")


@implementer(IPasswords)
class Passwords:
    """The threads that hash passwords.

    :param queue: how many requests may wait; more are refused.
    """

    def __init__(self, reactor: Any, queue: int, hasher: PasswordHasher | None = None) -> None:
        self._reactor = reactor
        self._queue = queue
        self._hasher = hasher or PasswordHasher(TIME_COST, MEMORY_COST_KIB, PARALLELISM)
        self._pool = ThreadPool(0, THREADS, "passwords")
        self._asked = 0
        self._nobodys = ""
        """The hash that is checked when there is no account; made when it is first needed."""

    def start(self) -> None:
        """Start the threads.  To be called after the process has become a daemon: threads do not survive a fork."""
        self._pool.start()

    def stop(self) -> None:
        """Finish what is under way, and end the threads."""
        self._pool.stop()

    def hash(self, password: str) -> "Deferred[str]":
        """Hash the password in a thread.  Fails with Busy."""
        return self._ask(self._hasher.hash, password)

    def verify(self, hashed: str | None, password: str) -> "Deferred[bool]":
        """Check the password in a thread; without a hash (None) this takes as long.  Fails with Busy."""
        return self._ask(self._verify, hashed, password)

    def is_outdated(self, hashed: str) -> bool:
        """Tell whether the hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(hashed)

    def _ask(self, function: Any, *arguments: object) -> "Deferred[Any]":
        if self._asked >= self._queue + THREADS:
            return fail(Busy("Too many passwords are being checked. Try again in a few seconds."))
        self._asked += 1
        answer = deferToThreadPool(self._reactor, self._pool, function, *arguments)
        return answer.addBoth(self._answered)

    def _answered(self, result: _Result) -> _Result:
        self._asked -= 1
        return result

    def _verify(self, hashed: str | None, password: str) -> bool:
        if hashed is None:
            if not self._nobodys:
                self._nobodys = self._hasher.hash("nobody's password")
            self._matches(self._nobodys, password)
            return False
        return self._matches(hashed, password)

    def _matches(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password.encode("utf-8", "surrogatepass"))
        except (VerificationError, InvalidHashError):
            return False
