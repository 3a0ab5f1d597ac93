"""How wide a text is, by the tables of ``wcwidth``."""

import subprocess
import sys

from twisted.trial.unittest import SynchronousTestCase

from groupchat.lazy.widths import columns, letters


class WidthsTest(SynchronousTestCase):
    def test_columns(self) -> None:
        """Wide characters take two columns, marks none, and what cannot be shown none."""
        self.assertEqual([columns(text) for text in ("", "ab", "日本", "e\u0301", "\x1b")], [0, 2, 4, 1, 0])

    def test_letters(self) -> None:
        """A letter is together with its marks, and a picture with its parts."""
        self.assertEqual(list(letters("ae\u0301👩\u200d👧")), ["a", "e\u0301", "👩\u200d👧"])

    def test_loaded_when_needed(self) -> None:
        """The tables are loaded with the first text that needs them."""
        code = (
            "import sys; from groupchat.lazy.widths import columns; print('wcwidth' in sys.modules)\n"
            "columns('日'); print('wcwidth' in sys.modules)"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
        self.assertEqual((done.stdout, done.stderr), ("False\nTrue\n", ""))
