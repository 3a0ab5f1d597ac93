"""Files in the page: shown to everybody, and shared by picker, drop and paste."""

import json
import struct
import urllib.parse
import zlib
from http.client import HTTPConnection
from typing import Any

from playwright.sync_api import expect

from tests.functional.browser.company import Program
from tests.functional.browser.windows import PASSWORD, BrowserTest
from tests.functional.harness import LIMIT_S


def png(width: int, height: int) -> bytes:
    """Return an image of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\x20\x60\xc0" * width) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


class FilesTest(BrowserTest):
    """alice has an account, and may share; the others are guests."""

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.account("alice")
        cls.account("mira", is_operator=True)

    def share(self, program: Program, name: str, content: bytes, **where: str) -> dict[str, Any]:
        """Share a file as a program does, and return what everybody is told of it."""
        link = program.do(do="send", name=name, size=len(content), **(where or {"room": "lobby"}))["link"]
        connection = HTTPConnection("127.0.0.1", self.port, timeout=LIMIT_S)
        connection.request("PUT", link, content)
        answer = connection.getresponse()
        done = json.loads(answer.read())
        connection.close()
        self.assertEqual(answer.status, 201, done)
        return program.told(event="shared", id=done["id"])

    def test_shown(self) -> None:
        """Images are in the log, recordings can be played, texts shown, all else saved; nothing moves who reads."""
        alice = self.program("alice", password=PASSWORD)
        self.addCleanup(alice.leave)
        window = self.person("ada")
        for number in range(40):
            alice.do(do="say", text=f"line {number}")
        window.expect("line 39")
        shared = self.share(alice, "<b>rack & ü.png", png(640, 400))
        page = window.page
        article = page.locator(f"#m{shared['id']}")
        article.wait_for()
        size = f"{shared['size'] / 1024:.1f} KB"
        self.assertEqual(article.get_attribute("aria-label"), f"alice shared the image <b>rack & ü.png, {size}")
        window.until(f"document.querySelector('#m{shared['id']} img')?.naturalWidth === 640")
        self.assertEqual(article.locator("figcaption").inner_text(), f"<b>rack & ü.png · {size}")
        window.until("log.scrollHeight - log.scrollTop - log.clientHeight < 2")
        with window.context.expect_page() as opened:
            article.get_by_role("link").click()
        self.assertEqual(urllib.parse.urlsplit(opened.value.url).path, shared["link"])
        opened.value.wait_for_load_state()
        opened.value.close()
        window.trouble.clear()  # the browser's own page round an image is not in its style where nothing may run
        self.share(alice, "notes.txt", b"first line\n  <i>second</i>\n")
        article = page.get_by_role("article").filter(has_text="notes.txt")
        article.get_by_role("button", name="Show notes.txt").click()
        article.locator("pre").get_by_text("<i>second</i>").wait_for()
        self.share(alice, "song.wav", b"RIFF\x24\0\0\0WAVEfmt " + bytes(28))
        page.get_by_role("article").filter(has_text="song.wav").locator("audio[controls][preload=none]").wait_for()
        self.share(alice, "page.html", b"<script>alert(1)</script>\0")
        article = page.get_by_role("article").filter(has_text="page.html")
        with page.expect_download() as saved:
            article.get_by_role("link", name="Download page.html").click()
        self.assertEqual(saved.value.suggested_filename, "page.html")

    def test_as_messages(self) -> None:
        """A file is answered and deleted as messages are, private ones are for two, and it cannot be edited."""
        alice = self.program("alice", password=PASSWORD)
        self.addCleanup(alice.leave)
        window = self.person("boris")
        shared = self.share(alice, "cat.png", png(32, 32))
        page = window.page
        article = page.locator(f"#m{shared['id']}")
        article.locator("img").wait_for()
        article.hover()
        bar = page.get_by_role("toolbar", name="This message")
        expect(bar.get_by_role("button")).to_have_count(3)
        bar.get_by_role("button", name="Reply").click()
        window.say("a fine cat")
        self.assertEqual(alice.told(event="said", text="a fine cat")["reply"], shared["id"])
        window.expect("cat.png")
        private = self.share(alice, "only-you.png", png(32, 32), nick="boris")
        page.get_by_role("navigation").get_by_role("link", name="alice").click()
        page.locator(f"#m{private['id']} img").wait_for()
        page.get_by_role("navigation").get_by_role("link", name="lobby").click()
        page.reload()
        page.locator(f"#m{shared['id']} img").wait_for()
        alice.do(do="delete", id=shared["id"])
        window.until(f"document.querySelector('#m{shared['id']}').getAttribute('aria-label') === 'alice: Deleted'")
        expect(page.locator("#log img")).to_have_count(0)
