"""The daemon: its options, and the service that puts journal, hall and doors together."""

import os
import signal
import socket
import time
from collections.abc import Callable, Generator
from dataclasses import fields
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, cast

from twisted.application.service import Service
from twisted.internet.defer import Deferred, inlineCallbacks, maybeDeferred
from twisted.internet.interfaces import IListeningPort
from twisted.internet.task import LoopingCall, deferLater
from twisted.logger import Logger
from twisted.python import usage
from twisted.python.failure import Failure

from groupchat import environment, process
from groupchat.doors import certificates, control, ports, wire
from groupchat.doors.certificates import Certificates
from groupchat.doors.factory import ChatFactory
from groupchat.doors.tls import Tunnels
from groupchat.errors import CannotStart, JournalUnavailable
from groupchat.hall import Hall
from groupchat.interfaces import IJournal, IRetention, IScreen
from groupchat.journals.opening import open_journal
from groupchat.limits import Turnstile
from groupchat.metrics import Metrics, MetricsSite
from groupchat.passwords import Passwords
from groupchat.session import Session
from groupchat.settings import Settings, load
from groupchat.supervisor import Supervisor, Watchdog

PORT = "5000"
FAREWELL = "The server is stopping."
RESTARTING = "The server is restarting."
"""What SIGTERM means most often: who is told so comes back, and it does no harm if nobody is there then."""
RENEWAL_S = 30.0
"""How often it is looked whether the certificate was renewed, in seconds."""
EXPIRY_S = 3600.0
"""How often it is looked what is older than ``retain_days``, in seconds."""
DRAIN_STEP_S = 0.05
"""How often it is looked whether everybody has read everything, in seconds, while the server stops."""


class Options(usage.Options):
    """What stands on the command line after ``twistd groupchat``."""

    synopsis = "[options]"
    optParameters = [  # noqa: RUF012  (Twisted's way of declaring them)
        ["data", None, None, "Folder of the messages [default: $STATE_DIRECTORY, or groupchat-data here]"],
        ["journal", None, None, "Where messages are kept: memory: or sqlite:PATH [default: sqlite:DATA/chat.db]"],
        ["name", None, None, "The server's name in its greeting [default: this host's]"],
        ["motd", None, None, "File with the text that everyone is shown on connecting"],
        ["settings", None, None, "File with settings, in TOML"],
        ["metrics", None, None, "Where figures are served: an endpoint, or a port of this machine [default: nowhere]"],
        ["tls", None, None, "Certificate: a folder, or CERT,KEY [default: one of our own, in the data folder]"],
    ]
    optFlags = [["log-messages", None, "Log what people say (chat is private: off unless asked for)"]]  # noqa: RUF012
    compData = usage.Completions(
        optActions={
            "data": usage.CompleteDirs(),
            "motd": usage.CompleteFiles(),
            "settings": usage.CompleteFiles("*.toml"),
            "tls": usage.CompleteFiles(),
        }
    )

    def __init__(self) -> None:
        super().__init__()
        self["port"] = []
        self["exempt"] = []
        self.given = Settings()

    @property
    def journal(self) -> str:
        """The place of the journal."""
        if self["journal"]:
            return str(self["journal"])
        return f"sqlite:{self.data}/chat.db"

    @property
    def data(self) -> str:
        """The data folder."""
        return str(process.data_folder(self["data"]))

    # Twisted calls these.

    def opt_port(self, place: str) -> None:
        """Where to listen: a number, or an endpoint such as tcp:5000:interface=127.0.0.1; may be repeated
        [default: 5000, on all addresses]"""
        self["port"].append(place)

    def opt_exempt(self, network: str) -> None:
        """A network, such as 10.0.0.0/8, that limits for addresses do not hold for; may be repeated"""
        self["exempt"].append(network)

    def parseOptions(self, options: Any = None) -> None:
        """Read them; a mistake is told in one line, with exit status 1 whatever program runs the daemon."""
        try:
            super().parseOptions(options)
        except (usage.UsageError, CannotStart) as error:
            process.complain(f"{error}")
            raise SystemExit(1) from error

    def parseArgs(self, *surplus: str) -> None:
        if surplus:
            raise usage.UsageError(f"{surplus[0]!r} is no option; twistd groupchat --help lists them.")

    def postOptions(self) -> None:
        given = environment.options(os.environ)
        for name in ("data", "journal", "metrics", "settings", "tls"):
            self[name] = self[name] or given.get(name)
        self["port"] = self["port"] or given.get("port", "").split()
        self.given = self.read_settings()

    def read_settings(self) -> Settings:
        """The settings as they stand now: in the file, changed by the environment, changed by options.

        :raises CannotStart: something is wrong there.
        """
        settings = load(self["settings"]) if self["settings"] else Settings()
        settings = settings.replaced(**environment.settings(os.environ))
        changes: dict[str, object] = {}
        if self["name"]:
            changes["name"] = self["name"]
        elif not settings.name:
            changes["name"] = socket.gethostname()
        if self["motd"]:
            changes["motd"] = _read(Path(self["motd"]))
        if self["exempt"]:
            changes["exempt"] = [*map(str, settings.exempt), *self["exempt"]]
        if self["log-messages"]:
            changes["log_messages"] = True
        return settings.replaced(**changes)


class ChatService(Service):
    """The whole daemon, from listening to the last line that everybody is sent.

    Ports are bound while the process may still have privileges; the journal is opened after it gave them up.
    Connections that come before the hall is open wait in the kernel.
    """

    log = Logger()

    def __init__(
        self,
        reactor: Any,
        settings: Settings,
        places: list[str],
        journal: str,
        data: Path,
        tls: str = "",
        reread: Callable[[], Settings] | None = None,
        metrics: str = "",
    ) -> None:
        """:raises CannotStart: one of the places is none.

        :param data: the data folder, for a certificate of our own.
        :param tls: where another certificate is.
        :param metrics: where figures are served; empty: nowhere.
        :param reread: gives the settings as they stand when it is called, or raises CannotStart.
        """
        self.settings = settings
        self.hall: Hall | None = None
        self.ports: list[Any] = []
        self.status = 0
        """The exit status."""
        turnstile = Turnstile(settings.address_live, settings.address_new, settings.address_window_s, settings.exempt)
        self._turnstile = turnstile
        self._reread = reread or (lambda: self.settings)
        self._farewell = FAREWELL
        self.factory = ChatFactory(self._session, settings, reactor, turnstile)
        self._reactor = reactor
        self._place = journal
        self._endpoints = [(place, endpoint) for place in places for endpoint in ports.endpoints(reactor, place)]
        self._metrics_place = f"tcp:{metrics}:interface=127.0.0.1" if metrics.isdigit() else metrics
        self._metrics_endpoints = ports.endpoints(reactor, self._metrics_place) if metrics else []
        self._metrics_ports: list[Any] = []
        self._metrics: Metrics | None = None
        self._admitted = False
        self._journal: IJournal | None = None
        self._passwords = Passwords(reactor, settings.password_queue)
        self._control: IListeningPort | None = None
        self._control_factory: control.ControlFactory | None = None
        self._data = data
        self._tls = tls
        self._certificates: Certificates | None = None
        self._renewing = LoopingCall(self._renew)
        self._renewing.clock = reactor
        self._sweeping = LoopingCall(self._sweep)
        self._sweeping.clock = reactor
        self._expiring = LoopingCall(self._expire)
        self._expiring.clock = reactor
        self._signals = process.Signals()
        self._supervisor = Supervisor(os.environ)
        self._watchdog = Watchdog(self._supervisor, reactor, self._ask_journal, self._is_well)
        self._stopping = False
        self._patient = True
        """Whether a stop waits for readers."""

    # Twisted calls these.

    def privilegedStartService(self) -> None:
        """:raises CannotStart: a port is busy, or not ours to take."""
        super().privilegedStartService()
        self._listen()

    def startService(self) -> None:
        """:raises CannotStart: a port is busy, or the data folder cannot be used."""
        self._signals.catch([signal.SIGHUP], lambda: self._reactor.callFromThread(self._hung_up))
        if not self.ports:
            self._listen()  # twist calls no privilegedStartService
        self._serve_metrics()
        try:
            if self._certificates is None:
                self._offer(certificates.own(self._data / "tls"))
            self._journal = open_journal(self._place, self._reactor)
        except CannotStart as error:
            raise self._given_up(error) from error
        super().startService()
        self.hall = Hall(
            self._journal, self.settings, self._reactor, time.time, _version(), self._at_turn_end, self._passwords
        )
        self.hall.on_broken = self._broken
        if self._metrics_ports:
            self._metrics = Metrics(self.hall, self.factory, self.hall.version)
            self._metrics.start()
        self._passwords.start()
        self.factory.check_address = self._check_address
        self._reactor.callWhenRunning(self._run)

    @inlineCallbacks
    def stopService(self) -> Generator["Deferred[Any]", Any, None]:
        """Told, flushed and closed: everybody, for at most ``stop_timeout_s``; then the journal."""
        super().stopService()
        self._stopping = True
        self.log.info("Stopping")
        self._supervisor.tell("STOPPING=1", f"STATUS={self._farewell}")
        for port in self.ports:
            yield port.stopListening()
        if self._control is not None:
            yield maybeDeferred(self._control.stopListening)
        self.factory.stop()
        yield self._say_farewell()
        for looping in (self._sweeping, self._renewing, self._expiring):
            if looping.running:
                looping.stop()
        self._watchdog.stop()
        if self._metrics is not None:
            self._metrics.stop()
        for port in self._metrics_ports:
            yield port.stopListening()
        if self._journal is not None:
            try:
                yield self._journal.close()
            except Exception:
                self.log.failure("The journal did not close as it should")
                self.status = self.status or process.BROKEN
        if self.hall is not None:
            self._passwords.stop()
        self._signals.restore()
        self.log.info("Stopped")
        if self.status:
            process.exit_with(self.status)

    # Starting

    def _listen(self) -> None:
        """:raises CannotStart: a port is busy, or not ours to take; or the certificate given is of no use."""
        if self._tls:
            try:
                self._offer(certificates.given(self._tls))  # whose key may be the superuser's
            except CannotStart as error:
                raise self._given_up(error) from error
        for place, endpoint in self._endpoints:
            failures: list[Failure] = []
            endpoint.listen(self.factory).addCallbacks(self._bound, failures.append)
            if failures:
                raise self._given_up(ports.refused(place, failures[0]))

    def _offer(self, found: Certificates) -> None:
        self._certificates = found
        self.factory.tunnels = Tunnels(found, False, self.factory, self._reactor)

    def _bound(self, port: Any) -> None:
        port.stopReading()
        wire.install(port)
        self.ports.append(port)

    def _given_up(self, error: CannotStart) -> CannotStart:
        """Let go of the ports; the error is for who called us, and for the log."""
        self.log.error("Cannot start: {reason}", reason=str(error))
        for port in (*self.ports, *self._metrics_ports):
            port.stopListening()
        return error

    def _run(self) -> None:
        """The reactor runs: from now on it is us who say what its signals mean."""
        for number, words in ((signal.SIGTERM, RESTARTING), (signal.SIGINT, FAREWELL)):
            self._signals.catch([number], partial(self._reactor.callFromThread, self._asked_to_stop, words))
        assert self.hall is not None
        self.hall.open().addCallbacks(self._admit, self._not_opened)

    def _admit(self, _: None) -> None:
        if self._stopping:
            return
        self._sweeping.start(1.0, now=False)
        self._renewing.start(RENEWAL_S, now=False)
        self._expiring.start(EXPIRY_S)
        for port in self.ports:
            port.startReading()
            self.log.info("Listening at {address}", address=ports.where(port))
        self._listen_for_control()
        self.log.info("Started with the messages in {journal}", journal=self._place)
        self._admitted = True
        self._supervisor.tell("READY=1")
        self._supervisor.show(self._standing())
        self._watchdog.start()

    def _serve_metrics(self) -> None:
        """:raises CannotStart: they cannot be served there."""
        site = MetricsSite(lambda: self._metrics, self._trouble, self._unready)
        for endpoint in self._metrics_endpoints:
            failures: list[Failure] = []
            endpoint.listen(site).addCallbacks(self._metrics_ports.append, failures.append)
            if failures:
                raise self._given_up(ports.refused(self._metrics_place, failures[0]))
        for port in self._metrics_ports:
            self.log.info("Metrics at {address}", address=ports.where(port))

    def _trouble(self) -> str:
        """Why the daemon should be started anew."""
        return "the journal can no longer be written" if self.status == process.BROKEN else ""

    def _unready(self) -> str:
        """Why nobody should be sent here."""
        if self._stopping:
            return "stopping"
        if self.hall is None or not self._admitted:
            return "starting"
        return self.hall.commits.trouble

    def _listen_for_control(self) -> None:
        """The chat does without the control socket, when it cannot be made."""
        factory = self._control_factory = control.ControlFactory(self._session, self.settings, self._reactor)
        try:
            self._control = control.listen(self._reactor, self._data, factory)
        except CannotStart as error:
            self.log.error("No accounts can be managed by groupchat user: {reason}", reason=str(error))

    def _not_opened(self, failure: Failure) -> None:
        self.log.failure("The rooms could not be read from the journal", failure=failure)
        self._end(process.BROKEN)

    # Running

    def _at_turn_end(self, function: Callable[[], None]) -> None:
        """Delayed calls run when everything that could be read was read."""
        self._reactor.callLater(0, function)

    def _session(self, screen: IScreen, door: str) -> Session:
        assert self.hall is not None
        return self.hall.session(screen, door)

    def _check_address(self, address: str) -> None:
        """:raises Banned: operators keep this address out."""
        assert self.hall is not None
        self.hall.moderation.check_address(address, self.hall.now())

    def _sweep(self) -> None:
        assert self.hall is not None
        try:
            self.hall.sweep()
        except Exception:
            # Raised further it would end the sweeps for ever.
            self.log.failure("A sweep failed")
        self._supervisor.show(self._standing())

    def _standing(self) -> str:
        """How it is, in a line."""
        assert self.hall is not None
        people, rooms = len(self.hall.roster), len(self.hall.rooms)
        return f"People: {people}, rooms: {rooms}, posts: {self.hall.delivered}"

    def _ask_journal(self) -> "Deferred[Any]":
        assert self._journal is not None
        return self._journal.facts("")

    def _is_well(self) -> bool:
        """Whether the disk takes what is said."""
        return self.hall is not None and self.hall.commits.delay < self.settings.commit_refuse_s

    def _broken(self, failure: Failure) -> None:
        """The journal can no longer be trusted: say so, and go, so that nothing more is acknowledged."""
        assert self.hall is not None
        for session in list(self.hall.sessions):
            session.refuse(JournalUnavailable("The journal cannot be written any more; the server stops."))
        self._end(process.BROKEN)

    @inlineCallbacks
    def _expire(self) -> Generator["Deferred[Any]", Any, None]:
        """Remove what is older than the settings say."""
        days = self.settings.retain_days
        if not days or not IRetention.providedBy(self._journal):
            return
        assert self._journal is not None
        try:
            removed = yield cast(Any, self._journal).expire(time.time() - days * 86400)
        except Exception:
            # Raised further it would end the looking for ever.
            if not self._stopping:  # else the journal was closed meanwhile; the next start goes on
                self.log.failure("Old messages could not be removed")
        else:
            if removed:
                self.log.info("Removed {count} entries older than {days} days", count=removed, days=days)

    def _renew(self) -> None:
        assert self._certificates is not None
        try:
            self._certificates.renew()
        except Exception:
            # Raised further it would end the looking for ever.
            self.log.failure("The certificate could not be looked at")

    def _hung_up(self) -> None:
        self.log.info("SIGHUP was seen; settings and certificate are read again")
        self._supervisor.tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")
        if self._certificates is not None:
            self._renew()
        try:
            self._follow(self._reread())
        except CannotStart as error:
            self.log.error("The settings stay as they were: {reason}", reason=str(error))
        self._supervisor.tell("READY=1")

    def _follow(self, settings: Settings) -> None:
        """Go by these settings from now on; what needs a restart is told in the log, and stays as it was."""
        fixed = self.settings.fixed(settings)
        for name in fixed:
            self.log.warn("{setting} has changed, which needs a restart", setting=name)
        settings = settings.replaced(**{name: getattr(self.settings, name) for name in fixed})
        changed = [
            about.name
            for about in fields(settings)
            if getattr(settings, about.name) != getattr(self.settings, about.name)
        ]
        self.settings = settings
        self.factory.follow(settings)
        turnstile = self._turnstile
        turnstile.live, turnstile.new, turnstile.window = (
            settings.address_live,
            settings.address_new,
            settings.address_window_s,
        )
        turnstile.exempt = settings.exempt
        if self.hall is not None:
            self.hall.follow(settings)
        if self._control_factory is not None:
            self._control_factory.follow(settings)
        self.log.info("Settings changed: {names}", names=", ".join(changed) or "none")

    # Stopping

    def _asked_to_stop(self, words: str) -> None:
        """SIGTERM or SIGINT; asked twice, we wait for no reader any longer."""
        if self._stopping:
            self._patient = False
        else:
            self._farewell = words
            self._end(0)

    def _end(self, status: int) -> None:
        self.status = self.status or status
        self._reactor.callLater(0, self._stop)

    def _stop(self) -> None:
        if not self._stopping and self._reactor.running:
            self._reactor.stop()

    @inlineCallbacks
    def _say_farewell(self) -> Generator["Deferred[Any]", Any, None]:
        """Tell everybody, and wait until their connections have sent all and closed, or time is out."""
        if self.hall is None:
            return
        end = self._reactor.seconds() + self.settings.stop_timeout_s
        if self.status == process.BROKEN:
            for session in list(self.hall.sessions):
                session.close()
        else:
            told = self.hall.stop(self._farewell)
            told.addErrback(lambda failure: self.log.failure("The farewell failed", failure=failure))
            while not told.called and self._patient and self._reactor.seconds() < end:
                yield deferLater(self._reactor, DRAIN_STEP_S)
        while self.factory.connections and self._patient and self._reactor.seconds() < end:
            yield deferLater(self._reactor, DRAIN_STEP_S)
        if self.factory.connections:
            self.log.warn("{count} connections did not take all they were sent", count=self.factory.connections)


def makeService(options: Options) -> ChatService:
    """The daemon, as twistd and twist run it; what is wrong with the options ends the process with one line."""
    from twisted.internet import reactor as installed

    reactor: Any = installed
    # The wall clock can be set; this one never jumps.  Nothing has been scheduled yet.
    reactor.seconds = time.monotonic
    process.explain_failed_starts()
    try:
        return ChatService(
            reactor,
            options.given,
            options["port"] or [PORT],
            options.journal,
            Path(options.data),
            options["tls"] or "",
            options.read_settings,
            options["metrics"] or "",
        )
    except CannotStart as error:
        process.complain(str(error))
        raise SystemExit(1) from error


def _version() -> str:
    """The version people are greeted with: ``1.0`` of 1.0.3 and of 1.0.0.dev0 alike."""
    try:
        return ".".join(version("groupchat").split(".")[:2])
    except PackageNotFoundError:  # run from a folder that is not installed
        return ""


def _read(path: Path) -> str:
    """:raises CannotStart: the file cannot be read, or is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8").rstrip("\n")
    except OSError as error:
        raise CannotStart(f"{path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise CannotStart(f"{path} is not UTF-8.") from error
