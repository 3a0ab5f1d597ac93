"""Turning back in what was shown."""

from prompt_toolkit.data_structures import Size

from groupchat.terminal.surfaces.editor.scrollback import FRAME_S
from tests.terminal.surfaces.editor.cases import EditorTest


class ScrollbackTest(EditorTest):
    def test_above(self) -> None:
        """Text goes above the line, which stays as it is."""
        self.press("half")
        self.write("bob: one", "bob: two\nand more")
        self.assertEqual(self.shown, ["bob: one", "bob: two", "and more", "> half", "the bar of 40 columns"])

    def test_scrolls_away(self) -> None:
        """What no longer fits is in the terminal's own scrollback, and nothing of the line or the bar is."""
        self.press("half")
        for number in range(30):
            self.write(f"bob: {number}")
        self.assertEqual(self.shown[-2:], ["> half", "the bar of 40 columns"])
        gone = ["".join(row[column].data for column in range(40)).rstrip() for row in self.screen.history.top]
        self.assertEqual([*gone, *self.shown[:-2]], [f"bob: {number}" for number in range(30)])

    def test_gathered(self) -> None:
        """What is written within a frame is drawn at once."""
        self.write("one")
        for number in range(100):
            self.editor.write(f"line {number}")
        self.assertEqual(self.written.getvalue(), "")
        self.clock.advance(FRAME_S)
        self.assertIn("line 99", self.written.getvalue())

    def test_narrower(self) -> None:
        """A terminal that becomes narrower, and wraps the old line, keeps one line and one bar."""
        self.write("bob: hi")
        self.press("a line that needs two rows of thirty")
        self.size = Size(rows=10, columns=30)
        rewrapped = "bob: hi\r\n> a line that needs two rows o\r\nf thirty\r\nthe bar of 40 columns"
        self.stream.feed(f"\x1b[2J\x1b[H{rewrapped}\x1b[A\r\x1b[8C")
        self.screen.resize(10, 30)
        self.write("bob: ho")
        self.assertEqual(self.shown, [
            "bob: hi", "bob: ho", "> a line that needs two rows o", "f thirty", "the bar of 30 columns",
        ])  # fmt: skip
