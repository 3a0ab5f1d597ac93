"""This daemon as it is compared with the others: durable and in memory, and with each kind of member."""

from pathlib import Path
from typing import ClassVar

from benchmarks.peer import FILLING, MOST, Peer


class Groupchat(Peer):
    """This daemon with its default settings: every line is on disk before anybody sees it."""

    name = "groupchat"
    program = "twistd"
    speech = (b"", FILLING + b"\n")
    ready = b"Connected to the server!"
    greets = True
    journal: ClassVar[str] = ""

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
    journal = "memory:"


class ProgramGroupchat(Groupchat):
    """This daemon, durable, with members that speak JSON Lines."""

    name = "groupchat JSON"
    speech = (b'{"do":"say","text":"', FILLING + b'"}\n')
    ready = b'"event":"welcome"'

    def hello(self, index: int) -> bytes:
        """Ask for a nickname, without a replay."""
        return b'{"do":"nick","nick":"member%d","since":"head"}\n' % index


class ReplayedGroupchat(Groupchat):
    """Members who have joined when they have read the replay."""

    ready = b"-- end of the earlier messages"


class AskingGroupchat(ProgramGroupchat):
    """Programs that wait for the answer to what they say: the stamp is the ``ref``, which returns only to them."""

    speech = (b'{"do":"say","ref":"', b'","text":"' + FILLING + b'"}\n')
