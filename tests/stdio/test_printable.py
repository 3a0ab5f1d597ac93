"""Text of a server that a terminal does not obey."""

import json
import unicodedata

import pyte
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.stdio.printable import escaped, one_line, printable

ANYTHING = st.text(st.characters(exclude_categories=()))


class PrintableTest(SynchronousTestCase):
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
    @given(st.lists(ANYTHING))
    def test_terminal(self, texts: list[str]) -> None:
        """No text moves a terminal's cursor up, or changes its title or modes."""
        screen = pyte.Screen(2000, 50)
        modes = set(screen.mode)
        stream = pyte.Stream(screen)
        stream.feed("safe\r\n")
        for text in texts:
            stream.feed(printable(text).replace("\n", "\r\n"))
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
