"""Fetch a file over HTTP.

Whoever has the link of a file may fetch it; nobody can guess one.  What is fetched comes from anybody, and browsers
show it beside the chat: so it can run nothing, whatever it is.

1. Its type is what its bytes say, never what its name says; browsers are told not to look for another one.
2. Only what cannot run anything is shown in a browser; everything else is saved, SVG, HTML and PDF among it.
3. Even if it could run, it would be in a sandbox without an origin, and could load nothing.
"""

from collections.abc import Generator
from typing import Any
from urllib.parse import quote

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.logger import Logger
from twisted.python.failure import Failure

from groupchat.doors.requests.desk import PRIVATE, refused
from groupchat.doors.transfers.file_stream import FileStream
from groupchat.doors.transfers.ranges import NotSatisfiable, has_it, is_unchanged, part
from groupchat.doors.web.web_request import Answer, Request
from groupchat.interfaces.files import NoSpace
from groupchat.model.drafts import SharedFile
from groupchat.model.errors import Refusal, ServerError
from groupchat.model.events import Refused
from groupchat.model.wording import plural

KEPT_S = 24 * 3600
"""For how long a browser shows a file again without asking; it never changes, but may be deleted."""

UNKNOWN = "application/octet-stream"

SHOWN = {
    kind: kind
    for kind in (
        *("image/jpeg", "image/png", "image/gif", "image/webp", "image/avif"),
        *("audio/mpeg", "audio/ogg", "audio/mp4", "audio/wav", "video/mp4", "video/ogg"),
    )
} | {"text/plain": "text/plain; charset=utf-8"}
"""The types that a browser may show, as it is told them."""

log = Logger()


def serve_file(request: Request, link: str, name: str) -> None:
    """Send a file, or a part of it.

    :param name: what whoever made the link calls it; the file has its own.
    """

    @inlineCallbacks
    def work() -> "Generator[Deferred[Any], Any, None]":
        shared, file = yield request.channel.reception.visits().open_file(link)
        if request.gone:
            file.close()
            return
        reception = request.channel.reception
        sha256 = shared.file.sha256
        opened = reception.open_files.share(sha256, file)
        answer, begin, length = _answer(request, shared)
        if answer.status in (200, 206) and length and request.method != b"HEAD":
            request.send_head(answer)
            FileStream(request, opened, begin, length, lambda: reception.open_files.release(sha256)).begin()
        else:
            reception.open_files.release(sha256)
            request.send(answer)

    def excused(failure: Failure) -> None:
        if isinstance(failure.value, Refusal):
            status = 507 if isinstance(failure.value, NoSpace) else 0
            request.send(refused(Refused(failure.value.code, str(failure.value), failure.value.wait), status))
        else:
            log.failure("A file could not be sent", failure=failure)
            request.send(refused(Refused(ServerError.code, "Something went wrong here; it has been logged.")))

    work().addErrback(excused)


def _answer(request: Request, shared: SharedFile) -> tuple[Answer, int, int]:
    """Return the answer but for its body, and which part of the file that is."""
    size, tag = shared.file.size, f'"{shared.file.sha256[:32]}"'
    kind = SHOWN.get(shared.file.type, UNKNOWN)
    headers = [
        ("etag", tag),
        ("cache-control", f"private, max-age={KEPT_S}, immutable"),
        ("accept-ranges", "bytes"),
        ("content-disposition", disposition(shared.post.event.name, kind != UNKNOWN)),  # type: ignore[attr-defined]
        ("content-security-policy", "sandbox; default-src 'none'"),
        ("cross-origin-resource-policy", "same-origin"),
    ]
    if has_it(request.header("if-none-match"), tag):
        return Answer(304, headers=headers), 0, 0
    begin, length, status = 0, size, 200
    if request.method == b"GET" and is_unchanged(request.header("if-range"), tag):
        try:
            wanted = part(request.header("range"), size)
        except NotSatisfiable:
            none = refused(Refused("bad-arguments", f"The file has {plural(size, 'byte')}, and none of these."))
            return Answer(416, none.body, none.kind, (*PRIVATE, ("content-range", f"bytes */{size}"))), 0, 0
        if wanted is not None:
            begin, length = wanted
            status = 206
            headers.append(("content-range", f"bytes {begin}-{begin + length - 1}/{size}"))
    headers.append(("content-length", str(length)))
    return Answer(status, b"", kind, headers), begin, length


def disposition(name: str, is_shown: bool) -> str:
    """Return whether a browser shows a file or saves it, and by which name (RFC 6266)."""
    return f"{'inline' if is_shown else 'attachment'}; filename*=UTF-8''{quote(name, safe='', errors='replace')}"
