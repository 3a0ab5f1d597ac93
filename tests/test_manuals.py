"""The manual pages are written from the program's own tables, and can be shown."""

import re
import subprocess
import sys
import tempfile
from dataclasses import fields
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from groupchat.admin.main import SUB_COMMANDS
from groupchat.config.settings import Settings
from groupchat.daemon.options import Options
from groupchat.verbs.commands import COMMANDS
from tests.functional.harness import TREE, program


class ManualsTest(SynchronousTestCase):
    def test_pages(self) -> None:
        """Every sub-command, command, setting and option is in its page, and none of them troubles groff."""
        groff = program("groff")
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([sys.executable, TREE / "packaging" / "manuals.py", folder], check=True, timeout=60)
            shown = {}
            for page in Path(folder).iterdir():
                done = subprocess.run(
                    [groff, "-K", "utf8", "-man", "-Tutf8", "-ww", "-P-c", "-rLL=200n", str(page)],
                    capture_output=True, text=True, timeout=60,
                )  # fmt: skip
                self.assertEqual((done.returncode, done.stderr), (0, ""), page.name)
                shown[page.name] = re.sub(".\b", "", done.stdout).replace("‐", "-").replace("−", "-")
        for name, text in shown.items():
            self.assertNotRegex(text, r"\.\)\.|[^.]\.\.(\s|$)", name)
        for name in SUB_COMMANDS:
            self.assertIn(f"groupchat {name}", shown["groupchat.1"])
        for command in COMMANDS.sorted():
            self.assertIn(command.usage.split()[0], shown["groupchat-commands.7"])
        for about in fields(Settings):
            self.assertIn(about.name, shown["groupchat.toml.5"])
        for name in Options().docs:
            self.assertIn(f"--{name}", shown["groupchat-daemon.8"])
