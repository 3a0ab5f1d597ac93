"""The fields of requests to a fake server, and its refusals."""

import re
from collections.abc import Iterator, Mapping
from typing import Any


class Refusal(Exception):
    """A request is refused, with a code of docs/PROTOCOL.md and a sentence."""

    def __init__(self, code: str, text: str, **fields: Any) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text
        self.fields = fields


ROOM = re.compile(r"[\w.-]{1,24}")
"""The names that a room can have."""


def same(name: str, other: str) -> bool:
    """Return whether two names of people or rooms are one: case does not count."""
    return name.casefold() == other.casefold()


FIELDS: Mapping[str, Mapping[str, type]] = {
    "say": {"text": str, "room": str, "reply": int},
    "me": {"text": str, "room": str, "reply": int, "nick": str},
    "msg": {"nick": str, "text": str, "reply": int},
    "edit": {"id": int, "text": str, "room": str},
    "delete": {"id": int, "room": str},
    "topic": {"text": str, "room": str},
    "join": {"room": str},
    "leave": {"room": str, "reason": str},
    "switch": {"room": str},
    "list": {"room": str, "after": str},
    "rooms": {"after": str},
    "history": {"since": int, "before": int, "day": str, "count": int, "room": str, "nick": str},
    "typing": {"room": str},
    "set": {"name": str, "value": str, "remember": bool},
    "exit": {"reason": str},
    "ping": {},
    "nick": {"nick": str},
}
"""The requests that a fake server knows, and the types of their fields."""

CLAIM: Mapping[str, type | tuple[type, ...]] = {
    "nick": str, "since": (int, str), "token": str, "password": str, "access": str, "login": bool,
    "rooms": list, "quiet": bool, "attended": bool, "marks": bool, "program": bool,
}  # fmt: skip
"""The fields of the request that joins the chat."""

NEEDED: Mapping[str, tuple[str, ...]] = {
    "say": ("text",), "me": ("text",), "msg": ("nick", "text"), "edit": ("text",), "join": ("room",),
    "switch": ("room",), "set": ("name", "value"), "nick": ("nick",),
}  # fmt: skip
"""The fields that a request must have."""

ALIASES = {"j": "join", "s": "switch", "part": "leave", "tell": "msg", "w": "msg"}
"""Other names of requests."""

EVERYWHERE = frozenset({"do", "ref", "key"})
"""The fields that every request may have."""


def arguments(do: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a request.

    :raises Refusal: one is missing, wrong or unknown.
    """
    known = FIELDS[do]
    given = {name: value for name, value in request.items() if name not in EVERYWHERE and not name.startswith("x-")}
    for faults in (_unknown(do, given, known), _wrong(given, known), _missing(do, given)):
        for fault in faults:
            raise Refusal("bad-arguments", fault)
    return given


def check_claim(request: Mapping[str, Any]) -> None:
    """Check the request that joins the chat.

    :raises Refusal: a field is missing, wrong or unknown.
    """
    for name, value in request.items():
        if name in EVERYWHERE or name.startswith("x-"):
            continue
        if name not in CLAIM:
            raise Refusal("bad-arguments", f"nick has no field {name}; its fields: {', '.join(CLAIM)}.")
        kinds = CLAIM[name]
        if type(value) not in (kinds if isinstance(kinds, tuple) else (kinds,)):
            raise Refusal("bad-json", f"The {name} is not what it should be.")
    if isinstance(request.get("since"), str) and request["since"] != "head":
        raise Refusal("bad-json", 'since is a number, or "head".')
    if "nick" not in request:
        raise Refusal("bad-json", "This request needs a string as its nick.")
    for room in request.get("rooms", ()):
        if not isinstance(room, str):
            raise Refusal("bad-json", "rooms are names of rooms.")
        check_room(room)


def check_room(room: str) -> None:
    """Check the name of a room.

    :raises Refusal: it cannot be one.
    """
    if not ROOM.fullmatch(room):
        raise Refusal("room-invalid", "The name of a room is 1 to 24 characters of a-z 0-9 _ . -.")


def _unknown(do: str, given: Mapping[str, Any], known: Mapping[str, type]) -> Iterator[str]:
    yield from (f"{do} has no field {name}; its fields: {', '.join(known)}." for name in given if name not in known)


def _wrong(given: Mapping[str, Any], known: Mapping[str, type]) -> Iterator[str]:
    words = {str: "string", int: "number", bool: "boolean"}
    for name, value in given.items():
        if type(value) is not known[name]:
            yield f"The {name} must be a {words[known[name]]}."


def _missing(do: str, given: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"{do} needs the field {name}." for name in NEEDED.get(do, ()) if name not in given)
