"""Files that are open once for all who are sent them, and the turns these take."""

from io import BytesIO

from twisted.trial.unittest import SynchronousTestCase

from groupchat.doors.transfers.open_files import REST_S, SHARE, OpenFiles
from tests.doors.fakes import TurnClock


class OpenFilesTest(SynchronousTestCase):
    def test_shared(self) -> None:
        """The same content is open once, and closed when nobody reads it any more."""
        files = OpenFiles(TurnClock())
        first, second = BytesIO(b"abcdef"), BytesIO(b"abcdef")
        one, other = files.share("x", first), files.share("x", second)
        self.assertEqual((len(files), first.closed, second.closed), (1, False, True))
        self.assertEqual([one.read(0, 2), other.read(4, 9), one.read(2, 2)], [b"ab", b"ef", b"cd"])
        files.release("x")
        self.assertFalse(first.closed)
        files.release("x")
        self.assertEqual((len(files), first.closed), (0, True))

    def test_turns(self) -> None:
        """So many are sent in a turn, then others have theirs; who waits longest comes first, nobody is left out."""
        clock, sent = TurnClock(), list[int]()
        files = OpenFiles(clock)

        class Fake:
            def __init__(self, number: int) -> None:
                self.number = number

            def take_turn(self) -> None:
                sent.append(self.number)
                if len(sent) < 100:
                    files.wait_for_turn(self)

        for number in range(20):
            files.wait_for_turn(Fake(number))
        clock.advance(REST_S)
        self.assertEqual(sent, list(range(SHARE)))
        while clock.getDelayedCalls():
            clock.advance(REST_S)
        self.assertEqual(sent[:100], [number % 20 for number in range(100)])
        self.assertEqual(len(sent), 119)
