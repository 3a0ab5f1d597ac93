"""Load for a check: clients that post at a rate, know the outcome of each post, and reconnect when they are cut off.

They use plain sockets in one loop instead of the client library:
a checker that shared code with what it checks would share its mistakes.
"""

import contextlib
import json
import re
import secrets
import select
import socket
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from groupchat.checker.drain import LONGEST, TEMPORARY, TurnedAway, Unreachable, pause_after, refusal_in
from groupchat.checker.erasure import Erasure
from groupchat.checker.ledger import LOBBY, Attempt, Kept, Ledger

WINDOW = 256
"""The most posts of one client that may be unanswered."""
RETRY_S = 0.1
"""Seconds until a client that was cut off tries again; each refusal in a row doubles them."""
TICK_S = 0.002
"""Seconds that the loop waits for bytes."""
CATCH_UP_S = 0.2
"""Posts that are late by at most so many seconds are still sent."""
NICK_LENGTH = 8
"""Characters of a nickname: a server may be set to allow few."""
READ = 1 << 18
"""Bytes that are read or written at once."""

_EVENTS = re.compile(rb'\{"event":"(?:said","id":(\d+)|((?:done|refused|welcome)"[^\n]*))')
"""The numbers of messages, and whole answers; no message looks like this, since quotes are escaped in it."""


class Client:
    """One client of the load, over all its connections."""

    def __init__(self, load: "Load", number: int) -> None:
        self.load = load
        self.number = number
        self.nick = _nickname(number)
        self.token: str | None = None
        self.joined = False
        self.retry_at = 0.0
        self.last = 0
        """The highest number that it was shown."""
        self.unanswered: deque[Attempt] = deque()
        self.posts = 0
        self.socket: socket.socket | None = None
        self.erasure: Erasure | None = None
        self._unsent = bytearray()
        self._rest = b""
        self._asked: dict[int, Attempt] = {}
        self._ref = 0
        self._refusals = 0

    def connect(self) -> None:
        """Begin a connection, and join with it."""
        server = self.load.where(self)
        self.socket = socket.socket(socket.AF_INET6 if ":" in server[0] else socket.AF_INET)
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.connect_ex(server)
        self._unsent.clear()
        self._rest = b""
        self._asked.clear()
        self._ask({"do": "nick", "nick": self.nick, "since": self.since(), "ref": 0} | self._rooms() | self._proof())
        self.load.register(self)

    def since(self) -> int | str:
        """Return which earlier messages the client wants."""
        return "head"

    def _rooms(self) -> dict[str, object]:
        return {} if self.load.ledger.room == LOBBY else {"rooms": [self.load.ledger.room]}

    def _proof(self) -> dict[str, object]:
        return {} if self.token is None else {"token": self.token}

    def post(self) -> None:
        """Send the next post."""
        attempt = self.load.ledger.attempt(self.number, self.posts)
        self.posts += 1
        self.unanswered.append(attempt)
        self._send(attempt)

    def flush(self) -> None:
        """Send waiting bytes, as many as the socket takes."""
        while self._unsent and self.socket is not None:
            try:
                sent = self.socket.send(memoryview(self._unsent)[:READ])
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                self.lost()
                return
            del self._unsent[:sent]

    def read(self) -> None:
        """Read what the socket has."""
        assert self.socket is not None
        try:
            data = self.socket.recv(READ)
        except (BlockingIOError, InterruptedError):
            return
        except ConnectionRefusedError:
            self.lost()  # nothing listens: to ask again costs nobody anything
            return
        except OSError:
            data = b""
        if not data:
            self._refusals += not self.joined
            self.lost()
            return
        head, end, rest = data.rpartition(b"\n")
        if not end:
            self._rest += data
            if len(self._rest) > LONGEST:
                raise Unreachable("The server sent a line without an end.")
            return
        lines, self._rest = self._rest + head, rest
        try:
            refusal = None if self.joined else refusal_in(lines)
            if refusal is not None:
                self._turned_away(refusal)
                return
            self.take(lines)
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
            raise Unreachable(f"The server sent an answer that makes no sense: {what}.") from error

    def take(self, lines: bytes) -> None:
        """Search whole lines for answers and numbers.

        Every client is shown every post, so this is nearly all of the load's own work:
        numbers in the right order are not checked one by one.
        """
        found = _EVENTS.findall(lines)
        numbers = [int(number) for number, _ in found if number]
        if self.joined and numbers and numbers[0] > self.last and numbers == sorted(set(numbers)):
            self.last = numbers[-1]
            found = [event for event in found if event[1]] if len(numbers) < len(found) else []
        for number, answer in found:
            if number:
                self.told(int(number))
            else:
                self.answered(json.loads(b'{"event":"' + answer))

    def told(self, number: int) -> None:
        """Note the number of a message that was shown."""
        if number <= self.last:
            self.load.ledger.disorder.append(f"client {self.number} was shown #{number} after #{self.last}")
        self.last = max(number, self.last)

    def answered(self, message: dict[str, Any]) -> None:
        """Take the answer to what this client said or asked for."""
        ref, event = message.get("ref"), message["event"]
        if event == "welcome":
            self._welcomed(message)
        elif ref == 0 or (event == "refused" and not self.joined):
            self._turned_away(TurnedAway(str(message.get("code")), str(message.get("text", ""))))
        elif type(ref) is int and ref < 0:
            if self.erasure is not None:
                self.erasure.answered(-ref, str(message.get("code", "")), time.monotonic())
        elif ref in self._asked:
            attempt = self._asked.pop(ref)
            if self.unanswered and self.unanswered[0] is attempt:
                self.unanswered.popleft()
            else:
                with contextlib.suppress(ValueError):
                    self.unanswered.remove(attempt)
            if event == "done":
                self.load.ledger.acknowledge(attempt, int(message["id"]))
            else:
                attempt.code = str(message["code"])
                self.load.refused[attempt.code] = self.load.refused.get(attempt.code, 0) + 1

    def lost(self) -> None:
        """Close the connection; what was not answered is sent again on the next one."""
        if self.socket is not None:
            self.load.unregister(self)
            self.socket.close()
            self.socket = None
        if self.erasure is not None:
            self.erasure.interrupted()
        self.joined = False
        self.load.cut(self)
        self.retry_at = time.monotonic() + pause_after(self._refusals, RETRY_S)

    def _welcomed(self, message: dict[str, Any]) -> None:
        self.joined = True
        self._refusals = 0
        self.token = str(message["token"])
        self.load.begun(int(message["head"]))
        self.last = max(self.last, int(message["head"])) if self.since() == "head" else self.last
        for attempt in self.unanswered:
            self._send(attempt)
        self.flush()

    def _turned_away(self, refusal: TurnedAway) -> None:
        """Try again later, if that can help.  Raises Unreachable."""
        code = refusal.code
        self.load.turned_away[code] = self.load.turned_away.get(code, 0) + 1
        self._refusals += 1
        if code == "token-invalid":
            # A new person cannot repeat a post that may exist: its outcome stays unknown.
            self.token = None
            self.unanswered.clear()
        elif code == "nick-taken":
            self.nick = _nickname(self.number)
        elif code not in TEMPORARY or (code == "too-many-connections" and self.token is None):
            # More attempts would only use up what the server allows this address.
            server = self.load.where(self)
            raise Unreachable(f"{server[0]}:{server[1]} does not let a client in: {refusal}")
        self.lost()

    def _send(self, attempt: Attempt) -> None:
        self._ref += 1
        self._asked[self._ref] = attempt
        text = self.load.ledger.text(attempt)
        filler = " " + "x" * (self.load.size - len(text) - 1) if self.load.size > len(text) + 1 else ""
        self._unsent += b'{"do":"say","ref":%d,"room":"%b","key":"%b","text":"%b%b"}\n' % (
            self._ref, self.load.ledger.room.encode(), text.encode(), text.encode(), filler.encode(),
        )  # fmt: skip

    def erase(self, ids: Iterable[int]) -> None:
        """Begin to delete its messages with these numbers."""
        self.erasure = Erasure(ids, self._ask_to_delete)

    def _ask_to_delete(self, id: int) -> None:
        self._ask({"do": "delete", "id": id, "ref": -id})

    def _ask(self, message: dict[str, object]) -> None:
        self._unsent += json.dumps(message).encode() + b"\n"


def _nickname(number: int) -> str:
    """Return a nickname for the client with this number; it is another one each time."""
    return f"v{number:x}{secrets.token_hex(NICK_LENGTH)}"[:NICK_LENGTH]


class Watcher(Client):
    """A client that posts nothing and reads everything.

    ``shown``: the posts that it was shown, by number.
    """

    def __init__(self, load: "Load", number: int) -> None:
        super().__init__(load, number)
        self.shown: dict[int, Kept] = load.ledger.shown

    def since(self) -> int | str:
        return self.last if self.last or self.token is not None else "head"

    def take(self, lines: bytes) -> None:
        """Read every line."""
        for line in lines.splitlines():
            if not line.startswith(b"{"):
                continue
            message = json.loads(line)
            if message["event"] == "said":
                self.told(message["id"])
                kept = self.load.ledger.kept(message["id"], message["text"])
                if kept is not None:
                    self.shown[kept.id] = kept
            elif message["event"] in ("done", "refused", "welcome"):
                self.answered(message)

    def _welcomed(self, message: dict[str, Any]) -> None:
        first = self.since() == "head"
        super()._welcomed(message)
        if first:
            self.last = int(message["head"])


class Load:
    """Clients that post to the ledger's room on a server, and one that watches.

    :param server: the server's host and port.
    :param rate: posts a second, of all clients together.
    :param size: characters of a post.

    ``turned_away`` counts refused connections by code, ``refused`` refused posts.
    """

    def __init__(self, server: tuple[str, int], ledger: Ledger, clients: int, rate: float, size: int = 100) -> None:
        self.server = server
        self.ledger = ledger
        self.rate = rate
        self.size = size
        self.turned_away: dict[str, int] = {}
        self.refused: dict[str, int] = {}
        self.posters = [Client(self, number) for number in range(clients)]
        self.watcher = Watcher(self, clients)
        self.watchers = [self.watcher]
        self._everybody = [self.watcher, *self.posters]
        self._epoll = select.epoll()
        self._clients: dict[int, Client] = {}
        self._next = 0
        self._strays = 0

    def join(self, limit: float) -> bool:
        """Wait until every client has joined, for at most ``limit`` seconds; return whether they have.

        :raises Unreachable: the server refuses one of them for good.
        """
        return self._until(lambda: all(client.joined for client in self._everybody), limit)

    def run(self, seconds: float) -> None:
        """Post for so many seconds; posts that are late because no client was let in are left out."""
        before = time.monotonic()
        end, due = before + seconds, 1.0
        while before < end:
            due -= self._post(int(due))
            self._turn(TICK_S)
            now = time.monotonic()
            due = min(due + (now - before) * self.rate, max(self.rate * CATCH_UP_S, 1.0))
            before = now

    def settle(self, limit: float) -> bool:
        """Wait until every post is answered, for at most ``limit`` seconds; return whether they are."""
        return self._until(lambda: not any(client.unanswered for client in self.posters), limit)

    def watch(self, upto: int, limit: float) -> None:
        """Let the watchers read up to this number, for at most ``limit`` seconds."""
        self.ledger.watched = True
        self._until(lambda: all(watcher.last >= upto for watcher in self.watchers), limit)

    def posted(self) -> list[Kept]:
        """Return the posts that are known to exist, without asking the server."""
        known = {attempt.id: Kept(attempt.id, attempt.client, attempt.post) for attempt in self.ledger.attempts}
        known.pop(0, None)
        return [*(self.ledger.shown | known).values()]

    def erase(self, found: Iterable[Kept], limit: float) -> None:
        """Delete what was posted, for at most ``limit`` seconds; ``left`` tells how much is there then.

        :raises Unreachable: the server does not let a client in any more.
        """
        ids: dict[int, list[int]] = {}
        for kept in found:
            ids.setdefault(kept.client, []).append(kept.id)
        for client in self.posters:
            client.erase(ids.pop(client.number, ()))
        self._strays = sum(map(len, ids.values()))
        erasures = self._erasures()
        self._until(lambda: not any(erasure.left for erasure in erasures), limit)

    @property
    def left(self) -> int:
        """The number of messages that ``erase`` has not deleted."""
        return self._strays + sum(len(erasure.left) + len(erasure.refused) for erasure in self._erasures())

    def _erasures(self) -> list[Erasure]:
        return [client.erasure for client in self.posters if client.erasure is not None]

    def close(self) -> None:
        """Close all connections."""
        for client in self._everybody:
            if client.socket is not None:
                client.lost()
        self._epoll.close()

    # The clients call these.

    def where(self, client: Client) -> tuple[str, int]:
        """Return the server where a client connects."""
        return self.server

    def cut(self, client: Client) -> None:
        """Note that a client has no connection any more."""

    def begun(self, head: int) -> None:
        """Note the newest number as a client joins: what came before the first client is not of this run."""
        if self.ledger.after < 0:
            self.ledger.after = head

    def register(self, client: Client) -> None:
        """Watch the socket of this client."""
        assert client.socket is not None
        self._clients[client.socket.fileno()] = client
        self._epoll.register(client.socket.fileno(), select.EPOLLIN)

    def unregister(self, client: Client) -> None:
        """Stop watching the socket of this client."""
        assert client.socket is not None
        del self._clients[client.socket.fileno()]
        self._epoll.unregister(client.socket.fileno())

    def _post(self, count: int) -> int:
        """Let the clients that can send ``count`` posts in turn; return how many were sent."""
        able = [client for client in self.posters if client.joined and len(client.unanswered) < WINDOW]
        if not able:
            return 0
        for number in range(count):
            able[(self._next + number) % len(able)].post()
        self._next += count
        for client in able:
            client.flush()
        return count

    def _until(self, done: Callable[[], bool], limit: float) -> bool:
        end = time.monotonic() + limit
        while not done():
            if time.monotonic() > end:
                return False
            self._turn(TICK_S)
        return True

    def _turn(self, wait: float) -> None:
        """Reconnect clients that were cut off, send what waits, and read what has come."""
        now = time.monotonic()
        for client in self._everybody:
            if client.socket is None and now >= client.retry_at:
                client.connect()
            if client.erasure is not None and client.joined:
                client.erasure.go_on(now)
            client.flush()
        for descriptor, _ in self._epoll.poll(wait):
            if descriptor in self._clients:
                self._clients[descriptor].read()
