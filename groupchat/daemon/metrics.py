"""Serve the figures of a daemon over HTTP: ``/metrics`` for Prometheus, ``/healthz`` and ``/readyz`` for probes.

Figures are read from where they are kept anyway, when somebody asks for them.
Only what must be measured as it happens is recorded as it happens: once per batch, not once per line or member.

This module is imported only when metrics are asked for: prometheus-client and twisted.web take long to import.
"""

import re
import socket
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from ipaddress import ip_address
from typing import Any, cast

from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.web.http import HTTPChannel
from twisted.web.resource import Resource
from twisted.web.server import Request, Site

from groupchat.doors.counted import CountedFactory
from groupchat.doors.reception import Reception
from groupchat.doors.wire import transport
from groupchat.doors.wire.ports import Ports
from groupchat.hall.hall import Hall
from groupchat.model.drafts import Outcome, StoredPost
from groupchat.model.events import Acted, Said, Shared, Whispered

LAG_STEP_S = 0.5
"""Seconds between two measurements of how late the reactor is."""

COMMIT_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0)
BATCH_OPERATIONS = (1, 2, 5, 10, 25, 50, 100, 250, 1000, 4096)
FANOUT_S = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5)
POSTS = (Said, Acted, Whispered, Shared)
"""The kinds that count as posts."""
LAG_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)


FULL = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 10\r\nConnection: close\r\n\r\n"
"""The answer to a peer for whose connection there is no room."""

TOO_LARGE = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

MISDIRECTED = b"The figures are not served under this host name; the setting metrics_hosts adds names.\n"


class Metrics:
    """The figures of one daemon; a collector in the sense of prometheus-client.

    :param version: the daemon's version.
    """

    def __init__(self, hall: Hall, reception: Reception, version: str) -> None:
        self._hall = hall
        self._reception = reception
        self._version = version
        self.registry = CollectorRegistry()
        self.registry.register(self)
        self._commits = Histogram(
            "groupchat_commit_seconds", "Time until a batch was on disk.", registry=self.registry, buckets=COMMIT_S
        )
        self._batches = Histogram(
            "groupchat_batch_operations",
            "What is written in a batch: messages, edits, deletions, topics, changes of accounts and so on.",
            registry=self.registry,
            buckets=BATCH_OPERATIONS,
        )
        self._fanouts = Histogram(
            "groupchat_fanout_seconds", "Time to deliver a batch to all.", registry=self.registry, buckets=FANOUT_S
        )
        self._lags = Histogram(
            "groupchat_reactor_lag_seconds", "How late a timer was.", registry=self.registry, buckets=LAG_S
        )
        self._posts = 0
        hall.commits.on_commit = self._committed
        hall.outcomes.on_delivery = self._fanouts.observe
        self._looping = LoopingCall(self._measure)
        self._looping.clock = cast(Any, hall.clock)
        self._due = 0.0

    def start(self) -> None:
        """Begin to measure how late the reactor is."""
        self._due = self._hall.clock.seconds() + LAG_STEP_S
        self._looping.start(LAG_STEP_S, now=False)

    def stop(self) -> None:
        """Stop measuring."""
        if self._looping.running:
            self._looping.stop()

    def _measure(self) -> None:
        now = self._hall.clock.seconds()
        self._lags.observe(max(now - self._due, 0.0))
        # The next call is due a whole number of steps after the start, however late this one was.
        while self._due <= now:
            self._due += LAG_STEP_S

    def _committed(self, outcomes: Sequence[Outcome], seconds: float) -> None:
        self._posts += sum(1 for outcome in outcomes if type(outcome) is StoredPost and type(outcome.event) in POSTS)
        self._commits.observe(seconds)
        self._batches.observe(len(outcomes))

    # prometheus-client calls this.

    def collect(self) -> Iterator[Metric]:
        """Give every figure that is kept elsewhere."""
        hall, reception = self._hall, self._reception
        yield _gauge("info", "The version that runs.", {"version": self._version}, 1)
        yield _gauge("start_time_seconds", "When the daemon started, since 1970 UTC.", {}, hall.since)
        doors = Counter(session.screen.style.door for session in hall.sessions)
        connections = GaugeMetricFamily("groupchat_connections", "Connections, by door.", labels=["door"])
        for door in sorted({"text", "json", "web", *doors}):
            connections.add_metric([door], doors[door])
        yield connections
        yield _gauge("sockets", "Connections, including those that have sent nothing yet.", {}, reception.connections)
        yield _gauge("people", "People online.", {}, len(hall.roster))
        members = sum(len(room.members) for room in hall.rooms)
        yield _gauge("members", "Connections in rooms, counted once per room.", {}, members)
        yield _gauge("rooms", "Rooms that are not empty.", {}, sum(1 for room in hall.rooms if room.members))
        yield _gauge("accounts", "Accounts.", {}, len(hall.accounts))
        yield _gauge(
            "head",
            "The highest number; edits, deletions, topics and acts of operators have numbers too.",
            {},
            hall.stream.delivered,
        )
        yield _gauge("queued_entries", "Entries waiting for the journal.", {}, hall.commits.queued)
        yield _gauge("commit_delay_seconds", "How long the commit in flight has taken.", {}, hall.commits.delay)
        yield _gauge("slow_readers", "Connections that take no output now.", {}, len(reception.backlog))
        lagging = sum(
            1 for session in hall.sessions if session.connection is not None and session.connection.cursor is not None
        )
        yield _gauge("catching_up", "Connections that are fed from the journal.", {}, lagging)
        yield _counter("posts", "Messages stored since the start; not edits, deletions and topics.", self._posts)
        yield _counter("deliveries", "Writes of batches to members since the start.", hall.fanout.deliveries)
        yield _counter("delivered_bytes", "Bytes in these writes.", hall.fanout.bytes)
        sharing = hall.sharing
        if sharing.files.shelf is not None:
            yield _gauge("files", "Files that are kept.", {}, sharing.files.shelf.count)
            yield _gauge("files_bytes", "Bytes of these.", {}, sharing.files.shelf.kept)
            if sharing.files.others is not None:
                about = "Files that are missing here: other nodes may have them."
                yield _gauge("files_missing", about, {}, sharing.files.missing)
                about = "Files that came from other nodes since the start."
                yield _counter("files_fetched", about, sharing.files.others.fetched)
            yield _gauge("uploads", "Files that are being sent.", {}, len(sharing.uploads))
            yield _counter("files_shared", "Files posted since the start.", sharing.sent)
            refused = CounterMetricFamily("groupchat_files_refused", "Files not taken, by code.", labels=["code"])
            for code, count in sorted(sharing.uploads.refused.items()):
                refused.add_metric([code], count)
            yield refused
        standing = hall.standing()
        if standing is not None:
            yield _gauge("node_info", "Which node of its cluster this is.", {"node": standing.node}, 1)
            yield _gauge("log_applied", "Number of the last entry of the log carried out here.", {}, standing.applied)
            behind = standing.head - standing.applied
            yield _gauge("log_lag", "Entries of the log that are not carried out here yet.", {}, behind)
            about = "How long the newest entry took until most of etcd had it on disk."
            yield _gauge("log_append_seconds", about, {}, standing.append_seconds)
            about = "Since when the lease of this node was not renewed; it ends after 10 s."
            yield _gauge("lease_age_seconds", about, {}, standing.lease_age)
            about = "Since when this node has not seen which nodes are alive, which it looks at twice a second."
            yield _gauge("nodes_unseen_seconds", about, {}, standing.live_age)
            yield _gauge("nodes", "Nodes of the cluster that are alive.", {}, len(standing.nodes))
            yield _gauge("nodes_gone", "Nodes that are gone, and were not removed.", {}, len(standing.gone))
        expiry = GaugeMetricFamily(
            "groupchat_certificate_expiry_timestamp_seconds", "When a certificate expires, since 1970 UTC.",
            labels=["name"],
        )  # fmt: skip
        for name, expires in hall.health.validity().items():
            expiry.add_metric([name], expires)
        yield expiry
        reload = hall.health.reload
        if reload is not None:
            good = not reload.mistake
            yield _gauge("last_reload_successful", "Whether the settings were applied when last read again.", {}, good)
            about = "When the settings were last read again, since 1970 UTC."
            yield _gauge("last_reload_timestamp_seconds", about, {}, reload.at)
        refusals = CounterMetricFamily("groupchat_refusals", "Refusals, by code.", labels=["code"])
        for code, count in sorted((hall.health.refusals + reception.turned_away).items()):
            refusals.add_metric([code], count)
        yield refusals


def _gauge(name: str, about: str, labels: dict[str, str], value: float) -> Metric:
    gauge = GaugeMetricFamily(f"groupchat_{name}", about, labels=list(labels))
    gauge.add_metric(list(labels.values()), value)
    return gauge


def _counter(name: str, about: str, value: float) -> Metric:
    return CounterMetricFamily(f"groupchat_{name}", about, value=value)


class MetricsServer:
    """The ports where the figures of one daemon are served.

    :param endpoint: where to listen, as ``Ports`` takes it.
    :param reception: counts the connections to these ports, as those to the chat's, and knows the settings.
    :param trouble: tells why the daemon should be restarted; empty: it is healthy.
    :param unready: tells why no people should be sent to this daemon now; empty: it is ready.
    :raises CannotStart: the endpoint is not one.
    """

    def __init__(
        self, reactor: Any, endpoint: str, reception: Reception, trouble: Callable[[], str], unready: Callable[[], str]
    ) -> None:
        self._ports = Ports(reactor, [endpoint])
        self._reception = reception
        site = MetricsSite(lambda: self._metrics, trouble, unready, self._hosts)
        self._factory = CountedFactory(site, reception, FULL)
        self._metrics: Metrics | None = None

    def listen(self) -> list[str]:
        """Listen, and return the addresses.

        :raises CannotStart: a port is in use, or may not be taken.
        """
        self._ports.bind(self._factory)
        for port in self._ports.bound:
            transport.install(port)
        return self._ports.accept()

    def watch(self, hall: Hall) -> None:
        """Serve the figures of this hall from now on."""
        self._metrics = Metrics(hall, self._reception, hall.version)
        self._metrics.start()

    def close(self) -> "Deferred[Any]":
        """Stop measuring, and close the ports."""
        if self._metrics is not None:
            self._metrics.stop()
        return self._ports.close()

    def _hosts(self) -> Collection[str]:
        settings = self._reception.settings
        return {name.lower() for name in (socket.gethostname(), settings.name, *settings.metrics_hosts)}


class OneRequest(HTTPChannel):
    """A connection for one request, so that it ends with the answer."""

    # Twisted calls this.

    def checkPersistence(self, request: Request, version: bytes) -> bool:
        request.responseHeaders.setRawHeaders(b"connection", [b"close"])
        return False


class Bodyless(Request):
    """A request that may not have a body, because none needs one."""

    # Twisted calls these.

    def gotLength(self, length: int | None) -> None:
        super().gotLength(0)
        if length != 0:
            assert self.channel.transport is not None
            self.channel.transport.write(TOO_LARGE)
            self.channel.loseConnection()

    def handleContentChunk(self, data: bytes) -> None:
        """Drop a piece of a body: no request here has one that says anything."""


class Page(Resource):
    """A page whose status and text are asked for each time."""

    isLeaf = True

    def __init__(self, answer: Callable[[Request], tuple[int, bytes]]) -> None:
        super().__init__()
        self._answer = answer

    # Twisted calls this.

    def render_GET(self, request: Request) -> bytes:
        request.setHeader(b"content-type", b"text/plain; charset=utf-8")
        request.setHeader(b"cache-control", b"no-store")
        status, body = self._answer(request)
        request.setResponseCode(status)
        return body


class MetricsSite(Site):
    """The pages; requests are not logged.

    A page of the web could give its own name the address of this machine, and so let a browser here read the figures
    (DNS rebinding).  Therefore a request must name an address, this machine, or one of some names.
    """

    noisy = False
    protocol = OneRequest  # type: ignore[assignment]  # the stock one only adds HTTP/2
    requestFactory = Bodyless

    def __init__(
        self,
        metrics: Callable[[], Metrics | None],
        trouble: Callable[[], str],
        unready: Callable[[], str],
        hosts: Callable[[], Collection[str]],
    ) -> None:
        """:param metrics: returns the figures; None: there are none yet.

        :param hosts: returns the names by which they may be asked for, in lower case.
        """
        root = Resource()
        root.putChild(b"metrics", Page(lambda request: _exposed(metrics(), request)))
        root.putChild(b"healthz", Page(lambda _: _told(trouble())))
        root.putChild(b"readyz", Page(lambda _: _told(trouble() or unready())))
        self._hosts = hosts
        self._misdirected = Page(lambda _: (421, MISDIRECTED))
        super().__init__(root)

    # Twisted calls these.

    def getResourceFor(self, request: Request) -> Any:
        return super().getResourceFor(request) if self._is_for_us(request) else self._misdirected

    def log(self, request: Any) -> None:
        """Write nothing."""

    def _is_for_us(self, request: Request) -> bool:
        """Say whether the request names an address or a name of ours; none is needed at a UNIX socket."""
        named = request.requestHeaders.getRawHeaders("host") or []
        if not hasattr(request.getClientAddress(), "host") or not named:
            return True  # no browser comes that way, or leaves the name out
        return len(named) == 1 and _is_ours(named[0], self._hosts())


def _is_ours(named: str, hosts: Collection[str]) -> bool:
    """Say whether a Host header (RFC 9110, section 7.2) is an address, this machine, or one of these names."""
    name = re.sub(r":[0-9]*\Z", "", named.strip()).lower()
    try:
        ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return name.removesuffix(".") in {"localhost", *hosts}
    return True


def _told(why_not: str) -> tuple[int, bytes]:
    return (503, f"{why_not}\n".encode()) if why_not else (200, b"ok\n")


def _exposed(metrics: Metrics | None, request: Request) -> tuple[int, bytes]:
    if metrics is None:
        return _told("starting")
    encode, kind = choose_encoder(request.getHeader("accept") or "")
    request.setHeader("content-type", kind)
    return 200, encode(metrics.registry)
