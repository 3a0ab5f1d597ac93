"""What programs ask: one JSON object a line, read and handed to the session.

A line that cannot be read is refused, with its ``ref`` when that much could be read; the connection goes on.
"""

import json
import math
from typing import Any

from groupchat.model.claims import Claim
from groupchat.model.errors import BadJson, NotUtf8, Refusal
from groupchat.model.events import Ref
from groupchat.sessions.session import Session

KEY_LIMIT = 64
"""Characters of a ``key``."""

HIGHEST = 2**63 - 1
"""The highest number a post can have."""


def obey(session: Session, line: bytes, depth: int) -> None:
    """Hand the request on this line to the session.

    :param depth: how deep arrays and objects may be nested, the request itself counted.
    """
    ref: Ref = None
    try:
        request = read(line, depth)
        ref = request.pop("ref", None)
        _pass_on(session, request, ref)
    except Refusal as refusal:
        session.refuse(refusal, ref)


def read(line: bytes, depth: int) -> dict[str, Any]:
    """The object on this line.

    :raises NotUtf8: or BadJson: there is none.
    """
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotUtf8(f"That line is not UTF-8 (at byte {error.start + 1} of it), so it was left out.") from None
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


def _pass_on(session: Session, request: dict[str, Any], ref: Ref) -> None:
    """:raises BadJson: a field has the wrong type."""
    match request.pop("do", None):
        case "nick":
            session.offer(_claim(request), ref)
        case "say":
            key = _key(request)
            room = _string(request, "room") if request.get("room") is not None else ""
            session.say(_string(request, "text"), ref, key, room)
        case "type":
            session.type(_string(request, "line"), ref, _key(request))
        case "set":
            # What a program prefers is for itself only, unless it says otherwise.
            session.do("set", {"remember": False, **request}, ref)
        case str(name):
            session.do(name, request, ref, _key(request))
        case _:
            raise BadJson('A request says what to do: {"do": "say", "text": "hello"}.')


def _claim(request: dict[str, Any]) -> Claim:
    token, password, code = (_optional(request, field) for field in ("token", "password", "code"))
    return Claim(
        _string(request, "nick"), token, _since(request.get("since")), password,
        register=_switch(request, "register"), code=code, attended=_switch(request, "attended"),
    )  # fmt: skip


def _switch(request: dict[str, Any], field: str) -> bool:
    value = request.get(field, False)
    if not isinstance(value, bool):
        raise BadJson(f"{field} is true or false.")
    return value


def _key(request: dict[str, Any]) -> str | None:
    key = _string(request, "key") if request.get("key") is not None else None
    if key is not None and len(key) > KEY_LIMIT:
        raise BadJson(f"A key can have {KEY_LIMIT} characters.")
    return key


def _string(request: dict[str, Any], field: str) -> str:
    value = request.get(field)
    if not isinstance(value, str):
        raise BadJson(f"This request needs a string as its {field}.")
    return value


def _optional(request: dict[str, Any], field: str) -> str | None:
    return _string(request, field) if request.get(field) is not None else None


def _since(value: object) -> int | str | None:
    if value is None or value == "head" or (type(value) is int and 0 <= value <= HIGHEST):
        return value
    raise BadJson('since is the number of a post, or "head".')


def _is_deeper(value: dict[str, Any] | list[Any], depth: int) -> bool:
    """Whether containers are nested deeper than this; level by level, so that nothing can recurse too far."""
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
    """An object whose names are all different: who reads the same line otherwise might take the other value."""
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
    raise BadJson(f"{name} is no JSON value.")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=_finite, parse_constant=_constant)
