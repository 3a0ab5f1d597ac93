"""The door of programs: JSON Lines from the first byte on, without greeting or prompt."""

from collections.abc import Iterator
from typing import cast

from groupchat.doors.lines.json_requests import PING, is_ping, obey
from groupchat.doors.lines.json_style import JsonStyle, json_style
from groupchat.doors.wire.conversation import Conversation
from groupchat.interfaces.entrances import IReception
from groupchat.interfaces.screens import Rendered
from groupchat.model.errors import LineTooLong
from groupchat.model.events import Answer, Closing, Ref, Refused
from groupchat.model.preferences import Preferences

BEGINNING = Preferences(emoji=False)
"""The preferences of a new program: what it says arrives unchanged."""


class JsonConversation(Conversation):
    """One connection of a program."""

    __slots__ = ("_refused",)
    style: JsonStyle

    def __init__(self, reception: IReception, address: str, exempt: bool) -> None:
        super().__init__(reception, address, exempt, json_style(BEGINNING))
        self._refused: Refused | None = None
        """The last refusal: if the connection is closed because of it, its sentence is told again."""

    def prefer(self, preferences: Preferences) -> None:
        """Show things so from now on."""
        self.style = json_style(preferences)

    def answer(self, answer: Answer, ref: Ref, nick: str, current: str) -> Rendered:
        """Return the object for this answer."""
        kind = type(answer)
        if kind is Refused:
            self._refused = cast(Refused, answer)
        elif kind is Closing:
            answer = self._with_reason(cast(Closing, answer))
        return self.style.answer(answer, ref, current)

    def _with_reason(self, closing: Closing) -> Closing:
        refused = self._refused
        return closing if refused is None or refused.code != closing.code else Closing(refused.code, refused.text)

    def line_limit(self) -> int:
        return self.reception.settings.json_limit_bytes

    def take_line(self, line: bytes) -> None:
        """Hand the request on this line to the session."""
        settings = self.reception.settings
        obey(self.session, line, settings.json_limit_depth, settings.line_limit_bytes)

    def take_pings(self) -> Iterator[bytes]:
        """Take the pings out of what waits, one after the other, and leave everything else as it is."""
        settings, begin = self.reception.settings, 0
        if self._skipped:
            return  # the first line is the rest of one that is left out
        for _ in range(settings.lines_per_turn):
            waiting = self._waiting
            found = waiting.find(PING, begin)
            end = waiting.find(b"\n", found) + 1
            if found < 0 or end == 0:
                break
            start = waiting.rfind(b"\n", begin, found) + 1 or begin
            line = bytes(waiting[start : end - 1])
            if is_ping(line, settings.json_limit_depth):
                del waiting[start:end]
                begin = start
                yield line
            else:
                begin = end

    # Twisted calls this.

    def lineLengthExceeded(self, line: bytes) -> None:
        self.session.reject(LineTooLong(f"A line can have {self.line_limit():,} bytes with its end."))
