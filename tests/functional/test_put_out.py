"""Being kicked and banned, on a terminal: the client says so, and does not come back by itself."""

from tests.functional.harness import Daemon
from tests.functional.pane import PaneTest

ELSEWHERE = "127.0.0.9"
"""The operator's address."""


def connections(daemon: Daemon) -> int:
    """Return how many connections there have been."""
    return daemon.log.count("Connection opened from 127.0.0.1")


class PutOutTest(PaneTest):
    def setUp(self) -> None:
        super().setUp()
        self.daemon = self.start()
        self.olga = self.operator(self.daemon, ELSEWHERE)

    def test_kicked(self) -> None:
        """A kicked person is told by whom and why, with status 1; they are away until they join again themselves."""
        pane = self.join(self.daemon.port, width=120)
        pane.type("half a line")
        before = connections(self.daemon)
        self.olga.send("/kick alice calm down\n")
        pane.expect(r"^groupchat: 127.0.0.1:\d+ closed the connection: kicked: You were put out by olga: calm down$")
        self.assertEqual(pane.status(), 1)
        self.olga.expect(r"alice left lobby \(kicked\)\r\n")
        self.olga.send("she is gone\n/list\n")
        self.olga.expect("1 person is in lobby")
        self.assertEqual(connections(self.daemon), before)
        pane = self.join(self.daemon.port)
        pane.expect("olga: she is gone$")

    def test_kicked_from_room(self) -> None:
        """A person kicked out of a room is told, and asked before their next line goes to another one."""
        bob = self.connect(self.daemon, "bob")
        bob.send("/register tea-for-two-at-five\n")
        bob.expect("bob is yours from now on")
        bob.send("/join dev\n")
        bob.expect("You are in dev now")
        self.olga.send("/op bob dev\n")
        bob.expect("made you an operator of dev")
        pane = self.join(self.daemon.port)
        pane.type("/join dev")
        pane.keys("Enter")
        pane.expect("│ dev │ 2 people │ connected$")
        bob.send("/kick alice not here\n")
        pane.expect(r"bob kicked alice out of dev: not here$")
        pane.expect(r"^\* You are no longer in dev: not here\. Your lines go to lobby now\.$")
        pane.expect("│ lobby │ 3 people │ connected$")
        pane.type("here?")
        pane.keys("Enter")
        pane.expect(r"Say it in lobby\? /yes says")
        pane.type("/yes")
        pane.keys("Enter")
        self.olga.expect(r"alice: here\?\r\n")

    def test_banned(self) -> None:
        """A banned person is told so once; the client makes one attempt when it is started again, and no other."""
        pane = self.join(self.daemon.port, width=120)
        before = connections(self.daemon)
        told = "You are banned for 10 minutes, by olga: enough"
        self.olga.send("/ban alice 10m enough\n")
        pane.expect(rf"^groupchat: .* closed the connection: banned: {told}$")
        self.assertEqual(pane.status(), 1)
        self.assertEqual(connections(self.daemon), before)
        pane = self.open("join", f"127.0.0.1:{self.daemon.port}", "--nick", "alice", width=120)
        pane.expect(rf"^groupchat: .* refused: {told} \(banned\)$")
        self.assertEqual(pane.status(), 1)
        self.assertEqual(connections(self.daemon), before + 1)

    def test_banned_address(self) -> None:
        """A person whose address is banned is told so before they join; from the menu they can try again."""
        pane = self.open("join", f"127.0.0.1:{self.daemon.port}", "--nick", "alice", "--menu", width=120)
        pane.expect("^2  exit$")
        pane.type("1")
        pane.keys("Enter")
        pane.expect("│ connected$")
        before = connections(self.daemon)
        self.olga.send("/ban 127.0.0.1 10m enough\n")
        told = r"\* 127.0.0.1:\d+ closed the connection: banned: .*\n1  join the chat$"
        refused = r"\* 127.0.0.1:\d+ refused: Your address is banned .* \(banned\)\n1  join the chat$"
        pane.expect(rf"(?s){told}.*^>\s*$")
        self.assertEqual(connections(self.daemon), before)
        pane.type("1")
        pane.keys("Enter")
        pane.expect(rf"(?s){told}.*{refused}.*^>\s*$")
        pane.type("2")
        pane.keys("Enter")
        self.assertEqual(pane.status(), 0)
        self.assertLessEqual(connections(self.daemon), before + 1)
