"""Who is typing just now: shown to programs, never stored."""

from typing import TYPE_CHECKING

from groupchat.model.events import Typing

if TYPE_CHECKING:
    from groupchat.hall.hall import Hall
    from groupchat.verbs.member import Member

REPEAT_S = 3.0
"""Someone who goes on typing is announced at most this often."""
LINGER_S = 6.0
"""Without a new keystroke, somebody no longer types after so long."""


class Keystrokes:
    """Who is typing where."""

    def __init__(self, hall: "Hall") -> None:
        self._hall = hall
        self._typing: dict[Member, tuple[str, float, float]] = {}
        """In which room, when that was announced last, and when the last key was pressed."""

    def started(self, member: "Member", room: str) -> None:
        """Somebody pressed a key."""
        now = self._hall.clock.seconds()
        known, announced, _ = self._typing.get(member, (room, now - REPEAT_S, now))
        if now - announced < REPEAT_S:
            self._typing[member] = (known, announced, now)
            return
        self._typing[member] = (room, now, now)
        self._tell(member, room, True)

    def stopped(self, member: "Member") -> None:
        """They said it, or are gone; who reads along knows that anyway."""
        self._typing.pop(member, None)

    def sweep(self) -> None:
        """To be called each second."""
        if not self._typing:
            return
        now = self._hall.clock.seconds()
        for member, (room, _, since) in list(self._typing.items()):
            if now - since >= LINGER_S:
                del self._typing[member]
                self._tell(member, room, False)

    def _tell(self, member: "Member", room: str, active: bool) -> None:
        self._hall.tell(Typing(room, member.person.nick, self._hall.now(), active), (room,), member)
