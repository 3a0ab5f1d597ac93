"""The units, what the daemon tells its supervisor, and restarts while somebody else holds the port."""

import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter

from groupchat.daemon.process import BROKEN
from tests.functional.harness import LIMIT_S, TREE, TWISTD, Daemon, FunctionalTest, free_port, program

UNITS = TREE / "packaging"
RESTARTS = 5
CLIENTS = 8

HAND_OVER = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_FDS="1", LISTEN_FDNAMES="chat", LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[2], sys.argv[2:])
"""
"""Does what systemd does: the socket becomes descriptor 3, and the environment says so."""


class UnitTest(FunctionalTest):
    def test_verified(self) -> None:
        """systemd finds no fault in the units, once the program is where they say."""
        analyze = program("systemd-analyze")
        for unit in UNITS.glob("groupchat.*"):
            text = re.sub(r"/opt/groupchat/bin/\w+", shutil.which("true") or "", unit.read_text())
            (self.folder / unit.name).write_text(text)
        done = subprocess.run(
            [analyze, "verify", "--man=no", *map(str, self.folder.glob("groupchat.*"))],
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))

    def test_hardened(self) -> None:
        """What the service is exposed to, systemd rates at 1.5 of 10 at most."""
        analyze = program("systemd-analyze")
        unit = str(UNITS / "groupchat.service")
        done = subprocess.run(
            [analyze, "security", "--offline=true", "--threshold=15", "--no-pager", unit],
            capture_output=True, text=True, timeout=60, env={**os.environ, "LC_ALL": "C.UTF-8"},
        )  # fmt: skip
        self.assertEqual(done.returncode, 0, done.stdout[-500:] + done.stderr)
        rated = re.search(r"exposure level for groupchat\.service: ([0-9.]+)", done.stdout)
        assert rated is not None
        self.assertLessEqual(float(rated[1]), 1.5)

    def test_failed_disk(self) -> None:
        """After the status of a failed disk, and no other, neither a restart nor a connection starts the service."""
        text = (UNITS / "groupchat.service").read_text()
        self.assertIn(f"\nRestartPreventExitStatus={BROKEN}\n", text)
        (shell,) = re.findall(r"^ExecStopPost=\+/bin/sh -c '(.*)'$", text, re.MULTILINE)
        told = self.folder / "told"
        (self.folder / "systemctl").write_text(f'#!/bin/sh\necho "$*" >> {told}\n')
        (self.folder / "systemctl").chmod(0o755)
        for status in ("0", "1", "KILL", str(BROKEN)):
            self.assertFalse(told.exists(), status)
            environment = {"PATH": f"{self.folder}:/usr/bin:/bin", "EXIT_STATUS": status}
            subprocess.run(["/bin/sh", "-c", shell.replace("$$", "$")], env=environment, check=True, timeout=60)
        self.assertEqual(told.read_text(), "--no-block stop groupchat.socket\n")

    def test_options(self) -> None:
        """The command in the unit is one the daemon takes, and agrees with the socket's name."""
        text = (UNITS / "groupchat.service").read_text().replace("\\\n", " ")
        command = re.findall(r"^ExecStart=\S+ (.*)$", text, re.MULTILINE)[0].split()
        (self.folder / "chat.toml").write_text("")
        command[command.index("--settings") + 1] = "chat.toml"
        daemon = self.launch(command=[*TWISTD, *command])
        self.assertEqual(daemon.wait(), 1)  # for nobody gives it the socket
        self.assertRegex(daemon.errors, r"\Agroupchat: .*systemd:name=chat")
        self.assertIn("FileDescriptorName=chat\n", (UNITS / "groupchat.socket").read_text())

    def test_reload(self) -> None:
        """The unit checks the settings before it tells the daemon of them: a mistake makes the reload fail."""
        check, hang_up = re.findall(r"^ExecReload=(.*)$", (UNITS / "groupchat.service").read_text(), re.MULTILINE)
        self.assertEqual(hang_up, "/bin/kill -HUP $MAINPID")
        program, *words = check.split()
        arguments = [word.replace("/etc/groupchat/chat.toml", f"{self.folder}/chat.toml") for word in words]
        self.assertEqual(program, "/opt/groupchat/bin/groupchat")
        statuses = []
        for text in ("nick_max = 12\n", "nik_max = 12\n"):
            (self.folder / "chat.toml").write_text(text)
            command = [sys.executable, "-m", "groupchat.admin", *arguments]
            statuses.append(subprocess.run(command, env=self.environment, capture_output=True, timeout=60).returncode)
        self.assertEqual(statuses, [0, 1])


class NotifyTest(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.supervisor = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.supervisor.close)
        # systemd gives a short path; that of the folder may be longer than an address.
        address = f"\0groupchat-{self.folder.name}"
        self.supervisor.bind(address)
        self.supervisor.settimeout(LIMIT_S)
        self.environment |= {"NOTIFY_SOCKET": address.replace("\0", "@"), "WATCHDOG_USEC": "300000"}

    def told(self, expected: str) -> str:
        """Wait until the supervisor is told this."""
        while expected not in (notice := self.supervisor.recv(1000).decode()):
            pass
        return notice

    def test_life(self) -> None:
        """READY comes when one can connect; then how many people, rooms and posts there are, and that all is well."""
        daemon = self.launch()
        self.told("READY=1")
        alice = self.connect(daemon.ready(), "alice")
        alice.send("hello\n")
        self.told("STATUS=People: 1, rooms: 1, newest: #1")
        self.told("WATCHDOG=1")
        daemon.process.send_signal(signal.SIGHUP)
        self.assertRegex(self.told("RELOADING=1"), r"\ARELOADING=1\nMONOTONIC_USEC=\d+\Z")
        self.told("READY=1")
        daemon.process.send_signal(signal.SIGTERM)
        self.told("STOPPING=1")
        self.assertEqual(daemon.wait(), 0)

    def test_not_ready(self) -> None:
        """A daemon that cannot open its journal is never ready."""
        (self.folder / "data").mkdir()
        (self.folder / "data" / "chat.db").write_bytes(b"not a database" * 1000)
        self.assertEqual(self.launch().wait(), 1)
        self.supervisor.setblocking(False)
        self.assertRaises(BlockingIOError, self.supervisor.recv, 1000)


class ActivationTest(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.options = [
            "-n", "--pidfile=", "groupchat", "--port", "systemd:domain=INET:name=chat",
            "--data", "data", "--exempt", "127.0.0.0/8",
        ]  # fmt: skip

    def test_activated(self) -> None:
        """The first connection starts the daemon, and is served by it."""
        activate = program("systemd-socket-activate")
        port = free_port()
        command = [activate, "--fdname=chat", "-l", f"127.0.0.1:{port}", *(f"-E{name}" for name in self.environment)]
        daemon = self.launch(command=[*command, *TWISTD, *self.options])
        end = time.monotonic() + LIMIT_S
        while "Listening on" not in daemon.errors and time.monotonic() < end:
            time.sleep(0.02)
        daemon.port = port
        alice = self.connect(daemon, "alice")
        alice.send("hello\n/exit\n")
        alice.expect("Goodbye, alice")

    def test_restarts(self) -> None:
        """Over restarts, whoever connects is let in, and whatever was acknowledged is there, once."""
        with socket.create_server(("127.0.0.1", 0), backlog=1024) as held:
            loops = [Loop(held.getsockname()[1], f"loop{number}") for number in range(CLIENTS)]
            daemon = self.activated(held)
            for loop in loops:
                loop.start()
            for restart in range(RESTARTS):
                goal = [loop.posted + 3 for loop in loops]
                self.wait_for(
                    lambda goal=goal: all(loop.posted >= wish for loop, wish in zip(loops, goal, strict=True))
                )
                self.assertEqual(daemon.stop(), 0, daemon.errors)
                daemon.log_path.rename(self.folder / f"log{restart}")
                daemon = self.activated(held)
            for loop in loops:
                loop.going = False
            for loop in loops:
                loop.join(LIMIT_S)
        daemon.logged("Started with the messages in")  # or the signal might come before the daemon waits for it
        self.assertEqual(daemon.stop(), 0)
        self.assertEqual([loop.faults for loop in loops], [[]] * CLIENTS)
        with sqlite3.connect(self.folder / "data" / "chat.db") as database:
            stored = Counter(text for (text,) in database.execute("SELECT text FROM posts WHERE kind = 'said'"))
        database.close()
        acknowledged = [text for loop in loops for text in loop.acknowledged]
        self.assertEqual([text for text in acknowledged if stored[text] != 1], [])
        self.assertGreaterEqual(len(acknowledged), CLIENTS * RESTARTS * 3)

    def activated(self, held: socket.socket) -> Daemon:
        return self.launch(
            command=[sys.executable, "-c", HAND_OVER, str(held.fileno()), *TWISTD, *self.options],
            pass_fds=[held.fileno()],
        )

    def wait_for(self, condition: object) -> None:
        end = time.monotonic() + LIMIT_S
        assert callable(condition)
        while not condition():
            if time.monotonic() > end:
                raise AssertionError("The clients do not come on.")
            time.sleep(0.02)


class Loop(threading.Thread):
    """A client that comes, says something, waits until that is done, goes, and comes again."""

    def __init__(self, port: int, nick: str) -> None:
        super().__init__(daemon=True)
        self.port, self.nick = port, nick
        self.going = True
        self.posted = 0
        self.acknowledged: list[str] = []
        self.faults: list[str] = []

    def run(self) -> None:
        tries = 0
        while self.going:
            tries += 1
            try:
                self.visit(f"{self.nick} {tries}")
            except ConnectionRefusedError:
                self.faults.append("refused")
            except (BrokenPipeError, ConnectionResetError):
                pass  # the daemon ended with a line of ours unread: nothing was acknowledged

    def visit(self, text: str) -> None:
        with socket.create_connection(("127.0.0.1", self.port), LIMIT_S) as connection:
            requests = [{"do": "nick", "nick": self.nick}, {"do": "say", "text": text, "ref": "said"}]
            connection.sendall("".join(f"{json.dumps(request)}\n" for request in requests).encode())
            for line in connection.makefile("rb"):
                if b"{" not in line:
                    continue  # who is slow to speak is taken for a person, and greeted
                answer = json.loads(line[line.index(b"{") :])
                if answer["event"] == "refused":
                    self.faults.append(answer["code"])
                elif answer["event"] == "done" and answer.get("ref") == "said":
                    self.acknowledged.append(text)
                    self.posted += 1
                    return
