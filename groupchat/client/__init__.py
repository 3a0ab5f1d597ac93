"""The library for programs that take part in a chat: docs/LIBRARY.md.

With asyncio, `connect` and `Bot`; with Twisted, `Client`.  Events, such as `Said`, and errors are here, too;
`testing` has a server in memory.

A name is imported when it is first used, so that a program imports nothing that it does not need.
``__init__.pyi`` has the same names for type checkers.
"""

from importlib import import_module
from typing import Any

_PLACES = {
    "address": ("Address", "Servers", "reason"),
    "aio.async_chat": ("Chat",),
    "aio.connecting": ("connect",),
    "bots.bot": ("Bot",),
    "bots.calls": ("Call",),
    "client": ("Client",),
    "client_events": (
        *("Event", "Post", "Said", "Acted", "Whispered", "Shared", "Edited", "Deleted", "TopicChanged", "Moderated"),
        *("Joined", "Left", "ManyJoined", "ManyLeft", "Renamed", "AwayChanged", "Typing", "Announced"),
        *("HistoryErased", "Entered", "Departed", "Closing", "Unknown", "Person"),
        *("Read", "ProgramJoined", "ProgramLeft", "ManyProgramsJoined", "ManyProgramsLeft"),
    ),
    "core.client_errors": (
        *("ClientError", "Refused", "Unanswered", "ConnectionDropped", "FileChanged", "NotTrusted"),
        *("NoConnection", "NothingListens", "UnknownHost", "NoRoute", "TimedOut", "ConnectionEnded"),
        "NoServerAnswers",
    ),
    "core.client_state": ("Change", "State"),
    "core.protocol": ("Message",),
    "core.resumption": ("Since",),
    "mentioning": ("mentions",),
    "tls.trust": ("Encryption",),
}
"""The public names, by the modules where they are."""

_MODULES = {"errors": "core.client_errors", "events": "client_events", "testing": "testing"}
"""Modules with public names of their own."""

_HOMES = {name: place for place, names in _PLACES.items() for name in names}

__all__ = sorted([*_HOMES, *_MODULES])


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        found: Any = import_module(f"{__name__}.{_MODULES[name]}")
    elif name in _HOMES:
        found = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return __all__
