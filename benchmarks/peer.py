"""What a server must be able to do to be compared: be started with its limits lifted, let members join and speak."""

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
