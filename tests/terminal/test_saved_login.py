"""The login that is saved between runs."""

import json
import tempfile
from pathlib import Path
from shutil import rmtree

from twisted.trial.unittest import SynchronousTestCase

from groupchat.terminal.saved_login import LoginFile, SavedLogin

ALICE = SavedLogin("alice", "secret", 41, [{"room": "dev", "after": 7}])


class LoginFileTest(SynchronousTestCase):
    def setUp(self) -> None:
        base = Path(tempfile.mkdtemp(prefix="groupchat-"))
        self.addCleanup(rmtree, base)
        self.folder = base / "state"

    def file(self, server: str = "example.org:5001") -> LoginFile:
        file = LoginFile(self.folder, server)
        self.addCleanup(file.unlock)
        return file

    def test_private(self) -> None:
        """A login is saved for its owner's eyes only, in a folder that is made for it."""
        file = self.file()
        self.assertTrue(file.lock())
        file.save(ALICE)
        self.assertEqual(self.folder.stat().st_mode & 0o777, 0o700)
        self.assertEqual({path.stat().st_mode & 0o777 for path in self.folder.iterdir()}, {0o600})
        self.assertEqual(file.load(), ALICE)

    def test_one_client(self) -> None:
        """While one client has the file locked, no other changes it; afterwards another can."""
        one, two = self.file(), self.file()
        self.assertTrue(one.lock())
        self.assertTrue(one.lock())
        self.assertFalse(two.lock())
        one.save(ALICE)
        two.save(SavedLogin("eve", "other", 1))
        two.delete()
        self.assertEqual(two.load(), ALICE)
        one.unlock()
        self.assertTrue(two.lock())
        two.delete()
        two.delete()
        self.assertIsNone(two.load())

    def test_servers(self) -> None:
        """Each server has a file of its own, whatever its address looks like."""
        here, there = self.file("[::1]:5001"), self.file("../../etc/passwd")
        for file in (here, there):
            self.assertTrue(file.lock())
        here.save(ALICE)
        self.assertIsNone(there.load())
        there.save(SavedLogin("bob", "t", 1))
        self.assertEqual(len(list(self.folder.glob("*.json"))), 2)

    def test_replaced(self) -> None:
        """A login replaces the one before, and leaves no second file behind."""
        file = self.file()
        file.lock()
        file.save(ALICE)
        file.save(SavedLogin("alice", "secret", 42))
        self.assertEqual(file.load(), SavedLogin("alice", "secret", 42))
        self.assertEqual(sorted(path.suffix for path in self.folder.iterdir()), [".json", ".lock"])

    def test_nonsense(self) -> None:
        """A file that makes no sense is as good as none."""
        file = self.file()
        file.lock()
        good = {"nick": "a", "token": "t", "since": 0}
        path = self.folder / "example.org_5001.json"
        for text in ("", "[]", "5", "{}", "\udcff", *(json.dumps({**good, **bad}) for bad in (
            {"since": -1}, {"since": "x"}, {"since": None}, {"nick": ""}, {"token": ""},
            {"since": float("inf")}, {"nick": "\ud800"}, {"token": "\ud800"},
        )), '{"nick":' + "[" * 100_000):  # fmt: skip
            path.write_text(text, "utf-8", "surrogateescape")
            self.assertIsNone(file.load(), text)
        path.write_text(json.dumps({**good, "views": 5}))
        self.assertEqual(file.load(), SavedLogin("a", "t", 0))

    def test_no_folder(self) -> None:
        """Where no folder can be made, there is no login to save."""
        self.folder.write_text("a file")
        self.assertFalse(self.file().lock())
