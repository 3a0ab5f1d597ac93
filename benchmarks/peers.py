"""The servers that are compared: how each is started with its limits lifted, and how one joins and speaks there."""

import shutil
import sys
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

from benchmarks.load import SOURCES, compiled

STAMP = 11
"""Characters of the mark and its digits."""
TEXT = 80
"""Characters of a message."""
FILLING = (b" the quick brown fox jumps over the lazy dog and then does it all over again" * 2)[: TEXT - STAMP]
MOST = 12_000
"""For so many connections every server is set up."""


class Peer(ABC):
    """One kind of server.

    ``speech``: what stands before and after the stamp when a member says something.
    ``ready``: what a member is sent when it has joined.
    ``greets``: the server speaks before the client.
    ``apart``: who speaks cannot listen on the same connection.
    ``most``: more members than so many take it minutes to let in.
    """

    name: ClassVar[str]
    program: ClassVar[str] = ""
    speech: ClassVar[tuple[bytes, bytes]]
    ready: ClassVar[bytes]
    greets: ClassVar[bool] = False
    apart: ClassVar[bool] = False
    most: ClassVar[int] = MOST

    def missing(self) -> str:
        """What is not installed; empty when all is there."""
        return "" if shutil.which(self.program, path=f"{_path()}:/usr/sbin:/sbin") else self.program

    @abstractmethod
    def command(self, folder: Path, port: int, members: int) -> list[str]:
        """What starts it, after its settings were written into the folder."""

    @abstractmethod
    def hello(self, index: int) -> bytes:
        """What the member with this number sends to join."""

    def steps(self, index: int) -> list[tuple[bytes, bytes]]:
        """How it joins, in order: what it sends, and the sign that it may go on."""
        return [(self.hello(index), self.ready)]

    def _located(self) -> str:
        return shutil.which(self.program, path=f"{_path()}:/usr/sbin:/sbin") or self.program


def _path() -> str:
    return f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"


class Groupchat(Peer):
    """This daemon, with its default settings: every line is on disk before anybody sees it."""

    name = "groupchat"
    program = "twistd"
    speech = (b"", FILLING + b"\n")
    ready = b"Connected to the server!"
    greets = True
    journal: ClassVar[str] = ""

    def command(self, folder: Path, port: int, members: int, data: Path | None = None) -> list[str]:
        """What starts it; ``data`` is the data folder, by default one within the folder."""
        settings = folder / "settings.toml"
        settings.write_text(f"connections = {MOST}\n")
        return [
            self._located(), "-n", "--pidfile=", "groupchat", "--settings", str(settings),
            "--port", f"tcp:{port}:interface=127.0.0.1:backlog=4096", "--exempt", "127.0.0.0/8",
            "--data", str(data or folder / "data"), *(["--journal", self.journal] if self.journal else []),
        ]  # fmt: skip

    def hello(self, index: int) -> bytes:
        """A nickname."""
        return b"member%d\n" % index


class VolatileGroupchat(Groupchat):
    """This daemon with nothing kept on disk, as most of the others."""

    name = "groupchat memory:"
    journal = "memory:"


class ProgramGroupchat(Groupchat):
    """This daemon, durable, with members that speak JSON Lines."""

    name = "groupchat JSON"
    speech = (b'{"do":"say","text":"', FILLING + b'"}\n')
    ready = b'"event":"welcome"'

    def hello(self, index: int) -> bytes:
        """A nickname, and no replay."""
        return b'{"do":"nick","nick":"member%d","since":"head"}\n' % index


class ReplayedGroupchat(Groupchat):
    """Members who are in when they have read what was said before."""

    ready = b"-- end of the earlier messages"


class AskingGroupchat(ProgramGroupchat):
    """Programs that wait for the answer to what they say: the stamp is the ``ref``, which comes back to them only."""

    speech = (b'{"do":"say","ref":"', b'","text":"' + FILLING + b'"}\n')


class Textbook(Peer):
    """The chat of every Twisted tutorial."""

    name = "textbook Twisted"
    speech = (b"", FILLING + b"\n")
    ready = b"welcome"
    greets = True

    def missing(self) -> str:
        """Nothing: it is here."""
        return ""

    def command(self, folder: Path, port: int, members: int) -> list[str]:
        """What starts it."""
        return [sys.executable, str(SOURCES / "textbook.py"), str(port)]

    def hello(self, index: int) -> bytes:
        """Nothing: one is in."""
        return b""


class Floor(Peer):
    """The bare loop of floor.c."""

    name = "floor"
    speech = (b"", FILLING + b"\n")
    ready = b"welcome"
    greets = True
    apart = True

    def missing(self) -> str:
        """A compiler may be."""
        return "" if compiled("floor.c") else "cc"

    def command(self, folder: Path, port: int, members: int) -> list[str]:
        """What starts it; it tells members from senders by who comes first."""
        return [str(compiled("floor.c")), str(port), str(members)]

    def hello(self, index: int) -> bytes:
        """Nothing: one is in."""
        return b""


class Redis(Peer):
    """Redis pub/sub, keeping nothing."""

    name = "Redis pub/sub"
    program = "redis-server"
    speech = (b"*3\r\n$7\r\nPUBLISH\r\n$4\r\nroom\r\n$%d\r\n" % TEXT, FILLING + b"\r\n")
    ready = b"subscribe\r\n"
    apart = True

    def command(self, folder: Path, port: int, members: int) -> list[str]:
        """What starts it."""
        return [
            self._located(), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
            "--maxclients", str(MOST), "--tcp-backlog", "4096", "--client-output-buffer-limit", "pubsub 0 0 0",
        ]  # fmt: skip

    def hello(self, index: int) -> bytes:
        """A subscription."""
        return b"SUBSCRIBE room\r\n"


class Nats(Peer):
    """NATS, core only, keeping nothing."""

    name = "NATS"
    program = "nats-server"
    speech = (b"PUB room %d\r\n" % TEXT, FILLING + b"\r\n")
    ready = b"PONG\r\n"
    greets = True

    def command(self, folder: Path, port: int, members: int) -> list[str]:
        """What starts it."""
        settings = folder / "nats.conf"
        settings.write_text(
            f'host: "127.0.0.1"\nport: {port}\nmax_connections: {MOST}\nping_interval: "1h"\nwrite_deadline: "60s"\n'
        )
        return [self._located(), "-c", str(settings)]

    def hello(self, index: int) -> bytes:
        """A subscription that does not hear itself."""
        return b'CONNECT {"verbose":false,"echo":false}\r\nSUB room 1\r\nPING\r\n'


class Irc(Peer):
    """An IRC server: its channel is the room."""

    speech = (b"PRIVMSG #room :", FILLING + b"\r\n")
    ready = b" 366 "

    def hello(self, index: int) -> bytes:
        """A nickname."""
        return b"NICK m%d\r\nUSER m 0 * :m\r\n" % index

    def steps(self, index: int) -> list[tuple[bytes, bytes]]:
        """The channel only after the registration, whose last line is 422 when there is no message of the day."""
        return [(self.hello(index), b" 422 "), (b"JOIN #room\r\n", self.ready)]


class Ngircd(Irc):
    """ngIRCd, without penalties."""

    name = "ngIRCd"
    program = "ngircd"
    most = 1000  # it lets ever fewer in a second

    def command(self, folder: Path, port: int, members: int) -> list[str]:
        """What starts it."""
        settings = folder / "ngircd.conf"
        settings.write_text(
            f"[Global]\nName = irc.example.net\nInfo = x\nListen = 127.0.0.1\nPorts = {port}\nMotdFile = /nonexistent\n"
            "ServerUID = root\nServerGID = root\n"
            "[Limits]\nMaxConnections = 0\nMaxConnectionsIP = 0\nMaxJoins = 0\nMaxPenaltyTime = 0\n"
            "PingTimeout = 7200\nPongTimeout = 7200\n"
            "[Options]\nDNS = no\nIdent = no\nPAM = no\nChrootDir =\n[Channel]\nName = #room\nModes = tn\n"
        )
        return [self._located(), "-n", "-f", str(settings)]


class Inspircd(Irc):
    """InspIRCd, without flood limits."""

    name = "InspIRCd"
    program = "inspircd"

    def command(self, folder: Path, port: int, members: int) -> list[str]:
        """What starts it."""
        settings = folder / "inspircd.conf"
        settings.write_text(
            '<server name="irc.example.net" description="x" network="x">\n'
            '<admin name="x" nick="x" email="x@example.net">\n'
            f'<bind address="127.0.0.1" port="{port}" type="clients">\n'
            '<connect allow="*" maxchans="20" timeout="600" pingfreq="7200" hardsendq="512M" softsendq="512M"'
            ' recvq="1M" threshold="1000000" commandrate="1000000000" fakelag="no"'
            f' localmax="{MOST}" globalmax="{MOST}" maxconnwarn="no" resolvehostnames="no" useident="no">\n'
            f'<performance softlimit="{MOST}" somaxconn="4096" netbuffersize="65534">\n'
            '<pid file="inspircd.pid">\n<log method="file" type="* -USERINPUT -USEROUTPUT" level="default"'
            ' target="inspircd.log">\n<options prefixpart="&quot;">\n'
        )
        return [self._located(), "--nofork", "--runasroot", "--config", str(settings)]


PEERS: tuple[Peer, ...] = (
    *(Floor(), Groupchat(), VolatileGroupchat(), ProgramGroupchat(), Textbook()),
    *(Redis(), Nats(), Ngircd(), Inspircd()),
)
