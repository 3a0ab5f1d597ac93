"""Files in the page: shown to everybody, and shared by picker, drop and paste."""

import json
import struct
import urllib.parse
import zlib
from http.client import HTTPConnection
from typing import Any

from playwright.sync_api import expect

from tests.functional.browser.chromium import inaccessible
from tests.functional.browser.company import Program
from tests.functional.browser.windows import DESK, PASSWORD, PHONE, BrowserTest, Window
from tests.functional.harness import LIMIT_S


def png(width: int, height: int) -> bytes:
    """Return an image of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\x20\x60\xc0" * width) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


DRAG = """([type, name, kind, bytes]) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(bytes)], name, {type: kind}));
    document.getElementById("log").dispatchEvent(
        new DragEvent(type, {dataTransfer: data, bubbles: true, cancelable: true}));
}"""

PASTE = """([name, kind, bytes]) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(bytes)], name, {type: kind}));
    document.getElementById("message").dispatchEvent(
        new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
}"""

PHOTO = """async () => {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 64;
    canvas.getContext("2d").fillRect(0, 0, 32, 32);
    const blob = await new Promise(done => canvas.toBlob(done, "image/jpeg"));
    return [...new Uint8Array(await blob.arrayBuffer())];
}"""

UNLOAD = """() => {
    const event = new Event("beforeunload", {cancelable: true});
    dispatchEvent(event);
    return event.defaultPrevented;
}"""

FETCH = """async name => {
    const answer = await fetch(document.querySelector(`#log img[alt='${name}']`).src);
    return [...new Uint8Array(await answer.arrayBuffer())];
}"""


class FilesTest(BrowserTest):
    """alice has an account, and may share; the others are guests."""

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.account("alice")
        cls.account("mira", is_operator=True)

    def setUp(self) -> None:
        super().setUp()
        self.addCleanup(self.tidy_up)

    def tidy_up(self) -> None:
        """Delete what was shared, so that the next test finds only its own."""
        alice, mira = self.program("alice", password=PASSWORD), self.program("mira", password=PASSWORD)
        alice.do(do="say", text="there is something to delete")
        alice.leave()
        mira.do(do="purge", nick="alice", duration=3600, room="lobby")
        mira.leave()

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

    def chosen(self, window: Window, *files: tuple[str, str, bytes]) -> None:
        """Choose files with the paper clip: name, type, content."""
        with window.page.expect_file_chooser() as chooser:
            window.page.get_by_role("button", name="Attach a file").click()
        payloads = [{"name": name, "mimeType": kind, "buffer": content} for name, kind, content in files]
        chooser.value.set_files(payloads)  # type: ignore[arg-type]

    def signed_in(self, **more: Any) -> Window:
        """Let alice come in by the page."""
        return self.window(**more).join("alice", PASSWORD)

    def test_chosen(self) -> None:
        """Files are chosen in the page, another page shows them, netcat prints a line with the link, and they go."""
        netcat, ines = self.connect("nora"), self.person("ines")
        window = self.signed_in()
        self.chosen(window, ("one.png", "image/png", png(64, 64)), ("two.txt", "text/plain", b"words\n"))
        found = netcat.expect(
            r"#(\d+) alice shared one\.png \(\d+ bytes\): (http://127\.0\.0\.1:\d+/f/\S+/one\.png)\r\n"
        )
        netcat.expect(r"alice shared two\.txt \(6 bytes\): http://")
        for one in (window, ines):
            one.until(f"document.querySelector('#m{found[1]} img')?.naturalWidth === 64")
            one.expect("two.txt")
        expect(window.page.locator(".up")).to_have_count(0)
        window.page.locator(f"#m{found[1]}").hover()
        window.page.get_by_role("toolbar").get_by_role("button", name="Delete").click()
        window.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        ines.until(f"document.querySelector('#m{found[1]}').getAttribute('aria-label') === 'alice: Deleted'")
        connection = HTTPConnection("127.0.0.1", self.port, timeout=LIMIT_S)
        connection.request("GET", urllib.parse.urlsplit(found[2]).path)
        self.assertIn(connection.getresponse().status, (404, 410))
        connection.close()
        self.leave(window)

    def leave(self, window: Window) -> None:
        """Give the nickname back."""
        window.say("/exit")
        window.page.get_by_role("textbox", name="Nickname").wait_for()

    def test_dropped(self) -> None:
        """Files are dropped where the page says so, and images are pasted."""
        window = self.signed_in()
        window.expect("Today")
        page = window.page
        window.until("document.querySelector('.ups') !== null")
        page.evaluate(DRAG, ["dragover", "drop.txt", "text/plain", list(b"dropped")])
        page.get_by_text("Drop to share in lobby").wait_for()
        page.get_by_text("Up to 16 MB a file. Photos lose their location.").wait_for()
        page.evaluate(DRAG, ["drop", "drop.txt", "text/plain", list(b"dropped")])
        window.expect("drop.txt")
        expect(page.locator(".drop")).to_have_count(0)
        page.evaluate(PASTE, ["pasted.png", "image/png", list(png(8, 8))])
        window.expect("pasted.png")
        self.leave(window)

    def test_refused(self) -> None:
        """What is too big is refused by its name before it is sent, and guests are told why they cannot share."""
        window = self.signed_in()
        big = b"x" * (16 * 1024 * 1024 + 1024 * 1024)
        self.chosen(window, ("disk.img", "application/octet-stream", big), ("small.bin", "", b"\1\2"))
        row = window.page.locator(".up").filter(has_text="disk.img")
        row.get_by_text("Too big: 17 MB. A file can have 16 MB.").wait_for()
        window.expect("small.bin")
        self.assertEqual([one for one in window.requests if "/f/" in one and "small.bin" in one], [])
        row.get_by_role("button", name="Remove disk.img").click()
        expect(window.page.locator(".up")).to_have_count(0)
        self.leave(window)
        guest = self.person("gustav")
        self.chosen(guest, ("cat.png", "image/png", png(8, 8)))
        guest.page.get_by_text("Only registered people can share files here.").wait_for()

    def test_stopped(self) -> None:
        """What is being sent can be cancelled; without a connection it stops, and is then sent once, with its key."""
        window = self.signed_in()
        page = window.page
        held: list[Any] = []
        page.route("**/f/*", lambda route: held.append(route))
        self.chosen(window, ("one.bin", "", b"\1"), ("two.bin", "", b"\2"))
        page.get_by_role("progressbar", name="Sending one.bin").wait_for()
        page.get_by_text("Waiting").wait_for()
        while not held:
            page.wait_for_timeout(20)
        page.get_by_role("button", name="Cancel sending one.bin").click()
        while len(held) < 2:
            page.wait_for_timeout(20)
        held[1].abort()
        row = page.locator(".up")
        row.get_by_text("Stopped: no connection.").wait_for()
        page.unroute("**/f/*")
        row.get_by_role("button", name="Send again").click()
        window.expect("two.bin")
        expect(row).to_have_count(0)
        self.assertEqual([label for label in window.labels() if "one.bin" in label], [])
        self.assertEqual(len([label for label in window.labels() if "two.bin" in label]), 1)
        self.leave(window)

    def test_photos(self) -> None:
        """A photo comes without what it tells of its place, unless originals are wanted."""
        window = self.signed_in()
        page = window.page
        photo = bytes(page.evaluate(PHOTO))
        exif = b"\xff\xe1\x00\x1eExif\0\0MM\0*\0\0\0\x08 GPS 48.1 N 11"
        photo = photo[:2] + exif[:2] + struct.pack(">H", len(exif) - 2) + exif[4:] + photo[2:]
        self.chosen(window, ("bare.jpg", "image/jpeg", photo))
        page.locator("#log img[alt='bare.jpg']").wait_for()
        content = bytes(page.evaluate(FETCH, "bare.jpg"))
        self.assertEqual(content[:3], b"\xff\xd8\xff")
        self.assertNotIn(b"GPS", content)
        page.get_by_role("button", name="Settings").click()
        page.get_by_label("Send originals, with their location").check()
        page.keyboard.press("Escape")
        self.chosen(window, ("whole.jpg", "image/jpeg", photo))
        page.locator("#log img[alt='whole.jpg']").wait_for()
        self.assertEqual(bytes(page.evaluate(FETCH, "whole.jpg")), photo)
        self.leave(window)

    def test_accessible(self) -> None:
        """axe-core finds nothing wrong with files that are shared, on their way, refused, or being dropped."""
        found: list[str] = []
        for size, scheme in [(DESK, "light"), (DESK, "dark"), (PHONE, "light"), (PHONE, "dark")]:
            window = self.signed_in(size=size, scheme=scheme)
            page = window.page
            window.until("document.querySelector('.ups') !== null")
            names = ("rack.png", "notes.txt", "song.wav", "lab.bin")
            contents = (png(640, 400), b"words\n", b"RIFF\x24\0\0\0WAVEfmt " + bytes(28), b"\1\2")
            self.chosen(window, *[(name, "", content) for name, content in zip(names, contents, strict=True)])
            for name in names:
                window.expect(name)
            expect(page.locator(".up")).to_have_count(0)
            found += inaccessible(page)
            page.route("**/f/*", lambda route: None)
            self.chosen(window, ("a\u202eb", "", b"x"), ("one.bin", "", b"\1"), ("two.bin", "", b"\2"))
            page.get_by_role("alert").filter(has_text="name").first.wait_for()
            page.get_by_role("progressbar", name="Sending one.bin").wait_for()
            window.until("log.scrollHeight - log.scrollTop - log.clientHeight < 2")
            found += inaccessible(page)
            self.assertIs(page.evaluate(UNLOAD), True)
            page.evaluate(DRAG, ["dragover", "drop.txt", "text/plain", [1]])
            page.get_by_text("Drop to share in lobby").wait_for()
            found += inaccessible(page)
            for name in ("one.bin", "two.bin"):
                page.get_by_role("button", name=f"Cancel sending {name}").dispatch_event("click")
            self.assertIs(page.evaluate(UNLOAD), False)
            page.evaluate("document.querySelector('.drop').remove()")
            self.leave(window)
        self.assertEqual(found, [])
