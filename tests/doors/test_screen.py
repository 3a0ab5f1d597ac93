"""Nothing that anybody sends changes another person's screen but by a line of its own."""

from typing import Any

import pyte
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.doors.lines.json_style import json_style
from groupchat.doors.lines.text_style import text_style
from groupchat.model.preferences import Preferences
from tests.doors.style_contract import ANSWERS, EVENTS, HOSTILE, TIMES
from tests.doors.test_chat import Client, ServerTests
from tests.model.test_text import Terminal

COLUMNS, LINES = 4000, 1000  # nothing scrolls: four /help are some 300 lines
STYLES = st.sampled_from([
    text_style(Preferences(), "UTC"),
    text_style(Preferences(echo=True, time="off"), "UTC"),
    text_style(Preferences(zone="Asia/Tokyo", time="minutes")),
    json_style(Preferences()),
])  # fmt: skip


class ScreenTests(SynchronousTestCase):
    def assert_harmless(self, written: bytes) -> None:
        """After these bytes the terminal is what it was, and every line stands below the one before."""
        screen = Terminal(COLUMNS, LINES)
        stream = pyte.Stream(screen)
        stream.feed("above\r\n")
        before = (set(screen.mode), screen.margins, screen.g0_charset, screen.charset, screen.cursor.attrs)
        text = written.decode()
        stream.feed(text)
        self.assertEqual((screen.cursor.x, screen.cursor.y), (0, 1 + text.count("\n")))
        stream.feed("below")
        self.assertEqual((self.row(screen, 0), self.row(screen, 1 + text.count("\n"))), ("above ", "below "))
        self.assertEqual((screen.title, screen.icon_name, screen.rung, screen.answers), ("", "", 0, []))
        after = (set(screen.mode), screen.margins, screen.g0_charset, screen.charset, screen.cursor.attrs)
        self.assertEqual(after, before)

    def row(self, screen: Terminal, number: int) -> str:
        """The beginning of a row."""
        return "".join(screen.buffer[number][column].data for column in range(6))

    @settings(deadline=None)
    @given(st.lists(EVENTS, max_size=4), TIMES, st.booleans(), STYLES)
    def test_events(self, shown: list[Any], before: float, marked: bool, style: Any) -> None:
        """Every event, with anything in any of its texts, in every style."""
        self.assert_harmless(b"".join(style.render(shown, [before] * len(shown), marked)))

    @settings(deadline=None)
    @given(ANSWERS, HOSTILE, STYLES)
    def test_answers(self, answer: Any, current: str, style: Any) -> None:
        """Every answer, with anything in any of its texts, in every style; a prompt apart, which has no line end."""
        self.assert_harmless(style.answer(answer, None, current))


VERBS = (
    "",
    "/me ",
    "/topic ",
    "/nick ",
    "/msg bob ",
    "/away ",
    "/join ",
    "/exit ",
    "/edit ",
    "/set zone ",
    "/",
    "/help ",
)


class ConversationTests(ServerTests):
    @settings(deadline=None)
    @given(st.lists(st.tuples(st.sampled_from(VERBS), HOSTILE), min_size=1, max_size=4), HOSTILE)
    def test_whatever_is_typed(self, said: list[tuple[str, str]], nick: str) -> None:
        """Bob's screen and mallory's own stay intact, whatever mallory types, as a nickname and after every command."""
        self.setUp()
        bob, mallory = Client(self), Client(self)
        bob.wait()
        bob.send("bob")
        mallory.wait()
        lines = [nick, "mallory", *(verb + text for verb, text in said)]
        mallory.protocol.dataReceived(b"".join(line.encode("utf-8", "surrogatepass") + b"\n" for line in lines))
        self.clock.advance(0)
        self.clock.advance(1)
        for client in (bob, mallory):
            text = client.transport.value().decode().replace("Choose your nickname: ", "")
            ScreenTests("assert_harmless").assert_harmless(text.encode())
