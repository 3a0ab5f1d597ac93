"""Ports that no browser opens."""

import re
from typing import Any, cast

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.testing import EventLoggingObserver
from twisted.logger import LogLevel, formatEvent, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from groupchat.daemon.options import PORT
from groupchat.doors.blocked_ports import BLOCKED_PORTS, advise
from tests.functional.harness import TREE


class Bound:
    """A port that is bound to an address."""

    def __init__(self, address: object) -> None:
        self._address = address

    def getHost(self) -> object:
        return self._address


class BlockedPortsTest(SynchronousTestCase):
    def advice(self, *addresses: object) -> list[str]:
        """What is logged of ports with these addresses, all of it as a warning."""
        observer = EventLoggingObserver()
        globalLogPublisher.addObserver(observer)
        try:
            advise([cast(Any, Bound(address)) for address in addresses])
        finally:
            globalLogPublisher.removeObserver(observer)
        self.assertLessEqual({event["log_level"] for event in observer}, {LogLevel.warn})
        return [formatEvent(event) for event in observer]

    def test_advice(self) -> None:
        """Each port that no browser opens is named once, however many families of addresses it serves."""
        told = self.advice(
            IPv6Address("TCP", "::", 6667), IPv4Address("TCP", "0.0.0.0", 6667), IPv4Address("TCP", "0.0.0.0", 5000),
            IPv4Address("TCP", "127.0.0.1", 10080),
        )  # fmt: skip
        self.assertEqual(
            told,
            [
                f"Browsers refuse to open port {port}; people with a browser cannot come in there: "
                "choose another port, such as 5000."
                for port in (6667, 10080)
            ],
        )

    def test_none(self) -> None:
        """Nothing is said of ports that browsers open, and of UNIX sockets."""
        good = [IPv4Address("TCP", "0.0.0.0", port) for port in (80, 443, 5000, 6001, 6670, 8080, 10081)]
        self.assertEqual(self.advice(*good, UNIXAddress(b"/run/chat.sock")), [])

    def test_ours(self) -> None:
        """Neither the port by default nor one that the manuals and the packages name as an example is blocked."""
        self.assertNotIn(int(PORT), BLOCKED_PORTS)
        files = [TREE / "README.md", *(TREE / "docs").glob("*.md"), *(TREE / "packaging").glob("*")]
        named = {
            int(port)
            for path in files
            if path.is_file()
            for port in re.findall(
                r"(?:ListenStream=|--port |\btcp:|https?://[\w.-]+:)(?:[\d.]+:)?(\d+)\b", path.read_text()
            )
        }
        self.assertLessEqual({5000, 5001, 9100}, named)
        self.assertEqual(named & BLOCKED_PORTS, set())
