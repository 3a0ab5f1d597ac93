"""Reading a server's history from a number on, page by page, with ``/history since`` as every client can."""

import json
import secrets
import socket
import time
from collections.abc import Iterator
from typing import Any

from groupchat.checker.ledger import LOBBY, Kept, Ledger

ANSWER_S = 60.0
"""Seconds that one answer may take: a client whose address is not exempt waits for each page."""

LONGEST = 16 * 1024 * 1024
"""Bytes of a line; far above every page the server makes."""

HISTORY_S = 3600.0
"""Seconds in which the history must come to its end."""

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
        after, end = max(ledger.after, 0), time.monotonic() + HISTORY_S
        while page := self._page(after):
            before = after
            for id, text in page:
                after = max(after, id)
                kept = ledger.kept(id, text)
                if kept is not None:
                    found.append(kept)
            if after == before or time.monotonic() > end:
                raise Unreachable(f"The history does not come to an end after #{after}")
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

    def _page(self, after: int) -> list[tuple[int, str]]:
        """Return numbers and texts.  Raises Unreachable."""
        try:
            items = self._ask({"do": "history", "since": after, "room": self._room}).get("items")
        except OSError as error:
            raise Unreachable(f"The history could not be read: {error}") from error
        if not isinstance(items, list):
            raise Unreachable("The server answered a question about its history with something else")
        posts = []
        for item in items:
            id, text = (item.get("id"), item.get("text") or "") if isinstance(item, dict) else (None, "")
            if type(id) is not int or not isinstance(text, str):
                raise Unreachable(f"The server's history has something that is no message after #{after}")
            posts.append((id, text))
        return posts

    def _ask(self, request: dict[str, object]) -> dict[str, Any]:
        """Send a request and return its answer."""
        self._socket.sendall(json.dumps(request | {"ref": 1}).encode() + b"\n")
        for message in self._messages():
            if message.get("ref") == 1 and message.get("event") != "refused":
                return message
            if message.get("event") == "refused":
                raise Unreachable(f"{message.get('text')} ({message.get('code')})")
        raise Unreachable("the connection was closed")

    def _messages(self) -> Iterator[dict[str, Any]]:
        while line := self._lines.readline(LONGEST):
            if not line.endswith(b"\n"):
                raise Unreachable("the server sent a line without an end")
            if line.startswith(b"{"):
                yield _read(line)


def _read(line: bytes) -> dict[str, Any]:
    """Return the object on a line.  Raises Unreachable."""
    try:
        message: dict[str, Any] = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Unreachable("the server sent a line that is not JSON") from error
    return message
