"""What each path costs through its door, counted and not timed: renderings, commits, writes and calls."""

from collections.abc import Sequence
from functools import partial

from groupchat.model.drafts import Draft, Kind
from groupchat.model.events import AuthorId
from tests.benchmarks.counting import MEMBERS, Client, CountingJournal, Counts, PathCase, counted, said
from tests.doors.web.clients import masked, request
from tests.journals.cluster.nodes import ClusterCase

LINES = 64
"""Lines said in one turn."""
SENDERS = 10
FEW_AND_MANY = (10, 100)
TEXT_CALLS, JSON_CALLS, WEBSOCKET_CALLS, MIXED_CALLS, FOLLOWED_CALLS = 75, 113, 130, 87, 81
"""Calls of Python functions for each of 64 lines, with 30 members of each kind: a tenth less was counted."""
ROOM_CALLS, PRIVATE_CALLS, EDIT_CALLS, POSTER_CALLS, FILE_CALLS = 137, 236, 422, 845, 1300
"""The same for one thing alone, some of them with 30 or 60 who receive it."""
CATCHING_UP_CALLS = 9.2
"""The same for each message that is caught up with, when ten do so at once."""
APPLY_CALLS = 58
"""The same for each post of an entry that another node wrote."""
SHARE = 1.1
"""How much more something may cost among many than among few, if it is not to depend on them."""


class TalkTest(PathCase):
    """64 lines in one turn: one commit, one rendering a style, one write for each member, whatever they speak."""

    def cost(self, sent: Sequence[tuple[Client, bytes]]) -> Counts:
        """Return the cost of the second of two such turns: what is made at the first time is not of interest."""
        self.send(*sent)
        for client in self.everybody:
            client.read()
        return counted(partial(self.send, *sent))

    def check(self, counts: Counts, rendered: dict[str, int], calls: int, receivers: Sequence[Client]) -> None:
        """Compare the cost with what is expected, and the calls for each line with their limit."""
        self.assertEqual(dict(counts.rendered), rendered)
        self.assertEqual(self.journal.commits, 1)
        self.assertEqual(self.written(receivers), {1})
        self.assertLessEqual(counts.calls / LINES, calls)

    def test_text(self) -> None:
        """Text from text."""
        crowd = self.texts()
        counts = self.cost([(crowd[number % SENDERS], b"line %d\n" % number) for number in range(LINES)])
        self.check(counts, {"text": LINES}, TEXT_CALLS, crowd)

    def test_json(self) -> None:
        """JSON Lines from JSON Lines: each sender has an answer to each line in the same write."""
        crowd = self.programs()
        counts = self.cost([(crowd[number % SENDERS], said(number) + b"\n") for number in range(LINES)])
        self.check(counts, {"json": LINES}, JSON_CALLS, crowd)
        self.assertEqual(crowd[-1].read().count(b'"event":"said"'), LINES)

    def test_websocket(self) -> None:
        """Frames from frames: a frame is made once from the JSON that is made once."""
        crowd = self.browsers()
        counts = self.cost([(crowd[number % SENDERS], masked(said(number))) for number in range(LINES)])
        self.check(counts, {"web": LINES, "json": LINES}, WEBSOCKET_CALLS, crowd)

    def test_mixed(self) -> None:
        """All of them together: once for each style, and for frames once more in JSON, however many there are."""
        crowd = [*self.texts(), *self.programs(), *self.browsers()]
        counts = self.cost([(crowd[number % SENDERS], b"line %d\n" % number) for number in range(LINES)])
        self.check(counts, {"text": LINES, "json": 2 * LINES, "web": LINES}, MIXED_CALLS, crowd)

    def test_followers(self) -> None:
        """Those who follow a room over HTTP are written to as members are, and their events are made once for all."""
        crowd = self.texts()
        followers = self.come(request("/rooms/lobby/live", accept="text/event-stream"), MEMBERS, 300)
        counts = self.cost([(crowd[number % SENDERS], b"line %d\n" % number) for number in range(LINES)])
        self.check(counts, {"text": LINES, "json": LINES, "web": LINES}, FOLLOWED_CALLS, [*crowd, *followers])
        self.assertEqual(followers[0].read().count(b"id: "), LINES)


class OneTest(PathCase):
    """One thing at a time, among few others and among many: what it costs is counted in both."""

    def cost(self, *sent: tuple[Client, bytes]) -> Counts:
        """Return the cost of this, after everybody has read what came before."""
        for client in self.everybody:
            client.read()
        counts = counted(partial(self.send, *sent))
        self.assertEqual(self.journal.commits, 1)
        return counts

    def again(self) -> None:
        """Begin anew, with nobody."""
        self.everybody = []
        self.setUp()

    def test_rooms(self) -> None:
        """What is said in a room costs the same, however many other rooms there are, and reaches nobody there."""
        costs: list[int] = []
        for count in FEW_AND_MANY:
            self.again()
            crowd = self.texts(count)
            for client in crowd:
                self.send((client, b"/join room%d\n" % client.number))
                self.send((client, b"/leave lobby\n"))
            self.tell_of_presence()
            self.cost((crowd[0], b"hello\n"))
            counts = self.cost((crowd[0], b"hello\n"))
            self.assertEqual(dict(counts.rendered), {"text": 1})
            self.assertEqual(self.written(crowd), {0})
            costs.append(counts.calls)
        self.assertLessEqual(costs[1], costs[0] * SHARE)
        self.assertLessEqual(costs[0], ROOM_CALLS)

    def test_moving(self) -> None:
        """Somebody who goes from room to room is written to once for each request."""
        alice = self.texts(1)[0]
        for line, told in ((b"/join dev\n", b"You are in dev now."), (b"/leave lobby\n", b"You left lobby.")):
            self.send((alice, line))
            self.assertEqual(alice.transport.writes, 1)
            self.assertIn(told, alice.read())

    def test_private(self) -> None:
        """A private message costs the same among few and many, and is written to those two only."""
        costs: list[int] = []
        for count in FEW_AND_MANY:
            self.again()
            crowd = self.texts(count)
            self.cost((crowd[0], b"/msg member1 hello\n"))
            counts = self.cost((crowd[0], b"/msg member1 hello\n"))
            self.assertEqual(dict(counts.rendered), {"text": 1})
            self.assertEqual(sum(client.transport.writes for client in crowd[2:]), 0)
            self.assertEqual(crowd[1].transport.writes, 1)
            costs.append(counts.calls)
        self.assertLessEqual(costs[1], costs[0] * SHARE)
        self.assertLessEqual(costs[0], PRIVATE_CALLS)

    def test_edit(self) -> None:
        """A change is rendered once for each style, and written once to each."""
        crowd = [*self.texts(), *self.programs()]
        self.cost((crowd[0], b"hello\n"))
        self.cost((crowd[0], b"/edit hello 1\n"))
        counts = self.cost((crowd[0], b"/edit hello 2\n"))
        self.assertEqual(dict(counts.rendered), {"text": 1, "json": 1})
        self.assertEqual(self.written(crowd), {1})
        self.assertLessEqual(counts.calls, EDIT_CALLS)

    def test_poster(self) -> None:
        """What a script posts over HTTP costs its connection and request besides, and nobody is told that it came."""
        crowd = self.texts()
        self.cost((Client(self), request("/rooms/lobby?nick=ci", "POST", b"hi")))
        poster = Client(self)
        counts = self.cost((poster, request("/rooms/lobby?nick=ci", "POST", b"hi")))
        self.assertIn(b"201", poster.read()[:12])
        self.assertEqual(dict(counts.rendered), {"text": 1})
        self.assertEqual(self.written(crowd), {1})
        self.assertLessEqual(counts.calls, POSTER_CALLS)

    def test_file(self) -> None:
        """The link to a file is a post like others: one commit, rendered once for each style, one write each."""
        crowd = [*self.texts(), *self.programs()]
        for client in (Client(self), Client(self)):
            counts = self.cost((client, request("/rooms/lobby/a.txt?nick=ci", "PUT", b"hi")))
            self.assertIn(b"201", client.read()[:12])
            self.assertEqual(dict(counts.rendered), {"text": 1, "json": 1})
            self.assertEqual(self.written(crowd), {1})
        self.assertLessEqual(counts.calls, FILE_CALLS)

    def test_catching_up(self) -> None:
        """What is behind is not rendered again for each who catches up in the same style."""
        crowd = self.texts(SENDERS)
        for begin in range(0, 200, 50):
            self.send(*[(crowd[n % SENDERS], b"line %d\n" % n) for n in range(begin, begin + 50)])
        rendered = []
        for count in (1, 10):
            late = [Client(self, 1000 + 100 * count + number) for number in range(count)]
            hello = b'{"do":"nick","nick":"late%d","since":0}\n'
            counts = self.cost(*[(client, hello % client.number) for client in late])
            for client in late:
                self.assertEqual(client.read().count(b'"event":"said"'), 200)
            rendered.append(counts.rendered["json"])
            self.hall.readers.sweep()  # nothing that was rendered for one is there for the ten
        self.assertLessEqual(counts.calls / count / 200, CATCHING_UP_CALLS)
        self.assertLessEqual(rendered[1], rendered[0] * SHARE)


class ClusterTest(ClusterCase):
    """A node that carries out what another one wrote."""

    def test_apply(self) -> None:
        """All posts of an entry are one commit of the journal here, and each costs few calls more than the first."""
        inner = CountingJournal()
        one, other = self.started("a1"), self.started("b2", inner)
        costs: list[int] = []
        for count in (LINES, LINES, 2 * LINES):
            inner.commits = 0
            self.assertEqual(len(other.received), LINES * len(costs))
            drafts = [Draft(Kind.SAID, AuthorId(1), "alice", 1.0, "lobby", f"line {n}") for n in range(count)]
            one.post(*drafts)
            costs.append(counted(partial(self.pass_time, 0.5)).calls)
            self.assertEqual(inner.commits, 1)
        self.assertEqual(len(other.texts), 4 * LINES)
        self.assertLessEqual((costs[2] - costs[1]) / LINES, APPLY_CALLS)
