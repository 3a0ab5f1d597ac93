"""The echo of a terminal, on a pseudo-terminal."""

import os
import termios

from twisted.trial.unittest import SynchronousTestCase

from groupchat.stdio.echo import Echo


class EchoTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.leader, self.terminal = os.openpty()
        self.addCleanup(os.close, self.leader)
        self.addCleanup(os.close, self.terminal)
        self.echo = Echo(self.terminal)

    @property
    def shows(self) -> bool:
        """True while the terminal shows what is typed."""
        return bool(termios.tcgetattr(self.terminal)[3] & termios.ECHO)

    def test_off_and_on(self) -> None:
        """Off hides what is typed, on shows it again; both count once."""
        self.assertTrue(self.shows)
        self.echo.off()
        self.echo.off()
        self.assertFalse(self.shows)
        self.assertTrue(self.echo.on())
        self.assertTrue(self.shows)
        self.assertFalse(self.echo.on())

    def test_settings_stay(self) -> None:
        """Everything else about the terminal stays as it was."""
        before = termios.tcgetattr(self.terminal)
        self.echo.off()
        self.echo.on()
        self.assertEqual(termios.tcgetattr(self.terminal), before)

    def test_pipe(self) -> None:
        """On what is not a terminal nothing is done."""
        read, write = os.pipe()
        self.addCleanup(os.close, read)
        self.addCleanup(os.close, write)
        echo = Echo(read)
        echo.off()
        self.assertFalse(echo.on())
