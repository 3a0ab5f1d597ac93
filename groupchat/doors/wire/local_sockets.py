"""UNIX sockets in the file system: bound with their final mode, and removed only by the process that bound them.

Twisted's own lock beside the socket holds a process number.  After ``kill -9`` of a daemon that is process 1,
as in a container, the next one finds its own number there and takes the lock for one that is held.
Here the socket itself is asked: it refuses connections if nobody listens any more.
"""

import contextlib
import fcntl
import os
import socket
import stat
import time
from collections.abc import Iterator
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import IListeningPort, IProtocolFactory, IStreamServerEndpoint
from twisted.logger import Logger
from zope.interface import implementer

from groupchat.disk.socket_paths import socket_address
from groupchat.doors.wire.transport import LocalPort
from groupchat.model.errors import CannotStart

_log = Logger()

PATIENCE_S = 2.0
"""Seconds to wait for another process that is just making a socket in the same folder."""

STEP_S = 0.02


@implementer(IStreamServerEndpoint)
class LocalEndpoint:
    """A UNIX socket in the file system.

    :param mode: its permissions, such as 0o660.
    """

    def __init__(self, reactor: Any, path: str, mode: int, backlog: int, patience_s: float = PATIENCE_S) -> None:
        self._reactor = reactor
        self._path = os.path.abspath(path)
        self._mode = mode
        self._backlog = backlog
        self._patience_s = patience_s

    def listen(self, protocolFactory: IProtocolFactory) -> "Deferred[IListeningPort]":
        """Listen; fails with CannotStart or OSError."""
        try:
            listener = _bound(self._path, self._mode, self._backlog, self._patience_s)
        except (CannotStart, OSError):
            return fail()
        status = os.stat(self._path)
        own = (status.st_dev, status.st_ino)
        port = LocalPort(listener, protocolFactory, self._backlog, self._reactor, lambda: _remove(self._path, own))
        port.startListening()
        return succeed(port)


def _bound(path: str, mode: int, backlog: int, patience_s: float) -> socket.socket:
    """Return a socket that listens at this path, in place of one that a dead process has left.

    :raises CannotStart: somebody listens there, or it is something else.
    :raises OSError: it cannot be made.
    """
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        with _alone_in(os.path.dirname(path), patience_s):
            if os.path.lexists(path):
                _check_dead(path)
                os.unlink(path)
            # Nobody can connect in the moment before it has its mode.
            before = os.umask(0o177)
            try:
                with socket_address(path) as address:
                    listener.bind(address)
            finally:
                os.umask(before)
            listener.listen(backlog)
            os.chmod(path, mode)
    except BaseException:
        listener.close()
        raise
    return listener


@contextlib.contextmanager
def _alone_in(folder: str, patience_s: float) -> Iterator[None]:
    """Keep other daemons from making a socket in this folder.

    Otherwise one that has found a dead socket could remove the live one that another has put there meanwhile.

    :raises CannotStart: another process takes too long.
    """
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        end = time.monotonic() + patience_s
        while True:
            try:
                fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > end:
                    raise CannotStart(f"Another process has locked {folder}.") from None
                time.sleep(STEP_S)
        yield
    finally:
        os.close(number)


def _check_dead(path: str) -> None:
    """:raises CannotStart: a process listens there, or may do so, or it is no socket."""
    if not stat.S_ISSOCK(os.lstat(path).st_mode):
        raise CannotStart(f"{path} exists, and is not a socket.")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as probe:
        try:
            with socket_address(path) as address:
                probe.connect(address)
        except ConnectionRefusedError:
            return
        except BlockingIOError:
            pass  # somebody does, and so many wait that no more can
        except OSError as error:
            raise CannotStart(f"{path} cannot be asked whether somebody listens: {error.strerror}.") from error
    raise CannotStart(f"Another process listens at {path}.")


def _remove(path: str, own: tuple[int, int]) -> None:
    """Remove the socket, unless it is gone, or another process has put its own there."""
    try:
        status = os.lstat(path)
        if (status.st_dev, status.st_ino) == own:
            os.unlink(path)
    except FileNotFoundError:
        pass
    except OSError as error:
        _log.warn("The socket {path} could not be removed: {reason}", path=path, reason=error.strerror)
