"""Going round the servers until one of them answers."""

from collections.abc import Sequence
from typing import TypeVar

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from groupchat.journals.logs.etcd.etcd_connections import Server
from groupchat.journals.logs.etcd.gateway import ATTEMPT_S, Gateway, Refused, Unanswered
from groupchat.journals.logs.etcd.requests.etcd_requests import Request
from groupchat.model.errors import CannotStart

TURN_S = 0.05
"""Seconds before the next server is asked."""
FULL_S = 1.0
"""Seconds after which a log that is full, or that refuses, is tried again."""
REPEAT_S = 10.0
"""Seconds between two lines in the daemon's log about what is waited for; servers have different reasons in turn."""

T = TypeVar("T")

_log = Logger()


class Rounds:
    """Asks the server that has answered last, and after every failure, or a refusal that is waited out, the next one.

    ``trouble`` is why there is no answer, as long as there is none; ``asked`` when the newest attempt was begun.
    ``is_patient``: this node has been in the cluster already, so whatever hinders it is waited out, not its end.
    """

    def __init__(self, gateway: Gateway, servers: Sequence[Server], first: int = 0) -> None:
        self.gateway = gateway
        self.servers = servers
        self.trouble = ""
        self.asked = 0.0
        self.is_patient = False
        self._at = first % len(servers)
        self._told: float | None = None

    @property
    def server(self) -> Server:
        """Return the server whose turn it is."""
        return self.servers[self._at]

    def turn(self) -> None:
        """Go on to the next server."""
        self._at = (self._at + 1) % len(self.servers)

    def note_refusal(self, error: Refused) -> None:
        """Go on to the next server after one has refused: what hinders it there may be its own."""
        self.trouble = self.gateway.refusal(self.server, error)
        self.turn()

    async def ask(self, request: Request[T], limit: float = ATTEMPT_S) -> T:
        """Repeat a request until it is answered, which may take for ever.

        :raises Refused: nothing was done, for another reason than missing space.
        """
        while True:
            try:
                answer = await self.attempt(request, limit)
            except Unanswered:
                await self.gateway.pause(TURN_S)
            except Refused as error:
                if not error.is_full:
                    raise
                await self._wait_after(error)
            else:
                return answer

    async def insist(self, request: Request[T]) -> T:
        """Repeat a request also when it is refused: what hinders it may be put right."""
        while True:
            try:
                return await self.ask(request)
            except Refused as error:
                await self._wait_after(error)

    async def go_on(self, request: Request[T], error: Unanswered | Refused) -> T:
        """Insist on a request that was begun, and has failed so."""
        if isinstance(error, Unanswered):
            await self.gateway.pause(TURN_S)
        elif not (self.gateway.has_login and (error.wants_login or error.is_forbidden)):  # else a new login may help
            await self._wait_after(error)
        return await self.insist(request)

    async def _wait_after(self, error: Refused) -> None:
        """Wait until a request that was refused is worth another attempt."""
        if error.is_full:
            self.trouble = "etcd has no space left, and takes nothing until the log is compacted."
        else:
            self.note_refusal(error)
        await self.gateway.pause(FULL_S)

    async def first(self, request: Request[T]) -> T:
        """Repeat a request until it is answered, and tell in the daemon's log what hinders it.

        :raises CannotStart: no server will ever answer as things are set up, or it was refused; not of a patient one.
        """
        if self.is_patient:
            return await self.insist(request)
        hopeless: set[Server] = set()
        while True:
            server = self.server
            try:
                return await self.attempt(request)
            except Unanswered as error:
                (hopeless.add if error.is_setup else hopeless.discard)(server)
                if len(hopeless) == len(self.servers):
                    raise CannotStart(str(error)) from error
                self._tell(self.gateway.roll_call.trouble(self.servers) or str(error))
                await self.gateway.pause(TURN_S)
            except Refused as error:
                if not error.is_full:
                    raise CannotStart(self.gateway.refusal(server, error)) from error
                self._tell("etcd has no space left")
                await self.gateway.pause(FULL_S)

    async def attempt(self, request: Request[T], limit: float = ATTEMPT_S) -> T:
        """Ask once, and leave it to the next server if there is no answer."""
        self.asked = self.gateway.clock.seconds()
        try:
            answer = await self.gateway.call(self.server, request, limit)
        except Unanswered as error:
            self.trouble = str(error)
            self.turn()
            raise
        self.trouble = ""
        return answer

    def begin(self, request: Request[T]) -> "Deferred[T]":
        """Ask once, as ``attempt`` does, with less ado; whoever needs an answer insists when this fails."""
        server = self.server
        if self.gateway.needs_login(server):
            return Deferred.fromCoroutine(self.attempt(request))
        self.asked = self.gateway.clock.seconds()
        return self.gateway.ask(server, request).addCallbacks(self._answered, self._unanswered)

    def _answered(self, answer: T) -> T:
        self.trouble = ""
        return answer

    def _unanswered(self, failure: Failure) -> Failure:
        if isinstance(failure.value, Unanswered):
            self.trouble = str(failure.value)
            self.turn()
        return failure

    def _tell(self, trouble: str) -> None:
        now = self.gateway.clock.seconds()
        if self._told is None or now - self._told >= REPEAT_S:
            self._told = now
            _log.warn("Waiting for etcd: {trouble}", trouble=trouble)
