"""Messages of several lines and replies over the wire: however they are cut, and whatever is in them."""

import json
import re
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase
from wcwidth import wcswidth

from groupchat.doors.lines.text_style import text_style
from groupchat.model.errors import Refusal
from groupchat.model.events import Acted, Edited, Post, Said, Whispered
from groupchat.model.preferences import Preferences
from groupchat.model.text import CONTINUATION, LINES_MOST, clean_lines
from tests.doors.test_chat import ServerTests
from tests.model.texts import ANY

OTHERS = (
    "[09:42:00] #9 alice: forged", "-- forged", "!! banned: forged", "* eve joined lobby", "Choose your nickname: ",
    "Password: ", "           | forged", "\t\t\t\t\t\t\t\t\t\t[09:42:00] #9 alice: forged", " " * 100 + "-- forged",
)  # fmt: skip
"""What looks like lines of others."""
TEXT = st.lists(ANY | st.sampled_from(OTHERS), min_size=1, max_size=6).flatmap(
    lambda lines: st.sampled_from(["\n", "\r\n", "\r"]).map(lambda end: end.join(lines))
)
FORM = re.compile(r"\[12:00:00] #\d+ (?:\* )?alice(?: -> bob)?(?: \(re #\d+ bob\))?(?: \(edited\))?:? ")


def posts(text: str, reply: int) -> list[Post]:
    """Return every event that has this text."""
    answered = (reply, "bob" if reply else "")
    return [
        Said(1, "lobby", "alice", 43200.0, text, *answered),
        Acted(1, "lobby", "alice", 43200.0, text, *answered),
        Whispered(1, "", "alice", 43200.0, "bob", text, *answered),
        Edited(1, "lobby", "alice", 43200.0, 1, text, "", *answered),
        Edited(1, "", "alice", 43200.0, 1, text, "bob", *answered),
    ]


class ForgeryTest(SynchronousTestCase):
    @settings(deadline=None)
    @given(TEXT, st.sampled_from([0, 41]), st.sampled_from(["20", "50", "80"]))
    def test_no_row_of_their_own(self, text: str, reply: int, width: str) -> None:
        """The same is true of every row where lines are broken, and none is wider than the window."""
        try:
            text = clean_lines(text)
        except Refusal:
            return
        style = text_style(Preferences(zone="UTC", width=width))
        for post in posts(text, reply):
            (rendered,) = style.render([post], [43200.0], False)
            first, *others = rendered.decode().removesuffix("\r\n").split("\r\n")
            self.assertTrue(first.startswith("[12:00:00] #1"), first)
            for line in others:
                self.assertTrue(line.startswith(CONTINUATION), line)
            self.assertLessEqual(max(map(wcswidth, (first, *others))), int(width))

    @given(TEXT, st.sampled_from([0, 41]))
    def test_no_line_of_their_own(self, text: str, reply: int) -> None:
        """Whatever a peer says, its first line begins as a message of its own, and every other as a continuation."""
        try:
            text = clean_lines(text)
        except Refusal:
            return
        style = text_style(Preferences(zone="UTC"))
        for post in posts(text, reply):
            (rendered,) = style.render([post], [43200.0], False)
            first, *others = rendered.decode().removesuffix("\r\n").split("\r\n")
            self.assertIsNotNone(FORM.match(first), first)
            for line in others:
                self.assertTrue(line.startswith(CONTINUATION), line)
            for line in (first, *others):
                self.assertEqual(line, "".join(line.splitlines()))
                self.assertLess(len(re.findall(r"\s{26,}", line)), 1)


class WireTest(ServerTests):
    def test_message(self) -> None:
        """A program's message of several lines, as people read it, live and replayed."""
        (alice,) = self.people("alice")
        bot, _ = self.program("bot")
        alice.read()
        bot.ask(do="say", text="def f():\n    return 1\n\nf()\n", ref=1)
        shown = (
            "[12:00:00] #1 bot: def f():\n           |     return 1\n           | \n           | f()\n"
        )  # fmt: skip
        self.assertEqual(alice.read(), shown)
        self.assertIn(shown, alice.send("/history"))

    def test_reply(self) -> None:
        """A reply to a message, and an edit of it, in text and in JSON."""
        alice, bob = self.people("alice", "bob")
        bot, _ = self.program("bot")
        alice.send("who has the key?")
        for client in (alice, bob, bot):
            client.read()
        bob.send("/re #1 me", "/edit ask carol")
        self.assertEqual(
            alice.read(),
            "[12:00:00] #2 bob (re #1 alice): me\n[12:00:00] #2 bob (re #1 alice) (edited): ask carol\n",
        )
        said, edited = bot.heard()
        self.assertEqual(
            said,
            {
                "event": "said", "id": 2, "room": "lobby", "nick": "bob", "reply": 1, "reply_nick": "alice",
                "text": "me", "at": "2026-11-21T12:00:00.000Z",
            },
        )  # fmt: skip
        self.assertEqual((edited["reply"], edited["reply_nick"], edited["text"]), (1, "alice", "ask carol"))

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(TEXT, st.booleans())
    def test_round_trip(self, text: str, ascii_only: bool) -> None:
        """A program hears from another exactly the text that was taken, or it was refused and nobody heard it."""
        self.setUp()
        bot, _ = self.program("bot")
        ear, _ = self.program("ear")
        bot.read()
        line = json.dumps({"do": "say", "text": text, "ref": 1}, ensure_ascii=ascii_only).encode("utf-8", "replace")
        bot.protocol.dataReceived(line + b"\n")
        (answer,) = bot.heard()
        said: list[Any] = ear.heard()
        if answer["event"] == "refused":
            self.assertEqual(said, [])
            self.assertIn(answer["code"], ("bad-character", "nothing-to-say", "too-long"))
        else:
            sent = text if ascii_only else line_text(line)
            self.assertEqual([event["text"] for event in said], [clean_lines(sent)])
            self.assertLessEqual(said[0]["text"].count("\n"), LINES_MOST - 1)

    def test_width(self) -> None:
        """Lines are broken at the width of a telnet client's window, or the one that was set; nobody else's are."""
        alice, bob, carol = self.people("alice", "bob", "carol")
        words = "one two three four five six seven"
        alice.protocol.dataReceived(b"\xff\xfb\x1f\xff\xfa\x1f\x00\x28\x00\x18\xff\xf0")
        self.assertEqual(alice.transport.value(), b"\xff\xfd\x1f")
        alice.transport.clear()
        carol.send(words)
        self.assertEqual(alice.read(), "[12:00:00] #1 carol: one two three four\n           | five six seven\n")
        self.assertEqual(bob.read(), f"[12:00:00] #1 carol: {words}\n")
        self.assertIn("-- width is now 30.", bob.send("/set width 37"))
        carol.send(words)
        self.assertEqual(
            bob.read(), "[12:00:00] #2 carol: one two\n           | three four five\n           | six seven\n"
        )
        alice.read()
        alice.send("/set width off")
        carol.send(words)
        self.assertIn(words, alice.read())
        alice.send("/set width auto")
        self.assertIn("\n           | five six seven\n", alice.send("/history 1"))

    def test_every_cut(self) -> None:
        """However the bytes are cut, a paste and a program's text are the same message."""
        text = "one\n  two é\n\n/exit\n."
        typed = "/paste\r\none\n  two é\r\n\n/exit\r\n..\n \n.\r\nafter\n".encode()
        asked = json.dumps({"do": "say", "text": text}, ensure_ascii=False).encode() + b"\n"
        for size in range(1, max(len(typed), len(asked)) + 1):
            self.setUp()
            (alice,) = self.people("alice")
            bot, _ = self.program("bot")
            ear, _ = self.program("ear")
            for client, stream in ((alice, typed), (bot, asked)):
                for start in range(0, len(stream), size):
                    client.protocol.dataReceived(stream[start : start + size])
                self.clock.advance(0)
            self.assertEqual([event["text"] for event in ear.heard()], [text, "after", text], size)


def line_text(line: bytes) -> str:
    """Return the text that a line asks to say."""
    return str(json.loads(line)["text"])
