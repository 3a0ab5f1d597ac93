"""Crowds: many people who come or go in one batch are announced together, with all their names."""

from collections.abc import Sequence

from groupchat.delivery.fanout import Shown
from groupchat.model.events import Joined, Left, ManyJoined, ManyLeft

SHOWN = 5
"""Up to this many people who come (or go) in one batch are announced one by one; more are announced together."""


def condense(items: Sequence[Shown]) -> Sequence[Shown]:
    """Announce more than SHOWN joins (or leaves) of one room in one batch together, in the place of the last of them.

    Otherwise n people who come at the same time would cost n² lines.
    People who leave are announced together with those who leave for the same reason: no name and no reason is lost.
    """
    if len(items) <= SHOWN:
        return items
    groups: dict[object, list[int]] = {}
    for index, item in enumerate(items):
        event = item.event
        if isinstance(event, Joined):
            groups.setdefault((Joined, event.room), []).append(index)
        elif isinstance(event, Left):
            groups.setdefault((Left, event.room, event.reason, event.gone), []).append(index)
    dropped: set[int] = set()
    together: dict[int, Shown] = {}
    for indexes in groups.values():
        if len(indexes) > SHOWN:
            dropped.update(indexes)
            together[indexes[-1]] = _together([items[index] for index in indexes])
    if not together:
        return items
    return [together.get(n, item) for n, item in enumerate(items) if n in together or n not in dropped]


def _together(items: Sequence[Shown]) -> Shown:
    last = items[-1]
    if isinstance(last.event, Joined):
        joined = [item.event for item in items if isinstance(item.event, Joined)]
        nicks = tuple(event.nick for event in joined)
        accounts = tuple(event.account for event in joined if event.account)
        return Shown(ManyJoined(last.event.room, nicks, last.event.at, accounts), last.rooms)
    left = [item.event for item in items if isinstance(item.event, Left)]
    nicks = tuple(event.nick for event in left)
    return Shown(ManyLeft(left[-1].room, nicks, left[-1].at, left[-1].reason, left[-1].gone), last.rooms)
