"""Sockets that were handed over: each is served as what it is."""

import json
import socket
import subprocess
import sys

from tests.functional.harness import TREE, FunctionalTest

ASK = """
import json, os, sys
from types import SimpleNamespace
os.environ["LISTEN_PID"] = str(os.getpid())
from twisted.internet import reactor
from groupchat.doors.wire import inherited, ports
from groupchat.model.errors import CannotStart
found = []
for place in json.loads(sys.argv[1]):
    try:
        found.append([type(endpoint).__name__ for endpoint in ports.endpoints(reactor, place)])
    except CannotStart as error:
        found.append(str(error))
print(json.dumps([found, inherited.unused(reactor, json.loads(sys.argv[1]))]))
"""

TCP, LOCAL = "AdoptedStreamServerEndpoint", "InheritedLocalEndpoint"


class InheritedTest(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.sockets: list[socket.socket] = []

    def open(self, family: int, address: object, kind: int = socket.SOCK_STREAM, listen: bool = True) -> None:
        one = socket.socket(family, kind)
        self.addCleanup(one.close)
        one.bind(address)  # type: ignore[arg-type]  # as the family has it
        if listen:
            one.listen()
        self.sockets.append(one)

    def ask(self, names: str, *places: str) -> "tuple[list[list[str] | str], list[str]]":
        """Return what a process that is handed the sockets finds at these places, and the names it does not use."""
        count = len(self.sockets)
        moves = "".join(f"os.dup2({one.fileno()}, {200 + number});" for number, one in enumerate(self.sockets))
        back = "".join(f"os.dup2({200 + number}, {3 + number});" for number in range(count))
        code = f"import os; {moves}{back}\n{ASK}"
        done = subprocess.run(
            [sys.executable, "-c", code, json.dumps(places)], cwd=TREE, capture_output=True, text=True, timeout=60,
            env={**self.environment, "LISTEN_FDS": str(count), "LISTEN_FDNAMES": names},
            pass_fds=[one.fileno() for one in self.sockets],
        )  # fmt: skip
        self.assertEqual(done.stderr, "")
        found, unused = json.loads(done.stdout)
        return found, unused

    def test_several(self) -> None:
        """All sockets of a name are found, of any family, whatever the domain says; and those that nobody uses."""
        self.open(socket.AF_INET, ("127.0.0.1", 0))
        self.open(socket.AF_INET6, ("::1", 0))
        self.open(socket.AF_INET, ("127.0.0.1", 0))
        self.open(socket.AF_UNIX, f"{self.folder}/chat.sock")
        found, unused = self.ask(
            "chat:chat:other:chat", "systemd:name=chat", "systemd:domain=INET6:name=chat", "systemd:domain=INET:index=3"
        )
        self.assertEqual(found, [[TCP, TCP, LOCAL], [TCP, TCP, LOCAL], [LOCAL]])
        self.assertEqual(unused, [])  # an index may be any of them
        self.assertEqual(self.ask("chat:chat:other:chat", "systemd:name=chat")[1], ["other"])

    def test_mistakes(self) -> None:
        """A name that is none, and a socket that accepts nothing, are told in a sentence."""
        self.open(socket.AF_INET, ("127.0.0.1", 0))
        self.open(socket.AF_INET, ("127.0.0.1", 0), socket.SOCK_DGRAM, listen=False)
        self.open(socket.AF_INET, ("127.0.0.1", 0), listen=False)
        found, _ = self.ask(
            "chat:datagrams:deaf", "systemd:name=caht", "systemd:name=datagrams", "systemd:name=deaf",
            "systemd:index=7", "systemd:domain=INET", "systemd:name=chat:colour=red",
        )  # fmt: skip
        self.assertIn("no such socket was handed over; those that were: chat, datagrams, deaf", found[0])
        self.assertIn("needs ListenStream= and Accept=no", found[1])
        self.assertIn("needs ListenStream= and Accept=no", found[2])
        self.assertIn("no such socket was handed over", found[3])
        self.assertIn("it needs a name, or an index", found[4])
        self.assertIn("it has no 'colour'", found[5])
