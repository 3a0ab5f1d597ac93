"""The door of programs: JSON Lines from the first byte on, without greeting or prompt."""

from groupchat.doors.lines.json_requests import obey
from groupchat.doors.lines.json_style import JsonStyle, json_style
from groupchat.doors.wire.conversation import Conversation
from groupchat.interfaces.entrances import IReception
from groupchat.interfaces.screens import Rendered
from groupchat.model.errors import LineTooLong
from groupchat.model.events import Answer, Ref
from groupchat.model.preferences import Preferences

BEGINNING = Preferences(emoji=False)
"""The preferences of a new program: what it says arrives unchanged."""


class JsonConversation(Conversation):
    """One connection of a program."""

    __slots__ = ()
    style: JsonStyle

    def __init__(self, reception: IReception, address: str, exempt: bool) -> None:
        super().__init__(reception, address, exempt, json_style(BEGINNING))

    def prefer(self, preferences: Preferences) -> None:
        """Show things so from now on."""
        self.style = json_style(preferences)

    def answer(self, answer: Answer, ref: Ref, nick: str, current: str) -> Rendered:
        """Return the object for this answer."""
        return self.style.answer(answer, ref, current)

    def line_limit(self) -> int:
        return self.reception.settings.json_limit_bytes

    def take_line(self, line: bytes) -> None:
        """Hand the request on this line to the session."""
        obey(self.session, line, self.reception.settings.json_limit_depth)

    # Twisted calls this.

    def lineLengthExceeded(self, line: bytes) -> None:
        self.session.refuse(LineTooLong(f"A line can have {self.line_limit():,} bytes with its end."))
