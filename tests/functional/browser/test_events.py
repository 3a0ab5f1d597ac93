"""A browser that follows a room by EventSource: nothing is missing and nothing comes twice; other sites get nothing."""

import subprocess

from tests.functional.browser.windows import BrowserTest

FOLLOW = """
globalThis.numbers = [];
globalThis.source = new EventSource("/rooms/lobby/live");
source.onmessage = message => {
    const event = JSON.parse(message.data);
    if (event.event === "said") numbers.push([event.id, Number(message.lastEventId), event.text]);
};
undefined
"""

ELSEWHERE = """async address => {
    const told = [];
    for (const [what, options] of [
        ["read", {}],
        ["said", {method: "POST", body: "forged", headers: {"Content-Type": "text/plain"}}],
        ["said unseen", {method: "POST", body: "forged", mode: "no-cors"}],
    ]) {
        try {
            const answer = await fetch(`${address}/rooms/lobby?nick=forger`, options);
            told.push(`${what}: ${answer.type}`);
        } catch {
            told.push(`${what}: refused`);
        }
    }
    const form = document.body.appendChild(document.createElement("form"));
    form.method = "POST";
    form.action = `${address}/rooms/lobby?nick=forger`;
    form.target = form.appendChild(document.createElement("iframe")).name = "there";
    form.submit();
    await new Promise(done => setTimeout(done, 300));
    await new Promise(done => {
        const source = new EventSource(`${address}/rooms/lobby/live?since=0`);
        source.onmessage = () => told.push("followed");
        source.onerror = () => { source.close(); done(); };
        setTimeout(done, 1000);
    });
    return told;
}"""


class EventsTest(BrowserTest):
    def say(self, words: str) -> None:
        """Say something from a script."""
        where = f"http://127.0.0.1:{self.port}/rooms/lobby?nick=ci"
        done = subprocess.run(
            ["curl", "-sS", "--fail-with-body", "-d", words, where], capture_output=True, text=True, check=False
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_killed(self) -> None:
        """Through two kill -9 of the server a browser goes on by itself after the last number it was sent."""
        window = self.window().open()
        page = window.page
        page.evaluate(FOLLOW)
        window.until("source.readyState === EventSource.OPEN")
        expected = 0
        for round_ in range(3):
            for _ in range(10):
                self.say(f"{expected}")
                expected += 1
            if round_ < 2:
                window.until(f"numbers.length >= {expected - 5}")
                self.daemon.kill()
                self.begin()
        window.until(f"numbers.length >= {expected}")
        found = page.evaluate("numbers")
        self.assertEqual([text for _, _, text in found], [str(number) for number in range(expected)])
        self.assertEqual([number for number, last, _ in found], [last for _, last, _ in found])

    def test_other_site(self) -> None:
        """A page of another origin can neither read, nor say anything, nor follow a room."""
        self.say("for our own")
        window = self.window()
        self.windows.clear()  # the browser says on its console what it refused
        page = window.page
        page.route("http://localhost:1/", lambda route: route.fulfill(body="<!doctype html>", content_type="text/html"))
        page.goto("http://localhost:1/")
        told = page.evaluate(ELSEWHERE, f"http://127.0.0.1:{self.port}")
        self.assertEqual(told, ["read: refused", "said: refused", "said unseen: refused"])
        heard = self.connect()
        heard.send('{"do":"nick","nick":"reader","since":0}\n{"do":"exit"}\n')
        self.assertNotIn("forge", heard.rest())
        self.daemon.logged(r"Refused POST /rooms/lobby of 127\.0\.0\.1: 403")
