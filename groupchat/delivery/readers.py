"""Who is live, and who is catching up; a reader that takes nothing for too long is cut off."""

from typing import TYPE_CHECKING

from groupchat.delivery.cursor import Cursor
from groupchat.model.errors import ServerError, TooSlow
from groupchat.model.events import Told

if TYPE_CHECKING:
    from groupchat.hall.hall import Hall
    from groupchat.sessions.session import Session
    from groupchat.verbs.member import Member


class Readers:
    """How far everybody is with reading."""

    def __init__(self, hall: "Hall") -> None:
        self._hall = hall
        self._fallen: list[Member] = []
        """Who stopped reading while a batch was being handed over: from its end on they get nothing."""
        self._stalled: dict[Member, float] = {}
        """Who takes nothing, and since when, on the hall's clock."""
        self._lagging: dict[Member, Session] = {}
        """Who was catching up when the hall stopped, and has not caught up yet."""
        self._farewell = Told(())

    @property
    def stalled(self) -> int:
        """How many take nothing just now."""
        return len(self._stalled)

    def make_live(self, member: "Member") -> None:
        """The member stands at the head: from now on it gets batches as they come."""
        member.cursor = None
        session = self._lagging.pop(member, None)
        if session is None:
            self._hall.fanout.add(member)
        else:
            member.show(self._farewell)
            session.close()

    def review(self, member: "Member") -> None:
        """The member's rooms or style have changed."""
        if member.live:
            self._hall.fanout.add(member)

    def pause(self, member: "Member") -> None:
        """The member's connection takes nothing more: from the next batch on, it gets nothing."""
        member.paused = True
        self._stalled.setdefault(member, self._hall.clock.seconds())
        if self._hall.delivery.under_way:
            self._fallen.append(member)
        else:
            self._fall_behind(member)

    def resume(self, member: "Member") -> None:
        """The member's connection takes something again."""
        member.paused = False
        self._stalled.pop(member, None)
        if member.cursor is not None:
            member.cursor.advance()

    def drop(self, member: "Member") -> None:
        """Cut off a member that can no longer be promised an unbroken stream."""
        member.refuse(ServerError("Something went wrong here; it has been logged. Join again to go on."))
        member.screen.close()
        self._hall.attendance.leave(member, "server error")

    def _fall_behind(self, member: "Member") -> None:
        if member.live:
            self._hall.fanout.remove(member)
            member.cursor = Cursor(self._hall, member, self._hall.delivered)
            if not member.paused:
                member.cursor.advance()

    def _cut(self, member: "Member") -> None:
        seconds = self._hall.settings.stuck_timeout_s
        member.refuse(TooSlow(f"You have taken nothing for {seconds:g} seconds. Join again to go on where you were."))
        self._hall.attendance.leave(member, "too slow")
        member.screen.abort()

    def detach(self, member: "Member") -> None:
        """The member is shown nothing more."""
        self._hall.fanout.remove(member)
        member.cursor = None
        self._stalled.pop(member, None)

    def batch_ended(self) -> None:
        """To be called after each batch: who stopped reading during it reads on from its end, when it can."""
        fallen, self._fallen = self._fallen, []
        for member in fallen:
            self._fall_behind(member)

    def sweep(self) -> None:
        """To be called each second: cut off who has taken nothing for too long."""
        limit = self._hall.clock.seconds() - self._hall.settings.stuck_timeout_s
        for member in [member for member, since in self._stalled.items() if since <= limit]:
            self._cut(member)

    def close_all(self, farewell: str) -> None:
        """Close every connection; who is catching up just now, with these words, when they have caught up."""
        self._farewell = Told((farewell,))
        for session in list(self._hall.sessions):
            if session.member is not None and session.member.cursor is not None:
                self._lagging[session.member] = session
            else:
                session.close()
