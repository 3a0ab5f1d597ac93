"""Behind a real HAProxy, people have their own addresses; UNIX sockets serve real clients."""

import socket
import subprocess
import time

from groupchat.disk.socket_paths import socket_address
from tests.functional.harness import LIMIT_S, FunctionalTest, Line, free_port, program

CONFIGURATION = """
defaults
    mode tcp
    timeout connect 5s
    timeout client 1h
    timeout server 1h
listen first
    bind 127.0.0.1:{first}
    server chat 127.0.0.1:{chat} send-proxy
listen second
    bind 127.0.0.1:{second}
    server chat 127.0.0.1:{chat} send-proxy-v2
"""

CLIENT = "127.0.0.42"
"""Where the clients come from; all of 127.0.0.0/8 is this machine."""


class ProxyTest(FunctionalTest):
    def test_haproxy(self) -> None:
        """Both versions tell the address, also of a client that speaks TLS through the proxy."""
        haproxy = program("haproxy")
        (self.folder / "settings.toml").write_text('proxies = ["127.0.0.1"]\n')
        daemon = self.start("--settings", "settings.toml")
        first, second = free_port(), free_port()
        (self.folder / "haproxy.cfg").write_text(CONFIGURATION.format(first=first, second=second, chat=daemon.port))
        proxy = subprocess.Popen([haproxy, "-q", "-db", "-f", "haproxy.cfg"], cwd=self.folder)
        self.addCleanup(proxy.wait)
        self.addCleanup(proxy.kill)
        for nick, port in (("one", first), ("two", second)):
            line = self.arrive(port)
            self.addCleanup(line.close)
            line.send(f"{nick}\n")
            line.expect("Connected to the server!")
            daemon.logged(rf"{nick} joined from {CLIENT}$")
        openssl = self.spawn(
            "openssl", "s_client", "-quiet", "-bind", CLIENT, "-connect", f"127.0.0.1:{second}", terminal=False
        )
        openssl.send("three\n")
        openssl.expect("Connected to the server!")
        daemon.logged(rf"three joined from {CLIENT}$")

    def arrive(self, port: int) -> Line:
        """Connect to the proxy as soon as it listens."""
        end = time.monotonic() + LIMIT_S
        while True:
            try:
                return Line(port, CLIENT)
            except ConnectionRefusedError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)


class UnixTest(FunctionalTest):
    def test_killed(self) -> None:
        """A daemon at a UNIX socket serves, and so does the next one after kill -9; a second one leaves it alone."""
        path = self.folder / "chat.sock"
        for nick in ("alice", "bob"):
            daemon = self.launch("--port", f"unix:{path}:mode=600")
            daemon.logged("Started with the messages in")
            with socket.socket(socket.AF_UNIX) as peer:
                peer.settimeout(LIMIT_S)
                with socket_address(path) as address:
                    peer.connect(address)
                peer.sendall(f"{nick}\n/exit\n".encode())
                heard = b""
                while data := peer.recv(65536):
                    heard += data
            self.assertIn(f"Goodbye, {nick}.".encode(), heard)
            daemon.logged(f"{nick} joined from a UNIX socket")
            if nick == "bob":
                second = self.launch("--port", f"unix:{path}", "--data", "other")
                self.assertEqual(second.wait(), 1)
                self.assertIn(f"Another process listens at {path}.", second.errors)
                self.assertTrue(path.is_socket())
                break
            daemon.kill()
            self.assertTrue(path.is_socket())
