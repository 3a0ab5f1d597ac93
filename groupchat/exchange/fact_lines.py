"""Facts as lines: which kinds are carried, and how each part of one is checked."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from groupchat.exchange.fields import (
    NAME,
    NUMBER_MAX,
    REASON,
    WORD,
    Fields,
    author,
    instant,
    nick,
    room,
    room_or_none,
    seconds,
    truth,
    words,
)
from groupchat.facts.account_facts import Account, Ignoring, KeptPreferences, RankGiven
from groupchat.facts.kinds import KINDS
from groupchat.facts.room_facts import (
    ROOM_SETTINGS,
    Closed,
    Granted,
    Invitation,
    Lock,
    Motd,
    RoomOperator,
    RoomSettings,
    Slow,
)
from groupchat.facts.sanctions import Ban, Mute, NetworkBan, NetworkMute
from groupchat.model import names
from groupchat.model.drafts import Fact, canonical
from groupchat.model.ranks import Rank
from groupchat.model.times import moment

Check = Callable[[Any], Any]

NO_PASSWORD = ""
"""The hash of an account that nobody can log in to: no password has it."""


def _rank(given: Any) -> str:
    if given not in [rank.name.lower() for rank in Rank]:
        raise ValueError("there is no such rank")
    return str(given)


def _settings(given: Any) -> dict[str, str]:
    if not isinstance(given, dict) or any(value not in ROOM_SETTINGS.get(name, ()) for name, value in given.items()):
        raise ValueError("there are no such settings of a room")
    return dict(given)


def _maybe(check: Check) -> Check:
    return lambda given: None if given is None else check(given)


_BY = {"by": words(NAME), "at": instant}
_SANCTION = {
    "whom": words(NAME, 1), "key": words(NAME, 1), "author": _maybe(author), "named": truth,
    "room": room_or_none, "why": words(REASON), "until": _maybe(instant), **_BY,
}  # fmt: skip

CARRIED: dict[str, Mapping[str, Check]] = {
    Account.KIND: {"nick": nick, "author": author, "since": instant},
    RankGiven.KIND: {"rank": _rank, **_BY},
    KeptPreferences.KIND: {},
    Ignoring.KIND: {"nick": nick},
    Ban.KIND: _SANCTION,
    Mute.KIND: _SANCTION,
    NetworkBan.KIND: _SANCTION,
    NetworkMute.KIND: _SANCTION,
    Lock.KIND: {"visible": truth, **_BY},
    RoomSettings.KIND: {"changed": _settings, **_BY},
    Closed.KIND: {"why": words(REASON), **_BY},
    Slow.KIND: {"seconds": seconds, **_BY},
    Invitation.KIND: {"nick": nick, "staying": truth, **_BY},
    RoomOperator.KIND: {"nick": nick, **_BY},
    Motd.KIND: {"text": words(REASON), **_BY},
}
"""The fields of each kind that is carried, with their checks; accounts before what is theirs.

Not carried: codes, access tokens, hooks and known addresses, which are secret, and the rooms in which accounts were
last.  Reading positions have lines of their own.
"""

OPTIONAL = frozenset({"visible", "staying"})
"""Fields that may be missing."""

_TIMES = ("at", "until", "since")


def written(fact: Fact) -> dict[str, Any]:
    """Return the line of a fact.  That of an account is without the password's hash."""
    value = {name: _written(name, part) for name, part in (fact.value or {}).items()}
    if fact.kind == Account.KIND:
        del value["hash"]
    elif fact.kind in (Ban.KIND, Mute.KIND, Ignoring.KIND):
        value.pop("origin", None)  # where people come from is nobody's business
    return {"kind": "fact", "fact": fact.kind, "name": fact.name, "value": value}


def _written(name: str, part: Any) -> Any:
    if part is None:
        return None
    if name in _TIMES:
        return moment(part)
    return str(part) if name == "author" else part


def digest(line: Mapping[str, Any]) -> str:
    """Return by what earlier journals of this form had noted a fact: half of the hex SHA-256 of its line."""
    form = canonical({name: line[name] for name in ("fact", "name", "value")})
    return hashlib.sha256(form.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def read(given: Mapping[str, Any]) -> Fact:
    """Read the line of a fact.

    :raises ValueError, Refusal: it is not one, or has something that no door would have taken.
    """
    fields = Fields(given)
    fields.only("kind", "fact", "name", "value")
    kind = fields.get("fact", words(WORD, 1))
    name = fields.get("name", words(REASON))
    checks = CARRIED.get(kind)
    if checks is None:
        raise ValueError(f"facts of the kind {kind} are not imported")
    value = fields.get("value", _object)
    if kind == KeptPreferences.KIND:
        checks = {words(WORD, 1)(preference): words(WORD) for preference in value}
    parts = Fields(value)
    parts.only(*checks)
    found = {part: parts.get(part, check) for part, check in checks.items() if part in parts or part not in OPTIONAL}
    if kind == Account.KIND:
        if names.key(found["nick"]) != name:
            raise ValueError("the name of the account is not that of the nickname")
        found["hash"] = NO_PASSWORD
    try:
        typed = KINDS[kind].read(name, found)
    except (LookupError, TypeError, ValueError) as error:
        raise ValueError(f"{name[:64]!r} is not the name of such a fact") from error
    if isinstance(typed, Lock | Slow | RoomSettings | Closed | Granted):
        room(typed.room)
    elif isinstance(typed, KeptPreferences):
        words(WORD, 1)(typed.door)
    owners = (typed.other, typed.author) if isinstance(typed, Ignoring) else (getattr(typed, "author", None),)
    if typed.name != name or any(owner is not None and owner > NUMBER_MAX for owner in owners):
        raise ValueError(f"{name[:64]!r} is not the name of such a fact")
    return typed.fact


def _object(given: Any) -> Mapping[str, Any]:
    if not isinstance(given, dict):
        raise ValueError("this is not a JSON object")
    return given
