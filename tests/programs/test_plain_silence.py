"""A server that answers the plain client nothing."""

from groupchat.programs.plain_states import MENU
from tests.programs.plain_case import PlainCase


class SilenceTest(PlainCase):
    """A server that does not answer: its silence is told once, and after a minute the program ends."""

    def wait(self, seconds: int) -> None:
        self.clock.pump([1.0] * seconds)

    def test_told(self) -> None:
        """After 15 s it is told, with the lines that wait; also that the server answers again, in no other words."""
        server = self.chat(terminal=False)
        self.keyboard.type("one", "two", "/list")
        server.taken()
        self.wait(30)
        self.assertEqual(self.complaints, ["No answer from the server for 15 s; 2 lines wait."])
        self.assertEqual([request["do"] for request in server.requests()], ["ping", "ping"])
        server.send({"event": "done", "ref": "ping"})
        self.wait(1)
        self.assertEqual(self.complaints[1:], ["The server answers again."])
        self.assertEqual(self.read(), "")
        self.wait(16)
        self.assertEqual(self.complaints[2:], ["No answer from the server for 15 s; 2 lines wait."])

    def test_given_up(self) -> None:
        """After a minute the status is 1, and every line is listed that was not confirmed, or not sent."""
        for terminal, unsent in ((False, ["1 line was not said:", "three"]), (True, [])):
            server = self.chat(terminal=terminal)
            self.keyboard.type("one", "/join dev", "three")
            self.wait(59)
            self.assertTrue(server.connected)
            self.wait(2)
            self.assert_ended(
                1, "No answer from the server for 15 s; 2 lines wait.",
                "example.org has answered nothing for 60 s.", *unsent,
                "1 line was not confirmed, and may have been said:", "one",
            )  # fmt: skip
            self.assertFalse(server.connected)

    def test_while_coming_in(self) -> None:
        """So it is before the welcome; lines that may be passwords are counted only.  A question waits for ever."""
        self.begin(terminal=False)
        server = self.network.accept()
        self.wait(100)
        self.assertEqual((self.complaints, server.requests()), ([], []))
        self.keyboard.type("alice", "secret")
        self.wait(61)
        self.assert_ended(
            1, "No answer from the server for 15 s; 1 line waits.",
            "example.org has answered nothing for 60 s. 1 line was not sent.",
        )  # fmt: skip

    def test_while_entering_and_leaving(self) -> None:
        """So it is while a room is entered, and after the end of the input; Ctrl-C then does not wait for it."""
        self.begin(nick="alice", room="dev", terminal=False)
        self.network.accept().welcome()
        self.wait(61)
        self.assert_ended(
            1, "No answer from the server for 15 s.", "example.org has answered nothing for 60 s."
        )  # fmt: skip
        server = self.chat(terminal=False)
        self.keyboard.end()
        self.wait(61)
        self.assert_ended(
            1, "No answer from the server for 15 s.", "example.org has answered nothing for 60 s."
        )  # fmt: skip
        server = self.chat(terminal=False)
        self.keyboard.end()
        self.wait(58)
        self.join.interrupt()
        self.wait(4)
        self.assertFalse(server.connected)
        self.assert_ended(0, "No answer from the server for 15 s.")

    def test_slow_output(self) -> None:
        """While nobody takes the output, nothing can be heard, and that is no silence."""
        server = self.chat(terminal=False)
        self.keyboard.fed.pauseProducing()
        self.wait(200)
        self.assertEqual((self.complaints, server.connected), ([], True))

    def test_menu(self) -> None:
        """A person comes back to the menu, where nothing is waited for."""
        self.begin(nick="alice", menu=True)
        self.keyboard.type("1")
        self.network.accept()
        self.read()
        self.wait(61)
        self.assertEqual(self.read(), MENU)
        self.assertEqual(self.clock.getDelayedCalls(), [])
