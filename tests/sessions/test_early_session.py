"""Who asks before the hall is open is told how the server stands, and nothing that is not known yet."""

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from groupchat.model.events import Listed, Refused
from groupchat.sessions.early_session import EarlySession
from tests.fakes import FakeScreen
from tests.house import House


class EarlySessionTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.screen = FakeScreen(Clock(), "json")
        self.session = EarlySession(House().made(), self.screen)
        self.session.serve()

    def test_standing(self) -> None:
        """How the server stands is told."""
        self.session.do("status", {}, 1)
        (answer,) = [event for event, _ in self.screen.shown]
        assert isinstance(answer, Listed)
        self.assertEqual(answer.what, "status")

    def test_everything_else(self) -> None:
        """Everything else is refused by name, whatever way it is asked for."""
        self.session.do("accounts", {}, 1)
        self.session.type("/accounts", 2)
        answers = [(event.code, ref) for event, ref in self.screen.shown if isinstance(event, Refused)]
        self.assertEqual(answers, [("journal-unavailable", 1), ("journal-unavailable", 2)])
