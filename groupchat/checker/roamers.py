"""Load for several nodes of a cluster: whoever is cut off comes back at the next one, and each node has its watcher.

Some clients change what they said, and go from node to node by themselves.  Each says something, edits it, deletes it,
or says it again with its key, one after the other.  What was not answered is asked for again at the next node; so each
knows in the end how everything that it ever said must read, at every node.
"""

import time
from collections.abc import Sequence
from typing import Any

from groupchat.checker.ledger import DOUBTFUL, Kept, Ledger
from groupchat.checker.load import Client, Watcher
from groupchat.checker.movers import PACE_S, Mover, MovingLoad

SAY, EDIT, DELETE, REPEAT = 0.4, 0.6, 0.7, 0.85
"""The shares, added up, of what they do; the rest is going to another node."""

AGAIN_S = 0.5
"""Seconds until something is asked for again that the server could not do."""


class Roamer(Mover):
    """One client that changes what it said, and goes from node to node."""

    load: "ClusterLoad"

    def __init__(self, load: "ClusterLoad", number: int) -> None:
        super().__init__(load, number)
        self.texts: dict[int, str | None] = {}
        """How each of its messages reads now, by number; None: it is deleted."""
        self._keys: dict[int, str] = {}
        self._again: dict[str, Any] | None = None

    def go_on(self, now: float) -> None:
        if self._again is not None and self.joined and self.pending is None and now >= self._next_at:
            request, self._again = self._again, None
            self._request(request)
        elif self._again is None:
            super().go_on(now)

    @property
    def is_busy(self) -> bool:
        """True as long as something is not done that was begun."""
        return self.pending is not None or self._again is not None

    def answered(self, message: dict[str, Any]) -> None:
        pending = self.pending
        super().answered(message)
        if pending is None or self.pending is not None or message["event"] != "refused":
            return
        code = str(message["code"])
        if code in DOUBTFUL or code == "flooding":
            self._again = {name: value for name, value in pending.items() if name != "ref"}
            self._next_at = time.monotonic() + AGAIN_S
        elif pending["do"] == "delete" and code == "already-deleted":
            self._done(pending, message)
        else:
            self._fault(f"was refused to {pending['do']} {pending.get('id', 'something')}: {code}")

    def _rooms(self) -> dict[str, object]:
        return {} if self.token is not None else {"rooms": [self.load.changing]}

    def _choose(self) -> dict[str, object]:
        chance = self._chance.random()
        left = [id for id, text in self.texts.items() if text is not None]
        if not left or chance < SAY:
            self._said += 1
            key = f"{self.load.ledger.run}^{self.number}.{self._said}"
            return {"do": "say", "room": self.load.changing, "key": key, "text": f"{key}."}
        id = self._chance.choice(left)
        if chance < EDIT:
            return {"do": "edit", "id": id, "text": f"{self._keys[id]}. {self._chance.randrange(10**9)}"}
        if chance < DELETE:
            return {"do": "delete", "id": id}
        if chance < REPEAT:
            return {"do": "say", "room": self.load.changing, "key": self._keys[id], "text": f"{self._keys[id]}."}
        return {"do": "ping"}

    def _is_repeated(self, request: dict[str, Any]) -> bool:
        return bool(request["do"] != "ping")

    def _done(self, request: dict[str, Any], answer: dict[str, Any]) -> None:
        self.load.moved({"ping": "go"}.get(request["do"], str(request["do"])))
        match request["do"]:
            case "say":
                self._posted(int(answer["id"]), str(request["key"]), str(request["text"]))
            case "edit":
                self.texts[int(request["id"])] = str(request["text"])
            case "delete":
                self.texts[int(request["id"])] = None
                self.ids.remove(int(request["id"]))
            case "ping":
                self.lost()

    def _posted(self, id: int, key: str, text: str) -> None:
        """Note the number of something that was said, for the first time or again."""
        known = [number for number, other in self._keys.items() if other == key]
        if not known:
            self._keys[id], self.texts[id] = key, text
            self.ids.append(id)
        elif known != [id]:
            self.load.ledger.disorder.append(f"{key} was acknowledged as #{known[0]}, and again as #{id}")


class ClusterLoad(MovingLoad):
    """A load on all nodes of a cluster.

    :param servers: where the nodes are.
    :param roamers: how many clients change what they said.

    ``names``: the addresses of the nodes, as words.  ``views``: what each node's watcher was shown.
    ``changing``: the room where the roamers are.
    """

    def __init__(
        self, servers: Sequence[tuple[str, int]], ledger: Ledger, clients: int, rate: float, size: int = 100,
        movers: int = 0, pace: float = PACE_S, roamers: int = 0,
    ) -> None:  # fmt: skip
        super().__init__(servers[0], ledger, clients, rate, size, movers, pace)
        self.servers = list(servers)
        self.changing = f"verify-{ledger.run}-changing"
        number = clients + 1 + movers
        self.roamers = [Roamer(self, number + place) for place in range(roamers)]
        more = [Watcher(self, number + roamers + place) for place in range(1, len(servers))]
        for watcher in more:
            watcher.shown = {}
        self.watchers += more
        self.moving += self.roamers
        self._everybody += [*self.roamers, *more]
        self._at = {client: place % len(servers) for place, client in enumerate(self._everybody)}
        self._at |= {watcher: place for place, watcher in enumerate(self.watchers)}

    @property
    def names(self) -> list[str]:
        """Return the addresses of the nodes, as words."""
        return [f"{host}:{port}" for host, port in self.servers]

    @property
    def views(self) -> list[dict[int, Kept]]:
        """Return what the watcher of each node was shown."""
        return [watcher.shown for watcher in self.watchers]

    def where(self, client: Client) -> tuple[str, int]:
        return self.servers[self._at[client]]

    def cut(self, client: Client) -> None:
        if client not in self.watchers:
            self._at[client] = (self._at[client] + 1) % len(self.servers)

    def settle(self, limit: float) -> bool:
        is_settled = super().settle(limit)
        self._is_finishing = True
        is_finished = self._until(lambda: not any(roamer.is_busy for roamer in self.roamers), limit)
        self._is_finishing = False
        return is_settled and is_finished

    _is_finishing = False

    def _turn(self, wait: float) -> None:
        if self._is_finishing:
            now = time.monotonic()
            for roamer in self.roamers:
                if roamer.is_busy:
                    roamer.go_on(now)
        super()._turn(wait)
