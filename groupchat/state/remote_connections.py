"""Connections at other nodes of a cluster: they are in the rooms and lists of this one, and nothing is shown there.

What is shown to somebody, and kept of them, is the matter of the node that they are connected to.
"""

from collections.abc import Sequence

from zope.interface import implementer

from groupchat.interfaces.screens import Hold, IScreen, IStyle, Rendered
from groupchat.model.events import Answer, Event, Ref
from groupchat.model.node_operations import Presence
from groupchat.model.preferences import Preferences
from groupchat.state.people import Connection, Person

NOTHING = Rendered(b"")


@implementer(IStyle)
class RemoteStyle:
    """The style of a door at another node.  ``prose``: so nobody makes lists for it."""

    resumes = False
    attended = False
    prose = True

    def __init__(self, door: str) -> None:
        self.door = door
        self.preferences = Preferences()

    def render(self, events: Sequence[Event], previous: Sequence[float], marked: bool) -> list[Rendered]:
        """Show nothing."""
        return [NOTHING] * len(events)

    def echoes(self, event: Event) -> bool:
        """Return that nothing is shown."""
        return False


@implementer(IScreen)
class RemoteScreen:
    """The screen of a connection at another node.  Where its peer is, and at what, only that node knows."""

    address = ""
    base = ""
    terminal = ""
    exempt = False

    def __init__(self, door: str, secure: bool) -> None:
        self.style: IStyle = RemoteStyle(door)
        self.secure = secure

    def answer(self, answer: Answer, ref: Ref, nick: str, current: str) -> Rendered:
        """Show nothing."""
        return NOTHING

    def write(self, rendered: Rendered) -> None:
        """Do nothing."""

    def prefer(self, preferences: Preferences) -> None:
        """Do nothing."""

    def hold(self, reason: Hold) -> None:
        """Do nothing."""

    def release(self, reason: Hold) -> None:
        """Do nothing."""

    def yield_turn(self) -> None:
        """Do nothing."""

    def silence(self) -> float:
        """Return that it is not known whether its network is there: its own node sees to that."""
        return 0.0

    def conceal(self) -> None:
        """Do nothing."""

    def reveal(self) -> None:
        """Do nothing."""

    def close(self, code: str) -> None:
        """Do nothing: its own node closes it, when it learns who has its handle now, or that it is put out."""

    def abort(self) -> None:
        """Do nothing."""


class RemoteConnection(Connection):
    """A connection at another node: never live, and without a cursor.

    ``presence``: what its node said of it last.
    """

    __slots__ = ("node", "presence")

    def __init__(self, person: Person, presence: Presence) -> None:
        origin = person.origin
        super().__init__(person, RemoteScreen(presence.door, presence.secure), presence.since)
        person.origin = presence.origin or origin
        self.hold_token(presence.handle)
        self.program = presence.program
        self.note(presence)

    def note(self, presence: Presence) -> None:
        """Take what its node says of it now; where it is in this hall changes in attendance."""
        self.presence = presence
        self.node = presence.node

    def show(self, answer: Answer, ref: Ref = None) -> None:
        """Do nothing."""
