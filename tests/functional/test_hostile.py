"""A server that means harm, and the client on a terminal."""

import contextlib
import json
import socket
import threading
import time
from typing import Any

from tests.functional.harness import LIMIT_S
from tests.functional.pane import PaneTest

HARM = "\x1b[7;7;7mX\x1b]0;owned\x07\x9b6nY\x1bcZ\x1b[?1049h\u202eW\r\nV"
"""Looks, the title, a question to the terminal, a reset, another screen, another direction, another line."""
SIGNS = ("\x1b[7;7;7m", "\x1b]0;owned", "\x9b", "\x1bc", "\x1b[?1049h", "\u202e")
"""What of it must not reach the terminal."""
KINDS = (
    *("said", "acted", "whispered", "edited", "deleted", "topic-changed", "moderated", "joined", "left"),
    *("many-joined", "many-left", "renamed", "away-changed", "announced", "typing", "nothing-known"),
)


FIELDS = ("room", "to", "text", "at", "reason", "new", "id", "target", "account", "act", "until")


class Server:
    """Takes one client, and puts harm into every field of whatever it says."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        self._listening.settimeout(LIMIT_S)
        connection, _ = self._listening.accept()
        with connection, connection.makefile("rb") as lines, contextlib.suppress(ConnectionError):
            for line in lines:  # until the client hangs up, perhaps before it has read all of it
                answers = self._answers(json.loads(line))
                connection.sendall(b"".join(json.dumps(answer).encode() + b"\n" for answer in answers))

    def _answers(self, request: dict[str, Any]) -> list[dict[str, Any]]:
        ref = {"ref": request["ref"]}
        bad: dict[str, Any] = dict.fromkeys(FIELDS, HARM)
        words = request.get("line", request.get("text"))
        match request["do"]:
            case "nick":
                welcome = {"event": "welcome", "nick": "alice", "room": "lobby", "head": 9, "token": "t", **ref}
                return [welcome, {"event": "entered", "room": "lobby", "topic": HARM, "people": [{"nick": HARM}]}]
            case "say" if words == "refuse":
                return [{"event": "refused", "code": HARM, "text": HARM, **ref}]
            case "type" if words == "/list":
                listed = {"event": "said", "nick": HARM, **bad}
                return [{"event": "listed", "items": [listed], "heading": HARM, "ending": HARM, "text": HARM, **ref}]
            case "type":
                return [{"event": "done", "text": f"told {HARM}", **ref}]
            case "say":
                own = {"event": "said", "nick": "alice", **bad, "room": "lobby", "id": 10, "text": f"own {HARM}"}
                events = [{"event": kind, "nick": f"{kind} {HARM}", "nicks": [HARM], **bad} for kind in KINDS]
                here = [{"event": "typing", "nick": HARM, "room": "lobby"}]
                return [*events, own, *here, {"event": "done", "text": f"told {HARM}", **ref}]
            case "complete":
                return [{"event": "listed", "items": [{"text": f"zz{HARM}"}, {"text": "zzbad"}], **ref}]
            case "help":
                item = {"command": HARM, "usage": HARM, "aliases": [HARM], "fields": [HARM], "secret": True}
                return [{"event": "listed", "items": [item], "text": HARM, **ref}]
            case "exit":
                return [{"event": "done", "text": f"bye {HARM}", **ref}, {"event": "done", "text": f"bye {HARM}"}]
            case _:
                return [{"event": "done", "text": HARM, **ref}]

    def close(self) -> None:
        self._listening.close()
        self._thread.join(LIMIT_S)


class HostileTest(PaneTest):
    def test_nothing_is_obeyed(self) -> None:
        """Whatever a server sends, wherever the client shows it, the terminal obeys none of it."""
        server = Server()
        self.addCleanup(server.close)
        pane = self.open("join", f"127.0.0.1:{server.port}", "--nick", "alice")
        pane.expect("│ connected")
        written = self.folder / "written"
        pane.tmux("pipe-pane", "-t", "t", f"cat > {written}")
        for line, sign in (
            ("hello", "#10 alice: own "),
            ("refuse", "^!! "),
            ("/list", "^-- .*owned"),
            ("/tell", "^-- told "),
        ):
            pane.type(line)
            pane.keys("Enter")
            pane.expect(sign)
            if line == "refuse":  # what was not said is given back
                pane.expect("^> refuse")
                pane.keys("C-u")
        pane.type("z")
        pane.keys("Tab")
        pane.expect("^> zzbad")
        pane.keys("C-u", "Up")  # after Ctrl-C, Up would bring the line back
        pane.expect("^edit #10> own .*owned")
        pane.keys("C-c")
        self.assertEqual(pane.tmux("display", "-p", "-t", "t", "#{alternate_on}"), "0\n")
        self.assertNotEqual(pane.tmux("display", "-p", "-t", "t", "#{pane_title}"), "owned\n")
        pane.keys("C-d")
        self.assertEqual(pane.status(), 0)
        end = time.monotonic() + LIMIT_S
        while "status 0" not in (raw := written.read_text("utf-8", "surrogateescape")) and time.monotonic() < end:
            time.sleep(0.03)  # what is on the screen may have to be written yet
        self.assertEqual([shown for shown in ("told", "own") if f"{shown} \ufffd[7;7;7mX" not in raw], [])
        self.assertEqual([sign for sign in SIGNS if sign in raw], [])
