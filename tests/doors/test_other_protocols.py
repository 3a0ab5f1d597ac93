"""Clients of protocols that have no door are told so in their own words, and let go."""

import json
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from groupchat.doors.closed import words_for
from groupchat.doors.lines.json_style import json_style
from groupchat.doors.openings import DOORS
from groupchat.doors.other_protocols import Stranger, words_of
from groupchat.doors.reception import CLOSING_S, SILENCE_S, Reception
from groupchat.doors.wire.conversation import DISCARDED_LIMIT
from groupchat.model.errors import TooManyConnections
from groupchat.model.preferences import Preferences
from tests.doors.connections import Port, TlsVisit, Visit
from tests.doors.fakes import SETTINGS, TURN_S

SILENCE = (SILENCE_S + 0.1, TURN_S)
"""A silence that runs out, and the turn in which that is seen to."""
WITHOUT_WEB = SETTINGS.replaced(web=False)
LONGEST = max(len(opening) for door in DOORS for opening in door.openings)
REQUEST = b"GET / HTTP/1.1\r\nHost: chat\r\n\r\n"
STRANGERS = {
    REQUEST: b"HTTP/1.1 501 ",
    b"POST /x HTTP/1.0\r\n\r\n": b"HTTP/1.1 501 ",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n": b"HTTP/1.1 501 ",
    b"SSH-2.0-OpenSSH_9.2\r\n": b"SSH-2.0-groupchat\r\n",
    b"NICK alice\r\nUSER alice 0 * :Alice\r\n": b"ERROR :",
    b"CAP LS 302\r\n": b"ERROR :",
    b"PASS secret\r\n": b"ERROR :",
}
"""The first bytes of clients without a door, and the beginning of their answer."""


class Removed(Reception):
    """The reception of a daemon whose program is no longer on the disk."""

    @property
    def site(self) -> Any:
        raise ModuleNotFoundError("No module named 'groupchat.doors.web.site'")


class WordsTest(SynchronousTestCase):
    def test_wait(self) -> None:
        """A program that is not let in is told after how many seconds it may try again."""
        refused, closing = words_of(TooManyConnections("Too many.", 9.5), json_style(Preferences())).splitlines()
        self.assertEqual(json.loads(refused)["wait"], 10)
        self.assertEqual(json.loads(closing)["code"], "too-many-connections")


class AnswerTest(SynchronousTestCase):
    def test_strangers(self) -> None:
        """HTTP, SSH and IRC are answered in their own words, once, and the connection ends without a session."""
        for visit_class in (Visit, TlsVisit):
            for hello, answer in STRANGERS.items():
                for size in (1, 3, 1000):
                    visit = visit_class(Port(WITHOUT_WEB), size)
                    visit.send(hello)
                    heard = visit.read()
                    self.assertTrue(heard.startswith(answer), heard)
                    self.assertEqual(heard.count(answer), 1)
                    self.assertEqual(visit.port.sessions, [])
                    self.assertIsInstance(visit.server, Stranger)
                    if visit_class is Visit:
                        self.assertTrue(visit.transport.disconnecting)

    def test_web_answer(self) -> None:
        """Where there is no door for browsers, one reads how to join; a HEAD request has no body, but its length."""
        visit = Visit(Port(WITHOUT_WEB))
        visit.send(REQUEST)
        head, _, body = visit.read().partition(b"\r\n\r\n")
        self.assertIn(f"Content-Length: {len(body)}\r\n".encode(), head + b"\r\n")
        self.assertIn(f"nc HOST {visit.transport.getHost().port}\n".encode(), body)
        visit = Visit(Port(WITHOUT_WEB))
        visit.send(REQUEST.replace(b"GET", b"HEAD"))
        self.assertEqual(visit.read(), head + b"\r\n\r\n")

    def test_program_removed(self) -> None:
        """Where what answers requests cannot be loaded any more, they are told so, and the log says why; once it can
        be loaded they are answered."""
        port = Port()
        whole = type(port.reception)
        port.reception.__class__ = Removed
        for method in (b"GET", b"HEAD"):
            visit = Visit(port)
            visit.send(REQUEST.replace(b"GET", method))
            head, _, body = visit.read().partition(b"\r\n\r\n")
            self.assertTrue(head.startswith(b"HTTP/1.1 503 "), head)
            self.assertEqual(body != b"", method == b"GET")
            self.assertIsInstance(visit.server, Stranger)
            self.assertTrue(visit.transport.disconnecting)
        words = words_for(REQUEST, TooManyConnections("Too many."), port.reception)
        self.assertTrue(words.startswith(b"HTTP/1.1 503 "), words)
        self.assertEqual(len(self.flushLoggedErrors(ModuleNotFoundError)), 3)
        port.reception.__class__ = whole
        visit = Visit(port)
        visit.send(REQUEST)
        self.assertTrue(visit.read().startswith(b"HTTP/1.1 200 "))

    def test_ssh_answer(self) -> None:
        """An SSH client is sent a well-formed packet that disconnects it, with a reason."""
        visit = Visit(Port(WITHOUT_WEB))
        visit.send(b"SSH-2.0-x\r\n")
        packet = visit.read().removeprefix(b"SSH-2.0-groupchat\r\n")
        length, padding = int.from_bytes(packet[:4]), packet[4]
        self.assertEqual((length, len(packet) % 8), (len(packet) - 4, 0))
        self.assertGreaterEqual(padding, 4)
        payload = packet[5:-padding]
        self.assertEqual((payload[0], int.from_bytes(payload[1:5])), (1, 7))
        end = 9 + int.from_bytes(payload[5:9])
        self.assertIn(b"chat", payload[9:end])
        self.assertEqual(payload[end:], bytes(4))


class LifeTest(SynchronousTestCase):
    def test_strangers_are_not_kept(self) -> None:
        """A stranger that does not go, or sends without end, is dropped."""
        lazy, busy = Visit(Port(WITHOUT_WEB)), Visit(Port(WITHOUT_WEB))
        for visit in (lazy, busy):
            visit.send(REQUEST)
        lazy.port.clock.pump([1] * round(CLOSING_S + 1))
        busy.send(b"x" * (DISCARDED_LIMIT - len(REQUEST)))
        self.assertFalse(busy.transport.disconnected)
        busy.send(b"x")
        self.assertEqual((lazy.transport.disconnected, busy.transport.disconnected), (True, True))

    def test_turned_away_before_the_deadline(self) -> None:
        """The deadline for a nickname does not apply to peers that were turned away."""
        visit = Visit(Port(WITHOUT_WEB.replaced(handshake_timeout_s=1)))
        visit.send(REQUEST)
        visit.port.clock.pump([1] * 3)
        self.assertFalse(visit.transport.disconnected)
