"""Lines of a watch, cut anywhere."""

import json
import tracemalloc
from base64 import b64encode

from twisted.trial.unittest import SynchronousTestCase

from groupchat.interfaces.shared_log import MAX_ENTRY_BYTES, LogEntry
from groupchat.journals.logs.etcd import log_stream
from groupchat.journals.logs.etcd.log_stream import Created, Ended, Entries, Erased, Gone, Lines, Message, messages
from tests.journals.logs.etcd.requests.test_etcd_answers import HOSTILE

# As etcd 3.4.23 has sent them.
CREATED = b'{"result":{"header":{"cluster_id":"1","member_id":"2","revision":"10","raft_term":"2"},"created":true}}\n'
ONE = (
    b'{"result":{"header":{"revision":"10"},"events":[{"kv":{"key":"dy9sb2c=","create_revision":"10",'
    b'"mod_revision":"10","version":"1","value":"b25l"}}]}}\n'
)
TWO = (
    b'{"result":{"header":{"revision":"12"},"fragment":true,"events":[{"kv":{"key":"dy9sb2c=",'
    b'"mod_revision":"11","version":"2","value":"dHdv"}},{"kv":{"key":"dy9sb2c=","mod_revision":"12","version":"3"}}]}}'
    b"\n"
)
REMOVED = b'{"result":{"events":[{"type":"DELETE","kv":{"key":"dy9sb2c=","mod_revision":"13"}}]}}\n'
COMPACTED = b'{"result":{"header":{"cluster_id":"1"},"canceled":true,"compact_revision":"24"}}\n'
FORBIDDEN = (
    b'{"result":{"watch_id":"-1","created":true,"canceled":true,"cancel_reason":"rpc error: code = InvalidArgument '
    b'desc = etcdserver: user name is empty"}}\n'
)
LEADERLESS = (
    b'{"error":{"grpc_code":14,"http_code":503,"message":"etcdserver: no leader","http_status":"Service Unavailable"}}'
    b"\n"
)
PROGRESS = b'{"result":{"header":{"revision":"11"},"watch_id":"-1"}}\n'

WHOLE = CREATED + ONE + PROGRESS + TWO + REMOVED + COMPACTED + LEADERLESS
SAID: list[Message] = [
    Created(),
    Entries((LogEntry(1, 10, b"one"),)),
    Entries((LogEntry(2, 11, b"two"), LogEntry(3, 12, b""))),
    Erased(),
    Gone(24),
    Ended("etcdserver: no leader"),
]


class StreamTests(SynchronousTestCase):
    """What is said does not depend on where it is cut."""

    def read(self, *pieces: bytes) -> list[Message]:
        """Read pieces, one after the other."""
        lines = Lines()
        return [message for piece in pieces for line in lines.feed(piece) for message in messages(line)]

    def test_cut(self) -> None:
        """Pieces of every size, and every cut into two, say the same."""
        for size in range(1, len(WHOLE) + 1):
            pieces = [WHOLE[start : start + size] for start in range(0, len(WHOLE), size)]
            self.assertEqual(self.read(*pieces), SAID, size)
            self.assertEqual(self.read(WHOLE[:size], WHOLE[size:]), SAID, size)

    def test_small_pieces(self) -> None:
        """A line that comes a byte at a time takes hardly more memory than the line."""
        lines = Lines()
        tracemalloc.start()
        try:
            for _ in range(200_000):
                lines.feed(b"x")
            held, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        self.assertLess(held, 2 * 200_000)

    def test_without_end(self) -> None:
        """A line is read when it is whole."""
        self.assertEqual(self.read(ONE[:-1]), [])

    def test_empty_lines(self) -> None:
        """Empty lines say nothing."""
        self.assertEqual(self.read(b"\n\r\n" + ONE + b"\n"), [SAID[1]])

    def test_forbidden(self) -> None:
        """A watch that is cancelled as it is created has ended."""
        said = self.read(FORBIDDEN)
        self.assertEqual(len(said), 1)
        self.assertIn("user name is empty", said[0].reason)  # type: ignore[union-attr]  # it has ended

    def test_removed_after_entries(self) -> None:
        """Entries before the removal are read, those after it are not."""
        events = [json.loads(ONE)["result"]["events"][0], json.loads(REMOVED)["result"]["events"][0]]
        line = json.dumps({"result": {"events": [*events, events[0]]}}).encode() + b"\n"
        self.assertEqual(self.read(line), [SAID[1], Erased()])

    def test_nonsense(self) -> None:
        """What no watch says is an error."""
        for line in (b"nonsense\n", b"[]\n", b'{"result":5}\n', b"{}\n", b"[" * 100_000 + b"\n"):
            with self.assertRaises(ValueError):
                self.read(line)

    def test_hostile_words(self) -> None:
        """What is told of a line is one short line that no terminal obeys, however long it is and whatever it says."""
        for text in (HOSTILE, HOSTILE * 5_000):
            for said in (
                {"error": {"message": text}}, {"error": text}, {"result": {"canceled": True, "cancel_reason": text}},
            ):  # fmt: skip
                (ended,) = self.read(json.dumps(said).encode() + b"\n")
                assert isinstance(ended, Ended)
                self.assert_shown(ended.reason)
            wrong: tuple[object, ...] = (
                text, [text], {"result": text}, {"result": {"events": [{"type": text}]}},
                {"result": {"canceled": True, "compact_revision": text}}, {"result": {"events": [{"kv": text}]}},
            )  # fmt: skip
            for nonsense in wrong:
                with self.assertRaises(ValueError) as caught:
                    self.read(json.dumps(nonsense).encode() + b"\n")
                self.assert_shown(str(caught.exception))

    def assert_shown(self, sentence: str) -> None:
        """See that this can be shown to people."""
        self.assertTrue(sentence.isprintable(), sentence)
        self.assertLess(len(sentence), 1000)

    def test_many_values(self) -> None:
        """A line of very many values is given up while it comes, whatever they are: all would wait for its reading."""
        for values in (b"{},", b"[],", b"0,", b'"",', b'{"kv":{}},', b"[", b'"' + b"\\n" * 1000):
            lines, fed = Lines(), 0
            with self.assertRaisesRegex(ValueError, "100,000 values"):
                lines.feed(b'{"result":{"events":[')
                while fed < 30_000_000:
                    lines.feed(values * (65536 // len(values)))
                    fed += 65536
            self.assertLess(fed, 1_000_000, values)

    def test_many_values_at_once(self) -> None:
        """The same in one piece, in the midst of others."""
        with self.assertRaisesRegex(ValueError, "100,000 values"):
            Lines().feed(b'{}\n{"result":{"events":[' + b"{}," * 50_000 + b"{}]}}\n{}\n")

    def test_most_of_etcd(self) -> None:
        """As many events are read as etcd ever sends at once, and as much as it may be set up to send at once."""
        said = {"key": "dy9sb2c=", "create_revision": "10", "lease": "1", "value": "eyJhIjpbXX0="}
        events: list[object] = [
            {"type": "PUT", "kv": {**said, "mod_revision": str(place), "version": str(place)}}
            for place in range(1, 1001)
        ]
        many = json.dumps({"result": {"header": {"revision": "10"}, "watch_id": "1", "events": events}}).encode()
        large = b64encode(bytes(MAX_ENTRY_BYTES))
        large_event = b'{"kv":{"mod_revision":"11","version":"2","value":"%s"}}' % large
        full = b'{"result":{"events":[' + b",".join([large_event] * 40) + b"]}}"
        for line, count in ((many, 1000), (full, 40)):
            (read,) = self.read(*(line[at : at + 50_000] for at in range(0, len(line), 50_000)), b"\n")
            assert isinstance(read, Entries)
            self.assertEqual(len(read.entries), count)

    def test_endless_line(self) -> None:
        """A line that is too long is given up before it has filled the memory."""
        self.patch(log_stream, "MAX_LINE_BYTES", 1000)
        lines = Lines()
        self.assertEqual(lines.feed(b"x" * 1000), [])
        with self.assertRaises(ValueError):
            lines.feed(b"x")
