"""Files sent over HTTP: who may, what is kept, once, and what is answered."""

import json
from typing import Any

from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure

from groupchat.model.events import Done, Shared
from tests.doors.requests.cases import basic, bearer
from tests.doors.transfers.cases import PNG, FilesCase
from tests.doors.web.clients import replies, request


class PutTest(FilesCase):
    def test_shared(self) -> None:
        """A file that is put into a room is a post of its sender, with what its bytes say it is."""
        status, answer = self.put("/rooms/lobby/my%20cat.txt")
        (post,) = self.shared()
        self.assertEqual((status, answer), (201, {"event": "done", "id": post.id, "link": post.link}))
        self.assertEqual((post.nick, post.name, post.size, post.type), ("alice", "my cat.txt", len(PNG), "image/png"))
        self.assertEqual(self.get(post.link).body, PNG)

    def test_post(self) -> None:
        """A file may be posted, too, with its name in the query, as an answer to something."""
        self.put("/rooms/lobby/a")
        reply = self.ask("/rooms/lobby/files?name=b.txt&reply=1", "POST", b"words", **self.mine)
        self.assertEqual(reply.status, 201, reply.body)
        self.assertEqual([(post.name, post.reply) for post in self.shared()], [("a", 0), ("b.txt", 1)])

    def test_no_name(self) -> None:
        """Where the name is missing, with a slash at the end or without, one is told how it is given."""
        for target in ("/rooms/lobby", "/rooms/lobby/"):
            status, answer = self.put(target)
            self.assertEqual((status, answer["code"]), (400, "bad-arguments"))
            self.assertIn("with a slash at the end", answer["text"])

    def test_empty(self) -> None:
        """A file may have no bytes."""
        link = self.share("empty", b"")
        reply = self.get(link)
        self.assertEqual((reply.status, reply.body, reply.headers["content-length"]), (200, b"", "0"))

    def test_chunked(self) -> None:
        """Its length need not be known before."""
        connection = self.connect()
        connection.send(request("/rooms/lobby/a", "PUT", Transfer_Encoding="chunked", **self.mine))
        for _ in range(100):
            connection.send(b"400\r\n" + bytes(1024) + b"\r\n")
        connection.send(b"0\r\n\r\n")
        self.assertEqual(replies(connection.read(), "PUT")[0].status, 201)
        self.assertEqual(self.shared()[0].size, 102400)

    def test_who(self) -> None:
        """Whoever may speak may share: by a token or a password; guests only if the settings let them."""
        alice: dict[str, Any] = {"Authorization": basic("alice", "correct horse")}
        self.assertEqual(self.put("/rooms/lobby/a", **alice)[0], 201)
        cases: tuple[tuple[str, dict[str, Any], int, str], ...] = (
            ("/rooms/lobby/a", {"X": "y"}, 401, "no-nickname"),
            ("/rooms/lobby/a?nick=ci", {"X": "y"}, 403, "not-allowed"),
            ("/rooms/lobby/a", {"Authorization": bearer("gct_wrong")}, 401, "access-invalid"),
            ("/rooms/lobby/a", {"Authorization": basic("alice", "wrong horse")}, 401, "password-wrong"),
        )
        for target, headers, status, code in cases:
            found, answer = self.put(target, **headers)
            self.assertEqual((found, answer["event"], answer["code"]), (status, "refused", code))
        self.follow(guest_files=True)
        self.assertEqual(self.put("/rooms/lobby/a?nick=ci", X="y")[0], 201)

    def test_sent_again(self) -> None:
        """With its key a file that was posted is answered as the first time, also by who may share nothing now."""
        self.mine["Idempotency-Key"] = "k"
        first = self.put("/rooms/lobby/a")
        self.olga.do("mute", nick="alice")
        for _ in range(2):
            self.assertEqual(self.put("/rooms/lobby/a"), first)
        self.mine["Idempotency-Key"] = "new"
        self.assertEqual(self.put("/rooms/lobby/a")[1]["code"], "muted")
        self.assertEqual((len(self.shared()), len(self.hall.sharing.uploads)), (1, 0))

    def test_sent_again_as_it_comes(self) -> None:
        """So is one whose sender may not share any more when all of it has come."""
        self.mine["Idempotency-Key"] = "k"
        first = self.put("/rooms/lobby/a")
        connection = self.connect()
        whole = request("/rooms/lobby/a", "PUT", PNG, **self.mine)
        connection.send(whole[:-1])
        self.olga.do("mute", nick="alice")
        connection.send(whole[-1:])
        (reply,) = replies(connection.read(), "PUT")
        self.assertEqual((reply.status, json.loads(reply.body)), first)
        self.assertEqual((len(self.shared()), len(self.hall.sharing.uploads)), (1, 0))

    def test_ticket_again(self) -> None:
        """So is one that is sent with a ticket; a program that asks for a ticket is told the number instead."""
        fields = {"name": "a", "key": "k", "room": "lobby"}
        links = []
        for _ in range(2):
            self.alice.take()
            self.alice.do("send", **fields)
            (answer,) = [one for one in self.alice.answers if isinstance(one, Done)]
            links.append((answer.fields or {})["link"])
        first = self.put(links[0], X="y")
        self.assertEqual(first[0], 201)
        self.olga.do("ban", whom="alice", room="lobby")
        self.assertEqual(self.put(links[1], X="y"), first)
        self.assertEqual(self.put(links[0], X="y")[1]["code"], "no-such-ticket")
        self.alice.take()
        self.alice.do("send", **fields)
        self.assertEqual([one for one in self.alice.answers if isinstance(one, Done)], [Done(first[1]["id"])])
        self.alice.do("send", **{**fields, "key": "new"})
        self.assertEqual(len(self.alice.codes), 1)

    def test_muted(self) -> None:
        """Whoever may not speak may not share."""
        self.olga.do("mute", nick="alice")
        self.assertEqual((self.put("/rooms/lobby/a")[0], self.shared()), (403, []))

    def test_names(self) -> None:
        """A name arrives as it is, or is refused, and then nothing is kept."""
        for name, expected in (
            ("%F0%9F%90%88.png", "🐈.png"), ("a%20b", "a b"), ("..a", "..a"), ("%D0%BA%D0%BE%D1%82", "кот"),
        ):  # fmt: skip
            self.share(name)
            self.assertEqual(self.shared()[-1].name, expected)
        kept = self.shelf.count
        for name in ("..%2F..%2Fetc%2Fpasswd", "a%0D%0Ab", "x" * 300, "photo%E2%80%AEgpj.exe", "..", "%00", "a%5Cb"):
            status, answer = self.put(f"/rooms/lobby/{name}", b"other")
            self.assertEqual((status, answer["code"]), (400, "bad-arguments"), name)
        self.assertEqual(self.ask("/rooms/lobby/%FF", "PUT", b"x").status, 400)
        self.assertEqual(self.put("/rooms/lobby/", b"other")[0], 400)
        self.assertEqual((self.shelf.count, len(self.shared())), (kept, 4))

    def test_once(self) -> None:
        """With a key a file is posted once; the answer is the same again."""
        first, second = [self.put("/rooms/lobby/a", Idempotency_Key="k", **self.mine) for _ in range(2)]
        self.assertEqual((first, len(self.shared())), (second, 1))
        self.assertEqual(self.get(second[1]["link"]).body, PNG)

    def test_key_of_something_else(self) -> None:
        """A key is the author's, in every room and in every door; a link is told only of a file that is there."""
        status, first = self.put("/rooms/lobby/a", Idempotency_Key="k", **self.mine)
        self.assertEqual(self.put("/rooms/dev/b", b"other", Idempotency_Key="k", **self.mine), (status, first))
        self.alice.take()
        self.alice.say("hello", key="k").say("hello", key="said")
        again, said = [answer.id for answer in self.alice.answers if isinstance(answer, Done)]
        self.assertEqual(again, first["id"])
        told = {"event": "done", "id": said}
        self.assertEqual(self.put("/rooms/lobby/a", Idempotency_Key="said", **self.mine), (status, told))
        self.alice.do("delete", id=first["id"])
        told = {"event": "done", "id": first["id"]}
        self.assertEqual(self.put("/rooms/lobby/a", Idempotency_Key="k", **self.mine), (status, told))
        self.assertEqual(len(self.shared()), 1)

    def test_no_file(self) -> None:
        """A form, a part of a file, and a body of unknown end are refused."""
        for name, value in (("Content-Type", "multipart/form-data; boundary=x"), ("Content-Range", "bytes 0-9/20")):
            self.assertEqual(self.put("/rooms/lobby/a", **{**self.mine, name: value})[0], 400)
        self.assertEqual(self.ask("/rooms/lobby/a", "PUT", **self.mine).status, 411)
        self.assertEqual(self.ask("/f/unknown", "PUT").status, 411)


class TicketTest(FilesCase):
    def ticket(self, **fields: object) -> str:
        """Ask for a ticket in the chat; return its path."""
        self.alice.take()
        self.alice.do("send", name="a.png", **fields)
        (answer,) = self.alice.answers
        assert isinstance(answer, Done)
        return f"/f/{(answer.fields or {})['ticket']}"

    def test_ticket(self) -> None:
        """A ticket lets one file in, without anything else that proves who sends it."""
        target = self.ticket()
        reply = self.ask(target, "PUT", PNG)
        self.assertEqual(reply.status, 201, reply.body)
        (post,) = self.shared()
        self.assertEqual(json.loads(reply.body), {"event": "done", "id": post.id, "link": post.link})
        again = self.ask(target, "PUT", PNG)
        self.assertEqual((again.status, json.loads(again.body)["code"]), (404, "no-such-ticket"))

    def test_private(self) -> None:
        """A file for one person is shown to the two."""
        self.assertEqual(self.ask(self.ticket(nick="bob"), "PUT", PNG).status, 201)
        self.assertEqual(self.shared(), [])
        self.assertEqual([event.to for event in self.bob.events if isinstance(event, Shared)], ["bob"])

    def test_aborted(self) -> None:
        """A file that did not come to its end is not kept, and its ticket can be used again."""
        target = self.ticket()
        connection = self.connect()
        connection.send(request(target, "PUT", Content_Length="1000") + bytes(500))
        self.assertEqual(len(self.hall.sharing.uploads), 1)
        connection.transport.protocol.connectionLost(Failure(ConnectionDone()))
        self.assertEqual((len(self.hall.sharing.uploads), self.shelf.count), (0, 0))
        self.assertEqual(self.ask(target, "PUT", PNG).status, 201)


class LimitsTest(FilesCase):
    def test_too_large(self) -> None:
        """What is said to be too large is refused before any of it comes; a wrong length, while it comes."""
        self.follow(file_max_bytes=1000)
        connection = self.connect()
        connection.send(request("/rooms/lobby/a", "PUT", Content_Length="1001", Expect="100-continue", **self.mine))
        (reply,) = replies(connection.read(), "PUT")
        self.assertEqual((reply.status, json.loads(reply.body)["code"]), (413, "file-too-large"))
        connection = self.connect()
        connection.send(request("/rooms/lobby/a", "PUT", Transfer_Encoding="chunked", **self.mine))
        for _ in range(20):
            connection.send(b"64\r\n" + bytes(100) + b"\r\n")
        (reply,) = replies(connection.read(), "PUT")
        self.assertEqual((reply.status, json.loads(reply.body)["code"]), (413, "file-too-large"))
        self.assertEqual((self.shelf.count, len(self.hall.sharing.uploads), self.shared()), (0, 0, []))

    def test_quota(self) -> None:
        """One person shares so much in all."""
        self.follow(files_per_account_bytes=20_000)
        self.share()
        status, answer = self.put("/rooms/lobby/b")
        self.assertEqual((status, answer["code"]), (413, "quota-exceeded"))

    def test_full(self) -> None:
        """Without space nothing is taken."""
        self.follow(files_total_bytes=10)
        self.assertEqual(self.put("/rooms/lobby/a")[0], 507)

    def test_at_once(self) -> None:
        """One person sends so many files at once."""
        self.follow(uploads_each=2)
        held = [self.connect() for _ in range(2)]
        for connection in held:
            connection.send(request("/rooms/lobby/a", "PUT", Content_Length="100", **self.mine))
        reply = self.ask("/rooms/lobby/a", "PUT", PNG, **self.mine)
        self.assertEqual((reply.status, "retry-after" in reply.headers), (429, True))
        held[0].send(bytes(100))
        self.assertEqual(replies(held[0].read(), "PUT")[0].status, 201)
        self.assertEqual(self.put("/rooms/lobby/a")[0], 201)

    def test_ended_meanwhile(self) -> None:
        """Whose token is revoked while a file comes gets nowhere with it."""
        connection = self.connect()
        connection.send(request("/rooms/lobby/a", "PUT", Content_Length="100", **self.mine))
        self.alice.do("revoke", name="ci")
        connection.send(bytes(100))
        self.assertIn(b"HTTP/1.1 401", connection.read())
        self.assertEqual((self.shared(), len(self.hall.sharing.uploads)), ([], 0))
