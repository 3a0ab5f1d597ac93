"""What a ticket says, and what the server answers to a file."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.core.client_errors import Refused, Unanswered
from groupchat.client.http.tickets import path_of, posted, posted_before


class TicketsTest(SynchronousTestCase):
    def test_paths(self) -> None:
        """A path stays on the server, and is one line."""
        for link in (None, 4, "", "f/T", "@evil.example/T", ":80/T", "/f/T\r\nHost: x", "/f/T x", "/" + "x" * 513):
            self.assertRaises(Unanswered, path_of, {"link": link})
        self.assertEqual(path_of({"link": "/f/a-_9"}), "/f/a-_9")

    def test_posted_before(self) -> None:
        """A server that has the file already says the number of its post instead of a ticket."""
        for answer, number in (({"id": 7}, 7), ({"link": "/f/T", "id": 7}, 0), ({"id": "7"}, 0), ({}, 0)):
            self.assertEqual(posted_before(answer), number)

    def test_posted(self) -> None:
        """A file that was taken has the number of its post; what is no object has none, however deep it is."""
        self.assertEqual(posted(201, b'{"event":"done","id":7}'), 7)
        for said in (
            b"", b"[1]", b"[" * 60000, b"\xff", b'"x"', b"{}", b'{"id":"7"}', b'{"id":true}', b'{"id":7,"x":NaN}',
        ):  # fmt: skip
            self.assertRaises(Unanswered, posted, 201, said)

    def test_refused(self) -> None:
        """A refusal keeps the server's code and sentence; without them, the status and what was said."""
        for said, code, words in (
            (b'{"code":"too-large","text":"Too large."}', "too-large", "Too large."),
            (b" nginx \xff ", "http-413", "nginx \ufffd"),
            (b"[" * 60000, "http-413", "[" * 200),
        ):
            error = self.assertRaises(Refused, posted, 413, said)
            self.assertEqual((error.code, error.text), (code, words))
