"""What the tests of files over HTTP have in common: a hall with a shelf, and clients at a port in memory."""

import json
from typing import Any

from groupchat.files.memory_shelf import MemoryShelf
from groupchat.model.events import Shared
from tests.doors.requests.cases import RequestsCase, bearer
from tests.doors.web.clients import Reply, replies, request

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4


class FilesCase(RequestsCase):
    """Alice has an account; everybody in the lobby is shown what she shares."""

    def setUp(self) -> None:
        super().setUp()
        self.follow(flood_burst=1000)
        self.shelf = self.hall.sharing.files.shelf = MemoryShelf()
        self.mine: dict[str, Any] = {"Authorization": bearer(self.token())}

    def put(self, target: str, body: bytes = PNG, **headers: Any) -> tuple[int, dict[str, Any]]:
        """Send a file as alice, or as who the headers say; return the status and the answer."""
        given = headers or self.mine
        if not body:
            given = {**given, "Content-Length": "0"}
        reply = self.ask(target, "PUT", body, **given)
        return reply.status, json.loads(reply.body)

    def share(self, name: str = "cat.png", body: bytes = PNG) -> str:
        """Share a file; return its path."""
        status, answer = self.put(f"/rooms/lobby/{name}", body)
        self.assertEqual(status, 201, answer)
        return str(answer["link"])

    def get(self, path: str, method: str = "GET", **headers: Any) -> Reply:
        """Fetch something, until all of it is there."""
        connection = self.connect()
        connection.send(request(path, method, **headers))
        heard, before = connection.read(), None
        while before != heard:
            before = heard
            self.port.clock.advance(0.01)
            heard += connection.read()
        (reply,) = replies(heard, method)
        return reply

    def shared(self) -> list[Shared]:
        """Return the files that olga was shown."""
        return [event for event in self.olga.events if isinstance(event, Shared)]
