"""A run of the tests that is told to stop ends, whatever its tests have begun."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.functional.harness import LIMIT_S, TREE

ENDLESS = """
from pathlib import Path
from tempfile import mkdtemp

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase

from groupchat.daemon.passwords import Passwords
from groupchat.journals.opening import open_journal


class EndlessTest(TestCase):
    timeout = 600

    async def test_endless(self) -> None:
        self.journal = open_journal(f"sqlite:{Path.cwd()}/data/chat.db", reactor)
        await self.journal.facts("")
        passwords = Passwords(reactor, 10)
        passwords.start()
        await passwords.hash("correct horse", "127.0.0.1")
        Path("begun").touch()
        await Deferred()
"""

LEFT_ALONE = """
import atexit, threading, time
from pathlib import Path
from twisted.internet import reactor
from groupchat.daemon.passwords import Passwords
from groupchat.files.folder_shelf import FolderShelf
from groupchat.journals.sqlite.worker import Worker


def alive(when):
    names = [thread.name for thread in threading.enumerate()]
    print(when, *(any(pool in name for name in names) for pool in ("worker", "passwords", "files")), flush=True)


atexit.register(alive, "at the exit:")
worker = Worker(reactor, "worker")
worker.tell(time.sleep, 0.2)
passwords = Passwords(reactor, 10)
passwords.start()
passwords.hash("correct horse", "127.0.0.1")
shelf = FolderShelf(Path("unused"), reactor)
shelf.ask(time.sleep, 0.2)
alive("begun:")
"""


class InterruptedTest(SynchronousTestCase):
    def test_signals(self) -> None:
        """SIGTERM and SIGINT end it, though a journal is open and passwords are being hashed."""
        for number in (signal.SIGTERM, signal.SIGINT):
            folder = Path(tempfile.mkdtemp(prefix="groupchat-"))
            self.addCleanup(shutil.rmtree, folder)
            (folder / "test_endless.py").write_text(ENDLESS)
            process = subprocess.Popen(
                [sys.executable, "-X", "faulthandler",
                 "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:faulthandler", "-s", "test_endless.py"],
                cwd=folder, env={**os.environ, "PYTHONPATH": str(TREE)}, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            )  # fmt: skip
            self.addCleanup(self.end, process)
            end = time.monotonic() + LIMIT_S
            while not (folder / "begun").exists():
                self.assertIsNone(process.poll())
                self.assertLess(time.monotonic(), end)
                time.sleep(0.02)
            process.send_signal(number)
            try:
                out, _ = process.communicate(timeout=LIMIT_S)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGABRT)  # it says where each thread is
                self.fail("The run did not end:\n" + process.communicate(timeout=LIMIT_S)[0])
            self.assertNotIn("1 passed", out)

    def test_threads(self) -> None:
        """Threads that nobody has ended are at their end before the interpreter takes itself apart."""
        out = subprocess.run(
            [sys.executable, "-c", LEFT_ALONE], env={**os.environ, "PYTHONPATH": str(TREE)}, stdin=subprocess.DEVNULL,
            capture_output=True, check=True, text=True, timeout=LIMIT_S,
        ).stdout  # fmt: skip
        self.assertEqual(out, "begun: True True True\nat the exit: False False False\n")

    def end(self, process: "subprocess.Popen[str]") -> None:
        process.kill()
        process.communicate()
