"""What lists cost among few and among many, counted: a page costs what is on it."""

from functools import partial

from groupchat.limits.pages import PAGE
from tests.benchmarks.counting import Client, PathCase, counted
from tests.benchmarks.test_cost_of_paths import SHARE

FEW, MANY = PAGE + 50, 4 * PAGE


class ListTest(PathCase):
    """A page of the people of a room, in text and in JSON."""

    def cost(self, client: Client, line: bytes) -> int:
        """Return the calls of the second of two such requests: a list is sorted when it is first asked for."""
        for _ in range(2):
            client.read()
            counts = counted(partial(self.send, (client, line)))
        return counts.calls

    def costs(self) -> list[int]:
        """Return what the first page, one in the middle and the list of rooms cost in each style."""
        alice, bot = self.texts(1, first=1000)[0], self.programs(1, first=1001)[0]
        found = []
        for line in (b"/list", b"/list after member1"):
            found.append(self.cost(alice, line + b"\n"))
            self.assertEqual(alice.read().count(b"member"), PAGE + 1)  # the last of them is named twice
        for request in (b'{"do":"list"}', b'{"do":"list","after":"member1"}', b'{"do":"rooms"}'):
            found.append(self.cost(bot, request + b"\n"))
        return found

    def test_page(self) -> None:
        """A page of the people costs no more among many than among few."""
        costs = []
        for count in (FEW, MANY):
            self.everybody = []
            self.setUp()
            self.texts(count)
            costs.append(self.costs())
        for few, many in zip(*costs, strict=True):
            self.assertLessEqual(many, few * SHARE)

    def test_rename(self) -> None:
        """Somebody with another nickname is listed in another place, for the same few calls among few and many."""
        costs = []
        for count in (FEW, MANY):
            self.everybody = []
            self.setUp()
            crowd = self.texts(count)
            self.cost(crowd[0], b"/list\n")
            costs.append(counted(partial(crowd[1].send, b"/nick zoe\n")).calls)
            self.end_turn()
            crowd[0].read()
            self.send((crowd[0], b"/list after yves\n"))
            self.assertIn(b"-- zoe\r\n", crowd[0].read())
        self.assertLessEqual(costs[1], costs[0] * SHARE)

    def test_rooms(self) -> None:
        """Where many are each alone in a room, a page of the rooms, and how many there are, cost the same."""
        costs = []
        for count in (FEW, MANY):
            self.everybody = []
            self.setUp()
            for client in self.texts(count):
                self.send((client, b"/join room%d\n/leave lobby\n" % client.number))
                self.end_turn()
            (bot,) = self.programs(1, first=1001)
            requests = [b'{"do":"rooms"}', b'{"do":"rooms","after":"room1"}', b'{"do":"status"}']
            costs.append([self.cost(bot, request + b"\n") for request in requests])
            stranger = Client(self)
            costs[-1].append(self.cost(stranger, b'{"do":"hello"}\n'))
            for client in (bot, stranger):
                self.assertIn(b'"rooms":%d' % (count + 1), client.read())
        for few, many in zip(*costs, strict=True):
            self.assertLessEqual(many, few * SHARE)
