"""Hash and check passwords with Argon2id (RFC 9106), in two threads of their own.

A hash takes some 0.1 s and 64 MiB on purpose; argon2-cffi releases the interpreter meanwhile.
What waits for a thread is in a queue of our own, so that nobody can fill it with their questions.
"""

import atexit
import base64
import os
from collections.abc import Callable
from threading import Thread
from typing import Any, NamedTuple

from argon2 import PasswordHasher
from argon2.exceptions import HashingError, InvalidHashError, VerificationError
from argon2.low_level import error_to_str
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool
from zope.interface import implementer

from groupchat.interfaces.identity import IPasswords
from groupchat.limits.fair_queue import FairQueue
from groupchat.model.errors import BUSY_S, Busy

THREADS = 2
"""Passwords checked and hashed at the same time: they take 128 MiB at most."""

HASHING = THREADS - 1
"""New hashes made at the same time: so there is a thread for people who log in, however many register."""

TIME_COST, MEMORY_COST_KIB, PARALLELISM = 3, 65536, 1
"""The second choice of RFC 9106, section 4; with one lane, because the cores have other work."""

MEMORY_ALLOCATION_ERROR = -22
"""Argon2's own code for too little memory."""

CHECK, HASH = 0, 1
"""The urgency of a check and of a new hash: people who log in come before those who register."""


COURTESY = 5
"""The niceness of these threads: on a busy processor they get a third of what the thread that talks to people gets."""


class Courteous(Thread):
    """A thread whose work can wait a moment, while that of the others takes a millisecond.

    It does not keep a process alive that ends without ``Passwords.stop``: it has nothing that could be lost.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **{**named, "daemon": True})

    def run(self) -> None:
        """Hash passwords, giving way to the thread that everybody waits for."""
        os.nice(COURTESY)  # on Linux of this thread only
        super().run()


class Question(NamedTuple):
    """A task for a thread, and the Deferred that waits for it."""

    urgency: int
    function: Callable[..., Any]
    arguments: tuple[object, ...]
    answer: "Deferred[Any]"


@implementer(IPasswords)
class Passwords:
    """The threads that hash passwords.

    :param queue: how many requests may wait; when there are more, the one of whoever has most is refused.
    """

    def __init__(self, reactor: Any, queue: int, hasher: PasswordHasher | None = None) -> None:
        self._reactor = reactor
        self._hasher = hasher or PasswordHasher(TIME_COST, MEMORY_COST_KIB, PARALLELISM)
        self._pool = ThreadPool(0, THREADS, "passwords")
        self._pool.threadFactory = Courteous
        self._waiting: FairQueue[Question] = FairQueue(queue)
        self._busy = [0, 0]
        """The number of threads at work, by urgency."""
        self._nobodys = _nobodys(self._hasher)
        """The hash that is checked when there is no account."""
        self._stopped = False

    def start(self) -> None:
        """Start the threads.  To be called after the process has become a daemon: threads do not survive a fork."""
        self._pool.start()
        # As for the threads of the journal: none may be at work while the interpreter takes itself apart.
        atexit.register(self._pool.stop)

    def stop(self) -> None:
        """Finish what is under way, and end the threads; what waits is not answered any more."""
        self._stopped = True
        atexit.unregister(self._pool.stop)
        self._pool.stop()

    def hash(self, password: str, household: str) -> "Deferred[str]":
        """Hash the password in a thread.  Fails with Busy."""
        return self._ask(HASH, household, self._made, password)

    def verify(self, hashed: str | None, password: str, household: str) -> "Deferred[bool]":
        """Check the password in a thread; without a hash (None) this takes as long.  Fails with Busy."""
        return self._ask(CHECK, household, self._matches, hashed if hashed is not None else self._nobodys, password)

    def is_outdated(self, hashed: str) -> bool:
        """Tell whether the hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(hashed)

    def _ask(self, urgency: int, household: str, function: Callable[..., Any], *arguments: object) -> "Deferred[Any]":
        question = Question(urgency, function, arguments, Deferred())
        if self._can_begin(urgency):
            self._begin(question)
        elif (left_out := self._waiting.put(question, household, urgency)) is not None:
            left_out.answer.errback(Busy("Too many passwords are being checked. Try again in a few seconds.", BUSY_S))
        return question.answer

    def _can_begin(self, urgency: int) -> bool:
        return sum(self._busy) < THREADS and (urgency == CHECK or self._busy[HASH] < HASHING)

    def _begin(self, question: Question) -> None:
        self._busy[question.urgency] += 1
        asked = deferToThreadPool(self._reactor, self._pool, question.function, *question.arguments)
        asked.addBoth(self._answered, question)

    def _answered(self, result: object, question: Question) -> None:
        self._busy[question.urgency] -= 1
        while not self._stopped and self._can_begin(CHECK):
            following = self._waiting.take(HASH if self._can_begin(HASH) else CHECK)
            if following is None:
                break
            self._begin(following)
        question.answer.callback(result)

    # In a thread

    def _made(self, password: str) -> str:
        try:
            return self._hasher.hash(password)
        except (MemoryError, HashingError) as error:
            raise _starved() from error

    def _matches(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password.encode("utf-8", "surrogatepass"))
        except MemoryError as error:
            raise _starved() from error
        except VerificationError as error:
            if str(error) == error_to_str(MEMORY_ALLOCATION_ERROR):
                raise _starved() from error
            return False
        except InvalidHashError:
            return False


def _starved() -> Busy:
    return Busy("There is not enough memory to check passwords. Try again in a few seconds.", BUSY_S)


def _nobodys(hasher: PasswordHasher) -> str:
    """Return a hash that takes as long to check as any made today, and is no password's: its digest is random."""
    salt, digest = (
        base64.b64encode(os.urandom(length)).rstrip(b"=").decode() for length in (hasher.salt_len, hasher.hash_len)
    )
    costs = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2id$v=19${costs}${salt}${digest}"
