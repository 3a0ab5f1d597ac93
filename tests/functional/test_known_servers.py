"""TLS as on the first day: nobody vouches for the server, a person compares a fingerprint once, and scripts follow."""

import re
import shutil
import subprocess
import sys

import trustme

from tests.functional.harness import LIMIT_S, Daemon, FunctionalTest, Program

PROGRAM = [sys.executable, "-m", "groupchat.admin"]


class KnownServersTest(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.environment |= {
            "XDG_CONFIG_HOME": str(self.folder), "XDG_STATE_HOME": str(self.folder / "state"), "TERM": "xterm",
        }  # fmt: skip
        self.daemon = self.start()
        self.server = f"127.0.0.1:{self.daemon.port}"
        self.fingerprint = self.logged_fingerprint(self.daemon)

    def logged_fingerprint(self, daemon: Daemon) -> str:
        """Return the fingerprint that the daemon has logged at its start."""
        return daemon.logged(r"TLS with \S+, SHA-256 ([0-9A-F:]{95}), valid until")[1]

    def again(self, *, key: bool, certificate: bool) -> None:
        """Stop the daemon, remove its key or its certificate if that is wanted, and start it at the same port."""
        if self.daemon.process.poll() is None:
            self.daemon.stop()
        for name, is_removed in (("key.pem", key), ("cert.pem", certificate)):
            if is_removed:
                (self.folder / "data" / "tls" / name).unlink()
        command = [re.sub(r"^tcp:\d+", f"tcp:{self.daemon.port}", word) for word in self.command()]
        self.daemon = self.launch(command=command).ready()
        self.fingerprint = self.logged_fingerprint(self.daemon)

    def done(self, *words: str, given: str = "") -> tuple[int, str]:
        """Run a program to its end, without a terminal; return its exit status and all that it said."""
        done = subprocess.run(
            [*PROGRAM, *words], input=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=LIMIT_S, check=False, env=self.environment,
        )  # fmt: skip
        return done.returncode, done.stdout

    def join(self, *words: str) -> Program:
        """Join on a terminal."""
        person = Program(*PROGRAM, "join", "--tls", self.server, *words, terminal=True, env=self.environment)
        self.addCleanup(person.close)
        return person

    def accept(self) -> None:
        """Accept the server, as a person."""
        person = self.join("--nick", "zoe")
        person.expect(rf"The certificate of {self.server} is self-signed\. Its SHA-256 fingerprint is\s+(\S+)")
        person.expect("to be remembered")
        person.send("yes\n")
        person.expect("connected")
        person.send("\x04")
        person.rest()
        self.assertEqual(person.process.wait(LIMIT_S), 0)

    def test_scripts_refuse(self) -> None:
        """Scripts never ask: they tell the fingerprint that the log has, and the option that takes it."""
        for words in (("say", self.server, "hi"), ("tail", self.server), ("join", self.server)):
            status, said = self.done(*words, "--tls")
            self.assertEqual(status, 1, said)
            self.assertIn(
                f"the server's certificate is self-signed. Its fingerprint is SHA-256 {self.fingerprint}", said
            )
            self.assertIn(f"or run groupchat join --tls {self.server} once, which remembers it", said)
            self.assertIn("If it is the right one, name it by --fingerprint,", said)
        self.assertEqual(self.done("say", self.server, "hi", "--fingerprint", self.fingerprint), (0, ""))
        (self.folder / "groupchat").mkdir()
        (self.folder / "groupchat" / "client.toml").write_text(
            f'[hosts.work]\naddress = "{self.server}"\nfingerprint = "{self.fingerprint}"\n'
        )
        self.assertEqual(self.done("say", "work", "hi"), (0, ""))

    def test_first_use(self) -> None:
        """A person is asked once; from then on nobody is, and scripts come in, too."""
        person = self.join("--nick", "zoe")
        shown = person.expect(r"Its SHA-256 fingerprint is\s+([0-9A-F:]{95})")[1]
        self.assertEqual(shown, self.fingerprint)
        person.expect(r"\(yes, no, or the fingerprint .*\)\? ")
        person.send("no\n")
        self.assertIn(f"groupchat: Not connected to {self.server}.", person.rest())
        self.assertEqual(person.process.wait(LIMIT_S), 1)
        self.accept()
        again = self.join("--nick", "zoe")
        again.expect("connected")
        again.send("\x04")
        self.assertNotIn("fingerprint", again.rest())
        self.assertEqual(self.done("say", "--tls", self.server, "hi"), (0, ""))
        status, said = self.done("join", "--tls", self.server, "--nick", "bob", given="/exit\n")
        self.assertEqual(status, 0, said)

    def test_changed(self) -> None:
        """A new key is refused by everybody, with both fingerprints and the line that forgets; then one is asked."""
        self.accept()
        before = self.fingerprint
        self.again(key=True, certificate=True)
        self.assertNotEqual(self.fingerprint, before)
        person = self.join("--nick", "zoe")
        told = person.rest()
        self.assertEqual(person.process.wait(LIMIT_S), 1)
        status, said = self.done("say", "--tls", self.server, "hi")
        self.assertEqual(status, 1)
        for text in (told, said):
            self.assertIn("THE KEY OF THE SERVER HAS CHANGED.", text)
            self.assertIn(f"Remembered: SHA-256 {before}. Now: SHA-256 {self.fingerprint}.", text)
            self.assertIn(f"groupchat join --forget-host {self.server}", text)
            self.assertNotIn("(yes", text)
        status, said = self.done("join", "--forget-host", self.server)
        self.assertEqual((status, said.split(",")[0]), (0, f"Forgotten: {self.server}"))
        self.assertEqual(self.done("join", "--forget-host", self.server), (
            1, f"groupchat: Nothing is remembered of {self.server}.\n",
        ))  # fmt: skip
        self.accept()
        self.assertEqual(self.done("say", "--tls", self.server, "hi"), (0, ""))

    def test_renewed(self) -> None:
        """A certificate that the server makes anew has the old key, so nobody is asked, and nothing refused."""
        self.accept()
        before = self.fingerprint
        self.again(key=False, certificate=True)
        self.assertNotEqual(self.fingerprint, before)
        self.assertEqual(self.done("say", "--tls", self.server, "hi"), (0, ""))
        person = self.join("--nick", "zoe")
        person.expect("connected")

    def test_authority(self) -> None:
        """Where an authority vouches nobody is asked; a server that has less later is refused by everybody."""
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(self.folder / "root.pem"))
        leaf = authority.issue_cert("127.0.0.1")
        own = self.folder / "data" / "tls"
        kept = {name: (own / name).read_bytes() for name in ("cert.pem", "key.pem")}
        self.daemon.stop()
        leaf.cert_chain_pems[0].write_to_path(str(own / "cert.pem"))
        leaf.private_key_pem.write_to_path(str(own / "key.pem"))
        self.again(key=False, certificate=False)
        self.environment["SSL_CERT_FILE"] = str(self.folder / "root.pem")
        person = self.join("--nick", "zoe")
        person.expect("connected")
        self.assertNotIn("fingerprint", person.heard)
        person.send("\x04")
        person.rest()
        known = (self.folder / "state" / "groupchat" / "known_hosts").read_text()
        self.assertIn(f"{self.server} authority since=", known)
        self.assertEqual(self.done("say", "--tls", self.server, "hi"), (0, ""))
        self.daemon.stop()
        for name, content in kept.items():
            (own / name).write_bytes(content)
        self.again(key=False, certificate=False)
        person = self.join("--nick", "zoe")
        for text in (person.rest(), self.done("say", "--tls", self.server, "hi")[1]):
            self.assertIn("is self-signed, and an authority vouched for the one before.", text)
            self.assertIn(f"groupchat join --forget-host {self.server}", text)
            self.assertNotIn("(yes", text)

    def test_files(self) -> None:
        """Files go to a server whose key is remembered, too, by an access token."""
        self.accept()
        alice = self.connect(self.daemon, "alice")
        alice.send("/register correct-horse\n/token ci\n")
        token = self.folder / "token"
        token.touch(0o600)
        token.write_text(alice.expect(r"(gct_[0-9a-f]{40}) is your access token")[1])
        (self.folder / "notes.txt").write_text("notes\n")
        words = ("send", "--tls", self.server, str(self.folder / "notes.txt"), "--token-file", str(token))
        self.assertEqual(self.done(*words), (0, ""))
        alice.expect(r"alice shared notes\.txt")

    def test_plain_on_a_terminal(self) -> None:
        """The plain client asks likewise, and takes the fingerprint in place of yes."""
        person = self.join("--nick", "zoe", "--plain")
        person.expect("to be remembered")
        person.send(f"{self.fingerprint}\n")
        person.expect("It is the same")
        person.expect("You are zoe")

    def test_unreadable(self) -> None:
        """A damaged file is refused, and not taken for an empty one."""
        self.accept()
        path = self.folder / "state" / "groupchat" / "known_hosts"
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        path.write_text("nonsense\n")
        status, said = self.done("say", "--tls", self.server, "hi")
        self.assertEqual((status, said), (
            1, f"groupchat: {path} cannot be used: line 1 makes no sense; delete it.\n",
        ))  # fmt: skip
        shutil.rmtree(path.parent)
