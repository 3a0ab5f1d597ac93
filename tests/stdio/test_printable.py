"""What a server sends does nothing to a terminal."""

import json
import unicodedata

import pyte
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.programs import transcript
from groupchat.stdio.printable import Printer, escaped, one_line, printable

ANYTHING = st.text(st.characters(exclude_categories=()))


class Printable(SynchronousTestCase):
    @given(ANYTHING)
    def test_no_controls(self, text: str) -> None:
        """Nothing is left that a terminal obeys, but line feeds and tabs; nor on one line these."""
        self.assertEqual(
            {char for char in printable(text) if unicodedata.category(char) in ("Cc", "Cs")} - {*"\n\t"}, set()
        )
        self.assertEqual(len(printable(text)), len(text))
        self.assertTrue({*one_line(text)}.isdisjoint("\n\t\u2028\u2029\u202e\u2066"))

    def test_emoji(self) -> None:
        """Letters of all scripts and composed emoji stay as they are."""
        text = "h\u00e9 \u05d0 \U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f"
        self.assertEqual(printable(text), text)

    @settings(deadline=None)
    @given(st.binary())
    def test_terminal(self, data: bytes) -> None:
        """No bytes, cut anywhere, move the cursor up or change a terminal's title or modes."""
        screen = pyte.Screen(2000, 50)
        modes = set(screen.mode)
        stream = pyte.Stream(screen)
        printer = Printer()
        stream.feed("safe\r\n")
        for byte in data:
            stream.feed(printer.feed(bytes([byte])).replace("\n", "\r\n"))
        stream.feed(printer.feed(b"", final=True))
        self.assertEqual((screen.mode, screen.title), (modes, ""))
        # pyte gives a mark that begins a line to the last column of the line above.
        self.assertEqual(
            [char for char in screen.display[0] if char.isprintable() and not unicodedata.combining(char)],
            list("safe".ljust(2000)),
        )

    @given(ANYTHING)
    def test_escaped(self, text: str) -> None:
        """JSON says the same after it, with nothing in it that a terminal obeys."""
        line = escaped(json.dumps({"text": text}, ensure_ascii=False))
        self.assertEqual(printable(line), line)
        self.assertEqual(json.loads(line)["text"], text)

    @given(st.dictionaries(st.sampled_from(["event", "id", "nick", "text", "at", "room", "to"]), ANYTHING | st.none()))
    def test_transcript(self, event: dict[str, object]) -> None:
        """Whatever a server calls an event, at most one harmless line comes of it."""
        line = transcript.line({**event, "event": "said"})
        assert line is not None
        self.assertEqual(one_line(line), line)


class Transcript(SynchronousTestCase):
    def test_forms(self) -> None:
        """Each event has the form of the text protocol."""
        post = {"id": 7, "room": "lobby", "nick": "al", "text": "hi", "at": "nonsense", "to": ""}
        for event, form in (
            ({"event": "said"}, "(lobby) #7 al: hi"),
            ({"event": "acted"}, "(lobby) #7 * al hi"),
            ({"event": "whispered", "to": "bob"}, "#7 al -> bob: hi"),
            ({"event": "edited", "target": 3}, "(lobby) #3 al (edited): hi"),
            ({"event": "deleted", "target": 3}, "(lobby) #3 was deleted by al"),
            ({"event": "joined"}, "* al joined lobby"),
            ({"event": "left", "reason": "bye"}, "* al left lobby (bye)"),
            ({"event": "renamed", "new": "bo"}, "* al is now bo"),
            ({"event": "many-joined", "nicks": ["a1", "b2"], "others": 4}, "* a1, b2 and 4 others joined lobby"),
            ({"event": "topic-changed"}, "* topic of lobby, by al: hi"),
        ):
            self.assertEqual(transcript.line({**post, **event}), f"[--:--:--] {form}")
        self.assertIsNone(transcript.line({"event": "typing"}))
