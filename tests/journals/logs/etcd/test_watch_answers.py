"""What the answer to a watch is by HTTP: another status, no HTTP at all, chunks cut anywhere."""

from groupchat.journals.logs.etcd.etcd_connections import Server
from groupchat.journals.logs.etcd.log_watch import FIRST_PAUSE_S
from tests.journals.logs.etcd.servers import HEADER, ONE, THREE, TWO, FakeResponse
from tests.journals.logs.etcd.test_log_watch import CREATED, WatchCase, line, look


class AnswersTests(WatchCase):
    """From the beginning."""

    def test_body_of_a_refusal(self) -> None:
        """What comes with another status is not taken for entries, not even in the same piece."""
        self.take(ONE).answer(look(1))
        asked = self.watching.take(ONE)
        response = FakeResponse(403)
        asked.response.callback(response.stream)
        body = CREATED + line(1)
        response.send(b"HTTP/1.1 403 Forbidden\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        self.assertTrue(response.is_left)
        self.assertEqual(self.watch.trouble, "10.0.0.1:2379 has ended the watch: it answers 403.")
        self.assertEqual((self.got, self.watch.moves), ([], 0))

    def test_no_http(self) -> None:
        """A server that does not speak HTTP, or not any more, is left; what was whole before that is taken."""
        self.take(ONE).answer(look(2))
        asked = self.watching.take(ONE)
        response = FakeResponse(200)
        asked.response.callback(response.stream)
        response.send(b"SSH-2.0-x\r\n\r\n")
        self.assertTrue(response.is_left)
        self.assertEqual(self.watch.trouble, "10.0.0.1:2379 does not speak HTTP: it says 'SSH-2.0-x'.")
        self.next(2 * FIRST_PAUSE_S)
        response = self.begin(TWO, 2, 11)
        said = line(1)
        response.send(b"%x\r\n%b\r\nhello\r\n" % (len(said), said))
        self.assertTrue(response.is_left)
        self.assertEqual(self.numbers, [1])
        sentence = "10.0.0.2:2379 has ended the watch: it sends chunks without a size: 'hello'."
        self.assertEqual(self.watch.trouble, sentence)
        self.next()
        self.begin(THREE, 2, 12)

    def test_chunks_cut_anywhere(self) -> None:
        """Entries are delivered however their chunks are cut."""
        said = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (line(1, 2)[:30], line(1, 2)[30:], line(3)))
        for size in (1, 2, 7, 100, len(said)):
            self.setUp()
            response = self.begin(ONE, 3, 11)
            for at in range(0, len(said), size):
                response.send(said[at : at + size])
            self.assertEqual(self.numbers, [1, 2, 3])


class UsersTests(WatchCase):
    """With a user and a password."""

    login = ("gc", "gcpw")

    def refused(self, server: Server, token: str) -> FakeResponse:
        """Let a server accept the password, show the log, and be asked for a watch; answer that with 401."""
        self.take(server, "auth/authenticate").answer({"header": HEADER, "token": token})
        self.take(server, "kv/txn").answer(look(1))
        asked = self.watching.take(server, "watch")
        self.assertEqual(asked.headers.getRawHeaders("Authorization"), [token])
        return asked.begin(401)

    def test_lost_token(self) -> None:
        """A server that refuses a watch is asked for a new token the next time."""
        wait = FIRST_PAUSE_S
        for server in (ONE, TWO, THREE):
            self.refused(server, "t.1")
            self.assertIn("it answers 401", self.watch.trouble)
            wait *= 2
            self.clock.advance(wait)
        self.refused(ONE, "t.2")
