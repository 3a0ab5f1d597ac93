"""Lines typed at our clients go to the room they were typed in, whatever happens to the server meanwhile."""

from tests.functional.harness import Daemon, free_port
from tests.functional.pane import PaneTest


class RightPlaceTest(PaneTest):
    def setUp(self) -> None:
        super().setUp()
        self.port = free_port()
        self.place = ("--port", f"tcp:{self.port}:interface=127.0.0.1")
        self.daemon = self.start(*self.place)

    def while_away(self, *orders: str) -> Daemon:
        """Let an operator give these orders where no client sees the server, and start it where they look for it."""
        elsewhere = self.start()
        olga = self.connect(elsewhere)
        olga.send("/login olga correct-horse-battery\n")
        olga.expect("You are olga")
        for order in orders:
            olga.send(f"{order}\n")
        olga.send("/exit\n")
        olga.expect("Goodbye, olga")
        elsewhere.kill()
        return self.start(*self.place)

    def test_room_is_locked_meanwhile(self) -> None:
        """A line typed for a room that is locked during a kill -9 is kept, and said elsewhere only on demand."""
        olga = self.operator(self.daemon)
        pane = self.open("join", f"127.0.0.1:{self.port}", "--nick", "alice", "--room", "board")
        pane.expect("│ board │ 1 person │ connected")
        pane.type("for the board")
        pane.keys("Enter")
        pane.expect(r"#\d+ alice: for the board$")
        olga.close()
        self.daemon.kill()
        pane.expect("reconnecting")
        pane.type("secret one")
        pane.keys("Enter")
        pane.type("half a sec")
        self.daemon = self.while_away("/lock board")
        bob = self.connect(self.daemon, "bob")
        pane.expect(r"✗ not said to board: secret one")
        pane.expect(r"Say it in lobby\? /yes says")
        self.assertIn("You are no longer in board. Your lines go to lobby now.", pane.everything())
        pane.type("ret")
        pane.expect("> half a secret$")
        pane.keys("Enter")
        pane.expect(r"✗ not said to board: half a secret")
        pane.expect(r"Say these 2 lines in lobby\?")
        pane.type("/no")
        pane.keys("Enter")
        pane.expect(r"^\* Dropped\.$")
        pane.type("hello, lobby")
        pane.keys("Enter")
        bob.expect(r": hello, lobby\r\n")
        self.assertNotIn("secret", bob.heard)
        bob.send("/history\n/exit\n")
        self.assertNotIn("secret", bob.rest())
