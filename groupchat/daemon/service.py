"""The daemon: the service that puts journal, hall and doors together, and takes them apart in the right order.

1. Ports are bound in ``privilegedStartService``, while the process may still have privileges.
2. The journal is opened after the process became a daemon and gave up its privileges.
3. Connections are accepted when the hall has read the journal; until then they wait in the kernel.
4. On a stop: no new connections, the farewell, the rest of the output, the periodic work, the journal.
"""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Generator
from functools import partial
from typing import Any, Protocol, cast

from twisted.application.service import Service
from twisted.internet.defer import CancelledError, Deferred, inlineCallbacks, maybeDeferred
from twisted.internet.interfaces import IDelayedCall, IListeningPort
from twisted.logger import ILogObserver, Logger
from twisted.python.components import Componentized
from twisted.python.failure import Failure

from groupchat.config.settings import Settings
from groupchat.daemon import process
from groupchat.daemon.farewell import RESTARTING, STOPPING, Farewell
from groupchat.daemon.log.log_file import DESTINATION
from groupchat.daemon.log.log_lines import Observer, take_over
from groupchat.daemon.options import Locations, Options
from groupchat.daemon.passwords import Passwords
from groupchat.daemon.stopping import Steps
from groupchat.daemon.supervisor import Supervisor
from groupchat.daemon.upkeep import Upkeep
from groupchat.disk.data_folders import check_own
from groupchat.doors import blocked_ports, control
from groupchat.doors.certificates.certificates import Certificates, given
from groupchat.doors.certificates.own_certificate import own
from groupchat.doors.factory import ChatFactory
from groupchat.doors.reception import Reception
from groupchat.doors.wire import inherited, transport
from groupchat.doors.wire.ports import Ports, check_plain
from groupchat.doors.wire.tls import Tunnels
from groupchat.files.opening_shelf import open_shelf
from groupchat.hall.hall import Hall
from groupchat.interfaces.files import IShelf
from groupchat.interfaces.screens import IScreen
from groupchat.interfaces.storage import IClusterJournal, IJournal, IMarkable
from groupchat.journals.opening import open_journal
from groupchat.journals.sqlite.folder import DATABASE
from groupchat.limits.descriptors import descriptors, raise_descriptors
from groupchat.limits.turnstile import Turnstile
from groupchat.model.errors import CannotStart, JournalUnavailable
from groupchat.sessions.early_session import EarlySession
from groupchat.sessions.session import Session
from groupchat.sessions.visit import Visits

WAITING = "This server is a node of a cluster that is starting, and waits for the others' log. Try again in a while."
"""Said to everybody who connects while the hall is not open yet, and will not be soon."""

LATE_S = 5.0
"""Seconds for which entries of the log of a cluster have been waiting when a node counts as not ready."""


class FiguresServer(Protocol):
    """The server of figures: a MetricsServer, whose module is imported only when figures are asked for."""

    def listen(self) -> list[str]:
        """Listen, and return the addresses.  Raises CannotStart."""

    def watch(self, hall: Hall) -> None:
        """Serve the figures of this hall."""

    def close(self) -> "Deferred[Any]":
        """Close the ports."""


class ChatService(Service):
    """The whole daemon, from the first port to the last line that everybody is sent.

    :param reread: returns the settings as they stand when it is called, or raises CannotStart.
    :param observer: what the application logs to; None: twistd decides.
    :param starter: who is told why the daemon cannot start in the background; let go of when it has started.
    :raises CannotStart: a port or an endpoint is not one.
    """

    log = Logger()

    def __init__(
        self,
        reactor: Any,
        settings: Settings,
        locations: Locations,
        reread: Callable[[], Settings],
        observer: Observer | None = None,
        starter: process.Starter | None = None,
    ) -> None:
        turnstile = Turnstile()
        self._reactor = reactor
        self._settings = settings
        self._locations = locations
        self._reread = reread
        self._reception = Reception(self._session, settings, reactor, turnstile)
        self._reception.follow(settings)
        self._factory = ChatFactory(self._reception)
        check_plain(locations.ports)
        self._ports = Ports(reactor, locations.ports)
        self._figures = self._figures_server()
        self._certificates: Certificates | None = None
        self._control_reception = Reception(self._control_session, settings, reactor)
        self._control: IListeningPort | None = None
        self._hall: Hall | None = None
        self._journal: IJournal | None = None
        self._shelf: IShelf | None = None
        self._passwords = Passwords(reactor, settings.password_queue)
        self._signals = process.Signals()
        self._supervisor = Supervisor(os.environ)
        self._upkeep: Upkeep | None = None
        self._admitted = False
        self._answering: IDelayedCall | None = None
        """When peers are answered although the hall is not open."""
        self._status = 0
        """The exit status."""
        self._farewell = Farewell(reactor, self._reception)
        self._stopping = False
        self._observer = observer
        self._starter = starter

    # Twisted calls these.

    def setServiceParent(self, parent: Any) -> None:
        """Become the service of an application, whose log goes to our observer unless twistd was told of another."""
        super().setServiceParent(parent)
        if self._observer is not None and isinstance(parent, Componentized):
            parent.setComponent(ILogObserver, self._observer)

    def privilegedStartService(self) -> None:
        """Bind the ports.

        :raises CannotStart: a port is in use, or may not be taken.
        """
        super().privilegedStartService()
        self._listen()

    def startService(self) -> None:
        """Open the journal, and let people in when the reactor runs and the hall has read the journal.

        :raises CannotStart: a port is in use, or the data folder cannot be used.
        """
        self._signals.catch([signal.SIGHUP], lambda: self._reactor.callFromThread(self._hung_up))
        if signal.getsignal(signal.SIGUSR1) is signal.SIG_DFL:  # else twistd has a log file of its own to move
            self._signals.catch([signal.SIGUSR1], lambda: self._reactor.callFromThread(DESTINATION.rotate))
        process.share_interpreter()
        self._tell_descriptors()
        if not self._ports.bound:
            self._listen()  # twist does not call privilegedStartService
        if self._settings.web:
            blocked_ports.advise(self._ports.bound)
        try:
            self._serve_figures()
            if self._certificates is None:
                # A folder that is refused is not written to.
                if self._locations.journal == f"sqlite:{self._locations.data / DATABASE}":
                    with contextlib.suppress(OSError):  # it is not there yet, or cannot be used, as will be said
                        check_own(self._locations.data)
                self._offer(own(self._locations.data / "tls"))
            self._journal = self._open_journal()
        except CannotStart as error:
            raise self._given_up(error) from error
        if self._locations.node is None:
            self._let_starter_go()  # a node may still be refused by its cluster
        super().startService()
        self._hall = self._make_hall(self._journal)
        self._shelf = self._hall.sharing.files.shelf = open_shelf(self._locations.journal, self._reactor)
        self._share_files(self._hall, self._shelf)
        self._passwords.start()
        self._reception.check_address = self._check_address
        if self._locations.node is not None:
            self._reception.unready = self._unready  # a proxy sends people to another node then
        visits = Visits(self._hall)
        self._reception.visits = self._control_reception.visits = lambda: visits
        self._reactor.callWhenRunning(self._run)

    @inlineCallbacks
    def stopService(self) -> Generator["Deferred[Any]", Any, None]:
        """Tell everybody, deliver what is under way, and close the journal, in ``stop_timeout_s`` at most."""
        super().stopService()
        self._stopping = True
        self.log.info("Stopping")
        hall, upkeep, figures, control_port = self._hall, self._upkeep, self._figures, self._control
        steps = Steps(self._reactor, (hall.settings if hall is not None else self._settings).stop_timeout_s)
        told = ("STOPPING=1", f"STATUS={self._farewell.words}")
        yield steps.take("telling the supervisor", lambda: self._supervisor.tell(*told))
        yield steps.take("closing the ports", self._ports.close)
        if control_port is not None:
            yield steps.take("closing the control socket", lambda: maybeDeferred(control_port.stopListening))
        yield steps.take("dropping those without a nickname", self._reception.stop)
        if hall is not None:
            tell, end = self._status != process.BROKEN, steps.readers_end
            yield steps.take("saying goodbye", lambda: self._farewell.say(hall, tell, end))
        if upkeep is not None:
            yield steps.take("ending the periodic work", upkeep.stop)
        if figures is not None:
            yield steps.take("closing the ports of the figures", figures.close)
        if hall is not None and hall.sharing.files.others is not None:
            yield steps.take("ending what is fetched from other nodes", hall.sharing.files.others.close)
        if self._shelf is not None:
            yield steps.take("closing the shelf of files", self._shelf.close)
        if self._journal is not None:
            yield steps.take("closing the journal", self._close_journal)
        if hall is not None:
            yield steps.take("ending the threads for passwords", self._passwords.stop)
        yield steps.take("restoring the signals", self._signals.restore)
        self.log.info("Stopped")
        if self._status:
            process.exit_with(self._status)

    # Starting

    def _tell_descriptors(self) -> None:
        """Log how many files and sockets may be open, and whether as many connections fit as the settings allow."""
        most = descriptors()
        self.log.info("At most {most} files and sockets can be open", most=most)
        room = most - self._settings.spare_descriptors
        if room < self._settings.connections:
            self.log.warn(
                "So only {room} of {connections} connections are taken; raise the hard limit (LimitNOFILE, ulimit -Hn)",
                room=max(room, 0), connections=self._settings.connections,
            )  # fmt: skip

    def _figures_server(self) -> FiguresServer | None:
        if not self._locations.metrics:
            return None
        # prometheus-client and twisted.web take long to import, and most daemons do without.
        from groupchat.daemon.metrics import MetricsServer

        return MetricsServer(self._reactor, self._locations.metrics, self._reception, self._trouble, self._unready)

    def _listen(self) -> None:
        """Bind the ports; they accept nothing yet.

        :raises CannotStart: a port is in use, or may not be taken, or the certificate given cannot be used.
        """
        try:
            if self._locations.certificate:
                # Read while the process has privileges: the key may be readable by root only.
                self._offer(given(self._locations.certificate))
            self._ports.bind(self._factory)
        except CannotStart as error:
            raise self._given_up(error) from error
        for port in self._ports.bound:
            transport.install(port)

    def _offer(self, found: Certificates) -> None:
        self._certificates = found
        self._reception.tunnels = Tunnels(found)

    def _serve_figures(self) -> None:
        if self._figures is not None:
            for address in self._figures.listen():
                self.log.info("Metrics at {address}", address=address)

    def _given_up(self, error: CannotStart) -> CannotStart:
        """Close the ports and log the error; return it for the caller to raise."""
        self._tell_refusal(str(error))
        self._let_starter_go()
        self._ports.close()
        if self._figures is not None:
            self._figures.close()
        return error

    def _open_journal(self) -> IJournal:
        """:raises CannotStart: it cannot be used."""
        if self._locations.node is None:
            return open_journal(self._locations.journal, self._reactor)
        from groupchat.daemon.node import open_node  # a daemon that is alone needs nothing of it

        port = self._ports.bound[0].getHost()
        return open_node(self._locations, self._settings, self._reactor, getattr(port, "port", 0))

    def _tell_refusal(self, sentence: str) -> None:
        """Log why the daemon cannot start, and tell who started it in the background."""
        self.log.error("Cannot start: {reason}", reason=sentence)
        if self._starter is not None:
            self._starter.tell(sentence)

    def _let_starter_go(self) -> None:
        if self._starter is not None:
            self._starter.close()

    def _make_hall(self, journal: IJournal) -> Hall:
        hall = Hall(
            journal, self._settings, self._reactor, time.time, process.release(), self._at_turn_end, self._passwords
        )
        hall.health.on_broken = self._broken
        self._reception.log_limits = hall.log_limits
        if self._figures is not None:
            self._figures.watch(hall)
        assert self._certificates is not None
        hall.health.validity = self._certificates.validity
        self._upkeep = Upkeep(self._reactor, hall, journal, self._certificates, self._supervisor, self._reread)
        return hall

    def _share_files(self, hall: Hall, shelf: IShelf) -> None:
        """Fetch files from the other nodes of the cluster, if this is a node of one, and give them ours."""
        if IClusterJournal.providedBy(self._journal):
            from groupchat.files.others.opening_others import open_others  # a daemon that is alone imports none of it

            found = self._certificates
            assert found is not None
            hall.sharing.files.others = open_others(
                cast(Any, self._journal), shelf, self._reactor, lambda: found.fingerprint
            )

    def _run(self) -> None:
        """Take over the signals from the reactor, which has just set its own, and open the hall."""
        for number, words in ((signal.SIGTERM, RESTARTING), (signal.SIGINT, STOPPING)):
            self._signals.catch([number], partial(self._reactor.callFromThread, self._asked_to_stop, words))
        self._open_hall().addBoth(self._wait_no_longer).addCallbacks(self._admit, self._not_opened)

    @inlineCallbacks
    def _open_hall(self) -> Generator["Deferred[Any]", Any, None]:
        """Join the cluster, if there is one, and learn what the journal has.  Fails with CannotStart."""
        assert self._hall is not None
        if self._locations.node is not None:
            from groupchat.daemon.node import joined

            self._answering = self._reactor.callLater(self._settings.commit_refuse_s, self._answer_that_it_waits)
            yield cast(Any, self._journal).start()
            joined(self._locations)
            self._let_starter_go()
        yield self._hall.open()

    def _answer_that_it_waits(self) -> None:
        """Tell whoever connects, and whoever asks how the node stands, that it waits for its cluster.

        Until then they wait in the kernel, so that nobody notices a start that is as quick as most.
        """
        if self._stopping:
            return
        self._reception.waiting = JournalUnavailable(WAITING)
        self._ports.accept()
        self._listen_for_control()
        self.log.info("Everybody is told that this node waits for its cluster")

    def _wait_no_longer(self, result: Any) -> Any:
        if self._answering is not None and self._answering.active():
            self._answering.cancel()
        self._reception.waiting = None
        return result

    def _admit(self, _: None) -> None:
        if self._stopping:
            return
        for address in self._ports.accept():
            self.log.info("Listening at {address}", address=address)
        for name in inherited.unused(self._reactor, (*self._locations.ports, self._locations.metrics)):
            self.log.error(
                "The socket {name} was handed over, but no --port uses it: whoever connects there waits for ever.",
                name=name,
            )
        self._listen_for_control()
        process.settle()
        standing, where = self._hall.standing() if self._hall is not None else None, self._locations.journal
        if standing is not None:
            where += f"; this is the node {standing.node}, with the log in {self._locations.log}"
        self.log.info("Started with the messages in {journal}", journal=where)
        self._admitted = True
        assert self._upkeep is not None
        self._upkeep.start()

    def _listen_for_control(self) -> None:
        """Open the control socket; without it the chat works all the same."""
        if self._control is not None:
            return
        try:
            factory = control.ControlFactory(self._control_reception)
            self._control = control.listen(self._reactor, self._locations.data, factory)
        except CannotStart as error:
            self.log.error("No accounts can be managed by groupchat user: {reason}", reason=str(error))

    def _not_opened(self, failure: Failure) -> None:
        if self._stopping:
            return
        error = failure.value
        if isinstance(error, CannotStart):
            self._tell_refusal(str(error))
            process.complain(str(error))  # nobody else does, once the reactor runs
            self._let_starter_go()
            self._end(error.status)
            return
        self.log.failure("The rooms could not be read from the journal", failure=failure)
        self._mark_failed(f"it could not be read: {failure.getErrorMessage()}")
        self._end(process.BROKEN)

    # Running

    def _at_turn_end(self, function: Callable[[], None]) -> None:
        """Call the function after everything that can be read now was read: delayed calls run then."""
        self._reactor.callLater(0, function)

    def _session(self, screen: IScreen) -> Session:
        assert self._hall is not None
        return Session(self._hall, screen)

    def _control_session(self, screen: IScreen) -> Session:
        assert self._hall is not None
        return Session(self._hall, screen) if self._admitted else EarlySession(self._hall, screen)

    def _check_address(self, address: str) -> None:
        """:raises Banned: the address is banned."""
        assert self._hall is not None
        self._hall.moderation.check_address(address, self._hall.now())

    def _trouble(self) -> str:
        """Tell why the daemon should be restarted; empty: it is healthy."""
        return "the journal can no longer be written" if self._status == process.BROKEN else ""

    def _unready(self) -> str:
        """Tell why no people should be sent here now; empty: it is ready."""
        if self._stopping:
            return "stopping"
        standing = self._hall.standing() if self._hall is not None else None
        if self._hall is None or not self._admitted:
            return standing.trouble if standing is not None and standing.trouble else "starting"
        if standing is not None and standing.unseen:
            return standing.unseen
        if standing is not None and (standing.trouble or standing.lag >= LATE_S):
            return standing.trouble or f"{standing.head - standing.applied} entries of the log behind"
        return self._hall.commits.trouble

    def _hung_up(self) -> None:
        DESTINATION.reopen()
        self.log.info("SIGHUP: reading the settings and the certificate again")
        if self._upkeep is not None:
            self._upkeep.reload([self._reception, self._control_reception])
        if self._hall is not None:
            DESTINATION.limit(self._hall.settings.log_file_bytes, self._hall.settings.log_files)

    # Stopping

    def _close_journal(self) -> "Deferred[Any]":
        """Close the journal; when that fails, the exit status says so."""

        def failed(failure: Failure) -> Failure:
            # What was acknowledged is on disk in either case, but only a journal that fails is not to be trusted.
            if not failure.check(CancelledError):
                self._mark_failed(f"it could not be closed: {failure.getErrorMessage()}")
            self._status = self._status or (1 if failure.check(CancelledError) else process.BROKEN)
            return failure

        assert self._journal is not None
        return self._journal.close().addErrback(failed)

    def _broken(self, failure: Failure) -> None:
        """Tell everybody that the journal failed, and stop, so that nothing more is acknowledged."""
        assert self._hall is not None
        for session in list(self._hall.sessions):
            session.refuse(JournalUnavailable("The journal can no longer be written; the server is stopping."))
        self._end(process.BROKEN)

    def _mark_failed(self, what: str) -> None:
        """Have the next start refuse the journal until it was checked."""
        if IMarkable.providedBy(self._journal):
            cast(Any, self._journal).mark_failed(what)

    def _asked_to_stop(self, words: str) -> None:
        """Stop on SIGTERM or SIGINT; on the second one, stop waiting for readers."""
        if self._stopping:
            self._farewell.hurry()
        else:
            self._farewell.words = words
            self._end(0)

    def _end(self, status: int) -> None:
        self._status = self._status or status
        self._reactor.callLater(0, self._stop)

    def _stop(self) -> None:
        if not self._stopping and self._reactor.running:
            self._reactor.stop()


def makeService(options: Options) -> ChatService:
    """Make the daemon for twistd or twist; when the options are wrong, exit with one line on standard error."""
    from twisted.internet import reactor as installed

    reactor: Any = installed
    transport.use_steady_clock(reactor)
    process.explain_failed_starts()
    raise_descriptors()
    try:
        observer = take_over(options.parent, options.given)
        return ChatService(
            reactor, options.given, options.locations, options.read_settings, observer, process.Starter()
        )
    except CannotStart as error:
        process.complain(str(error))
        raise SystemExit(1) from error
