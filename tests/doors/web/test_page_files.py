"""The files of the page: their types, their versions, and what browsers keep of them."""

import gzip
import re

from twisted.trial.unittest import SynchronousTestCase

from groupchat.doors.web.page_files import FOLDER, KINDS, page_files
from tests.doors.connections import Port, Visit
from tests.doors.web.clients import Reply, asked, request


def fetched(target: str, method: str = "GET", **headers: str) -> Reply:
    return asked(Visit(Port()), request(target, method, b"", **headers))


def index(**headers: str) -> Reply:
    return fetched("/", accept="text/html", **headers)


class FileTest(SynchronousTestCase):
    def test_every_file(self) -> None:
        """Every file of the page is served as it is, in its type; the folder has no others."""
        for path in FOLDER.iterdir():
            self.assertIn(path.suffix, KINDS)
            reply = fetched(f"/page/{path.name}")
            self.assertEqual((reply.status, reply.headers["content-type"]), (200, KINDS[path.suffix]))
            if path.name != "index.html":
                self.assertEqual(reply.body, path.read_bytes())

    def test_nothing_else(self) -> None:
        """No other file can be had, whatever is asked for."""
        for name in ("..", "../site.py", "%2e%2e%2fsite.py", "..%2f..%2fsite.py", "nothing.js", "%00", "/etc/passwd"):
            self.assertEqual(fetched(f"/page/{name}").status, 404, name)

    def test_versions(self) -> None:
        """The index names the files of this version, which browsers keep for ever; without a version they ask."""
        found = set(re.findall(rb'"(page/[^"]+)"', index().body))
        self.assertTrue(found)
        for address in found:
            reply = fetched(f"/{address.decode()}")
            self.assertEqual(reply.status, 200, address)
            self.assertIn("immutable", reply.headers["cache-control"])
        name = address.decode().rpartition("/")[2]
        self.assertEqual(fetched(f"/page/{name}").headers["cache-control"], "no-cache")
        self.assertEqual(index().headers["cache-control"], "no-cache")

    def test_other_versions(self) -> None:
        """Files of another version are not there, so that no browser mixes two."""
        reply = fetched("/page/0123456789ab/main.js")
        self.assertEqual(reply.status, 404)
        self.assertIn(b"another version", reply.body)

    def test_unchanged(self) -> None:
        """A file that the browser has is not sent again."""
        reply = index()
        tag = reply.headers["etag"]
        for given in (tag, f'"x", W/{tag}'):
            again = index(if_none_match=given)
            self.assertEqual((again.status, again.body, again.headers["etag"]), (304, b"", tag))
        self.assertEqual(index(if_none_match='"x"').status, 200)

    def test_compressed(self) -> None:
        """It is compressed for those that take that, and they unpack the same; HEAD tells the same length."""
        plain, packed = index(), index(accept_encoding="br, gzip")
        self.assertEqual(packed.headers["content-encoding"], "gzip")
        self.assertEqual(gzip.decompress(packed.body), plain.body)
        self.assertLess(len(packed.body), len(plain.body))
        self.assertIn("accept-encoding", plain.headers["vary"])
        head = fetched("/", "HEAD", accept="text/html")
        self.assertEqual((head.body, head.headers["content-length"]), (b"", str(len(plain.body))))
        self.assertNotIn("content-encoding", index(accept_encoding="gzip;q=0").headers)

    def test_read_once(self) -> None:
        """The files are read and compressed once."""
        self.assertIs(page_files()[1], page_files()[1])
