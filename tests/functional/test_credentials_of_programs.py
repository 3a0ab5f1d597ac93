"""Programs in a hall where everybody needs an account: by passwords and access tokens, which nobody else can see."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.functional.harness import LIMIT_S, Daemon, FunctionalTest, Program

PROGRAM = [sys.executable, "-m", "groupchat.admin"]
PASSWORD = "correct-horse"


class ClosedHallTest(FunctionalTest):
    """Alice has an account with an access token; guests may not come in."""

    def setUp(self) -> None:
        super().setUp()
        (self.folder / "closed.toml").write_text("guests = false\nguest_files = false\n")
        self.daemon = self.start("--settings", "closed.toml")
        self.server = f"127.0.0.1:{self.daemon.port}"
        self.alice = self.connect(self.daemon)
        self.alice.send(f"/register alice {PASSWORD}\n")
        self.alice.expect("Connected to the server! You are alice")
        self.alice.send("/token ci\n")
        self.token = self.alice.expect(r"(gct_[0-9a-f]{40}) is your access token ci")[1]
        self.environment |= {"XDG_CONFIG_HOME": str(self.folder), "XDG_STATE_HOME": str(self.folder)}
        for variable in ("GROUPCHAT_PASSWORD", "GROUPCHAT_TOKEN"):
            self.environment.pop(variable, None)

    def file(self, name: str, content: str) -> str:
        """Write a file that only its owner can read, and return its name."""
        path = self.folder / name
        path.write_text(content)
        path.chmod(0o600)
        return str(path)

    def done(self, *words: str, given: str = "", **environ: str) -> tuple[int, str]:
        """Run a program to its end; return its exit status and all that it said."""
        done = subprocess.run(
            [*PROGRAM, *words], input=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=LIMIT_S, check=False, env={**self.environment, **environ}, cwd=self.folder,
        )  # fmt: skip
        return done.returncode, done.stdout

    def begun(self, *words: str, terminal: bool = False, **environ: str) -> Program:
        """Start a program that goes on."""
        program = Program(*PROGRAM, *words, terminal=terminal, env={**self.environment, **environ}, cwd=self.folder)
        self.addCleanup(program.close)
        return program

    def configure(self, *lines: str) -> None:
        """Write client.toml, with the host work."""
        folder = self.folder / "groupchat"
        folder.mkdir(exist_ok=True)
        (folder / "client.toml").write_text("\n".join(["[hosts.work]", f'address = "{self.server}"', *lines]))

    def test_say(self) -> None:
        """Each way to give a password or an access token works, and what is said is alice's."""
        password, token = self.file("password", PASSWORD), self.file("token", f"{self.token}\n")
        self.configure('account = "alice"', 'token_file = "../token"')
        for number, (words, environ, given) in enumerate((
            (("--account", "alice"), {"GROUPCHAT_PASSWORD": PASSWORD}, ""),
            (("--account", "alice", "--password-file", password), {}, ""),
            (("--account", "alice", "--password-file", "-"), {}, f"{PASSWORD}\n"),
            ((), {"GROUPCHAT_TOKEN": self.token}, ""),
            (("--token-file", token), {}, ""),
            (("--token-file", "-"), {}, f"{self.token}\n"),
        )):  # fmt: skip
            self.assertEqual(self.done("say", self.server, f"no {number}", *words, given=given, **environ), (0, ""))
        self.assertEqual(self.done("say", "work", "by name"), (0, ""))
        self.assertEqual(self.done("say", "work", given="a line\n"), (0, ""))
        for text in ("no 0", "no 1", "no 2", "no 3", "no 4", "no 5", "by name", "a line"):
            self.alice.expect(rf"alice: {text}\r\n")

    def test_refused(self) -> None:
        """What is wrong is told in one line, with status 1, and nothing is said."""
        open_file = self.file("open", PASSWORD)
        os.chmod(open_file, 0o644)
        revoked = "gct_" + "0" * 40
        for words, environ, told in (
            ((), {}, "refused: You need an account here: give the password of"),
            (("--account", "alice"), {}, "The account alice needs its password or an access token: GROUPCHAT_PASSWORD"),
            (("--account", "alice", "--password-file", open_file), {}, f"chmod 600 {open_file}"),
            (("--account", "alice", "--password-file", "none"), {}, "none cannot be read: No such file or directory."),
            (("--account", "alice"), {"GROUPCHAT_PASSWORD": "wrong"}, "or this is not its password (password-wrong)"),
            ((), {"GROUPCHAT_TOKEN": revoked}, "This access token is unknown, or was revoked (access-invalid)"),
            (("--nick", "bob"), {"GROUPCHAT_TOKEN": self.token}, "This access token is that of alice, and not of bob"),
            ((), {"GROUPCHAT_TOKEN": "x", "GROUPCHAT_PASSWORD": "y"}, "are both set; unset one of them."),
        ):  # fmt: skip
            status, said = self.done("say", self.server, "hello", *words, **environ)
            first, *more = said.splitlines()
            self.assertEqual(status, 1, said)
            self.assertIn(more, ([], ["groupchat: Not said: hello"]))
            self.assertTrue(first.startswith("groupchat: "), said)
            self.assertIn(told, first)
            self.assertNotIn(self.token, said)
        status, said = self.done("say", self.server, "hello", "--password-file", "a", "--token-file", "b")
        self.assertEqual((status, said.splitlines()[-1]), (
            2, "groupchat say: error: argument --token-file: not allowed with argument --password-file",
        ))  # fmt: skip

    def test_send(self) -> None:
        """A file is shared with an access token, too."""
        self.file("notes.txt", "notes\n")
        status, said = self.done("send", self.server, "notes.txt", GROUPCHAT_TOKEN=self.token)
        self.assertEqual((status, said), (0, ""))
        self.alice.expect(r"alice shared notes\.txt \(6 bytes\)")

    def test_several(self) -> None:
        """Several programs are in at once with one token; revoked, it ends them all, and they do not come back."""
        tails = [self.begun("tail", self.server, GROUPCHAT_TOKEN=self.token) for _ in range(2)]
        plain = self.begun("join", self.server, "--plain", GROUPCHAT_TOKEN=self.token)
        plain.expect("You are alice, in lobby")
        self.alice.send("/say everybody?\n")
        for one in (*tails, plain):
            one.expect(r"alice: everybody\?")
        self.alice.send("/tokens\n")
        self.alice.expect(r"ci: made .*, used now by 3 connections\r\n")
        self.alice.send("/revoke ci\n")
        for one in (*tails, plain):
            self.assertIn("The access token ci was revoked.", one.rest())
            self.assertEqual(one.process.wait(LIMIT_S), 1)
        status, said = self.done("say", self.server, "hello", GROUPCHAT_TOKEN=self.token)
        self.assertEqual((status, "access-invalid" in said), (1, True))

    def test_join(self) -> None:
        """The plain client takes them in a pipe and on a terminal; without one, a person is asked for the password."""
        self.configure('account = "alice"', 'token_file = "../token"', 'room = "ops"')
        self.file("token", self.token)
        status, said = self.done("join", "work", given="from a pipe\n")
        self.assertEqual(status, 0, said)
        self.alice.send("/join ops\n")
        self.alice.expect("alice: from a pipe")
        status, said = self.done("join", self.server, "--account", "alice", given="hi\n", GROUPCHAT_PASSWORD=PASSWORD)
        self.assertEqual(status, 0, said)
        person = self.begun("join", self.server, "--account", "alice", "--plain", terminal=True)
        person.expect("Password: ")
        person.send(f"{PASSWORD}\n")
        person.expect("You are alice")
        self.assertNotIn(PASSWORD, person.heard)

    def test_terminal(self) -> None:
        """The client on a terminal comes in with an access token, and is told when that is revoked."""
        person = self.begun("join", self.server, terminal=True, GROUPCHAT_TOKEN=self.token, TERM="xterm")
        person.expect("alice")
        self.alice.send("/say hello there\n")
        person.expect("hello there")
        self.alice.send("/revoke ci\n")
        self.assertIn("The access token ci was revoked.", person.rest())
        self.assertEqual(person.process.wait(LIMIT_S), 1)

    def test_nobody_sees(self) -> None:
        """No secret is in a command line, in what a client keeps, in the log, or in the journal."""
        token, password = self.file("token", self.token), self.file("password", PASSWORD)
        running = [
            self.begun("tail", self.server, "--token-file", token),
            self.begun("tail", self.server, "--account", "alice", "--password-file", password),
            self.begun("tail", self.server, GROUPCHAT_TOKEN=self.token),
            self.begun("join", self.server, terminal=True, GROUPCHAT_TOKEN=self.token, TERM="xterm"),
        ]
        self.alice.send("/say is anybody here?\n")
        for one in running:
            one.expect("is anybody here")
            line = Path(f"/proc/{one.process.pid}/cmdline").read_bytes().decode()
            self.assertIn(self.server, line)
            for secret in (self.token, PASSWORD):
                self.assertNotIn(secret, line)
        running[-1].send("\x04")
        running[-1].rest()
        secrets = (self.token.encode(), PASSWORD.encode())
        ours = {"token", "password"}
        looked = 0
        for path in self.folder.rglob("*"):
            if path.is_file() and path.name not in ours:
                looked += 1
                content = path.read_bytes()
                self.assertFalse(any(secret in content for secret in secrets), path)
        self.assertGreater(looked, 5)
        self.assertIsNotNone(re.search("alice joined from", self.daemon.log))


class HallWithPasswordTest(FunctionalTest):
    def test_account_or_nobody(self) -> None:
        """Where guests give the server's password, that makes nobody an account: --account is refused with it."""
        (self.folder / "settings.toml").write_text('password = "swordfish"\n')
        daemon = self.start("--settings", "settings.toml")
        environment = {**self.environment, "GROUPCHAT_PASSWORD": "swordfish"}
        server = f"127.0.0.1:{daemon.port}"
        for words, status in (
            (["say", server, "hi", "--nick", "alice"], 0), (["say", server, "hi", "--account", "alice"], 1),
            (["tail", server, "--account", "alice"], 1), (["join", server, "--account", "alice"], 1),
        ):  # fmt: skip
            done = subprocess.run(
                [*PROGRAM, *words], input="", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                timeout=LIMIT_S, check=False, env=environment,
            )  # fmt: skip
            self.assertEqual(done.returncode, status, done.stdout)
            self.assertEqual("There is no such account, or this is not its password" in done.stdout, status == 1)


class OpenHallTest(FunctionalTest):
    def test_configured_nickname(self) -> None:
        """A program under a nickname of client.toml finds another one when a person has it."""
        daemon: Daemon = self.start()
        self.environment |= {"XDG_CONFIG_HOME": str(self.folder)}
        (self.folder / "groupchat").mkdir()
        (self.folder / "groupchat" / "client.toml").write_text('nick = "Zoe"\n')
        zoe = self.connect(daemon, "Zoe")
        said = subprocess.run(
            [*PROGRAM, "say", f"127.0.0.1:{daemon.port}", "hello"], env=self.environment, check=False, timeout=LIMIT_S
        )
        self.assertEqual(said.returncode, 0)
        zoe.expect("Zoe2: hello")
