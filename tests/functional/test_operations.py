"""Do what docs/OPERATIONS.md says about copies and checks of the journal, line by line, as it is written there."""

import re
import subprocess
import sys

from groupchat.journals.sqlite.folder import leave_failure
from tests.functional.harness import LIMIT_S, TREE, FunctionalTest

PAGE = TREE / "docs" / "OPERATIONS.md"
OURS = re.compile(r"^groupchat (backup|restore|verify|reindex) ", re.MULTILINE)

SYSTEMCTL = """#!/bin/sh
# Stops the daemon of the test as systemd would, and waits until it has let go of its folder.
[ "$1" = stop ] || exit 0
kill "$(cat '{folder}/pid')" 2>/dev/null
exec flock --timeout 60 '{folder}/data/lock' true
"""


class OperationsTest(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.tools = self.folder / "tools"
        self.tools.mkdir()
        self.tool("groupchat", f'#!/bin/sh\nexec {sys.executable} -m groupchat.admin "$@"\n')
        self.tool("systemctl", SYSTEMCTL.format(folder=self.folder))

    def tool(self, name: str, text: str) -> None:
        (self.tools / name).write_text(text)
        (self.tools / name).chmod(0o755)

    def blocks(self) -> list[str]:
        """Return the blocks of shell commands on the page that are about the journal, in their order."""
        found = re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
        return [block for block in found if OURS.search(block)]

    def run_block(self, block: str) -> str:
        """Run commands as they are written, but in the folder of this test."""
        block = block.replace("/var/lib/groupchat", str(self.folder / "data"))
        block = block.replace("/backup", str(self.folder / "backup"))
        path = f"{self.tools}:{self.environment.get('PATH', '/usr/bin:/bin')}"
        done = subprocess.run(
            ["/bin/sh", "-e", "-c", block], cwd=self.folder, env={**self.environment, "PATH": path},
            capture_output=True, text=True, timeout=LIMIT_S,
        )  # fmt: skip
        self.assertEqual((done.returncode, done.stderr), (0, ""), block)
        return done.stdout

    def begin(self, *lines: str) -> None:
        """Start the daemon, and let alice say something."""
        daemon = self.start()
        (self.folder / "pid").write_text(str(daemon.process.pid))
        alice = self.connect(daemon, "alice")
        alice.send("".join(f"{line}\n" for line in lines) + "/exit\n")
        alice.rest()

    def test_journal(self) -> None:
        """Check after a failure, back up, restore, rebuild the index: each as the page says, with a daemon between."""
        check, backup, restore, reindex = self.blocks()
        self.begin("one", "two")
        self.run_block("systemctl stop groupchat.socket groupchat.service")
        leave_failure(self.folder / "data" / "chat.db", "disk I/O error")
        self.assertEqual(self.launch().wait(), 70)
        self.assertIn("is whole: 2 messages, up to #2.\nIt had failed before", self.run_block(check))
        self.begin("three")
        self.assertIn("backup/chat-2", self.run_block(backup))
        self.begin_again()
        said = self.run_block(restore)
        self.assertIn("3 messages, up to #3.\nThe journal that was there is kept as", said)
        self.begin("four again")
        self.assertIn("everything up to #4 can be searched", self.run_block(reindex))
        reader = self.connect(self.start(), "alice")
        reader.send("/search four\n")
        reader.expect("#4 alice: four again")

    def begin_again(self) -> None:
        """Let alice say something to the daemon that runs; a backup does not have it."""
        self.run_block("systemctl stop groupchat.socket groupchat.service")
        self.begin("four", "five")
