"""How browsers are shown things: JSON Lines, each line in a frame of its own."""

from collections.abc import Sequence
from typing import Any, ClassVar, Self
from weakref import WeakValueDictionary

from zope.interface import implementer

from groupchat.doors.lines.json_style import JsonStyle, json_style
from groupchat.doors.web.frames import frame
from groupchat.interfaces.screens import IStyle, Rendered
from groupchat.model.events import Answer, Event, Ref
from groupchat.model.preferences import Preferences

END = b"\r\n"


_styles: WeakValueDictionary[tuple[type, Preferences], Any] = WeakValueDictionary()


class WrappedJson:
    """The objects of JSON Lines, each wrapped as a protocol of browsers has it."""

    attended: ClassVar[bool] = False
    prose: ClassVar[bool] = False

    def __init__(self, preferences: Preferences) -> None:
        self.preferences = preferences
        self._json: JsonStyle = json_style(preferences)

    @classmethod
    def of(cls, preferences: Preferences) -> Self:
        """Return the style for these preferences; the same object as long as anybody has it."""
        style: Self | None = _styles.get((cls, preferences))
        if style is None:
            style = _styles[cls, preferences] = cls(preferences)
        return style

    def wrap(self, line: bytes, event: Event | None = None) -> bytes:
        """Wrap an object, without its line end: of an answer, or (``event``) of something that happened."""
        raise NotImplementedError

    def render(self, events: Sequence[Event], previous: Sequence[float], marked: bool) -> list[Rendered]:
        """Render each event, wrapped."""
        lines = zip(self._json.render(events, previous, marked), events, strict=True)
        return [Rendered(self.wrap(line.removesuffix(END), event)) if line else line for line, event in lines]

    def echoes(self, event: Event) -> bool:
        """Say whether it is shown to the person who caused it, as for other programs."""
        return self._json.echoes(event)

    def answer(self, answer: Answer, ref: Ref, current: str) -> Rendered:
        """Render an answer; most are one object, and earlier posts are one each."""
        lines = self._json.answer(answer, ref, current)
        return Rendered(b"".join(self.wrap(line) for line in lines.split(END) if line))


@implementer(IStyle)
class WebStyle(WrappedJson):
    """JSON in frames, with one set of preferences."""

    door: ClassVar[str] = "web"
    resumes: ClassVar[bool] = True

    def wrap(self, line: bytes, event: Event | None = None) -> bytes:
        """Return a frame."""
        return frame(line)
