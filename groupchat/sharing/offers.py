"""Offers: what somebody wants to share with whom; and the tickets with which the content is sent.

A ticket is a capability: whoever has it can send this one file, once, until it is too old.  Where several nodes are
one chat, it is good at the node that gave it, whose name it ends with: so another one can say where it belongs.
"""

import secrets

from groupchat.interfaces.clock import Clock
from groupchat.lazy.expressions import expression
from groupchat.lazy.records import record
from groupchat.model.errors import NoSuchTicket
from groupchat.model.events import AuthorId

TICKET_S = 600.0
"""Seconds for which a ticket can be used."""

TICKETS_EACH = 64
"""Tickets that one person can have: with more, the oldest end."""


_OF_NODE = expression("[A-Za-z0-9_-]{22}-([a-z0-9-]{1,32})")
"""The ticket of a node."""


@record
class Offer:
    """A file that somebody wants to share.

    ``author``: who; ``address``: from where, as sanctions of addresses go by it.
    ``room``: with whom; empty: with the ``reader`` alone, whose nickname was ``to``.
    ``limit``: the most bytes that it can have.
    ``reply``: the message it answers; ``key``: with the same key it is posted once.
    """

    author: AuthorId
    address: str
    name: str
    limit: int
    room: str
    reader: AuthorId | None = None
    to: str = ""
    reply: int | None = None
    key: str | None = None


@record
class Ticket:
    """An offer that was accepted; ``code`` is the secret part of its address, ``ends`` in seconds of the clock."""

    code: str
    offer: Offer
    ends: float


class Tickets:
    """The tickets that were given out and not used.

    :param clock: tells the time that never jumps.

    ``node``: the name of this node; empty: the server is alone.
    """

    def __init__(self, clock: Clock) -> None:
        self.node = ""
        self._clock = clock
        self._tickets: dict[str, Ticket] = {}

    def __len__(self) -> int:
        return len(self._tickets)

    def give(self, offer: Offer) -> Ticket:
        """Give out a ticket."""
        self._forget_old()
        theirs = [code for code, ticket in self._tickets.items() if ticket.offer.author == offer.author]
        for code in theirs[: len(theirs) - TICKETS_EACH + 1]:
            del self._tickets[code]
        code = secrets.token_urlsafe(16) + (f"-{self.node}" if self.node else "")
        ticket = Ticket(code, offer, self._clock.seconds() + TICKET_S)
        self._tickets[ticket.code] = ticket
        return ticket

    def take(self, code: str) -> Ticket:
        """Take a ticket back; it cannot be used again, unless it is ``returned``.

        :raises NoSuchTicket: there is none.
        """
        self._forget_old()
        ticket = self._tickets.pop(code, None)
        if ticket is None and self.node and (found := _OF_NODE.fullmatch(code)) and found[1] != self.node:
            raise NoSuchTicket(
                f"This ticket is good at the node {found[1]} only, once, and this is {self.node}: if it was not used"
                " there already, send the file to that one. Where one name stands for all nodes, whoever runs it has to"
                " see that a client stays with one node."
            )
        if ticket is None:
            raise NoSuchTicket("This ticket is unknown, was used, or is older than ten minutes. /send gives another.")
        return ticket

    def find(self, code: str) -> Ticket | None:
        """Return a ticket that can still be used; None: there is none."""
        self._forget_old()
        return self._tickets.get(code)

    def returned(self, ticket: Ticket) -> None:
        """Let a ticket be used after all: nothing was posted with it."""
        self._tickets[ticket.code] = ticket

    def _forget_old(self) -> None:
        now = self._clock.seconds()
        # Those that were returned stand behind younger ones.
        old = [code for code, ticket in self._tickets.items() if ticket.ends <= now]
        for code in old:
            del self._tickets[code]
