"""The control socket: programs on the server's own machine, which may do whatever an operator may.

Only the owner of the data folder can open it (the socket has mode 0600, the folder 0700): nothing else is asked.
"""

from pathlib import Path
from typing import Any

from twisted.internet.interfaces import IAddress, IListeningPort
from twisted.internet.protocol import Protocol, ServerFactory
from twisted.python.failure import Failure

from groupchat.doors.lines.json_conversation import JsonConversation
from groupchat.doors.reception import Reception
from groupchat.doors.wire.local_sockets import LocalEndpoint
from groupchat.model.errors import CannotStart

NAME = "control"
"""The name of the socket in the data folder."""

BACKLOG = 50
"""The most connections that may wait to be accepted."""


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
    ports: list[IListeningPort] = []
    failures: list[Failure] = []
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        LocalEndpoint(reactor, str(path), 0o600, BACKLOG).listen(factory).addCallbacks(ports.append, failures.append)
        if failures:
            failures[0].raiseException()
    except (CannotStart, OSError) as error:
        raise CannotStart(f"The control socket {path} cannot be made: {error}") from error
    return ports[0]
