"""Requests of programs: one JSON object a line, read and handed to the session.

A line that cannot be read is refused, with its ``ref`` when that much could be read; the connection goes on.
A field that a request does not take is refused too, never ignored: a program that names a room must not be obeyed in
another one.  Fields that begin with ``x-`` are the program's own.
"""

import json
import math
from collections.abc import Sequence
from typing import Any

from groupchat.model.claims import Claim
from groupchat.model.errors import BadArguments, BadJson, NotUtf8, Refusal, TooLong
from groupchat.model.events import Ref
from groupchat.sessions.session import Session

KEY_LIMIT = 64
"""Characters of a ``key``."""

REF_LIMIT = 256
"""Characters of a ``ref`` as JSON: it is kept until the answer, and sent back with it."""

PING_LIMIT = 512
"""Bytes of a line that can be a ping which is found among others: it has a ``ref`` at most."""

PING = b'"ping"'
"""What is in each of these lines."""

HIGHEST = 2**63 - 1
"""The highest number a post can have."""

LARGE = 2**64
"""Numbers up to this are short refs, as nearly all are."""

OWN = "x-"
"""The beginning of the names of fields that the server ignores."""

_CLAIM = (
    "nick",
    "token",
    "since",
    "password",
    "code",
    "register",
    "attended",
    "rooms",
    "quiet",
    "access",
    "marks",
    "program",
    "login",
)
"""The fields of ``nick``."""


def obey(session: Session, line: bytes, depth: int, longest: int) -> None:
    """Hand the request on this line to the session.

    :param depth: how deep arrays and objects may be nested, the request itself counted.
    :param longest: how long a string may be, in bytes: as long as a line that is typed.
    """
    ref: Ref = None
    try:
        request = read(line, depth)
        given = request.pop("ref", None)
        ref = given if given is None or (type(given) is int and -LARGE < given < LARGE) else _ref(given)
        fields = {name: value for name, value in request.items() if not name.startswith(OWN)}
        if len(line) > longest:  # an escape is longer than what it stands for
            _check_lengths(fields, longest)
        _pass_on(session, fields.pop("do", None), fields, ref)
    except Refusal as refusal:
        session.reject(refusal, ref)


def read(line: bytes, depth: int) -> dict[str, Any]:
    """Return the object on this line.

    :raises NotUtf8: the line is not UTF-8.
    :raises BadJson: the line is not one object.
    """
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotUtf8(f"That line is not UTF-8 (at byte {error.start + 1} of it), so it was ignored.") from None
    try:
        request = _DECODER.decode(text)
    except RecursionError:
        raise BadJson(f"Arrays and objects can be nested {depth} deep.") from None
    except json.JSONDecodeError as error:
        raise BadJson(f"That line is not one JSON object: {error.msg} at character {error.pos + 1}.") from None
    except ValueError:  # int() of more digits than Python converts
        raise BadJson("A number in that line has too many digits.") from None
    if not isinstance(request, dict):
        raise BadJson('That line is not one JSON object, such as {"do": "say", "text": "hello"}.')
    if text.count("[") + text.count("{") > depth and _is_deeper(request, depth):
        raise BadJson(f"Arrays and objects can be nested {depth} deep.")
    return request


def is_ping(line: bytes, depth: int) -> bool:
    """Say whether a line asks for a sign of life, so that it may be taken before those in front of it."""
    if len(line) > PING_LIMIT or PING not in line:
        return False
    try:
        return read(line, depth).get("do") == "ping"
    except Refusal:
        return False


def _pass_on(session: Session, name: object, fields: dict[str, Any], ref: Ref) -> None:
    """:raises BadJson: a field has the wrong type.
    :raises BadArguments: the request does not take one of the fields.
    """
    key = checked_key(fields.pop("key", None))
    match name:
        case "nick":
            _check(name, fields, _CLAIM)
            session.offer(_claim(fields), ref)
        case "type":
            _check(name, fields, ("line", "room"))
            session.type(_string(fields, "line"), ref, key, _optional(fields, "room"))
        case "set":
            # What a program prefers is for itself only, unless it says otherwise.
            session.do("set", {"remember": False, **fields}, ref)
        case str(verb):
            session.do(verb, fields, ref, key)
        case _:
            raise BadJson('A request says what to do: {"do": "say", "text": "hello"}.')


def _check_lengths(fields: dict[str, Any], longest: int) -> None:
    """:raises TooLong, BadArguments: a string has more bytes than this, before anything is done with it."""
    for name, value in fields.items():
        if isinstance(value, str) and 4 * len(value) > longest:
            size = len(value.encode("utf-8", "surrogatepass"))
            if size > longest:
                if name == "text":
                    raise TooLong(f"A message has at most {longest:,} bytes; this one has {size:,}.")
                raise BadArguments(f"{name[:64]} has at most {longest:,} bytes; this one has {size:,}.")


def _ref(value: Any) -> Ref:
    """Return what the answer is to carry.

    :raises BadJson: it is too long.
    """
    if len(value) > REF_LIMIT if isinstance(value, str) else len(json.dumps(value)) > REF_LIMIT:
        raise BadJson(f"A ref has at most {REF_LIMIT} characters of JSON; this one was left out.")
    return value


def _check(name: str, fields: dict[str, Any], known: Sequence[str]) -> None:
    """:raises BadArguments: there are fields which this request does not take."""
    for field in fields:
        if field not in known:
            raise BadArguments(f"{name} has no field {field[:64]}; its fields: {', '.join(known)}.")


def _claim(fields: dict[str, Any]) -> Claim:
    token, password, code, access = (_optional(fields, field) for field in ("token", "password", "code", "access"))
    nick = _string(fields, "nick") if access is None else _optional(fields, "nick") or ""
    return Claim(
        nick, token, _since(fields.get("since")), password,
        register=_switch(fields, "register"), code=code, attended=_switch(fields, "attended"),
        rooms=_rooms(fields.get("rooms")), quiet=_switch(fields, "quiet"),
        access=access, marks=_switch(fields, "marks"), program=_switch(fields, "program"),
        login=_switch(fields, "login"),
    )  # fmt: skip


def _switch(fields: dict[str, Any], field: str) -> bool:
    value = fields.get(field, False)
    if not isinstance(value, bool):
        raise BadJson(f"{field} is true or false.")
    return value


def checked_key(value: object) -> str | None:
    """Return a key by which a post is posted once; None: there is none.

    :raises BadJson: it cannot be one.
    """
    if value is not None and not (isinstance(value, str) and len(value) <= KEY_LIMIT):
        raise BadJson(f"A key is a string of at most {KEY_LIMIT} characters.")
    if value is not None and not value.isprintable():  # half a surrogate pair is no text, and no journal can keep it
        raise BadJson("A key has printable characters only.")
    return value


def _rooms(value: object) -> tuple[str, ...] | None:
    """Return the rooms to be in, the last one current; None: the server decides."""
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(room, str) for room in value):
        raise BadJson('rooms is an array of names, such as ["lobby"].')
    return tuple(value)


def _string(fields: dict[str, Any], field: str) -> str:
    value = fields.get(field)
    if not isinstance(value, str):
        raise BadJson(f"This request needs a string as its {field}.")
    return value


def _optional(fields: dict[str, Any], field: str) -> str | None:
    return _string(fields, field) if fields.get(field) is not None else None


def _since(value: object) -> int | str | None:
    if value is None or value == "head" or (type(value) is int and 0 <= value <= HIGHEST):
        return value
    raise BadJson('since is the number of a post, or "head".')


def _is_deeper(value: dict[str, Any] | list[Any], depth: int) -> bool:
    """Say whether containers are nested deeper than this; level by level, so that nothing can recurse too far."""
    level = [value]
    while level:
        depth -= 1
        if depth < 0:
            return True
        level = [item for container in level for item in _items(container) if isinstance(item, dict | list)]
    return False


def _items(container: dict[str, Any] | list[Any]) -> Any:
    return container.values() if isinstance(container, dict) else container


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object whose names are all different: another reader of the line might take the other value."""
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise BadJson("An object in that line has one name twice.")
    return fields


def _finite(number: str) -> float:
    value = float(number)
    if not math.isfinite(value):
        raise BadJson("A number in that line is too large.")
    return value


def _constant(name: str) -> None:
    raise BadJson(f"{name} is not a JSON value.")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=_finite, parse_constant=_constant)
