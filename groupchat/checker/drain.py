"""Reading a server's history from a number on, page by page, with ``/history since`` as every client can."""

import contextlib
import json
import secrets
import socket
import time
from collections.abc import Iterator
from typing import Any

from groupchat.checker.ledger import LOBBY, Kept, Ledger

ANSWER_S = 60.0
"""Seconds that one answer may take: a client whose address is not exempt waits for each page."""

PAUSE_S = 0.05
"""Seconds between two attempts to reach the server."""


class Unreachable(Exception):
    """The server does not let the reader in, or does not answer; the text says why."""


class Drain:
    """One connection that reads the history.

    :param room: the room whose history is read.
    :param patience: seconds for which a server that cannot be reached is tried again.
    :raises Unreachable: it could not be reached in that time.
    """

    def __init__(self, server: tuple[str, int], patience: float, room: str = LOBBY) -> None:
        self._room = room
        end = time.monotonic() + patience
        while True:
            try:
                self._enter(server)
                return
            except (OSError, Unreachable) as error:
                if time.monotonic() > end:
                    raise Unreachable(f"{server[0]}:{server[1]} does not let the reader in: {error}") from error
                time.sleep(PAUSE_S)

    def posts(self, ledger: Ledger) -> list[Kept]:
        """Return the posts of this run in the order of the server's history.  Raises Unreachable."""
        found: list[Kept] = []
        after = max(ledger.after, 0)
        while page := self._page(after):
            for post in page:
                after = max(after, post["id"])
                kept = ledger.kept(post["id"], post.get("text", ""))
                if kept is not None:
                    found.append(kept)
        return found

    def close(self) -> None:
        """Leave."""
        self._lines.close()
        self._socket.close()

    def _enter(self, server: tuple[str, int]) -> None:
        self._socket = socket.create_connection(server, ANSWER_S)
        self._lines = self._socket.makefile("rb")
        try:
            rooms = {} if self._room == LOBBY else {"rooms": [self._room]}
            self._ask({"do": "nick", "nick": f"drain-{secrets.token_hex(4)}", "since": "head", **rooms})
        except BaseException:
            self.close()
            raise

    def _page(self, after: int) -> list[dict[str, Any]]:
        try:
            answer = self._ask({"do": "history", "since": after, "room": self._room})
        except OSError as error:
            raise Unreachable(f"The history could not be read: {error}") from error
        items: list[dict[str, Any]] = answer["items"]
        return items

    def _ask(self, request: dict[str, object]) -> dict[str, Any]:
        """Send a request and return its answer."""
        self._socket.sendall(json.dumps(request | {"ref": 1}).encode() + b"\n")
        for message in self._messages():
            if message.get("ref") == 1 and message["event"] != "refused":
                return message
            if message["event"] == "refused":
                raise Unreachable(f"{message.get('text')} ({message.get('code')})")
        raise Unreachable("the connection was closed")

    def _messages(self) -> Iterator[dict[str, Any]]:
        for line in self._lines:
            with contextlib.suppress(ValueError):
                if line.startswith(b"{"):
                    yield json.loads(line)
