"""What the tests of the client have in common."""

from typing import Any

from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.client import Client
from groupchat.client.core.client_state import Change, State
from groupchat.client.core.protocol import Message
from tests.client.fakes import FakeConnection, FakeEndpoint


class ClientCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.endpoint = FakeEndpoint()
        self.events: list[Message] = []
        self.changes: list[Change] = []

    def client(self, **options: Any) -> Client:
        client = Client(
            self.endpoint,
            "bot",
            self.clock,
            heard=options.pop("heard", self.events.append),
            changed=self.changes.append,
            backoff=lambda failures: float(failures),
            patient=options.pop("patient", True),
            **options,
        )
        self.joined = client.start()
        self.failures: list[BaseException | None] = []
        self.joined.addErrback(self._failed)
        return client

    def _failed(self, failure: Failure) -> Message:
        self.failures.append(failure.value)
        return {}

    def pass_time(self, seconds: float) -> None:
        """Let the time pass second by second."""
        self.clock.pump([1.0] * round(seconds))

    def reconnect(self) -> FakeConnection:
        self.clock.advance(100)
        return self.endpoint.accept()

    @property
    def states(self) -> list[State]:
        return [change.state for change in self.changes]
