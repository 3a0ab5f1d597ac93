"""Reading a server's history from a number on, page by page, with ``/history since`` as every client can."""

import json
import re
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

LONGEST_PAUSE_S = 5.0
"""The most seconds between two attempts; each refusal in a row doubles them, so that they do not use up a limit."""

TEMPORARY = frozenset({
    "server-full", "too-many-connections", "flooding", "too-slow",
    "handshake-timeout", "server-error", "journal-unavailable", "node-lost",
})  # fmt: skip
"""Refusals on joining that another attempt may not meet."""

_REFUSALS = re.compile(rb'^(?:!! ([a-z0-9-]+): ([^\r\n]*)|(\{"event":"(?:closing|refused)"[^\r\n]*))', re.MULTILINE)


class Unreachable(Exception):
    """The server does not let the reader in, or does not answer; the text says why."""


class TurnedAway(Unreachable):
    """The server does not let a client in; ``code`` is its code for why, ``text`` its sentence."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{text} ({code})")
        self.code = code
        self.text = text


def refusal_in(lines: bytes) -> TurnedAway | None:
    """Return the first refusal in lines that came before a welcome, be it JSON or, before the server knows, words.

    :raises Unreachable: it is not JSON.
    """
    found = _REFUSALS.search(lines.partition(b'{"event":"welcome"')[0])
    if found is None:
        return None
    if found[3] is None:
        return TurnedAway(found[1].decode(), found[2].decode("utf-8", "replace").strip())
    told = _read(found[3])
    return TurnedAway(str(told.get("code")), str(told.get("text", "")))


def pause_after(refusals: int, shortest: float) -> float:
    """Return the seconds until the next attempt, after so many refusals in a row."""
    return float(min(shortest * 2 ** min(refusals, 16), LONGEST_PAUSE_S))


class Visit:
    """One connection that asks for something, and waits for the answer.

    :param patience: seconds for which a server that cannot be reached is tried again.
    :param joining: the fields with which it joins.
    :raises TurnedAway: the server refuses it for good.  :raises Unreachable: it could not be reached in that time.

    ``welcome``: what it was answered as it joined.
    """

    def __init__(self, server: tuple[str, int], patience: float, **joining: object) -> None:
        end, refusals = time.monotonic() + patience, 0
        while True:
            try:
                self._enter(server, joining)
                return
            except (OSError, Unreachable) as error:
                is_refused = isinstance(error, TurnedAway) and error.code not in TEMPORARY
                if is_refused or time.monotonic() > end:
                    where = f"{server[0]}:{server[1]} does not let the reader in"
                    if isinstance(error, TurnedAway):
                        raise TurnedAway(error.code, f"{where}: {error.text}") from error
                    raise Unreachable(f"{where}: {error}") from error
                refusals += not isinstance(error, ConnectionRefusedError)  # that costs nobody anything
                time.sleep(pause_after(refusals, PAUSE_S))

    def _enter(self, server: tuple[str, int], joining: dict[str, object]) -> None:
        self._socket = socket.create_connection(server, ANSWER_S)
        self._lines = self._socket.makefile("rb")
        try:
            self.welcome = self.ask({"do": "nick", "nick": new_nickname(), "since": "head"} | joining)
        except BaseException:
            self.close()
            raise

    def leave(self) -> None:
        """Leave as people do, and wait until the server has closed the connection.  Raises OSError."""
        self._socket.sendall(json.dumps({"do": "exit"}).encode() + b"\n")
        while self._lines.readline(LONGEST):
            pass
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._lines.close()
        self._socket.close()

    def ask(self, request: dict[str, object]) -> dict[str, Any]:
        """Send a request and return its answer.  Raises OSError, Unreachable."""
        self._socket.sendall(json.dumps(request | {"ref": 1}).encode() + b"\n")
        for message in self._messages():
            if message.get("ref") == 1 and message.get("event") != "refused":
                return message
            if message.get("event") in ("refused", "closing"):
                raise TurnedAway(str(message.get("code")), str(message.get("text")))
        raise Unreachable("the connection was closed")

    def _messages(self) -> Iterator[dict[str, Any]]:
        while line := self._lines.readline(LONGEST):
            if not line.endswith(b"\n"):
                raise Unreachable("the server sent a line without an end")
            if line.startswith(b"{"):
                yield _read(line)
            elif refusal := refusal_in(line):
                raise refusal


class Drain(Visit):
    """One connection that reads the history.

    :param room: the room whose history is read.
    :param compares: whether ``forms`` is kept.
    :raises Unreachable: see Visit.
    """

    def __init__(self, server: tuple[str, int], patience: float, room: str = LOBBY, compares: bool = False) -> None:
        self._room = room
        self._compares = compares
        self.forms: dict[int, int] = {}
        """The hash of each message that was read, with everything that is known of it, by number."""
        super().__init__(server, patience, **({} if room == LOBBY else {"rooms": [room]}))

    def posts(self, ledger: Ledger) -> list[Kept]:
        """Return the posts of this run in the order of the server's history.  Raises Unreachable."""
        kept = (ledger.kept(id, text) for id, text in self.messages(max(ledger.after, 0)))
        return [post for post in kept if post is not None]

    def messages(self, after: int) -> Iterator[tuple[int, str]]:
        """Give the number and the text of each message behind a number, in the order of the history.

        Raises Unreachable.
        """
        end = time.monotonic() + HISTORY_S
        while page := self._page(after):
            before = after
            for id, text in page:
                after = max(after, id)
                yield id, text
            if after == before or time.monotonic() > end:
                raise Unreachable(f"The history does not come to an end after #{after}")

    def people(self) -> list[str]:
        """Return the nicknames of whoever is in the room, as the server lists them.  Raises Unreachable."""
        try:
            items = self.ask({"do": "list", "room": self._room}).get("items")
        except OSError as error:
            raise Unreachable(f"The people could not be listed: {error}") from error
        if not isinstance(items, list):
            raise Unreachable("The server answered a question about its people with something else")
        return [str(item.get("nick", "")) for item in items if isinstance(item, dict)]

    def _page(self, after: int) -> list[tuple[int, str]]:
        """Return numbers and texts.  Raises Unreachable."""
        try:
            items = self.ask({"do": "history", "since": after, "room": self._room}).get("items")
        except OSError as error:
            raise Unreachable(f"The history could not be read: {error}") from error
        if not isinstance(items, list):
            raise Unreachable("The server answered a question about its history with something else")
        posts = []
        for item in items:
            id, text = (item.get("id"), item.get("text") or "") if isinstance(item, dict) else (None, "")
            if type(id) is not int or not isinstance(text, str):
                raise Unreachable(f"The server's history has something that is no message after #{after}")
            if self._compares:
                self.forms[id] = hash(json.dumps(item, sort_keys=True))
            posts.append((id, text))
        return posts


def new_nickname() -> str:
    """Return a nickname for a client; it is another one each time."""
    return f"d{secrets.token_hex(3)}"


def _read(line: bytes) -> dict[str, Any]:
    """Return the object on a line.  Raises Unreachable."""
    try:
        message: dict[str, Any] = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Unreachable("the server sent a line that is not JSON") from error
    return message
