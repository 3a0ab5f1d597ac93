"""What the tests of the plain client have in common."""

from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from groupchat.programs.plain import PlainJoin
from tests.client.fakes import FakeConnection
from tests.programs.fakes import FakeKeyboard, address, to

NAME = "Choose your nickname: "


class PlainCase(SynchronousTestCase):
    def begin(
        self, nick: str | None = None, room: str = "", menu: bool = False, terminal: bool = True, suggested: str = ""
    ) -> None:
        server, self.network = address()
        self.clock = Clock()
        self.complaints: list[str] = []
        destination = to(server, nick, room, menu=menu)
        self.join = PlainJoin(destination, terminal, self.complaints.append, suggested, FakeKeyboard)
        self.status = self.join.start(self.clock)

    @property
    def keyboard(self) -> FakeKeyboard:
        assert isinstance(self.join.keyboard, FakeKeyboard)
        return self.join.keyboard

    def read(self) -> str:
        """Return what was printed since the last call."""
        text, self.keyboard.text = self.keyboard.text, ""
        return text

    def chat(self, **options: Any) -> FakeConnection:
        """Join as alice."""
        self.begin(nick="alice", **options)
        server = self.network.accept()
        server.welcome()
        self.read()
        return server

    def assert_ended(self, status: int, *complaints: str) -> None:
        self.assertEqual((self.successResultOf(self.status), self.complaints), (status, [*complaints]))
        self.assertTrue(self.keyboard.closed)
        self.assertEqual(self.clock.getDelayedCalls(), [])
