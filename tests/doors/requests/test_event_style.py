"""Browsers that follow a room are shown what programs are shown, each object in a message of its own."""

import re
from typing import Any

from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from groupchat.doors.lines.json_style import json_style
from groupchat.doors.requests.desk import STYLE, Desk
from groupchat.doors.requests.event_style import EventStyle
from groupchat.doors.requests.live import LiveStream
from groupchat.interfaces.screens import IScreen, IStyle
from groupchat.model import events
from groupchat.model.preferences import Preferences
from groupchat.sessions.visitor import Credentials
from tests.doors.connections import Visit
from tests.doors.requests.cases import RequestsCase
from tests.doors.style_contract import FORBIDDEN, StyleContract
from tests.doors.web.clients import request

SAID = events.Said(105, "lobby", "alice", 1795262400.0, "thanks")

MESSAGE = re.compile(r"(?:id: (\d+)\n)?data: ([^\n]+)\n\n")
"""A message of an event stream, as it is here."""


class EventStyleTests(StyleContract, SynchronousTestCase):
    def make(self, preferences: Preferences) -> Any:
        return EventStyle.of(preferences)

    def lines(self, rendered: bytes) -> list[str]:
        text, found = rendered.decode(), []
        while text:
            match = MESSAGE.match(text)
            assert match is not None, text
            self.assertEqual(FORBIDDEN.intersection(match[2]), frozenset())
            found.append(match[2])
            text = text[match.end() :]
        return found

    def test_same_as_json(self) -> None:
        """An event is the very object that programs read; a post has its number, a notice has none."""
        joined = events.Joined("lobby", "bob", 0.0)
        lines = json_style(Preferences()).render([SAID, joined], [0, 0], False)
        made = EventStyle.of(Preferences()).render([SAID, joined], [0, 0], False)
        self.assertEqual(made[0], b"id: 105\ndata: " + lines[0][:-2] + b"\n\n")
        self.assertEqual(made[1], b"data: " + lines[1][:-2] + b"\n\n")
        self.assertEqual(EventStyle.of(Preferences(joins="off")).render([joined], [0], False), [b""])


class ScreensTest(RequestsCase):
    def test_interfaces(self) -> None:
        """The screen of a request and of a follower are screens, and the style of requests is a style."""
        verifyObject(IStyle, STYLE)
        connection = Visit(self.port)
        connection.send(request("/rooms/lobby/live"))
        self.assertIsInstance(connection.server, LiveStream)
        verifyObject(IScreen, connection.server)
        other = Visit(self.port)
        seen: list[Desk] = []
        begin = self.visits.begin

        def noted(screen: Any) -> Any:
            seen.append(screen)
            return begin(screen)

        self.visits.begin = noted  # type: ignore[method-assign]
        other.send(request("/rooms/lobby"))
        verifyObject(IScreen, seen[0])

    def test_secrets_are_not_shown(self) -> None:
        """What a request proves itself with is not in what is logged of it."""
        shown = repr(Credentials("alice", "a password", "a token", "a hook"))
        self.assertIn("alice", shown)
        for secret in ("password", "token", "hook"):
            self.assertNotIn(f"a {secret}", shown)
