"""Costly requests of many at once: a share of them is begun in each turn, and nobody else waits for them."""

from itertools import pairwise

from groupchat.hall.hall import REQUESTS
from tests.benchmarks.counting import Client, PathCase

SHARE = REQUESTS // 2
"""Joins that are begun in one turn: each costs two."""
MANY = 4 * SHARE


class SharesTest(PathCase):
    """Many members who send in one turn."""

    def setUp(self) -> None:
        super().setUp()
        self.crowd = self.texts(MANY)

    def ask(self, line: bytes) -> None:
        """Let everybody send this, with their number; the turn is not over."""
        for client in self.crowd:
            client.send(line.replace(b"%d", b"%d" % client.number) + b"\n")

    def rooms_of(self, client: Client) -> tuple[str, ...]:
        """Return the rooms that somebody is in."""
        person = self.hall.roster.find(f"member{client.number}")
        return () if person is None else person.rooms

    def pass_turn(self) -> None:
        """End this turn; what is put off then belongs to the next one."""
        turn = self.turn.copy()
        self.turn.clear()
        for function in turn:
            function()

    def test_share(self) -> None:
        """A share is begun at once, and one in each turn that follows, in the order in which they asked."""
        self.ask(b"/join room%d")
        counts = [0]
        while self.turn:
            self.pass_turn()
            counts.append(sum(len(self.rooms_of(client)) == 2 for client in self.crowd))
        begun = [after - before for before, after in pairwise(counts)]
        self.assertLessEqual(max(begun), 2 * SHARE)  # this turn's, and those that wait for the next
        self.assertEqual([self.rooms_of(client)[1] for client in self.crowd], [f"room{n}" for n in range(MANY)])

    def test_words_go_first(self) -> None:
        """What is said in the same turn does not wait for joins; a line of somebody who joins is said after that."""
        reader, speaker = self.texts(2, first=500)
        self.ask(b"/join room%d")
        self.crowd[-1].send(b"I am in the room\n")
        speaker.send(b"hello\n")
        self.pass_turn()
        self.assertIn(b"hello", reader.read())
        self.assertEqual(self.rooms_of(self.crowd[-1]), ("lobby",))
        self.end_turn()
        self.end_turn()  # its turn comes after that in which it was answered
        self.assertNotIn(b"I am in the room", reader.read())
        last = self.hall.rooms.find(f"room{MANY - 1}")
        assert last is not None
        self.assertTrue(last.stored)

    def test_gone_meanwhile(self) -> None:
        """Nothing is done for somebody who has gone before their turn came."""
        self.ask(b"/join room%d")
        last = self.crowd[-1].transport
        last.loseConnection()
        last.protocol.connectionLost()
        self.end_turn()
        self.assertIsNone(self.hall.rooms.find(f"room{MANY - 1}"))
        self.assertIsNotNone(self.hall.rooms.find(f"room{MANY - 2}"))

    def test_refused(self) -> None:
        """What is refused in a later turn is answered as in the first, and the next line is taken."""
        for client in self.crowd:
            client.read()
        self.ask(b"/list ops")
        self.crowd[-1].send(b"hello\n")
        self.end_turn()
        self.assertEqual({client.read().count(b"!! no-such-room") for client in self.crowd}, {1})
        self.end_turn()
        self.assertEqual({b"hello" in client.read() for client in self.crowd[:-1]}, {True})
