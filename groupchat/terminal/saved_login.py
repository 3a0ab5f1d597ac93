"""The login that is saved between runs: the token of a server, and how far the person has read there."""

import contextlib
import fcntl
import json
import os
import re
from dataclasses import asdict, field
from pathlib import Path
from typing import Any

from groupchat.lazy.records import record
from groupchat.terminal.surfaces.history import write_private


@record
class SavedLogin:
    """A nickname's token, and the number up to which every message was shown, or waits in one of the ``views``."""

    nick: str
    token: str
    since: int
    views: list[dict[str, Any]] = field(default_factory=list)


class LoginFile:
    """The saved login at one server, in a file that only the user can read.

    While it is locked, no other client on this computer uses it.

    :param folder: is made when something is to be saved.
    :param server: the server's address.
    """

    def __init__(self, folder: Path, server: str) -> None:
        name = re.sub(r"[^A-Za-z0-9.-]", "_", server)
        self._folder = folder
        self._path = folder / f"{name}.json"
        self._lock_path = folder / f"{name}.lock"
        self._locked: int | None = None

    def lock(self) -> bool:
        """Lock the file; return whether it is ours: it is not if another client has it, or nothing can be written."""
        if self._locked is not None:
            return True
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self._lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return False
        self._locked = descriptor
        return True

    def load(self) -> SavedLogin | None:
        """Return the saved login; None if there is none, or the file makes no sense."""
        try:
            saved = json.loads(self._path.read_text("utf-8"))
            views = saved.get("views")
            json.dumps(saved, ensure_ascii=False).encode()  # so that all of it can be sent
            login = SavedLogin(
                str(saved["nick"]), str(saved["token"]), int(saved["since"]), views if isinstance(views, list) else []
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
            return None
        return login if login.nick and login.token and login.since >= 0 else None

    def save(self, login: SavedLogin) -> None:
        """Save a login if the file is ours; a power failure leaves the old or the new one.

        :raises OSError: it cannot be written.
        """
        if self._locked is None:
            return
        write_private(self._path, json.dumps(asdict(login)))

    def delete(self) -> None:
        """Delete the saved login if the file is ours."""
        if self._locked is not None:
            with contextlib.suppress(FileNotFoundError):
                self._path.unlink()

    def unlock(self) -> None:
        """Let other clients use the file."""
        locked, self._locked = self._locked, None
        if locked is not None:
            os.close(locked)
