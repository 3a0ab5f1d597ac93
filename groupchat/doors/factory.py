"""What all connections of the line door have in common: who is let in, whose turn it is, whose time is up."""

import resource
from collections.abc import Callable
from typing import TYPE_CHECKING

from twisted.internet.interfaces import IAddress, IReactorTime
from twisted.internet.protocol import Protocol, ServerFactory
from twisted.logger import Logger

from groupchat.doors.deadlines import Deadlines
from groupchat.doors.framing import HeldLines
from groupchat.doors.line import ChatProtocol
from groupchat.doors.text import text_style
from groupchat.errors import Refusal, ServerFull
from groupchat.events import Refused
from groupchat.interfaces import IScreen
from groupchat.preferences import Preferences

if TYPE_CHECKING:
    from groupchat.limits import Turnstile
    from groupchat.session import Session
    from groupchat.settings import Settings

CLOSING_S = 10.0
"""How long a peer may take to read its last lines after the server has closed, in seconds."""


class ChatFactory(ServerFactory):
    """Builds the connections of one door.

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
        self.handshakes: Deadlines[ChatProtocol] = Deadlines(
            clock, settings.handshake_timeout_s, ChatProtocol.handshake_expired
        )
        self.closings: Deadlines[ChatProtocol] = Deadlines(clock, CLOSING_S, ChatProtocol.abort)
        self._clock = clock
        self._turnstile = turnstile
        self._waiting: list[HeldLines] = []
        self.check_address: Callable[[str], None] = lambda address: None
        """Raises Banned for an address that operators keep out."""
        self._most = min(settings.connections, _descriptors() - settings.spare_descriptors)

    def follow(self, settings: "Settings") -> None:
        """Go by these settings from now on, but for those that need a restart."""
        self.settings = settings
        self.handshakes.seconds = settings.handshake_timeout_s

    # The connections call these.

    def arrived(self, protocol: ChatProtocol) -> None:
        """It is connected; its time for a nickname runs."""
        self.connections += 1
        self.handshakes.set(protocol)

    def departed(self, protocol: ChatProtocol) -> None:
        """It is gone."""
        self.connections -= 1
        self.closings.cancel(protocol)
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
        address = getattr(addr, "host", "")
        try:
            self._admit(address)
        except Refusal as refusal:
            return Closed(refusal)
        return ChatProtocol(self, address, self._is_exempt(address))

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
        answer = Refused(self._refusal.code, str(self._refusal))
        self.transport.write(text_style(Preferences()).answer(answer, None, ""))
        self.transport.loseConnection()


def _descriptors() -> int:
    """How many files and sockets this process may have open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return soft
