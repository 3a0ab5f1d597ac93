"""Drawing on the terminal."""

import io

import pyte
from prompt_toolkit.data_structures import Size
from twisted.trial.unittest import SynchronousTestCase

from groupchat.terminal.surfaces.editor.screen import Output


class Gone(io.StringIO):
    """A terminal that is gone."""

    def write(self, text: str) -> int:
        raise OSError(5, "Input/output error")


def output(written: io.StringIO) -> Output:
    return Output(written, lambda: Size(rows=10, columns=40), term="xterm-256color", enable_cpr=False)


class OutputTest(SynchronousTestCase):
    def test_held(self) -> None:
        """Several drawings are shown at once."""
        written = io.StringIO()
        made = output(written)
        made.hold()
        for piece in ("one", "two"):
            made.write_raw(piece)
            made.flush()
        self.assertEqual(written.getvalue(), "")
        made.release()
        self.assertEqual(written.getvalue(), "onetwo")
        made.write_raw("three")
        made.flush()
        self.assertEqual(written.getvalue(), "onetwothree")

    def test_gone(self) -> None:
        """A terminal that is gone is not written to, and does not stop the client."""
        made = output(Gone())
        made.write_raw("one")
        made.flush()
        made.flush()

    def test_erase_down(self) -> None:
        """Erasing leaves what is above and puts the cursor back; it never erases the whole window in one go."""
        written = io.StringIO()
        made = output(written)
        screen = pyte.Screen(40, 10)
        stream = pyte.Stream(screen)
        stream.feed("above\r\nline\r\nbelow\x1b[2;1H")
        made.erase_down()
        made.flush()
        stream.feed(written.getvalue())
        self.assertEqual([line.rstrip() for line in screen.display][:3], ["above", "", ""])
        self.assertEqual((screen.cursor.x, screen.cursor.y), (0, 1))
        self.assertFalse(written.getvalue().startswith("\x1b[J"))
