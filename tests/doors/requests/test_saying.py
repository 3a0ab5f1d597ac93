"""Saying something over HTTP: who may, what is said, once, and what is answered."""

import json

from twisted.internet.address import IPv4Address
from twisted.internet.testing import EventLoggingObserver
from twisted.logger import formatEvent, globalLogPublisher
from twisted.python.failure import Failure

from groupchat.journals.memory import MemoryJournal
from groupchat.model.errors import JournalUnavailable
from groupchat.model.events import Joined, Left, Said
from tests.doors.connections import Visit
from tests.doors.requests.cases import HERE, RequestsCase, basic, bearer
from tests.doors.web.clients import Reply, asked, replies, request
from tests.fakes import HeldJournal
from tests.house import House

LOBBY = "/rooms/lobby"
JSON = "application/json"


class PostTest(RequestsCase):
    def test_guest(self) -> None:
        """A guest says something by a nickname; nobody is told that they came, and they are in no list."""
        self.assertEqual(self.post(f"{LOBBY}?nick=ci", "build ok\n"), (201, {"event": "done", "id": 1}))
        self.assertEqual(self.texts(self.alice), [("ci", "build ok")])
        self.assertFalse([event for event in self.alice.events if isinstance(event, Joined | Left)])
        self.assertIsNone(self.hall.roster.find("ci"))
        self.assertEqual(len(self.hall.sessions), 3)

    def test_on_disk(self) -> None:
        """The answer comes when it is on disk; if that fails, it is 503, and when to come again."""
        journal = HeldJournal(MemoryJournal())
        self.house = House(journal)
        self.hall = self.house.hall
        self.visits.hall = self.hall
        for end in (journal.commit, lambda: journal.fail(JournalUnavailable("The disk is full."))):
            connection = self.connect()
            connection.send(request(f"{LOBBY}?nick=ci", "POST", b"hi"))
            self.assertEqual((connection.read(), len(journal.pending)), (b"", 1))
            end()
            (reply,) = replies(connection.read(), "POST")
            if reply.status == 503:
                self.assertEqual(reply.headers["retry-after"], "5")
                self.assertEqual(json.loads(reply.body)["code"], "journal-unavailable")
            else:
                self.assertEqual((reply.status, json.loads(reply.body)["id"]), (201, 1))
        self.assertEqual(journal.head, 1)

    def test_silent(self) -> None:
        """While the journal does not answer a request is told that it is not known; its key gets the first answer."""
        journal = HeldJournal(MemoryJournal())
        self.house = House(journal, commit_refuse_s=5)
        self.hall = self.visits.hall = self.house.hall
        connection = self.connect()
        connection.send(request(f"{LOBBY}?nick=ci", "POST", b"hi", idempotency_key="k"))
        self.house.pass_time(7)
        (reply,) = replies(connection.read(), "POST")
        self.assertEqual((reply.status, json.loads(reply.body)["code"]), (503, "journal-unavailable"))
        self.assertIn(JournalUnavailable.NOT_KNOWN, json.loads(reply.body)["text"])
        self.assertEqual(list(self.hall.arrivals), [])
        journal.commit()
        connection.send(request(f"{LOBBY}?nick=ci", "POST", b"hi", idempotency_key="k"))
        journal.commit()
        (reply,) = replies(connection.read(), "POST")
        self.assertEqual((reply.status, json.loads(reply.body)["id"], journal.head), (201, 1, 1))

    def test_stopped(self) -> None:
        """A server that stops before the journal has answered says that it is not known, and not that it refuses."""
        self.house = House(HeldJournal(MemoryJournal()))
        self.hall = self.visits.hall = self.house.hall
        connection = self.connect()
        connection.send(request(f"{LOBBY}?nick=ci", "POST", b"hi"))
        for session in [*self.hall.sessions]:
            session.close()
        (reply,) = replies(connection.read(), "POST")
        self.assertEqual((reply.status, json.loads(reply.body)["code"]), (503, "journal-unavailable"))
        self.assertIn(JournalUnavailable.NOT_KNOWN, json.loads(reply.body)["text"])

    def test_lines(self) -> None:
        """A body of several lines is one message; with ?lines each is one of its own, whatever ends them."""
        self.post(f"{LOBBY}?nick=ci", "one\r\n  two\r\n\r\nthree\r\n")
        self.assertEqual(
            self.post(f"{LOBBY}?nick=ci&lines", "a\r\nb\n\n \nc"), (201, {"event": "done", "id": 4, "ids": [2, 3, 4]})
        )
        self.assertEqual([text for _, text in self.texts(self.alice)], ["one\n  two\n\nthree", "a", "b", "c"])

    def test_json(self) -> None:
        """JSON has a text, and may have a key and what it replies to; nothing else."""
        self.post(f"{LOBBY}?nick=ci", "first")
        body = json.dumps({"text": "/second", "reply": 1, "key": "k", "x-mine": 1})
        for _ in range(2):
            self.assertEqual(self.post(f"{LOBBY}?nick=ci", body, content_type=JSON), (201, {"event": "done", "id": 2}))
        (first, second) = [event for event in self.alice.events if isinstance(event, Said)]
        self.assertEqual((second.text, second.reply, first.reply), ("/second", 1, 0 if first.reply == 0 else None))
        for wrong in ('{"text":"x","room":"dev"}', "[]", "{", '{"text":1}', '{"text":"x","key":1}', "{}"):
            status, answer = self.post(f"{LOBBY}?nick=ci", wrong, content_type=JSON)
            self.assertEqual((status, answer["event"]), (400, "refused"), wrong)
        self.assertEqual(len(self.texts(self.alice)), 2)

    def test_said_again(self) -> None:
        """With its key something that was said is answered as the first time, also to who may say nothing now."""
        target = f"{LOBBY}?nick=ci"
        self.assertEqual(self.post(target, "x", idempotency_key="k"), (201, {"event": "done", "id": 1}))
        self.assertEqual(self.post(f"{target}&lines", "y\nz", idempotency_key="m")[1]["ids"], [2, 3])
        self.olga.do("mute", nick="ci")
        head = self.house.journal.head
        self.assertEqual(self.post(target, "x", idempotency_key="k"), (201, {"event": "done", "id": 1}))
        self.assertEqual(self.post(f"{target}&lines", "y\nz", idempotency_key="m")[1]["ids"], [2, 3])
        for other in ({"idempotency_key": "new"}, {}):
            self.assertEqual(self.post(target, "x", **other)[1]["code"], "muted")
        self.assertEqual(self.house.journal.head, head)

    def test_once(self) -> None:
        """With a key something is said once, by whichever connection and after whichever restart."""
        for key in ("run-1", '"run-1"'):
            self.assertEqual(self.post(f"{LOBBY}?nick=ci", "x", idempotency_key=key)[1]["id"], 1)
        self.house.hall = self.hall = self.visits.hall = self.house.reopened(zone="UTC")
        self.assertEqual(self.post(f"{LOBBY}?nick=CI", "x", idempotency_key="run-1")[1]["id"], 1)
        self.assertEqual(self.post(f"{LOBBY}?nick=cd", "x", idempotency_key="run-1")[1]["id"], 2)
        many = [self.post(f"{LOBBY}?nick=ci&lines", "x\ny", idempotency_key="m")[1] for _ in range(2)]
        self.assertEqual([answer["ids"] for answer in many], [[3, 4], [3, 4]])
        body = json.dumps({"text": "x", "key": "a"})
        self.assertEqual(self.post(f"{LOBBY}?nick=ci", body, content_type=JSON, idempotency_key="b")[0], 400)
        self.assertEqual(self.post(f"{LOBBY}?nick=ci", "x", idempotency_key="k" * 65)[0], 400)

    def test_too_long(self) -> None:
        """A message is refused by its length, 413, and so is a body by its own, before it is taken."""
        for body, status in (
            (b"x" * 4096, 201),
            (b"x" * 4097, 413),
            ("é" * 2049, 413),
            ("a\n" * 61, 413),
            (b"x" * 16385, 413),
        ):
            self.assertEqual(self.ask(f"{LOBBY}?nick=ci", "POST", body).status, status, len(body))
        self.assertEqual(self.post(f"{LOBBY}?nick=ci&lines", "a\n" * 61)[1]["code"], "too-long")

    def test_nothing_to_say(self) -> None:
        """What is empty, or no text, is refused in words."""
        for body, code in (
            (b"", "nothing-to-say"),
            (b"\n \n", "nothing-to-say"),
            (b"\xff", "not-utf8"),
            (b"a\x0bb", "bad-character"),
        ):
            reply = (
                self.ask(f"{LOBBY}?nick=ci", "POST", body, content_length="0")
                if not body
                else self.ask(f"{LOBBY}?nick=ci", "POST", body)
            )
            self.assertEqual((reply.status, json.loads(reply.body)["code"]), (400, code))
        self.assertEqual(self.post(f"{LOBBY}?nick=ci&lines", "\n")[1]["code"], "bad-arguments")

    def test_unknown_words(self) -> None:
        """What the address says and nobody takes is refused, and nothing said."""
        for query in ("nik=ci", "nick=ci&since=1", "nick=ci&text=x"):
            self.assertEqual(self.post(f"{LOBBY}?{query}", "x")[0], 400, query)
        self.assertEqual(self.post(f"{LOBBY}?nick=ci&x-run=7", "x")[0], 201)
        self.assertEqual(self.post("/rooms/no%20room?nick=ci", "x")[1]["code"], "room-invalid")

    def test_alike(self) -> None:
        """Nobody posts to a new room that looks like another one; to one that was only forgotten they do."""
        status, answer = self.post("/rooms/dev.?nick=ci", "x")
        self.assertEqual((status, answer["code"], self.hall.rooms.find("dev.")), (400, "room-invalid", None))
        self.post("/rooms/board?nick=ci", "x")
        hook = self.hook(room="board")
        self.house.clock.advance(31 * 86400)
        self.hall.sweep()
        self.assertIsNone(self.hall.rooms.find("board"))
        self.bob.do("join", room="b0ard")
        self.assertEqual(self.post("/rooms/board?nick=ci", "x")[0], 201)
        self.assertEqual(self.ask(hook, "POST", '{"text":"x"}').status, 200)

    def test_one_connection(self) -> None:
        """Many requests on one connection are answered in order."""
        connection = self.connect()
        self.follow(exempt=[HERE])
        connection.send(request(f"{LOBBY}?nick=ci", "POST", b"x") * 20)
        self.port.clock.pump([0.01] * 10)  # a few are answered in each turn
        answers = replies(connection.read(), *["POST"] * 20)
        self.assertEqual([json.loads(reply.body)["id"] for reply in answers], list(range(1, 21)))


class WhoTest(RequestsCase):
    def test_nobody(self) -> None:
        """Who says nothing of who they are is asked to, 401."""
        reply = self.ask(LOBBY, "POST", "x")
        self.assertEqual((reply.status, json.loads(reply.body)["code"]), (401, "no-nickname"))
        self.assertIn("Basic realm=", reply.headers["www-authenticate"])

    def test_token(self) -> None:
        """A token acts for its account, as the password of Basic, too; an unknown one for nobody."""
        token = self.token()
        for header in (bearer(token), f"bearer  {token}", basic("", token)):
            self.assertEqual(self.post(LOBBY, "x", authorization=header)[0], 201, header)
        self.assertEqual({nick for nick, _ in self.texts(self.olga)}, {"alice"})
        for wrong in (bearer("gct_" + "0" * 40), bearer(""), bearer(self.hook().removeprefix("/hooks/"))):
            status, answer = self.post(LOBBY, "x", authorization=wrong)
            self.assertEqual((status, answer["code"]), (401, "access-invalid"), wrong)
        self.assertEqual(self.post(LOBBY, "x", authorization=bearer(token))[0], 201)

    def test_wrong_tokens(self) -> None:
        """Wrong tokens lock out their address, 429 with the time to wait; neither passwords nor tokens in use wait."""
        used, unused = self.token(), self.token("olga")
        self.post(LOBBY, "x", authorization=bearer(used))
        codes = []
        for _ in range(5):
            reply = self.ask(LOBBY, "POST", "x", authorization=bearer("gct_" + "0" * 40))
            codes.append(json.loads(reply.body)["code"])
            self.house.clock.advance(3)
        self.assertEqual(codes, ["access-invalid"] * 3 + ["too-many-failures"] * 2)
        self.assertGreater(int(reply.headers["retry-after"]), 1)
        self.assertEqual(self.post(LOBBY, "x", authorization=bearer(unused))[1]["code"], "too-many-failures")
        self.assertEqual(self.post(LOBBY, "x", authorization=bearer(used))[0], 201)
        self.assertEqual(self.post(LOBBY, "x", authorization=basic("alice", "correct horse"))[0], 201)
        self.assertEqual(self.ask(LOBBY, "POST", "x", "192.0.2.99", authorization=bearer(unused)).status, 201)
        self.house.clock.advance(60)
        self.assertEqual(self.post(LOBBY, "x", authorization=bearer(unused))[0], 201)

    def test_use_is_noted_once_a_day(self) -> None:
        """When a token was used is written once a day."""
        token = self.token()
        before = self.hall.commits.queued
        for _ in range(3):
            self.post(LOBBY, "x", authorization=bearer(token))
        (known,) = self.hall.access_keys.tokens
        self.assertEqual((known.used, self.hall.commits.queued), (self.house.now(), before))
        self.house.clock.advance(86000)
        self.post(LOBBY, "x", authorization=bearer(token))
        self.assertEqual(next(iter(self.hall.access_keys.tokens)).used, known.used)

    def test_revoked(self) -> None:
        """A token that is revoked is worth nothing at once, and so is that of an account that is removed."""
        token, other = self.token(), self.token("olga")
        self.alice.do("revoke", name="ci")
        self.olga.do("unregister", password="correct horse")
        for secret in (token, other):
            self.assertEqual(self.post(LOBBY, "x", authorization=bearer(secret))[0], 401)

    def test_password(self) -> None:
        """A password is hashed once a minute, however often it is given, and never again when it was changed."""
        right = basic("alice", "correct horse")
        for _ in range(5):
            self.assertEqual(self.post(LOBBY, "x", authorization=right)[0], 201)
        self.assertEqual(len(self.house.passwords.verified), 1)
        self.house.clock.advance(61)
        self.post(LOBBY, "x", authorization=right)
        self.assertEqual(len(self.house.passwords.verified), 2)
        self.alice.do("password", old="correct horse", new="battery staple")
        self.house.clock.advance(61)
        self.assertEqual(self.post(LOBBY, "x", authorization=right)[0], 401)

    def test_changed_password(self) -> None:
        """A password that was right a moment ago is wrong when it was changed since."""
        self.post(LOBBY, "x", authorization=basic("alice", "correct horse"))
        self.alice.do("password", old="correct horse", new="battery staple")
        self.house.clock.advance(10)
        self.assertEqual(
            self.post(LOBBY, "x", authorization=basic("alice", "correct horse"))[1]["code"], "password-wrong"
        )
        self.assertEqual(self.post(LOBBY, "x", authorization=basic("alice", "battery staple"))[0], 201)

    def test_guessing(self) -> None:
        """Wrong passwords lock out as in every door, 429 with the time to wait; tokens go on to work."""
        token = self.token()
        codes = []
        for number in range(12):
            reply = self.ask(LOBBY, "POST", "x", authorization=basic("alice", f"wrong {number}"))
            codes.append(json.loads(reply.body)["code"])
            self.house.clock.advance(3)
        self.assertEqual((codes[0], codes[-1], reply.status), ("password-wrong", "too-many-failures", 429))
        self.assertGreater(int(reply.headers["retry-after"]), 1)
        self.assertEqual(self.post(LOBBY, "x", authorization=bearer(token))[0], 201)

    def test_unreadable(self) -> None:
        """A header that cannot be read is 400, and so are two ways to say who asks."""
        for header in ("Digest x", "Basic %%%", "Basic /w=="):
            self.assertEqual(self.post(LOBBY, "x", authorization=header)[0], 400, header)
        self.assertEqual(self.post(f"{LOBBY}?nick=ci", "x", authorization=bearer(self.token()))[0], 400)

    def test_plain(self) -> None:
        """Where passwords are taken encrypted only, so are tokens and hooks; guests speak on."""
        token, hook = self.token(), self.hook()
        self.follow(plain_passwords=False)
        for target, header in ((LOBBY, bearer(token)), (LOBBY, basic("alice", "correct horse")), (hook, "")):
            status, answer = self.post(target, '{"text":"x"}', **({"authorization": header} if header else {}))
            self.assertEqual((status, answer["code"]), (403, "not-encrypted"), header)
        self.assertEqual(self.house.passwords.verified, [])
        self.assertEqual(self.post(f"{LOBBY}?nick=ci", "x")[0], 201)
        # Nobody is told there whether a hook exists.
        for path in (hook, f"/hooks/gch_{'0' * 40}", "/hooks/x"):
            status, answer = self.post(path, "x" * 300_000)
            self.assertEqual((status, answer["code"]), (403, "not-encrypted"), path)

    def test_logged(self) -> None:
        """It is logged which address somebody speaks from who joins nowhere, once until others have come."""
        observer = EventLoggingObserver()
        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)
        for nick, address in (("ci", HERE), ("ci", HERE), ("cd", HERE), ("ci", "192.0.2.9"), ("ci", HERE)):
            self.ask(f"{LOBBY}?nick={nick}", "POST", "x", address)
            self.house.clock.advance(5)
        self.assertEqual(
            [line for line in map(formatEvent, observer) if "by requests" in line],
            [
                f"{nick} says something by requests from {address}"
                for nick, address in (("ci", HERE), ("cd", HERE), ("ci", "192.0.2.9"))
            ],
        )

    def test_nicknames(self) -> None:
        """A guest cannot have what belongs to somebody, is reserved, or can be nobody's."""
        for nick, status, code in (
            ("bob", 409, "nick-taken"),
            ("alice", 401, "password-needed"),
            ("Server", 400, "nick-reserved"),
            ("0lga", 400, "nick-invalid"),
            ("x" * 500, 400, "bad-arguments"),
            ("%ff", 400, "nick-invalid"),
        ):
            found = self.post(f"{LOBBY}?nick={nick}", "x")
            self.assertEqual((found[0], found[1]["code"]), (status, code), nick)

    def test_closed(self) -> None:
        """Where the server has a password, guests give it by Basic; where only accounts come in, none speak."""
        self.follow(password="sesame")
        self.assertEqual(self.post(f"{LOBBY}?nick=ci", "x")[1]["code"], "password-needed")
        self.assertEqual(self.post(LOBBY, "x", authorization=basic("ci", "sesame"))[0], 201)
        self.house.clock.advance(10)
        self.assertEqual(self.post(LOBBY, "x", authorization=basic("ci", "wrong"))[0], 401)
        self.house.clock.advance(10)
        self.follow(password="", guests=False)
        self.assertEqual(self.post(f"{LOBBY}?nick=ci", "x")[0], 401)
        self.assertEqual(self.post(LOBBY, "x", authorization=bearer(self.token()))[0], 201)


class RulesTest(RequestsCase):
    def test_banned_and_muted(self) -> None:
        """Whom operators ban or mute, everywhere or in a room, says nothing over HTTP, by no way in."""
        ways = {
            "token": (LOBBY, {"authorization": bearer(self.token())}),
            "password": (LOBBY, {"authorization": basic("alice", "correct horse")}),
            "hook": (self.hook(), {}),
        }
        for order, undo, code in (
            ("mute", "unmute", "muted"),
            ("ban", "unban", "banned"),
        ):
            for room in ({}, {"room": "lobby"}):
                self.olga.do(order, nick="alice", **room) if order == "mute" else self.olga.do(
                    order, whom="alice", **room
                )
                for way, (target, headers) in ways.items():
                    status, answer = self.post(target, '{"text":"x"}', **headers)
                    self.assertEqual((status, answer.get("code")), (403, code), (way, order, room))
                self.olga.do(undo, nick="alice", **room) if order == "mute" else self.olga.do(
                    undo, whom="alice", **room
                )
                self.house.clock.advance(60)
        self.assertEqual(self.olga.codes, [])
        for target, headers in ways.values():
            self.assertIn(self.ask(target, "POST", '{"text":"x"}', **headers).status, (200, 201))

    def test_guests(self) -> None:
        """The same holds for guests, and for addresses."""
        self.olga.do("mute", nick="ci")
        self.assertEqual(self.post(f"{LOBBY}?nick=ci", "x")[1]["code"], "muted")
        self.olga.do("unmute", nick="ci").do("ban", whom="ci")
        self.assertEqual(self.post(f"{LOBBY}?nick=ci", "x")[1]["code"], "banned")
        self.olga.do("ban", whom=HERE)
        status, answer = self.post(f"{LOBBY}?nick=cd", "x")
        self.assertEqual((status, answer["code"]), (403, "banned"))

    def test_locked(self) -> None:
        """Into a locked room nobody speaks who could not come in."""
        self.olga.do("join", room="vault").do("lock", room="vault")
        token = self.token()
        for headers, query in (({"authorization": bearer(token)}, ""), ({}, "?nick=ci")):
            status, answer = self.post(f"/rooms/vault{query}", "x", **headers)
            self.assertEqual((status, answer["code"]), (403, "room-locked"))
        self.olga.do("invite", nick="alice", room="vault")
        self.assertEqual(self.post("/rooms/vault", "x", authorization=bearer(token))[0], 201)

    def test_closed_room(self) -> None:
        """In a room that is closed nobody speaks, reads or follows."""
        hook = self.hook(room="dev")
        follower = self.connect()
        follower.send(request("/rooms/dev/live"))
        self.olga.do("close", room="dev")
        self.assertIn(b"!! room-closed: ", follower.read())
        self.house.clock.advance(10)
        for target, method in (
            ("/rooms/dev?nick=ci", "POST"),
            (hook, "POST"),
            ("/rooms/dev", "GET"),
            ("/rooms/dev/live", "GET"),
        ):
            reply = self.ask(target, method, '{"text":"x"}' if method == "POST" else b"")
            self.assertEqual((reply.status, json.loads(reply.body)["code"]), (403, "room-closed"), target)
            self.house.clock.advance(10)

    def test_muted_address(self) -> None:
        """From an address that is muted nobody speaks."""
        self.olga.do("mute", nick=HERE)
        self.assertEqual(self.post(f"{LOBBY}?nick=ci", "x")[1]["code"], "muted")
        self.assertEqual(self.post(f"{LOBBY}?nick=ci", "x", address="198.51.100.1")[0], 201)

    def test_slow(self) -> None:
        """A slow room takes one message at a time of whoever it is, also of a guest who comes anew for each."""
        self.olga.do("slow", room="lobby", seconds="30s")
        for headers, query in (({"authorization": bearer(self.token())}, ""), ({}, "?nick=ci")):
            self.assertEqual(self.post(f"{LOBBY}{query}", "x", **headers)[0], 201)
            reply = self.ask(f"{LOBBY}{query}", "POST", "x", **headers)
            self.assertEqual((reply.status, reply.headers["retry-after"]), (429, "30"))

    def test_flood(self) -> None:
        """Who sends too much waits, over however many connections; who sends very much is told when to come again."""
        burst = int(self.hall.settings.flood_burst)
        connections = [self.connect() for _ in range(burst + 3)]
        for connection in connections:
            connection.send(request(f"{LOBBY}?nick=ci", "POST", b"x"))
        answered = [connection for connection in connections if connection.read()]
        self.assertEqual(len(answered), burst)
        self.house.clock.advance(1.5)
        self.assertEqual(len([one for one in connections if one.read()]), 3)
        waiting = [self.connect() for _ in range(100)]
        for connection in waiting:
            connection.send(request(f"{LOBBY}?nick=ci", "POST", b"x"))
        told = [replies(heard, "POST")[0] for connection in waiting if (heard := connection.read())]
        self.assertEqual({reply.status for reply in told}, {429})
        self.assertGreaterEqual(int(told[0].headers["retry-after"]), 30)
        self.assertEqual(self.post(f"{LOBBY}?nick=ci", "x", address="198.51.100.1")[0], 201)
        self.assertEqual(self.post(LOBBY, "x", authorization=bearer(self.token("olga")))[0], 201)

    def test_behind_a_proxy(self) -> None:
        """What a proxy passes on counts for whom it names: the flood of one delays no other, and one can be banned."""
        self.follow(proxies=[HERE])
        connection = self.connect()
        for number in range(2 * int(self.hall.settings.flood_burst)):
            client = f"203.0.113.{number % 2}"
            connection.send(request(f"{LOBBY}?nick=ci", "POST", b"x", x_forwarded_for=client))
            (reply,) = replies(connection.read(), "POST")
            self.assertEqual(reply.status, 201)
        self.olga.do("ban", whom="203.0.113.1")
        for client, status in (("203.0.113.1", 403), ("203.0.113.2", 201)):
            self.assertEqual(self.post_via(client).status, status)

    def post_via(self, client: str) -> Reply:
        """Post by the proxy for this client."""
        return self.ask(f"{LOBBY}?nick=ci", "POST", "x", x_forwarded_for=client)

    def test_peer_gone(self) -> None:
        """Who is gone before their turn says nothing, and leaves nothing behind."""
        for _ in range(int(self.hall.settings.flood_burst)):
            self.post(f"{LOBBY}?nick=ci", "x")
        connection = self.connect()
        connection.send(request(f"{LOBBY}?nick=ci", "POST", b"late"))
        self.assertEqual(len(self.hall.sessions), 4)
        connection.transport.protocol.connectionLost(Failure(ConnectionError()))
        self.assertEqual(len(self.hall.sessions), 3)
        self.house.clock.advance(2)
        self.assertNotIn(("ci", "late"), self.texts(self.alice))

    def test_ended_meanwhile(self) -> None:
        """Whose token, hook or account is ended while they wait for their turn says nothing."""
        token, hook = self.token(), self.hook()
        for _ in range(int(self.hall.settings.flood_burst)):
            self.post(LOBBY, "x", authorization=bearer(token))
        waiting = [self.connect() for _ in range(2)]
        waiting[0].send(request(LOBBY, "POST", b"late", authorization=bearer(token)))
        waiting[1].send(request(hook, "POST", b"late"))
        self.alice.do("revoke", name="ci").do("unhook", name="hook")
        self.house.clock.advance(5)
        self.assertEqual([replies(one.read(), "POST")[0].status for one in waiting], [401, 404])
        other = self.token("olga")
        self.house.clock.advance(60)
        waiting = [self.connect() for _ in range(12)]
        for one in waiting:
            one.send(request(LOBBY, "POST", b"late", authorization=basic("alice", "correct horse")))
        said = len(self.texts(self.olga))
        self.alice.do("unregister", password="correct horse")
        self.house.clock.advance(9)
        self.assertEqual(replies(waiting[-1].read(), "POST")[0].status, 403)
        self.assertEqual(len(self.texts(self.olga)), said)
        self.assertEqual(self.post(LOBBY, "x", authorization=bearer(other))[0], 201)

    def test_stop(self) -> None:
        """A request that waits when the server stops is told so."""
        for _ in range(int(self.hall.settings.flood_burst)):
            self.post(f"{LOBBY}?nick=ci", "x")
        connection = self.connect()
        connection.send(request(f"{LOBBY}?nick=ci", "POST", b"late"))
        self.hall.stop("The server stops.")
        self.house.clock.advance(2)
        (reply,) = replies(connection.read(), "POST")
        self.assertEqual(reply.status, 503)

    def test_cross_site(self) -> None:
        """A page of another site cannot post, whoever looks at it."""
        self.assertEqual(self.ask(f"{LOBBY}?nick=ci", "POST", "x", origin="http://evil.example").status, 403)
        self.assertEqual(self.ask(self.hook(), "POST", "x", sec_fetch_site="cross-site").status, 403)
        self.assertEqual(self.texts(self.alice), [])


class NameTest(RequestsCase):
    """In a private network a strange name is refused, but not where no page of a stranger can ask."""

    def status(self, target: str, method: str, **headers: str) -> int:
        """Ask from a private network by a name of the internet, and return the status."""
        connection = Visit(self.port, address=IPv4Address("TCP", "10.0.0.7", 4321))
        self.house.clock.advance(10)
        connection.transport.hostAddr = IPv4Address("TCP", "10.0.0.1", 5000)
        body = b'{"text":"x"}' if method == "POST" else b""
        return asked(connection, request(target, method, body, host="chat.example.org:5000", **headers)).status

    def test_scripts(self) -> None:
        """Whoever posts, knows a hook or proves something is no page; a page, or who may be one, is refused."""
        token, hook = bearer(self.token()), self.hook()
        self.assertEqual(self.status(hook, "POST"), 200)
        self.assertEqual(self.status(f"{LOBBY}?nick=ci", "POST"), 201)
        self.assertEqual(self.status(LOBBY, "GET", authorization=token), 200)
        self.assertEqual(self.status(LOBBY, "GET", authorization="Basic eDp5"), 401)
        for target, method, headers in (
            (LOBBY, "GET", {}),
            (f"{LOBBY}/live", "GET", {}),
            (f"{LOBBY}?nick=ci", "POST", {"origin": "http://chat.example.org:5000"}),
            ("/", "GET", {"authorization": token}),
            ("/ws", "GET", {"authorization": token}),
        ):
            self.assertEqual(self.status(target, method, **headers), 421, (target, method, headers))


class SitesTest(RequestsCase):
    """Pages of a site that the settings name may say and read; nobody else's."""

    def test_sharing(self) -> None:
        """The browser is told whose page may read an answer, also before it sends a header of the page's."""
        self.follow(web_origins=["https://good.example"])
        for origin, status, allowed in (
            ("https://good.example", 201, "https://good.example"),
            ("https://evil.example", 403, None),
            ("http://chat:5000", 201, None),
        ):
            reply = self.ask(f"{LOBBY}?nick=ci", "POST", "x", origin=origin)
            self.assertEqual(
                (reply.status, reply.headers.get("access-control-allow-origin")), (status, allowed), origin
            )
            policy = reply.headers["cross-origin-resource-policy"]
            self.assertEqual(policy, "cross-origin" if allowed else "same-origin")
        asked_first = self.ask(LOBBY, "OPTIONS", origin="https://good.example", access_control_request_method="POST")
        self.assertEqual(asked_first.status, 204)
        self.assertIn("authorization", asked_first.headers["access-control-allow-headers"])
        self.assertEqual(self.ask(LOBBY, "OPTIONS", origin="https://evil.example").status, 403)
        self.house.clock.advance(10)
        self.assertNotIn("access-control-allow-origin", self.ask(LOBBY, origin="https://evil.example").headers)


class HookTest(RequestsCase):
    def test_calls_nobody(self) -> None:
        """@all that another service writes calls nobody, also at the hook of an operator; the operator's own does."""
        self.assertEqual(self.ask(self.hook("olga"), "POST", '{"text":"@all the disk is full"}').status, 200)
        self.post(LOBBY, "@all I know", authorization=bearer(self.token("olga")))
        said = [(event.text, event.all) for event in self.alice.events if isinstance(event, Said)]
        self.assertEqual(said, [("@all the disk is full", False), ("@all I know", True)])

    def test_said(self) -> None:
        """What is posted to a hook is said in its room, by its owner, and answered as Slack does."""
        reply = self.ask(self.hook(room="dev"), "POST", '{"text":"*deployed* <https://x.example|v2>"}')
        self.assertEqual((reply.status, reply.body), (200, b"ok"))
        self.assertEqual(self.texts(self.bob), [("alice", "deployed v2 (https://x.example)")])

    def test_unknown(self) -> None:
        """An unknown hook is 404 before the body is taken, and a removed one is unknown."""
        path = self.hook()
        self.alice.do("unhook", name="hook")
        for target in (path, "/hooks/x", "/hooks/" + "g" * 3000):
            connection = self.connect()
            connection.send(f"POST {target} HTTP/1.1\r\nHost: chat:5000\r\nContent-Length: 100000\r\n\r\n".encode())
            (reply,) = replies(connection.read(), "POST")
            self.assertEqual((reply.status, json.loads(reply.body)["code"]), (404, "no-such-hook"))

    def test_forms(self) -> None:
        """A form is unpacked; what is of no form that is known is refused in a sentence, and nothing said."""
        form = "application/x-www-form-urlencoded"
        self.ask(self.hook(), "POST", "payload=%7B%22text%22%3A%22a+b%22%7D", content_type=form)
        self.assertEqual(self.texts(self.alice), [("alice", "a b")])
        for body in ('{"foo":1}', "[1]", "{", "\udcff".encode("utf-8", "surrogatepass"), "[" * 100_000):
            status, answer = self.post(self.hook(label=f"l{len(body)}"), body)
            self.assertEqual((status, answer["event"]), (400, "refused"), body[:10])
        self.assertEqual(len(self.texts(self.alice)), 1)

    def test_nothing_worth_a_line(self) -> None:
        """What is worth no line is answered as if it were said."""
        body = json.dumps({"action": "requested", "workflow_run": {"name": "CI"}})
        reply = self.ask(self.hook(), "POST", body, x_github_event="workflow_run")
        self.assertEqual((reply.status, self.texts(self.alice)), (200, []))

    def test_only_that(self) -> None:
        """A hook is no token: by it nobody reads, or posts elsewhere."""
        secret = self.hook().removeprefix("/hooks/")
        self.assertEqual(self.ask(LOBBY, authorization=bearer(secret)).status, 401)
        self.assertEqual(self.ask(f"/hooks/{secret}").status, 405)
