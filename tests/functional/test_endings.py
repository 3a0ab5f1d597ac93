"""Endings against a real daemon: what /logout, /password and bans end stays ended, whatever is killed."""

import json
import socket
import ssl
from typing import Any

from groupchat.disk.socket_paths import socket_address
from tests.functional.harness import LIMIT_S, Daemon, FunctionalTest, Line
from tests.functional.pane import PaneTest

PASSWORD = "correct horse"
ELSEWHERE = "127.0.0.9"


class Program(Line):
    """A program that speaks JSON Lines."""

    def __init__(self, port: int, source: str = "127.0.0.1") -> None:
        super().__init__(port, source)
        self._requests = 0

    def ask(self, do: str, **fields: object) -> dict[str, Any]:
        """Send a request, and return its answer."""
        self._requests += 1
        self.send(json.dumps({"do": do, **fields, "ref": self._requests}) + "\n")
        answer: dict[str, Any] = json.loads(self.expect(rf'^({{"event":"[a-z]+","ref":{self._requests},.*}})\r\n')[1])
        return answer


class EndingsTest(FunctionalTest):
    def program(self, daemon: Daemon, source: str = "127.0.0.1") -> Program:
        """Connect a program."""
        line = Program(daemon.port, source)
        self.addCleanup(line.close)
        return line

    def registered(self, daemon: Daemon, nick: str = "alice") -> tuple[Program, str]:
        """Return a program with an account, and its token."""
        line = self.program(daemon)
        welcome = line.ask("nick", nick=nick, password=PASSWORD, register=True)
        return line, welcome["token"]

    def test_killed_after_logout(self) -> None:
        """The token of a connection that was told that it is logged out is refused after kill -9; others are not."""
        daemon = self.start()
        first, token = self.registered(daemon)
        other = self.program(daemon).ask("nick", nick="alice", password=PASSWORD)["token"]
        self.assertEqual(first.ask("logout")["event"], "done")
        daemon.kill()
        daemon = self.start()
        for given, event in ((token, "refused"), (other, "welcome")):
            answer = self.program(daemon).ask("nick", nick="alice", token=given)
            self.assertEqual((answer["event"], answer.get("code", "token-invalid")), (event, "token-invalid"))

    def test_killed_after_ending_another(self) -> None:
        """The same holds for /logout NUMBER and /logout others."""
        daemon = self.start()
        first, kept = self.registered(daemon)
        tokens = [self.program(daemon).ask("nick", nick="alice", password=PASSWORD)["token"] for _ in range(3)]
        connections = first.ask("whoami")["items"][0]["connections"]
        self.assertEqual([one["number"] for one in connections], [1, 2, 3, 4])
        self.assertEqual(first.ask("logout", connection=2)["text"], "Connection 2 is logged out.")
        self.assertEqual(first.ask("logout", connection="others")["event"], "done")
        daemon.kill()
        daemon = self.start()
        events = [self.program(daemon).ask("nick", nick="alice", token=one)["event"] for one in (*tokens, kept)]
        self.assertEqual(events, ["refused"] * 3 + ["welcome"])

    def test_netcat(self) -> None:
        """With netcat: see one's connections, and end another one, which is told why and closed."""
        daemon = self.start()
        program, _ = self.registered(daemon)
        line = self.connect(daemon)
        line.send(f"/login alice {PASSWORD}\n/whoami\n")
        line.expect(r"^-- You are alice, with an account since .*\r\n-- You are in lobby\.\r\n")
        line.expect(r"^-- Connection 1: json, since .*, not encrypted, from 127\.0\.0\.1\r\n")
        line.expect(r"^-- Connection 2, this one: text, ")
        line.send("/logout 1\n")
        line.expect(r"^-- Connection 1 is logged out\.\r\n")
        self.assertEqual(
            [json.loads(one) for one in program.rest().splitlines() if '"closing"' in one or '"refused"' in one],
            [
                {"event": name, "code": "logged-out", "text": "You were logged out on another connection."}
                for name in ("refused", "closing")
            ],
        )

    def test_banned_in_a_handshake(self) -> None:
        """Whoever is in the middle of a TLS handshake when the address is banned does not come in."""
        daemon = self.start()
        olga = self.program(daemon, ELSEWHERE)
        olga.ask("nick", nick="olga", password=PASSWORD, register=True)
        self.promote("olga")
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(incoming, outgoing)
        with socket.create_connection(("127.0.0.1", daemon.port), LIMIT_S) as line:
            with self.assertRaises(ssl.SSLWantReadError):
                tls.do_handshake()
            line.sendall(outgoing.read())
            incoming.write(line.recv(65536))
            self.assertEqual(olga.ask("ban", whom="127.0.0.1", yes=True)["event"], "done")
            while True:
                try:
                    tls.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    line.sendall(outgoing.read())
                    incoming.write(line.recv(65536))
            tls.write(b'{"do":"nick","nick":"bob"}\n')
            line.sendall(outgoing.read())
            heard = b""
            ended = False
            while b"\n" not in heard and not ended:
                try:
                    heard += tls.read(65536)
                except ssl.SSLWantReadError:
                    ended = not incoming.write(line.recv(65536))
        self.assertIn(b'{"event":"refused","code":"banned","text":"Your address is banned', heard)
        self.assertNotIn(b"welcome", heard)

    def promote(self, nick: str) -> None:
        """Make somebody an operator, on the server's own machine."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as control:
            control.settimeout(LIMIT_S)
            with socket_address(self.folder / "data" / "control") as address:
                control.connect(address)
            control.sendall(json.dumps({"do": "promote", "name": nick, "ref": 1}).encode() + b"\n")
            self.assertIn(b'"done"', control.recv(65536))


class TerminalTest(PaneTest):
    def test_put_out_by_a_new_password(self) -> None:
        """A terminal of an account whose password is changed elsewhere says so, ends, and does not come back."""
        daemon = self.start()
        line = self.connect(daemon, "alice")
        line.send("/register correct-horse\n")
        line.expect("alice is yours from now on")
        pane = self.open("join", f"127.0.0.1:{daemon.port}", "--nick", "alice", width=140)
        pane.expect("^Password:")
        pane.type("correct-horse")
        pane.keys("Enter")
        pane.expect("│ connected$")
        before = daemon.log.count("Connection opened")
        line.send("/password correct-horse battery-staple\n")
        line.expect("^-- Your password is changed; your other connections are logged out")
        told = "The password of alice was changed; log in with the new one."
        pane.expect(rf"^groupchat: .* closed the connection: logged-out: {told}$")
        self.assertEqual(pane.status(), 1)
        self.assertEqual(daemon.log.count("Connection opened"), before)
