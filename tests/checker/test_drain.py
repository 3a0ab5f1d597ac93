"""Reading a server's history page by page."""

from collections.abc import Callable
from contextlib import closing

from twisted.trial.unittest import SynchronousTestCase

from groupchat.checker.drain import Drain, Unreachable
from groupchat.checker.ledger import Kept, Ledger
from tests.checker.fakes import FakeServer, Hall, Message


class DrainTest(SynchronousTestCase):
    def serve(self, answer: Callable[[Message], list[Message] | None]) -> FakeServer:
        server = FakeServer(answer)
        self.addCleanup(server.close)
        return server

    def said(self, *texts: str) -> FakeServer:
        """A server on which this was said."""
        hall = Hall()
        for number, text in enumerate(texts):
            hall.post({"text": text, "key": number})
        return self.serve(hall.answer)

    def test_pages(self) -> None:
        """All pages are read, and only the posts of the run count, with their fillers or without."""
        ledger = Ledger("cafe")
        ledger.after = 1
        server = self.said("cafe.0.0", "cafe.0.1 xxx", "hello", "beef.0.0", "cafe.10.2", "cafe.1.0x", "xcafe.1.0")
        with closing(Drain(server.address, 0)) as drain:
            self.assertEqual(drain.posts(ledger), [Kept(2, 0, 1), Kept(5, 10, 2)])
        self.assertEqual([request["since"] for request in server.requests[1:]], [1, 4, 7])

    def test_claim(self) -> None:
        """The reader wants nothing old as it joins."""
        server = self.said()
        with closing(Drain(server.address, 0)):
            self.assertEqual([request["since"] for request in server.requests], ["head"])

    def test_unreachable(self) -> None:
        """A server that cannot be reached is tried as long as the patience lasts."""
        self.assertRaisesRegex(Unreachable, r"^127\.0\.0\.1:1 does not let the reader in", Drain, ("127.0.0.1", 1), 0.1)

    def test_refused(self) -> None:
        """So is one that refuses, and one that closes the connection; the refusal is told."""
        refusal = {"event": "refused", "ref": 1, "code": "server-full", "text": "The server is full."}
        refusing, closing_ = self.serve(lambda request: [refusal]), self.serve(lambda request: None)
        self.assertRaisesRegex(Unreachable, r"The server is full\. \(server-full\)", Drain, refusing.address, 0)
        self.assertRaisesRegex(Unreachable, "the connection was closed", Drain, closing_.address, 0)

    def test_patience(self) -> None:
        """One that lets the reader in later is read."""
        hall, attempts = Hall(), [None, None]

        def answer(request: Message) -> list[Message] | None:
            return attempts.pop() if attempts else hall.answer(request)

        with closing(Drain(self.serve(answer).address, 30)) as drain:
            self.assertEqual(drain.posts(Ledger()), [])

    def test_lost(self) -> None:
        """A connection that is lost meanwhile is told."""
        hall = Hall()
        server = self.serve(lambda request: None if request["do"] == "history" else hall.answer(request))
        with closing(Drain(server.address, 0)) as drain:
            self.assertRaises(Unreachable, drain.posts, Ledger())
