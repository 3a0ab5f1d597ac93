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


class InterruptedTest(SynchronousTestCase):
    def test_signals(self) -> None:
        """SIGTERM and SIGINT end it, though a journal is open and passwords are being hashed."""
        for number in (signal.SIGTERM, signal.SIGINT):
            folder = Path(tempfile.mkdtemp(prefix="groupchat-"))
            self.addCleanup(shutil.rmtree, folder)
            (folder / "test_endless.py").write_text(ENDLESS)
            process = subprocess.Popen(
                [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-s", "test_endless.py"],
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
            out, _ = process.communicate(timeout=LIMIT_S)
            self.assertNotIn("1 passed", out)

    def end(self, process: "subprocess.Popen[str]") -> None:
        process.kill()
        process.communicate()
