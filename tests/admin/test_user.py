"""``groupchat user``, and what it says to a daemon's control socket."""

import io
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

from groupchat.admin.data import Failed
from groupchat.admin.user import ask, is_running, read_password
from groupchat.disk.socket_paths import socket_address
from tests.admin.cases import CommandCase
from tests.functional.harness import TREE


class UserTest(CommandCase):
    def serve(self, answer: Callable[[dict[str, Any]], bytes], times: int = 1) -> list[dict[str, Any]]:
        """Answer requests in the place of a daemon; return the list into which they are put."""
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with socket_address(self.folder / "control") as address:
            listening.bind(address)
        listening.listen()
        requests: list[dict[str, Any]] = []

        def run() -> None:
            with listening:
                for _ in range(times):
                    with listening.accept()[0] as connection, connection.makefile("rb") as lines:
                        requests.append(json.loads(lines.readline()))
                        connection.sendall(answer(requests[-1]))

        thread = threading.Thread(target=run)
        thread.start()
        self.addCleanup(thread.join)
        return requests

    def serve_answer(self, **fields: object) -> list[dict[str, Any]]:
        """Answer one request with these fields."""
        return self.serve(lambda request: json.dumps({**fields, "ref": request["ref"]}).encode() + b"\n")

    def test_list(self) -> None:
        """Accounts are listed with their rank and since when they exist."""
        items = [
            {"nick": "alice", "operator": True, "since": "2026-11-21"},
            {"nick": "bob", "operator": False, "since": "2026-11-22"},
        ]
        requests = self.serve_answer(event="listed", what="accounts", items=items)
        out = self.output("user", "list", "--data", self.folder)
        self.assertEqual(out, "alice operator 2026-11-21\nbob member 2026-11-22\n")
        self.assertEqual(requests, [{"do": "accounts", "ref": 1}])

    def test_pages(self) -> None:
        """A long list is asked for page by page."""

        def answer(request: dict[str, Any]) -> bytes:
            nick, more = ("bob", 0) if "after" in request else ("alice", 1)
            items = [{"nick": nick, "operator": False, "since": "2026-11-21"}]
            return json.dumps({"event": "listed", "items": items, "more": more, "ref": 1}).encode() + b"\n"

        requests = self.serve(answer, 2)
        out = self.output("user", "list", "--data", self.folder)
        self.assertEqual(out, "alice member 2026-11-21\nbob member 2026-11-21\n")
        self.assertEqual([request.get("after") for request in requests], [None, "alice"])

    def test_strange_lists(self) -> None:
        """A list that is none is one sentence, and no traceback."""
        strange: list[Any] = [None, 7, [7], [{}], [{"nick": "a"}]]
        for items in strange:
            self.serve_answer(event="listed", items=items)
            self.assertIn("does not understand", self.complaint("user", "list", "--data", self.folder))
            (self.folder / "control").unlink()

    def test_done(self) -> None:
        """The daemon's answer is printed."""
        requests = self.serve_answer(event="done", text="alice is an operator now.")
        self.assertEqual(self.output("user", "promote", "alice", "--data", self.folder), "alice is an operator now.\n")
        self.assertEqual(requests, [{"do": "promote", "name": "alice", "ref": 1}])

    def test_refused(self) -> None:
        """Why the daemon refused is told on standard error, with status 1."""
        self.serve_answer(event="refused", code="no-such-account", text="There is no account zoe.")
        complaint = self.complaint("user", "remove", "zoe", "--data", self.folder)
        self.assertEqual(complaint, "groupchat: There is no account zoe.\n")

    def test_own_commands(self) -> None:
        """A sentence that names a command of the chat names the one of this program instead."""
        self.serve_answer(
            event="refused", code="no-such-account", text="There is no account zoe; /accounts lists them."
        )
        complaint = self.complaint("user", "remove", "zoe", "--data", self.folder)
        self.assertEqual(complaint, "groupchat: There is no account zoe; “groupchat user list” lists them.\n")

    def test_other_lines(self) -> None:
        """Lines that are no answer to the request are passed over."""
        answers = b'{"event": "announced", "text": "hi"}\n{"event": "done", "ref": 1, "text": "Done."}\n'
        self.serve(lambda request: answers)
        self.assertEqual(ask(self.folder / "control", {"do": "x"})["text"], "Done.")

    def test_nobody(self) -> None:
        """Without a daemon in the folder, the folder is named."""
        complaint = self.complaint("user", "list", "--data", self.folder)
        self.assertEqual(
            complaint, f"groupchat: No daemon runs with the data folder {self.folder}; --data names another one.\n"
        )

    def test_relative_folder(self) -> None:
        """A folder is named with its whole path, also when none was given."""
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.folder)
        self.assertIn(f" {self.folder.resolve()}/groupchat-data; --data ", self.complaint("user", "list"))

    def test_strange_answers(self) -> None:
        """A daemon that closes the connection, or answers no JSON, is complained of."""
        for answer, words in [(b"", "closed the connection"), (b"nonsense\n", "does not answer")]:
            self.serve(lambda request, answer=answer: answer)  # type: ignore[misc]
            error = self.assertRaises(Failed, ask, self.folder / "control", {"do": "x"})
            self.assertIn(words, str(error))
            (self.folder / "control").unlink()

    def test_long_path(self) -> None:
        """A data folder may be anywhere: its path may be longer than the address of a socket."""
        folder = self.folder = self.folder.joinpath(*["a-rather-deep-folder"] * 6)
        folder.mkdir(parents=True)
        control = folder / "control"
        self.assertFalse(is_running(control))
        with self.assertRaisesRegex(Failed, "No daemon runs with the data folder"):
            ask(control, {"do": "accounts"})
        self.serve_answer(event="done", text="alice is an operator now.")
        self.assertEqual(self.output("user", "promote", "alice", "--data", folder), "alice is an operator now.\n")
        self.assertFalse(is_running(control))

    def test_password(self) -> None:
        """A password is the first line of standard input, without its end."""
        self.assertEqual(read_password(io.StringIO("open sesame \r\nmore\n")), "open sesame ")

    def test_no_password(self) -> None:
        """Without a password nothing is asked of the daemon."""
        for text in ("", "\n"):
            self.assertRaises(Failed, read_password, io.StringIO(text))

    def test_add(self) -> None:
        """The password of a new account is read from a pipe, and sent with the name."""
        requests = self.serve_answer(event="done", text="There is an account carol now.")
        command = [sys.executable, "-m", "groupchat.admin", "user", "add", "carol", "--data", str(self.folder)]
        done = subprocess.run(
            command, input="open sesame\n", capture_output=True, text=True, cwd=TREE, timeout=60, check=True
        )
        self.assertEqual((done.stdout, done.stderr), ("There is an account carol now.\n", ""))
        self.assertEqual(requests, [{"do": "adduser", "name": "carol", "password": "open sesame", "ref": 1}])
