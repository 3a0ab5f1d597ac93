"""Requests that are not answered yet."""

from collections import deque

from groupchat.client.core.client_errors import ClientError, Refused, Unanswered
from groupchat.client.core.protocol import Message
from groupchat.client.core.results import Result

PLACED = frozenset({"say", "send"})
"""The requests that put something into the current room, if they name neither a room nor a person."""

FOLLOWING = PLACED | {"me"}
"""Those that wait for a request before them that may choose the room; ``me`` can also be for the person of a query."""

NUMBERED = frozenset({"say", "msg"})
"""The requests that post something, whose answer is its number."""

POSTED = {"say": "said", "me": "acted", "msg": "whispered"}
"""The events by which what these requests post is shown."""

MOVES = frozenset({"join", "j", "switch", "s", "leave", "part"})
"""The requests that choose a room; each of them ends a private conversation as the place that lines go to."""


class Request:
    """One request: ``message`` as it is sent, ``answer`` is what the server answers.

    A request with a ``key`` may be sent any number of times: the server carries it out once.
    """

    __slots__ = ("answer", "cancelled", "follows", "is_doubtful", "message", "sent")

    def __init__(self, message: Message, answer: Result[Message]) -> None:
        self.message = message
        self.answer = answer
        self.sent = False
        self.cancelled = False
        self.is_doubtful = False
        """True if it was sent on an earlier connection, too, and may be carried out already."""
        self.follows: Request | None = None
        """For something to say or share whose room is not certain: the request before it that may choose the room."""

    @property
    def ref(self) -> int:
        """The client's own number of the request, which comes back in the answer."""
        number: int = self.message["ref"]
        return number

    @property
    def repeatable(self) -> bool:
        """True if it can be sent again when its answer was lost."""
        return "key" in self.message

    @property
    def is_adrift(self) -> bool:
        """True if it is something to say or share, and not certain where."""
        may_be = self.message["do"] in PLACED or self.follows is not None
        return may_be and not self.message.keys() & {"room", "nick"}


class Requests:
    """The requests of one client, over all its connections, in the order they were made.

    At most ``window`` of them are sent and unanswered at once; the others wait here.
    What is said or shared without a room waits for the answers to requests before it that may choose the room, and
    goes there.
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

        def cancel() -> None:
            request.cancelled = True

        request = Request({**message, "ref": self.number()}, Result(cancel))
        if message["do"] in FOLLOWING:
            request.follows = self._last_move()
        self._waiting.append(request)
        return request

    @property
    def is_moving(self) -> bool:
        """True while a request is not answered that may choose another room."""
        return self._last_move() is not None

    def is_joining(self, room: str) -> bool:
        """Return whether a request to join this room was sent and is not answered."""
        moves = [request.message for request in self._sent.values() if goes_elsewhere(request.message)]
        return any(str(move.get("room", room)).casefold() == room.casefold() for move in moves)

    def next(self, room: str | None = None) -> Request | None:
        """Return the oldest request that waits, and count it as sent; None when none may be sent now.

        :param room: the room that lines go to; None: that is not certain.
        """
        while self._waiting and len(self._sent) < self._window:
            if self._waiting[0].is_adrift:
                if any(goes_elsewhere(request.message) for request in self._sent.values()):
                    return None
                if room:
                    self._waiting[0].message["room"] = room
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

    def has_posted(self, post: Message) -> bool:
        """Return whether a post of the client's own is what a request has posted whose answer was lost."""
        waits = (request.message for request in [*self._sent.values(), *self._waiting] if request.is_doubtful)
        return any(
            post.get("event") == POSTED.get(str(message["do"]))
            and message.get("text") == post.get("text")
            and (message["nick"] == post.get("to") if "nick" in message else message.get("room") == post.get("room"))
            for message in waits
        )

    def asked(self, answer: Message) -> Message:
        """Return the request that is answered by this, as it was sent."""
        return self._sent[answer["ref"]].message

    def settle(self, answer: Message) -> None:
        """Hand an expected answer to its request."""
        request = self._sent.pop(answer["ref"])
        if answer.get("event") == "refused":
            stranded = self._take_stranded(request)
            request.answer.fail(refusal_of(answer))
            _strand(stranded)
        elif request.message["do"] in NUMBERED and (answer.get("event") != "done" or type(answer.get("id")) is not int):
            request.answer.fail(Unanswered("the server answered without the number of the post"))
        else:
            request.answer.succeed(answer)

    def interrupted(self) -> None:
        """Note that the connection is gone: repeatable requests wait again, in their order; others fail."""
        sent = self._take_sent()
        for request in sent:
            request.is_doubtful = True
        self._waiting.extendleft(reversed([request for request in sent if request.repeatable]))
        for request in sent:
            if not request.repeatable:
                stranded = self._take_stranded(request)
                request.answer.fail(Unanswered("the connection was lost before the answer came"))
                _strand(stranded)

    def abandon_sent(self) -> None:
        """Fail everything that was ever sent, since it cannot be repeated any more; the others still wait."""
        lost = [request for request in self._waiting if request.sent] + self._take_sent()
        self._waiting = deque(request for request in self._waiting if not request.sent)
        for request in lost:
            request.answer.fail(Unanswered("the server has forgotten who sent this; it may be posted or not"))

    def fail(self, error: ClientError) -> None:
        """Fail all requests, as none will be answered any more: what was ever sent may have been carried out."""
        everything = [*self._take_sent(), *self._waiting]
        self._waiting.clear()
        for request in everything:
            request.answer.fail(Unanswered(f"{error} before the answer came") if request.sent else error)

    def _last_move(self) -> Request | None:
        """Return the newest unanswered request that may choose another room."""
        unanswered = [*self._sent.values(), *self._waiting]
        return next((one for one in reversed(unanswered) if goes_elsewhere(one.message)), None)

    def _take_stranded(self, move: Request) -> list[Request]:
        """Take out what was to be said in the room that this request would have chosen."""
        stranded = [request for request in self._waiting if request.is_adrift and request.follows is move]
        if stranded:
            self._waiting = deque(request for request in self._waiting if request not in stranded)
        return stranded

    def _take_sent(self) -> list[Request]:
        sent = list(self._sent.values())
        self._sent.clear()
        return sent


def goes_elsewhere(request: Message) -> bool:
    """Return whether a request may make another room the current one."""
    do = str(request.get("do"))
    if do == "type":
        line = str(request.get("line")).split(None, 1)
        do = line[0][1:].lower() if line and line[0].startswith("/") else ""
    return do in MOVES


def _strand(requests: list[Request]) -> None:
    """Fail what is to be said in a room that was not reached: it must not be said in another."""
    for request in requests:
        request.answer.fail(Refused("not-in-room", "It was meant for a room that you did not get into."))


LONGEST_WAIT = 1e9
"""The longest wait to accept from a server, in seconds; a longer one counts as unknown."""


def refusal_of(message: Message) -> Refused:
    """Return the error for a ``refused`` of the server."""
    wait = message.get("wait")
    is_number = isinstance(wait, int | float) and not isinstance(wait, bool)
    seconds = float(wait) if is_number and wait is not None and 0 < wait <= LONGEST_WAIT else 0.0
    return Refused(str(message.get("code", "refused")), str(message.get("text", "")), seconds)
