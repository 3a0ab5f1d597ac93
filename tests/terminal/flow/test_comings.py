"""People who come and go: who is named, what is one line, and who has not been away."""

from datetime import UTC, datetime, timedelta
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from groupchat.model.events import GATHER_S, LATELY_S, MANY
from groupchat.stdio.phrases import Reader, phrase
from groupchat.terminal.flow.comings import BACK_S, Comings

START = datetime(2026, 11, 21, 12, tzinfo=UTC)


class ComingsTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.lines: list[str] = []
        self.comings = Comings(self.clock, self.show)
        self.how = "active"

    def show(self, event: dict[str, Any]) -> None:
        self.lines.append(str(phrase(event, Reader("me"), "lobby")))

    def hear(self, kind: str, nick: str = "", room: str = "lobby", **fields: Any) -> bool:
        """Let an event come; return whether it was taken over."""
        at = (START + timedelta(seconds=self.clock.seconds())).isoformat()
        return self.comings.take({"event": kind, "room": room, "nick": nick, "at": at, **fields}, self.how)

    def many(self, kind: str, nicks: list[str], **fields: Any) -> None:
        for nick in nicks:
            self.assertTrue(self.hear(kind, nick, **fields))

    def told(self) -> list[str]:
        """Return what was told when the moment is over."""
        self.clock.advance(GATHER_S)
        lines, self.lines = self.lines, []
        return lines

    def test_spoke_lately(self) -> None:
        """Who spoke lately is named when they come or go; others are not told of, unless they go together with them."""
        self.assertFalse(self.hear("said", "bob"))
        self.many("left", ["eve"])
        self.assertEqual(self.told(), [])
        self.many("left", ["bob"], reason="lunch")
        self.assertEqual(self.told(), ["* bob left lobby (lunch)"])
        self.many("joined", ["Bob", "dave", "zoe"])
        self.assertEqual(self.told(), ["* Bob and 2 others joined lobby"])
        self.clock.advance(LATELY_S)
        self.many("left", ["bob"])
        self.assertEqual(self.told(), [])

    def test_one_line(self) -> None:
        """24 people who leave are one line, whether they come as one event or as many; the speakers are named."""
        self.hear("said", "p3")
        nicks = [f"p{number}" for number in range(24)]
        self.many("left", nicks, reason="connection lost")
        self.assertEqual(self.told(), ["* p3 and 23 others left lobby (connection lost)"])
        self.hear("many-joined", nicks=nicks)
        self.assertEqual(self.told(), ["* p3 and 23 others joined lobby"])
        self.many("left", nicks[4:], reason="one reason")
        self.many("left", nicks[:3], reason="another")
        self.assertEqual(self.told(), ["* 23 people left lobby"])
        self.hear("many-left", nicks=["x", "y"], others=20)
        self.assertEqual(self.told(), ["* 22 people left lobby"])

    def test_few_unknown(self) -> None:
        """People who have not spoken are told of from a certain number on, and then only counted."""
        self.many("joined", [f"p{number}" for number in range(MANY - 1)])
        self.assertEqual(self.told(), [])
        self.many("joined", [f"q{number}" for number in range(MANY)])
        self.assertEqual(self.told(), [f"* {MANY} people joined lobby"])

    def test_there_and_back(self) -> None:
        """Who comes and goes within a moment is not told of; nor is it told twice."""
        self.hear("said", "bob")
        self.many("left", ["bob"])
        self.many("joined", ["bob"])
        self.assertEqual(self.told(), [])
        self.many("joined", ["bob", "bob"])
        self.assertEqual(self.told(), ["* bob joined lobby"])

    def test_order(self) -> None:
        """Who left is told before what is shown next in that room, and after what is shown in another one."""
        self.hear("said", "bob")
        self.many("left", ["bob"])
        self.hear("said", "eve", room="dev")
        self.assertEqual(self.lines, [])
        self.hear("said", "eve")
        self.assertEqual(self.lines, ["* bob left lobby"])
        self.many("joined", ["bob"])
        self.hear("renamed", "bob", room="", new="rob")
        self.assertEqual(self.lines[1:], ["* bob joined lobby"])
        self.many("left", ["rob"])
        self.assertEqual(self.told()[-1], "* rob left lobby")

    def test_private(self) -> None:
        """Who has written privately counts as having spoken."""
        self.hear("whispered", "bob", room="", to="me")
        self.many("left", ["bob"])
        self.assertEqual(self.told(), ["* bob left lobby"])

    def test_interruption(self) -> None:
        """After a restart of the server those who come back have not been away; those who do not have left."""
        people = [{"nick": nick} for nick in ("me", "bob", "eve", "dave")]
        self.hear("entered", people=people)
        self.hear("said", "bob")
        self.hear("said", "dave")
        self.hear("entered", people=[{"nick": "me"}])
        self.many("joined", ["bob", "eve", "new"])
        self.assertEqual(self.told(), [])
        self.clock.advance(BACK_S)
        self.assertEqual(self.told(), ["* dave left lobby (did not come back)"])
        self.hear("entered", people=[{"nick": "me"}])
        self.hear("entered", people=people)
        self.clock.advance(BACK_S)
        self.assertEqual(self.told(), [])

    def test_interruption_has_its_own_time(self) -> None:
        """Who did not come back has left when they are expected no longer, so that no line above has a later time."""
        shown: list[dict[str, Any]] = []
        self.comings = Comings(self.clock, shown.append)
        self.hear("entered", people=[{"nick": "dave"}])
        self.hear("said", "dave")
        self.many("joined", ["bob"])
        self.clock.advance(GATHER_S)
        self.hear("entered", people=[])
        self.clock.advance(BACK_S - 2)
        self.hear("said", "eve", room="dev")
        self.clock.advance(2)
        (left,) = [event for event in shown if event["event"] == "many-left"]
        self.assertEqual(datetime.fromisoformat(left["at"]), START + timedelta(seconds=GATHER_S + BACK_S))

    def test_settings(self) -> None:
        """Each can be shown as it comes, or nobody; what was noted meanwhile holds when the setting changes."""
        self.hear("said", "bob")
        self.how = "on"
        self.assertFalse(self.hear("left", "bob"))
        self.how = "off"
        self.assertTrue(self.hear("joined", "bob"))
        self.assertEqual(self.told(), [])
        self.how = "active"
        self.many("left", ["bob"])
        self.assertEqual(self.told(), ["* bob left lobby"])

    def test_end(self) -> None:
        """At the end what was gathered is told, and nothing later; so is it for a room that one leaves."""
        self.hear("entered", people=[{"nick": "bob"}])
        self.hear("entered", people=[])
        self.hear("said", "eve")
        self.many("left", ["eve"])
        self.comings.finish()
        self.assertEqual(self.lines, ["* eve left lobby"])
        self.hear("entered", people=[{"nick": "bob"}])
        self.hear("departed")
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_strange(self) -> None:
        """Events without what they should have are taken, too."""
        fields: dict[str, Any]
        for fields in {}, {"nicks": 7}, {"nicks": [None, {}]}, {"others": "many"}, {"at": 3}, {"people": [1, {}]}:
            for kind in ("joined", "left", "many-left", "entered", "said", "renamed", "departed"):
                self.comings.take({"event": kind, **fields}, "active")
        self.comings.finish()
