"""The command line ``groupchat``."""

import argparse
import contextlib
import io
import os
import subprocess
import sys

from twisted.trial.unittest import SynchronousTestCase

from groupchat.admin import main as admin


class AdminTest(SynchronousTestCase):
    def run_main(self, *arguments: str) -> tuple[int | str | None, str, str]:
        """The exit status, and what was written to standard output and standard error."""
        out, errors = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors), self.assertRaises(SystemExit) as end:
            sys.exit(admin.main(arguments))
        return end.exception.code, out.getvalue(), errors.getvalue()

    def test_help(self) -> None:
        """--help names every sub-command and what it is for."""
        status, out, _ = self.run_main("--help")
        self.assertEqual(status, 0)
        for name, command in admin.SUB_COMMANDS.items():
            self.assertRegex(out, rf"\n +{name} +{command.summary.split(',')[0]}")

    def test_help_of_one(self) -> None:
        """Each sub-command has arguments and help of its own."""
        for name in admin.SUB_COMMANDS:
            status, out, _ = self.run_main(name, "--help")
            self.assertEqual(status, 0)
            self.assertRegex(out, rf"(?s)^usage: \S+ {name} .*(HOST|--\w+)")

    def test_width(self) -> None:
        """Help is as wide as the variable COLUMNS says."""
        before = os.environ.get("COLUMNS")
        self.addCleanup(
            lambda: os.environ.pop("COLUMNS", None) if before is None else os.environ.update(COLUMNS=before)
        )
        widths = []
        for columns in ("70", "150"):
            os.environ["COLUMNS"] = columns
            widths.append(max(map(len, self.run_main("say", "--help")[1].splitlines())))
        self.assertLessEqual(widths[0], 70)
        self.assertGreater(widths[1], 80)
        self.assertLessEqual(widths[1], 150)

    def test_mistakes(self) -> None:
        """A sub-command that is none, or none at all, is a mistake: status 2, and a word on standard error."""
        for arguments in ([], ["jion", "localhost"], ["--nonsense"], ["join"]):
            status, _, errors = self.run_main(*arguments)
            self.assertEqual(status, 2, arguments)
            self.assertIn("groupchat", errors)

    def test_only_what_is_asked_for_is_imported(self) -> None:
        """Help comes at once: no sub-command, and nothing of Twisted, is loaded for it."""
        code = (
            "import sys; from groupchat.admin import main as admin\n"
            "try: admin.main(['--help'])\n"
            "finally: print(sorted(name for name in sys.modules if name.startswith(('twisted', 'groupchat.client'))))"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
        self.assertEqual(done.stdout.splitlines()[-1], "[]")

    def test_say_starts_fast(self) -> None:
        """``say`` loads nothing that takes long and that it does not need, from its start to its end."""
        code = (
            "import sys; from groupchat.admin import main as admin\n"
            "sys.argv = ['groupchat', 'say', '127.0.0.1:1', 'hello', '--nick', 'bot']\n"
            "try: admin.main()\n"
            "finally: print(*sorted({name.split('.')[0] for name in sys.modules}),"
            " *(name for name in sys.modules if name.startswith('groupchat')))"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
        self.assertIn("Nothing listens at 127.0.0.1, port 1", done.stderr)
        loaded = set(done.stdout.split())
        slow = {
            "twisted", "zope", "asyncio", "cryptography", "OpenSSL", "ssl", "sqlite3", "prompt_toolkit", "secrets",
            "tomllib", "email", "dataclasses", "inspect", "pathlib", "shutil", "traceback", "tempfile",
            "multiprocessing", "groupchat.client.client", "groupchat.client.client_events", "groupchat.model.text",
            "groupchat.daemon", "groupchat.journals",
        }  # fmt: skip
        self.assertEqual(loaded & slow, set())
        self.assertLess(len([name for name in loaded if name.startswith("groupchat.")]), 50)

    def test_join_starts_lean(self) -> None:
        """``join`` loads nothing of the server, and no encryption but Python's; a pipe needs no line editor either."""
        code = (
            "import os, pty, sys; from groupchat.admin import main as admin\n"
            "if sys.argv[1] == 'terminal':\n"
            "    ours, theirs = pty.openpty(); os.dup2(theirs, 0); os.dup2(theirs, 1); os.environ['TERM'] = 'xterm'\n"
            "sys.argv = ['groupchat', 'join', '127.0.0.1:1', '--nick', 'bot']\n"
            "try: admin.main()\n"
            "finally: print(*sorted({name.split('.')[0] for name in sys.modules}),"
            " *(name for name in sys.modules if name.startswith('groupchat')), file=sys.stderr)"
        )
        slow = {
            "OpenSSL", "cryptography", "service_identity", "argon2", "sqlite3", "precis_i18n", "emoji",
            "groupchat.daemon", "groupchat.doors", "groupchat.hall", "groupchat.verbs", "groupchat.sessions",
            "groupchat.journals", "groupchat.files",
        }  # fmt: skip
        for way, needless in (("pipe", {"prompt_toolkit"}), ("terminal", set[str]())):
            done = subprocess.run(
                [sys.executable, "-c", code, way], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                env={**os.environ, "HOME": "/nonexistent", "XDG_CONFIG_HOME": "", "XDG_STATE_HOME": ""},
            )  # fmt: skip
            self.assertIn("Nothing listens at 127.0.0.1, port 1", done.stderr, way)
            loaded = set(done.stderr.splitlines()[-1].split())
            self.assertIn("twisted", loaded)
            self.assertEqual(loaded & (slow | needless), set(), way)
            self.assertLess(len([name for name in loaded if name.startswith("groupchat.")]), 150, way)

    def test_no_standard_output(self) -> None:
        """A command that prints nothing works without standard input, output and error, as some schedulers start it."""
        code = (
            "import sys; from groupchat.admin.main import _flush, explained\n"
            "_flush(sys.stdout); sys.exit(explained(lambda: 7))"
        )
        for closed in (">&-", "<&- >&- 2>&-"):
            shell = ["bash", "-c", f'exec "$0" -c "$1" {closed}', sys.executable, code]
            done = subprocess.run(shell, timeout=60, check=False)
            self.assertEqual(done.returncode, 7, closed)

    def test_version(self) -> None:
        """The version is told."""
        status, out, _ = self.run_main("--version")
        self.assertEqual((status, out.split()[0]), (0, "groupchat"))

    def test_failures(self) -> None:
        """Why a command failed is one line on standard error, whatever is in it, with status 1."""
        status, out, errors = self.run_main("backup", "/tmp/copy", "--data", "no\nfolder\x1b[2J")
        self.assertEqual((status, out), (1, ""))
        self.assertEqual(errors, "groupchat: There is no journal no\\nfolder\\x1b[2J/chat.db.\n")

    def test_functions(self) -> None:
        """Every sub-command can be loaded: it declares arguments, and gives the function that runs it."""
        for name, command in admin.SUB_COMMANDS.items():
            parser = argparse.ArgumentParser(prog=name)
            self.assertTrue(callable(command.load(parser)), name)
            self.assertGreater(len(parser._actions), 1, name)


class WordsTest(SynchronousTestCase):
    def run_words(self, *words: str, takes_words: str = "text") -> tuple[int, str]:
        """Run the command of the tests; return its status and what it printed."""
        command = admin.SubCommand("tests.admin.echoing", "echo", takes_words)
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            return admin.run_command("echo", command, list(words)), out.getvalue()

    def test_anywhere(self) -> None:
        """Options may stand before, between and after the words."""
        for line in ("--status 3 h a b", "h --status 3 a b", "h a --status=3 b"):
            self.assertEqual(self.run_words(*line.split()), (3, "h ['a', 'b']\n"), line)

    def test_after_dashes(self) -> None:
        """After -- everything is a word, whatever it looks like, and further dashes too."""
        self.assertEqual(self.run_words("h", "a", "--", "--status", "3"), (0, "h ['a', '--status', '3']\n"))
        self.assertEqual(self.run_words("h", "--", "--", "x"), (0, "h ['--', 'x']\n"))

    def test_plain(self) -> None:
        """A command that takes no words leaves everything to argparse."""
        self.assertEqual(self.run_words("h", "a", "--status", "2", takes_words=""), (2, "h ['a']\n"))
