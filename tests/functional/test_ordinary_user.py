"""Administration commands where they cannot work: as another user, on full disks, with strange folders."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.admin.cases import ArchiveCase
from tests.functional.harness import LIMIT_S, TREE
from tests.lacking import lacking, need_root

NOBODY = 65534
PROGRAM = [sys.executable, "-B", "-m", "groupchat.admin"]
AS_USER = """
import os, sys
from groupchat.admin import main as admin
# Another user may not be able to read Python's own files.
for command in admin.SUB_COMMANDS.values():
    __import__(command.module)
os.setgroups([]); os.setgid(int(sys.argv[1])); os.setuid(int(sys.argv[1]))
sys.exit(admin.main(sys.argv[2:]))
"""


class CommandsCase(ArchiveCase):
    """Tests that run commands as processes of their own."""

    def setUp(self) -> None:
        super().setUp()
        # Not below a folder that others cannot enter.
        self.folder.chmod(0o755)
        self.input = self.folder / "in.jsonl"
        self.input.write_text("")
        self.input.chmod(0o644)
        self.desk = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.desk)

    def commands(self, data: object) -> list[list[object]]:
        """Every command that uses a data folder."""
        return [
            ["backup", self.desk / "copy.db", "--data", data],
            ["export", "--data", data],
            ["export", "--output", self.desk / "out.jsonl", "--data", data],
            ["import", self.input, "--data", data],
            ["forget", "alice", "--yes", "--data", data],
            ["verify", "--data", data],
            ["verify", "--mend", "--data", data],
            ["reindex", "--data", data],
            ["user", "list", "--data", data],
        ]

    def run_command(self, *arguments: object, user: int | None = None) -> "subprocess.CompletedProcess[str]":
        begin = [sys.executable, "-B", "-c", AS_USER, str(user)] if user is not None else [*PROGRAM]
        if user is not None and not all(folder.stat().st_mode & 0o001 for folder in (TREE, *TREE.parents)):
            lacking(f"no other user can enter {TREE}")
        return subprocess.run(
            [*begin, *map(str, arguments)],
            cwd=self.desk, env={**os.environ, "PYTHONPATH": str(TREE)},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT_S,
        )  # fmt: skip

    def assert_one_sentence(self, done: "subprocess.CompletedProcess[str]", status: int | None = None) -> str:
        """Check that a command failed with one line, and not with a traceback; return the line."""
        expected = status or (2 if "verify" in done.args else 1)
        self.assertEqual(done.returncode, expected, (done.args, done.stdout, done.stderr))
        self.assertEqual((done.stdout, done.stderr.count("\n")), ("", 1), (done.args, done.stdout, done.stderr))
        self.assertRegex(done.stderr, r"^groupchat: .*([.?]|chmod 700 \S+)\n$")
        return done.stderr


class StrangeFoldersTest(CommandsCase):
    def test_missing(self) -> None:
        """Without a folder, each command says so, but for an import, which makes one."""
        none = self.folder / "none"
        for command in self.commands(none):
            if command[0] != "import":
                self.assert_one_sentence(self.run_command(*command))
                self.assertFalse(none.exists(), command)

    def test_file(self) -> None:
        """A file in place of the folder is named."""
        for command in self.commands(self.input):
            said = self.assert_one_sentence(self.run_command(*command))
            self.assertIn(str(self.input), said)

    def test_folder_in_place_of_the_journal(self) -> None:
        """So is a folder in place of the journal."""
        (self.folder / "odd").mkdir(mode=0o700)
        (self.folder / "odd" / "chat.db").mkdir()
        for command in self.commands(self.folder / "odd"):
            self.assert_one_sentence(self.run_command(*command))

    def test_newer(self) -> None:
        """A journal of a newer version is called newer, not damaged; only its backup is made."""
        with contextlib.closing(sqlite3.connect(self.data / "chat.db")) as database:
            database.execute("PRAGMA user_version = 99")
        for command in self.commands(self.data):
            if command[0] == "backup":
                self.assertEqual(self.run_command(*command).returncode, 0)
            elif command[0] != "user":
                self.assertIn("newer groupchat (form 99", self.assert_one_sentence(self.run_command(*command)))
        self.assertEqual(sorted(os.listdir(self.desk)), ["copy.db"])


class OrdinaryUserTest(CommandsCase):
    def setUp(self) -> None:
        need_root("can become another user")
        super().setUp()
        self.desk.chmod(0o777)

    def test_locked(self) -> None:
        """In a folder of somebody else's, each command says as whom to run it, and leaves nothing."""
        self.data.chmod(0o700)
        for command in self.commands(self.data):
            said = self.assert_one_sentence(self.run_command(*command, user=NOBODY))
            self.assertRegex(said, r"run this as (root|the user that the daemon runs as)", command)
        self.assertEqual(os.listdir(self.desk), [])

    def test_open_folder(self) -> None:
        """So it does where the folder can be entered, but the journal belongs to somebody else."""
        self.data.chmod(0o755)
        for command in self.commands(self.data):
            if command[0] != "user":
                said = self.assert_one_sentence(self.run_command(*command, user=NOBODY))
                self.assertRegex(said, "[Yy]ou may not (use|close)", command)
        self.assertEqual(os.listdir(self.desk), [])

    def test_for_the_service(self) -> None:
        """What root does in the folder of a service leaves every file to the service."""
        for path in (self.data, *self.data.iterdir()):
            os.chown(path, NOBODY, NOBODY)
        for name in ("lock", "chat.db-head"):
            (self.data / name).unlink()
        for command in self.commands(self.data):
            if command[0] in ("verify", "import", "forget"):
                self.assertEqual(self.run_command(*command).returncode, 0, command)
                self.assertEqual({path.stat().st_uid for path in self.data.iterdir()}, {NOBODY}, command)
        self.assertEqual(self.run_command("verify", "--data", self.data, user=NOBODY).returncode, 0)

    def test_restore(self) -> None:
        """Restoring into somebody else's folder, or what cannot be read, says as whom to do it, and leaves nothing."""
        backup = self.folder / "backup.db"
        self.run_command("backup", backup, "--data", self.data)
        to = self.folder / "to"
        to.mkdir(mode=0o755)
        to.chmod(0o755)
        said = self.assert_one_sentence(self.run_command("restore", backup, "--data", to, user=NOBODY))
        self.assertIn(f"{backup} cannot be read: Permission denied", said)
        backup.chmod(0o644)
        said = self.assert_one_sentence(self.run_command("restore", backup, "--data", to, user=NOBODY))
        self.assertIn(f"{to} belongs to root; run this as root", said)
        to.chmod(0o700)
        self.assert_one_sentence(self.run_command("restore", backup, "--data", to, user=NOBODY))
        self.assert_one_sentence(self.run_command("restore", backup, "--data", to / "new", user=NOBODY))
        self.assertEqual(os.listdir(to), [])

    def test_unwritable_target(self) -> None:
        """A target that cannot be written is named."""
        for command in self.commands(self.data)[:3]:
            target = Path("/proc/none") if command[1] != "--data" else None
            if target is not None:
                words = [
                    target if word in (self.desk / "copy.db", self.desk / "out.jsonl") else word for word in command
                ]
                self.assertIn(f"{target} cannot be written", self.assert_one_sentence(self.run_command(*words)))


class FullDiskTest(CommandsCase):
    def setUp(self) -> None:
        need_root("can mount a small disk")
        super().setUp()
        self.small = self.folder / "small"
        self.small.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", self.small], capture_output=True)
        if done.returncode:
            lacking("nothing can be mounted here")
        self.addCleanup(lambda: subprocess.run(["umount", self.small], check=True))

    def test_full_target(self) -> None:
        """The target is blamed, nothing is left there, and the next try works when there is space."""
        with contextlib.suppress(OSError), (self.small / "filler").open("wb") as file:
            file.write(bytes(1 << 20))
        for command in (["backup", self.small / "copy"], ["export", "--output", self.small / "copy"]):
            said = self.assert_one_sentence(self.run_command(*command, "--data", self.data))
            self.assertEqual(said, f"groupchat: {self.small / 'copy'} cannot be written: No space left on device.\n")
            self.assertEqual(os.listdir(self.small), ["filler"])
        (self.small / "filler").unlink()
        self.assertEqual(self.run_command("export", "--output", self.small / "copy", "--data", self.data).returncode, 0)

    def test_full_data_folder(self) -> None:
        """Where the data folder is full, a restore and a new index leave everything as it was, and say so."""
        backup = self.desk / "backup.db"
        self.assertEqual(self.run_command("backup", backup, "--data", self.data).returncode, 0)
        data = self.small / "data"
        data.mkdir(mode=0o700)
        said = self.assert_one_sentence(self.run_command("restore", backup, "--data", data))
        self.assertIn("cannot be written: No space left on device", said)
        self.assertEqual(os.listdir(data), ["lock"])
        subprocess.run(["mount", "-o", "remount,size=240k", self.small], check=True)
        self.assertEqual(self.run_command("restore", backup, "--data", data).returncode, 0)
        before = (data / "chat.db").read_bytes()
        for command in (["reindex"], ["restore", backup, "--replace"]):
            said = self.assert_one_sentence(self.run_command(*command, "--data", data))
            self.assertIn("No space left on device", said)
            self.assertEqual((data / "chat.db").read_bytes(), before)
            self.assertEqual(sorted(os.listdir(data)), ["chat.db", "lock"])

    def test_full_output(self) -> None:
        """Standard output on a full disk is told in a sentence."""
        with open("/dev/full", "w") as full:
            done = subprocess.run(
                [*PROGRAM, "export", "--data", self.data],
                env={**os.environ, "PYTHONPATH": str(TREE)}, stdout=full, stderr=subprocess.PIPE, text=True,
                timeout=LIMIT_S,
            )  # fmt: skip
        self.assertEqual((done.returncode, done.stderr), (1, "groupchat: The output: No space left on device.\n"))
