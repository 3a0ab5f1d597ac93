"""The screen of one request, and how what it is answered becomes an answer over HTTP."""

from collections.abc import Callable, Mapping
from math import ceil
from typing import Any, ClassVar, cast

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from groupchat.doors.lines.json_conversation import BEGINNING
from groupchat.doors.lines.json_style import JsonStyle
from groupchat.doors.web.web_request import JSON, Answer, Request
from groupchat.interfaces.screens import IStyle, Rendered
from groupchat.model import events
from groupchat.model.errors import Refusal, ServerError
from groupchat.model.events import Ref, Refused
from groupchat.sessions.visit import Visit
from groupchat.state.silent_screen import SilentScreen

log = Logger()

STATUSES: Mapping[str, int] = {
    **dict.fromkeys(("password-needed", "password-wrong", "access-invalid", "login-needed", "no-nickname"), 401),
    **dict.fromkeys(("banned", "kicked", "logged-out", "muted", "not-allowed", "not-encrypted"), 403),
    **dict.fromkeys(("room-closed", "room-locked"), 403),
    **dict.fromkeys(("no-such-room", "no-such-hook", "no-such-message", "no-such-nick"), 404),
    **dict.fromkeys(("no-such-ticket", "no-such-file"), 404),
    **dict.fromkeys(("nick-taken", "outdated", "already-deleted"), 409),
    **dict.fromkeys(("line-too-long", "too-long", "file-too-large", "quota-exceeded"), 413),
    **dict.fromkeys(("flooding", "slow-mode", "too-many-failures"), 429),
    **dict.fromkeys(("busy", "files-unavailable", "journal-unavailable", "node-lost", "stopping"), 503),
    "server-error": 500,
}
"""The status of each refusal; others are 400."""

WAITS: Mapping[int, int] = {429: 1, 503: 5}
"""The seconds after which a request can be repeated that was refused with this status, where that is not known."""

CHALLENGE = 'Basic realm="groupchat", charset="UTF-8", Bearer realm="groupchat"'
"""How one can say who one is (RFC 9110, section 11.6.1)."""

PRIVATE = (("cache-control", "no-store"), ("vary", "accept, accept-encoding, authorization"))
"""What is said with everything of the chat: no proxy keeps it."""


class HttpStyle(JsonStyle):
    """How programs are shown things over HTTP."""

    door: ClassVar[str] = "http"
    resumes: ClassVar[bool] = False


STYLE = HttpStyle(BEGINNING)
"""The style of all requests; nobody can prefer another one."""


class Desk(SilentScreen):
    """The screen of one request.  It keeps answers until they are asked for, and shows nothing else."""

    def __init__(self, request: Request) -> None:
        super().__init__(cast(IStyle, STYLE))
        self.address = request.address
        self.secure = request.secure
        self.base = request.base
        self.exempt = request.channel.reception.exempts(request.address)
        self._answers: list[events.Answer] = []
        self._waiting: Deferred[events.Answer] | None = None

    def given(self) -> "Deferred[events.Answer]":
        """Return a Deferred that fires with the next answer; at once if there is one already."""
        waiting = self._waiting = Deferred()
        self._hand_out()
        return waiting

    @property
    def last_refusal(self) -> Refused | None:
        """Return why the visit was ended, if it was."""
        return next((one for one in reversed(self._answers) if isinstance(one, Refused)), None)

    def answer(self, answer: events.Answer, ref: Ref, nick: str, current: str) -> Rendered:
        """Keep an answer; what is shown of it, the request decides."""
        self._answers.append(answer)
        self._hand_out()
        return Rendered(b"")

    def close(self, code: str) -> None:
        """Answer a request that is ended."""
        if self.last_refusal is None:
            self.answer(Refused(code, "The server closes all connections. Come back later."), None, "", "")

    def _hand_out(self) -> None:
        waiting = self._waiting
        if waiting is not None and self._answers:
            self._waiting = None
            waiting.callback(self._answers.pop(0))


def answered(request: Request, work: "Callable[[Visit, Desk], Deferred[Any]]") -> None:
    """Let this work answer a request, as a visit: it gives an answer; or None, and goes on by itself."""
    desk = Desk(request)
    visit: Visit = request.channel.reception.visits().begin(desk)
    request.on_gone = visit.end
    is_answered = False

    def send(answer: Answer | None) -> None:
        nonlocal is_answered
        if answer is not None and not is_answered:
            is_answered = True
            visit.end()
            request.send(answer)

    visit.on_silent = lambda refusal: send(excuse(request, visit, desk, Failure(refusal)))
    work(visit, desk).addErrback(lambda failure: excuse(request, visit, desk, failure)).addCallback(send).addErrback(
        lambda failure: log.failure("A request over HTTP could not be answered", failure=failure)
    )


def excuse(request: Request, visit: Visit, desk: Desk, failure: Failure) -> Answer:
    """Return the answer to a request whose work failed: why it was refused, or that the failure is logged."""
    if not isinstance(failure.value, Refusal):
        if request.channel is not None and request.channel.reception.log_limits.allows("requests that failed"):
            log.failure("A request over HTTP failed", failure=failure)
        return refused(Refused(ServerError.code, "Something went wrong here; it has been logged."))
    ended = desk.last_refusal
    if ended is not None:
        return refused(ended)
    visit.refused(failure.value)
    return refused(Refused(failure.value.code, str(failure.value), failure.value.wait))


def done(status: int, answer: events.Answer) -> Answer:
    """Return what was done, as JSON."""
    return Answer(status, _json(answer), JSON, PRIVATE)


def refused(answer: Refused, status: int = 0) -> Answer:
    """Return a refusal, as JSON.  :param status: its status, if that is not the one of its code."""
    status = status or STATUSES.get(answer.code, 400)
    headers: list[tuple[str, str]] = [*PRIVATE]
    if status in WAITS:
        headers.append(("retry-after", str(ceil(answer.wait) or WAITS[status])))
    if status == 401:
        headers.append(("www-authenticate", CHALLENGE))
    return Answer(status, _json(answer), JSON, headers)


def _json(answer: events.Answer) -> bytes:
    return bytes(STYLE.answer(answer, None, "")).replace(b"\r\n", b"\n")
