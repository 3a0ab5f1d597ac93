"""The client on a terminal, driven by real keys in a real terminal."""

import json
import re
import subprocess
import threading
import time

from tests.functional.harness import LIMIT_S, Line, free_port
from tests.functional.pane import Pane, PaneTest

TITLE = re.compile("\x1b][^\a]*\a")
"""The sequence that sets the title; it ends with a bell that does not ring."""


class TerminalTest(PaneTest):
    def setUp(self) -> None:
        super().setUp()
        self.daemon = self.start()

    def test_long_line(self) -> None:
        """A long line typed while 200 messages arrive stays as it is, and is sent exactly so."""
        pane = self.join(self.daemon.port)
        bob = self.connect(self.daemon, "bob")
        words = "Ein sehr langer Satz mit ümläuten 日本語 and 🙂 " + " ".join(f"w{number}" for number in range(60))
        stop = threading.Event()

        def chatter() -> None:
            for number in range(200):
                bob.send(f"message {number}\n")
                stop.wait(0.01)

        talking = threading.Thread(target=chatter)
        talking.start()
        for start in range(0, len(words), 7):
            pane.type(words[start : start + 7])
        talking.join()
        pane.expect("bob: message 199$")
        # The last letters may have to be drawn yet, or the prompt below the last message.
        pane.expect(r"> " + r"\s*".join(map(re.escape, re.sub(r"\s", "", words))) + r"\s+(127|lobby)")
        typed = "".join(line for line in pane.screen().splitlines() if not re.search("bob: |│", line))
        self.assertEqual(re.sub(r"\s", "", typed), re.sub(r"\s", "", "> " + words))
        pane.keys("Enter")
        bob.expect(rf"alice: {re.escape(words)}\r\n")
        shown = pane.everything()
        self.assertEqual(re.findall(r"bob: message (\d+)$", shown, re.MULTILINE), [str(n) for n in range(200)])

    def test_scrollback(self) -> None:
        """Only messages and remarks get into the scrollback: no prompt, and no old bar."""
        pane = self.join(self.daemon.port)
        bob = self.connect(self.daemon, "bob")
        bob.send("".join(f"message {number}\n" for number in range(40)))
        pane.expect(r"bob: message 39\n> *\n 127")  # with the prompt drawn anew
        first, *_, prompt, bar = pane.everything().splitlines()
        self.assertEqual((first[:13], prompt.strip(), bar[:10]), ("* You are ali", ">", " 127.0.0.1"))
        self.assertEqual(sum("│" in line for line in pane.everything().splitlines()), 1)

    def test_resize(self) -> None:
        """On a terminal that gets narrower and wider again there is one prompt, one bar, and every message once."""
        pane = self.join(self.daemon.port, width=100)
        bob = self.connect(self.daemon, "bob")
        bob.send("".join(f"earlier {number}\n" for number in range(30)))
        bob.send("日本語の文章 and 👨‍👩‍👧 in one line that is quite long, so that it is wrapped somewhere below\n")
        pane.expect("bob: 日本語の文章")
        line = "half a line 日本語 that is long enough for two rows when the terminal is narrow"
        pane.type(line)
        for step, width in enumerate((60, 35, 50, 100, 30, 100)):
            pane.resize(width, 20)
            self.settled(pane, line)
            bob.send(f"step {step}\n")
            pane.expect(rf"bob: step {step}$")
            shown = self.settled(pane, line)
            self.assertEqual((shown.count("> half"), shown.count("lobby │")), (1, 1), shown)
        shown = pane.everything()
        self.assertEqual(re.findall(r"bob: step (\d+)$", shown, re.MULTILINE), [*"012345"])
        self.assertEqual(shown.count("> half"), 1, shown)
        pane.keys("Enter")
        bob.expect(f"alice: {line}\r\n")

    def settled(self, pane: Pane, line: str) -> str:
        """Wait until the prompt is drawn for the new size, which tmux tells a little later; return the screen."""
        return pane.expect(r"> " + r"\s*".join(map(re.escape, line)) + r"\n (127|lobby)")

    def test_reconnect(self) -> None:
        """After kill -9 of the server, typed lines wait and are sent once when it is back, and nothing is missed."""
        pane = self.join(self.daemon.port)
        pane.type("before")
        pane.keys("Enter")
        pane.expect("alice: before$")
        self.daemon.kill()
        pane.expect("What you type is kept")
        pane.type("while away")
        pane.keys("Enter")
        pane.expect("1 line waiting")
        pane.type("half")
        place = f"tcp:{self.daemon.port}:interface=127.0.0.1"
        again = self.launch(command=[re.sub("^tcp:.*", place, word) for word in self.command()]).ready()
        bob = self.connect(again, "bob")
        bob.send("hi\n")
        pane.expect("bob: hi$")
        pane.expect(r"(?s)alice: while away$.*^> half$.*│ connected")
        pane.keys("Enter")
        pane.expect("alice: half$")
        shown = pane.everything()
        self.assertEqual([shown.count(f": {text}\n") for text in ("before", "while away", "hi", "half")], [1, 1, 1, 1])

    def test_keys(self) -> None:
        """Tab completes, Up on an empty line edits the last message, Ctrl-R finds lines of an earlier session."""
        self.connect(self.daemon, "barbara")
        pane = self.join(self.daemon.port)
        pane.type("bar")
        pane.keys("Tab")
        pane.expect("^> barbara:")
        pane.type("hallo :smile_c")
        pane.keys("Tab")
        pane.expect("^> barbara: hallo :smile_cat:")
        pane.keys("Enter")
        pane.expect("#1 alice: barbara: hallo 😸")
        pane.keys("Up")
        pane.expect("^edit #1> barbara: hallo 😸")
        pane.keys("BSpace", "BSpace", "BSpace")
        pane.type("!")
        pane.keys("Enter")
        pane.expect(r"#1 alice \(edited\): barbara: hallo!$")
        pane.keys("Up")
        pane.expect("^edit #1> barbara: hallo!")
        pane.keys("Up")
        pane.expect(r"^> barbara: hallo :smile_cat:\s*$")
        pane.keys("Down", "Up")
        pane.expect(r"^edit #1> barbara: hallo!")
        pane.keys("Escape")
        pane.expect(r"^>\s*$")
        pane.type("/set bell m")
        pane.keys("Tab")
        pane.expect(r"^> /set bell mentions\s*$")
        pane.keys("C-c")
        pane.type("/ignor")
        pane.keys("Tab")
        pane.expect("^/ignore  /ignored\n> /ignore$")
        pane.keys("Tab", "Tab")
        pane.expect("^> /ignored ?$")
        pane.keys("C-c")
        pane.type("/exit so long")
        pane.keys("Enter")
        self.assertEqual(pane.status(), 0)
        pane = self.join(self.daemon.port)
        pane.keys("C-r")
        pane.type("hall")
        pane.expect("^> barbara: hallo :smile_cat:")

    def test_turned_away(self) -> None:
        """A wrong host, closed port, bad certificate, taken nickname or full server gets one sentence and status 1."""
        self.connect(self.daemon, "bob")
        (self.folder / "full").mkdir()
        (self.folder / "settings.toml").write_text("connections = 1\n")
        full = self.start("--settings", "settings.toml", "--data", "full")
        self.connect(full, "bob")
        free = free_port()
        for place, words, sentence in (
            ("no.such.invalid", [], "Unknown host: no.such.invalid."),
            (f"127.0.0.1:{free}", [], f"Nothing listens at 127.0.0.1, port {free}."),
            (
                f"127.0.0.1:{self.daemon.port}",
                ["--fingerprint", "00" * 32],
                "the server's certificate is a different one",
            ),
            (
                f"127.0.0.1:{self.daemon.port}",
                [],
                "refused: bob is already here; choose another nickname (nick-taken)",
            ),
            (f"127.0.0.1:{full.port}", [], "refused: The server is full. Try again later (server-full)"),
        ):
            pane = self.open("join", place, "--nick", "bob", *words, width=240)
            shown = pane.expect(re.escape(sentence)).splitlines()
            self.assertEqual(pane.status(), 1)
            self.assertEqual(len([line for line in shown if line and not line.startswith("status")]), 1, shown)

    def test_configured(self) -> None:
        """A host in the file is joined by its name, with TLS, its nickname and room, and the colours there."""
        self.connect(self.daemon, "bob").send("/join dev\nhello\n")
        file = self.home / ".config/groupchat/client.toml"
        file.parent.mkdir(parents=True)
        host = f'address = "127.0.0.1:{self.daemon.port}"\nnick = "alice"\nroom = "dev"\ninsecure = true\n'
        file.write_text(f"typing = false\n[colors]\nbob = 208\n[hosts.work]\n{host}")
        pane = self.open("join", "work")
        pane.expect("bob: hello$")
        pane.expect("│ dev │ 2 people │ connected")
        self.assertIn("38;5;208", pane.screen("-e"))

    def test_asked(self) -> None:
        """A person who chooses a taken nickname is asked for another."""
        self.connect(self.daemon, "bob")
        pane = self.open("join", f"127.0.0.1:{self.daemon.port}")
        for nick, then in ("bob", "!! nick-taken"), ("alice", r"^\* You are alice"):
            pane.expect(r"^Choose your nickname \[.*\]:")
            pane.type(nick)
            pane.keys("Enter")
            pane.expect(then)

    def test_bell(self) -> None:
        """A mention rings the bell; other messages do not."""
        bob = self.connect(self.daemon, "bob")
        pane = self.join(self.daemon.port)
        written = self.folder / "written"
        pane.tmux("pipe-pane", "-t", "t", f"cat > {written}")
        bob.send("good morning\n")
        pane.expect("bob: good morning")
        bob.send("alice: good morning to you\n")
        pane.expect("bob: alice: good morning to you")
        end = time.monotonic() + LIMIT_S
        while "\a" not in (heard := TITLE.sub("", written.read_text("utf-8", "replace"))) and time.monotonic() < end:
            time.sleep(0.03)
        self.assertEqual(heard.count("\a"), 1)
        self.assertGreater(heard.index("\a"), heard.index("good morning"))

    def test_other_room(self) -> None:
        """The bar and the title show the room, unread messages in another, and people who are typing."""
        pane = self.join(self.daemon.port)
        other = self.join(self.daemon.port, nick="bob")
        pane.type("/join dev")
        pane.keys("Enter")
        pane.expect("│ dev │ 1 person │ connected")
        other.type("hi there")
        other.keys("Enter")
        pane.expect("│ 1 lobby:1$")
        self.assertNotIn("hi there", pane.screen())
        self.assertEqual(
            pane.tmux("display", "-p", "-t", "t", "#{pane_title}"), f"(1) dev - 127.0.0.1:{self.daemon.port}\n"
        )
        pane.type("/switch lobby")
        pane.keys("Enter")
        pane.expect(r"(?s)^──── lobby ── 1 unread ─.*#1 bob: hi there$.*│ lobby │ 2 people │ connected$")
        other.type("and")
        pane.expect("│ bob is typing$")

    def test_line_stays_in_its_room(self) -> None:
        """A line typed while the server is down is said in the room it was typed in, or shown and not said at all."""
        pane = self.join(self.daemon.port)
        pane.type("/join dev")
        pane.keys("Enter")
        pane.expect("│ dev │ 1 person │ connected$")
        self.daemon.kill()
        pane.expect("What you type is kept")
        pane.type("for dev only")
        pane.keys("Enter")
        pane.expect("1 line waiting")
        place = f"tcp:{self.daemon.port}:interface=127.0.0.1"
        again = self.launch(command=[re.sub("^tcp:.*", place, word) for word in self.command()]).ready()
        pane.expect(r"^[\d:]+ #\d+ alice: for dev only$|^\* Not said: for dev only$")
        bob = self.connect(again, "bob")
        bob.send("/history\n/help exit\n")
        heard = bob.expect("(?s)^.*/exit")[0]
        self.assertNotIn("for dev only", heard)

    def test_replaced(self) -> None:
        """A client whose person joins from elsewhere says so, ends with status 1, and does not come back."""
        pane = self.join(self.daemon.port, width=120)
        pane.type("hello")
        pane.keys("Enter")
        pane.expect("alice: hello$")
        saved = self.home / ".local/state/groupchat" / f"127.0.0.1_{self.daemon.port}.json"
        other = Line(self.daemon.port)
        self.addCleanup(other.close)
        other.send(json.dumps({"do": "nick", "nick": "alice", "token": json.loads(saved.read_text())["token"]}) + "\n")
        other.expect('"event":"welcome"')
        pane.expect("^groupchat: .* closed the connection: replaced: You have joined again from elsewhere")
        self.assertEqual(pane.status(), 1)
        time.sleep(1)
        other.send('{"do":"list"}\n')
        other.expect(r'"what":"people","items":\[\{"nick":"alice"[^{]*\]')

    def test_settings(self) -> None:
        """What /set changes holds for what is shown, and after the connection was lost."""
        bob = self.connect(self.daemon, "bob")
        pane = self.join(self.daemon.port)
        pane.type("/set time off")
        pane.keys("Enter")
        pane.expect("^-- time is now off")
        bob.send("hi\n")
        pane.expect("^#1 bob: hi$")

    def test_secrets(self) -> None:
        """Passwords are asked for without echo, under the names that the server takes, and are in no history."""
        pane = self.join(self.daemon.port)
        new = ("New password", "New password, again")
        for command, questions in ("/register", new), ("/password", ("Your present password", *new)):
            words = "correct horse battery"
            pane.type(command)
            pane.keys("Enter")
            for question in questions:
                pane.expect(f"^{question}: *$")
                if command == "/password" and question in new:
                    words = "new horse battery"
                pane.type(words)
                pane.expect(rf"^{question}: \*+$")
                pane.keys("Enter")
            pane.expect("^-- .*yours|^-- .*password")
            pane.expect("^> *$")
        pane.type("/unregister new horse battery")
        pane.keys("Enter")
        pane.expect("^>\\s*$")
        pane.type("done")
        pane.keys("Enter")
        pane.expect("alice: done$")
        history = (self.home / ".local/state/groupchat/history").read_text()
        self.assertEqual(history.splitlines(), ["done"])
        self.assertNotIn("horse", pane.everything())

    def test_secrets_kept_nowhere(self) -> None:
        """However a password is typed, others do not read it, and it is in no file, no log, and no command line."""
        bob = self.connect(self.daemon, "bob")
        pane = self.join(self.daemon.port)
        for line, answer in (
            (" /register swordfish9", "alice is yours from now on"),
            ("/pasword swordfish9 x", "!! unknown-command"),
            ("/adduser x swordfish9", "!! not-allowed: "),
        ):
            pane.type(line)
            pane.keys("Enter")
            pane.expect(answer)
            pane.expect(r"^>\s*$")
        pane.paste("one\n/login carl swordfish9\ntwo\n")
        pane.expect("Send these 3 lines")
        pane.type("l")
        pane.expect("would have been said aloud: /login")
        pane.expect("two$")
        for key in ("Up", "Up", "C-c"):
            pane.keys(key)
        pane.type("/unregister")
        pane.keys("Enter")
        pane.expect("^Your present password: *$")
        pane.type("swordfish9")
        pane.keys("C-u", "C-c")
        pane.expect(r"^>\s*$")
        pane.keys("C-y")
        pane.type("done")
        pane.keys("Enter")
        pane.expect("done$")
        pane.type("\t/LOGIN carl swordfish9")
        pane.keys("Enter")
        pane.expect("^Password: *$")  # it was wrong, and is asked for again
        bob.send("/exit\n")
        self.assertNotIn("swordfish9", bob.rest())
        for path in [*self.home.rglob("*"), *self.folder.rglob("*")]:
            if path.is_file():
                self.assertNotIn(b"swordfish9", path.read_bytes(), path)
        self.assertNotIn("swordfish9", subprocess.run(["ps", "axww"], capture_output=True, text=True).stdout)
        self.assertNotRegex(pane.screen(), "swordfish9")

    def test_menu(self) -> None:
        """In the menu 1 joins, q returns to it, and 2 exits."""
        pane = self.open("join", f"127.0.0.1:{self.daemon.port}", "--nick", "alice", "--menu")
        asked = r"(?s)^1  join the chat$(.*^2  exit$){%d}.*^>\s*$(?!.*connected)"  # as many times as that
        for times in (1, 2):
            pane.expect(asked % times)
            pane.type("1")
            pane.keys("Enter")
            pane.expect("│ connected")
            pane.type("q")
            pane.keys("Enter")
        pane.expect(asked % 3)
        pane.type("2")
        pane.keys("Enter")
        self.assertEqual(pane.status(), 0)

    def test_screen_reader(self) -> None:
        """For a screen reader nothing is redrawn, there are no escape sequences, and events are sentences."""
        bob = self.connect(self.daemon, "bob")
        pane = self.open("join", f"127.0.0.1:{self.daemon.port}", "--nick", "alice", "--plain-screen")
        pane.expect("^You are alice")
        bob.send("hi alice\n/msg alice psst\n/me waves\n")
        pane.expect("^bob mentions you: hi alice\nbob tells you in private: psst\nbob, in action: bob waves$")
        pane.type("hello")
        pane.keys("Enter")
        bob.expect("alice: hello\r\n")
        bob.send("well\n")
        pane.expect("^hello\nbob says: well$")  # the terminal has echoed what was typed: it is not read twice
        self.assertNotIn("\x1b", pane.screen("-e"))
        pane.keys("C-c")
        self.assertEqual(pane.status(), 0)

    def test_no_color(self) -> None:
        """With NO_COLOR there are no colours; without it a nickname has one."""
        bob = self.connect(self.daemon, "bob")
        bob.send("hello\n")
        for variables, coloured in ({}, True), ({"NO_COLOR": "1"}, False):
            pane = self.open("join", f"127.0.0.1:{self.daemon.port}", "--nick", "alice", variables=variables)
            pane.expect("#1 bob: hello")
            self.assertEqual(bool(re.search(r"\x1b\[[\d;]*38;5;", pane.screen("-e"))), coloured)
            pane.keys("C-d")
            self.assertEqual(pane.status(), 0)
            (self.home / ".local/state/groupchat" / f"127.0.0.1_{self.daemon.port}.json").unlink()
