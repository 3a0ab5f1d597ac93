"""Options and settings from the environment, and the commands that show and check settings."""

import contextlib
import io
import os
import shutil
import sys
import tempfile
import tomllib
from dataclasses import fields
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from groupchat.admin import main as admin
from groupchat.admin.settings_commands import template
from groupchat.config import environment
from groupchat.config.settings import Settings
from groupchat.daemon.options import Options
from groupchat.model.errors import CannotStart


class EnvironmentTest(SynchronousTestCase):
    def test_settings(self) -> None:
        """Each kind of setting can be given as text."""
        found = environment.settings(
            {
                "GROUPCHAT_NICK_MAX": "12",
                "GROUPCHAT_FLOOD_RATE": "0.5",
                "GROUPCHAT_GUESTS": "False",
                "GROUPCHAT_MOTD": "Hello\nthere",
                "GROUPCHAT_EXEMPT": "10.0.0.0/8, ::1/128",
                "HOME": "/",
            }
        )
        settings = Settings().replaced(**found)
        self.assertEqual((settings.nick_max, settings.flood_rate, settings.guests), (12, 0.5, False))
        self.assertEqual((settings.motd, len(settings.exempt)), ("Hello\nthere", 2))

    def test_mistakes(self) -> None:
        """What is nearly a setting, or no value of it, is refused by its whole name; others are not ours."""
        for variable, value, words in [
            ("GROUPCHAT_NIK_MAX", "3", "do you mean GROUPCHAT_NICK_MAX?"),
            ("GROUPCHAT_NICK_MAX", "three", "GROUPCHAT_NICK_MAX must be a number of characters, not 'three'."),
            ("GROUPCHAT_GUESTS", "1", "GROUPCHAT_GUESTS must be true or false"),
        ]:
            error = self.assertRaises(CannotStart, environment.settings, {variable: value})
            self.assertIn(words, str(error))
        foreign = {"GROUPCHAT_SERVICE_HOST": "10.0.0.1", "GROUPCHAT_PORT_5000_TCP": "tcp://10.0.0.1:5000"}
        self.assertEqual(environment.settings(foreign), {})

    def test_options(self) -> None:
        """Options are there too; what Kubernetes says under the name of one is left alone."""
        given = {"GROUPCHAT_DATA": "/data", "GROUPCHAT_PORT": "tcp://10.0.0.1:5000"}
        self.assertEqual(environment.options(given), {"data": "/data"})

    def test_what_counts_more(self) -> None:
        """The command line counts more than the environment, and that more than the file."""
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        file = Path(folder) / "chat.toml"
        file.write_text('name = "file"\nnick_max = 10\nnick_min = 3\n')
        self.patch(os, "environ", {**os.environ, "GROUPCHAT_NAME": "environment", "GROUPCHAT_NICK_MAX": "11"})
        options = Options()
        options.parseOptions(["--settings", str(file), "--name", "line"])
        given = options.given
        self.assertEqual((given.name, given.nick_max, given.nick_min), ("line", 11, 3))


class CommandsTest(SynchronousTestCase):
    def run_main(self, *arguments: str) -> tuple[int, str, str]:
        out, errors = io.StringIO(), io.StringIO()
        self.patch(sys, "__stderr__", errors)
        with contextlib.redirect_stdout(out):
            return admin.main(arguments), out.getvalue(), errors.getvalue()

    def test_settings(self) -> None:
        """``groupchat settings`` prints a file that changes nothing, and is one of all defaults without its marks."""
        status, out, _ = self.run_main("settings")
        self.assertEqual((status, out), (0, template()))
        self.assertEqual(tomllib.loads(out), {})
        uncommented = "\n".join(line[1:] for line in out.splitlines() if line.startswith("#") and line[1] != " ")
        given = tomllib.loads(uncommented)
        self.assertEqual(list(given), [about.name for about in fields(Settings)])
        self.assertEqual(Settings().replaced(**given), Settings())

    def test_check(self) -> None:
        """``groupchat check`` prints what differs from the defaults; of a password only that there is one."""
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        file = Path(folder) / "chat.toml"
        file.write_text('nick_max = 12\npassword = "open sesame"\nexempt = ["10.0.0.0/8"]\n')
        status, out, _ = self.run_main("check", "--settings", str(file))
        self.assertEqual(status, 0)
        self.assertEqual(out, f'exempt = ["10.0.0.0/8"]\nnick_max = 12\npassword = "…"\n# {file} is good.\n')
        file.write_text("nick_max = 12\nnick_min = 13\n")
        status, out, errors = self.run_main("check", "--settings", str(file))
        self.assertEqual((status, out), (1, ""))
        self.assertIn(f"{file}, line 2: nick_min (13) must not be above nick_max (12).", errors)
