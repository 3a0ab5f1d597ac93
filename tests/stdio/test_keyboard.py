"""Standard input, line by line, and standard output, as pipes of this process."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from groupchat.client.loop.typed_lines import LONGEST
from groupchat.stdio.keyboard import Keyboard


class KeyboardTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.begin()

    def begin(self) -> None:
        self.typed: list[bytes] = []
        self.told: list[str] = []
        self.keyboard = Keyboard(
            self.typed.append, lambda: self.told.append("ended"), lambda: self.told.append("broken")
        )
        self.transport: Any = StringTransport()
        self.keyboard.makeConnection(self.transport)

    def test_honest(self) -> None:
        """It knows of input and output that end separately."""
        verifyObject(IHalfCloseableProtocol, self.keyboard)

    @given(st.lists(st.binary().map(lambda line: line.replace(b"\n", b"")), min_size=1), st.data())
    def test_lines(self, lines: list[bytes], data: Any) -> None:
        """Wherever the bytes are cut, the lines come whole; the last one needs no end."""
        self.begin()
        text = b"\n".join(lines)
        cut = data.draw(st.integers(0, len(text)))
        for piece in (text[:cut], text[cut:]):
            self.keyboard.dataReceived(piece)
        self.keyboard.readConnectionLost()
        self.assertEqual(self.typed, lines if lines[-1] else lines[:-1])
        self.assertEqual((self.told, self.keyboard.ended), (["ended"], True))

    def test_endless_line(self) -> None:
        """Of a line without an end the beginning is handed on, so that memory does not grow; its tail is no line."""
        self.keyboard.dataReceived(b"x" * LONGEST)
        self.assertEqual(self.typed, [])
        self.keyboard.dataReceived(b"yyyyy")
        self.keyboard.dataReceived(b"tail\nnext\n")
        self.assertEqual(self.typed, [b"x" * LONGEST + b"yy", b"next"])

    def test_input_ends_once(self) -> None:
        """The end of the input is told once."""
        self.keyboard.readConnectionLost()
        self.keyboard.readConnectionLost()
        self.assertEqual(self.told, ["ended"])

    def test_output(self) -> None:
        """Text goes out in UTF-8; half a character is replaced."""
        self.keyboard.write("h\u00e9 \ud800\n")
        self.assertEqual(self.transport.value(), "h\u00e9 ?\n".encode())

    def test_broken_output(self) -> None:
        """A reader that goes away is told, and nothing more is written or fed to it."""
        self.keyboard.writeConnectionLost()
        self.keyboard.write("never read")
        self.keyboard.feed(StringTransport())
        self.assertEqual((self.told, self.transport.value(), self.transport.producer), (["broken"], b"", None))
        self.keyboard.close(lambda: self.told.append("closed"))
        self.assertEqual(self.told, ["broken", "closed"])

    def test_feed(self) -> None:
        """The producer of the output is registered as one that can be paused, until it is gone."""
        producer = StringTransport()
        self.keyboard.feed(producer)
        self.assertEqual((self.transport.producer, self.transport.streaming), (producer, True))
        self.keyboard.unfeed()
        self.assertIsNone(self.transport.producer)

    def test_close(self) -> None:
        """It is closed once what was written is out, whoever fed it."""
        self.keyboard.feed(StringTransport())
        self.keyboard.close(lambda: self.told.append("closed"))
        self.assertTrue(self.transport.disconnecting)
        self.assertEqual(self.told, [])
        self.keyboard.connectionLost()
        self.assertEqual(self.told, ["closed"])

    def test_lost(self) -> None:
        """A connection that is lost by itself closes nothing, and takes nothing any more."""
        self.keyboard.connectionLost()
        self.keyboard.write("never read")
        self.assertEqual((self.told, self.transport.value()), ([], b""))
