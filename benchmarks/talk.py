"""Talk: a program that asks groupchat and waits for the answer."""

import json
import socket
from collections.abc import Mapping
from typing import Any

from benchmarks.free_ports import HOST
from benchmarks.load import Broken

PATIENCE_S = 120.0


class Refused(Broken):
    """The server refused a request."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class Talk:
    """A connection that speaks JSON Lines."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection((HOST, port), timeout=PATIENCE_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._lines = self._socket.makefile("rb")
        self._ref = 0

    def ask(self, request: Mapping[str, object]) -> dict[str, Any]:
        """Send a request, and return its answer.

        :raises Refused: it was refused.
        :raises Broken: the connection is closed.
        """
        self._ref += 1
        self._socket.sendall(json.dumps({**request, "ref": self._ref}).encode() + b"\n")
        for line in self._lines:
            if line.startswith(b"{"):
                answer: dict[str, Any] = json.loads(line)
                if answer.get("ref") == self._ref:
                    if answer["event"] == "refused":
                        raise Refused(answer["code"], answer["text"])
                    return answer
        raise Broken("The server closed the connection.")

    def close(self) -> None:
        """Close the connection."""
        self._lines.close()
        self._socket.close()
