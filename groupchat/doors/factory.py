"""The factory of the connections of all ports, as Twisted calls it."""

from collections.abc import Sequence

from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Protocol, ServerFactory

from groupchat.doors.closed import Closed, Doorkeeper
from groupchat.doors.front import Front
from groupchat.doors.openings import DOORS
from groupchat.doors.proxied import Proxied
from groupchat.doors.reception import Reception
from groupchat.interfaces.entrances import IDoor
from groupchat.model.errors import Refusal
from groupchat.model.networks import plain


class ChatFactory(ServerFactory):
    """Builds the connections of all ports, which choose one of the ``doors`` by what they begin with."""

    noisy = False

    def __init__(self, reception: Reception, doors: Sequence[IDoor] = DOORS) -> None:
        self.reception = reception
        self._doors = doors
        self._doorkeeper = Doorkeeper(reception)

    # Twisted calls this.

    def buildProtocol(self, addr: IAddress | None) -> Protocol:
        host = getattr(addr, "host", "")  # a UNIX socket has none
        address = str(plain(host)) if host else ""
        is_proxy = self.reception.is_proxy(address)
        try:
            # Of a proxy it is not known yet who comes; nobody shares its address with those that it brings.
            self.reception.admit("" if is_proxy else address)
        except Refusal as refusal:
            self.reception.turned_away[refusal.code] += 1
            return Closed(self._doorkeeper, address, refusal)
        if is_proxy:
            return Proxied(self.reception, self._doors, address)
        return Front(self.reception, self._doors, address, self.reception.exempts(address))
