"""Peers: the interface for a server that the benchmark can start without limits, join and speak to."""

import shutil
import sys
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

STAMP = 11
"""Characters of the mark and its digits."""
TEXT = 80
"""Characters of a message."""
FILLING = (b" the quick brown fox jumps over the lazy dog and then does it all over again" * 2)[: TEXT - STAMP]
MOST = 24_000
"""The number of connections for which every server is configured."""


class Peer(ABC):
    """A kind of server.

    ``speech``: what a message contains before and after the stamp, and between two of them if it has two.
    ``keeps``: it has each message on disk before anybody receives it, so that no power cut loses what was seen.
    ``introduction``: what a connection that only speaks sends first.
    ``ready``: what a member receives when it has joined.
    ``greets``: the server speaks before the client.
    ``apart``: a connection that speaks cannot listen.
    ``secure``: its members come through TLS.
    ``most``: more members than this take minutes to join.
    """

    name: ClassVar[str]
    program: ClassVar[str] = ""
    speech: ClassVar[tuple[bytes, ...]]
    keeps: ClassVar[bool] = False
    introduction: ClassVar[bytes] = b""
    ready: ClassVar[bytes]
    greets: ClassVar[bool] = False
    apart: ClassVar[bool] = False
    secure: ClassVar[bool] = False
    most: ClassVar[int] = MOST

    def missing(self) -> str:
        """Return what is not installed; empty if nothing is missing."""
        return "" if shutil.which(self.program, path=f"{_path()}:/usr/sbin:/sbin") else self.program

    @abstractmethod
    def command(self, folder: Path, port: int, members: int) -> list[str]:
        """Write the settings into the folder, and return the command that starts the server."""

    @abstractmethod
    def hello(self, index: int) -> bytes:
        """Return what the member with this number sends to join."""

    def steps(self, index: int) -> list[tuple[bytes, bytes]]:
        """Return the steps of joining, in order: what is sent, and the sign that the next step may begin."""
        return [(self.hello(index), self.ready)]

    def _located(self) -> str:
        return shutil.which(self.program, path=f"{_path()}:/usr/sbin:/sbin") or self.program


def _path() -> str:
    return f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
