"""Crowds: many people who come or go in one batch are announced together, with all their names."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from groupchat.delivery.fanout import Shown
from groupchat.model.events import (
    COMING,
    Joined,
    Left,
    ManyJoined,
    ManyLeft,
    ManyProgramsJoined,
    ManyProgramsLeft,
    ProgramJoined,
    ProgramLeft,
    Renamed,
)

_Key: TypeAlias = tuple[str, str, bool, type]
"""The common part of the joins or leaves of a group: the room, the reason, ``gone``, and what they are."""

TOGETHER: Mapping[type, type] = {
    Joined: ManyJoined, Left: ManyLeft, ProgramJoined: ManyProgramsJoined, ProgramLeft: ManyProgramsLeft,
}  # fmt: skip
"""What announces many of a kind together."""

_ABOUT_PEOPLE = COMING | {Renamed}
"""What is looked at here: nearly everything in a batch is something else."""

SHOWN = 5
"""Up to this many people who come (or go) in one batch are announced one by one; more are announced together."""


def condense(items: Sequence[Shown]) -> Sequence[Shown]:
    """Announce more than SHOWN joins (or leaves) of one room in one batch together, in the place of the last of them.

    Otherwise n people who come at the same time would cost n² lines.
    People who leave are announced together with those who leave for the same reason: no name and no reason is lost.
    Nothing about a person moves past anything else about the same person: the last that is told of each is true.
    """
    if len(items) <= SHOWN:
        return items
    dropped: set[int] = set()
    together: dict[int, Shown] = {}
    for indexes in _groups(items):
        if len(indexes) > SHOWN:
            dropped.update(indexes)
            together[indexes[-1]] = _together([items[index] for index in indexes])
    if not together:
        return items
    return [together.get(n, item) for n, item in enumerate(items) if n in together or n not in dropped]


def _groups(items: Sequence[Shown]) -> list[list[int]]:
    """Return the indexes of the joins (or leaves) that can be announced together."""
    groups: list[list[int]] = []
    growing: dict[_Key, list[int]] = {}
    keys: dict[str, set[_Key]] = {}
    """For each nickname, the keys of the groups it is in."""
    for index, item in enumerate(items):
        event = item.event
        if type(event) not in _ABOUT_PEOPLE:
            continue
        if isinstance(event, Renamed):
            for nick in (event.nick, event.new):
                for key in keys.pop(nick, ()):
                    growing.pop(key, None)
            continue
        if isinstance(event, Joined):
            key = (event.room, "", False, type(event))
        elif isinstance(event, Left):
            key = (event.room, event.reason, event.gone, type(event))
        else:
            continue
        known = keys.setdefault(event.nick, set())
        for other in [other for other in known if other[0] == event.room and other != key]:
            known.discard(other)
            growing.pop(other, None)
        known.add(key)
        if key not in growing:
            growing[key] = []
            groups.append(growing[key])
        growing[key].append(index)
    return groups


def _together(items: Sequence[Shown]) -> Shown:
    last = items[-1]
    if isinstance(last.event, Joined):
        joined = [item.event for item in items if isinstance(item.event, Joined)]
        nicks = tuple(event.nick for event in joined)
        accounts = tuple(event.account for event in joined if event.account)
        many = TOGETHER[type(last.event)]
        authors = tuple(item.author for item in items)
        return Shown(many(last.event.room, nicks, last.event.at, accounts, authors), last.rooms)
    left = [item.event for item in items if isinstance(item.event, Left)]
    nicks = tuple(event.nick for event in left)
    many = TOGETHER[type(left[-1])]
    authors = tuple(item.author for item in items)
    return Shown(many(left[-1].room, nicks, left[-1].at, left[-1].reason, left[-1].gone, authors), last.rooms)
