"""A server that says anything."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.client import Client
from groupchat.client.core.client_errors import ClientError
from groupchat.client.core.client_state import Change, State
from groupchat.client.core.protocol import Message
from tests.client.fakes import FakeEndpoint

ANSWERED = ("welcome", "done", "refused", "listed", "closing")

EVENTS = (*ANSWERED, "said", "acted", "whispered", "edited", "deleted", "entered", "departed", "renamed", "joined",
          "many-joined", "typing", "moderated", "announced", "frob", "", None, 7, ["x"], {"a": 1})  # fmt: skip

FIELDS = ("ref", "nick", "new", "room", "rooms", "head", "token", "id", "target", "code", "text", "items", "current",
          "people", "at", "features", "motd", "account", "reason", "topic", "more")  # fmt: skip

VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 5), st.just(10**400), st.floats(), st.text(max_size=4),
    st.lists(st.text(max_size=2) | st.integers(), max_size=3), st.just({}), st.just([{"nick": 7}]),
)  # fmt: skip

MESSAGES = st.builds(
    lambda event, fields: {"event": event, **fields},
    st.sampled_from(EVENTS), st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=5),
)  # fmt: skip


class HostileServerTest(SynchronousTestCase):
    """A server that sends anything."""

    @given(st.lists(MESSAGES, max_size=12), st.booleans())
    def test_anything(self, messages: list[Message], welcomed: bool) -> None:
        """Whatever a server sends, nothing is raised or logged; requests fail with errors of the library at most."""
        clock, endpoint, failed = Clock(), FakeEndpoint(), list[Failure]()
        client = Client(endpoint, "bot", clock, on_event=lambda event: None, room="dev", backoff=lambda failures: 1.0)
        client.start().addErrback(failed.append)
        connection = endpoint.accept()
        if welcomed:
            connection.welcome(rooms=["lobby", "dev"], room="dev")
        for answer in (client.say("hi"), client.request("list"), client.say("ho", room="dev")):
            answer.addErrback(failed.append)
        for message in messages:
            refs = [request.get("ref") for request in connection.requests()]
            if connection.connected:
                connection.send({"ref": refs[0], **message} if refs else message)
        client.leave()
        clock.advance(100)
        self.assertEqual(self.flushLoggedErrors(), [])
        for failure in failed:
            self.assertIsInstance(failure.value, ClientError)

    def test_told(self) -> None:
        """A malformed answer ends the connection with a sentence that says what is wrong with it."""
        for message, words in (
            ({"event": "welcome", "head": "x"}, "an answer (welcome) whose head is no number"),
            ({"event": "welcome", "rooms": "lobby"}, "an answer (welcome) whose rooms is no array"),
            ({"event": "refused", "code": 7}, "an answer (refused) whose code is no text"),
            ({"event": ["x"]}, "an event without a name"),
            ({"event": "done"}, "with something else than a welcome"),
        ):
            endpoint, changes = FakeEndpoint(), list[Change]()
            client = Client(endpoint, "bot", Clock(), changed=changes.append, patient=True)
            client.start().addErrback(lambda failure: None)
            connection = endpoint.accept()
            (claim,) = connection.requests()
            connection.send({**message, "ref": claim["ref"]})
            self.assertEqual(changes[-1].state, State.WAITING)
            self.assertIn(words, str(changes[-1].reason))
            client.leave()
