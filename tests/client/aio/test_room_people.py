"""The people of each room, by what the server tells."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.aio.room_people import RoomPeople
from groupchat.client.client_events import event_of


class RoomPeopleTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.people = RoomPeople()
        self.tell(
            "entered", room="dev", topic="", people=[{"nick": "bob", "account": "bob"}], programs=[{"nick": "logs"}]
        )

    def tell(self, event: str, **fields: Any) -> None:
        self.people.follow(event_of({"event": event, **fields}))

    def names(self, room: str = "dev") -> tuple[list[str], list[str]]:
        """Return the nicknames of the people in a room, and those of its programs."""
        return [one.nick for one in self.people.of(room)], [one.nick for one in self.people.programs_of(room)]

    def test_entered(self) -> None:
        """A room that the client enters has the people and programs that were there; case does not count."""
        self.assertEqual(self.names("DEV"), (["bob"], ["logs"]))
        self.assertEqual(self.names("lobby"), ([], []))
        self.assertEqual(self.people.of("dev")[0].account, "bob")

    def test_departed(self) -> None:
        """A room that the client is no longer in has nobody."""
        self.tell("departed", room="dev", reason="", code="left", current="")
        self.assertEqual(self.names(), ([], []))

    def test_one(self) -> None:
        """Somebody who comes or goes is counted once; a program never among the people."""
        self.tell("joined", room="dev", nick="carol", account="", at="")
        self.tell("program-joined", room="dev", nick="bot", account="", at="")
        self.assertEqual(self.names(), (["bob", "carol"], ["logs", "bot"]))
        self.tell("left", room="dev", nick="bob", reason="", gone=False, at="")
        self.tell("program-left", room="dev", nick="logs", reason="", gone=False, at="")
        self.assertEqual(self.names(), (["carol"], ["bot"]))

    def test_many(self) -> None:
        """So are many at once, with their accounts."""
        self.tell("many-joined", room="dev", nicks=["carol", "dave"], accounts=["dave"], at="")
        self.tell("many-programs-joined", room="dev", nicks=["a1", "a2"], accounts=[], at="")
        self.assertEqual(self.names(), (["bob", "carol", "dave"], ["logs", "a1", "a2"]))
        self.assertEqual([one.account for one in self.people.of("dev")], ["bob", "", "dave"])
        self.tell("many-left", room="dev", nicks=["bob", "carol"], reason="", gone=True, at="")
        self.tell("many-programs-left", room="dev", nicks=["logs", "a1"], reason="", gone=True, at="")
        self.assertEqual(self.names(), (["dave"], ["a2"]))

    def test_changed(self) -> None:
        """A new nickname, or being away, is noted in every room."""
        self.tell("entered", room="lobby", topic="", people=[{"nick": "bob"}, {"nick": "carol"}])
        self.tell("renamed", room="", nick="bob", new="robert", at="")
        self.tell("away-changed", room="", nick="robert", away=True, text="lunch", at="")
        for room in ("dev", "lobby"):
            self.assertEqual([one.nick for one in self.people.of(room) if one.away], ["robert"], room)
        self.assertNotIn("bob", self.names("lobby")[0])
