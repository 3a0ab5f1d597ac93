"""Lines are taken whole and in order, in shares, and not while they are held."""

import re

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.interfaces.screens import Hold
from groupchat.sessions.session import State
from tests.doors.connections import Connection
from tests.doors.fakes import SETTINGS

STREAM = "één\r\nzwei\ndrei\r\0\n\r\nvier\r\r\n 5 😊\nrest".encode()
LINES = ["één", "zwei", "drei", "", "", "vier\r", " 5 😊"]


class FramingTest(SynchronousTestCase):
    def test_every_cut(self) -> None:
        """The same bytes give the same lines, cut in pieces of every size."""
        for size in range(1, len(STREAM) + 1):
            connection = Connection()
            for start in range(0, len(STREAM), size):
                connection.receive(STREAM[start : start + size])
            self.assertEqual(connection.calls, LINES)

    @given(st.lists(st.text(alphabet="a\r\0é", max_size=5), max_size=200), st.data())
    def test_any_cut(self, texts: list[str], data: st.DataObject) -> None:
        """Nothing is lost or reordered, however lines arrive, are held and released."""
        sent = "".join(f"{text}\n" for text in texts)
        expected = re.split("\r?\n|\r\0", sent)[:-1]
        connection = Connection()
        stream = sent.encode()
        while stream:
            size = data.draw(st.integers(1, len(stream)))
            connection.receive(stream[:size])
            stream = stream[size:]
            match data.draw(st.integers(0, 3)):
                case 0:
                    connection.protocol.hold(Hold.FLOOD)
                case 1:
                    connection.protocol.release(Hold.FLOOD)
                case 2:
                    connection.turn()
        connection.protocol.release(Hold.FLOOD)
        connection.turns()
        self.assertEqual(connection.calls, expected)

    def test_share_of_turn(self) -> None:
        """A peer has 64 lines taken in one reactor turn, and the next 64 in the next."""
        connection = Connection()
        connection.receive(b"\n" * 65536)
        taken = [len(connection.calls)]
        for _ in range(3):
            connection.turn()
            taken.append(len(connection.calls))
        self.assertEqual(taken, [64, 128, 192, 256])
        connection.turns()
        self.assertEqual(connection.calls, [""] * 65536)

    def test_yielded(self) -> None:
        """After a line that cost much the next one is taken in the next turn, whatever happens meanwhile."""
        connection = Connection()

        def typed(line: str) -> None:
            connection.calls.append(line)
            connection.protocol.yield_turn()

        connection.session.typed = typed  # type: ignore[method-assign]
        connection.receive(b"one\ntwo\n")
        connection.receive(b"three\n")
        connection.protocol.hold(Hold.ANSWER)
        connection.protocol.release(Hold.ANSWER)
        self.assertEqual(connection.calls, ["one"])
        connection.turn()
        self.assertEqual(connection.calls, ["one", "two"])
        connection.turns()
        self.assertEqual(connection.calls, ["one", "two", "three"])
        connection.receive(b"four\n")
        self.assertEqual(connection.calls[3:], ["four"])

    def test_released_at_once(self) -> None:
        """A hold that ends before its line is done does not cost the peer its turn."""
        connection = Connection()

        def typed(line: str) -> None:
            connection.calls.append(line)
            connection.protocol.hold(Hold.ANSWER)
            connection.protocol.release(Hold.ANSWER)

        connection.session.typed = typed  # type: ignore[method-assign]
        connection.receive(b"one\ntwo\n")
        self.assertEqual(connection.calls, ["one", "two"])

    def test_longest_line(self) -> None:
        """A line of the limit, its end included, is taken; one byte more, and it is refused; the next one is taken."""
        connection = Connection()
        connection.receive(b"x" * 255 + b"\n" + b"y" * 254 + b"\r\n")
        self.assertEqual(connection.calls, ["x" * 255, "y" * 254])
        connection.receive(b"z" * 256 + b"\nmore\n")
        self.assertEqual(connection.calls[2:], [("refuse", "line-too-long", None), "more"])
        self.assertFalse(connection.transport.disconnecting)

    def test_endless_line(self) -> None:
        """A line without end is noticed as soon as it is too long, and nothing of it is kept."""
        connection = Connection()
        connection.receive(b"x" * 255)
        self.assertEqual(connection.calls, [])
        connection.receive(b"x")
        self.assertEqual(connection.calls, [("refuse", "line-too-long", None)])
        self.assertEqual(len(connection.protocol._waiting), 0)
        connection.receive(b"x" * 60_000)
        self.assertEqual(len(connection.calls), 1)
        connection.receive(b"\nhello\n")
        self.assertEqual(connection.calls[1:], ["hello"])

    def test_more_than_a_line_could_be(self) -> None:
        """After a mebibyte without an end the connection is closed."""
        connection = Connection()
        for _ in range(17):
            connection.receive(b"x" * 65536)
        self.assertEqual(connection.calls, [("refuse", "line-too-long", None), ("hangup", "line-too-long")])
        self.assertTrue(connection.transport.disconnecting)

    def test_newcomer(self) -> None:
        """Without a nickname, lines that are too long count like others; after some the connection is closed."""
        connection = Connection(State.NAMELESS, SETTINGS.replaced(handshake_lines=2))
        connection.receive((b"x" * 300 + b"\n") * 3)
        self.assertEqual([call[1] for call in connection.calls], ["line-too-long"] * 2 + ["too-many-attempts"])


class HoldTest(SynchronousTestCase):
    def test_held(self) -> None:
        """While there is any reason to hold, no line is taken; afterwards all are, in order."""
        connection = Connection()
        connection.protocol.hold(Hold.ANSWER)
        connection.protocol.hold(Hold.FLOOD)
        connection.receive(b"one\ntwo\n")
        connection.protocol.release(Hold.ANSWER)
        connection.turns()
        self.assertEqual(connection.calls, [])
        connection.protocol.release(Hold.FLOOD)
        self.assertEqual(connection.calls, [])  # never within the caller's turn
        connection.turns()
        self.assertEqual(connection.calls, ["one", "two"])

    def test_held_by_a_line(self) -> None:
        """A line that makes the session hold is the last one taken."""
        connection = Connection()

        def typed(line: str) -> None:
            connection.calls.append(line)
            connection.protocol.hold(Hold.ANSWER)

        connection.session.typed = typed  # type: ignore[method-assign]
        connection.receive(b"one\ntwo\nthree\n")
        self.assertEqual(connection.calls, ["one"])
        connection.protocol.release(Hold.ANSWER)
        connection.turns()
        self.assertEqual(connection.calls, ["one", "two"])

    def test_received_while_handing_over(self) -> None:
        """Bytes that come in while a line is being taken come after it, and are taken once."""
        connection = Connection()

        def typed(line: str) -> None:
            connection.calls.append(line)
            if line == "one":
                connection.receive(b"three\nfour\n")

        connection.session.typed = typed  # type: ignore[method-assign]
        connection.receive(b"one\ntwo\n")
        connection.turns()
        self.assertEqual(connection.calls, ["one", "two", "three", "four"])

    def test_transport_is_paused_late(self) -> None:
        """The transport is paused only when bytes come in while held, and reads again when none wait."""
        connection = Connection()
        connection.protocol.hold(Hold.ANSWER)
        self.assertTrue(connection.is_reading())
        connection.receive(b"one\n")
        self.assertFalse(connection.is_reading())
        connection.protocol.release(Hold.ANSWER)
        connection.turn()
        self.assertTrue(connection.is_reading())

    def test_paused_while_much_waits(self) -> None:
        """A peer whose lines wait for their turn is not read, so that no more than two chunks are ever kept."""
        connection = Connection()
        connection.receive(b"\n" * 1000)
        connection.receive(b"\n" * 1000)
        connection.turn()
        self.assertFalse(connection.is_reading())
        connection.turns()
        self.assertTrue(connection.is_reading())
        self.assertEqual(len(connection.calls), 2000)


class EndTest(SynchronousTestCase):
    def test_half_closed(self) -> None:
        """When a peer has sent all it has, all of it is taken, an unfinished line too, before it is let go."""
        connection = Connection()
        connection.receive(b"x\n" * 100 + b"last\r")
        connection.protocol.readConnectionLost()
        connection.turns()
        self.assertEqual(connection.calls, ["x"] * 100 + ["last", "ended"])

    def test_half_closed_while_held(self) -> None:
        """Lines that wait at the end wait for every release, and the end comes once, after them."""
        connection = Connection()
        connection.protocol.hold(Hold.ANSWER)
        connection.receive(b"one\ntwo")
        connection.protocol.readConnectionLost()
        connection.turns()
        self.assertEqual(connection.calls, [])
        connection.protocol.release(Hold.ANSWER)
        connection.turns()
        self.assertEqual(connection.calls, ["one", "two", "ended"])

    def test_end_waits_for_the_last_answer(self) -> None:
        """When the last line makes the session hold, the end is told after the release, and once only."""
        connection = Connection()

        def typed(line: str) -> None:
            connection.calls.append(line)
            connection.protocol.hold(Hold.ANSWER)

        connection.session.typed = typed  # type: ignore[method-assign]
        connection.session.ended = lambda: connection.calls.append("ended")  # type: ignore[method-assign]
        connection.receive(b"last")
        connection.protocol.readConnectionLost()
        connection.turns()
        self.assertEqual(connection.calls, ["last"])
        for _ in range(2):
            connection.protocol.release(Hold.ANSWER)
            connection.turns()
        self.assertEqual(connection.calls, ["last", "ended"])
