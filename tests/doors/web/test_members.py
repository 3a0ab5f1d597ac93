"""People with browsers in the hall, beside all others."""

import json
from typing import Any, cast

from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from wsproto.frame_protocol import Opcode

from tests.doors.test_chat import ServerTests
from tests.doors.web.clients import UPGRADE, frames, masked


class Recorder(StringTransport):
    """A transport that keeps each piece as it was written."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.pieces.append(data)
        super().write(data)

    def setTcpNoDelay(self, enabled: bool) -> None:
        """Do nothing: there is no socket."""


class Browser:
    """A browser with the page."""

    def __init__(self, server: ServerTests) -> None:
        self.clock = server.clock
        self.transport = cast(Any, Recorder())
        self.transport.protocol = server.factory.buildProtocol(IPv4Address("TCP", "192.0.2.1", 4321))
        self.transport.protocol.makeConnection(self.transport)
        self.transport.protocol.dataReceived((UPGRADE + "\r\n").encode())
        assert self.transport.value().startswith(b"HTTP/1.1 101 ")
        self.transport.clear()
        self.code = 0
        """The code of the close frame that came; 0: none has."""

    def ask(self, **fields: Any) -> list[dict[str, Any]]:
        """Send a request, and return the events that came."""
        self.transport.protocol.dataReceived(masked(json.dumps(fields).encode()))
        self.clock.advance(0)
        return self.heard()

    def heard(self) -> list[dict[str, Any]]:
        """Return the events that came since last time."""
        found = frames(self.transport.value())
        self.transport.clear()
        for opcode, payload in found:
            if opcode == Opcode.CLOSE:
                self.code = int.from_bytes(payload[:2])
        return [json.loads(payload) for opcode, payload in found if opcode == Opcode.TEXT]

    def drop(self) -> None:
        """Lose the connection."""
        self.transport.protocol.connectionLost(Failure(ConnectionDone()))


class MemberTest(ServerTests):
    def browser(self, nick: str, **claim: Any) -> tuple[Browser, dict[str, Any]]:
        """A browser that is in, and its welcome."""
        browser = Browser(self)
        welcome, *_ = browser.ask(do="nick", nick=nick, **claim)
        self.assertEqual(welcome["event"], "welcome")
        return browser, welcome

    def test_talk(self) -> None:
        """Browsers, people at terminals and programs read each other, in the same order."""
        alice, _ = self.browser("alice")
        (bob,) = self.people("bob")
        carol, _ = self.program("carol")
        alice.heard()
        carol.heard()
        alice.ask(do="say", text="one")
        self.assertIn("alice: one\n", bob.send("two"))
        heard = carol.ask(do="say", text="three")
        self.assertEqual([event["text"] for event in heard if event["event"] == "said"], ["one", "two"])
        self.assertEqual([event["text"] for event in alice.heard()], ["two", "three"])
        (whoami,) = alice.ask(do="whoami")
        self.assertEqual(whoami["items"][0]["connections"][0]["door"], "web")

    def test_bytes_are_made_once(self) -> None:
        """A line is put into a frame once, and all browsers are handed the very same bytes."""
        crowd = [self.browser(f"alice{number}")[0] for number in range(5)]
        (bob,) = self.people("bob")
        self.clock.advance(1)
        for browser in crowd:
            browser.heard()
            browser.transport.pieces.clear()
        bob.send("one", "two")
        first, *others = (browser.transport.pieces for browser in crowd)
        self.assertEqual([json.loads(payload)["text"] for _, payload in frames(b"".join(first))], ["one", "two"])
        for pieces in others:
            self.assertEqual([id(piece) for piece in pieces], [id(piece) for piece in first])

    def test_coming_back(self) -> None:
        """A browser that lost its connection comes back as who it was, and misses nothing."""
        (bob,) = self.people("bob")
        alice, welcome = self.browser("alice", since="head")
        bob.send("one")
        last = alice.heard()[-1]["id"]
        alice.drop()
        bob.send("two", "three")
        again = Browser(self)
        back, *missed = again.ask(do="nick", nick="alice", token=welcome["token"], since=last)
        self.assertEqual(back["nick"], "alice")
        bob.send("four")
        missed += again.heard()
        self.assertEqual([event["text"] for event in missed if event["event"] == "said"], ["two", "three", "four"])

    def test_slow_reader(self) -> None:
        """A browser that reads slowly is caught up later, with whole frames and nothing missing."""
        (bob,) = self.people("bob")
        alice, _ = self.browser("alice")
        alice.heard()
        alice.transport.protocol.pauseProducing()
        bob.send(*(f"line {number}" for number in range(50)))
        self.assertEqual(alice.heard(), [])
        alice.transport.protocol.resumeProducing()
        self.clock.pump([0.01] * 20)
        self.assertEqual([event["text"] for event in alice.heard()], [f"line {number}" for number in range(50)])

    def test_replaced(self) -> None:
        """A second tab with the same token takes the place of the first, which is told not to come again."""
        first, welcome = self.browser("alice")
        self.browser("alice", token=welcome["token"])
        self.assertEqual(first.heard()[-1]["code"], "replaced")
        self.assertEqual(first.code, 4001)

    def test_too_much(self) -> None:
        """A browser that sends far too fast is slowed down, then cut off with the code for that."""
        alice, _ = self.browser("alice")
        for _ in range(3):
            alice.transport.protocol.dataReceived(masked(b'{"do":"ping"}') * 1000)
            self.clock.pump([0.1] * 400)
        codes = [event["code"] for event in alice.heard() if event["event"] == "closing"]
        self.assertEqual((codes, alice.code), (["flooding"], 1008))
