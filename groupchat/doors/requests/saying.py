"""Say something over HTTP: in a room, or at a hook, where other services post."""

from collections.abc import Generator
from typing import Any, cast

from twisted.internet.defer import Deferred, inlineCallbacks

from groupchat.config.settings import Settings
from groupchat.doors.lines import json_requests
from groupchat.doors.requests.desk import PRIVATE, Desk, answered, done, refused
from groupchat.doors.requests.payloads import spoken
from groupchat.doors.requests.who import Query, credentials
from groupchat.doors.web.web_request import TEXT, Answer, Request
from groupchat.interfaces.screens import IScreen
from groupchat.model.errors import BadArguments, BadJson, NoSuchHook, NotEncrypted, NotUtf8, TooLong
from groupchat.model.events import Done, Refused
from groupchat.sessions.visit import Visit
from groupchat.sessions.visitor import NO_HOOK, Credentials

PAYLOAD_BYTES = 256 * 1024
"""The most bytes of what a service posts: a push of many commits has some 100 KB."""

MOST_LINES = 60
"""The most messages that one request says."""

WHO_POSTS = ("x-github-event", "x-gitea-event", "x-forgejo-event", "x-gitlab-event")
"""Headers by which services say what they post."""

FIELDS = ("text", "key", "reply")
"""The fields of a message as JSON."""


def body_limit(settings: Settings) -> int:
    """Return the most bytes of a body that is said: as many as a line of JSON has."""
    return settings.json_limit_bytes


def payload_limit(_: Settings) -> int:
    """Return the most bytes of what a service posts."""
    return PAYLOAD_BYTES


def say_in_room(request: Request, room: str) -> None:
    """Say what the body says."""

    @inlineCallbacks
    def work(visit: Visit, desk: Desk) -> "Generator[Deferred[Any], Any, Answer]":
        query = Query(request, "nick", "lines")
        who, key, are_lines = credentials(request, query.text("nick")), key_of(request), "lines" in query
        yield visit.come(who)
        yield visit.charge()  # also for a body that cannot be read
        numbers: list[int] = []
        for fields, one_key in _messages(request, key, are_lines):
            yield visit.do("say", {**fields, "room": room}, one_key, is_charged=not numbers)
            answer = yield desk.given()
            if isinstance(answer, Refused):
                return refused(answer)
            numbers.append(answer.id)
        more = {"ids": numbers} if are_lines else None
        return done(201, Done(numbers[-1], fields=more))

    answered(request, work)


def check_hook(request: Request, secret: str) -> Answer | None:
    """Return why nothing is taken that is posted there; None: there is such a hook."""
    try:
        is_known = request.channel.reception.visits().knows_hook(secret, cast(IScreen, Desk(request)))
    except NotEncrypted as refusal:
        return refused(Refused(refusal.code, str(refusal), refusal.wait))
    return None if is_known else refused(Refused(NoSuchHook.code, NO_HOOK))


def say_at_hook(request: Request, secret: str) -> None:
    """Say what a service posts, in the room of the hook; answered as Slack does, which some services want."""

    @inlineCallbacks
    def work(visit: Visit, desk: Desk) -> "Generator[Deferred[Any], Any, Answer]":
        yield visit.come(Credentials(hook=secret))
        yield visit.charge()
        headers = {name: request.header(name) for name in WHO_POSTS if request.header(name)}
        words = spoken(request.body, request.header("content-type"), headers)
        if words:
            yield visit.do("say", {"text": words, "room": visit.hooked_room}, key_of(request), is_charged=True)
            answer = yield desk.given()
            if isinstance(answer, Refused):
                return refused(answer)
        return Answer(200, b"ok", TEXT, PRIVATE)

    answered(request, work)


def _messages(request: Request, key: str | None, are_lines: bool) -> list[tuple[dict[str, Any], str | None]]:
    """Return the messages of a body: for each the fields of ``say``, and its key.

    :raises NotUtf8, BadJson, BadArguments, TooLong: there are none, or too many.
    """
    body, settings = request.body, request.settings
    if request.header("content-type").partition(";")[0].strip().lower() == "application/json":
        if are_lines:
            raise BadArguments("?lines is for plain text.")
        return [_of_json(body, settings, key)]
    try:
        text = body.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise NotUtf8(f"The body is not UTF-8 (at byte {error.start + 1} of it).") from None
    if not are_lines:
        return [({"text": _bounded(text.strip("\n"), settings)}, key)]
    lines = [_bounded(line, settings) for line in text.split("\n") if line and not line.isspace()]
    if len(lines) > MOST_LINES:
        raise TooLong(f"One request says {MOST_LINES} lines at most; these are {len(lines):,}.")
    if not lines:
        raise BadArguments("There is no line in the body.")
    keys = [json_requests.checked_key(f"{key}.{number}") if key else None for number in range(len(lines))]
    return [({"text": line}, one) for line, one in zip(lines, keys, strict=True)]


def _of_json(body: bytes, settings: Settings, key: str | None) -> tuple[dict[str, Any], str | None]:
    found = json_requests.read(body, settings.json_limit_depth)
    fields = {name: value for name, value in found.items() if not name.startswith(json_requests.OWN)}
    for name in fields:
        if name not in FIELDS:
            raise BadArguments(f"A message has no field {name[:64]}; its fields: {', '.join(FIELDS)}.")
    own = json_requests.checked_key(fields.pop("key", None))
    if own is not None and key is not None and own != key:
        raise BadArguments("The key and the header Idempotency-Key are the same, or one of them is left out.")
    if isinstance(fields.get("text"), str):
        fields["text"] = _bounded(fields["text"], settings)
    return {name: value for name, value in fields.items() if value is not None}, own or key


def _bounded(text: str, settings: Settings) -> str:
    """Return the text of a message.

    :raises TooLong: no message is as long.
    """
    most = settings.line_limit_bytes
    if 4 * len(text) > most and (size := len(text.encode("utf-8", "surrogatepass"))) > most:
        raise TooLong(f"A message has at most {most:,} bytes; this one has {size:,}.")
    return text


def key_of(request: Request) -> str | None:
    """Return the header Idempotency-Key, with or without the quotation marks that its draft wants.

    :raises BadJson: it cannot be a key.
    """
    given = request.header("idempotency-key").strip()
    if len(given) > 1 and given[0] == given[-1] == '"':
        given = given[1:-1]
    if not given:
        return None
    try:
        return json_requests.checked_key(given)
    except BadJson as error:
        raise BadArguments(f"Idempotency-Key: {error}") from None
