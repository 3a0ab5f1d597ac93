"""This daemon as it is compared with the others: durable and in memory, and with each kind of member."""

from pathlib import Path
from typing import ClassVar

from benchmarks.peer import FILLING, MOST, STAMP, Peer

SAID = (b'{"do":"say","text":"', FILLING + b'"}')
"""What a program says, before and after the stamp."""

HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


def unmasked(text: bytes, more: int = 0) -> bytes:
    """Return a frame of a client, whose mask of zeros changes nothing; ``more`` bytes of its text follow."""
    length = len(text) + more
    assert length < 126, "longer frames have another form"
    return bytes((0x81, 0x80 | length)) + bytes(4) + text


class Groupchat(Peer):
    """This daemon with its default settings: every line is on disk before anybody sees it."""

    name = "groupchat"
    program = "twistd"
    speech = (b"", FILLING + b"\n")
    ready = b"Connected to the server!"
    greets = True
    journal: ClassVar[str] = ""
    keeps = True

    def command(self, folder: Path, port: int, members: int, data: Path | None = None) -> list[str]:
        """Return the command; ``data`` is the data folder, by default one in the folder."""
        settings = folder / "settings.toml"
        settings.write_text(f"connections = {MOST}\n")
        return [
            self._located(), "-n", "--pidfile=", "groupchat", "--settings", str(settings),
            "--port", f"tcp:{port}:interface=127.0.0.1:backlog=4096", "--exempt", "127.0.0.0/8",
            "--data", str(data or folder / "data"), *(["--journal", self.journal] if self.journal else []),
        ]  # fmt: skip

    def hello(self, index: int) -> bytes:
        """Return a nickname."""
        return b"member%d\n" % index


class VolatileGroupchat(Groupchat):
    """This daemon storing nothing on disk, as most of the others."""

    name = "groupchat memory:"
    keeps = False
    journal = "memory:"


class ProgramGroupchat(Groupchat):
    """This daemon, durable, with members that speak JSON Lines."""

    name = "groupchat JSON"
    speech = (SAID[0], SAID[1] + b"\n")
    ready = b'"event":"welcome"'

    def hello(self, index: int) -> bytes:
        """Ask for a nickname, without a replay."""
        return b'{"do":"nick","nick":"member%d","since":"head"}\n' % index


class BrowserGroupchat(Groupchat):
    """This daemon, durable, with members that speak WebSocket, as the page does."""

    name = "groupchat WebSocket"
    speech = (unmasked(SAID[0], STAMP + len(SAID[1])), SAID[1])
    ready = b'"event":"welcome"'

    def steps(self, index: int) -> list[tuple[bytes, bytes]]:
        """Return the handshake, and the request for a nickname, without a replay."""
        nick = b'{"do":"nick","nick":"member%d","since":"head"}' % index
        return [(HANDSHAKE, b"\r\n\r\n"), (unmasked(nick), self.ready)]


class ReplayedGroupchat(Groupchat):
    """Members who have joined when they have read the replay."""

    ready = b"-- end of the earlier messages"


class AskingGroupchat(ProgramGroupchat):
    """Programs that wait for the answer to what they say: the stamp is the ``ref``, which returns only to them."""

    speech = (b'{"do":"say","ref":"', b'","text":"' + FILLING + b'"}\n')
