"""Load for a checker: clients that post at a rate, know what became of each post, and come back when they are cut off.

Plain sockets in one loop, and none of the client library:
a checker that shared code with what it checks would share its mistakes.
"""

import contextlib
import json
import re
import select
import socket
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from groupchat.checker.ledger import Attempt, Ledger

WINDOW = 256
"""Posts of one client that may be unanswered."""
RETRY_S = 0.1
"""Seconds until a client that was cut off, or not let in, tries again."""
TICK_S = 0.002
CATCH_UP_S = 0.2
"""Of so much time, in seconds, posts are made up for."""
READ = 1 << 18
ROOM = "lobby"

_EVENTS = re.compile(rb'\{"event":"(?:said","id":(\d+)|((?:done|refused|welcome)"[^\n]*))')
"""The numbers of what is said, and whole answers; what people say cannot look so, since its quotes are escaped."""


class Client:
    """One of the load's connections, and all that follow when it is lost."""

    def __init__(self, load: "Load", number: int) -> None:
        self.load = load
        self.number = number
        self.nick = f"v{number}-{load.ledger.run}"
        self.token: str | None = None
        self.joined = False
        self.retry_at = 0.0
        self.last = 0
        """The highest number it was shown."""
        self.unanswered: deque[Attempt] = deque()
        self.posts = 0
        self.socket: socket.socket | None = None
        self._unsent = bytearray()
        self._rest = b""
        self._asked: dict[int, Attempt] = {}
        self._ref = 0

    def connect(self) -> None:
        """Begin a connection."""
        self.socket = socket.socket(socket.AF_INET6 if ":" in self.load.place[0] else socket.AF_INET)
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.connect_ex(self.load.place)
        self._unsent.clear()
        self._rest = b""
        self._asked.clear()
        self._ask({"do": "nick", "nick": self.nick, "since": self.since(), "ref": 0} | self._proof())
        self.load.register(self)

    def since(self) -> int | str:
        """What of what was said before is to be shown."""
        return "head"

    def _proof(self) -> dict[str, object]:
        return {} if self.token is None else {"token": self.token}

    def post(self) -> None:
        """Say the next thing."""
        attempt = self.load.ledger.attempt(self.number, self.posts)
        self.posts += 1
        self.unanswered.append(attempt)
        self._send(attempt)

    def flush(self) -> None:
        """Send what waits, as far as the socket takes it."""
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
        """Take what has come."""
        assert self.socket is not None
        try:
            data = self.socket.recv(READ)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if not data:
            self.lost()
            return
        head, end, rest = data.rpartition(b"\n")
        if not end:
            self._rest += data
            return
        lines, self._rest = self._rest + head, rest
        self.take(lines)

    def take(self, lines: bytes) -> None:
        """Look through whole lines: only answers and numbers matter.

        Everybody is shown everything, so nearly all of the load's own work is this:
        numbers as they should be are not looked at one by one.
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
        """Something was shown with this number."""
        if number <= self.last:
            self.load.ledger.disorder.append(f"client {self.number} was shown #{number} after #{self.last}")
        self.last = max(number, self.last)

    def answered(self, message: dict[str, Any]) -> None:
        """An answer came."""
        ref, event = message.get("ref"), message["event"]
        if event == "welcome":
            self._welcomed(message)
        elif ref == 0 or (event == "refused" and not self.joined):
            self._turned_away(str(message.get("code")))
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
        """The connection is gone; what was not answered is sent again on the next one."""
        if self.socket is not None:
            self.load.unregister(self)
            self.socket.close()
            self.socket = None
        self.joined = False
        self.retry_at = time.monotonic() + RETRY_S

    def _welcomed(self, message: dict[str, Any]) -> None:
        self.joined = True
        self.token = str(message["token"])
        self.load.begun(int(message["head"]))
        self.last = max(self.last, int(message["head"])) if self.since() == "head" else self.last
        for attempt in self.unanswered:
            self._send(attempt)
        self.flush()

    def _turned_away(self, code: str) -> None:
        self.load.turned_away[code] = self.load.turned_away.get(code, 0) + 1
        if code == "token-invalid":
            # Who comes back as somebody new cannot say again what may be there: it stays unknown.
            self.token = None
            self.unanswered.clear()
        elif code == "nick-taken":
            self.nick = f"v{self.number}-{self.load.ledger.run}-{self.load.turned_away[code] % 1000}"
        self.lost()

    def _send(self, attempt: Attempt) -> None:
        self._ref += 1
        self._asked[self._ref] = attempt
        text = self.load.ledger.text(attempt)
        filler = " " + "x" * (self.load.size - len(text) - 1) if self.load.size > len(text) + 1 else ""
        self._unsent += b'{"do":"say","ref":%d,"key":"%b","text":"%b%b"}\n' % (
            self._ref, text.encode(), text.encode(), filler.encode(),
        )  # fmt: skip

    def _ask(self, message: dict[str, object]) -> None:
        self._unsent += json.dumps(message).encode() + b"\n"


class Watcher(Client):
    """A client that posts nothing and reads everything, over all its connections."""

    def since(self) -> int | str:
        return self.last or "head"

    def take(self, lines: bytes) -> None:
        """Look at every line."""
        for line in lines.splitlines():
            if not line.startswith(b"{"):
                continue
            message = json.loads(line)
            if message["event"] == "said":
                self.told(message["id"])
                kept = self.load.ledger.kept(message["id"], message["text"])
                if kept is not None:
                    self.load.ledger.shown[kept.id] = kept
            elif message["event"] in ("done", "refused", "welcome"):
                self.answered(message)

    def _welcomed(self, message: dict[str, Any]) -> None:
        first = self.since() == "head"
        super()._welcomed(message)
        if first:
            self.last = int(message["head"])


class Load:
    """So many clients that post, at a rate, to the lobby of the server at ``place``; and one that watches.

    :param rate: posts a second of all clients together.
    :param size: characters of a post.

    ``turned_away``: how often somebody was not let in, by code; ``refused``: posts that were refused, by code.
    """

    def __init__(self, place: tuple[str, int], ledger: Ledger, clients: int, rate: float, size: int = 100) -> None:
        self.place = place
        self.ledger = ledger
        self.rate = rate
        self.size = size
        self.turned_away: dict[str, int] = {}
        self.refused: dict[str, int] = {}
        self.posters = [Client(self, number) for number in range(clients)]
        self.watcher = Watcher(self, clients)
        self._everybody = [self.watcher, *self.posters]
        self._epoll = select.epoll()
        self._clients: dict[int, Client] = {}
        self._next = 0

    def join(self, limit: float) -> bool:
        """Wait until everybody is in, for so many seconds; give whether they are."""
        return self._until(lambda: all(client.joined for client in self._everybody), limit)

    def run(self, seconds: float) -> None:
        """Post for so long; what could not be posted in its time, since nobody was let in, is not made up for."""
        before = time.monotonic()
        end, due = before + seconds, 1.0
        while before < end:
            due -= self._post(int(due))
            self._turn(TICK_S)
            now = time.monotonic()
            due = min(due + (now - before) * self.rate, max(self.rate * CATCH_UP_S, 1.0))
            before = now

    def settle(self, limit: float) -> bool:
        """Wait until every post is answered, for so many seconds; give whether they are."""
        return self._until(lambda: not any(client.unanswered for client in self.posters), limit)

    def watch(self, upto: int, limit: float) -> None:
        """Let the watcher read up to this number, for so many seconds."""
        self.ledger.watched = True
        self._until(lambda: self.watcher.last >= upto, limit)

    def close(self) -> None:
        """Cut all connections."""
        for client in self._everybody:
            if client.socket is not None:
                client.lost()
        self._epoll.close()

    # The clients call these.

    def begun(self, head: int) -> None:
        """Somebody is in: what came before the first is none of ours."""
        if self.ledger.after < 0:
            self.ledger.after = head

    def register(self, client: Client) -> None:
        assert client.socket is not None
        self._clients[client.socket.fileno()] = client
        self._epoll.register(client.socket.fileno(), select.EPOLLIN)

    def unregister(self, client: Client) -> None:
        assert client.socket is not None
        del self._clients[client.socket.fileno()]
        self._epoll.unregister(client.socket.fileno())

    def _post(self, count: int) -> int:
        """Let so many posts be sent, in turn by everybody who can; give how many were."""
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
        """Come back where one was cut off, send what waits, and take what has come."""
        now = time.monotonic()
        for client in self._everybody:
            if client.socket is None and now >= client.retry_at:
                client.connect()
            client.flush()
        for descriptor, _ in self._epoll.poll(wait):
            if descriptor in self._clients:
                self._clients[descriptor].read()
