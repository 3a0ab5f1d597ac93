"""The state of a bot between two runs: who it is, how far it has read, and its own data."""

import fcntl
import json
import os
from pathlib import Path
from typing import Any

from groupchat.client.regular_files import open_regular
from groupchat.disk.new_files import PRIVATE, new_file, unwritable


class BotState:
    """The file of a bot; without a path everything is kept in memory only.

    The position and ``memory`` are written together, so that what a message has changed there is never
    changed twice by it, nor forgotten.  A power failure leaves the old file or the new one, and only its owner can read
    it: whoever has its token can speak as the bot.
    Until ``close`` no other bot can use the file: both would answer everything.  A second file, with ``.lock`` after
    the name, says so.

    ``memory``: what the bot's author keeps, a dictionary of what JSON knows.
    ``names``: the nicknames that the bot has had.

    :param path: the file; None: there is none.
    :param server: the server's address, or several with commas.  A state belongs to one chat: it is the same chat if
        it has a server in common.
    :raises ValueError: the file is in use, of another server, or damaged, or it cannot be read or written.
    """

    def __init__(self, path: str | os.PathLike[str] | None, server: str) -> None:
        self.token: str | None = None
        self.since: int | None = None
        self.names: set[str] = set()
        self.memory: dict[str, Any] = {}
        # A symbolic link stays one: the file that it leads to is written, and locked.
        self._path = None if path is None else Path(os.path.realpath(path))
        self._lock: int | None = None
        self._server = server
        self._written = ""
        if self._path is not None:
            self._lock = _locked(self._path)
            try:
                self._read(self._path)
            except BaseException:
                self.close()
                raise

    def note(self, token: str | None, since: object, nick: str) -> None:
        """Note who the bot is, and how far it has come."""
        self.token = token
        self.since = since if type(since) is int else self.since
        self.names.add(nick)

    def close(self) -> None:
        """Let other bots use the file."""
        lock, self._lock = self._lock, None
        if lock is not None:
            os.close(lock)

    def save(self) -> None:
        """Write the file, if anything has changed: whole, or not at all.

        :raises OSError: it cannot be written.
        """
        if self._path is None:
            return
        text = json.dumps({
            "server": self._server, "token": self.token, "since": self.since, "names": sorted(self.names),
            "memory": self.memory,
        }, ensure_ascii=False)  # fmt: skip
        if text == self._written:
            return
        data = text.encode()
        with new_file(self._path, replace=True) as file:
            file.write(data)
        self._written = text

    def _read(self, path: Path) -> None:
        try:
            with open_regular(path) as file:
                content = file.read()
        except FileNotFoundError:
            return
        except OSError as error:
            raise ValueError(f"The state file {path} cannot be read: {error.strerror}") from error
        try:
            text = content.decode()
            kept = json.loads(text)
            server, self.token, self.since = kept["server"], kept["token"], kept["since"]
            self.names, self.memory = set(kept["names"]), dict(kept["memory"])
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise ValueError(f"{path} is damaged, or no state of a bot; move it away to begin anew") from error
        if not {*str(server).split(",")} & {*self._server.split(",")}:
            raise ValueError(f"{path} belongs to the server {server}, not to {self._server}; use another file")
        self._written = text


def _locked(path: Path) -> int:
    """Return the descriptor that keeps other bots from using a state file.

    :raises ValueError: another one uses it, or nothing can be written there.
    """
    lock_path = path.with_name(f"{path.name}.lock")
    try:
        lock = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, PRIVATE)
    except OSError as error:
        raise ValueError(f"The state file {unwritable(lock_path, error)}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        if isinstance(error, BlockingIOError):
            raise ValueError(f"The state file {path} is in use by another bot; each needs one of its own") from error
        raise ValueError(f"The state file {path} cannot be locked: {error.strerror}") from error
    return lock
