"""Connections at other nodes of a cluster: they are in the rooms and lists of this one, and nothing is shown there.

What is shown to somebody, and kept of them, is the matter of the node that they are connected to.
"""

from collections.abc import Sequence

from zope.interface import implementer

from groupchat.interfaces.screens import IStyle, Rendered
from groupchat.model.events import Event
from groupchat.model.node_operations import Presence
from groupchat.model.preferences import Preferences
from groupchat.state.people import Connection, Person
from groupchat.state.silent_screen import NOTHING, SilentScreen


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


class RemoteScreen(SilentScreen):
    """The screen of a connection at another node.  Where its peer is, and at what, only that node knows.

    Its own node closes it, when it learns who has its handle now, or that it is put out.
    """

    def __init__(self, door: str, secure: bool) -> None:
        super().__init__(RemoteStyle(door))
        self.secure = secure


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
