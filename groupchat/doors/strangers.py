"""Programs that came to the wrong port, known by the first thing they send.

None of these can be a nickname, so nobody is mistaken for one.
"""

import re
from typing import ClassVar

from groupchat.errors import Refusal

TLS = b"\x16\x03"
"""How every TLS client begins: a handshake record of version 3.x (RFC 8446, section 5.1)."""


class WrongProtocol(Refusal):
    """The peer speaks a protocol that is not spoken here."""

    code: ClassVar[str] = "wrong-protocol"


_SPEECHES = (
    (
        re.compile(rb"[A-Z]{3,10} \S+ HTTP/\d"),
        "This is a chat, not a web server; come with netcat or telnet.",
    ),
    (
        re.compile(rb"SSH-\d"),
        "This is a chat, not an SSH server; come with netcat or telnet.",
    ),
    (
        re.compile(rb"(?:CAP (?:LS|REQ|LIST|END)|(?:NICK|PASS|USER) :?[^ ])"),
        "This is a chat, but not IRC; come with netcat or telnet.",
    ),
)


def recognised(line: bytes) -> WrongProtocol | None:
    """What to tell the peer whose first line this is, if it is none of ours."""
    for pattern, sentence in _SPEECHES:
        if pattern.match(line):
            return WrongProtocol(sentence)
    return None
