"""Places that lines go to: a room, or one person in private; and whom a reply goes to."""

from groupchat.lazy.records import record

UNCLEAR_S = 10.0
"""Seconds after a second person has written during which nobody can be sure whom a reply is for."""


@record
class Place:
    """A room, or (``nick``) a private conversation with one person; neither: nowhere."""

    room: str = ""
    nick: str = ""

    def __str__(self) -> str:
        return self.nick or self.room

    @property
    def where(self) -> str:
        """Return where a line goes, as the end of a sentence."""
        return f"to {self.nick}, in private" if self.nick else f"in {self.room}"

    def __bool__(self) -> bool:
        return bool(self.room or self.nick)


class Correspondents:
    """The people who wrote to the person in private: the last one is answered by ``/reply``."""

    def __init__(self) -> None:
        self.last = ""
        """The nickname of the last one; empty: nobody wrote."""
        self._before = ""
        self._turned_at = float("-inf")

    def wrote(self, nick: str, now: float) -> None:
        """Note that somebody wrote.

        :param now: seconds that never go back.
        """
        if nick.casefold() == self.last.casefold():
            return
        if self.last:
            self._before, self._turned_at = self.last, now
        self.last = nick

    def renamed(self, nick: str, new: str) -> None:
        """Follow somebody to another nickname."""
        if self.last == nick:
            self.last = new
        if self._before == nick:
            self._before = new

    def gone(self, nick: str) -> None:
        """Forget somebody who has left the server: the next one with that nickname may be somebody else."""
        if self.last == nick:
            self.last = ""

    def rival(self, now: float) -> str:
        """Return who wrote before the last one, if the last one came so recently that a reply may be meant for them."""
        return self._before if self.last and now - self._turned_at < UNCLEAR_S else ""
