"""Bodies of requests that are taken while they come, as files are.

Rules:

1. Nothing of a body is read, and its sender is not told to go on, before it is known that it is taken.
2. While what takes it is behind, the connection is not read; at most what was read in one piece is held here.
3. Whoever sends less than 1 KiB/s is cut off; the time that the server itself takes does not count.
"""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from groupchat.doors.web.request_reader import RequestReader
from groupchat.doors.web.web_request import Answer, Intake, Request
from groupchat.interfaces.entrances import IReception

SLOWEST = 1024
"""The fewest bytes a second in which a body has to come."""


log = Logger()


class BodyReader(RequestReader):
    """The incoming half of a connection over HTTP, with bodies of any size."""

    transport: Any

    def __init__(self, reception: IReception) -> None:
        super().__init__(reception)
        self._held: list[bytes] | None = None
        """What came while it is not known yet whether the body is taken; None: that is known."""
        self._is_whole_already = False
        """True if there is no body, and that is waited for."""
        self._waits = False
        """True while nothing is read."""
        self._taken_before = 0
        """The bytes that had come when that was looked at last."""

    # The request calls these.

    def ask_for_intake(self, request: Request, begin: "Callable[..., Deferred[Intake | Answer]]") -> None:
        self._held, self._is_whole_already, self._taken_before = [], False, 0
        self.reception.handshakes.cancel(self)
        self.reception.answers.set(self)
        begin(request, **request.parts).addCallback(self._begun, request).addErrback(self._failed)
        if self._held is not None:
            self.wait_with_body()

    def wait_with_body(self) -> None:
        """Read no more for now."""
        if not self.spent:
            self._waits = True
            self.transport.pauseProducing()

    def go_on_with_body(self) -> None:
        """Read on."""
        if self._waits and self._held is None:
            self._waits = False
            if not self.spent:
                self.transport.resumeProducing()

    # The reception calls these.

    def upload_expired(self) -> None:
        """See that the body comes, if slowly; cut off a peer that sends next to nothing."""
        came, self._taken_before = self.taken - self._taken_before, self.taken
        if self._waits or came >= SLOWEST * self.reception.uploads.seconds:
            self.reception.uploads.set(self)
        else:
            self._refuse_body(lambda intake: intake.too_slow())

    def stop_upload(self) -> None:
        """Refuse a body that is coming: the server stops."""
        self._refuse_body(lambda intake: intake.stopping())

    # Twisted calls these.

    def rawDataReceived(self, data: bytes) -> None:
        if self._held is not None and not self.spent:
            self._held.append(data)
        else:
            super().rawDataReceived(data)

    def allContentReceived(self) -> None:
        if self._held is not None and not self.spent:
            self._is_whole_already = True
            self.setRawMode()
        else:
            super().allContentReceived()

    def resumeProducing(self) -> None:
        super().resumeProducing()
        if self._waits and not self.spent:
            self.transport.pauseProducing()

    # How

    def _begun(self, found: Intake | Answer, request: Request) -> None:
        """Take the body, or refuse it; it is known now."""
        held, self._held = self._held, None
        if self.spent or request.gone:
            if not isinstance(found, Answer):
                found.abandon()
            return
        self.reception.answers.cancel(self)
        if isinstance(found, Answer):
            request.refusal = found
        else:
            request.intake = found
            self.reception.uploads.set(self)
        self.go_on_after_head(request)
        if self._is_whole_already:
            self.allContentReceived()
        if held:
            self.dataReceived(b"".join(held))
        self.go_on_with_body()

    def _failed(self, failure: Failure) -> None:
        """Log an error of ours; the peer is told nothing more."""
        log.failure("The body of a request could not be taken", failure=failure)
        self.abort()

    def _refuse_body(self, why: Callable[[Intake], Answer]) -> None:
        intake = self.requests[-1].intake if self.requests else None
        if intake is None:
            self.abort()
        else:
            self.refuse(why(intake))
