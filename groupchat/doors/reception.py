"""The state that all connections of some ports share: limits, turns and deadlines."""

from collections import Counter
from collections.abc import Callable
from functools import cached_property
from typing import Any

from twisted.internet.interfaces import IReactorTime
from zope.interface import implementer

from groupchat.config.settings import Settings
from groupchat.doors.transfers.open_files import OpenFiles
from groupchat.doors.wire.backlog import Backlog
from groupchat.doors.wire.deadlines import Deadlines
from groupchat.doors.wire.framing import HeldLines
from groupchat.doors.wire.sockets import silence
from groupchat.doors.wire.tls import Tunnels
from groupchat.doors.wire.transport import queued
from groupchat.interfaces.entrances import IReception, Party
from groupchat.interfaces.screens import IScreen
from groupchat.limits.descriptors import descriptors
from groupchat.limits.log_limits import LogLimits
from groupchat.limits.turnstile import Turnstile
from groupchat.model.errors import Refusal, ServerFull
from groupchat.model.networks import plain
from groupchat.sessions.visit import Visits

SILENCE_S = 0.25
"""Seconds after which a peer that has not begun is taken for a person.

Programs begin at once; a person does not notice so short a wait for the greeting.
It is longer for peers far away (``latest_beginning``): a browser that was greeted could not show the page.
"""

HEADER_S = 5.0
"""Seconds within which a proxy has to say whose connection it passes on; it knows that from the beginning."""

CLOSING_S = 10.0
"""Seconds that a peer has to read its last lines after the server has closed."""

SLOWEST = 10 * 1024
"""The bytes that it has to take in that time, if there are more."""


PING_S = 30.0
"""Seconds between two pings over WebSocket: proxies close what is silent for a minute."""

BEAT_S = 15.0
"""Seconds after which a connection that follows a room is sent something, if only a sign of life."""

IDLE_S = 5.0
"""Seconds that a connection over HTTP stays open for the next request.

A browser makes six to load the page, and then chats over one: the others would count to the limits of its address.
"""

PROXY_IDLE_S = 75.0
"""The same for a connection of a proxy, which is for everybody: longer than proxies keep theirs."""

UPLOAD_S = 60.0
"""Seconds after which it is looked at how much of a body has come."""

ANSWER_S = 60.0
"""Seconds in which a request is answered: ten times as long as the journal may take."""


def _nobody_visits() -> Visits:
    raise ServerFull("The server is not ready yet. Try again later.")


@implementer(IReception)
class Reception:
    """The state that connections share.

    ``tunnels``: makes TLS for those that begin with it; None: there is no TLS.

    :param make_session: called with the screen of each connection.
    :param turnstile: counts the connections of each address; None: they are not counted.
    """

    def __init__(
        self,
        make_session: Callable[[IScreen], Any],
        settings: Settings,
        clock: IReactorTime,
        turnstile: Turnstile | None = None,
    ) -> None:
        self.make_session = make_session
        self.settings = settings
        self.connections = 0
        """The present number of connections."""
        self.turned_away: Counter[str] = Counter()
        """The number of connections turned away, by code."""
        self.tunnels: Tunnels | None = None
        self.silences: Deadlines[Any] = Deadlines(
            clock, SILENCE_S, lambda front: front.silence_expired(), sweep_s=SILENCE_S / 5
        )
        self.handshakes: Deadlines[Party] = Deadlines(
            clock, settings.handshake_timeout_s, lambda party: party.handshake_expired()
        )
        self.headers: Deadlines[Any] = Deadlines(clock, HEADER_S, lambda proxied: proxied.header_expired())
        self.pings: Deadlines[Any] = Deadlines(clock, PING_S, lambda socket: socket.ping_due(), sweep_s=PING_S / 10)
        self.idles: Deadlines[Any] = Deadlines(clock, IDLE_S, lambda channel: channel.idle_expired())
        self.proxy_idles: Deadlines[Any] = Deadlines(clock, PROXY_IDLE_S, lambda channel: channel.idle_expired())
        self.beats: Deadlines[Any] = Deadlines(clock, BEAT_S, lambda stream: stream.beat())
        self.answers: Deadlines[Any] = Deadlines(clock, ANSWER_S, lambda channel: channel.answer_expired())
        self.closings: Deadlines[Party] = Deadlines(clock, CLOSING_S, self._closing_expired)
        self.uploads: Deadlines[Any] = Deadlines(clock, UPLOAD_S, lambda channel: channel.upload_expired())
        self.open_files = OpenFiles(clock)
        self.backlog = Backlog(clock, settings.outbound_total_bytes)
        self.check_address: Callable[[str], None] = lambda address: None
        """Raises Banned for an address that operators ban."""
        self.unready: Callable[[], str] = lambda: ""
        self.waiting: Refusal | None = None
        """What everybody is told while there is no hall yet; None: there is."""
        self.visits: Callable[[], Visits] = _nobody_visits
        """Returns what makes visits, once there is a hall."""
        self.log_limits = LogLimits(settings.log_lines)
        """The hall's, once there is one."""
        self.clock = clock
        self._turnstile = turnstile
        self._leaving: dict[Party, int] = {}
        """How much waited for each peer that takes long to leave, when that was looked at last."""
        self._waiting: list[HeldLines] = []
        self._most = min(settings.connections, descriptors() - settings.spare_descriptors)

    @cached_property
    def site(self) -> Any:
        """Return what requests over HTTP are answered by; it is loaded for the first of them."""
        from groupchat.doors.requests import addresses
        from groupchat.doors.transfers import transfer_addresses
        from groupchat.doors.web.site import ROUTES, Site

        return Site(self, (*ROUTES, *addresses.ROUTES, *transfer_addresses.ROUTES))

    def follow(self, settings: Settings) -> None:
        """Go by these settings from now on, but for those that need a restart."""
        self.settings = settings
        self.handshakes.seconds = settings.handshake_timeout_s
        self.backlog.limit = settings.outbound_total_bytes
        if self._turnstile is not None:
            self._turnstile.limit(
                settings.address_live, settings.address_new, settings.address_window_s, settings.exempt,
                settings.private_live, settings.private_new,
            )  # fmt: skip

    def stop(self) -> None:
        """Drop the connections without a session, but those that wait for an answer: they are told by the hall, too."""
        for channel in self.answers.parties():
            channel.close_when_answered()
        waiting = (self.handshakes, self.idles, self.proxy_idles, self.closings)
        for party in [party for deadlines in waiting for party in deadlines.parties()]:
            if not party.has_session:
                party.abort()
        for channel in self.uploads.parties():
            channel.stop_upload()

    def _closing_expired(self, party: Party) -> None:
        """Drop a peer that does not take its last lines.

        Not while its network is out: it is told when it is back; nor while it takes them, however many there are.
        """
        waits = queued(party.transport)
        before = self._leaving.pop(party, waits + SLOWEST)
        if silence(party.transport) > 0.0 or 0 < waits <= before - SLOWEST:
            self._leaving[party] = waits
            self.closings.set(party)
        else:
            party.abort()

    # The factory calls these.

    def admit(self, address: str) -> None:
        """Count one connection more for the address.

        :raises Refusal: the server is full, the address has too many connections, or it is banned; or the hall is not
            open yet.
        """
        if self.waiting is not None:
            raise self.waiting
        self.check_address(address)
        self.count(address)

    def count(self, address: str, beyond: int = 0) -> None:
        """Count one connection more for the address, whether it is banned or not.

        :param beyond: how many connections more than usual there may be for it, for what is needed when all is full.
        :raises Refusal: the server is full, or the address has too many connections.
        """
        self.check_room(beyond)
        if self._turnstile is not None:
            self._turnstile.enter(address, self.clock.seconds())

    def check_room(self, beyond: int = 0) -> None:
        """Raise ServerFull if there is no room for one connection more."""
        if self.connections + len(self.open_files) >= self._most + beyond:
            raise ServerFull("The server is full. Try again later.")

    def is_proxy(self, address: str) -> bool:
        """Return whether this is the address of a proxy, which says itself whose connections it passes on.

        A UNIX socket, which has no address, is a proxy's if the settings say so.
        """
        if not address:
            return self.settings.proxy_sockets
        proxies = self.settings.proxies
        return bool(proxies) and any(plain(address) in network for network in proxies)

    def exempts(self, address: str) -> bool:
        """Return whether flood limits do not apply to the address."""
        # Whoever may use a UNIX socket is limited like others: its permissions say who that is, not what they send.
        return self._turnstile is not None and bool(address) and self._turnstile.exempts(address)

    # The connections call these.

    def arrived(self, party: Party) -> None:
        """Count a new connection, and start its time for a nickname."""
        self.connections += 1
        self.handshakes.set(party)

    def departed(self, party: Party) -> None:
        """Forget a connection that is gone."""
        self.connections -= 1
        self.handshakes.cancel(party)
        self.forget(party)
        self.backlog.flows(party)  # type: ignore[arg-type]  # only conversations are ever there
        if self._turnstile is not None:
            self._turnstile.leave(party.address)

    def forget(self, party: Party) -> None:
        """Forget that a peer was leaving."""
        self.closings.cancel(party)
        self._leaving.pop(party, None)

    def readdress(self, party: Party, address: str) -> None:
        """Count a connection for another address from now on: a proxy, which is trusted, says where it comes from.

        :raises Refusal: the address is banned, or has too many connections; nothing changes then.
        """
        self.check_address(address)
        if self._turnstile is not None:
            self._turnstile.enter(address, self.clock.seconds())
            self._turnstile.leave(party.address)
        party.address = address

    def wait_for_turn(self, lines: HeldLines) -> None:
        """Let this peer's next share of lines be taken in the next reactor turn; there is one timer for all."""
        if not self._waiting:
            self.clock.callLater(0, self._next_turn)
        self._waiting.append(lines)

    def _next_turn(self) -> None:
        waiting, self._waiting = self._waiting, []
        for lines in waiting:
            lines.take_turn()
