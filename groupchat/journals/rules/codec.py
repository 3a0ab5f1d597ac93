"""Operations as JSON objects: the form in which they are recorded, and read again by any later version.

Each object has ``op`` and only the fields that differ from what is usual.
A form that was written once can be read for ever: fields are added with a meaning for their absence, never changed.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from groupchat.facts.kinds import owner, read
from groupchat.journals.rules.field_types import Test, is_proper, tests_of
from groupchat.model.drafts import (
    Amendment,
    Announce,
    Consequence,
    Draft,
    Erase,
    Expire,
    Fact,
    FactChange,
    ForgetSessions,
    Kind,
    Need,
    Operation,
    PutOut,
    ReadUpTo,
    Revoke,
    StoredFile,
    StoredSession,
)
from groupchat.model.events import AuthorId
from groupchat.model.node_operations import (
    Attend,
    Check,
    Depart,
    NodeDown,
    NodeUp,
    Passing,
    Presence,
    RemoveNode,
    Rules,
)
from groupchat.model.ranks import Rank

OPERATIONS: dict[str, type[Any]] = {
    "post": Draft,
    "amend": Amendment,
    "session": StoredSession,
    "read": ReadUpTo,
    "expire": Expire,
    "forget-sessions": ForgetSessions,
    "erase": Erase,
    "attend": Attend,
    "depart": Depart,
    "node-up": NodeUp,
    "node-down": NodeDown,
    "remove-node": RemoveNode,
    "passing": Passing,
    "check": Check,
    "rules": Rules,
}
"""The class of each ``op``.  Where a journal stands in a log is its own matter, and never recorded."""

CONSEQUENCES: dict[str, type[Any]] = {"fact": FactChange, "revoke": Revoke, "put-out": PutOut, "announce": Announce}
"""The class of each ``do`` in ``changes``."""


def encode(operation: Operation) -> dict[str, Any]:
    """Return an operation as a JSON object."""
    return _encode("op", OPERATIONS, operation)


def decode(written: Mapping[str, Any]) -> Operation:
    """Read an operation.

    :raises ValueError: it is of a kind, or has a field, that this version does not know, or a value it cannot have.
    :raises LookupError, TypeError, AttributeError: it is none at all.
    """
    operation: Operation = _decode("op", OPERATIONS, written)
    return operation


def _encode(tag: str, classes: Mapping[str, type[Any]], record: Any) -> dict[str, Any]:
    form = type(record)
    written = {tag: next(name for name, known in classes.items() if known is form)}
    for name, default, write in _FIELDS.get(form) or _remember(form):
        value = getattr(record, name)
        if value is not default and value != default:
            written[name] = value if write is None else write(value)
    return written


_FIELDS: dict[type[Any], list[tuple[str, Any, Callable[[Any], Any] | None]]] = {}
"""The fields of each class, once it was written: the name, the usual value (MISSING: none), and what writes it."""


def _remember(form: type[Any]) -> list[tuple[str, Any, Callable[[Any], Any] | None]]:
    _FIELDS[form] = [(field.name, field.default, _writers.get(field.name)) for field in fields(form)]
    return _FIELDS[form]


def _decode(tag: str, classes: Mapping[str, type[Any]], written: Mapping[str, Any]) -> Any:
    form = classes.get(written.get(tag, ""))
    if form is None:
        raise ValueError(f"{written.get(tag)!r} is no operation of this version")
    given = dict(written)
    del given[tag]
    readers = _READERS.get(form) or _remember_readers(form)
    if not given.keys() <= readers.keys():
        raise ValueError(f"{written[tag]!r} has fields this version does not know: {sorted(given.keys() - readers)}")
    for name, value in given.items():
        read, is_proper = readers[name]
        if read is not None:
            value = given[name] = read(value)
        if not is_proper(value):
            raise ValueError(f"{written[tag]!r} has a field {name} that cannot be {repr(value)[:80]}")
    return form(**given)


_READERS: dict[type[Any], dict[str, tuple[Callable[[Any], Any] | None, Test]]] = {}
"""What reads each field of a class (None: it is as it was written) and what tests it, once one was read."""


def _remember_readers(form: type[Any]) -> dict[str, tuple[Callable[[Any], Any] | None, Test]]:
    _READERS[form] = {name: (_readers.get(name), test) for name, test in tests_of(form).items()}
    return _READERS[form]


def _write_changes(changes: tuple[Consequence, ...]) -> list[dict[str, Any]]:
    return [_encode("do", CONSEQUENCES, change) for change in changes]


def _read_changes(written: list[Mapping[str, Any]]) -> tuple[Consequence, ...]:
    return tuple(_decode("do", CONSEQUENCES, change) for change in written)


def _write_need(need: Need | None) -> dict[str, Any] | None:
    return None if need is None else {"rank": need.rank.name.lower(), "room": need.room, "over": need.over}


def _read_need(written: Mapping[str, Any] | None) -> Need | None:
    if written is None:
        return None
    over = written["over"]
    return Need(Rank[written["rank"].upper()], written["room"], None if over is None else AuthorId(over))


def _write_fact(fact: Fact) -> dict[str, Any]:
    return {"kind": fact.kind, "name": fact.name, "value": None if fact.value is None else dict(fact.value)}


def _read_fact(written: Mapping[str, Any]) -> Fact:
    """:raises ValueError: it is none of those this version knows."""
    fact = Fact(written["kind"], written["name"], written["value"])
    owner(fact.kind, fact.name)
    typed = read(fact)
    if typed is not None and not is_proper(typed):
        raise ValueError(f"the fact {fact.kind!r} cannot be {repr(fact.value)[:80]}")
    return fact


def _read_ignored(written: list[list[Any]]) -> tuple[tuple[AuthorId, str, str], ...]:
    return tuple((AuthorId(author), nick, origin) for author, nick, origin in written)


def _read_positions(written: list[list[Any]]) -> tuple[tuple[str, int, float], ...]:
    return tuple((place, upto, at) for place, upto, at in written)


def _read_names(written: list[str] | None) -> tuple[str, ...] | None:
    return None if written is None else tuple(written)


def _read_authors(written: list[int]) -> tuple[AuthorId, ...]:
    return tuple(map(AuthorId, written))


def _write_file(file: StoredFile | None) -> dict[str, Any] | None:
    return None if file is None else {"sha256": file.sha256, "size": file.size, "type": file.type}


def _read_file(written: Mapping[str, Any] | None) -> StoredFile | None:
    return None if written is None else StoredFile(written["sha256"], written["size"], written["type"])


def _write_presence(presence: Presence) -> dict[str, Any]:
    written = _encode("as", _PRESENCES, presence)
    del written["as"]
    return written


def _read_presence(written: Mapping[str, Any]) -> Presence:
    presence: Presence = _decode("as", _PRESENCES, {"as": "presence", **written})
    return presence


_PRESENCES = {"presence": Presence}

_writers: dict[str, Callable[[Any], Any]] = {
    "kind": str,
    "changes": _write_changes,
    "needs": _write_need,
    "fact": _write_fact,
    "file": _write_file,
    "presence": _write_presence,
}
"""The function that writes a field, by its name."""

_readers: dict[str, Callable[[Any], Any]] = {
    "kind": Kind,
    "changes": _read_changes,
    "needs": _read_need,
    "fact": _read_fact,
    "file": _read_file,
    "presence": _read_presence,
    "rooms": _read_names,
    "ignored": _read_ignored,
    "read": _read_positions,
    "within": _read_names,
    "authors": _read_authors,
}
"""The function that reads a field, by its name."""
