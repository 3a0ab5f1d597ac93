"""Progress bars."""

import io

from twisted.trial.unittest import SynchronousTestCase

from groupchat.admin.progress import Progress


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


class ProgressTest(SynchronousTestCase):
    def test_terminal(self) -> None:
        """On a terminal there is a bar, whose line ends with the work."""
        terminal = Terminal()
        with Progress("work", terminal) as progress:
            progress.show(0, 2)
            progress.show(2, 2)
        self.assertEqual(terminal.getvalue(), f"\rwork [{'-' * 40}]   0%\rwork [{'#' * 40}] 100%\n")

    def test_elsewhere(self) -> None:
        """Elsewhere nothing is written."""
        file = io.StringIO()
        with Progress("work", file) as progress:
            progress.show(1, 2)
        self.assertEqual(file.getvalue(), "")

    def test_rarely(self) -> None:
        """Not every step is drawn, but the last one is."""
        terminal = Terminal()
        with Progress("work", terminal) as progress:
            for done in range(100_001):
                progress.show(done, 100_000)
        self.assertLess(terminal.getvalue().count("\r"), 1000)
        self.assertTrue(terminal.getvalue().endswith("100%\n"))

    def test_no_work(self) -> None:
        """Work of which there is none is done; more than was expected is not more than all."""
        terminal = Terminal()
        with Progress("work", terminal) as progress:
            progress.show(0, 0)
            progress.show(3, 2)
        self.assertEqual(terminal.getvalue().count("100%"), 2)

    def test_never_shown(self) -> None:
        """Work that ends before anything is drawn leaves no empty line."""
        terminal = Terminal()
        with Progress("work", terminal):
            pass
        self.assertEqual(terminal.getvalue(), "")
