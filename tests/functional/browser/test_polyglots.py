"""Files that are several things at once: whatever a browser is made to take them for, they run nothing in it."""

import base64
import contextlib
import http.client
import json
import re
from typing import Any

from playwright.sync_api import Error, expect

from tests.functional.browser.windows import PASSWORD, BrowserTest
from tests.functional.harness import LIMIT_S

RUN = "globalThis.hacked = true; try { parent.hacked = true; opener.hacked = true } catch {} document.title = 'hacked'"
MARKUP = f'<html><body><script>{RUN}</script><img src=x onerror="{RUN}">'.encode()
SVG = f"<svg xmlns='http://www.w3.org/2000/svg' onload=\"{RUN}\"><script>{RUN}</script></svg>".encode()
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)

CORPUS: dict[str, bytes] = {
    "script.gif": b"GIF89a/*" + bytes(100) + b"*/=1;" + RUN.encode(),
    "page.png": PIXEL + MARKUP,
    "page.html": MARKUP,
    "page.txt": MARKUP,
    "page.xhtml": f"<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'><script>{RUN}</script></html>".encode(),
    "picture.svg": SVG,
    "marked.svg": b"\xef\xbb\xbf" + SVG,
    "wide.html": "<script>hacked = true</script>".encode("utf-16"),
    "seven.html": b"+ADw-script+AD4-" + RUN.encode() + b"+ADw-/script+AD4-",
    "page.pdf": b"%PDF-1.7\n" + MARKUP + b"\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\n%%EOF",
    "page.mp4": bytes((0, 0, 0, 24)) + b"ftypisom" + MARKUP,
    "page.ogg": b"OggS" + bytes(24) + b"OpusHead" + MARKUP,
    "page.mp3": b"ID3" + MARKUP,
    "page.webp": b"RIFF" + bytes(4) + b"WEBP" + MARKUP,
    "page.jpg": b"\xff\xd8\xff\xfe" + MARKUP,
    "page.avif": bytes((0, 0, 0, 24)) + b"ftypavif" + MARKUP,
    "script.js": RUN.encode(),
    "style.css": b"* { display: none }",
    "late.html": bytes(2000) + MARKUP,
    "spaces.html": b" " * 2000 + MARKUP,
    "comment.html": b"<!--" + b"x" * 600 + b"-->" + MARKUP,
    "form.mht": b"MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n" + MARKUP,
}  # fmt: skip
"""What attackers send, by the name they give it."""

TAKEN_AS = """
link => new Promise(done => {
    let left = 0;
    const out = document.createElement("div");
    document.body.append(out);
    const next = () => { if (--left === 0) { out.remove(); done(globalThis.hacked === true); } };
    for (const [name, attribute] of [["img", "src"], ["script", "src"], ["iframe", "src"], ["embed", "src"],
                                     ["object", "data"], ["video", "src"], ["audio", "src"], ["link", "href"]]) {
        const element = document.createElement(name);
        if (name === "link") element.rel = "stylesheet";
        left += 1;
        let told = false;
        const once = () => { if (!told) { told = true; next(); } };
        for (const event of ["load", "error", "loadeddata"]) element.addEventListener(event, once);
        setTimeout(once, 400);
        element.setAttribute(attribute, link);
        out.append(element);
    }
})
"""
"""Let a page of the same server take a file for each kind of thing there is; whether anything ran."""

HACKED = "globalThis.hacked === true || document.title === 'hacked'"


class PolyglotsTest(BrowserTest):
    def setUp(self) -> None:
        super().setUp()
        # Windows of their own: what is tried here makes the browser complain, as it shall.
        context = self.browser.new_context()
        self.addCleanup(context.close)
        self.context = context
        self.address = f"http://127.0.0.1:{self.port}"

    @classmethod
    def begin(cls) -> None:
        super().begin()
        cls.account("mallory")

    def share(self, name: str, content: bytes) -> str:
        """Share a file; return its path."""
        connection = http.client.HTTPConnection("127.0.0.1", self.daemon.port, timeout=LIMIT_S)
        proof = base64.b64encode(f"mallory:{PASSWORD}".encode()).decode()
        connection.request("PUT", f"/rooms/lobby/{name}", content, {"Authorization": f"Basic {proof}"})
        reply = connection.getresponse()
        answer: Any = json.loads(reply.read())
        connection.close()
        self.assertEqual(reply.status, 201, answer)
        return str(answer["link"])

    def test_corpus(self) -> None:
        """Opened in a tab of its own, or taken for anything by a page of the chat, no file runs a word."""
        for name, content in CORPUS.items():
            link = self.share(name, content)
            tab = self.context.new_page()
            with contextlib.suppress(Error):  # what is saved is not shown
                tab.goto(self.address + link)
            self.assertFalse(tab.evaluate(HACKED), name)
            tab.close()
        page = self.context.new_page()
        page.goto(self.address)
        # The server has said its name.  (A condition in JavaScript would be evaluated in the page, against its policy.)
        expect(page).to_have_title(re.compile("^Join · (?!Chat$)"))
        title = page.title()
        links = [self.share(name, content) for name, content in CORPUS.items()]
        for name, link in zip(CORPUS, links, strict=True):
            self.assertFalse(page.evaluate(TAKEN_AS, link), name)
            self.assertEqual(page.title(), title, name)

    def test_judge(self) -> None:
        """What does run is noticed."""
        page = self.context.new_page()
        page.goto(f"data:text/html;base64,{base64.b64encode(MARKUP).decode()}")
        self.assertTrue(page.evaluate(HACKED))
        page.goto("data:text/html,<title>empty</title><body>")
        self.assertFalse(page.evaluate(HACKED))
        self.assertTrue(page.evaluate(TAKEN_AS, "data:text/javascript,hacked=true"))

    def test_picture(self) -> None:
        """A picture of the chat is shown in the page of the chat: the policy lets it."""
        link = self.share("pixel.png", PIXEL)
        page = self.context.new_page()
        page.goto(self.address)
        width = page.evaluate(
            "link => new Promise(done => { const i = new Image(); i.onload = () => done(i.naturalWidth);"
            " i.onerror = () => done(0); i.src = link; })",
            link,
        )
        self.assertEqual(width, 1)
