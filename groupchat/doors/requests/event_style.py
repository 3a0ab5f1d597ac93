"""How browsers are shown things that follow a room by EventSource: JSON, each object in a message of its own."""

from collections.abc import Sequence
from typing import ClassVar
from weakref import WeakValueDictionary

from zope.interface import implementer

from groupchat.doors.lines.json_style import JsonStyle, json_style
from groupchat.interfaces.screens import IStyle, Rendered
from groupchat.model.events import Answer, Event, Post, Ref
from groupchat.model.preferences import Preferences

END = b"\r\n"


@implementer(IStyle)
class EventStyle:
    """Events as a browser's EventSource takes them; posts have their number as ``id``, from which it goes on."""

    door: ClassVar[str] = "http"
    resumes: ClassVar[bool] = False
    attended: ClassVar[bool] = False
    prose: ClassVar[bool] = False

    def __init__(self, preferences: Preferences) -> None:
        self.preferences = preferences
        self._json: JsonStyle = json_style(preferences)

    def render(self, events: Sequence[Event], previous: Sequence[float], marked: bool) -> list[Rendered]:
        """Render one message for each event."""
        lines = self._json.render(events, previous, marked)
        return [
            Rendered(b"id: %d\n%b" % (event.id, _data(line)) if isinstance(event, Post) else _data(line))
            for event, line in zip(events, lines, strict=True)
        ]

    def echoes(self, event: Event) -> bool:
        """Say whether it is shown to who caused it: whoever follows a room is nobody there."""
        return self._json.echoes(event)

    def answer(self, answer: Answer, ref: Ref, current: str) -> Rendered:
        """Render an answer; most are one message, and earlier posts are one each."""
        lines = self._json.answer(answer, ref, current)
        return Rendered(b"".join(_data(line + END) for line in lines.split(END) if line))


def _data(line: bytes) -> bytes:
    return b"data: %b\n\n" % line.removesuffix(END) if line else line


_styles: WeakValueDictionary[Preferences, EventStyle] = WeakValueDictionary()


def event_style(preferences: Preferences) -> EventStyle:
    """Return the style for these preferences; the same object as long as anybody has it."""
    style = _styles.get(preferences)
    if style is None:
        style = _styles[preferences] = EventStyle(preferences)
    return style
