"""Hostile words, names, topics and rooms do nothing in the page; pages of other origins can do nothing at all."""

import http.server
import json
import threading
import urllib.error
import urllib.request
from typing import ClassVar

from tests.functional.browser.company import final
from tests.functional.browser.windows import BrowserTest
from tests.functional.harness import free_port

TEXTS = [
    "<script>hacked()</script>",
    "<img src=x onerror=hacked()>",
    "<svg/onload=hacked()>",
    "<iframe srcdoc='<script>parent.hacked()</script>'>",
    '"><input autofocus onfocus=hacked()>',
    "</textarea><script>hacked()</script>",
    "<a href=javascript:hacked()>click</a> javascript:hacked()",
    'http://x.test/"onmouseover="hacked() https://x.test/<script>hacked()</script>',
    "data:text/html,<script>hacked()</script> vbscript:hacked()",
    "`<script>hacked()</script>`",
    "```\n<script>hacked()</script>\n```\n<b>after</b>",
    "  <style>*{display:none}</style>\n  <link rel=stylesheet href=http://evil.test/x.css>",
    "<meta http-equiv=refresh content='0;url=http://evil.test/'>",
    "{{constructor.constructor('hacked()')()}} ${hacked()} #{hacked()}",
    "&lt;script&gt;hacked()&lt;/script&gt; &#x3c;img src=x onerror=hacked()&#x3e;",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=hacked()>",
    "__proto__ constructor toString hasOwnProperty",
    "https://user:pass@evil.test:80/%0d%0aSet-Cookie:x=1?<b>#'\"",
    "\u202e\u2066evil\u2069 rtl \u200b\u200d zero",
    "a\u0300" * 200,
    "﷽" * 100,
    "👩‍👩‍👧‍👦" * 50,
    "x" * 4000,
    "http://" + "a" * 2000,
    "(" * 500 + "http://a.test/" + ")" * 500,
    "[x](javascript:hacked()) ![x](http://evil.test/p.png) http://evil.test/pixel.png",
]
NICKS = ["constructor", "toString", "valueOf", "hasOwnProperty", "toLocaleString", "undefined", "null"]
ROOMS = ["constructor", "proto.__proto__", "valueof", "a.b-c_d", "..", "tostring"]


class HostileWordsTest(BrowserTest):
    def test_corpus(self) -> None:
        """Each text arrives as it is, as words; nothing runs, nothing is fetched, and the policy is never needed."""
        window = self.window()
        window.context.add_init_script("globalThis.hacked = () => { globalThis.wasHacked = true; }")
        window.join("victim")
        attacker = self.program("attacker")
        for text in TEXTS:
            attacker.do(do="say", text=text)
            attacker.do(do="msg", nick="victim", text=text)
        for text in TEXTS[:10]:
            number = attacker.do(do="say", text="plain")["id"]
            attacker.do(do="edit", id=number, text=text)
            attacker.do(do="topic", text=text.replace("\n", " "))
            attacker.do(do="away", text=text.replace("\n", " ")[:200])
            attacker.do(do="me", text=text.replace("\n", " "))
            attacker.do(do="say", text=text, reply=number)
        rooms = [name for name in ROOMS if attacker.ask(do="join", room=name)["event"] == "done"]
        self.assertIn("constructor", rooms)
        others = []
        for nick in NICKS:
            try:
                others.append(self.program(nick))
            except AssertionError:  # some cannot be nicknames
                continue
            others[-1].do(do="say", text=f"{nick} says <b>hello</b>")
        for name in rooms:
            window.say(f"/join {name}")
            window.until("name => document.getElementById('room-name').textContent === name", name)
        attacker.do(do="say", text="the end", room="lobby")
        window.page.get_by_role("list", name="Rooms").get_by_role("link", name="lobby").click()
        window.expect("the end")
        truth = [(number, words) for number, _, words in final(attacker.events, "lobby")]
        shown = dict(
            window.page.eval_on_selector_all(
                "[role=log] article .w",
                "all => all.map(each => [Number(each.closest('article').id.slice(1)), each.textContent])",
            )
        )
        plain = [
            (number, words) for number, words in truth if "`" not in words and "\n" not in words and number in shown
        ]
        self.assertGreater(len(plain), 20)
        for number, words in plain:
            self.assertIn(words, shown[number])
        window.page.mouse.move(600, 400)
        window.page.get_by_role("list", name="People").get_by_role("button", name="attacker").click()
        window.page.keyboard.press("Escape")
        window.page.goto(f"{window.address}/?with=attacker")
        window.expect("hasOwnProperty")
        window.page.goto(
            f"{window.address}/?room=%3Cscript%3Ehacked()%3C/script%3E&with=%22%3E%3Cimg%20src%3Dx%3E#m%3Cb%3E"
        )
        window.page.get_by_role("textbox", name="Message", exact=True).wait_for()
        self.assertIsNone(window.page.evaluate("globalThis.wasHacked || null"))
        selector = (
            "script:not([src*='page/']), iframe, object, embed, style, base, form[action], #lines img, #lines input"
        )
        self.assertEqual(window.page.locator(selector).count(), 0)
        links = window.page.eval_on_selector_all(
            "a[href]", "all => all.map(each => [each.protocol, each.rel, each.target])"
        )
        self.assertTrue({protocol for protocol, _, _ in links} <= {"http:", "https:"}, links)
        strangers = [url for url in window.requests if f"127.0.0.1:{self.port}/" not in url]
        self.assertEqual(strangers, [])


class Evil(http.server.BaseHTTPRequestHandler):
    """A web server of somebody else, whose page tries what it can."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>evil</title><p>evil")

    def log_message(self, *_: object) -> None:
        pass


ATTEMPTS = """async base => {
  const found = {};
  const attempt = async (name, act) => { try { found[name] = await act(); } catch (error) { found[name] = "failed"; } };
  await attempt("read", async () => (await fetch(base + "/rooms/lobby")).text());
  await attempt("page", async () => (await fetch(base + "/")).text());
  const room = base + "/rooms/lobby?nick=evil";
  await attempt("post", async () => (await fetch(room, {method: "POST", body: "cross-site 1"})).text());
  await attempt("blind", async () => (await fetch(room, {method: "POST", mode: "no-cors", body: "2"})).type);
  await attempt("beacon", async () => navigator.sendBeacon(room, "cross-site 3") && "sent");
  await attempt("socket", () => new Promise((resolve, reject) => {
    const socket = new WebSocket(base.replace("http", "ws") + "/ws");
    socket.onopen = () => { socket.send('{"do":"nick","nick":"evil"}\\n'); };
    socket.onmessage = ({data}) => resolve(data);
    socket.onclose = socket.onerror = reject;
  }));
  await attempt("events", () => new Promise((resolve, reject) => {
    const source = new EventSource(base + "/rooms/lobby/live");
    source.onopen = () => resolve("open");
    source.onmessage = ({data}) => resolve(data);
    source.onerror = () => { source.close(); reject(); };
  }));
  await attempt("frame", () => new Promise((resolve) => {
    const frame = document.createElement("iframe");
    frame.onload = () => resolve("loaded");
    frame.src = base + "/";
    document.body.append(frame);
  }));
  return found;
}"""


class OtherOriginTest(BrowserTest):
    evil: ClassVar[http.server.ThreadingHTTPServer]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.evil = http.server.ThreadingHTTPServer(("127.0.0.1", free_port()), Evil)
        cls._endings.append(cls.evil.server_close)
        threading.Thread(target=cls.evil.serve_forever, daemon=True).start()
        cls._endings.append(cls.evil.shutdown)

    def attempts(self, origin: str) -> dict[str, object]:
        window = self.window()
        window.page.goto(origin)
        found: dict[str, object] = window.page.evaluate(ATTEMPTS, f"http://127.0.0.1:{self.port}")
        framed = [frame.url for frame in window.page.frames[1:] if frame.url.startswith("http://127.0.0.1")]
        found["framed"] = framed
        window.trouble.clear()  # the browser says on the console what it did not allow
        return found

    def test_other_origin(self) -> None:
        """A page of another origin can neither read, nor post, nor connect, nor show the chat in a frame."""
        witness = self.program("witness")
        before = witness.do(do="say", text="before")["id"]
        for host in ("127.0.0.1", "localhost"):
            found = self.attempts(f"http://{host}:{self.evil.server_address[1]}/")
            for name in ("read", "page", "post", "socket", "events"):
                self.assertEqual(found[name], "failed", (host, name))
            self.assertEqual(found["framed"], [], host)
        self.assertEqual(witness.do(do="say", text="nothing between")["id"], before + 1)
        self.assertEqual(witness.do(do="whoami")["items"][0]["rooms"], ["lobby"])
        self.assertNotIn("evil", [event.get("nick") for event in witness.events])

    def test_allowed(self) -> None:
        """What is refused to others is possible without an origin, and from the page's own."""
        address = f"http://127.0.0.1:{self.port}/rooms/lobby?nick=ci"
        with urllib.request.urlopen(
            urllib.request.Request(address, b"build ok", {"Content-Type": "text/plain"})
        ) as answer:
            self.assertEqual(answer.status, 201)
            self.assertEqual(json.load(answer)["event"], "done")
        for headers in ({"Origin": "http://evil.test"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
            with self.assertRaises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(
                    urllib.request.Request(address, b"no", {"Content-Type": "text/plain", **headers})
                )
            self.assertEqual(refused.exception.code, 403, headers)
            refused.exception.close()
        window = self.window().open()
        script = "async () => (await fetch('/rooms/lobby', {headers: {Accept: 'text/plain'}})).text()"
        self.assertIn("ci: build ok", window.page.evaluate(script))
