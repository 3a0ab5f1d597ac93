"""What a checker's clients notice of what they are sent."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.checker.ledger import Ledger, Outcome
from groupchat.checker.load import Client, Load


def shown(*numbers: int) -> bytes:
    """Lines that show posts with these numbers."""
    return b"".join(b'{"event":"said","id":%d,"room":"lobby","nick":"n","text":"t"}\r\n' % id for id in numbers)


class LoadTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.load = Load(("127.0.0.1", 1), Ledger(), 1, 10.0)
        self.addCleanup(self.load.close)

    @property
    def client(self) -> Client:
        """The only one that posts; it is in."""
        (client,) = self.load.posters
        client.joined = True
        return client

    def test_order(self) -> None:
        """Numbers that rise are in order, with gaps too; each that does not is noted, within a piece or between two."""
        for pieces, wrong in (
            ([(1, 2, 4), (9, 10, 11)], []),
            ([(1, 3, 2), (4,)], ["#2 after #3"]),
            ([(1, 2, 2)], ["#2 after #2"]),
            ([(99, 100, 98)], ["#98 after #100"]),
            ([(1, 2), (2, 3)], ["#2 after #2"]),
            ([(5,), (1, 2), (6,)], ["#1 after #5", "#2 after #5"]),
        ):
            self.client.last = 0
            self.load.ledger.disorder.clear()
            for piece in pieces:
                self.client.take(shown(*piece))
            self.assertEqual(self.load.ledger.disorder, [f"client 0 was shown {what}" for what in wrong], pieces)
            self.assertEqual(self.client.last, max(max(piece) for piece in pieces))

    def test_answers(self) -> None:
        """Answers count wherever they stand among what is shown, and in whichever order they come."""
        for _ in range(3):
            self.client.post()
        self.client.take(
            shown(1)
            + b'{"event":"done","ref":2,"id":3}\r\n'
            + shown(2, 4)
            + b'{"event":"refused","ref":3,"code":"muted","text":""}\r\n{"event":"done","ref":1,"id":2}\r\n'
        )
        attempts = self.load.ledger.attempts
        self.assertEqual([attempt.id for attempt in attempts], [2, 3, 0])
        self.assertEqual([attempt.outcome for attempt in attempts], [Outcome.ACKNOWLEDGED] * 2 + [Outcome.REFUSED])
        self.assertEqual((list(self.client.unanswered), self.client.last), ([], 4))
        self.assertEqual((self.load.refused, self.load.ledger.disorder), ({"muted": 1}, []))
