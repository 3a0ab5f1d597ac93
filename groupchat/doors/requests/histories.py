"""Read a room over HTTP: pages of what was said there."""

import gzip
from collections.abc import Generator, Sequence
from typing import Any
from urllib.parse import quote

from twisted.internet.defer import Deferred, inlineCallbacks

from groupchat.doors.lines.json_conversation import BEGINNING
from groupchat.doors.lines.json_style import json_style
from groupchat.doors.lines.text_style import text_style
from groupchat.doors.requests.desk import PRIVATE, Desk, answered
from groupchat.doors.requests.who import Query, credentials
from groupchat.doors.web.web_request import TEXT, Answer, Request
from groupchat.model.errors import BadArguments
from groupchat.model.events import Post
from groupchat.model.preferences import Preferences
from groupchat.sessions.visit import Visit

NDJSON = "application/x-ndjson"

LEAST_COMPRESSED = 512
"""The fewest bytes that are worth compressing."""


def read_room(request: Request, room: str) -> None:
    """Answer with posts of a room: as lines to read, or as JSON Lines."""

    @inlineCallbacks
    def work(visit: Visit, desk: Desk) -> "Generator[Deferred[Any], Any, Answer]":
        query = Query(request, "since", "before", "count", "search")
        since, before, count = (query.number(name) for name in ("since", "before", "count"))
        if since is not None and before is not None:
            raise BadArguments("Give ?since= or ?before=, not both.")
        if count == 0:
            raise BadArguments("?count= is a number from 1 up.")
        words = query.text("search") if "search" in query else None
        if words is not None and since is not None:
            raise BadArguments("?search= takes ?before= and ?count=; write after:#N among its words.")
        yield visit.come(credentials(request))
        goes_on = True
        if words is None:
            posts = yield visit.rooms.read(room, count, since, before)
        else:
            posts, goes_on = yield visit.rooms.search(room, words, count, before)
        kind, body = _rendered(request, posts)
        headers = [*PRIVATE, *(_next(request, posts, since, count, words) if goes_on else ())]
        if len(body) >= LEAST_COMPRESSED and _takes_gzip(request):
            body = gzip.compress(body, 5, mtime=0)
            headers.append(("content-encoding", "gzip"))
        return Answer(200, body, kind, headers)

    answered(request, work)


def wants_json(request: Request) -> bool:
    """Return whether a peer wants one JSON object a line."""
    return any(request.accepts(kind) for kind in (NDJSON, "application/ndjson", "application/json"))


def _rendered(request: Request, posts: Sequence[Post]) -> tuple[str, bytes]:
    if wants_json(request):
        lines = json_style(BEGINNING).render(posts, [post.at for post in posts], False)
        return NDJSON, b"".join(lines).replace(b"\r\n", b"\n")
    # Before the first one there is nothing, so it has its day.
    previous = [0.0, *(post.at for post in posts)][: len(posts)]
    lines = text_style(Preferences(), request.settings.zone, base=request.base).render(posts, previous, False)
    return TEXT, b"".join(lines).replace(b"\r\n", b"\n")


def _next(
    request: Request, posts: Sequence[Post], since: int | None, count: int | None, words: str | None
) -> list[tuple[str, str]]:
    """Return where the next page is (RFC 8288), if there is one."""
    if not posts:
        return []
    path = request.path.decode("ascii", "replace")
    more = f"&count={count}" if count else ""
    if words is not None:
        return [("link", f'<{path}?search={quote(words, safe="")}&before={posts[-1].id}{more}>; rel="next"')]
    if since is not None:
        return [("link", f'<{path}?since={posts[-1].id}{more}>; rel="next"')]
    return [("link", f'<{path}?before={posts[0].id}{more}>; rel="prev"')]


def _takes_gzip(request: Request) -> bool:
    for part in request.header("accept-encoding").lower().split(","):
        name, _, quality = part.partition(";")
        if name.strip() in ("gzip", "*"):
            return quality.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
