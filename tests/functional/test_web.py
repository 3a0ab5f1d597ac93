"""A real daemon, asked by curl, by another client of WebSocket, and through a proxy that speaks HTTP."""

import json
import socket
import ssl
import subprocess
import time
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from tests.functional.harness import LIMIT_S, Daemon, FunctionalTest, free_port, program

CONFIGURATION = """
defaults
    mode http
    timeout connect 5s
    timeout client 1h
    timeout server 1h
    timeout tunnel 1h
    option forwardfor
listen web
    bind 127.0.0.1:{proxy}
    http-request set-header X-Forwarded-Proto http
    server chat 127.0.0.1:{chat}
"""
CLIENT = "127.0.0.42"
"""Where the clients of the proxy come from; all of 127.0.0.0/8 is this machine."""


def unverified() -> ssl.SSLContext:
    """TLS that believes in any certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


class WebTest(FunctionalTest):
    def curl(self, *arguments: object) -> str:
        """What curl prints, with the head of the answer."""
        done = subprocess.run(
            [program("curl"), "-sik", "--max-time", str(LIMIT_S), *map(str, arguments)],
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def open(self, daemon: Daemon, nick: str) -> ClientConnection:
        """A client of WebSocket that is in."""
        client = self.enterContext(connect(f"ws://localhost:{daemon.port}/ws", open_timeout=LIMIT_S))
        self.ask(client, do="nick", nick=nick)
        self.hear(client, "welcome")
        return client

    def ask(self, client: ClientConnection, **request: Any) -> None:
        client.send(json.dumps(request))

    def hear(self, client: ClientConnection, event: str) -> Any:
        """Wait for this event."""
        while True:
            heard = json.loads(client.recv(LIMIT_S))
            if heard["event"] == event:
                return heard


class AddressTest(WebTest):
    def test_curl(self) -> None:
        """curl reads what it asked for, plain and by https, on one port; a body that is refused is not sent."""
        daemon = self.start()
        for scheme in ("http", "https"):
            here = f"{scheme}://localhost:{daemon.port}"
            self.assertIn(f"    {here}/\n", self.curl(here))
            self.assertIn("HTTP/1.1 200 OK", self.curl("-I", f"{here}/health"))
            self.assertIn("<!doctype html>", self.curl("--compressed", "-H", "Accept: text/html", here))
            self.assertIn("HTTP/1.1 404 ", self.curl(f"{here}/nothing", f"{here}/nothing"))
            large = self.folder / "large"
            large.write_bytes(b"x" * 3_000_000)
            for expect in ("Expect: 100-continue", "Expect:"):
                refused = self.curl("-H", expect, "-T", large, f"{here}/health")
                self.assertIn("HTTP/1.1 405 ", refused)
                self.assertNotIn("100 Continue", refused)
            self.assertIn("HTTP/1.0 200 OK", self.curl("-0", here))
        self.assertIn("HTTP/1.1 403 ", self.curl("-H", "Origin: http://evil.example", f"{here}/ws"))
        self.assertIn("HTTP/1.1 421 ", self.curl("-H", "Host: evil.example", f"http://localhost:{daemon.port}/"))
        self.assertEqual(daemon.stop(), 0)

    def test_encryption(self) -> None:
        """Where TLS is required, curl is led to the same address by https."""
        (self.folder / "settings.toml").write_text("tls_required = true\n")
        daemon = self.start("--settings", "settings.toml")
        here = f"localhost:{daemon.port}/robots.txt?x=1"
        heard = self.curl("-L", f"http://{here}")
        self.assertIn(f"Location: https://{here}\n", heard)
        self.assertTrue(heard.endswith("Disallow: /\n"))

    def test_off(self) -> None:
        """Without this door a browser is told how to join."""
        (self.folder / "settings.toml").write_text("web = false\n")
        daemon = self.start("--settings", "settings.toml")
        self.assertIn("HTTP/1.1 501 ", self.curl(f"http://localhost:{daemon.port}/"))


class SocketTest(WebTest):
    def test_talk(self) -> None:
        """People with netcat and with WebSocket talk to each other; one who leaves is told so by a code."""
        daemon = self.start()
        alice, bob = self.open(daemon, "alice"), self.connect(daemon, "bob")
        self.ask(alice, do="say", text="hello bob", ref=1)
        self.assertEqual(self.hear(alice, "done")["ref"], 1)
        bob.expect("alice: hello bob")
        bob.send("hello 😊\n")
        self.assertEqual(self.hear(alice, "said")["text"], "hello 😊")
        self.ask(alice, do="whoami")
        self.assertEqual(self.hear(alice, "listed")["items"][0]["connections"][0]["door"], "web")
        alice.ping().wait(LIMIT_S)
        self.ask(alice, do="exit")
        with self.assertRaises(ConnectionClosed) as raised:
            self.hear(alice, "nothing")
        received = raised.exception.rcvd
        assert received is not None
        self.assertEqual((received.code, received.reason), (4000, "You have left."))

    def test_encrypted(self) -> None:
        """The same through TLS on the same port."""
        daemon = self.start()
        with connect(f"wss://localhost:{daemon.port}/ws", ssl=unverified(), open_timeout=LIMIT_S) as client:
            self.ask(client, do="nick", nick="alice")
            self.assertEqual(self.hear(client, "welcome")["nick"], "alice")

    def test_stop(self) -> None:
        """When the server stops, its clients are told to come again, and those that only asked for a page go."""
        daemon = self.start()
        alice = self.open(daemon, "alice")
        idle = socket.create_connection(("127.0.0.1", daemon.port), LIMIT_S)
        self.addCleanup(idle.close)
        idle.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.assertIn(b"200 OK", idle.recv(65536))
        self.assertEqual(daemon.stop(), 0)
        with self.assertRaises(ConnectionClosed) as raised:
            self.hear(alice, "nothing")
        assert raised.exception.rcvd is not None
        self.assertEqual(raised.exception.rcvd.code, 1001)

    def test_broken_rule(self) -> None:
        """A message of bytes ends the connection with the code for that."""
        alice = self.open(self.start(), "alice")
        alice.send(b"\0")
        with self.assertRaises(ConnectionClosed) as raised:
            self.hear(alice, "nothing")
        assert raised.exception.rcvd is not None
        self.assertEqual(raised.exception.rcvd.code, 1003)


class ProxyTest(WebTest):
    def test_haproxy(self) -> None:
        """Behind a proxy that speaks HTTP, people have their own addresses, over WebSocket too."""
        haproxy = program("haproxy")
        (self.folder / "settings.toml").write_text('proxies = ["127.0.0.1"]\n')
        daemon = self.start("--settings", "settings.toml")
        port = free_port()
        (self.folder / "haproxy.cfg").write_text(CONFIGURATION.format(proxy=port, chat=daemon.port))
        proxy = subprocess.Popen([haproxy, "-q", "-db", "-f", "haproxy.cfg"], cwd=self.folder)
        self.addCleanup(proxy.wait)
        self.addCleanup(proxy.kill)
        end = time.monotonic() + LIMIT_S
        while True:
            try:
                peer = socket.create_connection(("127.0.0.1", port), LIMIT_S, (CLIENT, 0))
                break
            except ConnectionRefusedError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)
        here = f"localhost:{port}"
        client = self.enterContext(
            connect(f"ws://{here}/ws", sock=peer, origin=Origin(f"http://{here}"), open_timeout=LIMIT_S)
        )
        self.ask(client, do="nick", nick="alice")
        self.hear(client, "welcome")
        daemon.logged(rf"alice joined from {CLIENT}$")
        self.assertIn("<!doctype html>", self.curl("-H", "Accept: text/html", f"http://localhost:{port}/"))
