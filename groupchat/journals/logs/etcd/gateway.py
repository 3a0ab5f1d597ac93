"""One request to one etcd server, by HTTP, and what became of it."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, NoReturn, TypeVar, cast

from twisted.internet.defer import CancelledError, Deferred, fail
from twisted.internet.error import ConnectError, ConnectingCancelledError
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure

from groupchat.interfaces.shared_log import Closed
from groupchat.journals.logs.etcd.etcd_connections import (
    Encryption,
    Server,
    reason,
    refused_name,
    without_users,
)
from groupchat.journals.logs.etcd.requests.etcd_answers import Answer, brief, check_parts, parsed, said
from groupchat.journals.logs.etcd.requests.etcd_requests import Request
from groupchat.journals.logs.etcd.requests.server_requests import authenticate
from groupchat.journals.logs.etcd.roll_call import Reply, RollCall
from groupchat.journals.logs.etcd.time_limits import TimeLimit, TimeLimits
from groupchat.outgoing.http_answers import HttpAnswer
from groupchat.outgoing.http_client import post_bytes, post_head
from groupchat.outgoing.http_stream import BodyTaker, HttpStream, Open

ATTEMPT_S = 1.0
"""Seconds that one server has for an answer."""
LOGIN_S = 5.0
"""Seconds that it has to check a password, which is slow on purpose."""
WRONG_S = 60.0
"""Seconds between two lines in the daemon's log about wrong answers of a server."""
MAX_ANSWER_BYTES = 4 * 1024 * 1024
"""The most bytes of one answer; the largest has the cards of all nodes, of which each has some hundred bytes."""

MOST_QUOTED = 80
"""The most bytes that are quoted of an answer that is not etcd's."""

# What gRPC calls these.
_INVALID_ARGUMENT = 3
_PERMISSION_DENIED = 7
_RESOURCE_EXHAUSTED = 8
_FAILED_PRECONDITION = 9
_UNAUTHENTICATED = 16
_CERTAIN = frozenset({_INVALID_ARGUMENT, 5, 7, _RESOURCE_EXHAUSTED, _FAILED_PRECONDITION, 11, 12, _UNAUTHENTICATED})
"""With these codes nothing was done; after any other failure the request may have been carried out all the same."""

T = TypeVar("T")

_log = Logger()


class Unanswered(Exception):
    """There is no certain answer: the request may have been carried out, or be carried out later.

    ``is_setup``: it will never be answered while everything is set up as it is.  ``is_late``: the time was up.
    ``reply``: what that says of the server.
    """

    def __init__(
        self, sentence: str, is_setup: bool = False, is_late: bool = False, reply: Reply = Reply.OTHER
    ) -> None:
        super().__init__(sentence)
        self.is_setup = is_setup
        self.is_late = is_late
        self.reply = reply


class Refused(Exception):
    """The server has refused, and nothing was done.  ``code`` is gRPC's."""

    def __init__(self, sentence: str, code: int) -> None:
        super().__init__(sentence)
        self.code = code

    @property
    def wants_login(self) -> bool:
        """Whether a token is missing, or a new one may help."""
        return self.code == _UNAUTHENTICATED or "user name is empty" in str(self) or "auth store is old" in str(self)

    @property
    def is_forbidden(self) -> bool:
        """Whether the user has no right to it."""
        return self.code == _PERMISSION_DENIED

    @property
    def is_full(self) -> bool:
        """Whether etcd has no space left."""
        return self.code == _RESOURCE_EXHAUSTED and "space exceeded" in str(self)


class Gateway:
    """Asks servers, and logs in at each of them when users are wanted.

    :param ask: sends the bytes of a request to a host and a port, and gives the answer; as HttpClient does.
    :param login: the name and the password of etcd's user; None: there are no users.
    :param prefix: what stands before all keys of the log.
    :param encryption: what TLS needs, by which it is asked; None: it is asked without TLS.
    """

    def __init__(
        self,
        ask: "Callable[[str, int, bytes], Deferred[HttpAnswer]]",
        clock: IReactorTime,
        login: tuple[str, str] | None = None,
        prefix: str = "",
        encryption: Encryption | None = None,
    ) -> None:
        self.clock = clock
        self.is_closed = False
        """True: whatever is begun now fails with Closed."""
        self.roll_call = RollCall()
        self._ask_by_http = ask
        self._login = login
        self._prefix = prefix
        self._encryption = encryption
        self._tokens: dict[Server, str] = {}
        self._logging_in: dict[Server, list[Deferred[None]]] = {}
        self._doubted: dict[Server, tuple[float, Deferred[None]]] = {}
        """When each server was last asked for a new token because of its silence."""
        self._without_users: set[Server] = set()
        self._not_accepted: dict[Server, str] = {}
        """What each server has said that did not accept the user when it was logged in at last."""
        self._forbidden: dict[Server, float] = {}
        """When each server was last asked for a token because it had forbidden something to whoever has none."""
        self._heard: set[Server] = set()
        self._heads: dict[tuple[Server, str], bytes] = {}
        """How requests begin, by their server and path; they are made anew when there is another token."""
        self._limits = TimeLimits(clock)
        self._told: dict[Server, float] = {}
        """When it was told last of each server that it has given a wrong answer."""

    async def call(self, server: Server, request: Request[T], limit: float = ATTEMPT_S) -> T:
        """Ask a server, and log in there first if that is needed; return what its answer says.

        :raises Refused: nothing was done.
        :raises Unanswered: it may have been done.
        """
        if self.needs_login(server):
            await self._log_in(server)
        token = self._tokens.get(server)
        try:
            return await self.ask(server, request, limit)
        except Refused as error:
            if not self._may_help_to_log_in(server, error, token):
                raise
        if self._tokens.get(server) == token:
            self.forget_token(server)
            await self._log_in(server)
        return await self.ask(server, request, limit)

    def ask(self, server: Server, request: Request[T], limit: float = ATTEMPT_S) -> "Deferred[T]":
        """Ask a server where no login is needed; give what its answer says, or fail as ``call`` does.

        It is done without coroutines: for an entry of the log these would cost more than all else that is done here.
        """
        if self.is_closed:
            return fail(Closed())
        is_login = request.path.startswith("/v3/auth/")  # also an old token would be waited for there
        head = post_head(str(server), request.path, _HEADERS) if is_login else self._head(server, request.path)
        asking = self._ask_by_http(server.host, server.port, post_bytes(head, request.body))
        ending = self._limits.begin(limit, asking.cancel)

        def answered(answer: HttpAnswer) -> T:
            self._limits.lift(ending)
            self._heard.add(server)
            try:
                read = self._understood(server, request, answer)
            except Unanswered as error:
                self.roll_call.note(server, error.reply)
                raise
            except Refused:
                self.roll_call.note(server, Reply.WELL)
                raise
            self.roll_call.note(server, Reply.WELL)
            return read

        def failed(failure: Failure) -> NoReturn:
            self._limits.lift(ending)
            cause = cast(BaseException, failure.value)
            error = self._explained(server, cause, limit, ending)
            if isinstance(error, Unanswered):
                self.roll_call.note(server, error.reply)
                if error.is_late:
                    self._doubt_token(server)
            raise error from cause

        return asking.addCallbacks(answered, failed)

    def close(self) -> None:
        """Begin nothing any more."""
        self.is_closed = True
        for _, logging_in in self._doubted.values():
            logging_in.cancel()
        self._limits.stop()

    def refusal(self, server: Server, error: Refused) -> str:
        """Say that a server has refused, and what is needed, in a sentence for the administrator."""
        if (error.wants_login or error.is_forbidden) and self.needs_login(server) and server in self._not_accepted:
            return self._not_accepted[server]  # it has refused because there is no token, whatever rights the user has
        # Without a token this node counts as the user whom etcd's own certificate names; its own names nobody to etcd.
        if error.wants_login or (error.is_forbidden and self._login is None):
            return f"{server} refuses: {error}; give GROUPCHAT_ETCD_USER and GROUPCHAT_ETCD_PASSWORD."
        if error.is_forbidden and self._login is not None:
            return (
                f"{server} refuses: {error}; the user “{self._login[0]}” needs the right to read and write all keys"
                f" below “{self._prefix}/” (etcdctl role grant-permission ROLE readwrite {self._prefix}/"
                " --prefix=true), or --journal has another prefix than the one that this user may use."
            )
        return f"{server} refuses: {error}."

    def pause(self, seconds: float) -> "Deferred[None]":
        """Fire after some time."""
        if self.is_closed:
            return fail(Closed())
        return deferLater(self.clock, seconds)

    async def send(self, open_stream: Open, server: Server, request: Request[Any], taker: BodyTaker) -> HttpStream:
        """Send a request whose answer is handed on while it comes.

        Whether it is answered well, and when, is left to the caller.
        """
        if self.needs_login(server):
            await self._log_in(server)
        data = post_bytes(self._head(server, request.path), request.body)
        return await open_stream(server.host, server.port, data, taker)

    def forget_token(self, server: Server) -> None:
        """Log in at a server again before the next request."""
        self._tokens.pop(server, None)
        self._heads.clear()
        self._without_users.discard(server)

    @property
    def has_login(self) -> bool:
        """Whether there is a name and a password to log in with."""
        return self._login is not None

    def needs_login(self, server: Server) -> bool:
        """Say whether a server must be logged in at before it is asked."""
        return self._login is not None and server not in self._tokens and server not in self._without_users

    def _may_help_to_log_in(self, server: Server, error: Refused, token: str | None) -> bool:
        """Say whether a request that a server has refused may be granted after a new login.

        Servers keep tokens in memory, and lose them when they restart.  A server that had no users when it was asked
        last may have some since then.  Where it demands certificates it does not say that a user is missing: whoever
        gives no token counts as the user whom the server's own certificate names, who has no right to anything.

        :param token: the one that the request was sent with.
        """
        if self._login is None or error.wants_login:
            return self._login is not None
        if not error.is_forbidden or token is not None:
            return False
        if server in self._tokens or server in self._logging_in:
            return True
        now = self.clock.seconds()
        if server in self._forbidden and now - self._forbidden[server] < LOGIN_S:
            return False
        self._forbidden[server] = now
        return True

    def _doubt_token(self, server: Server) -> None:
        """Log in anew at a server that is silent, now and then, while everything else goes on as before.

        A token ends with the place in etcd where it was given, and a server that has not come so far waits for that:
        one that was set up anew does so for hours, also if it has no users any more.
        """
        now = self.clock.seconds()
        if self.is_closed or server not in self._tokens or server in self._logging_in:
            return
        if server in self._doubted and now - self._doubted[server][0] < LOGIN_S:
            return
        self._doubted[server] = now, in_background(self._renew_token(server), "Logging in at etcd")

    async def _renew_token(self, server: Server) -> None:
        """Log in anew; if that has no answer either, the token stays."""
        try:
            await self._log_in(server)
        except Unanswered as error:
            _log.debug("There is no new token: {error}", error=error)

    async def _log_in(self, server: Server) -> None:
        """Get a token; one at a time from each server."""
        if server in self._logging_in:
            waiting: Deferred[None] = Deferred()
            self._logging_in[server].append(waiting)
            await waiting
            if self.needs_login(server) and server in self._not_accepted:
                raise Unanswered(self._not_accepted[server], True)
            return
        self._logging_in[server] = []
        login = self._login
        assert login is not None
        try:
            token = await self.ask(server, authenticate(*login), LOGIN_S)
            if not token:
                raise Unanswered(f"{server} answers to etcd's user “{login[0]}” without a token.", True)
            self._tokens[server] = token
            self._not_accepted.pop(server, None)
            self._heads.clear()
        except Refused as error:
            if error.code != _FAILED_PRECONDITION:
                self._not_accepted[server] = _not_accepted(server, login[0], error)
                raise Unanswered(self._not_accepted[server], True) from error
            self._not_accepted.pop(server, None)
            self.forget_token(server)
            self._without_users.add(server)
            _log.warn("{server} has no users switched on: {who}.", server=server, who=without_users(self._encryption))
        finally:
            for waiting in self._logging_in.pop(server):
                self.clock.callLater(0, waiting.callback, None)

    async def within(self, server: Server, begin: "Callable[[], Deferred[T]]", limit: float) -> T:
        """Do something with a server, and give up after some seconds.

        :raises Unanswered: it cannot be done.
        :raises Closed: it was cancelled.
        """
        if self.is_closed:
            raise Closed
        done = begin()
        ending = self._limits.begin(limit, done.cancel)
        try:
            return await done
        except (Refused, Unanswered):
            raise
        except Exception as error:
            raise self._explained(server, error, limit, ending) from error
        finally:
            self._limits.lift(ending)

    def _explained(self, server: Server, error: BaseException, limit: float, ending: TimeLimit) -> Exception:
        """Return what it means that something with a server has failed so."""
        # What is within it may have begun something of its own, which is told in this way that it was cancelled.
        if not _was_cancelled(error) and not (isinstance(error, Closed) and ending.is_over):
            reply = Reply.SILENT if isinstance(error, ConnectError) else Reply.OTHER
            why = reason(server, error, server not in self._heard, self._encryption)
            return Unanswered(*why, reply=reply)
        if not ending.is_over:
            return Closed()
        return Unanswered(f"{server} does not answer within {limit:g} s.", is_late=True, reply=Reply.SILENT)

    def _understood(self, server: Server, request: Request[T], answer: HttpAnswer) -> T:
        """Return what an answer says.

        :raises Refused: nothing was done.
        :raises Unanswered: it may have been done.
        """
        if request.recognise is not None and answer.status == 200:
            known = request.recognise(answer.body)
            if known is not None:
                return known
        try:
            fields = _read(server, answer.status, answer.body, request.path.startswith(_WITH_HEADER))
        except (Refused, Unanswered) as error:
            # An answer can be large; an error that led back to it would keep it for as long as it is kept itself.
            del answer
            error.__cause__ = error.__context__ = None
            raise error.with_traceback(None) from None
        try:
            return request.read(fields)
        except ValueError as error:
            self._tell_wrong(server, request.path, error)
            raise Unanswered(f"{server} answers what etcd does not: {error}.") from error

    def _tell_wrong(self, server: Server, path: str, error: ValueError) -> None:
        """Tell in the daemon's log of a wrong answer, of each server now and then."""
        now = self.clock.seconds()
        if server not in self._told or now - self._told[server] >= WRONG_S:
            self._told[server] = now
            _log.warn(
                "{server} answers {path} as etcd does not, which counts as no answer: {error}",
                server=server, path=path, error=error,
            )  # fmt: skip

    def _head(self, server: Server, path: str) -> bytes:
        """Return how a request to a server begins."""
        head = self._heads.get((server, path))
        if head is None:
            head = self._heads[server, path] = post_head(str(server), path, self._headers(server))
        return head

    def _headers(self, server: Server) -> dict[str, str]:
        token = self._tokens.get(server)
        return _HEADERS if token is None else {**_HEADERS, "Authorization": token}


_HEADERS = {"Content-Type": "application/json", "Grpc-Metadata-hasleader": "true"}
"""With "hasleader" a server that has lost the others says so, instead of waiting for them."""

_WITH_HEADER = ("/v3/kv/txn", "/v3/lease/")
"""Where answers that are built upon come from: etcd tells in each of them which cluster it is of."""


def in_background(doing: Coroutine[Any, Any, None], what: str) -> "Deferred[None]":
    """Do something until it ends or is cancelled; a fault in it is logged."""
    going: Deferred[None] = Deferred.fromCoroutine(doing)

    def ended(failure: Failure) -> None:
        if not failure.check(Closed, CancelledError):
            _log.failure("{what} has failed.", failure, what=what)

    return going.addErrback(ended)


def _not_accepted(server: Server, user: str, error: Refused) -> str:
    """Say that a server does not accept the user, and what to do about it."""
    sentence = f"{server} does not accept etcd's user “{user}”: {error}"
    if error.code != _INVALID_ARGUMENT:
        return f"{sentence}."
    return (
        f"{sentence}; put the right password into GROUPCHAT_ETCD_PASSWORD (and the user, if it is another one by now,"
        " into GROUPCHAT_ETCD_USER), and restart this node."
    )


def _was_cancelled(error: BaseException) -> bool:
    """Return whether a request has ended because it was given up, which is told in several ways."""
    return isinstance(error, CancelledError | ConnectingCancelledError)


def _read(server: Server, status: int, body: bytes, has_header: bool) -> Answer:
    """Read an answer.

    :param has_header: etcd tells in this answer which cluster it is of; whatever stands in its place does not.
    :raises Refused: nothing was done.
    :raises Unanswered: it may have been done, or this is not etcd.
    """
    try:
        # A stream's answers come as one object a line; where one is asked for, there is one.
        first = body.partition(b"\n")[0]
        check_parts(first)
        answer: Any = parsed(first) if body else {}
        if not isinstance(answer, dict):
            raise ValueError(answer)
    except ValueError as error:
        sentence = refused_name(server, status, body) or _no_etcd(server, status, body)
        raise Unanswered(sentence, True) from error
    if status == 200 and "error" not in answer:
        result: Any = answer.get("result", answer)
        if not isinstance(result, dict) or (has_header and not isinstance(result.get("header"), dict)):
            raise Unanswered(f"{server} is not etcd with its JSON gateway: its answer is something else.", True)
        return result
    sentence, code = problem(answer)
    if not sentence and 400 <= status < 500:
        # etcd always says why it refuses.
        raise Unanswered(f"{server} is not etcd with its JSON gateway: it answered {status}.", True)
    if code in _CERTAIN:
        raise Refused(sentence, code)
    raise Unanswered(f"{server} answers: {sentence or status}.", reply=_reply(sentence))


def _reply(sentence: str) -> Reply:
    """Return what an error says of the server: without most of the others it has no leader, or waits in vain."""
    return Reply.LEADERLESS if "no leader" in sentence or "request timed out" in sentence else Reply.OTHER


def _no_etcd(server: Server, status: int, body: bytes) -> str:
    """Say that something else than etcd has answered, and how its answer begins, by which it may be known."""
    words = said(str(body[:MOST_QUOTED], "utf-8", "replace").strip())
    quoted = f", “{words}”" if words else ""
    return f"{server} is not etcd with its JSON gateway: it answered {status}{quoted}."


def problem(answer: Answer) -> tuple[str, int]:
    """Read the sentence, as people are shown it, and the code of an error, which streams have in an object of its own.

    The gateway of newer ones, such as Debian's 3.5, gives a ``message`` and no ``error``, and streams a ``code`` too.
    """
    error = answer.get("error", "")
    if isinstance(error, Mapping):
        return _sentence(error.get("message", "")), _code(error.get("grpc_code", error.get("code")))
    return _sentence(error or answer.get("message", "")), _code(answer.get("code"))


def _sentence(found: Any) -> str:
    return said(found) if isinstance(found, str) else brief(found)


def _code(found: Any) -> int:
    """Return a code of gRPC; 0, with which nothing is certain, for whatever is none."""
    return found if isinstance(found, int) else 0
