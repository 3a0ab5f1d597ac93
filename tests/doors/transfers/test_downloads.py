"""Files fetched over HTTP: whole and in part, and what a browser is told to do with them."""

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure

from groupchat.doors.transfers.downloads import SHOWN, disposition
from groupchat.doors.transfers.file_stream import PIECE
from tests.doors.transfers.cases import PNG, FilesCase

LARGE = bytes(range(251)) * 1000


class FetchTest(FilesCase):
    def test_whole(self) -> None:
        """A file comes as it was sent, in however many pieces, with what a browser may do with it."""
        for body in (PNG, LARGE, bytes(PIECE), bytes(PIECE + 1)):
            link = self.share(body=body)
            reply = self.get(link)
            self.assertEqual((reply.status, reply.body), (200, body))
            self.assertEqual(reply.headers["content-security-policy"], "sandbox; default-src 'none'")
            self.assertEqual(reply.headers["x-content-type-options"], "nosniff")
            self.assertEqual(reply.headers["cross-origin-resource-policy"], "same-origin")
            self.assertIn("private", reply.headers["cache-control"])
            head = self.get(link, "HEAD")
            self.assertEqual((head.status, head.headers["content-length"]), (200, str(len(body))))
        self.assertEqual(len(self.port.reception.open_files), 0)

    def test_types(self) -> None:
        """What cannot run anything is shown by its type; everything else is saved, whatever it is called."""
        for body, kind, how in (
            (PNG, "image/png", "inline"),
            (b"plain words", "text/plain; charset=utf-8", "inline"),
            (b"<html><script>1</script>", "text/plain; charset=utf-8", "inline"),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "text/plain; charset=utf-8", "inline"),
            (b"%PDF-1.7\n\x00", "application/octet-stream", "attachment"),
            (b"\xff\xfe<\x00h\x00", "application/octet-stream", "attachment"),
        ):
            reply = self.get(self.share("x.html", body))
            self.assertEqual(reply.headers["content-type"], kind, body)
            self.assertEqual(reply.headers["content-disposition"], f"{how}; filename*=UTF-8''x.html")

    def test_names(self) -> None:
        """A name can end no header, and is given as people wrote it."""
        self.assertEqual(disposition('a"\r\n; b=é', False), "attachment; filename*=UTF-8''a%22%0D%0A%3B%20b%3D%C3%A9")
        for kind in SHOWN.values():
            self.assertNotIn(kind.partition("/")[2].partition(";")[0], ("html", "svg+xml", "pdf", "xml"))

    def test_unchanged(self) -> None:
        """Who has a file already is told so."""
        link = self.share()
        tag = self.get(link).headers["etag"]
        reply = self.get(link, If_None_Match=tag)
        self.assertEqual((reply.status, reply.body), (304, b""))
        self.assertEqual(self.get(link, If_None_Match='"other"').status, 200)

    def test_ranges(self) -> None:
        """A part is sent to who asks for it, and has the rest of this very file."""
        link = self.share(body=LARGE)
        tag = self.get(link).headers["etag"]
        reply = self.get(link, Range="bytes=1000-100999", If_Range=tag)
        self.assertEqual((reply.status, reply.body), (206, LARGE[1000:101000]))
        self.assertEqual(reply.headers["content-range"], f"bytes 1000-100999/{len(LARGE)}")
        self.assertEqual(self.get(link, Range="bytes=0-1", If_Range='"other"').status, 200)
        self.assertEqual(self.get(link, "HEAD", Range="bytes=0-1").status, 200)
        none = self.get(link, Range=f"bytes={len(LARGE)}-")
        self.assertEqual((none.status, none.headers["content-range"]), (416, f"bytes */{len(LARGE)}"))

    @settings(max_examples=30, deadline=None)
    @given(st.integers(0, 300), st.integers(0, 300))
    def test_any_range(self, first: int, last: int) -> None:
        """Every part is the same part of the file."""
        body = bytes(range(200))
        if not hasattr(self, "link"):
            self.link = self.share(body=body)
        reply = self.get(self.link, Range=f"bytes={first}-{last}")
        if last < first:
            self.assertEqual((reply.status, reply.body), (200, body))
        elif first >= len(body):
            self.assertEqual(reply.status, 416)
        else:
            self.assertEqual((reply.status, reply.body), (206, body[first : last + 1]))

    def test_gone(self) -> None:
        """A file that was deleted, or never was, is not there."""
        link = self.share()
        self.alice.do("delete", id=self.shared()[0].id)
        for path in (link, "/f/unknown/a"):
            self.assertEqual(self.get(path).status, 404)
        self.assertEqual(self.get("/f/unknown").status, 405)


class StreamTest(FilesCase):
    def test_slow(self) -> None:
        """To a peer that takes nothing, nothing is sent; when it does, it goes on; one who never does is dropped."""
        link = self.share(body=4 * LARGE)
        connection = self.connect()
        connection.send(f"GET {link} HTTP/1.1\r\nHost: chat:5000\r\n\r\n".encode())
        connection.server.pauseProducing()
        heard = connection.read()
        self.port.clock.pump([0.1] * 5)
        self.assertEqual(connection.read(), b"")
        self.assertEqual(len(self.port.reception.open_files), 1)
        connection.server.resumeProducing()
        self.port.clock.pump([0.1] * 2)
        heard += connection.read()
        self.assertTrue(2 * PIECE < len(heard) < 20 * PIECE)
        connection.server.pauseProducing()
        self.port.clock.pump([1.0] * 70)
        self.assertFalse(connection.transport.disconnecting)
        self.port.clock.pump([1.0] * 130)
        self.assertTrue(connection.transport.disconnecting)

    def test_left(self) -> None:
        """If the peer leaves, the file is closed; it is open once for all who are sent it."""
        link = self.share(body=LARGE)
        connections = [self.connect() for _ in range(3)]
        for connection in connections:
            connection.send(f"GET {link} HTTP/1.1\r\nHost: chat:5000\r\n\r\n".encode())
        self.assertEqual(len(self.port.reception.open_files), 1)
        for connection in connections:
            connection.transport.protocol.connectionLost(Failure(ConnectionDone()))
        self.assertEqual(len(self.port.reception.open_files), 0)
        self.port.clock.pump([0.1] * 3)

    def test_pipelined(self) -> None:
        """Requests behind one another are answered in order."""
        link = self.share(body=LARGE)
        connection = self.connect()
        one = f"GET {link} HTTP/1.1\r\nHost: chat:5000\r\n\r\n".encode()
        connection.send(one * 3)
        heard = connection.read()
        for _ in range(60):
            self.port.clock.advance(0.1)
            heard += connection.read()
        self.assertEqual(heard.count(LARGE), 3)
