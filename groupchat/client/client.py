"""The client for programs: everything that a program reads and calls."""

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from typing import Any, BinaryIO, Unpack

from twisted.internet.defer import Deferred, fail, inlineCallbacks
from twisted.internet.interfaces import IPushProducer, IReactorTime, IStreamClientEndpoint
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from groupchat.client.address import MOST
from groupchat.client.client_events import Event, event_of
from groupchat.client.core.client_core import ClientCore, Wishes
from groupchat.client.core.client_errors import FileChanged, Refused, Unanswered
from groupchat.client.core.protocol import Message
from groupchat.client.core.status import Status
from groupchat.client.twisted_network import SeveralEndpoints, TwistedClock, deferred_of, dialer_of


class ClientWishes(Wishes, total=False):
    """Further arguments of `Client`, which `ClientCore` explains."""

    room: str | None
    rooms: Iterable[str] | None
    login: bool
    window: int
    longest: int
    backoff: Callable[[int], float]
    name_wait: float


@implementer(IPushProducer)
class Client(Status):
    """The client for Twisted: joins the chat, stays in it, and says and hears everything exactly once.

    `ClientCore` explains the other parameters.

    :param endpoint: the server's endpoint, or those of several servers of one chat: the client tries them one after the
        other, and comes back to the next one when it has lost the connection to one.
    :param clock: the reactor, or a ``task.Clock``.
    :param heard: is called with every event as it came, a dictionary;
        an exception is logged, and the event counts as handled.
    :param on_event: the same, with a record of ``groupchat.client.events``.
    :param patient: whether a server that cannot be reached at first is tried again.
    """

    _log = Logger()

    def __init__(
        self,
        endpoint: IStreamClientEndpoint | Sequence[IStreamClientEndpoint],
        nick: str,
        clock: IReactorTime,
        *,
        heard: Callable[[Message], object] = lambda message: None,
        on_event: Callable[[Event], object] | None = None,
        patient: bool = False,
        **wishes: Unpack[ClientWishes],
    ) -> None:
        def tell(message: Message) -> None:
            if message.get("event") == "refused":  # no request of the program: a preference, or what the server noticed
                self._log.warn("The server refused something: {text} ({code})", **message)
            heard(message)
            if on_event is not None:
                on_event(event_of(message))

        self._endpoint = _one(endpoint, clock)
        self._clock = clock
        self._core = ClientCore(
            dialer_of(self._endpoint), nick, TwistedClock(clock), self._broken, heard=tell, patient=patient, **wishes
        )
        super().__init__(self._core.membership)

    def start(self) -> Deferred[Message]:
        """Connect and join; fires with the first ``welcome``.

        Fails with Refused when the server does not let the client in, with Left when the client leaves before,
        and, unless the client is ``patient``, with the reason why the server cannot be reached.
        A patient one tries until ``leave`` is called; ``changed`` tells of each attempt.
        """
        return deferred_of(self._core.start())

    def say(
        self, text: str, key: str | None = None, room: str | None = None, reply: int | None = None
    ) -> Deferred[int]:
        """Post a message, exactly once; fires with its number when it is on disk (see ``ClientCore.say``)."""
        return deferred_of(self._core.say(text, key, room, reply))

    def send_file(
        self, file: BinaryIO, name: str, *, room: str | None = None, nick: str | None = None, reply: int | None = None,
        progress: Callable[[int, int], object] = lambda sent, size: None,
    ) -> Deferred[int]:  # fmt: skip
        """Share a file, exactly once; fires with the number of the post when all of it is on the server's disk.

        Fails with Refused, Left, FileChanged when there was less to read than at the beginning, and Unanswered when
        the connection was lost each time.

        :param file: is read from its beginning, in pieces, and left open.
        :param name: what the others see; a path would be refused.
        :param room: the room to share it with (None: the one that ``say`` says things in).
        :param nick: the one person to share it with.
        :param progress: is called with how many bytes were read, and how many there are.
        """
        try:
            bound = {"nick": nick} if nick is not None else self._core.bound(room)
        except Refused:
            return fail()
        answered = {} if reply is None else {"reply": reply}
        return self._send_file(file, {"name": name, "key": self._core.new_key(), **bound, **answered}, progress)

    @inlineCallbacks
    def _send_file(
        self, file: BinaryIO, what: Mapping[str, Any], progress: Callable[[int, int], object]
    ) -> Generator[Deferred[Any], Any, int]:
        from groupchat.client.http import tickets, upload  # it takes long to import, and most programs send no files

        size = tickets.size_of(file)
        for _ in range(tickets.UPLOADS):
            ticket = yield self.request("send", size=size, **what)
            if number := tickets.posted_before(ticket):
                return number
            try:
                path = tickets.path_of(ticket)
                status, said = yield upload.put(self._current(), self._clock, path, file, size, progress)
            except upload.LOST as error:
                if not what.keys() & {"room", "nick"}:  # another room may be the current one by now
                    raise Unanswered("the connection was lost while the file was sent") from error
                continue
            except upload.Shortened as error:
                raise FileChanged(str(error)) from error
            return tickets.posted(status, said)
        raise Unanswered(f"the connection was lost {tickets.UPLOADS} times while the file was sent")

    def request(self, do: str, **arguments: Any) -> Deferred[Message]:
        """Ask the server for anything in its /help; fires with the answer.

        Requests are sent in the order they are made; without a connection they wait for one.
        Fails with Refused, Left, or, when the connection was lost before the answer came, with Unanswered.
        """
        return deferred_of(self._core.request(do, **arguments))

    def prefer(self, name: str, value: str) -> None:
        """Set this preference on every later connection too; on this one the program has set it."""
        self._core.prefer(name, value)

    def leave(self, reason: str = "") -> Deferred[None]:
        """Leave the chat for good; fires when the connection is closed.  The others read the ``reason``.

        Requests that were sent are answered first; those that still wait fail with Left.
        """
        return deferred_of(self._core.leave(reason))

    def pauseProducing(self) -> None:
        """Read nothing until ``resumeProducing``; an IPushProducer, for a consumer that cannot keep up."""
        self._core.pause()

    def resumeProducing(self) -> None:
        """Read again."""
        self._core.resume()

    def stopProducing(self) -> None:
        """Leave, since the consumer is gone."""
        self.leave()

    def _current(self) -> IStreamClientEndpoint:
        """Return the endpoint of the server that the client is connected to: a file goes where its ticket is from."""
        if isinstance(self._endpoint, SeveralEndpoints):
            return self._endpoint.endpoints[self._core.membership.dialers.current][1]
        return self._endpoint

    def _broken(self, sentence: str, error: Exception) -> None:
        self._log.failure(sentence, Failure(error))


def _one(
    endpoint: IStreamClientEndpoint | Sequence[IStreamClientEndpoint], clock: IReactorTime
) -> IStreamClientEndpoint:
    """Return one endpoint for all.

    :raises ValueError: there is none, or there are too many.
    """
    if not isinstance(endpoint, Sequence):
        return endpoint
    if not 1 <= len(endpoint) <= MOST:
        raise ValueError(f"these are {len(endpoint)} endpoints; one chat has 1 to {MOST}")
    return SeveralEndpoints([(f"server {number}", one) for number, one in enumerate(endpoint, 1)], clock)
