"""The places of a connection or an account: its rooms, which of them is current, and how they change."""

from dataclasses import replace

from groupchat.lazy.records import record
from groupchat.model.drafts import StoredSession


@record
class Places:
    """The rooms somebody is in.

    ``rooms``: in the order joined; ``current``: where lines go, one of them (empty: nowhere).
    ``lost``: the room that was current until somebody else took it away; empty: none, or another one was chosen since.
    """

    rooms: tuple[str, ...] = ()
    current: str = ""
    lost: str = ""

    @staticmethod
    def of(session: StoredSession) -> "Places":
        """Return the places of a session."""
        return Places(session.rooms, session.current, session.lost)

    def session(self, session: StoredSession) -> StoredSession:
        """Return a session as it is in these places."""
        return replace(session, rooms=self.rooms, current=self.current, lost=self.lost)

    def entered(self, room: str) -> "Places":
        """Return the places after joining a room, which is current then."""
        return Places((*(other for other in self.rooms if other != room), room), room)

    def switched(self, room: str) -> "Places":
        """Return the places after sending lines to another of the rooms; nothing changes if it is none of them."""
        return Places(self.rooms, room) if room in self.rooms else self

    def left(self, room: str) -> "Places":
        """Return the places after leaving a room; lines go to the one joined last then."""
        if room not in self.rooms:
            return self
        rooms = tuple(other for other in self.rooms if other != room)
        if room != self.current:
            return Places(rooms, self.current, self.lost)
        return Places(rooms, rooms[-1] if rooms else "", self.lost)

    def put_out(self, room: str) -> "Places":
        """Return the places after a room was taken away: if lines went there, that is not forgotten."""
        after = self.left(room)
        return Places(after.rooms, after.current, room) if room and room == self.current else after
