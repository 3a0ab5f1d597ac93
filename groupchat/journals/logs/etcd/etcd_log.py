"""A node's way to the shared log in etcd."""

import secrets
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, TypeVar

from twisted.internet.defer import CancelledError, Deferred, TimeoutError, fail, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from groupchat.interfaces.shared_log import (
    MAX_ENTRY_BYTES,
    Appended,
    Begun,
    Closed,
    Fenced,
    ForeignLog,
    ILog,
    LiveNode,
    LogEntry,
    Member,
    Space,
)
from groupchat.journals.logs.etcd.etcd_connections import Server
from groupchat.journals.logs.etcd.etcd_lease import Lease, claimed
from groupchat.journals.logs.etcd.etcd_upkeep import Upkeep
from groupchat.journals.logs.etcd.gateway import ATTEMPT_S, Gateway, Refused, Unanswered
from groupchat.journals.logs.etcd.log_watch import LogWatch
from groupchat.journals.logs.etcd.lookout import LiveWatch, Lookout
from groupchat.journals.logs.etcd.requests.etcd_requests import Append, Request, Requests, cluster_of, compose_form
from groupchat.journals.logs.etcd.requests.server_requests import EVERYTHING, revoke
from groupchat.journals.logs.etcd.rounds import Rounds
from groupchat.model.errors import CannotStart
from groupchat.outgoing.http_stream import Open

T = TypeVar("T")

_log = Logger()


@implementer(ILog)
class EtcdLog:
    """A log in etcd.

    :param open_stream: sends the request of a watch, by a connection of its own; as HttpStreams does.
    :param closing: is called in the end, to close the connections.
    """

    def __init__(
        self,
        gateway: Gateway,
        open_stream: Open,
        servers: Sequence[Server],
        prefix: str,
        closing: "Callable[[], Deferred[Any]]",
    ) -> None:
        self._gateway = gateway
        self._clock: IReactorTime = gateway.clock
        self._open_stream = open_stream
        self._servers = servers
        self._prefix = prefix
        self._closing = closing
        self._requests = Requests(prefix)
        # Whatever has its own way round the servers does not wait for the failures of others.  The watch is not at
        # the server that entries are sent to, so that one that stops does not silence both.
        self._appends = Rounds(gateway, servers)
        self._renewals = Rounds(gateway, servers)
        self._rest = Rounds(gateway, servers)
        self._lookout = Lookout(Rounds(gateway, servers, 2), self._requests)
        self._upkeep = Upkeep(self._rest)
        self._node = ""
        self._begun: Begun | None = None
        self._lease: Lease | None = None
        self._count = 0
        self._appending = False
        self._under_way: set[Deferred[Any]] = set()
        self._closed = False

    def begin(self, node: str, card: bytes, cluster: str = "") -> "Deferred[Begun]":
        self._lookout.epoch = None
        return self._do(self._begin(node, card, cluster))

    def append(self, data: bytes) -> "Deferred[Appended]":
        if self._closed:
            return fail(Closed())
        begun, lease = self._need_begun()
        if self._appending:
            raise RuntimeError("An entry is being appended.")
        if len(data) > MAX_ENTRY_BYTES:
            return fail(ValueError(f"An entry has at most {MAX_ENTRY_BYTES:,} bytes, not {len(data):,}."))
        self._appending = True
        self._count += 1
        epoch, count = begun.epoch, self._count
        request = self._requests.append(self._node, epoch, count, data, lease.id)
        # Nearly always this is all: a coroutine is begun only where it is not.
        appending: Deferred[Any] = self._appends.begin(request)

        def answered(told: Append) -> "Appended | Deferred[Appended]":
            if told.is_done:
                return Appended(told.newest.number, told.newest.revision)
            return Deferred.fromCoroutine(self._find_appended(told, epoch, count))

        def unanswered(failure: Failure) -> "Failure | Deferred[Appended]":
            error = failure.value
            if not isinstance(error, Unanswered | Refused):
                return failure
            return Deferred.fromCoroutine(self._append_yet(error, request, epoch, count))

        def settled(result: Any) -> Any:
            self._appending = False
            self._under_way.discard(appending)
            if isinstance(result, Failure) and result.check(CancelledError):
                raise Closed
            return result

        self._under_way.add(appending)
        return appending.addCallbacks(answered, unanswered).addBoth(settled)

    def watch(
        self, after: int, entries: Callable[[Sequence[LogEntry]], object], ended: Callable[[Failure], object]
    ) -> LogWatch:
        begun, _ = self._need_begun()
        rounds = Rounds(self._gateway, self._servers, 1)
        watch = LogWatch(self._open_stream, rounds, self._requests, begun.cluster, after, entries)
        self._lookout.watches.append(watch)

        self._clock.callLater(0, watch.start, ended)
        return watch

    def live(self) -> "Deferred[dict[str, LiveNode]]":
        async def look() -> dict[str, LiveNode]:
            return (await self._rest.insist(self._requests.look())).live

        return self._do(look())

    def watch_live(self, changed: Callable[[Mapping[str, LiveNode]], object]) -> LiveWatch:
        self._need_begun()
        watch = LiveWatch(self._lookout, changed)
        self._lookout.live_watches.append(watch)
        return watch

    def show(self, card: bytes) -> "Deferred[None]":
        begun, lease = self._need_begun()

        async def show() -> None:
            request = self._requests.show(self._node, begun.epoch, card, lease.id)
            newest = await self._rest.insist(request)
            if newest is not None:
                raise Fenced(newest.revision)

        return self._do(show())

    def compact(self, upto: int) -> "Deferred[None]":
        return self._do(self._upkeep.compact(upto))

    def space(self) -> "Deferred[Space]":
        return self._do(self._upkeep.space())

    def members(self) -> "Deferred[list[Member]]":
        return self._do(self._upkeep.members())

    def lease_age(self) -> float:
        return 0.0 if self._lease is None else self._clock.seconds() - self._lease.renewed

    def live_age(self) -> float:
        return 0.0 if self._lease is None else self._clock.seconds() - self._lookout.seen

    def trouble(self) -> str:
        watches = (watch.trouble for watch in self._lookout.watches)
        troubles = (self._appends.trouble, self._renewals.trouble, *watches, self._rest.trouble)
        trouble = next(filter(None, troubles), "")
        return trouble and (self._gateway.roll_call.trouble(self._servers) or trouble)

    def close(self) -> "Deferred[None]":
        if self._closed:
            return succeed(None)
        self._closed = True
        return Deferred.fromCoroutine(self._close())

    def _need_begun(self) -> tuple[Begun, Lease]:
        if self._begun is None or self._lease is None:
            raise RuntimeError("No epoch has begun.")
        return self._begun, self._lease

    def _do(self, doing: Coroutine[Any, Any, T]) -> "Deferred[T]":
        """Do something until it is done or the log is closed."""
        if self._closed:
            doing.close()
            return fail(Closed())
        done: Deferred[T] = Deferred.fromCoroutine(doing)
        self._under_way.add(done)

        def settled(result: Any) -> Any:
            self._under_way.discard(done)
            if isinstance(result, Failure) and result.check(CancelledError):
                raise Closed
            return result

        return done.addBoth(settled)

    async def _begin(self, node: str, card: bytes, known: str) -> Begun:
        before = self._begun
        if before is None:
            await self._upkeep.check_versions()
        if self._lease is not None:
            self._lease.end()
            await self._lease.revoke(self._rest)
        self._node, self._begun, self._lease = node, None, None
        cluster = await self._learn_form(before, known)
        if before is not None and before.cluster != cluster:
            raise ForeignLog("The log in etcd is another one than before: it was made anew.")
        # From here on closing has to end it, also while the rest is still under way.
        self._lease, epoch = await claimed(self._rest, self._renewals, self._requests, node, card)
        view = await self._rest.first(self._requests.look())
        begun = Begun(cluster, epoch, view.newest.number, view.newest.revision)
        self._begun, self._count = begun, 0
        self._lookout.epoch = epoch
        self._rest.is_patient = self._renewals.is_patient = True
        self._lookout.begin()
        return begun

    async def _learn_form(self, before: Begun | None, known: str) -> str:
        """Return the name of the log; if there is none yet, make it: but not in place of one that was there before.

        :raises ForeignLog: there is none, and this node needs the one that it has carried out so far.
        """
        view = await self._rest.first(self._requests.look())
        if not view.form and before is not None:
            raise ForeignLog("The log in etcd is gone: it was erased while this node was running.")
        if not view.form and known:
            raise ForeignLog(
                f"This data folder belongs to the cluster {known[:8]}, and this etcd has no log below"
                f" “{self._prefix}/”. If --journal names another server or another prefix than before, put it right."
                " If etcd is lost for good, run “groupchat cluster leave” on the node that is furthest, start that one,"
                " and seed the others from it (docs/CLUSTER.md)."
            )
        if not view.form:
            await self._need_own_etcd(view.revision)
            there = await self._rest.first(self._requests.make_form(compose_form(secrets.token_hex(16))))
            if there is not None:
                return cluster_of(there)
            view = await self._rest.first(self._requests.look())
        return cluster_of(view.form)

    async def _need_own_etcd(self, revision: int) -> None:
        """Refuse an etcd that others use: compacting the log takes the history of their keys as well.

        :param revision: how far all of etcd is; in a new one 1.
        :raises CannotStart: there are other keys.
        """
        try:
            everything = await self._rest.ask(EVERYTHING)
            own = await self._rest.ask(self._requests.count_own())
        except Refused:  # a user who may not see others' keys
            if revision > 1:
                _log.warn(
                    "The user of etcd may not read beyond “{prefix}/”, so it is not known whether others use this etcd,"
                    " in which something was written before. Make sure that nobody does: what is old is removed for all"
                    " keys at once.", prefix=self._prefix,
                )  # fmt: skip
            return
        if everything > own:
            raise CannotStart(
                f"etcd has keys that are not below “{self._prefix}/”: either other nodes have another prefix at the "
                "end of their --journal, or others use this etcd. The log needs an etcd of its own, because what is "
                "old in it is removed for all keys at once."
            )

    async def _append_yet(
        self, error: Unanswered | Refused, request: Request[Append], epoch: int, count: int
    ) -> Appended:
        """Insist on an append after its first attempt has failed: it may be in already."""
        return await self._find_appended(await self._appends.go_on(request, error), epoch, count)

    async def _find_appended(self, told: Append, epoch: int, count: int) -> Appended:
        """Return where the entry is.

        :raises Fenced: in none of the places where it could be.
        """
        newest = told.newest
        if told.is_done:
            return Appended(newest.number, newest.revision)
        if told.epoch != epoch or told.sent < count:
            raise Fenced(newest.revision)
        # It is in already: the answer to an earlier attempt was lost.
        if newest.revision != told.written:
            try:
                newest = await self._rest.ask(self._requests.entry_at(told.written))
            except Refused as error:
                raise Fenced(newest.revision) from error  # it was forgotten already, so it is among those up to there
        return Appended(newest.number, newest.revision)

    async def _close(self) -> None:
        for watch in tuple(self._lookout.watches):
            watch.stop()
        if self._lease is not None:
            self._lease.end()
        self._lookout.stop()
        for doing in tuple(self._under_way):
            doing.cancel()
        if self._lease is not None:
            for _ in self._servers:
                try:
                    await self._rest.attempt(revoke(self._lease.id))
                    break
                except (Unanswered, Refused):
                    continue  # it ends by itself
        self._gateway.close()
        try:
            await self._closing().addTimeout(ATTEMPT_S, self._clock)
        except TimeoutError:
            _log.warn("Some connections to etcd do not close, and are left.")
