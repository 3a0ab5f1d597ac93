"""Reading a room over HTTP: which posts, in which form, for whom."""

import gzip
import json
import re

from tests.doors.requests.cases import HERE, RequestsCase, bearer

LOBBY = "/rooms/lobby"
NDJSON = "application/x-ndjson"


class ReadTest(RequestsCase):
    def test_long_messages(self) -> None:
        """A page has 64 KiB of text at most; its link leads to what follows, until all was read."""
        for number in range(40):
            self.alice.say(f"{number} " + "x" * 4000)
            self.house.clock.advance(10)
        found: list[int] = []
        target = "/rooms/lobby?since=0&count=200"
        while True:
            reply = self.ask(target, accept="application/x-ndjson", address=f"192.0.2.{len(found) + 10}")
            posts = list(map(json.loads, reply.body.splitlines()))
            if not posts:
                break
            self.assertLessEqual(sum(len(post.get("text", "")) for post in posts), 64 * 1024)
            found += [post["id"] for post in posts]
            target = reply.headers["link"].partition("<")[2].partition(">")[0]
        self.assertEqual(found, [number for number in range(1, found[-1] + 1) if number != 8])
        self.assertGreater(len(found), 40)
        reply = self.ask("/rooms/lobby?count=200", accept="application/x-ndjson", address="192.0.2.99")
        self.assertEqual(json.loads(reply.body.splitlines()[-1])["id"], found[-1])

    def setUp(self) -> None:
        super().setUp()
        self.follow(exempt=[HERE])
        for number in range(1, 8):
            self.alice.say(f"number {number}")
        self.bob.say("elsewhere")

    def numbers(self, target: str, **headers: str) -> list[int]:
        """Return the numbers of the posts at an address."""
        reply = self.ask(target, accept=NDJSON, **headers)
        self.assertEqual((reply.status, reply.headers["content-type"]), (200, NDJSON), reply.body)
        return [json.loads(line)["id"] for line in reply.body.splitlines()]

    def test_text(self) -> None:
        """Anybody reads the last messages, as lines with their day."""
        reply = self.ask(f"{LOBBY}?count=2")
        self.assertEqual(
            reply.body.decode().split("\n"),
            [
                "-- Saturday 21 November 2026", "[12:00:00] #6 alice: number 6", "[12:00:00] #7 alice: number 7", "",
            ],
        )  # fmt: skip
        self.assertEqual(reply.headers["cache-control"], "no-store")

    def test_search(self) -> None:
        """A search finds what was said in the room, newest first, page by page; what is wrong with it is refused."""
        self.assertEqual(self.numbers(f"{LOBBY}?search=number"), [7, 6, 5, 4, 3, 2, 1])
        self.assertEqual(self.numbers(f"{LOBBY}?search=from%3Aalice+%22number+3%22"), [3])
        self.assertEqual(self.numbers(f"{LOBBY}?search=from:bob"), [])
        self.assertEqual(self.numbers(f"{LOBBY}?search=elsewhere"), [])
        reply = self.ask(f"{LOBBY}?search=%22number%22+-6&count=3", accept=NDJSON)
        self.assertEqual(reply.headers["link"], f'<{LOBBY}?search=%22number%22%20-6&before=4&count=3>; rel="next"')
        self.assertEqual(self.numbers(f"{LOBBY}?search=%22number%22%20-6&before=4&count=3"), [3, 2, 1])
        for last in f"{LOBBY}?search=%22number%22%20-6&before=4&count=3", f"{LOBBY}?search=number", f"{LOBBY}?search=x":
            self.assertNotIn("link", self.ask(last, accept=NDJSON).headers, last)
        for words in ("in:lobby+x", "with:bob", "%22x", "from:", "x&since=1", "x" * 257):
            self.assertEqual(self.ask(f"{LOBBY}?search={words}", accept=NDJSON).status, 400, words)

    def test_json(self) -> None:
        """As JSON, each line is the event that programs are sent."""
        reply = self.ask(f"{LOBBY}?count=1", accept=NDJSON)
        self.assertEqual(
            json.loads(reply.body),
            {
                "event": "said",
                "id": 7,
                "room": "lobby",
                "nick": "alice",
                "text": "number 7",
                "at": "2026-11-21T12:00:00.000Z",
            },
        )

    def test_pages(self) -> None:
        """One reads on from a number, or back from one; the answer has the address of the next page."""
        self.assertEqual(self.numbers(f"{LOBBY}?since=2"), [3, 4, 5, 6, 7])
        self.assertEqual(self.numbers(f"{LOBBY}?since=2&count=2"), [3, 4])
        self.assertEqual(self.numbers(f"{LOBBY}?before=4&count=2"), [2, 3])
        self.assertEqual((self.numbers(f"{LOBBY}?since=7"), self.numbers(f"{LOBBY}?before=1")), ([], []))
        self.assertEqual(self.numbers(f"{LOBBY}?since=0&count=100000"), [1, 2, 3, 4, 5, 6, 7])
        found, target = [], f"{LOBBY}?since=0&count=3"
        while target:
            reply = self.ask(target, accept=NDJSON)
            found += [json.loads(line)["id"] for line in reply.body.splitlines()]
            match = re.fullmatch('<(.*)>; rel="next"', reply.headers.get("link", ""))
            target = match[1] if match else ""
        self.assertEqual(found, [1, 2, 3, 4, 5, 6, 7])
        self.assertIn('before=6&count=2>; rel="prev"', self.ask(f"{LOBBY}?count=2").headers["link"])

    def test_changes(self) -> None:
        """What was edited reads as it does now, what was deleted is gone; after a number, each change comes."""
        self.alice.do("edit", id=6, text="corrected").do("delete", id=7)
        body = self.ask(LOBBY).body.decode()
        self.assertIn("corrected", body)
        self.assertNotIn("number 7", body)
        self.assertEqual(self.numbers(f"{LOBBY}?since=7"), [9, 10])

    def test_wrong(self) -> None:
        """What is no number is refused, and so are contradictions."""
        for query in (
            "since=x",
            "since=-1",
            "count=0",
            "since=1&before=2",
            "count=",
            "since=" + "9" * 30,
            "nick=a",
            "until=1",
        ):
            reply = self.ask(f"{LOBBY}?{query}")
            self.assertEqual((reply.status, json.loads(reply.body)["code"]), (400, "bad-arguments"), query)

    def test_private(self) -> None:
        """What is private stays so, also for whoever's it is."""
        self.bob.do("msg", nick="alice", text="a secret")
        for headers in ({}, {"authorization": bearer(self.token())}):
            self.assertNotIn(b"secret", self.ask(f"{LOBBY}?since=0", **headers).body)

    def test_rooms(self) -> None:
        """There are rooms that one may not read, and names of none."""
        self.olga.do("join", room="vault").say("closed", room="vault").do("lock", room="vault")
        token = self.token()
        for target, status, code in (
            ("/rooms/vault", 404, "no-such-room"), ("/rooms/nothing", 404, "no-such-room"),
            ("/rooms/a%20b", 400, "room-invalid"),
        ):  # fmt: skip
            for headers in ({}, {"authorization": bearer(token)}):
                reply = self.ask(target, **headers)
                self.assertEqual((reply.status, json.loads(reply.body)["code"]), (status, code), target)
        self.olga.do("invite", nick="alice", room="vault")
        self.assertEqual(len(self.numbers("/rooms/vault", authorization=bearer(token))), 1)
        self.olga.do("ban", whom="alice", room="dev")
        self.assertEqual(self.ask("/rooms/dev", authorization=bearer(token)).status, 403)

    def test_closed(self) -> None:
        """Where nobody comes in without a password, nobody reads without one."""
        self.follow(password="sesame")
        reply = self.ask(LOBBY)
        self.assertEqual((reply.status, json.loads(reply.body)["code"]), (401, "password-needed"))
        self.assertEqual(self.ask(LOBBY, authorization=bearer(self.token())).status, 200)
        self.follow(password="", guests=False)
        self.assertEqual(self.ask(LOBBY).status, 401)

    def test_gzip(self) -> None:
        """Long answers are compressed for those who take that."""
        for number in range(20):
            self.alice.say(f"much to read {number}")
        plain = self.ask(f"{LOBBY}?since=0&count=100")
        packed = self.ask(f"{LOBBY}?since=0&count=100", accept_encoding="br, gzip;q=0.8")
        self.assertEqual((packed.headers["content-encoding"], gzip.decompress(packed.body)), ("gzip", plain.body))
        self.assertLess(len(packed.body), len(plain.body) / 2)
        for header in ("identity", "gzip;q=0", ""):
            self.assertNotIn("content-encoding", self.ask(f"{LOBBY}?since=0&count=100", accept_encoding=header).headers)

    def test_head(self) -> None:
        """HEAD and OPTIONS are answered without a body."""
        head = self.ask(LOBBY, "HEAD")
        self.assertEqual((head.status, head.body, head.headers["content-length"] != "0"), (200, b"", True))
        options = self.ask(LOBBY, "OPTIONS")
        self.assertEqual((options.status, options.headers["allow"]), (204, "GET, HEAD, POST, PUT, OPTIONS"))


class CostTest(RequestsCase):
    def test_flood(self) -> None:
        """Reading costs as much as /history does."""
        self.assertEqual(self.ask(LOBBY).status, 200)
        connection = self.connect()
        connection.send(b"GET /rooms/lobby HTTP/1.1\r\nHost: chat:5000\r\n\r\n")
        self.assertEqual(connection.read(), b"")
        self.house.clock.advance(5)
        self.assertTrue(connection.read().startswith(b"HTTP/1.1 200 "))
