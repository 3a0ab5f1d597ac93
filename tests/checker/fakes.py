"""A server in a thread, whose answers a test decides."""

import contextlib
import json
import socket
import threading
from collections.abc import Callable
from typing import Any

Message = dict[str, Any]


class FakeServer:
    """Gives each object that a client sends to ``answer``, and sends back what that returns.

    ``requests`` are the objects of all clients in their order; ``answer`` is told besides by whom each is (``by``: the
    nickname that was asked for on its connection), and may return None to close the connection.
    What ``news`` returns then goes to all clients.
    """

    def __init__(
        self, answer: Callable[[Message], list[Message] | None], news: Callable[[], list[Message]] = list
    ) -> None:
        self._news = news
        self._lock = threading.Lock()
        self.requests: list[Message] = []
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self._listener.getsockname()[:2]
        self._connections: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Stop listening, and close all connections."""
        # A close alone does not wake a thread that waits in accept.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._connections:
            connection.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._connections.append(connection)
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            connection.sendall(b"groupchat 1.0 at here: 0 people are here.\r\nChoose your nickname: \r\n")
            nick = ""
            for line in connection.makefile("rb"):
                request = json.loads(line)
                with self._lock:
                    self.requests.append(request)
                    nick = request.get("nick", nick) if request["do"] == "nick" else nick
                    answers = self._answer({**request, "by": nick})
                    if answers is None:
                        break
                    _send(connection, answers)
                    news = self._news()
                    for other in self._connections:
                        _send(other, news)
        except OSError:
            return
        finally:
            connection.close()


def _send(connection: socket.socket, messages: list[Message]) -> None:
    """Send objects, as compact as the server writes them: the load searches bytes."""
    lines = (json.dumps(message, separators=(",", ":")).encode() + b"\r\n" for message in messages)
    with contextlib.suppress(OSError):
        connection.sendall(b"".join(lines))


class Hall:
    """Answers as a sound server does, with what is said in ``posts``; subclasses break promises."""

    def __init__(self) -> None:
        self.posts: list[Message] = []
        self.keys: dict[str, int] = {}
        self.shown = 0
        self.deleted: list[int] = []

    def answer(self, request: Message) -> list[Message] | None:
        """Return the answers to a request, with its ``ref``."""
        answered = self.carry_out(request)
        return None if answered is None else [{**answer, "ref": request["ref"]} for answer in answered]

    def news(self) -> list[Message]:
        """Return the posts that nobody was shown yet."""
        posts = self.posts[self.shown :]
        self.shown = len(self.posts)
        return posts

    def carry_out(self, request: Message) -> list[Message] | None:
        """Carry out a request."""
        match request["do"]:
            case "nick":
                return [{"event": "welcome", "nick": request["nick"], "token": "t", "head": len(self.posts)}]
            case "say":
                return [{"event": "done", "id": self.post(request)}]
            case "delete":
                self.deleted.append(request["id"])
                return [{"event": "done"}]
            case "history":
                return [{"event": "listed", "items": self.posts[request["since"] :][:3]}]
        raise AssertionError(request)

    def post(self, request: Message) -> int:
        """Store a post once, and return its number."""
        key = request.get("key", f"without {len(self.posts)}")
        if key not in self.keys:
            self.posts.append({"event": "said", "id": len(self.posts) + 1, "text": request["text"]})
            self.keys[key] = len(self.posts)
        return self.keys[key]
