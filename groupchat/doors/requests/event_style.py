"""How browsers are shown things that follow a room by EventSource: JSON, each object in a message of its own."""

from typing import ClassVar

from zope.interface import implementer

from groupchat.doors.web.web_style import WrappedJson
from groupchat.interfaces.screens import IStyle
from groupchat.model.events import Event, Post


@implementer(IStyle)
class EventStyle(WrappedJson):
    """Events as a browser's EventSource takes them; posts have their number as ``id``, from which it goes on."""

    door: ClassVar[str] = "http"
    resumes: ClassVar[bool] = False

    def wrap(self, line: bytes, event: Event | None = None) -> bytes:
        """Return a message."""
        return b"id: %d\ndata: %b\n\n" % (event.id, line) if isinstance(event, Post) else b"data: %b\n\n" % line
