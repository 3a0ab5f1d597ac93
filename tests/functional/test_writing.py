"""Writing on a terminal: drafts, the person's own editor, the shell and back, and the keys of every shell."""

import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from shutil import rmtree

from tests.functional.harness import free_port
from tests.functional.pane import COMMAND, Pane, PaneTest

EDITOR = """\
import pathlib, sys
path = pathlib.Path(sys.argv[-1])
notes = pathlib.Path(sys.argv[1])
notes.write_text(f"{path}\\n{oct(path.parent.stat().st_mode)}\\n{path.read_text()}")
print("editing", flush=True)
words = input()
path.write_text("one ümlaut\\n\\n    two\\n")
sys.exit(0 if words == "save" else 3)
"""
"""A line editor: it changes the file when the person types save, and fails when they type something else."""


class WritingTest(PaneTest):
    def setUp(self) -> None:
        super().setUp()
        self.daemon = self.start()
        self.notes = self.folder / "notes"
        (self.folder / "editor.py").write_text(EDITOR)
        words = [sys.executable, str(self.folder / "editor.py"), str(self.notes)]
        self.pane_environment["VISUAL"] = shlex.join(words)

    def shell(self) -> Pane:
        """Open a shell with job control."""
        pane = Pane(["env", "PS1=shell> ", "bash", "--norc", "--noprofile", "-i"], self.pane_environment, 80, 24)
        self.addCleanup(pane.close)
        pane.expect("^shell> *$")
        return pane

    def again(self) -> None:
        """Start the daemon again, at the same place."""
        place = f"tcp:{self.daemon.port}:interface=127.0.0.1"
        self.launch(command=[re.sub("^tcp:.*", place, word) for word in self.command()]).ready()


class EditorTest(WritingTest):
    """The person's own editor."""

    def edit(self) -> Pane:
        pane = self.join(self.daemon.port)
        pane.type("half a line")
        pane.keys("C-x", "C-e")
        pane.expect("^editing$")
        return pane

    def test_saved(self) -> None:
        """What is saved comes back into the line; what others said meanwhile comes above it, and nothing before."""
        bob = self.connect(self.daemon, "bob")
        pane = self.edit()
        bob.send("meanwhile\n/list\n")
        bob.expect("2 people are in lobby")
        self.assertNotIn("meanwhile", pane.screen())
        pane.type("save")
        pane.keys("Enter")
        pane.expect("(?s)^save\n[^\n]*bob: meanwhile\n> one ümlaut\n *\n    two *\n 127")
        file, mode, given = self.notes.read_text().split("\n", 2)
        self.assertEqual((mode, given, Path(file).parent.exists()), ("0o40700", "half a line\n", False))
        pane.keys("C-_")
        pane.expect("^> half a line *$")
        pane.keys("C-x", "C-r", "Enter")
        bob.expect("alice: one ümlaut\r\n")

    def test_failed(self) -> None:
        """An editor that fails loses nothing: the line is as it was, and what was written is where the client says."""
        desk = tempfile.mkdtemp(prefix="groupchat-", dir="/tmp")  # a path that fits in a line of the terminal
        self.addCleanup(rmtree, desk)
        self.pane_environment["TMPDIR"] = desk
        pane = self.edit()
        pane.type("fail")
        pane.keys("Enter")
        pane.expect("^> half a line *$")
        told = re.search(r"failed, so the line is as it was. What you wrote is in\s+(\S+)", pane.screen())
        assert told is not None, pane.screen()
        kept = Path(told[1])
        self.assertEqual(kept.parents[1], Path(desk))
        self.assertEqual((kept.read_text(), oct(kept.stat().st_mode)), ("one ümlaut\n\n    two\n", "0o100600"))

    def test_interrupted(self) -> None:
        """Ctrl-C in the editor is the editor's, and the client stays."""
        pane = self.edit()
        pane.keys("C-c")
        pane.expect("(?s)KeyboardInterrupt.*^> half a line *$")
        pane.keys("Enter")
        pane.expect("alice: half a line$")

    def test_none(self) -> None:
        """A program that is not there is told by its name."""
        self.pane_environment["VISUAL"] = "no-such-editor -x"
        pane = self.join(self.daemon.port)
        pane.type("half")
        pane.keys("C-x", "C-e")
        pane.expect(r"(?s)^\* no-such-editor, which VISUAL names, is not installed\.\n> half$")


class ShellTest(WritingTest):
    """Ctrl-Z and fg."""

    def begin(self, *words: str) -> Pane:
        """Start a client in a shell, and note the modes of the terminal before."""
        pane = self.shell()
        pane.type(f"stty -g > {self.notes}; {shlex.join(COMMAND)} join 127.0.0.1:{self.daemon.port} --nick alice")
        pane.type("".join(f" {word}" for word in words))
        pane.keys("Enter")
        return pane

    def leave(self, pane: Pane) -> None:
        """Press Ctrl-Z; the shell must have the terminal as it was found, and its programs can read from it."""
        pane.tmux("clear-history", "-t", "t")
        pane.keys("C-z")
        pane.expect(r"(?s)Stopped.*^shell> *$")
        after = self.folder / "after"
        pane.type(f"stty -g > {after}; echo ready; cat; clear")
        pane.keys("Enter")
        pane.expect("^ready$")
        pane.type("read by cat")
        pane.keys("Enter")
        pane.expect("^read by cat\nread by cat$")
        pane.keys("C-d")
        pane.expect(r"\A\s*shell> *\Z")
        self.assertEqual(after.read_text(), self.notes.read_text())

    def test_back(self) -> None:
        """After fg the half-typed line is there, what was missed comes, also after the server was killed."""
        pane = self.begin()
        pane.expect("│ connected")
        bob = self.connect(self.daemon, "bob")
        pane.expect("│ 2 people")
        pane.type("half a line")
        self.leave(pane)
        bob.send("meanwhile\n")
        pane.type("fg")
        pane.keys("Enter")
        pane.expect(r"(?s)bob: meanwhile\n> half a line *\n 127[^\n]* connected")
        self.leave(pane)
        self.daemon.kill()
        self.again()
        pane.type("fg")
        pane.keys("Enter")
        pane.expect(r"(?s)Connected again\..*> half a line *\n 127[^\n]* connected")
        pane.keys("Enter")
        pane.expect("alice: half a line$")

    def test_stopped_by_somebody_else(self) -> None:
        """A client that was stopped without being asked takes the terminal again, and the half-typed line is there."""
        pane = self.begin()
        pane.expect("│ connected")
        pane.type("half")
        pane.expect("^> half *$")
        shell = pane.tmux("display", "-p", "-t", "t", "#{pane_pid}").strip()
        subprocess.run(["pkill", "-STOP", "-s", shell, "-f", "nick alice"], check=True)
        pane.expect(r"(?s)Stopped.*^shell> *$")
        pane.type("clear; fg")
        pane.keys("Enter")
        pane.expect(r"(?s)^> half *\n 127[^\n]*connected")
        pane.type(" a line")
        pane.keys("Enter")
        pane.expect("alice: half a line$")

    def test_plain(self) -> None:
        """It is so with the plain clients, too, also at a hidden question."""
        for words in ("--plain",), ("--plain-screen",):
            pane = self.begin(*words)
            pane.expect("You are alice")
            if words == ("--plain-screen",):
                pane.type("/register")
                pane.keys("Enter")
                pane.expect("^New password: *$")
            self.leave(pane)
            pane.type("fg")
            pane.keys("Enter")
            pane.expect("groupchat.admin join")
            pane.type("correct-horse-battery")
            pane.keys("Enter")
            pane.expect("again: *$" if words == ("--plain-screen",) else "^correct-horse-battery$")
            self.assertEqual("correct-horse" in pane.screen(), words == ("--plain",))
            pane.keys("C-c")
            pane.expect(r"shell> *$")
            pane.close()


class InterruptTest(WritingTest):
    """Ctrl-C as in a shell."""

    def test_search(self) -> None:
        """In Ctrl-R it ends the search: what was half typed is there, and the client stays."""
        pane = self.join(self.daemon.port)
        for line in "one fish", "two fish":
            pane.type(line)
            pane.keys("Enter")
            pane.expect(f"alice: {line}$")
        for _ in range(2):
            pane.type("half")
            pane.keys("C-r")
            pane.type("fish")
            pane.expect("^> two fish *$")
            pane.keys("C-r")
            pane.expect("^> one fish *$")
            pane.keys("C-c")
            pane.expect("^> half *$")
            pane.keys("C-u")
            pane.keys("C-r")
            pane.keys("C-c")
            pane.expect("^> *$")
        self.assertNotIn("Press Ctrl-C again", pane.screen())

    def test_line(self) -> None:
        """A half-typed line is cleared; ↑ or Ctrl-_ brings it back, and no file has it."""
        pane = self.join(self.daemon.port)
        pane.type("said")
        pane.keys("Enter")
        pane.expect("alice: said$")
        for key in "Up", "C-_":
            pane.type("not yet said")
            pane.keys("C-c")
            pane.expect("^> *$")
            pane.keys(key)
            pane.expect("^> not yet said *$")
            pane.keys("C-u")
        pane.keys("C-c")
        pane.expect("Press Ctrl-C again to leave")
        pane.keys("C-c")
        self.assertEqual(pane.status(), 0)
        history = (self.home / ".local/state/groupchat/history").read_text()
        self.assertEqual(history, "said\n")


class KeysTest(WritingTest):
    def test_redraw(self) -> None:
        """Ctrl-L draws the messages again where something else has written over them; none is doubled."""
        pane = self.join(self.daemon.port)
        bob = self.connect(self.daemon, "bob")
        bob.send("".join(f"message {number}\n" for number in range(40)))
        pane.expect(r"bob: message 39\n> *\n 127[^\n]*│ 2 people │ connected$")
        before = pane.screen()
        pane.type("half")
        terminal = pane.tmux("display", "-p", "-t", "t", "#{pane_tty}").strip()
        Path(terminal).write_text("\x1b7\x1b[5;1HBroadcast message from root\x1b[12;3Hgarbage\x1b8")
        pane.expect("Broadcast")
        pane.keys("C-l")
        pane.vanish("Broadcast|garbage")
        pane.keys("C-u")
        pane.expect("^> *$")
        self.assertEqual(pane.screen(), before)
        found = re.findall(r"bob: message (\d+)$", pane.everything(), re.MULTILINE)
        self.assertEqual(found, [str(number) for number in range(40)])

    def test_words(self) -> None:
        """Words are those of every script; what was cut comes back."""
        pane = self.join(self.daemon.port)
        pane.type("größer als naïve")
        pane.keys("M-b")
        pane.type("<")
        pane.keys("M-b", "M-b")
        pane.type("<")
        pane.expect("^> <größer als <naïve *$")
        pane.keys("C-e", "M-BSpace", "M-BSpace")
        pane.expect("^> <größer *$")
        pane.keys("C-a", "C-y")
        pane.expect("^> als <naïve<größer *$")


class PromptTest(WritingTest):
    def test_suggested(self) -> None:
        """The nickname is suggested, and not typed for the person: what they type is their nickname, as it is."""
        pane = self.open("join", f"127.0.0.1:{self.daemon.port}", variables={"LOGNAME": "root"})
        pane.expect(r"^Choose your nickname \[root\]: *$")
        pane.type("anna")
        pane.keys("Enter")
        pane.expect(r"^\* You are anna, in lobby")

    def test_taken(self) -> None:
        """Enter takes what is suggested; where that is taken, the next one is."""
        self.connect(self.daemon, "bob")
        place = f"127.0.0.1:{self.daemon.port}"
        for words in (), ("--plain",), ("--plain-screen",):
            saved = self.home / f"state{''.join(words)}"
            pane = self.open("join", place, *words, variables={"LOGNAME": "bob", "XDG_STATE_HOME": str(saved)})
            pane.expect(r"^Choose your nickname \[bob\]: *$")
            pane.keys("Enter")
            pane.expect(r"(?s)bob is already here.*^Choose your nickname \[bob2\]: *$")
            pane.keys("Enter")
            pane.expect("You are bob2, in lobby")
            pane.keys("C-d")
            self.assertEqual(pane.status(), 0)

    def test_nobody_there(self) -> None:
        """That nothing listens comes before any question."""
        for words in (), ("--plain",), ("--plain-screen",):
            pane = self.open("join", f"127.0.0.1:{free_port()}", *words)
            pane.expect("Nothing listens at 127.0.0.1, port")
            self.assertEqual(pane.status(), 1)
            self.assertNotIn("nickname", pane.everything())


class DraftTest(WritingTest):
    """Half-typed lines stay where they belong."""

    def test_each_place_has_its_own(self) -> None:
        """Two rooms and a private conversation each have one, which is there again after a switch and a restart."""
        self.connect(self.daemon, "bob")
        pane = self.join(self.daemon.port)
        for command, then in ("/join dev", "│ dev │"), ("/query bob", "^to bob> *$"):
            pane.type(command)
            pane.keys("Enter")
            pane.expect(then)
        drafts = (("M-1", "> for the lobby"), ("M-2", "> for dev"), ("M-3", "to bob> for bob alone"))
        for key, line in drafts:
            pane.keys(key)
            pane.expect(f"^{line.partition('>')[0]}> *$")
            pane.type(line.partition("> ")[2])
            pane.expect(f"^{line} *$")
        self.daemon.kill()
        pane.expect("What you type is kept")
        self.again()
        self.connect(self.daemon, "bob")
        pane.expect("│ connected")
        for key, line in drafts[:2]:
            pane.keys(key)
            pane.expect(f"^{line} *$")
        pane.keys("Enter")
        pane.expect("alice: for dev$")
        pane.keys("M-1", "C-d", "C-u", "C-d")
        self.assertEqual(pane.status(), 0)
        self.assertIn("groupchat: Not sent to bob: for bob alone", pane.screen())

    def test_kicked(self) -> None:
        """Who is kicked out of a room is told that their half-typed line is kept, and finds it on coming again."""
        olga, bob = self.operator(self.daemon, "127.0.0.9"), self.connect(self.daemon, "bob")
        bob.send("/register tea-for-two-at-five\n")
        bob.expect("bob is yours from now on|again")
        bob.send("/join dev\n")
        bob.expect("You are in dev now")
        olga.send("/op bob dev\n")
        bob.expect("made you an operator of dev")
        pane = self.join(self.daemon.port, width=120)
        pane.type("/join dev")
        pane.keys("Enter")
        pane.expect("│ dev │")
        pane.type("half a line")
        pane.expect("^> half a line$")
        bob.send("/kick alice not here\n")
        pane.expect("^\\* You are no longer in dev: not here.*What you have typed for dev is kept until you are")
        pane.expect("^>$")
        pane.type("/join dev")
        pane.keys("Enter")
        pane.expect("^> half a line$")
        pane.keys("Enter")
        bob.expect("alice: half a line\r\n")
