"""Check the sessions of a cluster: what a token leads back to must be the same at whichever node it is shown.

At each node somebody reads the first of two lines, and leaves.  At all others, one after the other, their token must
lead back to their nickname and room, where just the second line is new to them.

Nobody waits for a time: whoever is not listed at a node any more has left there too, and what is kept of them stands
before that in the log.
"""

import time
from collections.abc import Iterator, Sequence

from groupchat.checker.drain import TurnedAway, Unreachable, Visit

LOOK_S = 0.5
"""Seconds between two looks: a server reads two lines a second from those that are not exempt."""

LINES = ("You have read this.", "This is new to you.")
"""The lines that are said."""


class Returning:
    """Visitors of all nodes, in a room of their own.

    :param servers: where the nodes are; ``names``: their addresses, as words.
    :param patience: seconds for which a node that cannot be reached is tried again.
    :param limit: seconds in which what is done at one node must be known at the next.
    """

    def __init__(
        self, servers: Sequence[tuple[str, int]], names: Sequence[str], room: str, patience: float, limit: float
    ) -> None:
        self._servers = servers
        self._names = names
        self._room = room
        self._patience = patience
        self._limit = limit
        self._open: list[Visit] = []

    def faults(self) -> list[str]:
        """Return a sentence for each token that does not lead where it should.  Raises Unreachable."""
        try:
            return list(self._faults())
        except OSError as error:
            raise Unreachable(f"The tokens could not be tried: {error}") from error
        finally:
            for visit in self._open:
                visit.close()

    def _faults(self) -> Iterator[str]:
        lookers = [self._visit(place) for place in range(len(self._servers))]
        readers = [self._visit(place, marks=True) for place in range(len(self._servers))]
        lines = [int(lookers[0].ask({"do": "say", "room": self._room, "text": text})["id"]) for text in LINES]
        for place, reader in enumerate(readers):
            if not self._until_read(reader, lines):
                yield f"{self._names[place]} does not show #{lines[1]}, which was acknowledged"
            reader.leave()
            for away in range(1, len(readers)):
                where = (place + away) % len(readers)
                fault = self._come_back(reader, where, lookers[where], lines[0])
                if fault:
                    yield fault
                    break
        for line in lines:
            lookers[0].ask({"do": "delete", "id": line})

    def _come_back(self, before: Visit, where: int, looker: Visit, read: int) -> str:
        """Come back at another node, and leave again; return what is wrong as a sentence, or nothing."""
        nick, token, name = str(before.welcome["nick"]), str(before.welcome["token"]), self._names[where]
        if not self._until_gone(looker, nick):
            return f"{name} lists {nick}, who has left"
        try:
            visit = self._visit(where, nick=nick, token=token, marks=True)
        except TurnedAway as refusal:
            if refusal.code != "token-invalid":
                raise
            return f"{name} does not know the token of {nick}"
        rooms = visit.welcome["rooms"]
        unread = [item["after"] for item in visit.ask({"do": "unread"})["items"] if item["room"] == self._room]
        visit.leave()
        if (visit.welcome["nick"], rooms) != (nick, [self._room]):
            return f"{nick} came back at {name} as {visit.welcome['nick']}, in {', '.join(rooms)}"
        if unread != [read]:
            known = ", ".join(f"#{after}" for after in unread) or "everything"
            return f"{nick} has read up to #{read}, and as {name} knows it {known}"
        return ""

    def _visit(self, place: int, **joining: object) -> Visit:
        """Come to a node, in the room unless a token says where.  Raises TurnedAway, Unreachable."""
        where = {} if "token" in joining else {"rooms": [self._room]}
        visit = Visit(self._servers[place], self._patience, **where, **joining)
        self._open.append(visit)
        return visit

    def _until_read(self, reader: Visit, lines: Sequence[int]) -> bool:
        """Mark the first line as read, as soon as both have come to this node; return whether they have."""
        end = time.monotonic() + self._limit
        while not any(item["id"] == lines[1] for item in reader.ask({"do": "history", "room": self._room})["items"]):
            if time.monotonic() > end:
                return False
            time.sleep(LOOK_S)
        return bool(reader.ask({"do": "read", "room": self._room, "id": lines[0]})["upto"] == lines[0])

    def _until_gone(self, looker: Visit, nick: str) -> bool:
        """Wait until somebody is not listed any more; return whether that is so."""
        end = time.monotonic() + self._limit
        while any(one["nick"] == nick for one in looker.ask({"do": "list", "room": self._room})["items"]):
            if time.monotonic() > end:
                return False
            time.sleep(LOOK_S)
        return True
