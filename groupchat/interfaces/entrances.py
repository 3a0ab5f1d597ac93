"""The seam between connections and doors: what all connections have in common, and what a door has to provide."""

from collections import Counter
from collections.abc import Callable
from typing import Any, Protocol

from zope.interface import Attribute, Interface

from groupchat.config.settings import Settings
from groupchat.interfaces.screens import IScreen
from groupchat.limits.log_limits import LogLimits


class Party(Protocol):
    """A connection, whatever serves it just now."""

    address: str
    transport: Any

    @property
    def has_session(self) -> bool:
        """Say whether a session serves the peer; if not, nobody tells it when the server stops."""

    def handshake_expired(self) -> None:
        """The time for a nickname is over."""

    def abort(self) -> None:
        """Drop the connection."""


class IDeadlines(Interface):
    """Deadlines that are equally far away for all parties."""

    seconds: float = Attribute("How far away.")

    def set(party: Any, more: float = 0.0) -> None:
        """Start the party's time, which is so many seconds longer."""

    def move(party: Any, successor: Any) -> None:
        """Transfer the party's deadline, if it has one."""

    def cancel(party: Any) -> bool:
        """Stop the party's time; return whether it was running."""


class IBacklog(Interface):
    """The connections that take nothing more just now, and what waits for them."""

    def stalled(connection: Any) -> None:
        """The connection takes nothing more."""

    def flows(connection: Any) -> None:
        """The connection takes something again, or is gone."""

    def move(connection: Any, successor: Any) -> None:
        """Count the successor instead, if the connection takes nothing more."""


class IReception(Interface):
    """The state that all connections of some ports share, as each of them sees it."""

    settings: Settings = Attribute("The settings in force.")
    clock: Any = Attribute("Tells the time of deadlines, and calls later.")
    handshakes: IDeadlines = Attribute("The time each connection has to get a nickname.")
    silences: IDeadlines = Attribute("The time each connection has to begin before it is taken for a person.")
    pings: IDeadlines = Attribute("The time until each peer that answers pings is sent the next.")
    idles: IDeadlines = Attribute("The time a connection may stay open without a request.")
    proxy_idles: IDeadlines = Attribute("The same, for connections of proxies.")
    beats: IDeadlines = Attribute("The time until each connection that follows a room is sent a sign of life.")
    answers: IDeadlines = Attribute("The time in which a request has to be answered.")
    uploads: IDeadlines = Attribute("The time in which each body that is taken while it comes has to get on.")
    closings: IDeadlines = Attribute("The time each peer has to read its last lines after the server has closed.")
    backlog: IBacklog = Attribute("The connections that do not read what they are sent.")
    log_limits: LogLimits = Attribute("Limits the lines of the log that anybody can cause at will.")
    tunnels: Any = Attribute("Its ``around(protocol)`` returns TLS that leads to the protocol; None: there is no TLS.")
    visits: Callable[[], Any] = Attribute("Returns what makes the visits of requests that bring their own proof.")
    make_session: Callable[[IScreen], Any] = Attribute("Makes the session of a screen.")
    check_address: Callable[[str], None] = Attribute("Raises Banned for an address that operators ban.")
    unready: Callable[[], str] = Attribute("Tells why no people should be sent here now; empty: they can be.")
    site: Any = Attribute("What requests over HTTP are answered by.")
    open_files: Any = Attribute("The files that are being sent to peers.")
    turned_away: Counter[str] = Attribute("The number of connections turned away, by code.")

    def check_room(beyond: int = 0) -> None:
        """Raise ServerFull if there is no room for one connection more."""

    def arrived(party: Party) -> None:
        """Count a new connection, and start its time for a nickname."""

    def departed(party: Party) -> None:
        """Forget a connection that is gone."""

    def is_proxy(address: str) -> bool:
        """Return whether a proxy is there, which says whose connections it passes on."""

    def exempts(address: str) -> bool:
        """Return whether flood limits do not apply to the address."""

    def readdress(party: Party, address: str) -> None:
        """Count a connection for the address that a proxy has given.  Raises Refusal if it is not let in."""

    def wait_for_turn(lines: Any) -> None:
        """Call ``lines.take_turn()`` in the next reactor turn."""


class IFront(Interface):
    """A connection whose door is being chosen."""

    reception: IReception = Attribute("The state that connections share.")
    address: str = Attribute("The peer's IP address; empty when there is none.")
    exempt: bool = Attribute("Whether flood limits do not apply to the address.")
    secure: bool = Attribute("Whether the connection is encrypted.")
    is_proxy: bool = Attribute("Whether a proxy is there, which says for each request over HTTP whose it is.")
    transport: Any = Attribute("The transport.")

    def began_with(opening: bytes) -> bool:
        """Return whether these are the first bytes that came."""

    def enter(protocol: Any) -> None:
        """Let this protocol serve the connection from now on, beginning with what has come."""

    def within() -> Any:
        """Return a protocol that chooses a door again by what comes within the present one (TLS)."""


class IDoor(Interface):
    """A kind of client that can come in: how its connections begin, and what serves them."""

    name: str = Attribute("``text``, ``json``, …")
    openings: tuple[bytes, ...] = Attribute("Its clients begin with one of these; none: all other clients.")

    def admit(front: IFront) -> None:
        """Serve the connection from now on."""
