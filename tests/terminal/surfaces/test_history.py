"""The file of typed lines."""

import tempfile
from pathlib import Path
from shutil import rmtree

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.terminal.surfaces.history import KEPT, HistoryFile, write_private


class HistoryFileTest(SynchronousTestCase):
    def setUp(self) -> None:
        base = Path(tempfile.mkdtemp(prefix="groupchat-"))
        self.addCleanup(rmtree, base)
        self.path = base / "state" / "history"
        self.file = HistoryFile(self.path)

    def test_private(self) -> None:
        """Lines are kept for their owner's eyes only, oldest first."""
        self.assertEqual(self.file.load(), [])
        for line in ("one", "zwei 日本語"):
            self.file.add(line)
        self.assertEqual(self.file.load(), ["one", "zwei 日本語"])
        self.assertEqual((self.path.stat().st_mode & 0o777, self.path.parent.stat().st_mode & 0o777), (0o600, 0o700))

    def test_shortened(self) -> None:
        """A file of twice as many lines as are kept is shortened, and stays private."""
        self.file.add("line 0")
        with self.path.open("a") as file:
            file.writelines(f"line {number}\n" for number in range(1, 2 * KEPT))
        self.assertEqual(len(self.file.load()), KEPT)
        self.assertEqual(len(self.path.read_text().splitlines()), 2 * KEPT)
        self.file.add(f"line {2 * KEPT}")
        self.assertEqual((len(self.file.load()), self.file.load()[-1]), (KEPT, f"line {2 * KEPT}"))
        self.assertEqual(len(self.path.read_text().splitlines()), KEPT)
        self.assertEqual(self.path.stat().st_mode & 0o777, 0o600)

    def test_secrets_are_removed(self) -> None:
        """Lines with passwords, which an earlier version may have kept, are gone from the file when it is read."""
        self.file.add("one")
        self.file.add("/login alice sesame")
        self.file.add("two")
        file = HistoryFile(self.path, lambda line: line.startswith("/login"))
        self.assertEqual(file.load(), ["one", "two"])
        self.assertNotIn("sesame", self.path.read_text())
        self.assertEqual(self.path.stat().st_mode & 0o777, 0o600)

    def test_not_writable(self) -> None:
        """Where nothing can be written the chat goes on without a history."""
        self.path.parent.write_text("a file")
        self.file.add("one")
        self.assertEqual(self.file.load(), [])

    @given(st.text(st.characters(exclude_categories=("Cc", "Zl", "Zp")), min_size=1, max_size=20))
    def test_any_line(self, line: str) -> None:
        """Whatever stands in a line, halves of characters too, it does not become two lines."""
        self.file.add(line)
        self.assertEqual(self.file.load()[-1], line.encode("utf-8", "replace").decode())

    def test_write_private(self) -> None:
        """A file that others could read is replaced, not written into."""
        self.path.parent.mkdir()
        self.path.write_text("open")
        self.path.chmod(0o644)
        watched = self.path.open()
        self.addCleanup(watched.close)
        write_private(self.path, "secret")
        self.assertEqual((self.path.read_text(), self.path.stat().st_mode & 0o777), ("secret", 0o600))
        self.assertEqual(watched.read(), "open")
