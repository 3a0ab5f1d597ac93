"""Preferences that concern the client itself."""

from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.client import Client
from groupchat.terminal.display.timestamps import Timestamps
from groupchat.terminal.flow.local_settings import LocalSettings
from tests.client.fakes import FakeEndpoint


class OwnTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.settings = LocalSettings("mentions", True)

    def test_set(self) -> None:
        """The client's own preferences are changed here, in any case of letters."""
        self.assertEqual(self.settings.set("typing off"), "typing is now off.")
        self.assertEqual(self.settings.set("bell ALL"), "bell is now all.")
        self.assertEqual((self.settings.typing, self.settings.bell), (False, "all"))
        self.settings.set("typing on")
        self.assertTrue(self.settings.typing)

    def test_shown(self) -> None:
        """Without a value, or with a wrong one, the answer tells the value and what it can be."""
        self.assertEqual(self.settings.set("bell"), "bell is mentions; it can be off, mentions, all.")
        self.assertEqual(self.settings.set("bell loud"), "bell is mentions; it can be off, mentions, all.")
        self.assertEqual(self.settings.set("typing"), "typing is on; it can be on, off.")

    def test_echo(self) -> None:
        """The echo cannot be turned off where the client needs it for the numbers of the person's own messages."""
        self.assertIn("always shows", self.settings.set("echo off") or "")
        self.assertIsNone(LocalSettings("mentions", True, shows_own=False).set("echo off"))

    def test_left_to_the_server(self) -> None:
        """Everything else is for the server."""
        for words in ("zone UTC", "", "time"):
            self.assertIsNone(self.settings.set(words), words)

    def test_complete(self) -> None:
        """Names and values of the client's own preferences are completed here."""
        self.assertEqual(self.settings.complete("/set "), ["bell", "typing", "others", "joins", "dnd"])
        self.assertEqual(self.settings.complete("/set be"), ["bell"])
        self.assertEqual(self.settings.complete("/set bell m"), ["mentions"])
        self.assertEqual((self.settings.complete("/set zone e"), self.settings.complete("be")), ([], []))
        self.assertEqual(
            [self.settings.owns(text) for text in ("/set bell m", "/set bell", "/set zone u", "a bell m")],
            [True, False, False, False],
        )


class FollowTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.settings = LocalSettings("mentions", True)
        self.timestamps = Timestamps()
        self.endpoint = FakeEndpoint()
        self.client = Client(self.endpoint, "alice", Clock())

    def follow(self, line: str, **answer: Any) -> None:
        self.settings.follow(line, {"event": "done", **answer}, self.timestamps, self.client)

    def preferred(self) -> dict[str, str]:
        """Return what the client sets on its next connection."""
        self.client.start()
        connection = self.endpoint.accept()
        connection.welcome()
        return {request["name"]: request["value"] for request in connection.requests() if request["do"] == "set"}

    def test_followed(self) -> None:
        """A change at the server changes the times that are shown, and holds on later connections."""
        self.follow("/set time minutes", name="time", value="minutes", text="Whatever it says in whatever language.")
        self.follow("/SET zone asia/tokyo", name="zone", value="Asia/Tokyo")
        self.follow("/set joins off", name="joins", value="off")
        moment = self.timestamps.moment("2026-11-21T09:42:00Z")
        assert moment is not None
        self.assertEqual((self.timestamps.stamp(moment), moment.tzname()), ("18:42 ", "JST"))
        self.assertEqual(self.preferred(), {"time": "minutes", "zone": "Asia/Tokyo", "joins": "off"})

    def test_old_server(self) -> None:
        """A server that does not repeat name and value has done what was typed."""
        self.follow("/set Time off", text="time is now off.")
        self.assertEqual(self.timestamps.form, "off")

    def test_nothing_to_follow(self) -> None:
        """An answer to another line changes nothing, nor does one that only lists the preferences."""
        self.follow("time is now off.", text="time is now off.")
        self.follow("/set")
        self.follow("/set time")
        answer = {"event": "listed", "what": "preferences", "items": [], "text": "time off"}
        self.settings.follow("/set time off", answer, self.timestamps, self.client)
        self.assertEqual(self.timestamps.form, "seconds")
        self.assertEqual(self.preferred(), {})
