"""A door as any new one is made: one module, and one row in the table.  Its clients speak frames.

A frame is the byte 1, the length of its text in two bytes, and the text.
"""

from collections.abc import Sequence

from zope.interface import implementer

from groupchat.doors.openings import Door
from groupchat.doors.wire.conversation import Conversation
from groupchat.interfaces.entrances import IFront
from groupchat.interfaces.screens import IStyle, Rendered
from groupchat.model.events import Answer, Event, Ref
from groupchat.model.preferences import Preferences


@implementer(IStyle)
class FramesStyle:
    """An event a frame."""

    door, preferences, resumes, attended, prose = "frames", Preferences(), False, False, False
    rendered = 0

    def render(self, events: Sequence[Event], previous: Sequence[float], marked: bool) -> list[Rendered]:
        self.rendered += len(events)
        return [frame(f"{type(event).__name__} {getattr(event, 'text', '')}") for event in events]

    def echoes(self, event: Event) -> bool:
        return False


STYLE = FramesStyle()


class FramesConversation(Conversation):
    """One connection that speaks frames; what is in one goes the way of a line."""

    received = b""

    def line_limit(self) -> int:
        return 1000

    def dataReceived(self, data: bytes) -> None:
        self.received += data
        while len(self.received) >= 3 and len(self.received) >= (end := 3 + int.from_bytes(self.received[1:3])):
            text, self.received = self.received[3:end], self.received[end:]
            super().dataReceived(text + b"\n")

    def take_line(self, line: bytes) -> None:
        self.session.typed(line.decode())

    def answer(self, answer: Answer, ref: Ref, nick: str, current: str) -> Rendered:
        return frame(f"{type(answer).__name__} {getattr(answer, 'code', '')}")


def frame(text: str) -> Rendered:
    """Put a text into a frame."""
    return Rendered(b"\x01" + len(text.encode()).to_bytes(2) + text.encode())


def admit(front: IFront) -> None:
    """Serve a connection that began with a frame."""
    front.enter(FramesConversation(front.reception, front.address, front.exempt, STYLE))


DOOR = Door("frames", (b"\x01",), admit)
