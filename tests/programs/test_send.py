"""``groupchat send``: the files that it shares, and its complaints about those it cannot share."""

import os
import tempfile
from pathlib import Path
from shutil import rmtree
from typing import Any

from twisted.internet.error import ConnectionLost, ConnectionRefusedError
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from groupchat.destinations.credentials import Credentials
from groupchat.programs.send import PATIENCE, Send
from tests.client.fakes import FakeConnection
from tests.programs.fakes import address, to, two_places


class SendTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="groupchat-"))
        self.addCleanup(rmtree, self.folder)
        (self.folder / "cat.jpg").write_bytes(b"meow")
        (self.folder / "notes").write_bytes(b"")
        self.clock = Clock()
        self.complaints: list[str] = []
        self.bars: list[str] = []

    def begin(self, *names: str, **more: Any) -> FakeConnection | None:
        """Send these files of the folder; return the server's end, once it is in."""
        server, self.network = address()
        paths = [str(self.folder / name) for name in names]
        where = to(server, "alice", more.pop("room", ""), credentials=Credentials(more.pop("password", None)))
        self.send = Send(where, paths, self.complaints.append, bar=self.bars.append, **more)
        self.status = self.send.start(self.clock)
        if not self.network.attempts:
            return None
        connection = self.network.accept()
        self.claim = connection.welcome(room="", rooms=[])
        return connection

    def test_two_runs(self) -> None:
        """While another run has the name, it waits for it."""
        server, self.network = address()
        self.send = Send(to(server, "alice"), [str(self.folder / "cat.jpg")], self.complaints.append)
        self.status = self.send.start(self.clock)
        self.network.accept().refuse("nick-taken", "Taken.")
        self.assertNoResult(self.status)
        self.clock.advance(5)
        self.network.accept().refuse("nick-taken", "Taken.")
        self.clock.advance(10)
        self.network.accept().refuse("nick-taken", "Taken.")
        self.assertEqual(self.successResultOf(self.status), 1)
        self.assertIn("(nick-taken). Two runs at the same time need two nicknames", self.complaints[0])

    def test_next_server(self) -> None:
        """When a server dies while a file is sent, it is sent to the next one, with the same key."""
        servers, _, _, first, second = two_places()
        path = str(self.folder / "cat.jpg")
        self.send = Send(to(servers, "alice"), [path], self.complaints.append)
        self.status = self.send.start(self.clock)
        first.refuse(ConnectionRefusedError())
        self.clock.advance(0)
        there = second.accept()
        there.welcome(room="", rooms=[])
        asked = self.ticket(there)
        second.accept().transport.loseConnection()
        there.cut()
        self.clock.advance(2)
        here = first.accept()
        here.welcome(room="", rooms=[])
        self.assertEqual(self.ticket(here)["key"], asked["key"])
        self.network = first
        self.assertEqual(self.upload(), b"meow")
        here.cut()
        self.assertEqual((self.successResultOf(self.status), self.complaints), (0, []))

    def ticket(self, server: FakeConnection | None) -> dict[str, Any]:
        """Answer a request for a ticket, and return it."""
        assert server is not None
        (request,) = server.requests()
        server.send({"event": "done", "ref": request.pop("ref"), "ticket": "T", "link": "/f/T"})
        return request

    def upload(self, answer: bytes = b'HTTP/1.1 201 Created\r\nContent-Length: 8\r\n\r\n{"id":4}') -> bytes:
        """Take an upload, and answer it; return its bytes."""
        connection = self.network.accept()
        self.clock.pump([0.01] * 10)
        head, _, body = connection.transport.value().partition(b"\r\n\r\n")
        self.assertTrue(head.startswith(b"PUT /f/T "), head)
        connection.receive(answer)
        return bytes(body)

    def assert_ended(self, server: FakeConnection | None, status: int, *complaints: str) -> None:
        """See that it has left, with this status and these complaints."""
        assert server is not None
        self.assertEqual([request["do"] for request in server.requests()], ["exit"])
        server.cut()
        self.assertEqual((self.successResultOf(self.status), self.complaints), (status, [*complaints]))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_sent(self) -> None:
        """Files go one after the other, each to the room, under its own name; a bar shows how much has gone."""
        server = self.begin("cat.jpg", "notes", room="dev", password="open sesame")
        self.assertEqual((self.claim["password"], self.claim["quiet"]), ("open sesame", True))
        first = self.ticket(server)
        self.assertEqual({**first, "key": ""}, {"do": "send", "name": "cat.jpg", "size": 4, "room": "dev", "key": ""})
        self.assertEqual(self.upload(), b"meow")
        self.assertEqual(self.bars, [f"[{'#' * 30}] 4 bytes of 4 bytes  cat.jpg", ""])
        second = self.ticket(server)
        self.assertEqual((second["name"], second["size"]), ("notes", 0))
        self.assertNotEqual(first["key"], second["key"])
        self.assertEqual(self.upload(), b"")
        self.assert_ended(server, 0)

    def test_private(self) -> None:
        """A file can be for one person."""
        server = self.begin("cat.jpg", nick="bob")
        request = self.ticket(server)
        self.assertEqual((request["nick"], "room" in request), ("bob", False))
        self.upload()
        self.assert_ended(server, 0)

    def test_lost(self) -> None:
        """What was lost on the way is sent again, under the same key."""
        server = self.begin("cat.jpg")
        first = self.ticket(server)
        self.network.accept().protocol.connectionLost(Failure(ConnectionLost()))
        self.assertEqual(self.ticket(server)["key"], first["key"])
        self.assertEqual(self.upload(), b"meow")
        self.assert_ended(server, 0)

    def test_lost_each_time(self) -> None:
        """After some tries it gives up, and says what was not sent."""
        server = self.begin("cat.jpg", "notes")
        for _ in range(5):
            self.ticket(server)
            self.network.refuse(ConnectionRefusedError())
        cat, notes = self.folder / "cat.jpg", self.folder / "notes"
        self.assert_ended(
            server, 1,
            f"{cat}: the connection was lost 5 times while the file was sent; 2 files were not sent.",
            f"Not sent: {cat}", f"Not sent: {notes}",
        )  # fmt: skip

    def test_refused(self) -> None:
        """What the server refuses, when it is asked or when it has the file, is told, and nothing more is sent."""
        server = self.begin("cat.jpg")
        assert server is not None
        (request,) = server.requests()
        server.send({"event": "refused", "ref": request["ref"], "code": "muted", "text": "You are muted."})
        cat = self.folder / "cat.jpg"
        why = (f"{cat} was refused: You are muted (muted); 1 file was not sent.", f"Not sent: {cat}")
        self.assert_ended(server, 1, *why)
        self.complaints.clear()
        server = self.begin("cat.jpg")
        self.ticket(server)
        body = b'{"event":"refused","code":"muted","text":"You are muted."}'
        self.upload(b"HTTP/1.1 403 Forbidden\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        self.assert_ended(server, 1, *why)

    def test_nonsense(self) -> None:
        """Nothing counts as sent unless the server says under which number."""
        cat = self.folder / "cat.jpg"
        for said in (b"{}", b'{"id":"4"}', b"<html>"):
            server = self.begin("cat.jpg")
            self.ticket(server)
            self.upload(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(said), said))
            self.assert_ended(
                server, 1,
                f"{cat}: the server's answer does not say whether it has the file; 1 file was not sent.",
                f"Not sent: {cat}",
            )  # fmt: skip
            self.complaints.clear()

    def test_not_sendable(self) -> None:
        """Before anything is shared, all files are looked at: a missing one, a folder and a pipe are none."""
        os.mkfifo(self.folder / "pipe")
        for name, fault in (
            ("missing", "cannot be read: No such file or directory"), (".", "is not a regular file"),
            ("pipe", "is not a regular file"),
        ):  # fmt: skip
            self.assertIsNone(self.begin("cat.jpg", name))
            self.assertEqual(self.successResultOf(self.status), 1)
            self.assertEqual(self.complaints, [f"{self.folder / name} {fault}; nothing was sent."])
            self.complaints.clear()

    def test_patience(self) -> None:
        """When nothing moves any more, it gives up."""
        server = self.begin("cat.jpg")
        self.ticket(server)
        self.clock.advance(PATIENCE)
        self.assertIn("has taken nothing for 60 s; 1 file was not sent.", self.complaints[0])

    def test_unreachable(self) -> None:
        """A server that is not there is told at once."""
        server, self.network = address()
        self.send = Send(to(server, "alice"), [str(self.folder / "cat.jpg")], self.complaints.append)
        self.status = self.send.start(self.clock)
        self.network.refuse(ConnectionRefusedError())
        self.assertEqual(self.successResultOf(self.status), 1)
        self.assertRegex(self.complaints[0], r"^Nothing listens at .*; 1 file was not sent\.$")
