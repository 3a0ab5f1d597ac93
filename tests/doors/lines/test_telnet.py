"""Telnet commands are removed and answered; other people never see one."""

from collections.abc import Iterator
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase
from wcwidth import iter_graphemes

from groupchat.doors.lines import telnet
from groupchat.doors.lines.telnet import COMMANDS_AT_ONCE, STILL_HERE, SUBNEGOTIATION_LIMIT, TelnetFilter, with_erasures
from groupchat.model.errors import LineTooLong, TooManyAttempts
from groupchat.sessions.session import State
from tests.doors.connections import Connection

CTRL_C = b"\xff\xf4\xff\xfd\x06"
TERMINAL_TYPE = b"\xff\xfa\x18\x00xterm\xff\xff\xff\xf0"
STREAM = b"al\xff\xfb\x18ice\xff\xfd\x01" + CTRL_C + b" \xff\xff" + TERMINAL_TYPE + b"\xff\xf1!\xff\xf6\xff\xfe\x03?"
TEXT = b"alice \xff!?"
ASKED = b"\xff\xfd\x18\xff\xfa\x18\x01\xff\xf0"
REPLIES = ASKED + b"\xff\xfc\x01\xff\xfc\x06" + STILL_HERE


class FilterTests(SynchronousTestCase):
    def test_every_cut(self) -> None:
        """Commands are taken out and answered alike, cut in pieces of every size."""
        for size in range(1, len(STREAM) + 1):
            telnet = TelnetFilter()
            pieces = [telnet.feed(STREAM[start : start + size]) for start in range(0, len(STREAM), size)]
            self.assertEqual((b"".join(pieces), bytes(telnet.replies)), (TEXT, REPLIES))

    def test_ctrl_c(self) -> None:
        """Each Ctrl-C of a telnet client is answered: until then it would show nothing."""
        telnet = TelnetFilter()
        for _ in range(10):
            telnet.feed(CTRL_C)
        self.assertEqual(telnet.replies, b"\xff\xfc\x06" * 10)

    def test_answers_are_bounded(self) -> None:
        """Repeated are-you-there commands get at most as many bytes as were sent, except for the first."""
        telnet = TelnetFilter()
        for _ in range(100):
            telnet.feed(b"\xff\xf6")
        self.assertLessEqual(len(telnet.replies), 200 + len(STILL_HERE))
        self.assertGreater(len(telnet.replies), len(STILL_HERE))

    def test_refusals_are_not_repeated(self) -> None:
        """An option is refused once; what is refused already needs no answer."""
        telnet = TelnetFilter()
        telnet.feed(b"\xff\xfb\x19\xff\xfd\x19\xff\xfc\x19\xff\xfe\x19" * 3)
        self.assertEqual(telnet.replies, b"\xff\xfe\x19\xff\xfc\x19")

    def test_terminal(self) -> None:
        """A client that offers to tell its type is asked for it once; what is no name is nothing."""
        stream = b"\xff\xfb\x18\xff\xfb\x18hi\xff\xfa\x18\x00XTERM-256color\xff\xf0 you"
        for size in range(1, len(stream) + 1):
            telnet = TelnetFilter()
            pieces = [telnet.feed(stream[start : start + size]) for start in range(0, len(stream), size)]
            self.assertEqual((b"".join(pieces), bytes(telnet.replies)), (b"hi you", ASKED))
            self.assertEqual(telnet.terminal, "xterm-256color")
        for said, terminal in (
            (b"", ""), (b"x" * 41, "x" * 40), (b"\x1b[2J", ""), (b"vt 100", ""), (b"-x", ""), (b"\xff\xff", ""),
            (b"a\r", ""),
        ):  # fmt: skip
            telnet = TelnetFilter()
            telnet.feed(b"\xff\xfa\x18\x00" + said + b"\xff\xf0")
            self.assertEqual(telnet.terminal, terminal)
        telnet.feed(b"\xff\xfa\x18\x01xterm\xff\xf0")
        self.assertEqual(telnet.terminal, "", "that is the question, not the answer")

    def test_window(self) -> None:
        """A client that offers to tell the size of its window may, and tells each change; however it is cut."""
        stream = b"\xff\xfb\x1f\xff\xfb\x1fhi\xff\xfa\x1f\x00\x50\x00\x18\xff\xf0 you"
        for size in range(1, len(stream) + 1):
            telnet = TelnetFilter()
            pieces = [telnet.feed(stream[start : start + size]) for start in range(0, len(stream), size)]
            self.assertEqual((b"".join(pieces), bytes(telnet.replies)), (b"hi you", b"\xff\xfd\x1f"))
            self.assertEqual(telnet.columns, 80)
        telnet.feed(b"\xff\xfa\x1f\x00\xff\xff\x00\x18\xff\xf0")
        self.assertEqual(telnet.columns, 255, "a byte 255 is sent twice")
        for other in (b"\x1f\x00\x50\x00", b"\x1f\x00\x50\x00\x18\x00", b"\x18\x00\x50\x00\x18", b""):
            telnet.feed(b"\xff\xfa" + other + b"\xff\xf0")
        self.assertEqual(telnet.columns, 255)

    def test_mangled_after_other_commands(self) -> None:
        """What ended within a letter is known however many commands that mean nothing come after it in one piece."""
        data = b"\xfd" + b"".join(bytes((255, command)) for command in (0xD9, 0xE0, 0xE7, 0xEE, 0xED))
        at_once, in_turn = TelnetFilter(), TelnetFilter()
        self.assertEqual(at_once.feed(data), b"\xfd\x9a")
        self.assertEqual(b"".join(in_turn.feed(bytes((byte,))) for byte in data), b"\xfd\x9a")

    def test_mangled(self) -> None:
        """Where GNU telnet takes a byte of a letter for a key, the letter is mended; a key between letters is a key."""
        letters = "суя КМ Ü"
        sent = letters.encode()
        for byte, command in ((b"\x83", 244), (b"\x8f", 245), (b"\x9a", 237), (b"\x9c", 243)):
            sent = sent.replace(byte, bytes((255, command, 255, 253, 6)))
        for size in range(1, len(sent) + 1):
            telnet = TelnetFilter()
            pieces = [telnet.feed(sent[start : start + size]) for start in range(0, len(sent), size)]
            self.assertEqual(b"".join(pieces).decode(), letters)
        for before in ("", "a", "я", "日", "😀"):
            for command in (244, 245, 237, 243):
                self.assertEqual(
                    TelnetFilter().feed(before.encode() + bytes((255, command)) + b"b"), f"{before}b".encode()
                )

    def test_echo_is_agreed(self) -> None:
        """The client's answers to an offered ECHO are not answered again."""
        telnet = TelnetFilter()
        self.assertEqual(telnet.conceal(), b"\xff\xfb\x01")
        telnet.feed(b"\xff\xfd\x01")
        self.assertEqual(telnet.reveal(), b"\xff\xfc\x01")
        telnet.feed(b"\xff\xfe\x01")
        self.assertEqual(telnet.replies, b"")

    def test_endless_subnegotiation(self) -> None:
        """A subnegotiation is taken up to its limit, and no further, in whatever pieces it comes."""
        for piece in (b"x", b"\xff\xff", b"x" * 64):
            telnet = TelnetFilter()
            telnet.feed(b"\xff\xfa")
            for _ in range(SUBNEGOTIATION_LIMIT // len(piece)):
                telnet.feed(piece)
            with self.assertRaises(LineTooLong):
                telnet.feed(piece)

    def test_storm(self) -> None:
        """A chunk of nothing but commands is refused before it has cost much."""
        with self.assertRaises(TooManyAttempts):
            TelnetFilter().feed(b"\xff\xf1" * (COMMANDS_AT_ONCE + 1))

    @given(st.lists(st.sampled_from([b"\xff", b"\xfa", b"\xf0", b"\xfb", b"\xfd", b"\x01", b"\x06", b"\xf6", b"x"])))
    def test_any_bytes(self, pieces: list[bytes]) -> None:
        """One byte at a time gives the same as all at once, whatever comes, and answers are not longer than it."""
        whole, parts = TelnetFilter(), TelnetFilter()
        stream = b"".join(pieces)
        self.assertEqual(whole.feed(stream), b"".join(map(parts.feed, pieces)))
        self.assertEqual(whole.replies, parts.replies)
        self.assertLessEqual(len(whole.replies), len(stream) + len(STILL_HERE))


class ErasureTests(SynchronousTestCase):
    @given(st.text("ae\u0301 \x7f\x15\x17\U0001f468\u200d\U0001f1eb", max_size=60))
    def test_keys(self, line: str) -> None:
        """Whatever is typed, no key is left in the line, and a line without keys stays as it is."""
        erased = with_erasures(line)
        self.assertFalse(set(erased) & set("\x7f\x15\x17"))
        self.assertEqual(with_erasures(erased), erased)
        if erased != line:
            self.assertLess(len(erased), len(line))

    def test_cost(self) -> None:
        """Many keys after many characters cost what the line costs, not its square."""
        for line in ("e\u0301\x7f" * 1000, "e" + "\u0301" * 2000 + "\x7fe" * 1000, "a " * 1000 + "\x17" * 2000):
            self.assertLess(len(with_erasures(line)), 3)

    def test_looked_at(self) -> None:
        """However long a letter is, it is not looked at again for each key: the cost follows the length of the line."""
        looked_at: list[str] = []

        def counted(text: str) -> Iterator[str]:
            looked_at.append(text)
            return iter_graphemes(text)

        self.patch(telnet, "letters", counted)
        for beginning in "e" + "\u0301" * 1300, "\u1100" * 1300, "\U0001f468\u200d" * 700, "\u0915\u094d" * 700:
            for typed in "y\x7f", "\u0301\x7f", "e\u0301\x7f", "\u1160\x7f", "y\x17", " y\x17":
                line = beginning + typed * 740
                looked_at.clear()
                with_erasures(line)
                self.assertLess(sum(map(len, looked_at)), 12 * len(line), (beginning[:2], typed))
                if typed.isascii():
                    self.assertEqual(len(looked_at), 1, (beginning[:2], typed))
        self.assertEqual(with_erasures("e\u0301x\x7f\u0301y"), "e\u0301\u0301y")


class DoorTests(SynchronousTestCase):
    def test_never_first(self) -> None:
        """A peer that has not spoken telnet is sent none, also where a password is asked for."""
        connection = Connection()
        connection.protocol.conceal()
        connection.protocol.reveal()
        self.assertEqual(connection.transport.value(), b"? ")

    def test_terminal(self) -> None:
        """The core learns the type of the terminal when the client has told it."""
        connection = Connection()
        self.assertEqual(connection.protocol.terminal, "")
        connection.receive(b"\xff\xfb\x18\xff\xfa\x18\x00VT220\xff\xf0")
        self.assertEqual(connection.protocol.terminal, "vt220")

    def test_answered(self) -> None:
        """A telnet client is answered, its lines are taken, and then its echo can be switched."""
        connection = Connection(State.NAMELESS)
        connection.receive(b"\xff\xfd\x03ali\xff\xf1ce\r\0")
        self.assertEqual(connection.calls, ["alice"])
        connection.protocol.conceal()
        connection.protocol.reveal()
        self.assertEqual(connection.transport.value(), b"? \xff\xfc\x03\xff\xfb\x01\xff\xfc\x01\r\n")

    def test_doubled_iac(self) -> None:
        """IAC sent as data is not UTF-8, and refused as such."""
        connection = Connection()
        connection.receive(b"a\xff\xffb\n")
        self.assertEqual(connection.calls, [("refuse", "not-utf8", None)])

    def test_cut_off(self) -> None:
        """A subnegotiation without end ends the connection, with the reason."""
        connection = Connection()
        connection.receive(b"\xff\xfa" + b"x" * 5000)
        self.assertEqual(connection.calls, [("hangup", "line-too-long")])

    def test_charged(self) -> None:
        """Twenty commands cost as much as a line, so that no number of them is for nothing."""
        connection = Connection()
        connection.receive(b"\xff\xf1" * 40)
        self.assertEqual(cast(Any, connection.protocol.session).charged, 2.0)
        connection.receive(b"alice\n")
        self.assertEqual(cast(Any, connection.protocol.session).charged, 2.0)
