"""What the bar shows, and what follows from events."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from groupchat.terminal.display.bar import bar, cut, title
from groupchat.terminal.display.scene import Scene


def said(number: int, nick: str = "bob", room: str = "lobby", text: str = "hi", kind: str = "said") -> dict[str, Any]:
    return {"event": kind, "id": number, "room": room, "nick": nick, "text": text}


class SceneTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.scene = Scene("example.org", "alice")
        self.scene.go("lobby")
        self.scene.connection = "connected"

    def test_calls(self) -> None:
        """A mention and a private message call one; one's own words and those of others do not."""
        self.assertFalse(self.scene.happened(said(1), 0))
        self.assertTrue(self.scene.happened(said(2, text="@Alice: hi"), 0))
        self.assertTrue(self.scene.happened(said(3, room="", kind="whispered"), 0))
        self.assertFalse(self.scene.happened(said(4, nick="ALICE", text="alice"), 0))
        self.assertEqual((self.scene.unseen, self.scene.last), (3, (4, "alice")))
        self.assertEqual(title(self.scene), "(3) lobby - example.org")

    def test_last_message(self) -> None:
        """One's last message follows its edits, and is gone when it is deleted."""
        self.scene.happened(said(1, nick="alice"), 0)
        self.scene.happened({"event": "edited", "id": 2, "target": 1, "nick": "alice", "text": "ho"}, 0)
        self.assertEqual(self.scene.last, (1, "ho"))
        self.scene.happened({"event": "deleted", "id": 3, "target": 1, "nick": "alice"}, 0)
        self.assertIsNone(self.scene.last)

    def test_rooms_and_people(self) -> None:
        """What is said elsewhere is unread until one goes there; people are counted in this room only."""
        self.scene.people = 3
        self.scene.happened(said(1, room="dev"), 0)
        self.scene.happened({"event": "joined", "room": "lobby", "nick": "a"}, 0)
        self.scene.happened({"event": "joined", "room": "dev", "nick": "a"}, 0)
        self.scene.happened({"event": "many-joined", "room": "lobby", "nicks": ["b", "c"], "others": 5}, 0)
        self.scene.happened({"event": "left", "room": "lobby", "nick": "a"}, 0)
        self.assertEqual(bar(self.scene, 80, 0), " example.org │ lobby │ 10 people │ connected │ dev:1")
        self.scene.go("dev")
        self.assertEqual(bar(self.scene, 80, 0), " example.org │ dev │ connected")

    def test_typing(self) -> None:
        """Who is typing is shown until they say it, or nothing is heard of it for 8 seconds."""
        typing = {"event": "typing", "room": "lobby", "active": True}
        for nick, at in ("bob", 0), ("eve", 5), ("alice", 5):
            self.scene.happened({**typing, "nick": nick}, at)
        self.assertIn("bob and eve are typing", bar(self.scene, 80, 6))
        self.assertIn("│ eve is typing", bar(self.scene, 80, 9))
        self.scene.happened(said(1, nick="eve"), 9)
        self.assertNotIn("typing", bar(self.scene, 80, 9))

    def test_progress(self) -> None:
        """While more than 500 messages are on their way the bar shows how many have come."""
        self.scene.behind(1000, 1500)
        self.assertIsNone(self.scene.progress)
        self.scene.behind(1000, 3000)
        self.scene.happened(said(2000), 0)
        self.assertIn("██████████░░░░░░░░░░ 50 % │ 1,000 of 2,000", bar(self.scene, 80, 0))
        self.scene.happened(said(3000), 0)
        self.assertIn("connected", bar(self.scene, 80, 0))
        self.scene.behind(1000, 3000)
        self.scene.caught_up()
        self.assertIsNone(self.scene.progress)

    def test_narrow(self) -> None:
        """A narrow bar keeps what matters most, and never exceeds its width."""
        self.scene.people, self.scene.unread = 12, {"日本": 4}
        self.assertEqual(bar(self.scene, 20, 0), " lobby │ connected")
        self.assertEqual(bar(self.scene, 5, 0), " lob…")
        self.assertEqual(cut("日本語", 5), "日本…")
