"""Where the server lets lines go that name no place."""

from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.client import Client
from groupchat.terminal.display.addressees import Place
from groupchat.terminal.display.chat_state import ChatState
from groupchat.terminal.display.views import Gap
from groupchat.terminal.viewing.told_place import TELL_S, ToldPlace
from tests.client.fakes import FakeEndpoint

BOB = Place(nick="bob")


class ToldPlaceTest(SynchronousTestCase):
    features: tuple[str, ...] = ("type-room",)

    def setUp(self) -> None:
        self.clock, self.endpoint = Clock(), FakeEndpoint()
        self.client = Client(self.endpoint, "alice", self.clock)
        self.state = ChatState("example.org", "alice")
        self.gone: list[str] = []
        self.told_place = ToldPlace(self.clock, self.client, self.state, self.gone.append)
        self.client.start()
        self.connection = self.endpoint.accept()
        self.connection.welcome(features=[*self.features])
        self.state.connection = "connected"
        for place in Place("dev"), Place("lobby"):
            self.state.go(place)
        self.told_place.joined(Place("lobby"))

    def go(self, *places: Place) -> None:
        for place in places:
            self.state.go(place)
            self.told_place.tell_soon()

    def told(self, seconds: float = TELL_S) -> list[tuple[Any, ...]]:
        self.clock.advance(seconds)
        found = self.connection.requests()
        return [(one["do"], one.get("room") or one.get("nick")) for one in found if one["do"] in ("switch", "query")]


class ToldTest(ToldPlaceTest):
    def test_last_one(self) -> None:
        """Of a walk only the end is told, after a moment, and only if the server does not know it."""
        self.go(BOB, Place("dev"))
        self.assertEqual((self.told(TELL_S - 0.1), self.told(0.1)), ([], [("switch", "dev")]))
        self.go(BOB, Place("dev"))
        self.assertEqual(self.told(), [])
        self.told_place.heard(Place("lobby"))
        self.told_place.tell_soon()
        self.assertEqual(self.told(), [("switch", "dev")])

    def test_fetching(self) -> None:
        """While what waits in a private conversation is fetched, nobody is asked whether it can go on."""
        self.state.views.open(BOB).gap = Gap(1, 3)
        self.go(BOB)
        self.assertEqual(self.told(), [])
        self.state.views.open(BOB).gap = None
        self.assertEqual(self.told(), [("query", "bob")])

    def test_joined(self) -> None:
        """On another connection a private conversation goes on, and a room is told if it is another one."""
        self.go(BOB)
        self.told_place.joined(Place("lobby"))
        self.assertEqual(self.told(0), [("query", "bob")])
        self.go(Place("dev"))
        self.told_place.joined(Place("dev"))
        self.assertEqual(self.told(), [])
        self.told_place.joined(Place("lobby"))
        self.assertEqual(self.told(), [("switch", "dev")])

    def test_gone(self) -> None:
        """A conversation that cannot be is told of, unless the person is elsewhere by then."""
        for place, gone in (BOB, ["bob"]), (Place("dev"), []):
            self.state.go(BOB)
            self.told_place.joined(Place("lobby"))
            (request,) = self.connection.requests()
            self.state.go(place)
            self.connection.send({"event": "refused", "ref": request["ref"], "code": "no-such-nick", "text": "Nobody."})
            self.assertEqual(self.gone, gone)
            self.gone.clear()

    def test_not_now(self) -> None:
        """Without a connection, or at the end, nothing is told."""
        self.state.connection = "reconnecting"
        self.go(Place("dev"))
        self.assertEqual(self.told(), [])
        self.state.connection = "connected"
        self.told_place.tell_soon()
        self.told_place.finish()
        self.assertEqual(self.told(), [])


class OldServerTest(ToldPlaceTest):
    features = ()

    def test_at_once(self) -> None:
        """A server whose commands name no room must know at once where the person is."""
        self.go(Place("dev"))
        self.assertEqual(self.told(0), [("switch", "dev")])
