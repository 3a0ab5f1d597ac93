"""Clients for screen readers, and for terminals that only print: three rooms can be followed without redrawing."""

import re
from pathlib import Path

from tests.functional.pane import Pane, PaneTest


class SpokenTest(PaneTest):
    def setUp(self) -> None:
        super().setUp()
        self.daemon = self.start()
        self.bob = self.connect(self.daemon, "bob")
        for room in "dev", "ops":
            self.bob.send(f"/join {room}\n")
            self.bob.expect(f"You are in {room} now")
        self.bob.send("/topic releases\n")

    def begin(self, option: str) -> Pane:
        pane = self.open("join", f"127.0.0.1:{self.daemon.port}", "--nick", "alice", option, width=120)
        pane.expect("You are alice")
        self.written = self.folder / "written"
        pane.tmux("pipe-pane", "-t", "t", f"cat > {self.written}")
        return pane

    def enter(self, pane: Pane, line: str, then: str) -> None:
        pane.type(line)
        pane.keys("Enter")
        pane.expect(then)

    def say(self, room: str, words: str) -> None:
        self.bob.send(f"/switch {room}\n")
        self.bob.expect(f"Your lines now go to {room}|already in {room}")
        self.bob.send(f"{words}\n")

    def check_nothing_redrawn(self) -> None:
        """Check that no escape sequence and no carriage return without a line feed was written to the terminal."""
        written = Path(self.written).read_bytes()
        self.assertNotIn(b"\x1b", written)
        self.assertEqual(re.findall(rb"\r[^\r\n]", written), [])

    def test_three_rooms(self) -> None:
        """Only what calls for the person is read out of other rooms; a switch says what is unread, and the topic."""
        pane = self.begin("--plain-screen")
        self.enter(pane, "/join dev", "^You are in dev now")
        self.enter(pane, "/join ops", "^You are in ops now.*The topic is: releases")
        self.enter(pane, "/switch lobby", "^You are in lobby now")
        self.say("dev", "the build is red")
        self.say("ops", "alice: please look")
        pane.expect("^In ops: bob mentions you: alice: please look$")
        self.assertNotIn("the build is red", pane.screen())
        self.enter(pane, "/views", "^2 dev: 1 unread message$")
        self.enter(pane, "/switch dev", "(?s)^You are in dev now. 1 unread.\nbob says: the build is red$")
        self.enter(pane, "/set others all", "^others is now all")
        self.say("lobby", "good morning")
        pane.expect("^In lobby: bob says: good morning$")
        self.say("dev", "and green again")
        pane.expect("^In dev: bob says: and green again$")
        self.enter(pane, "/set others none", "^others is now none")
        self.say("ops", "alice: still there?")
        self.say("dev", "end")
        pane.expect("^bob says: end$")
        self.assertNotIn("still there", pane.screen())
        self.check_nothing_redrawn()

    def test_own_lines(self) -> None:
        """One's own lines, which were just typed, are not read again; those from another device are."""
        pane = self.begin("--plain-screen")
        self.enter(pane, "hello there", "^hello there$")
        self.enter(pane, "/me waves", "^/me waves$")
        self.say("lobby", "seen both")
        pane.expect("^bob says: seen both$")
        self.assertEqual(pane.screen().count("hello there"), 1)
        self.assertNotIn("in action", pane.screen())
        self.enter(pane, "/set echo on", "^echo is now on")
        self.enter(pane, "once more", "^You say: once more$")

    def test_plain(self) -> None:
        """The plain client on a terminal has the words of the other one, its rooms, and comes back to the server."""
        pane = self.begin("--plain")
        self.enter(pane, "/join dev", "^──── dev")
        self.enter(pane, "/switch lobby", "^──── lobby")
        self.say("dev", "the build is red")
        self.say("dev", "alice: please look")
        pane.expect(r"^[\d:]+ \(dev\) #\d+ bob: alice: please look$")
        self.assertNotIn("the build is red", pane.screen())
        self.enter(pane, "/next", r"(?s)^──── dev .*2 unread.*#\d+ bob: the build is red$")
        self.enter(pane, "my own words", "^my own words$")
        self.bob.expect("alice: my own words")
        self.bob.send("/list\n")
        self.bob.expect("2 people are in")  # by then she has her answer, too: else it would be shown as not confirmed
        self.daemon.kill()
        pane.expect("What you type is kept")
        place = f"tcp:{self.daemon.port}:interface=127.0.0.1"
        self.launch(command=[re.sub("^tcp:.*", place, word) for word in self.command()]).ready()
        pane.expect(r"^\* Connected again\.")
        self.assertEqual(pane.screen().count("my own words"), 1)
        self.check_nothing_redrawn()

    def test_dumb(self) -> None:
        """A terminal that only prints gets the plain client, on 20 columns as well."""
        pane = self.open(
            "join", f"127.0.0.1:{self.daemon.port}", "--nick", "alice", width=20, height=20, variables={"TERM": "dumb"}
        )
        pane.expect("You are alice")
        self.say("lobby", "a line that is longer than the terminal is wide")
        pane.expect("wide$")
        shown = re.sub(r"\s+", " ", pane.everything())
        self.assertIn("bob: a line that is longer than the terminal is wide", shown)
        pane.keys("C-c")
        self.assertEqual(pane.status(), 0)
