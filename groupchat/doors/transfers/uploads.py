"""Send a file over HTTP: to a room, or with a ticket that was given in the chat.

1. Whether it is taken is known before any of it is read, and before curl, which waits for that, is told to go on.
2. It goes to the shelf as it comes, never through memory as a whole.
3. It is answered when it is on disk, and posted.
"""

from collections.abc import Callable, Generator
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.logger import Logger
from twisted.python.failure import Failure

from groupchat.doors.requests.desk import Desk, done, excuse, refused
from groupchat.doors.requests.saying import key_of
from groupchat.doors.requests.who import Query, credentials
from groupchat.doors.web.web_request import Answer, Intake, Request
from groupchat.interfaces.files import IUpload
from groupchat.model.errors import BadArguments, Busy, FilesUnavailable, FileTooLarge, Refusal, TooSlow
from groupchat.model.events import Answer as ChatAnswer
from groupchat.model.events import Done, Refused
from groupchat.model.wording import exact_size
from groupchat.sessions.visit import Visit

log = Logger()


class LengthMissing(BadArguments):
    """Nothing says whether a body comes at all."""


STATUSES: tuple[tuple[type[Refusal], int], ...] = (
    (Busy, 429),
    (FilesUnavailable, 507),
    (TooSlow, 408),
    (LengthMissing, 411),
)
"""The statuses of refusals that mean something else here than elsewhere: too many at once, no space, too slow."""


class SenderDesk(Desk):
    """The screen of somebody who sends a file: a visit that is ended meanwhile ends that, too."""

    def __init__(self, request: Request) -> None:
        super().__init__(request)
        self._request = request

    def answer(self, answer: ChatAnswer, *where: Any) -> Any:
        """Keep an answer; a refusal ends a file that is coming."""
        shown = super().answer(answer, *where)
        if isinstance(answer, Refused) and self._request.intake is not None and self._request.channel is not None:
            self._request.channel.refuse(refused(answer))
        return shown


class FileIntake:
    """Takes the body of a request as a file.

    :param visit: who sends it; None: who has the ticket.
    """

    def __init__(self, upload: IUpload, visit: Visit | None = None) -> None:
        self.limit = upload.limit
        self.upload = upload
        self._visit = visit

    def write(self, data: bytes) -> bool:
        """Take more of it."""
        return self.upload.write(data)

    def too_large(self) -> Answer:
        """Return the answer to a file that is longer than it may be."""
        return why(
            FileTooLarge(
                f"The file is larger than {exact_size(self.limit)}, the most that is taken; nothing of it was kept."
            )
        )

    def too_slow(self) -> Answer:
        """Return the answer to a file that does not come."""
        return why(TooSlow("Less than 1 KiB a second came of the file; nothing of it was kept."))

    def stopping(self) -> Answer:
        """Return the answer to a file that comes while the server stops."""
        return refused(Refused("stopping", "The server stops; nothing of the file was kept. Send it again later."))

    def abandon(self) -> None:
        """Throw away what has come."""
        self.upload.abort()
        self.end()

    def check(self) -> None:
        """See that whoever sends it may still do so.  Raises a Refusal."""
        if self._visit is not None:
            self._visit.check()

    def end(self) -> None:
        """Note that the request is answered, or given up."""
        if self._visit is not None:
            self._visit.end()


@inlineCallbacks
def begin_with_ticket(request: Request, ticket: str) -> "Generator[Deferred[Any], Any, Intake | Answer]":
    """Find out whether there is such a ticket; each is taken once."""
    try:
        length = _length(request)
        Query(request)
        try:
            upload = _visits(request).redeem(ticket, length, request.channel.go_on_with_body)
        except Refusal:
            first: tuple[int, str] | None = yield _visits(request).redeemed(ticket)
            if first is None:
                raise
            return _posted(*first)
    except Exception:
        return _excused(Failure())
    return FileIntake(upload)


def begin_in_room(request: Request, room: str, name: str) -> "Deferred[Intake | Answer]":
    """Find out whether somebody may send a file to a room."""
    return _begin(request, room, lambda query: name, "nick", "reply")


def begin_with_query(request: Request, room: str) -> "Deferred[Intake | Answer]":
    """Find out likewise; the name of the file is in the query."""
    return _begin(request, room, _name, "nick", "reply", "name")


def keep(request: Request, **parts: str) -> None:
    """Keep a file that has come whole, post it, and say so."""
    intake: Any = request.intake
    request.intake = None  # nobody throws it away any more, whether the peer waits for the answer or not

    def answered(outcome: Any) -> None:
        intake.end()
        request.send(outcome)

    def kept(number: int) -> Answer:
        return _posted(number, intake.upload.path)

    try:
        intake.check()
    except Refusal as refusal:
        intake.abandon()
        request.send(why(refusal))
        return
    intake.upload.finish().addCallbacks(kept, _excused).addCallback(answered).addErrback(
        lambda failure: log.failure("A request over HTTP could not be answered", failure=failure)
    )


def no_name(request: Request, room: str) -> Answer:
    """Say that the name is missing."""
    return why(BadArguments("A file needs a name: PUT /rooms/ROOM/NAME, or curl -T FILE with a slash at the end."))


def why(refusal: Refusal) -> Answer:
    """Return why a file is not taken."""
    status = next((status for kind, status in STATUSES if isinstance(refusal, kind)), 0)
    return refused(Refused(refusal.code, str(refusal), refusal.wait), status)


def _posted(number: int, path: str) -> Answer:
    return done(201, Done(number, fields={"link": path} if path else {}))


def _excused(failure: Failure) -> Answer:
    return why(failure.value) if isinstance(failure.value, Refusal) else _failed(failure)


def _failed(failure: Failure) -> Answer:
    log.failure("A file could not be taken", failure=failure)
    return refused(Refused("server-error", "Something went wrong here; it has been logged."))


@inlineCallbacks
def _begin(
    request: Request, room: str, name_of: Callable[[Query], str], *known: str
) -> "Generator[Deferred[Any], Any, Intake | Answer]":
    desk = SenderDesk(request)
    visit: Visit = _visits(request).begin(desk)
    request.on_gone = visit.end
    try:
        length = _length(request)
        query = Query(request, *known)
        name, who, key = name_of(query), credentials(request, query.text("nick")), key_of(request)
        yield visit.come(who)
        try:
            upload = yield visit.share(
                name, length, request.channel.go_on_with_body, room=room, reply=query.number("reply"), key=key
            )
        except (Busy, FilesUnavailable) as refusal:
            visit.refused(refusal)
            visit.end()
            return why(refusal)
    except LengthMissing as refusal:
        visit.end()
        return why(refusal)
    except Exception:
        answer = excuse(request, visit, desk, Failure())
        visit.end()
        return answer
    if isinstance(upload, tuple):
        visit.end()
        return _posted(*upload)
    return FileIntake(upload, visit)


def _length(request: Request) -> int | None:
    """Return how long a file is said to be; None: it comes in chunks.

    :raises BadArguments: what comes is no file, or not the whole of one.
    """
    if request.header("content-range"):
        raise BadArguments("A file is sent as a whole; there is no Content-Range.")
    if request.header("content-type").strip().lower().startswith("multipart/"):
        raise BadArguments("The body is the file itself, no form: curl -T FILE, or --data-binary @FILE.")
    length: int | None = request.channel.length
    if length == 0 and not request.header("content-length"):
        raise LengthMissing("How long is the file? Say it (Content-Length), or send it in chunks, as curl -T does.")
    return length


def _name(query: Query) -> str:
    name = query.text("name")
    if not name:
        raise BadArguments("A file needs a name: ?name=NAME.")
    return name


def _visits(request: Request) -> Any:
    return request.channel.reception.visits()
