"""The surface for screen readers."""

import os
import termios
from collections.abc import Callable
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from groupchat.stdio.echo import Echo
from groupchat.stdio.keyboard import Keyboard
from groupchat.terminal.surfaces.console import Console
from tests.terminal.surfaces.fakes import FakeOwner


class FakeKeyboard(Keyboard):
    """The test types, and reads in ``text`` what was written."""

    def __init__(
        self, typed: Callable[[bytes], object], ended: Callable[[], object], broken: Callable[[], object]
    ) -> None:
        self.typed, self.no_more, self.broken = typed, ended, broken
        self.text = ""
        self.opened = False

    def open(self, reactor: Any, reading: bool = True, writing: bool = True) -> None:
        self.opened = True

    def write(self, text: str) -> None:
        self.text += text

    def close(self, closed: Callable[[], object]) -> None:
        closed()


class ConsoleTest(SynchronousTestCase):
    def setUp(self) -> None:
        master, self.terminal = os.openpty()
        for descriptor in (master, self.terminal):
            self.addCleanup(os.close, descriptor)
        self.owner = FakeOwner()
        self.console = Console(self.owner, Echo(self.terminal), self.keyboard_for)
        self.over = self.console.start(None)

    def keyboard_for(self, *callbacks: Callable[..., object]) -> FakeKeyboard:
        self.keyboard = FakeKeyboard(*callbacks)
        return self.keyboard

    def echoes(self) -> bool:
        return bool(termios.tcgetattr(self.terminal)[3] & termios.ECHO)

    def test_lines(self) -> None:
        """Lines come and go as they are; each is a sign of the person."""
        self.assertTrue(self.keyboard.opened)
        self.console.write("bob says: hi")
        self.console.ring()
        self.keyboard.typed("hällo".encode())
        self.keyboard.typed(b"dos\r")
        self.keyboard.typed(b"\xff")
        self.assertEqual(self.keyboard.text, "bob says: hi\n\a")
        self.assertEqual((self.owner.told, self.owner.keys), (["hällo", "dos", "\N{REPLACEMENT CHARACTER}"], 3))

    def test_hidden(self) -> None:
        """A password is not echoed; afterwards everything is again, on a line of its own."""
        self.console.ask("Password: ", hidden=True)
        self.assertFalse(self.echoes())
        self.keyboard.typed(b"sesame")
        self.assertTrue(self.echoes())
        self.keyboard.typed(b"hello")
        self.assertEqual((self.keyboard.text, self.owner.told), ("Password: \n", ["sesame", "hello"]))

    def test_stop(self) -> None:
        """At the end the echo is as it was found, once; the end of the input is then no wish to leave."""
        self.console.ask("Password: ", hidden=True)
        self.console.stop()
        self.console.stop()
        self.successResultOf(self.over)
        self.keyboard.no_more()
        self.assertEqual((self.echoes(), self.owner.told), (True, []))

    def test_ended(self) -> None:
        """The end of the input, and output that nobody reads, are the wish to leave."""
        self.keyboard.no_more()
        self.keyboard.broken()
        self.assertEqual(self.owner.told, ["Ctrl-D", "Ctrl-D"])

    def test_never_redrawn(self) -> None:
        """There is no bar, no title and no half-typed line of ours to be drawn."""
        self.console.refresh()
        self.console.title("lobby")
        self.console.moved("lobby", "dev")
        self.assertEqual(self.console.drafts(), ())
        self.assertEqual(self.keyboard.text, "")
        self.assertGreater(self.console.width, 0)
