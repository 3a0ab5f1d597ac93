"""What a client brings to every connection: its preferences, its password, the name it goes by."""

from groupchat.client.client_state import State
from tests.client.fakes import said
from tests.client.test_client import ClientCase


class Wishes(ClientCase):
    def test_preferences(self) -> None:
        """Preferences are set on every connection before anything that waits is sent; a changed one as changed."""
        client = self.client(preferences={"emoji": "on"})
        waiting = client.say("hello")
        server = self.endpoint.accept()
        server.welcome()
        wish, post = server.requests()
        self.assertEqual((wish["do"], wish["name"], wish["value"], post["text"]), ("set", "emoji", "on", "hello"))
        server.send({"event": "done", "ref": wish["ref"]}, {"event": "done", "ref": post["ref"], "id": 1})
        self.assertEqual((self.successResultOf(waiting), self.events), (1, []))
        client.prefer("emoji", "off")
        server.cut()
        server = self.reconnect()
        server.welcome(head=1)
        self.assertEqual([wish["value"] for wish in server.requests()], ["off"])

    def test_attended(self) -> None:
        """A client that a person sits at says so each time it comes in, and another one does not."""
        for attended in (True, False):
            self.client(attended=attended)
            server = self.endpoint.accept()
            (claim,) = server.requests()
            self.assertEqual(claim.get("attended"), attended or None)

    def test_echo(self) -> None:
        """With echo on one's own posts are heard as events, once each, before or after their answer."""
        client = self.client(preferences={"echo": "on"}, since="head")
        server = self.endpoint.accept()
        server.welcome(head=10)
        client.say("one")
        client.say("two")
        _, one, two = server.requests()
        server.send({"event": "done", "ref": one["ref"], "id": 12}, said(11), said(12, "one", "bot"))
        server.send(said(13, "two", "bot"), {"event": "done", "ref": two["ref"], "id": 13})
        self.assertEqual([event["id"] for event in self.events], [11, 12, 13])
        self.assertEqual(client.since, 13)

    def test_echo_lost(self) -> None:
        """An own post whose event was lost with the connection comes with the resumption."""
        client = self.client(preferences={"echo": "on"}, since="head")
        server = self.endpoint.accept()
        server.welcome(head=10)
        client.say("one")
        _, one = server.requests()
        server.send({"event": "done", "ref": one["ref"], "id": 11})
        server.cut()
        server = self.reconnect()
        self.assertEqual(server.welcome(head=11)["since"], 10)
        server.send(said(11, "one", "bot"))
        self.assertEqual(([event["id"] for event in self.events], client.head), ([11], 11))

    def test_password(self) -> None:
        """The password goes with every claim."""
        self.client(password="sesame")
        server = self.endpoint.accept()
        self.assertEqual(server.welcome()["password"], "sesame")

    def test_renamed(self) -> None:
        """Who has taken another nickname comes back under that."""
        client = self.client()
        server = self.endpoint.accept()
        server.welcome()
        server.send({"event": "renamed", "room": "lobby", "nick": "bot", "new": "robot", "at": ""})
        self.assertEqual(client.nick, "robot")
        server.cut()
        self.assertEqual(self.reconnect().welcome()["nick"], "robot")

    def test_reason(self) -> None:
        """A reason for leaving is told to the server."""
        client = self.client()
        server = self.endpoint.accept()
        server.welcome()
        left = client.leave("tea")
        (request,) = server.requests()
        self.assertEqual((request["do"], request["reason"]), ("exit", "tea"))
        server.cut()
        self.successResultOf(left)
        self.assertIs(client.state, State.LEFT)
