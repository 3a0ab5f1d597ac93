"""Requests that are not answered yet."""

from collections import deque
from dataclasses import dataclass, field

from twisted.internet.defer import Deferred

from groupchat.client.client_errors import ClientError, Refused, Unanswered
from groupchat.client.protocol import Message


@dataclass(slots=True, eq=False)
class Request:
    """One request: ``message`` as it is sent, ``answer`` fires with what the server answers.

    A request with a ``key`` may be sent any number of times: the server carries it out once.
    """

    message: Message
    answer: Deferred[Message] = field(repr=False)
    sent: bool = False
    cancelled: bool = False

    @property
    def ref(self) -> int:
        """The client's own number of the request, which comes back in the answer."""
        number: int = self.message["ref"]
        return number

    @property
    def repeatable(self) -> bool:
        """True if it can be sent again when its answer was lost."""
        return "key" in self.message


class Requests:
    """The requests of one client, over all its connections, in the order they were made.

    At most ``window`` of them are sent and unanswered at once; the others wait here.
    """

    def __init__(self, window: int) -> None:
        self._window = window
        self._waiting: deque[Request] = deque()
        self._sent: dict[int, Request] = {}
        self._refs = 0

    def __len__(self) -> int:
        """Return how many are not answered yet."""
        return len(self._waiting) + len(self._sent)

    def number(self) -> int:
        """Return a ``ref`` that was never used before."""
        self._refs += 1
        return self._refs

    def add(self, message: Message) -> Request:
        """Add a request; it waits until ``next`` returns it."""

        def cancel(_: Deferred[Message]) -> None:
            request.cancelled = True

        request = Request({**message, "ref": self.number()}, Deferred(cancel))
        self._waiting.append(request)
        return request

    def next(self) -> Request | None:
        """Return the oldest request that waits, and count it as sent; None when none may be sent now."""
        while self._waiting and len(self._sent) < self._window:
            request = self._waiting.popleft()
            if not request.cancelled:
                request.sent = True
                self._sent[request.ref] = request
                return request
        return None

    def expects(self, message: Message) -> bool:
        """Return whether this answers one of the requests."""
        ref = message.get("ref")
        # A list or an object cannot be looked up, and True would be found as 1.
        return type(ref) is int and ref in self._sent

    def settle(self, answer: Message) -> None:
        """Hand an expected answer to its request."""
        request = self._sent.pop(answer["ref"])
        if answer.get("event") == "refused":
            request.answer.errback(refusal_of(answer))
        else:
            request.answer.callback(answer)

    def interrupted(self, room: str | None) -> None:
        """Note that the connection is gone: repeatable requests wait again, in their order; others fail.

        :param room: the room that lines went to: what is said later from here still goes there, or nowhere.
        """
        sent = self._take_sent()
        self._waiting.extendleft(reversed([request for request in sent if request.repeatable]))
        if room:
            for request in self._waiting:
                if request.message["do"] == "say":
                    request.message.setdefault("room", room)
        for request in sent:
            if not request.repeatable:
                request.answer.errback(Unanswered("the connection was lost before the answer came"))

    def abandon_sent(self) -> None:
        """Fail everything that was ever sent, since it cannot be repeated any more; the others still wait."""
        lost = [request for request in self._waiting if request.sent] + self._take_sent()
        self._waiting = deque(request for request in self._waiting if not request.sent)
        for request in lost:
            request.answer.errback(Unanswered("the server has forgotten who sent this; it may be posted or not"))

    def fail(self, error: ClientError) -> None:
        """Fail all requests: none will be answered any more."""
        everything = [*self._take_sent(), *self._waiting]
        self._waiting.clear()
        for request in everything:
            request.answer.errback(error)

    def _take_sent(self) -> list[Request]:
        sent = list(self._sent.values())
        self._sent.clear()
        return sent


def refusal_of(message: Message) -> Refused:
    """Return the error for a ``refused`` of the server."""
    return Refused(str(message.get("code", "refused")), str(message.get("text", "")))
