"""The state of a bot between two runs: who it is, how far it has read, and its own data."""

import contextlib
import json
import os
from pathlib import Path
from typing import Any

PRIVATE = 0o600
"""The mode of the file: whoever has its token can speak as the bot."""


class BotState:
    """The file of a bot; without a path everything is kept in memory only.

    The position and ``memory`` are written together, so that what a message has changed there is never
    changed twice by it, nor forgotten.

    ``memory``: what the bot's author keeps, a dictionary of what JSON knows.
    ``names``: the nicknames that the bot has had.

    :param path: the file; None: there is none.
    :param server: the server's address.  A state belongs to one server.
    :raises ValueError: the file is of another server, or damaged.
    """

    def __init__(self, path: str | os.PathLike[str] | None, server: str) -> None:
        self.token: str | None = None
        self.since: int | None = None
        self.names: set[str] = set()
        self.memory: dict[str, Any] = {}
        self._path = None if path is None else Path(path)
        self._server = server
        self._written = ""
        if self._path is not None:
            with contextlib.suppress(FileNotFoundError):
                self._read(self._path, self._path.read_text("utf-8"))

    def note(self, token: str | None, since: object, nick: str) -> None:
        """Note who the bot is, and how far it has come."""
        self.token = token
        self.since = since if type(since) is int else self.since
        self.names.add(nick)

    def save(self) -> None:
        """Write the file, if anything has changed: whole, or not at all."""
        if self._path is None:
            return
        text = json.dumps({
            "server": self._server, "token": self.token, "since": self.since, "names": sorted(self.names),
            "memory": self.memory,
        }, ensure_ascii=False)  # fmt: skip
        if text == self._written:
            return
        part = self._path.with_name(f"{self._path.name}.part")
        with open(part, "w", encoding="utf-8", opener=_private) as file:
            file.write(text)
        part.replace(self._path)
        self._written = text

    def _read(self, path: Path, text: str) -> None:
        try:
            kept = json.loads(text)
            server, self.token, self.since = kept["server"], kept["token"], kept["since"]
            self.names, self.memory = set(kept["names"]), dict(kept["memory"])
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{path} is damaged, or no state of a bot; move it away to begin anew") from error
        if server != self._server:
            raise ValueError(f"{path} belongs to the server {server}, not to {self._server}; use another file")
        self._written = text


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, PRIVATE)
