"""Standard input and output in the small loop: pipes, files, terminals and what is closed."""

import os
import pty
import tempfile

from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.loop.event_loop import Loop
from groupchat.client.loop.standard_streams import PIECE, StandardStreams

LIMIT_S = 30.0


class FakeSource:
    """Notes whether it is paused."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def pause(self) -> None:
        self.told.append("pause")

    def resume(self) -> None:
        self.told.append("resume")


class StreamsCase(SynchronousTestCase):
    def begin(self, read: int, write: int, reading: bool = True, writing: bool = True) -> StandardStreams:
        self.loop = Loop()
        self.addCleanup(self.loop.close)
        self.told: list[object] = []
        self.wanted = 0
        streams = StandardStreams(
            self.note, lambda: self.note("ended"), lambda why: self.note(("broken", why)), (read, write)
        )
        streams.open(self.loop, reading, writing)
        return streams

    def note(self, what: object) -> None:
        self.told.append(what)
        if len(self.told) == self.wanted:
            self.loop.stop()

    def run_until(self, count: int) -> list[object]:
        """Run until so many things were told."""
        self.wanted = count
        if len(self.told) < count:
            self.loop._is_stopped = False
            limit = self.loop.call_later(LIMIT_S, self.fail, "nothing happens")
            self.loop.run()
            limit.cancel()
        return self.told

    def turns(self, times: int = 20) -> None:
        """Let the loop turn some times."""

        def turn(left: int) -> None:
            if left:
                self.loop.call_soon(turn, left - 1)
            else:
                self.loop.stop()

        self.loop._is_stopped = False
        turn(times)
        self.loop.run()

    def pipe(self) -> tuple[int, int]:
        read, write = os.pipe()
        for descriptor in (read, write):
            self.closed.discard(descriptor)
            self.addCleanup(self.close, descriptor)
        return read, write

    def setUp(self) -> None:
        self.closed: set[int] = set()

    def close(self, descriptor: int) -> None:
        if descriptor not in self.closed:
            self.closed.add(descriptor)
            os.close(descriptor)


class InputTest(StreamsCase):
    def test_pipe(self) -> None:
        """Lines come as they are written; the last one needs no end; the end is told once."""
        read, write = self.pipe()
        streams = self.begin(read, write, writing=False)
        os.write(write, b"one\ntw")
        self.assertEqual(self.run_until(1), [b"one"])
        os.write(write, b"o\nthree")
        self.close(write)
        self.assertEqual(self.run_until(4), [b"one", b"two", b"three", "ended"])
        streams.resume()
        self.turns()
        self.assertEqual((len(self.told), streams.ended), (4, True))

    def test_files(self) -> None:
        """Of a file everything is read; /dev/null is empty."""
        with tempfile.TemporaryFile() as file:
            file.write(b"".join(b"%d\n" % number for number in range(50_000)))
            file.seek(0)
            self.begin(file.fileno(), 1, writing=False)
            self.assertEqual(self.run_until(50_001)[-2:], [b"49999", "ended"])
        with open(os.devnull, "rb") as null:
            self.begin(null.fileno(), 1, writing=False)
            self.assertEqual(self.run_until(1), ["ended"])

    def test_terminal(self) -> None:
        """Lines of a terminal come when they are entered; Ctrl-D ends it, and so does a terminal that goes away."""
        for goes_away in (False, True):
            ours, theirs = pty.openpty()
            self.closed -= {ours, theirs}
            self.begin(theirs, 1, writing=False)
            os.write(ours, b"hello\n")
            self.assertEqual(self.run_until(1), [b"hello"])
            if goes_away:
                self.close(ours)
            else:
                os.write(ours, b"\x04")
            self.assertEqual(self.run_until(2), [b"hello", "ended"])
            self.close(ours)
            self.close(theirs)

    def test_paused(self) -> None:
        """While it is paused nothing is read, and its end does not turn the loop in circles."""
        read, write = self.pipe()
        streams = self.begin(read, write, writing=False)
        streams.pause()
        os.write(write, b"one\n")
        self.close(write)
        self.turns()
        self.assertEqual((self.told, self.loop.watched.keys()), ([], {self.loop._wake_read}))
        streams.resume()
        self.assertEqual(self.run_until(2), [b"one", "ended"])

    def test_nothing_there(self) -> None:
        """Somebody else may have read what was there: then nothing happens."""
        read, write = self.pipe()
        streams = self.begin(read, write, writing=False)
        streams._readable(0)
        self.assertEqual(self.told, [])


class OutputTest(StreamsCase):
    def test_slow_reader(self) -> None:
        """What nobody reads yet waits, its source is paused, and everything is printed in the end, in order."""
        read, write = self.pipe()
        streams, source = self.begin(read, write, reading=False), FakeSource()
        streams.feed(source)
        text = "".join(f"line {number}\n" for number in range(40_000))
        streams.write(text)
        self.turns()
        self.assertEqual((source.told, len(text) > 4 * PIECE), (["pause"], True))
        streams.close(lambda: self.note("closed"))
        arrived = bytearray()
        while not self.told:
            arrived += os.read(read, PIECE)
            self.turns()
        os.set_blocking(read, False)
        while len(arrived) < len(text):
            arrived += os.read(read, PIECE)
        self.assertEqual((arrived.decode() == text, self.told), (True, ["closed"]))

    def test_resumed(self) -> None:
        """The source goes on when everything is printed."""
        read, write = self.pipe()
        streams, source = self.begin(read, write, reading=False), FakeSource()
        streams.feed(source)
        streams.write("x" * 3 * PIECE)
        left = 3 * PIECE
        while source.told != ["pause", "resume"]:
            self.turns()
            left -= len(os.read(read, min(left, PIECE)))
        self.assertEqual(self.told, [])

    def test_reader_goes_away(self) -> None:
        """A reader that goes away is told of, at once or with the next words, and nothing more is written."""
        for words in ("", "hello\n"):
            read, write = self.pipe()
            streams = self.begin(read, write, reading=False)
            self.close(read)
            streams.write(words)
            self.assertEqual(self.run_until(1), [("broken", "")])
            streams.write("never read")
            streams.close(lambda: self.note("closed"))
            self.assertEqual(self.told, [("broken", ""), "closed"])

    def test_goes_away_at_last(self) -> None:
        """One that goes away while the last words are printed is, too, and the output is closed all the same."""
        read, write = self.pipe()
        streams = self.begin(read, write, reading=False)
        streams.write("x" * 3 * PIECE)
        streams.close(lambda: self.note("closed"))
        self.turns()
        self.close(read)
        self.assertEqual(self.run_until(2), [("broken", ""), "closed"])

    def test_full(self) -> None:
        """A device that is full is told of, with what is wrong."""
        full = os.open("/dev/full", os.O_WRONLY)
        self.addCleanup(os.close, full)
        self.begin(0, full, reading=False).write("hello\n")
        self.assertEqual(self.run_until(1), [("broken", "No space left on device")])

    def test_file(self) -> None:
        """A file takes everything; half a character is replaced."""
        with tempfile.TemporaryFile() as file:
            streams = self.begin(0, file.fileno(), reading=False)
            streams.write("h\u00e9 \ud800\n")
            streams.close(lambda: self.note("closed"))
            self.run_until(1)
            file.seek(0)
            self.assertEqual(file.read(), "h\u00e9 ?\n".encode())

    def test_nothing_to_print(self) -> None:
        """With nothing left to print it is closed at once."""
        read, write = self.pipe()
        self.begin(read, write, reading=False).close(lambda: self.note("closed"))
        self.assertEqual((self.told, self.loop.watched.keys()), (["closed"], {self.loop._wake_read}))
