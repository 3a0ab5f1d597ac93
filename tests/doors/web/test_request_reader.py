"""What is taken as a request, and how much work a peer can make with bytes that are none."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.doors.web.request_reader import MOST_CHUNKS, MOST_LINES, MOST_NAMES
from tests.doors.connections import TlsVisit, Visit
from tests.doors.web.clients import replies, request
from tests.doors.web.test_channel import WebPort


def answer_to(sent: bytes, method: str = "GET") -> tuple[int, str]:
    """Return status and words of the answer to these bytes, after which the connection is closed."""
    visit = Visit(WebPort())
    visit.send(sent)
    (reply,) = replies(visit.read(), method)
    assert reply.headers["connection"] == "close"
    return reply.status, reply.body.decode()


class HeadTest(SynchronousTestCase):
    def test_many_lines(self) -> None:
        """A head has so many lines at most, however short they are."""
        lines = b"a:\r\n" * (MOST_LINES - 2)
        visit = Visit(WebPort())
        visit.send(b"GET /query HTTP/1.1\r\n" + lines + b"\r\n")
        self.assertEqual(replies(visit.read(), "GET")[0].status, 200)
        self.assertEqual(answer_to(b"GET /query HTTP/1.1\r\n" + lines + b"a:\r\n\r\n")[0], 431)

    def test_rest_of_a_refused_head(self) -> None:
        """What comes with a head that was refused is thrown away in one piece, not line by line."""
        visit = TlsVisit(WebPort())
        visit.send(request("/query"))
        taken: list[bytes] = []
        channel = visit.server
        take = channel.lineReceived

        def note(line: bytes) -> None:
            taken.append(line)
            take(line)

        channel.lineReceived = note
        visit.send(b"GET /query HTTP/1.1\r\n" + b"a:\n" * 5000)
        self.assertGreater(len(taken), MOST_LINES)
        self.assertLess(len(taken), MOST_LINES + 3)

    def test_folded(self) -> None:
        """A header that goes on in a further line is refused: servers and proxies understand different things."""
        for blank in ("\t", " "):
            status, words = answer_to(f"GET /query HTTP/1.1\r\nHost: x\r\nX: a\r\n{blank}b\r\n\r\n".encode())
            self.assertEqual((status, words), (400, "A header is one line.\n"))

    def test_old_version_with_chunks(self) -> None:
        """HTTP/1.0 has no chunks: a proxy that speaks it would take them for the next request."""
        head = b"POST /echo HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        self.assertEqual(answer_to(head + b"1\r\na\r\n0\r\n\r\n", "POST")[0], 400)

    def test_addresses(self) -> None:
        """An address begins with a slash, or is a whole one; what looks like one further on is left alone."""
        for target in ("@evil.example/", "query", "chat:80", "*", "http:/query", "ftp://chat/query"):
            self.assertEqual(answer_to(request(target))[0], 400, target)
        for target in ("/query?b=http://evil.example/words/x/y&a=1", "http://chat:5000/query?a=1", "http://chat?a=1"):
            visit = Visit(WebPort())
            visit.send(request(target))
            expected = 404 if target == "http://chat?a=1" else 200
            self.assertEqual(replies(visit.read(), "GET")[0].status, expected, target)

    def test_redirected_whole(self) -> None:
        """Whoever is sent to https: is sent to the very address that was asked for."""
        visit = Visit(WebPort(tls_required=True))
        visit.send(request("/query?b=http://other.example/x"))
        (reply,) = replies(visit.read(), "GET")
        self.assertEqual(reply.headers["location"], "https://chat:5000/query?b=http://other.example/x")

    def test_names_in_the_address(self) -> None:
        """An address with very many names after its question mark is refused before they are read."""
        visit = Visit(WebPort())
        visit.send(request("/query?" + "&".join("b" * MOST_NAMES)))
        self.assertEqual(replies(visit.read(), "GET")[0].status, 200)
        self.assertEqual(answer_to(request("/query?" + "&".join("b" * (MOST_NAMES + 1))))[0], 400)


class BodyTest(SynchronousTestCase):
    def test_many_chunks(self) -> None:
        """A body in very many chunks is refused, and no more of them is looked at."""
        visit = Visit(WebPort())
        head = request("/long", "POST", Transfer_Encoding="chunked")
        visit.send(head + b"1\r\na\r\n" * MOST_CHUNKS + b"0\r\n\r\n")
        (reply,) = replies(visit.read(), "POST")
        self.assertEqual((reply.status, len(reply.body)), (200, MOST_CHUNKS))
        visit.send(head + b"1\r\na\r\n")
        taken: list[int] = []
        channel = visit.server
        take = channel.takes

        def note(length: int) -> bool:
            taken.append(length)
            return bool(take(length))

        channel.takes = note
        visit.send(b"1\r\na\r\n" * 3 * MOST_CHUNKS + b"0\r\n\r\n")
        (reply,) = replies(visit.read(), "POST")
        self.assertEqual((reply.status, reply.body), (400, b"A body comes in 512 chunks at most.\n"))
        self.assertEqual(len(taken), MOST_CHUNKS)
