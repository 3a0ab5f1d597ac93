"""``/send`` in the terminal client, with files of this computer."""

import os
import tempfile
from pathlib import Path
from shutil import rmtree

from groupchat.terminal.display.addressees import Place
from groupchat.terminal.display.bar import bar
from tests.client.fakes import FakeConnection
from tests.terminal.flow.test_sending import SendingCase


class FileSendingTest(SendingCase):
    def setUp(self) -> None:
        super().setUp()
        self.folder = Path(tempfile.mkdtemp(prefix="groupchat-"))
        self.addCleanup(rmtree, self.folder)
        (self.folder / "my cat.jpg").write_bytes(b"meow")

    def ticket(self) -> dict[str, object]:
        """Give the ticket that is asked for, and return the request."""
        return {key: value for key, value in self.answer(ticket="T", link="/f/T").items() if key not in ("ref", "key")}

    def upload(self) -> FakeConnection:
        """Take the bytes."""
        connection = self.endpoint.accept()
        self.clock.pump([0.01] * 10)
        self.assertTrue(connection.transport.value().endswith(b"\r\n\r\nmeow"))
        return connection

    def test_to_the_room(self) -> None:
        """The file goes where the person is, and the bar shows how far it is."""
        self.sending.type(f"/send '{self.folder}/my cat.jpg'")
        self.assertEqual(self.ticket(), {"do": "send", "name": "my cat.jpg", "size": 4, "room": "lobby"})
        upload = self.upload()
        self.assertIn("sending my cat.jpg: 100 % of 4 bytes", bar(self.state, 200, 0.0))
        upload.receive(b"HTTP/1.1 201 Created\r\nContent-Length: 8\r\n\r\n" + b'{"id":4}')
        self.assertEqual((self.state.sending, self.surface.lines), ("", []))

    def test_to_a_person(self) -> None:
        """It goes to the person who is named, or to whom one writes in private."""
        path = str(self.folder / "my cat.jpg").replace(" ", "\\ ")
        self.sending.type(f"/send {path} bob")
        self.assertEqual(self.ticket()["nick"], "bob")
        self.upload().receive(b"HTTP/1.1 201 Created\r\nContent-Length: 8\r\n\r\n" + b'{"id":4}')
        self.state.go(Place(nick="carol"))
        self.sending.type(f"/send {path}")
        request = self.ticket()
        self.assertEqual((request["nick"], "room" in request), ("carol", False))
        self.upload().receive(b"HTTP/1.1 201 Created\r\nContent-Length: 8\r\n\r\n" + b'{"id":4}')

    def test_after_a_loss(self) -> None:
        """Who was put out of the room is asked first; a file that may be meant for it is not shared elsewhere."""
        line = f"/send '{self.folder}/my cat.jpg'"
        self.state.lost = Place("board")
        self.sending.type(line)
        self.assertEqual((self.connection.requests(), self.state.unsaid), ([], [(Place("board"), line)]))
        self.clock.advance(0)
        self.assertIn("Say it in lobby? /yes says it", self.said())
        self.sending.unsaid.take("/yes")
        self.assertEqual(self.ticket()["room"], "lobby")
        self.upload().receive(b"HTTP/1.1 201 Created\r\nContent-Length: 8\r\n\r\n" + b'{"id":4}')

    def test_home(self) -> None:
        """A tilde is the person's home."""
        self.patch(os, "environ", {**os.environ, "HOME": str(self.folder)})
        self.sending.type("/send '~/my cat.jpg'")
        self.assertEqual(self.ticket()["name"], "my cat.jpg")
        self.upload().receive(b"HTTP/1.1 201 Created\r\nContent-Length: 8\r\n\r\n" + b'{"id":4}')

    def test_not_sent(self) -> None:
        """What cannot be read, is under way already, or refused, is told."""
        for name, told in (
            ("", r"Not sent: .* is not a regular file\."),
            ("/none.txt", r"Not sent: .*/none\.txt cannot be read: No such.*"),
            ("/it's.txt", "Not sent: a quotation mark is open: .*"),
        ):  # fmt: skip
            self.sending.type(f"/send {self.folder}{name}")
            self.assertRegex(self.said(), told)
        self.assertEqual(self.connection.requests(), [])
        line = f'/send "{self.folder}/my cat.jpg"'
        self.sending.type(line)
        self.sending.type(line)
        self.assertRegex(self.said(), "my cat.jpg is being sent already\\.")
        (request,) = self.connection.requests()
        self.connection.send({"event": "refused", "ref": request["ref"], "code": "muted", "text": "You are muted."})
        self.assertRegex(self.said(), "my cat.jpg was not sent: You are muted\\.")
        self.assertEqual(self.state.sending, "")

    def said(self) -> str:
        """Return what was shown since last time, in one line."""
        lines = " ".join(self.surface.lines)
        del self.surface.lines[:]
        return lines

    def test_explained(self) -> None:
        """The server explains the command that names no file, or too much."""
        for line in ("/send", "/send a b c"):
            self.sending.type(line)
            self.assertEqual(self.answer(text="Usage")["line"], line)
