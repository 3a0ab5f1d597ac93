"""What all connections have in common: who is let in, whose turn it is, whose time is up."""

import resource
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from typing import Protocol as Shape

from twisted.internet.interfaces import IAddress, IReactorTime
from twisted.internet.protocol import Protocol, ServerFactory
from twisted.logger import Logger

from groupchat.doors.front import SILENCE_S, Front
from groupchat.doors.other_protocols import Stranger, words_of
from groupchat.doors.wire.backlog import Backlog
from groupchat.doors.wire.deadlines import Deadlines
from groupchat.doors.wire.framing import HeldLines
from groupchat.interfaces.screens import IScreen
from groupchat.limits.log_limits import Sparing
from groupchat.model.errors import Refusal, ServerFull

if TYPE_CHECKING:
    from groupchat.config.settings import Settings
    from groupchat.doors.wire.tls import Tunnels
    from groupchat.limits.turnstile import Turnstile
    from groupchat.sessions.session import Session

CLOSING_S = 10.0
"""How long a peer may take to read its last lines after the server has closed, in seconds."""


class Newcomer(Shape):
    """Who has no nickname yet, at whichever door."""

    def handshake_expired(self) -> None:
        """The time for it is over."""


class Parting(Shape):
    """Who was told the last words."""

    address: str

    def abort(self) -> None:
        """Drop the connection."""


class ChatFactory(ServerFactory):
    """Builds the connections of all ports.

    ``tunnels``: for who begins with TLS; None: nobody can.

    :param make_session: called with the screen and the door's name for each connection.
    :param turnstile: counts the connections of each address; None: not counted.
    """

    noisy = False
    log = Logger()

    def __init__(
        self,
        make_session: "Callable[[IScreen, str], Session]",
        settings: "Settings",
        clock: IReactorTime,
        turnstile: "Turnstile | None" = None,
    ) -> None:
        self.make_session = make_session
        self.settings = settings
        self.connections = 0
        """How many there are now."""
        self.turned_away: Counter[str] = Counter()
        """How many were not let in, by code."""
        self.tunnels: Tunnels | None = None
        self.openings: Deadlines[Front] = Deadlines(clock, SILENCE_S, Front.opening_expired, sweep_s=SILENCE_S / 5)
        self.handshakes: Deadlines[Newcomer] = Deadlines(
            clock, settings.handshake_timeout_s, lambda newcomer: newcomer.handshake_expired()
        )
        self.closings: Deadlines[Parting] = Deadlines(clock, CLOSING_S, lambda parting: parting.abort())
        self.backlog = Backlog(clock, settings.outbound_total_bytes)
        self._clock = clock
        self._turnstile = turnstile
        self._waiting: list[HeldLines] = []
        self.check_address: Callable[[str], None] = lambda address: None
        """Raises Banned for an address that operators keep out."""
        self.sparing = Sparing(settings.log_lines)
        """What of the log anybody can cause at will; the hall's, once there is one."""
        self._most = min(settings.connections, _descriptors() - settings.spare_descriptors)

    def follow(self, settings: "Settings") -> None:
        """Go by these settings from now on, but for those that need a restart."""
        self.settings = settings
        self.handshakes.seconds = settings.handshake_timeout_s
        self.backlog.limit = settings.outbound_total_bytes
        if self._turnstile is not None:
            self._turnstile.limit(
                settings.address_live, settings.address_new, settings.address_window_s, settings.exempt
            )

    def stop(self) -> None:
        """Drop who has not said yet what they came for, and who only reads why they were turned away."""
        for newcomer in self.handshakes.parties():
            if isinstance(newcomer, Front):
                newcomer.handshake_expired()
        for parting in self.closings.parties():
            if isinstance(parting, Stranger):
                parting.abort()

    # The connections call these.

    def arrived(self, front: Front) -> None:
        """It is connected; its time for a nickname runs."""
        self.connections += 1
        self.handshakes.set(front)

    def departed(self, protocol: Any) -> None:
        """It is gone."""
        self.connections -= 1
        self.handshakes.cancel(protocol)
        self.closings.cancel(protocol)
        self.backlog.flows(protocol)
        if self._turnstile is not None:
            self._turnstile.leave(protocol.address)

    def wait_for_turn(self, protocol: HeldLines) -> None:
        """Let it take its next share of lines in the next reactor turn; one timer for all."""
        if not self._waiting:
            self._clock.callLater(0, self._next_turn)
        self._waiting.append(protocol)

    def _next_turn(self) -> None:
        waiting, self._waiting = self._waiting, []
        for protocol in waiting:
            protocol.take_turn()

    # Twisted calls these.

    def buildProtocol(self, addr: IAddress | None) -> Protocol:
        address = getattr(addr, "host", "").removeprefix("::ffff:")  # IPv4 on a port for both
        try:
            self._admit(address)
        except Refusal as refusal:
            self.turned_away[refusal.code] += 1
            return Closed(refusal)
        return Front(self, address, self._is_exempt(address))

    def _admit(self, address: str) -> None:
        """:raises Refusal: there is no room, for anybody or for this address, or the address is banned."""
        self.check_address(address)
        if self.connections >= self._most:
            raise ServerFull("As many people are connected as can be; try again later.")
        if self._turnstile is not None:
            self._turnstile.enter(address, self._clock.seconds())

    def _is_exempt(self, address: str) -> bool:
        return self._turnstile is not None and self._turnstile.exempts(address)


class Closed(Protocol):
    """What a peer meets that is not let in: one line that says why, and the end."""

    def __init__(self, refusal: Refusal) -> None:
        self._refusal = refusal

    # Twisted calls these.

    def connectionMade(self) -> None:
        assert self.transport is not None
        self.transport.write(words_of(self._refusal))
        self.transport.loseConnection()


def _descriptors() -> int:
    """How many files and sockets this process may have open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return soft
