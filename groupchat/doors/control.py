"""The control socket: programs on the server's own machine, which may do whatever an operator may.

Only the owner of the data folder can open it (the socket has mode 0600, the folder 0700): nothing else is asked.
"""

import os
import socket
from pathlib import Path
from typing import Any

from twisted.internet.interfaces import IAddress, IListeningPort
from twisted.internet.protocol import Protocol, ServerFactory

from groupchat.doors.lines.json_conversation import JsonConversation
from groupchat.doors.reception import Reception
from groupchat.model.errors import CannotStart

NAME = "control"
"""The name of the socket in the data folder."""


class ControlConversation(JsonConversation):
    """One connection of the server itself: JSON Lines, with every right from the first line on."""

    __slots__ = ()

    # Twisted calls this.

    def connectionMade(self) -> None:
        self.reception.arrived(self)
        super().connectionMade()
        self.secure = True  # nothing on the way between two programs of one machine can listen
        self.session.serve()


class ControlFactory(ServerFactory):
    """Builds these connections."""

    noisy = False

    def __init__(self, reception: Reception) -> None:
        self.reception = reception

    # Twisted calls this.

    def buildProtocol(self, addr: IAddress | None) -> Protocol:
        return ControlConversation(self.reception, "", exempt=True)


def listen(reactor: Any, folder: Path, factory: ControlFactory) -> IListeningPort:
    """Listen in this folder, which is made if it is missing.

    :raises CannotStart: the socket cannot be made, or another daemon listens there.
    """
    path = folder / NAME
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.is_socket():
            _check_dead(path)
            path.unlink()
        # The socket is made with the mode 0600, instead of getting it a moment later.
        before = os.umask(0o177)
        try:
            port: IListeningPort = reactor.listenUNIX(str(path), factory, mode=0o600)
        finally:
            os.umask(before)
    except CannotStart:
        raise
    except Exception as error:
        # The reactor wraps what the system says in an error of its own.
        reason = getattr(error, "socketError", error)
        raise CannotStart(f"The control socket {path} cannot be made: {reason}.") from error
    return port


def _check_dead(path: Path) -> None:
    """:raises CannotStart: another process listens there."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return
    raise CannotStart(f"Another groupchat listens at {path}.")
