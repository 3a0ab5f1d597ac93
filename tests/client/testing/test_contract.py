"""The fake server answers as the real one does: the same requests to both, the same answers and events."""

import json
from collections.abc import Callable
from typing import Any, Protocol

from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.testing.fake_server import FakeServer
from groupchat.client.testing.fake_visit import FEATURES
from tests.doors.test_chat import ServerTests

Fields = dict[str, Any]

ANSWERS = frozenset({"welcome", "done", "refused", "listed", "closing"})

OWN = frozenset({"at", "token", "version", "name", "features", "file_limit", "heading", "ending"})
"""Fields that differ from server to server, or from moment to moment."""


class Caller(Protocol):
    """A client of one of the two servers."""

    def ask(self, **request: Any) -> list[Fields]:
        """Send a request, and return what came since last time."""

    def heard(self) -> list[Fields]:
        """Return what came since last time."""

    def drop(self) -> None:
        """Lose the connection."""


class FakeCaller:
    """A client of the fake server, in bytes."""

    def __init__(self, server: FakeServer) -> None:
        self._heard = b""
        self.hung_up = False
        self._visit = server.connect(self._write, self._hang_up)

    def _write(self, data: bytes) -> None:
        self._heard += data

    def _hang_up(self, at_once: bool) -> None:
        self.hung_up = True

    def send(self, data: bytes) -> list[Fields]:
        self._visit.received(data)
        return self.heard()

    def ask(self, **request: Any) -> list[Fields]:
        return self.send(json.dumps(request).encode() + b"\n")

    def heard(self) -> list[Fields]:
        heard, self._heard = self._heard, b""
        return [json.loads(line) for line in heard.splitlines()]

    def drop(self) -> None:
        self._visit.lost()


def essence(messages: list[Fields]) -> list[Fields]:
    """What the two servers must agree on: all but the words of answers, and what is each one's own."""
    return [
        {
            name: value if name != "items" else essence(value)
            for name, value in message.items()
            if name not in OWN and not (name == "text" and message.get("event") in ANSWERS)
        }
        for message in messages
    ]


TALK: list[Fields] = [
    {"do": "say", "text": "hi"},
    {"do": "say", "text": "hi", "key": "k"},
    {"do": "say", "text": "again", "key": "k"},
    {"do": "say", "text": ""},
    {"do": "say", "text": "   "},
    {"do": "say"},
    {"do": "say", "text": 4},
    {"do": "say", "text": "x", "romo": "y"},
    {"do": "say", "text": "x", "x-mine": "y"},
    {"do": "say", "text": "x", "room": "dev"},
    {"do": "say", "text": "two\nlines\n\n", "reply": 1},
    {"do": "say", "text": "x", "reply": 99},
    {"do": "say", "text": "\n".join("x" * 61)},
    {"do": "say", "text": "x" * 4097},
    {"do": "say", "text": "x", "key": "k" * 65},
    {"do": "nothing-like-it"},
    {"do": 7},
    {"do": "me", "text": "waves"},
    {"do": "me", "nick": "bob", "text": "winks"},
    {"do": "me", "nick": "nobody", "text": "winks"},
    {"do": "msg", "nick": "bob", "text": "psst"},
    {"do": "tell", "nick": "BOB", "text": "pssst"},
    {"do": "msg", "nick": "nobody", "text": "psst"},
    {"do": "msg", "nick": "bob"},
    {"do": "edit", "id": 1, "text": "hi!"},
    {"do": "edit", "text": "x!"},
    {"do": "edit", "id": 77, "text": "hi!"},
    {"do": "delete", "id": 1},
    {"do": "delete", "id": 1},
    {"do": "edit", "id": 1, "text": "x"},
    {"do": "say", "text": "x", "reply": 1},
    {"do": "topic", "text": "Chess"},
    {"do": "topic"},
    {"do": "list"},
    {"do": "rooms"},
    {"do": "history", "count": 3},
    {"do": "history"},
    {"do": "ping"},
    {"do": "set", "name": "echo", "value": "on"},
    {"do": "say", "text": "heard by myself"},
    {"do": "set", "name": "nothing", "value": "on"},
    {"do": "nick", "nick": "alicia"},
    {"do": "nick", "nick": "bob"},
    {"do": "nick", "nick": "!"},
    {"do": "nick"},
    {"do": "typing"},
    {"do": "exit", "reason": "bye"},
]
"""What alice asks for, one after the other, while bob reads."""

ROOMS: list[Fields] = [
    {"do": "join", "room": "dev"},
    {"do": "say", "text": "in dev"},
    {"do": "join", "room": "DEV"},
    {"do": "switch", "room": "lobby"},
    {"do": "say", "text": "in the lobby"},
    {"do": "say", "text": "in dev again", "room": "dev"},
    {"do": "switch", "room": "nowhere"},
    {"do": "join", "room": "no room"},
    {"do": "join"},
    {"do": "list", "room": "dev"},
    {"do": "list", "room": "nowhere"},
    {"do": "rooms"},
    {"do": "leave", "room": "dev", "reason": "tea"},
    {"do": "leave", "room": "dev"},
    {"do": "join", "room": "dev"},
    {"do": "leave"},
    {"do": "leave"},
    {"do": "say", "text": "nowhere"},
    {"do": "history"},
    {"do": "msg", "nick": "bob", "text": "only to bob"},
]


class ContractTest(ServerTests):
    """Each scene is played to both servers."""

    maxDiff = None

    def both(self, scene: Callable[[Callable[[], Caller]], list[list[Fields]]]) -> None:
        """Play a scene to both; what came must be the same, each time."""
        from tests.doors.test_chat import Client

        fake = FakeServer()
        expected, got = scene(lambda: Client(self)), scene(lambda: FakeCaller(fake))
        for number, (one, other) in enumerate(zip(expected, got, strict=True)):
            self.assertEqual(essence(one), essence(other), f"step {number} of the scene")

    def test_talk(self) -> None:
        """What people say, change and are refused, and what another person reads of it."""

        def scene(connect: Callable[[], Caller]) -> list[list[Fields]]:
            alice, bob = connect(), connect()
            seen = [alice.ask(do="nick", nick="alice", ref=0), bob.ask(do="nick", nick="bob", ref=0), alice.heard()]
            for ref, request in enumerate(TALK):
                seen += [alice.ask(**request, ref=ref), bob.heard()]
            return seen

        self.both(scene)

    def test_rooms(self) -> None:
        """Rooms are entered, left and listed alike."""

        def scene(connect: Callable[[], Caller]) -> list[list[Fields]]:
            alice, bob = connect(), connect()
            seen = [
                alice.ask(do="nick", nick="alice", ref=0),
                bob.ask(do="nick", nick="bob", rooms=["lobby", "dev"]),
                alice.heard(),
            ]
            for ref, request in enumerate(ROOMS):
                seen += [alice.ask(**request, ref=ref), bob.heard()]
            return seen

        self.both(scene)

    def test_before_joining(self) -> None:
        """Nothing can be done without a nickname, which must be free."""

        def scene(connect: Callable[[], Caller]) -> list[list[Fields]]:
            alice, bob = connect(), connect()
            return [
                alice.ask(do="ping", ref=1), alice.ask(do="say", text="x", ref=2), alice.ask(do="nick", ref=3),
                alice.ask(do="nick", nick="?", ref=4), alice.ask(do="nick", nick=5, ref=4),
                alice.ask(do="nick", nick="alice", ref=4, rooms="dev"), alice.ask(do="nick", nick="alice", since="x"),
                alice.ask(do="nick", nick="alice", ref=4, rooms=["no room"]), alice.ask(do="nick", nick="al", token=5),
                alice.ask(do="nick", nick="alice", ref=4, romo=1), alice.ask(do="nick", nick="alice", password=5),
                alice.ask(do="nick", nick="alice", ref=5),
                bob.ask(do="nick", nick="ALICE", ref=1), bob.ask(do="exit", ref=2),
            ]  # fmt: skip

        self.both(scene)

    def test_coming_back(self) -> None:
        """Who comes back by the token is in the same rooms, and is sent what was missed, once."""

        def scene(connect: Callable[[], Caller]) -> list[list[Fields]]:
            alice, bob, bob_again, late = connect(), connect(), connect(), connect()
            seen = [alice.ask(do="nick", nick="alice"), (welcome := bob.ask(do="nick", nick="bob"))]
            seen += [bob.ask(do="join", room="dev"), bob.ask(do="switch", room="lobby"), alice.heard()]
            seen += [alice.ask(do="say", text="one"), alice.ask(do="say", text="two"), bob.heard()]
            bob.drop()
            seen += [alice.heard(), alice.ask(do="say", text="three"), alice.ask(do="edit", id=1, text="ONE")]
            seen += [alice.ask(do="delete", id=2)]
            token = welcome[0]["token"]
            seen += [bob_again.ask(do="nick", nick="bob", token=token, since=2), alice.heard()]
            seen += [late.ask(do="nick", nick="late"), late.ask(do="nick", nick="late2")]
            newest = connect()
            seen += [newest.ask(do="nick", nick="newest", since="head"), newest.ask(do="nick", nick="x", ref=1)]
            since = connect()
            seen += [since.ask(do="nick", nick="since", since=0, rooms=["lobby"]), alice.heard()]
            return seen

        self.both(scene)

    def test_one_token_twice(self) -> None:
        """A connection with somebody's token takes over from the one there is, with another nickname if it likes."""

        def scene(connect: Callable[[], Caller]) -> list[list[Fields]]:
            alice, bob, again, renamed, forged = connect(), connect(), connect(), connect(), connect()
            seen = [alice.ask(do="nick", nick="alice"), (welcome := bob.ask(do="nick", nick="bob")), alice.heard()]
            token = welcome[0]["token"]
            seen += [bob.ask(do="say", text="mine", key="a"), alice.heard()]
            seen += [again.ask(do="nick", nick="bob", token=token, since=1), bob.heard(), alice.heard()]
            seen += [again.ask(do="say", text="mine", key="a"), alice.heard()]
            again.drop()
            seen += [alice.heard()]
            seen += [renamed.ask(do="nick", nick="robert", token=token, since=1, rooms=["dev"]), alice.heard()]
            seen += [renamed.ask(do="say", text="still mine", key="a")]
            seen += [forged.ask(do="nick", nick="mallory", token="x" * 22, ref=1)]
            return seen

        self.both(scene)

    def test_features(self) -> None:
        """The fake server claims nothing that the real one cannot do."""
        _, welcome = self.program("bot")
        self.assertLessEqual(set(FEATURES), set(welcome["features"]))

    def test_programs(self) -> None:
        """Programs are in their rooms, apart from people."""

        def scene(connect: Callable[[], Caller]) -> list[list[Fields]]:
            alice, bot, other = connect(), connect(), connect()
            return [
                alice.ask(do="nick", nick="alice"), bot.ask(do="nick", nick="bot", program=True), alice.heard(),
                other.ask(do="nick", nick="abacus", quiet=True, rooms=["lobby", "dev"]), alice.heard(), bot.heard(),
                alice.ask(do="list"), alice.ask(do="rooms"), bot.ask(do="say", text="hi"), alice.heard(),
                bot.ask(do="join", room="dev"), other.heard(), bot.ask(do="leave"), other.heard(),
                other.ask(do="say", text="x"), alice.heard(), other.ask(do="exit"), bot.ask(do="exit"), alice.heard(),
            ]  # fmt: skip

        self.both(scene)

    def test_quiet(self) -> None:
        """Who only posts is seen by nobody."""

        def scene(connect: Callable[[], Caller]) -> list[list[Fields]]:
            alice, robot = connect(), connect()
            return [
                alice.ask(do="nick", nick="alice"), robot.ask(do="nick", nick="robot", quiet=True), alice.heard(),
                robot.ask(do="say", text="x", ref=1), robot.ask(do="say", text="x", room="lobby", ref=2),
                alice.heard(), robot.ask(do="join", room="lobby", ref=3), alice.ask(do="list"), alice.heard(),
                robot.ask(do="exit"), alice.heard(),
            ]  # fmt: skip

        self.both(scene)


class BytesTest(SynchronousTestCase):
    """Lines of the fake server."""

    def test_cuts(self) -> None:
        """A request may come in pieces; lines that are no request are refused."""
        for size in (1, 2, 7, 1000):
            caller = FakeCaller(FakeServer())
            data = b'{"do":"nick","nick":"b\xc3\xb6b"}\r\n[]\n\n{"x"\n{"do":"ping","ref":1}\n'
            heard = [event for at in range(0, len(data), size) for event in caller.send(data[at : at + size])]
            self.assertEqual(
                [(event["event"], event.get("code")) for event in heard],
                [
                    ("welcome", None),
                    ("entered", None),
                    ("refused", "bad-json"),
                    ("refused", "bad-json"),
                    ("done", None),
                ],
            )
