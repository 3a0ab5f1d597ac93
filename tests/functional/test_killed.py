"""Kill -9 in the middle of each moderation command: afterwards it is wholly done, or wholly not."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from tests.functional.harness import LIMIT_S, Daemon, FunctionalTest, Line, program

COMMANDS = (
    "/ban bob 2h spam", "/ban carol", "/ban 203.0.113.0/24 7d", "/mute bob 10m", "/slow den 30", "/lock dev",
    "/invite carla den", "/op alice dev", "/purge bob", "/motd Be kind.", "/promote alice", "/kick bob",
    "/announce Tea.",
    "/unban dave", "/unmute dave", "/unlock den", "/uninvite alice den", "/deop alice den", "/slow den 0",
    "/delete 2",
    "/adduser eve correct-horse", "/removeuser alice", "/setpassword alice another-horse", "/demote carla",
    "/invitecode",
)  # fmt: skip
"""Every command with which an operator changes what is true."""

BEFORE = (
    "/ban dave", "/mute dave", "/lock den", "/invite alice den", "/op alice den", "/slow den 5", "/motd Hello.",
    "/promote carla",
)  # fmt: skip
"""What is true before, so that it can be undone."""

MOMENTS = ("pwrite64:when=1", "pwrite64:when=3", "fdatasync:when=1")
"""Where in the commit the process dies: before anything is written, half-way, and when only the flush is left."""

ROUNDS = int(os.environ.get("GROUPCHAT_ROUNDS", "1"))
"""How many of the moments are tried with each command: 3 tries all."""


def state(path: Path) -> tuple[int, dict[tuple[str, str], str], int]:
    """What a journal holds: how many things operators did, what is true, and how many messages are deleted."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        (did,) = database.execute("SELECT count(*) FROM posts WHERE kind = 'moderated'").fetchone()
        facts = database.execute("SELECT kind, name, value FROM facts WHERE kind <> 'position'").fetchall()
        (deleted,) = database.execute(
            "SELECT count(*) FROM posts WHERE gone_by IS NOT NULL AND target IS NULL"
        ).fetchone()
    return did, {(kind, name): value for kind, name, value in facts}, deleted


class KilledTest(FunctionalTest):
    def test_every_command(self) -> None:
        """The entry in the log and what it makes true are both on disk, or neither is; and both happens."""
        strace = program("strace")
        self.prepare()
        done: list[bool] = []
        for number, command in enumerate(COMMANDS):
            for moment in (MOMENTS * 2)[number % 3 : number % 3 + ROUNDS]:
                done.append(self.try_once(strace, moment, command))
        self.assertEqual(set(done), {True, False}, "both must happen, or nothing was tried")

    def try_once(self, strace: str, moment: str, command: str) -> bool:
        """Die in the middle of a command; whether it is done afterwards."""
        data = self.folder / "data"
        shutil.rmtree(data)
        shutil.copytree(self.folder / "before", data)
        daemon = self.again()
        olga = self.olga(daemon)
        did_before, facts_before, deleted_before = state(data / "chat.db")
        self.kill_at(strace, daemon, moment, olga, command)
        daemon = self.again()
        self.connect(daemon, "reader")  # it lives, and has read its journal
        did, facts, deleted = state(data / "chat.db")
        daemon.kill()
        happened = did == did_before + 1
        self.assertIn(did, (did_before, did_before + 1), command)
        erases = {"/purge": 40, "/delete": 1}.get(command.split()[0], 0)
        self.assertEqual(deleted - deleted_before, erases * happened, command)
        changes = command.split()[0] not in ("/kick", "/announce", "/purge", "/delete")
        self.assertEqual(facts != facts_before, changes and happened, command)
        return happened

    def prepare(self) -> None:
        """A hall in which there is something to do and to undo."""
        daemon = self.again()
        alice, carla, olga = (self.connect(daemon, nick) for nick in ("alice", "carla", "olga"))
        for line in (alice, carla, olga):
            line.send("/register correct-horse-battery\n")
            line.expect("is yours from now on")
        user = [sys.executable, "-m", "groupchat.admin", "user", "promote", "olga", "--data", "data"]
        subprocess.run(user, cwd=self.folder, env=self.environment, check=True, capture_output=True, timeout=LIMIT_S)
        guest = self.connect(daemon, "guest")
        guest.send("one\n")
        olga.expect("guest: one")
        bob = self.connect(daemon, "bob")
        bob.send("".join(f"word {number}\n" for number in range(40)))
        olga.expect("bob: word 39\r\n")
        for command in BEFORE:
            olga.send(f"{command}\n/list\n")
            olga.expect("people are in lobby")
        self.assertEqual(daemon.stop(), 0)
        shutil.copytree(self.folder / "data", self.folder / "before")

    def again(self) -> Daemon:
        """A daemon on the same data."""
        (self.folder / "log").unlink(missing_ok=True)
        return self.start()

    def olga(self, daemon: Daemon) -> Line:
        """The operator, logged in again; bob is here too."""
        bob = self.connect(daemon)
        bob.send('{"do": "nick", "nick": "bob", "ref": 1}\n')
        bob.expect('"ref": ?1')
        olga = self.connect(daemon)
        olga.expect("nickname: ")
        olga.send("/login olga correct-horse-battery\n")
        olga.expect("You are olga")
        olga.send("/list\n")
        olga.expect("in lobby:")
        return olga

    def kill_at(self, strace: str, daemon: Daemon, moment: str, olga: Line, command: str) -> None:
        """Have the daemon die at this moment of the command's commit."""
        call, when = moment.split(":")
        inject = ["-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:{when}"]
        tracer = self.spawn(strace, "-f", "-q", "-o", "/dev/null", *inject, "-p", daemon.process.pid)
        self.await_tracer(daemon.process.pid)
        olga.send(f"{command}\n")
        self.assertEqual(daemon.wait(), -signal.SIGKILL, command)
        tracer.rest()
