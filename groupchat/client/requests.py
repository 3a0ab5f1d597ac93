"""What was asked of the server and is not answered yet."""

from collections import deque
from dataclasses import dataclass, field

from twisted.internet.defer import Deferred

from groupchat.client.client_errors import ClientError, Refused, Unanswered
from groupchat.client.protocol import Message


@dataclass(slots=True, eq=False)
class Request:
    """One request: ``message`` as it goes over the wire, ``answer`` fires with what comes back.

    A request with a ``key`` may be sent any number of times: the server carries it out once.
    """

    message: Message
    answer: Deferred[Message] = field(repr=False)
    sent: bool = False
    cancelled: bool = False

    @property
    def ref(self) -> int:
        """The client's own number for it, which comes back on the answer."""
        number: int = self.message["ref"]
        return number

    @property
    def repeatable(self) -> bool:
        """Whether it can be sent again when its answer was lost."""
        return "key" in self.message


class Requests:
    """The requests of one client, over all its connections, in the order they were made.

    ``window`` is how many may be sent and unanswered at once; the rest waits here.
    """

    def __init__(self, window: int) -> None:
        self._window = window
        self._waiting: deque[Request] = deque()
        self._sent: dict[int, Request] = {}
        self._refs = 0

    def __len__(self) -> int:
        """How many are not answered yet."""
        return len(self._waiting) + len(self._sent)

    def number(self) -> int:
        """A ``ref`` that was never used before."""
        self._refs += 1
        return self._refs

    def add(self, message: Message) -> Request:
        """Take a new request in; it waits until ``next`` gives it out."""

        def cancel(_: Deferred[Message]) -> None:
            request.cancelled = True

        request = Request({**message, "ref": self.number()}, Deferred(cancel))
        self._waiting.append(request)
        return request

    def next(self) -> Request | None:
        """The oldest request that waits, from now on counted as sent; None when none may be sent now."""
        while self._waiting and len(self._sent) < self._window:
            request = self._waiting.popleft()
            if not request.cancelled:
                request.sent = True
                self._sent[request.ref] = request
                return request
        return None

    def expects(self, message: Message) -> bool:
        """Whether this answers a request of ours."""
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

    def interrupted(self) -> None:
        """The connection is gone: what can be repeated waits again, in its place; the rest fails with Unanswered."""
        sent = self._take_sent()
        self._waiting.extendleft(reversed([request for request in sent if request.repeatable]))
        for request in sent:
            if not request.repeatable:
                request.answer.errback(Unanswered("the connection was lost before the answer came"))

    def abandon_sent(self) -> None:
        """What was ever sent cannot be repeated any more: it fails with Unanswered.  The rest still waits."""
        lost = [request for request in self._waiting if request.sent] + self._take_sent()
        self._waiting = deque(request for request in self._waiting if not request.sent)
        for request in lost:
            request.answer.errback(Unanswered("the server has forgotten who sent this; it may be posted or not"))

    def fail(self, error: ClientError) -> None:
        """Nothing will be answered any more: all fail with this."""
        everything = [*self._take_sent(), *self._waiting]
        self._waiting.clear()
        for request in everything:
            request.answer.errback(error)

    def _take_sent(self) -> list[Request]:
        sent = list(self._sent.values())
        self._sent.clear()
        return sent


def refusal_of(message: Message) -> Refused:
    """What a ``refused`` of the server says."""
    return Refused(str(message.get("code", "refused")), str(message.get("text", "")))
