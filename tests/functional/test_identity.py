"""Who one is, on a terminal: passwords, and being somebody else."""

from tests.functional.pane import Pane, PaneTest

WORDS = "sesame opens"


class IdentityTest(PaneTest):
    def test_password(self) -> None:
        """A password is asked for without echo, and is in no history; nor is one typed with its command."""
        daemon = self.start()
        pane = self.join(daemon.port)
        pane.type("/register")
        pane.keys("Enter")
        pane.expect("^New password:")
        pane.type("sesame opens")
        pane.expect(r"^New password: \*{12}")
        pane.keys("Enter")
        pane.expect("^New password, again:")
        pane.type("sesame opens")
        pane.keys("Enter")
        pane.expect("alice is yours from now on")
        pane.type("/password sesame")
        pane.keys("C-c")
        pane.type("/exit")
        pane.keys("Enter")
        self.assertEqual(pane.status(), 0)
        (self.home / ".local/state/groupchat" / f"127.0.0.1_{daemon.port}.json").unlink()
        pane = self.open("join", f"127.0.0.1:{daemon.port}", "--nick", "alice")
        pane.expect("^Password:")
        pane.type("wrong")
        pane.keys("Enter")
        pane.expect("!! password-wrong")
        pane.type("sesame opens")
        pane.keys("Enter")
        pane.expect(r"^\* You are alice")
        kept = [path for path in (self.home / ".local/state/groupchat").iterdir() if path.is_file()]
        self.assertEqual({path.stat().st_mode & 0o777 for path in kept}, {0o600})
        self.assertFalse([path for path in kept if "sesame" in path.read_text()])

    def registered(self, port: int) -> Pane:
        """Alice, whose nickname is her own."""
        pane = self.join(port)
        pane.type("/register")
        pane.keys("Enter")
        self.answer(pane, "New password", WORDS)
        self.answer(pane, "New password, again", WORDS)
        pane.expect("alice is yours from now on")
        return pane

    def answer(self, pane: Pane, question: str, words: str) -> None:
        """Answer a question whose answer is not shown."""
        pane.expect(f"^{question}:")
        pane.type(words)
        pane.expect(rf"^{question}: \*{{{len(words)}}}$")
        pane.keys("Enter")

    def choose(self, pane: Pane, nick: str) -> None:
        """Answer the question for the nickname."""
        pane.expect("^Choose your nickname.*:")
        pane.type(nick)
        pane.keys("Enter")

    def log_out(self, pane: Pane, nick: str) -> None:
        """Leave with /logout, and come in as somebody else."""
        pane.type("/logout")
        pane.keys("Enter")
        self.choose(pane, nick)

    def test_logout(self) -> None:
        """/logout leads back to the nickname; what was one's own is not got back without the password."""
        daemon = self.start()
        pane = self.registered(daemon.port)
        bob = self.connect(daemon, "bob")
        self.log_out(pane, "carol")
        bob.expect(r"\* alice left lobby \(logged out\)\r\n.*\* carol joined lobby\r\n")
        pane.expect(r"^\* You are carol, in lobby")
        self.log_out(pane, "alice")
        pane.expect(r"^\* alice belongs to an account: give its password")
        self.answer(pane, "Password", WORDS)
        pane.expect(r"(?s)\* You are carol.*\* You are alice, in lobby.*│ connected$")

    def test_login(self) -> None:
        """/login NAME asks for the password without echo and comes in where one is; what was said since is shown."""
        daemon = self.start()
        pane = self.registered(daemon.port)
        bob = self.connect(daemon, "bob")
        self.log_out(pane, "carol")
        pane.expect(r"^\* You are carol")
        pane.type("/join dev")
        pane.keys("Enter")
        pane.expect("│ dev │ 1 person │ connected$")
        bob.send("/join dev\nhello\n")
        pane.expect("bob: hello$")
        pane.type("/login alice")
        pane.keys("Enter")
        self.answer(pane, "Password", "wrong")
        pane.expect("^!! password-wrong")
        bob.send("meanwhile\n")
        self.answer(pane, "Password", WORDS)
        pane.expect(r"(?s)\* You are alice, in lobby.*│ dev │ 2 people │ connected$")
        pane.type("it is me")
        pane.keys("Enter")
        bob.expect(r"alice: it is me\r\n")
        pane.expect("alice: it is me$")
        shown = pane.everything()
        self.assertEqual(shown.count("bob: meanwhile\n"), 1, shown)
        self.assertNotIn(WORDS, shown)

    def test_no_password(self) -> None:
        """An empty password, and Ctrl-C, lead back to where one was; nothing is said or changed."""
        daemon = self.start()
        pane = self.registered(daemon.port)
        for key in ("Enter", "C-c"):
            pane.type("/login carol")
            pane.keys("Enter")
            pane.expect("^Password:")
            pane.keys(key)
            pane.expect(r"^>\s*$")
        pane.type("still alice")
        pane.keys("Enter")
        pane.expect("alice: still alice$")
        self.log_out(pane, "alice")
        pane.expect("^Password:")
        pane.keys("Enter")
        pane.expect("^Choose your nickname:")

    def test_operator(self) -> None:
        """Commands about others' passwords ask for them without echo, too."""
        daemon = self.start()
        self.operator(daemon).send("/logout\n")
        pane = self.open("join", f"127.0.0.1:{daemon.port}", "--nick", "olga")
        self.answer(pane, "Password", "correct-horse-battery")
        pane.expect(r"^\* You are olga")
        pane.type("/adduser dave")
        pane.keys("Enter")
        self.answer(pane, "New password", WORDS)
        self.answer(pane, "New password, again", WORDS)
        pane.expect("^-- There is an account dave now")
        pane.keys("C-d")
        self.assertEqual(pane.status(), 0)
        pane = self.open("join", f"127.0.0.1:{daemon.port}", "--nick", "dave")
        self.answer(pane, "Password", WORDS)
        pane.expect(r"^\* You are dave")
