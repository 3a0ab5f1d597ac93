"""How browsers are shown things: JSON Lines, each line in a frame of its own."""

from collections.abc import Sequence
from typing import ClassVar
from weakref import WeakValueDictionary

from zope.interface import implementer

from groupchat.doors.lines.json_style import JsonStyle, json_style
from groupchat.doors.web.frames import frame
from groupchat.interfaces.screens import IStyle, Rendered
from groupchat.model.events import Answer, Event, Ref
from groupchat.model.preferences import Preferences

END = b"\r\n"


@implementer(IStyle)
class WebStyle:
    """JSON in frames, with one set of preferences."""

    door: ClassVar[str] = "web"
    resumes: ClassVar[bool] = True
    attended: ClassVar[bool] = False
    prose: ClassVar[bool] = False

    def __init__(self, preferences: Preferences) -> None:
        self.preferences = preferences
        self._json: JsonStyle = json_style(preferences)

    def render(self, events: Sequence[Event], previous: Sequence[float], marked: bool) -> list[Rendered]:
        """Render one frame for each event."""
        return [frame(line[:-2]) if line else line for line in self._json.render(events, previous, marked)]

    def echoes(self, event: Event) -> bool:
        """Say whether it is shown to the person who caused it, as for other programs."""
        return self._json.echoes(event)

    def answer(self, answer: Answer, ref: Ref, current: str) -> Rendered:
        """Render an answer; most are one frame, and earlier posts are one each."""
        lines = self._json.answer(answer, ref, current)
        return Rendered(b"".join(frame(line) for line in lines.split(END) if line))


_styles: WeakValueDictionary[Preferences, WebStyle] = WeakValueDictionary()


def web_style(preferences: Preferences) -> WebStyle:
    """Return the style for these preferences; the same object as long as anybody has it."""
    style = _styles.get(preferences)
    if style is None:
        style = _styles[preferences] = WebStyle(preferences)
    return style
