"""The facts about rooms and the server: locks, slow mode, who operates a room, the message of the day."""

from collections.abc import Mapping
from typing import Any, Self

from groupchat.facts.typed import TypedFact
from groupchat.lazy.records import record
from groupchat.model.events import AuthorId


@record
class Lock(TypedFact):
    """Only invited people may come into a room.  ``at``: seconds since 1970 UTC, here and below.

    ``visible``: others are told that there is the room, what it is about, and who is there.
    """

    KIND = "lock"

    room: str
    by: str
    at: float
    visible: bool = False

    @property
    def name(self) -> str:
        """Return the room."""
        return self.room

    def value(self) -> dict[str, Any]:
        """Return who locked it, and when."""
        return {"by": self.by, "at": self.at, **({"visible": True} if self.visible else {})}

    @classmethod
    def read(cls, name: str, value: Mapping[str, Any]) -> Self:
        """Read a lock."""
        return cls(name, value["by"], value["at"], value.get("visible", False))


@record
class Slow(TypedFact):
    """In a room, each person has to wait so many seconds between two messages."""

    KIND = "slow"

    room: str
    seconds: float
    by: str
    at: float

    @property
    def name(self) -> str:
        """Return the room."""
        return self.room

    def value(self) -> dict[str, Any]:
        """Return the seconds, and who decided it when."""
        return {"seconds": self.seconds, "by": self.by, "at": self.at}

    @classmethod
    def read(cls, name: str, value: Mapping[str, Any]) -> Self:
        """Read a slow mode."""
        return cls(name, value["seconds"], value["by"], value["at"])


ANYBODY, KEEPERS_ONLY = "anybody", "operators"
"""The values of the setting ``topic``: who sets the topic of a room."""

ROOM_SETTINGS: dict[str, tuple[str, ...]] = {"topic": (ANYBODY, KEEPERS_ONLY)}
"""For each setting of a room its values; the first one holds unless its operators decide otherwise."""


@record
class RoomSettings(TypedFact):
    """The settings of a room that its operators have changed, by name."""

    KIND = "room-settings"

    room: str
    changed: Mapping[str, str]
    by: str
    at: float

    @property
    def name(self) -> str:
        """Return the room."""
        return self.room

    def value(self) -> dict[str, Any]:
        """Return the settings, and who changed one last, and when."""
        return {"changed": dict(self.changed), "by": self.by, "at": self.at}

    @classmethod
    def read(cls, name: str, value: Mapping[str, Any]) -> Self:
        """Read the settings of a room."""
        return cls(name, dict(value["changed"]), value["by"], value["at"])


@record
class Closed(TypedFact):
    """A room is closed: nobody comes into it, until one of its operators, or of the server, opens it again."""

    KIND = "closed-room"

    room: str
    by: str
    why: str
    at: float

    @property
    def name(self) -> str:
        """Return the room."""
        return self.room

    @property
    def sentence(self) -> str:
        """Return what people are told."""
        return f"{self.room} was closed by {self.by}{f': {self.why}' if self.why else '.'}"

    def value(self) -> dict[str, Any]:
        """Return who closed it, why, and when."""
        return {"by": self.by, "why": self.why, "at": self.at}

    @classmethod
    def read(cls, name: str, value: Mapping[str, Any]) -> Self:
        """Read that a room is closed."""
        return cls(name, value["by"], value["why"], value["at"])


@record
class Granted(TypedFact):
    """The base of facts that give an author, then called ``nick``, a right in a room."""

    OWNER = "last"

    room: str
    author: AuthorId
    nick: str
    by: str
    at: float

    @property
    def name(self) -> str:
        """Return ``ROOM/AUTHOR``; no room's name has a slash."""
        return f"{self.room}/{self.author}"

    def value(self) -> dict[str, Any]:
        """Return the nickname, and who decided it when."""
        return {"nick": self.nick, "by": self.by, "at": self.at}

    @staticmethod
    def parts(name: str) -> tuple[str, AuthorId]:
        """Return the room and the author of a name."""
        room, _, author = name.rpartition("/")
        return room, AuthorId(int(author))

    @classmethod
    def read(cls, name: str, value: Mapping[str, Any]) -> Self:
        """Read who was granted what."""
        return cls(*cls.parts(name), value["nick"], value["by"], value["at"])


@record
class Invitation(Granted):
    """Somebody may come into a room although it is locked.

    ``staying``: nobody has invited them; they were there when it was locked, and stay until they leave or are put out.
    """

    KIND = "invitation"
    GUESTS_TOO = True

    staying: bool = False

    def value(self) -> dict[str, Any]:
        """Return the nickname, who decided it when, and whether they only stay."""
        return {"nick": self.nick, "by": self.by, "at": self.at, **({"staying": True} if self.staying else {})}

    @classmethod
    def read(cls, name: str, value: Mapping[str, Any]) -> Self:
        """Read an invitation."""
        return cls(*cls.parts(name), value["nick"], value["by"], value["at"], value.get("staying", False))


class RoomOperator(Granted):
    """Somebody keeps order in a room."""

    __slots__ = ()
    KIND = "room-operator"


@record
class Motd(TypedFact):
    """The message of the day, instead of that of the settings."""

    KIND = "motd"

    text: str
    by: str
    at: float

    @property
    def name(self) -> str:
        """Return the only name."""
        return ""

    def value(self) -> dict[str, Any]:
        """Return the text, and who set it when."""
        return {"text": self.text, "by": self.by, "at": self.at}

    @classmethod
    def read(cls, name: str, value: Mapping[str, Any]) -> Self:
        """Read the message of the day."""
        return cls(value["text"], value["by"], value["at"])
