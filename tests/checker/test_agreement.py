"""The comparison of several nodes, on fake ones that share what is said, and on some that do not quite."""

import threading
import time

from groupchat.checker.agreement import Agreement, agree
from groupchat.checker.ledger import Ledger
from groupchat.checker.roamers import ClusterLoad
from groupchat.checker.verify import BROKEN, UNCHECKED
from tests.checker.fakes import FakeServer, Hall, Message
from tests.checker.test_verify import VerifyCase
from tests.functional.harness import LIMIT_S


class NodeHall(Hall):
    """A node of a fake cluster: what is said at one is there at all at once.

    ``people``: who has come, at all nodes, and the rooms they are in.  ``came``: who came here.
    ``sessions``: who has been there, at whichever node, and up to which number they have read.
    """

    def __init__(self, first: "NodeHall | None" = None) -> None:
        super().__init__()
        self.lock = threading.RLock()
        self.people: dict[str, list[str]] = {}
        self.sessions: dict[str, tuple[list[str], int]] = {}
        self.came: list[str] = []
        if first is not None:
            self.lock, self.people, self.posts, self.keys = first.lock, first.people, first.posts, first.keys
            self.sessions = first.sessions

    def answer(self, request: Message) -> list[Message] | None:
        with self.lock:
            return super().answer(request)

    def carry_out(self, request: Message) -> list[Message] | None:
        match request["do"]:
            case "nick":
                if "token" in request and not self.knows(request["nick"]):
                    return [{"event": "refused", "code": "token-invalid", "text": "Unknown."}]
                known, read = self.sessions.get(request["nick"], (["lobby"], len(self.posts)))
                rooms = request.get("rooms") or known
                self.people[request["nick"]] = rooms
                self.sessions[request["nick"]] = (rooms, read)
                self.came.append(request["nick"])
                return [{
                    "event": "welcome", "nick": request["nick"], "token": "t", "head": len(self.posts),
                    "room": rooms[-1], "rooms": rooms,
                }]  # fmt: skip
            case "exit":
                del self.people[request["by"]]
                return None
            case "read":
                self.sessions[request["by"]] = ([request["room"]], request["id"])
                return [{"event": "done", "upto": request["id"]}]
            case "unread":
                rooms, read = self.sessions[request["by"]]
                return [{"event": "listed", "items": [{"room": rooms[0], "after": read}] if self.marks else []}]
            case "edit" | "delete":
                text = request.get("text", "")
                post = self.posts[request["id"] - 1]
                self.posts[request["id"] - 1] = {**post, "text": text, "kind": request["do"]}
                return [{"event": "done"}]
            case "list":
                return [{"event": "listed", "items": [{"nick": nick} for nick in self.people]}]
            case "history":
                items = [post for post in self.shown_posts() if post["id"] > request.get("since", 0)]
                there = [post for post in items if post["room"] == request["room"] and post.get("kind") != "delete"]
                return [{"event": "listed", "items": there}]
            case "ping":
                return [{"event": "done"}]
        return super().carry_out(request)

    marks = True
    """Whether it knows how far people have read."""

    def knows(self, nick: str) -> bool:
        """Say whether it knows the token of somebody."""
        return nick in self.sessions

    def shown_posts(self) -> list[Message]:
        """Return what this node shows."""
        return self.posts

    def post(self, request: Message) -> int:
        number = super().post(request)
        self.posts[number - 1].setdefault("room", request["room"])
        return number


class Skipping(NodeHall):
    """Does not show every third message."""

    def shown_posts(self) -> list[Message]:
        return [post for post in self.posts if post["id"] % 3]


class Renumbering(NodeHall):
    """Shows the messages in another order, under other numbers."""

    def shown_posts(self) -> list[Message]:
        there = self.posts[: len(self.posts) // 2 * 2]
        texts = [post["text"] for pair in zip(there[1::2], there[::2], strict=True) for post in pair]
        return [{**post, "text": text} for post, text in zip(there, texts, strict=True)]


class Unchanging(NodeHall):
    """Shows messages as they were first."""

    def shown_posts(self) -> list[Message]:
        first = {number: key for key, number in self.keys.items()}
        return [{**post, "text": f"{first[post['id']]}.", "kind": ""} if "^" in first[post["id"]] else post
                for post in self.posts]  # fmt: skip


class Lonely(NodeHall):
    """Does not list who is at other nodes."""

    def carry_out(self, request: Message) -> list[Message] | None:
        if request["do"] == "list":
            return [{"event": "listed", "items": [{"nick": nick} for nick in self.came]}]
        return super().carry_out(request)


class Losing(NodeHall):
    """Knows the tokens of those only who have come here before."""

    def knows(self, nick: str) -> bool:
        return nick in self.came


class Unmarking(NodeHall):
    """Does not know how far people have read."""

    marks = False


class Scattering(NodeHall):
    """Lets people come back elsewhere."""

    def carry_out(self, request: Message) -> list[Message] | None:
        if request["do"] == "nick" and request.get("marks") and "token" in request:
            self.people[request["nick"]] = ["elsewhere"]
            return [{"event": "welcome", "nick": request["nick"], "token": "t", "head": 0, "rooms": ["elsewhere"]}]
        return super().carry_out(request)


class AgreementTest(VerifyCase):
    """Three nodes under load, of which the last one may be broken."""

    def agreement(self, kind: type[NodeHall] = NodeHall, limit: float = 0.0) -> tuple[Agreement, ClusterLoad]:
        """Return what is found where the last node is of this kind, once everything was done that clients do."""
        first = NodeHall()
        self.halls = [first, NodeHall(first), kind(first)]
        servers = []
        for hall in self.halls:
            server = FakeServer(hall.answer, hall.news)
            self.addCleanup(server.close)
            servers.append(server.address)
        load = ClusterLoad(servers, Ledger(), 3, 100.0, pace=0.005, roamers=2)
        self.addCleanup(load.close)
        self.assertTrue(load.join(LIMIT_S))
        end = time.monotonic() + LIMIT_S
        while not {"say", "edit", "delete", "go"} <= load.moves.keys() or load.ledger.highest < 60:
            self.assertLess(time.monotonic(), end, load.moves)
            load.run(0.1)
        load.settle(LIMIT_S)
        return agree(load, LIMIT_S, limit), load

    def test_sound(self) -> None:
        """Nodes that agree pass; clients are at all of them, change what they said, and go from one to the next."""
        agreement, load = self.agreement(limit=LIMIT_S)
        printed = list(agreement.lines())
        self.assertTrue(agreement.good, printed)
        counts = [line.split() for line in printed[:4]]
        self.assertEqual(counts, [["changes", "0"], ["differing", "0"], ["sessions", "0"], ["lost", "0"]])
        self.assertTrue(all(len(view) == len(load.ledger.attempts) for view in load.views))
        for hall in self.halls:
            self.assertTrue({load.posters[0].nick, load.posters[1].nick, load.posters[2].nick} & set(hall.came))

    def test_broken(self) -> None:
        """A node that skips, renumbers or does not change what the others have is found out, and so is a lonely one.

        So is one that does not know a token of another one, or not how far or where its owner was.
        """
        for kind, pattern in (
            (Skipping, r"! differing: #\d+ is there at 127.0.0.1:.* and not at 127.0.0.1:"),
            (Renumbering, r"! lost: 127.0.0.1:.* was acknowledged as #\d+: it stands at #"),
            (Unchanging, "! changes: 127.0.0.1:.* reads"),
            (Lonely, r"! differing: 127.0.0.1:\d+ lists v\w+ 0 times"),
            (Losing, r"! sessions: 127.0.0.1:\d+ does not know the token of d\w+"),
            (Losing, r"! sessions: the tokens of clients were not known, \d+ times"),
            (Unmarking, r"! sessions: d\w+ has read up to #\d+, and as 127.0.0.1:\d+ knows it everything"),
            (Scattering, r"! sessions: d\w+ came back at 127.0.0.1:\d+ as d\w+, in elsewhere"),
        ):
            with self.subTest(kind=kind.__name__):
                agreement, _ = self.agreement(kind)
                self.assertFalse(agreement.good)
                self.assertRegex("\n".join(agreement.lines()), pattern)

    def test_keys(self) -> None:
        """A node that does not know a key of another one is found out."""
        _, load = self.agreement()
        roamer = load.roamers[0]
        id, key = next(iter(roamer._keys.items()))
        roamer._posted(id, key, "again")
        self.assertEqual(load.ledger.disorder, [])
        roamer._posted(id + 1000, key, "again")
        self.assertEqual(load.ledger.disorder, [f"{key} was acknowledged as #{id}, and again as #{id + 1000}"])

    def test_cut_off(self) -> None:
        """Whoever cannot be where it was goes to the next node, but for the watchers, which belong to theirs."""
        load = ClusterLoad([("a", 1), ("b", 2), ("c", 3)], Ledger(), 4, 1.0)
        self.addCleanup(load.close)
        self.assertEqual(sorted(load.where(client)[0] for client in load.posters), ["a", "b", "b", "c"])
        before = load.where(load.posters[0])
        for client in (load.posters[0], *load.watchers):
            load.cut(client)
        self.assertNotEqual(load.where(load.posters[0]), before)
        self.assertEqual([load.where(watcher)[0] for watcher in load.watchers], ["a", "b", "c"])


class VerifyNodesTest(VerifyCase):
    """``groupchat verify`` with several addresses."""

    def serve_all(self, *kinds: type[NodeHall]) -> list[str]:
        first = NodeHall()
        self.first = first
        return [self.serve(first), *(self.serve(kind(first)) for kind in kinds)]

    def test_status(self) -> None:
        """The exit status tells whether the nodes agree, and a record is compared with each of them."""
        record = self.folder / "record"
        servers = self.serve_all(NodeHall)
        words = ("--clients", 2, "--movers", 0, "--roamers", 1, "--rate", 100, "--seconds", 0.3, "--record", record)
        status, printed = self.verify(*servers, *words)
        self.assertEqual(status, 0, printed)
        self.assertRegex(printed, r"(?m)^differing    0$")
        self.assertTrue(Ledger.read(record).attempts)
        self.assertEqual(self.verify(*servers, "--against", record)[0], 0)
        self.assertEqual(self.verify(*servers, self.serve(Skipping(self.first)), "--against", record)[0], BROKEN)

    def test_unreachable(self) -> None:
        """If one of them cannot be reached, nothing is checked."""
        servers = self.serve_all(NodeHall)
        words = ("--clients", 1, "--movers", 0, "--patience", 0.2)
        self.assertEqual(self.verify(*servers, "127.0.0.1:1", *words)[0], UNCHECKED)
