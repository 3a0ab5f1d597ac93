"""Accounts against a real daemon: made, used, guessed at, managed, and what kill -9 leaves of them."""

import json
import os
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path
from random import Random
from typing import Any
from unittest import skipIf

from groupchat.disk.socket_paths import socket_address
from tests.functional.harness import LIMIT_S, Daemon, FunctionalTest

PASSWORD = "correct horse"


class Control:
    """A connection to the control socket."""

    def __init__(self, folder: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(LIMIT_S)
        with socket_address(folder / "data" / "control") as address:
            self._socket.connect(address)
        self._lines = self._socket.makefile("rb")

    def send(self, **request: object) -> None:
        self._socket.sendall(json.dumps({**request, "ref": 1}).encode() + b"\n")

    def ask(self, **request: object) -> dict[str, object]:
        """The answer to a request."""
        self.send(**request)
        answer: dict[str, object] = json.loads(self._lines.readline())
        return answer

    def close(self) -> None:
        self._lines.close()
        self._socket.close()


class AccountTest(FunctionalTest):
    def user(self, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        """Run groupchat user."""
        command = [sys.executable, "-m", "groupchat.admin", "user", *arguments, "--data", "data"]
        return subprocess.run(
            command, cwd=self.folder, env=self.environment, input=typed, capture_output=True, text=True,
            timeout=LIMIT_S, check=False,
        )  # fmt: skip

    def control(self) -> Control:
        control = Control(self.folder)
        self.addCleanup(control.close)
        return control

    def log_in(self, daemon: Daemon, nick: str, password: str = PASSWORD) -> None:
        """Somebody comes in with a password, and leaves."""
        line = self.connect(daemon)
        line.send(f"{nick}\n")
        line.expect(r"(?s)not encrypted.*Password: ")
        line.send(f"{password}\n")
        line.expect(f"^Connected to the server! You are {nick}")
        line.send("/exit\n")
        line.rest()

    def test_netcat(self) -> None:
        """With netcat: register, be asked for the password next time, be told that it travels openly, come in."""
        daemon = self.start()
        first = self.spawn("nc", "127.0.0.1", daemon.port)
        first.send("alice\n/register correcthorse\nhello\n/exit\n")
        first.expect("-- alice is yours from now on")
        first.expect("-- Goodbye, alice.")
        again = self.spawn("nc", "127.0.0.1", daemon.port)
        again.send("alice\n")
        again.expect("-- alice belongs to an account: .*\r\n-- This connection is not encrypted.*\r\nPassword: ")
        again.send("guess\n")
        again.expect("!! password-wrong: .*\r\nPassword: ")
        again.send("correcthorse\n")
        again.expect(r"^Connected to the server! You are alice(?s:.*)#1 alice: hello")
        self.assertNotIn("correcthorse", daemon.log)
        self.assertEqual(daemon.stop(), 0)
        data = b"".join(path.read_bytes() for path in (self.folder / "data").iterdir() if path.is_file())
        self.assertNotIn(b"correcthorse", data)
        self.assertIn(b"$argon2id$", data)

    def test_telnet(self) -> None:
        """A telnet client that negotiates does not show the password; any other telnet client comes in as well."""
        daemon = self.start()
        self.assertEqual(self.user("add", "alice", typed=f"{PASSWORD}\n").returncode, 0)
        peer = self.spawn("telnet", "127.0.0.1", str(daemon.port), terminal=True)
        peer.expect("Choose your nickname: ")
        peer.send("\x03")  # Ctrl-C: telnet's own commands, by which it is known
        peer.send("\r")
        peer.expect("Choose your nickname: ")
        peer.send("alice\r")
        peer.expect("Password: ")
        peer.send(f"{PASSWORD}\r")
        shown = peer.expect(r"(?s)(.*)Connected to the server! You are alice.*commands\.")[1]
        self.assertNotIn(PASSWORD, shown)
        peer.send("/me is seen\r")
        peer.expect("/me is seen")

    def test_user(self) -> None:
        """groupchat user manages the accounts of a running daemon, and says plainly what is wrong."""
        self.assertIn("No daemon runs", self.user("list").stderr)
        daemon = self.start()
        self.assertEqual((self.folder / "data" / "control").stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.user("list").stdout, "")
        self.assertEqual(self.user("add", "alice", typed=f"{PASSWORD}\n").stdout, "There is an account alice now.\n")
        self.assertIn("has 8 to 256 characters", self.user("add", "bob", typed="short\n").stderr)
        self.assertIn("No password was given", self.user("add", "bob").stderr)
        self.assertEqual(self.user("promote", "alice").returncode, 0)
        self.assertRegex(self.user("list").stdout, r"^alice operator \d{4}-")
        self.assertEqual(self.user("demote", "nobody").returncode, 1)
        self.log_in(daemon, "alice")
        self.assertEqual(self.user("password", "alice", typed="another one\n").returncode, 0)
        self.log_in(daemon, "alice", "another one")
        self.assertEqual(self.user("demote", "alice").returncode, 0)
        self.assertEqual(self.user("remove", "alice").returncode, 0)
        self.connect(daemon, "alice")
        self.assertEqual(daemon.stop(), 0)
        self.assertFalse((self.folder / "data" / "control").exists())

    def test_stale_socket(self) -> None:
        """A control socket that a killed daemon left is replaced."""
        self.start().kill()
        self.assertTrue((self.folder / "data" / "control").exists())
        self.start()
        self.assertEqual(self.user("list").returncode, 0)

    def test_killed(self) -> None:
        """A daemon killed amid changes of accounts has each of them afterwards wholly or not at all, and in the log."""
        random = Random(4)
        daemon = self.start()
        for turn in range(6):
            control = self.control()
            answered = 0
            if turn == 0:
                control.ask(do="adduser", name="alice", password=PASSWORD)
            for number in range(40):
                control.send(do="promote" if number % 2 == 0 else "demote", name="alice")
            until = random.randrange(40)
            while answered < until and json.loads(control._lines.readline())["event"] in ("done", "refused"):
                answered += 1
            daemon.kill()
            daemon = self.start()
            control = self.control()
            listed: Any = control.ask(do="accounts")["items"]
            is_operator = listed[0]["operator"]
            log = [item["text"] for item in control.ask(do="modlog", count=1)["items"]]  # type: ignore[attr-defined]
            self.assertEqual(log[-1] == "made alice an operator", is_operator)
            if is_operator:
                control.ask(do="demote", name="alice")

    @skipIf(not os.environ.get("GROUPCHAT_SLOW"), "takes 90 s; GROUPCHAT_SLOW=1 runs it")
    def test_guessing_time(self) -> None:
        """How long a wrong password takes does not tell whether there is the account: a rank test of 500 answers."""
        self.guess("", "login", "name")

    @skipIf(not os.environ.get("GROUPCHAT_SLOW"), "takes 90 s; GROUPCHAT_SLOW=1 runs it")
    def test_guessing_time_in_a_closed_hall(self) -> None:
        """Nor does it where guests need a password, too, and somebody asks to come in with a wrong one."""
        self.guess('password = "sesame open"\n', "nick", "nick")

    def guess(self, closed: str, verb: str, field: str) -> None:
        """Give wrong passwords for an account and for none, and compare how long the answers take."""
        settings = self.folder / "settings.toml"
        limits = "password_failures = 1000\nprivate_new = 1000000\nhandshake_lines = 10000\nhandshake_refusals = 1000\n"
        settings.write_text(f"handshake_timeout_s = 3600.0\n{limits}{closed}")
        daemon = self.start("--settings", str(settings))
        self.user("add", "alice", typed=f"{PASSWORD}\n")
        times: dict[str, list[float]] = {"alice": [], "nobody": []}
        line = self.connect(daemon)
        if not closed:
            line.send('{"do":"nick","nick":"bot"}\n')
            line.expect('"welcome".*\r\n')
        for number in range(500):
            name = ("alice", "nobody")[number % 2]
            begun = time.monotonic()
            line.send(json.dumps({"do": verb, field: name, "password": f"guess {number}"}) + "\n")
            line.expect('"password-wrong".*\r\n')
            times[name].append(time.monotonic() - begun)
        self.assertLess(
            abs(rank_score(times["alice"][5:], times["nobody"][5:])), 3.3, statistics.median(times["alice"])
        )


def rank_score(one: list[float], other: list[float]) -> float:
    """Mann and Whitney's U as a standard score: beyond 3.3 in one of 1,000 cases if both are alike."""
    ranked = sorted([(value, True) for value in one] + [(value, False) for value in other])
    rank_sum = sum(rank for rank, (_, is_one) in enumerate(ranked, 1) if is_one)
    n, m = len(one), len(other)
    u = rank_sum - n * (n + 1) / 2
    return float((u - n * m / 2) / (n * m * (n + m + 1) / 12) ** 0.5)
