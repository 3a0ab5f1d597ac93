"""Browsers are shown what programs are shown, each object in a frame."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase
from wsproto.frame_protocol import Opcode

from groupchat.doors.lines.json_style import json_style
from groupchat.doors.web.web_style import WebStyle
from groupchat.model import events
from groupchat.model.preferences import Preferences
from tests.doors.style_contract import FORBIDDEN, StyleContract
from tests.doors.web.clients import frames

SAID = events.Said(105, "lobby", "alice", 1795262400.0, "thanks")


class WebStyleTests(StyleContract, SynchronousTestCase):
    def make(self, preferences: Preferences) -> Any:
        return WebStyle.of(preferences)

    def lines(self, rendered: bytes) -> list[str]:
        found = frames(rendered)
        for opcode, payload in found:
            self.assertEqual(opcode, Opcode.TEXT)
            self.assertEqual(FORBIDDEN.intersection(payload.decode()), frozenset())
        return [payload.decode() for _, payload in found]

    def test_same_as_json(self) -> None:
        """An event is the very object that programs read; one that they are not shown is nothing."""
        (line,) = json_style(Preferences()).render([SAID], [0], False)
        (made,) = WebStyle.of(Preferences()).render([SAID], [0], False)
        self.assertEqual(frames(made), [(Opcode.TEXT, line.removesuffix(b"\r\n"))])
        hidden = WebStyle.of(Preferences(joins="off")).render([events.Joined("lobby", "bob", 0)], [0], False)
        self.assertEqual(hidden, [b""])

    def test_earlier_posts(self) -> None:
        """Posts before one came are a frame each."""
        replayed = events.Replayed("join", "", (SAID, SAID), "", 0.0)
        self.assertEqual(len(frames(WebStyle.of(Preferences()).answer(replayed, None, "lobby"))), 2)

    def test_echoes(self) -> None:
        """One's own posts come back if one wants that."""
        self.assertFalse(WebStyle.of(Preferences()).echoes(SAID))
        self.assertTrue(WebStyle.of(Preferences(echo=True)).echoes(SAID))
