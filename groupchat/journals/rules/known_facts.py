"""By what a fact is known in every journal it stands in, so that one that was undone here is never brought back.

Rules:

1. A fact that keeps a time is one decision: its kind, its name and that time tell it from every other one, whatever
   else of it reads otherwise elsewhere, as after somebody was erased.
2. Preferences are known by what they are.  Whom an account ignores is known by the two.
3. An account, and a ban or mute of an author, is known by that author, and by no nickname: it can be another one
   elsewhere, and it cannot be found out from a digest after somebody was erased.
4. A journal notes each fact that is carried between journals when it is undone, or another one takes its place.
"""

import hashlib
import math
from typing import Any

from groupchat.facts.account_facts import Account, Ignoring, KeptPreferences, RankGiven
from groupchat.facts.room_facts import Closed, Invitation, Lock, Motd, RoomOperator, RoomSettings, Slow
from groupchat.facts.sanctions import Ban, Mute, NetworkBan, NetworkMute
from groupchat.model.drafts import Fact, canonical
from groupchat.model.times import moment

DECIDED = frozenset(
    {
        form.KIND
        for form in (
            RankGiven, Ban, Mute, NetworkBan, NetworkMute, Lock, RoomSettings, Closed, Slow, Invitation, RoomOperator,
            Motd,
        )
    }
)  # fmt: skip
"""The kinds of facts that say when they were decided."""

CARRIED = DECIDED | {Account.KIND, KeptPreferences.KIND, Ignoring.KIND}
"""The kinds of facts that are carried between journals."""


def mark(fact: Fact) -> str:
    """Return what a fact is known by, in hex digits.  It is the same for the fact as any journal keeps it."""
    form = canonical({"fact": fact.kind, **_told(fact)})
    return hashlib.sha256(form.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _told(fact: Fact) -> dict[str, Any]:
    name, value = fact.name, fact.value or {}
    if fact.kind == Account.KIND:
        return {"author": str(value["author"]), "since": _written(value["since"])}
    if fact.kind in (Ban.KIND, Mute.KIND) and value["author"] is not None:
        return {"room": value["room"], "author": str(value["author"]), "at": _written(value["at"])}
    if fact.kind in DECIDED:
        return {"name": name, "at": _written(value["at"])}
    return {"name": name, "value": dict(value)} if fact.kind == KeptPreferences.KIND else {"name": name}


def _written(at: Any) -> Any:
    return moment(at) if isinstance(at, int | float) and math.isfinite(at) else at
