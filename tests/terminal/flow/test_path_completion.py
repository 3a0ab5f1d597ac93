"""Paths of files that are to be sent are completed."""

import os
import shlex
import tempfile
from pathlib import Path
from shutil import rmtree

from twisted.trial.unittest import SynchronousTestCase

from groupchat.terminal.flow.path_completion import complete_path
from groupchat.terminal.surfaces.editor.completion import complete


class PathCompletionTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = tempfile.mkdtemp(prefix="groupchat-")
        self.addCleanup(rmtree, self.folder)
        for name in ("cat.jpg", "my cat.jpg", "my dog.jpg", "it's.txt", ".hidden", "a\tb", os.fsdecode(b"\xff")):
            Path(self.folder, name).touch()
        Path(self.folder, "my photos").mkdir()
        Path(self.folder, "my photos", "sea.png").touch()
        os.mkfifo(Path(self.folder, "pipe"))

    def completed(self, typed: str) -> str:
        """Return a line as Tab completes it, without the folder."""
        line = f"/send {self.folder}/{typed}"
        return complete(line, complete_path(line))[0].removeprefix(f"/send {self.folder}/")

    def test_paths(self) -> None:
        """Names with blanks and quotation marks can be taken as they are; after a folder one goes on."""
        for typed, line in (
            ("c", "cat.jpg "),
            ("my\\ c", "my\\ cat.jpg "),
            ("my\\ p", "my\\ photos/"),
            ("my\\ photos/", "my\\ photos/sea.png "),
            ("i", "it\\'s.txt "),
            (".h", ".hidden "),
            ("none", "none"),
        ):
            self.assertEqual(self.completed(typed), line)
        self.assertEqual(shlex.split(self.completed("my\\ photos/")), ["my photos/sea.png"])

    def test_offered(self) -> None:
        """What cannot be sent is not offered: pipes, and names that a server refuses; hidden files if one asks."""
        offered = [path.removeprefix(f"{self.folder}/") for path in complete_path(f"/send {self.folder}/")]
        self.assertEqual(offered, ["cat.jpg", "it\\'s.txt", "my\\ cat.jpg", "my\\ dog.jpg", "my\\ photos/"])
        self.assertEqual(complete_path(f"/send {self.folder}/my\\ "), ["cat.jpg", "dog.jpg", "photos/"])

    def test_home(self) -> None:
        """A tilde stays as it is typed."""
        self.patch(os, "environ", {**os.environ, "HOME": self.folder})
        self.assertEqual(complete_path("/send ~/c"), ["~/cat.jpg"])

    def test_others(self) -> None:
        """Nothing else is taken for a path: other commands, the nickname after it, a folder that is not there."""
        for line in ("/send", "/msg /", f"/send {self.folder}/cat.jpg b", f"/send {self.folder}/none/", "/send 'c"):
            self.assertEqual(complete_path(line), [])
        self.assertEqual(complete_path(f"/send {self.folder}/\0/"), [])
