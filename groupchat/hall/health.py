"""The health of the server: count refusals, and tell everybody when messages cannot be stored."""

import math
from collections import Counter
from collections.abc import Callable, Mapping

from twisted.logger import Logger
from twisted.python.failure import Failure

from groupchat.interfaces.clock import Clock
from groupchat.lazy.records import record
from groupchat.model.errors import Refusal
from groupchat.model.events import Ref, Refused
from groupchat.state.people import Connection

log = Logger()


@record
class Reload:
    """The last time the settings were read again.

    ``at``: in seconds since 1970 UTC.  ``mistake``: why those before stay, as a sentence; empty: they were applied.
    """

    at: float
    mistake: str = ""


TROUBLE_S = 60.0
"""After everybody was told that nothing can be stored, nobody is told again for so many seconds."""


class Health:
    """Counts and reports what goes wrong.

    ``refusals``: how often something was refused, by code.
    ``tell(text)`` says something to everybody now, past the queue, which may be what does not move.
    ``reload``: the last one; None: there was none yet.
    ``validity()`` returns when each certificate expires, in seconds since 1970 UTC, by a name of it.
    ``on_broken(failure)`` is called, once, when the journal can no longer be trusted.
    """

    def __init__(self, clock: Clock, tell: Callable[[str], None]) -> None:
        self.refusals: Counter[str] = Counter()
        self.on_broken: Callable[[Failure], None] = lambda failure: None
        self.reload: Reload | None = None
        self.validity: Callable[[], Mapping[str, float]] = dict
        self._clock = clock
        self._tell = tell
        self._told_at = -math.inf
        self._is_told = False
        self._trouble = ""
        self._is_over = False
        """True: what there was to say is said, and nothing can be posted here any more."""
        self._is_broken = False

    def refuse(self, connection: Connection, refusal: Refusal, ref: Ref = None) -> None:
        """Tell a connection that something is refused."""
        self.refusals[refusal.code] += 1
        connection.show(Refused(refusal.code, str(refusal), refusal.wait), ref)

    def report(self, trouble: str) -> None:
        """Tell everybody that nothing is stored, and when that is over; not each time, if it comes and goes.

        :param trouble: a sentence; empty: it is over.
        """
        self._trouble = trouble
        if trouble:
            self._tell_trouble()
        elif self._is_told and not self._is_over:
            self._is_told = False
            self._tell("Messages can be posted again.")

    def sweep(self) -> None:
        """Tell everybody of a trouble that came too soon after the one before, and stays.  To be called each second."""
        if self._trouble and not self._is_told:
            self._tell_trouble()

    def stopped(self, why: str) -> None:
        """Tell everybody, at once, that nothing can be posted here any more; there is no more to say then."""
        if not self._is_over:
            self._is_over = True
            self._tell(why)

    def _tell_trouble(self) -> None:
        now = self._clock.seconds()
        if not self._is_over and now >= self._told_at + TROUBLE_S:
            self._told_at, self._is_told = now, True
            self._tell(self._trouble)

    def broken(self, failure: Failure) -> None:
        """Note that the journal can no longer be trusted."""
        if not self._is_broken:
            self._is_broken = self._is_over = True
            log.failure("The journal can no longer be trusted", failure=failure)
            self.on_broken(failure)
