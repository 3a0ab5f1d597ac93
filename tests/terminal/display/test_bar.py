"""The status bar and the title."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.terminal.display.addressees import Place
from groupchat.terminal.display.bar import bar, cut, prompt, title, waiting
from groupchat.terminal.display.chat_state import ChatState
from groupchat.terminal.display.wrapping import columns


class BarTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.state = ChatState("example.org", "alice")
        self.state.go(Place("lobby"))
        self.state.connection = "connected"

    def people(self, count: int) -> None:
        self.state.list_people("lobby", [{"nick": f"n{number}"} for number in range(count)])

    def test_room(self) -> None:
        """The server, the room, its people and the connection are shown, and the room's absence."""
        self.assertEqual(bar(self.state, 80, 0), " example.org │ lobby │ connected")
        self.people(1)
        self.assertEqual(bar(self.state, 80, 0), " example.org │ lobby │ 1 person │ connected")
        self.people(1200)
        self.assertEqual(bar(self.state, 80, 0), " example.org │ lobby │ 1,200 people │ connected")
        self.state.go(Place())
        self.assertEqual(bar(self.state, 80, 0), " example.org │ no room │ connected")

    def unread(self, room: str, unread: int, mentions: int = 0) -> None:
        view = self.state.views.open(Place(room))
        view.unread, view.mentions = unread, mentions

    def test_unread(self) -> None:
        """Views with unread messages are named, by their numbers; of many only some, and never the current one."""
        for room, count in ("lobby", 9), ("dev", 1), ("ops", 3), ("quiet", 0):
            self.unread(room, count)
        self.assertEqual(bar(self.state, 80, 0), " example.org │ lobby │ connected │ 2 dev:1 3 ops:3")
        for number in range(4, 9):
            self.unread(f"room{number}", 1)
        self.assertTrue(bar(self.state, 80, 0).endswith("│ 2 dev:1 3 ops:3 5 room4:1 6 room5:1 …"))

    def test_mentions(self) -> None:
        """What is for the person is shown first, and longest on a narrow terminal."""
        for room, count, mentions in (
            ("dev", 4, 1), ("ops", 3, 0), ("a", 1, 0), ("b", 1, 0), ("c", 1, 0), ("board", 2, 2)
        ):  # fmt: skip
            self.unread(room, count, mentions)
        for width, shown in (
            (80, "2 dev:4@1 3 ops:3 4 a:1 7 board:@2 …"), (40, "2 dev:4@1 7 board:@2 +4"), (30, "2:4@1 7:@2 +4"),
            (16, "@3"),
        ):  # fmt: skip
            self.assertEqual(bar(self.state, width, 0).rpartition(" │ ")[2], shown)

    def test_slow(self) -> None:
        """In a slow room the seconds until one may speak again are counted, in that room only."""
        self.state.views.open(Place("lobby")).slow_until = 30.0
        self.assertEqual(bar(self.state, 80, 17.5), " example.org │ lobby │ connected │ slow: 13 s")
        self.assertEqual(bar(self.state, 80, 30.0), " example.org │ lobby │ connected")
        self.state.go(Place("dev"))
        self.assertEqual(bar(self.state, 80, 17.5), " example.org │ dev │ connected")

    def test_pasted(self) -> None:
        """Lines of a paste that are not sent yet are counted."""
        self.state.queued = 58
        self.assertEqual(bar(self.state, 80, 0), " example.org │ lobby │ connected │ 58 lines to send")

    def test_reply_to(self) -> None:
        """Whom a reply would answer is shown, unless lines go there anyway."""
        self.state.take({"event": "whispered", "id": 1, "nick": "bob", "to": "alice", "text": "psst"}, 0)
        self.assertEqual(bar(self.state, 80, 0), " example.org │ lobby │ connected │ 2 bob:@1 │ /reply: bob")
        self.state.go(Place(nick="bob"))
        self.assertEqual(bar(self.state, 80, 0), " example.org │ to bob, in private │ connected")

    def test_unsent(self) -> None:
        """Lines that wait are counted while there is no connection; with one they are on their way."""
        self.state.unanswered = {1: (0.0, "hi"), 2: (0.0, "there")}
        self.assertEqual(bar(self.state, 80, 0), " example.org │ lobby │ connected")
        self.state.connection = "reconnecting in 3 s"
        self.assertEqual(bar(self.state, 80, 0), " example.org │ lobby │ reconnecting in 3 s, 2 lines waiting")

    def test_silence(self) -> None:
        """A server that does not answer is not shown as connected, and neither room nor width hide that."""
        self.state.silence = 17.3
        self.assertEqual(bar(self.state, 80, 0), " example.org │ lobby │ no answer for 17 s")
        self.state.unanswered = {1: (0.0, "hi")}
        self.people(3)
        self.assertEqual(bar(self.state, 50, 0), " lobby │ no answer for 17 s, 1 line waiting")

    def test_conversation(self) -> None:
        """Lines that go to one person only are announced in the bar, the title and the prompt."""
        self.assertEqual(prompt(self.state, "hello"), "> ")
        self.state.go(Place(nick="bob"))
        self.assertEqual(bar(self.state, 80, 0), " example.org │ to bob, in private │ connected")
        self.assertEqual((title(self.state), prompt(self.state, "hello")), ("bob - example.org", "to bob> "))
        self.assertEqual((bar(self.state, 30, 0), bar(self.state, 12, 0)), (" to bob │ connected", " to bob"))

    def test_reply(self) -> None:
        """The prompt shows whom a reply goes to before it is sent."""
        self.assertEqual(prompt(self.state, "/reply x"), "reply to nobody> ")
        self.state.correspondents.wrote("car\x1bol", 0)
        for text in ("/reply ", "/R x", " /r on my way"):
            self.assertEqual(prompt(self.state, text), "reply to car\ufffdol> ")
        for text in ("/reply", "/replay x", "reply x", ""):
            self.assertEqual(prompt(self.state, text), "> ")

    def test_unsaid(self) -> None:
        """Lines that were not said stay on the screen, with the place they were meant for."""
        self.state.unsaid = [(Place("board"), "secret\x1b"), (Place(nick="bob"), "psst")]
        self.assertEqual(waiting(self.state, 80, 0), ["✗ not said to board: secret\ufffd", "✗ not said to bob: psst"])
        self.state.unsaid *= 3
        self.assertEqual(waiting(self.state, 80, 0)[0], "✗ 3 more lines")

    def test_waiting(self) -> None:
        """Lines that wait for longer than a second are shown as such, the last three of many, safe and in one line."""
        self.assertEqual(waiting(self.state, 40, 9), [])
        self.state.unanswered = {1: (0.0, "one"), 2: (0.5, "two\x1b[2J")}
        self.assertEqual(waiting(self.state, 40, 0.9), [])
        self.assertEqual(waiting(self.state, 40, 1.2), ["… one"])
        (_, second) = waiting(self.state, 40, 2)
        self.assertNotIn("\x1b", second)
        self.state.unanswered = {number: (0.0, f"{number} {'x' * 50}") for number in range(5)}
        shown = waiting(self.state, 20, 2)
        self.assertEqual([line[:3] for line in shown], ["… 2", "… 2", "… 3", "… 4"])
        self.assertEqual(shown[0], "… 2 more lines")
        self.assertTrue(all(columns(line) <= 20 for line in shown))

    def test_typing(self) -> None:
        """Up to three people who are typing are named."""
        for nicks, shown in (
            (["bob"], "bob is typing"),
            (["bob", "eve"], "bob and eve are typing"),
            (["bob", "dave", "eve"], "bob, dave and eve are typing"),
            (["bob", "dave", "eve", "zoe"], "4 people are typing"),
        ):
            for nick in nicks:
                self.state.take({"event": "typing", "room": "lobby", "nick": nick, "active": True}, 0)
            self.assertTrue(bar(self.state, 80, 0).endswith(f"│ {shown}"), shown)

    def test_progress(self) -> None:
        """While many messages are on their way, how many have come takes the whole bar."""
        self.state.fall_behind(1000, 3000)
        self.state.take({"event": "said", "id": 2000, "room": "lobby", "nick": "bob", "text": "hi"}, 0)
        shown = " example.org │ ██████████░░░░░░░░░░ 50 % │ 1,000 of 2,000 messages"
        self.assertEqual(bar(self.state, 80, 0), shown)

    def test_narrow(self) -> None:
        """A narrow bar keeps the most important parts."""
        self.people(12)
        self.unread("日本", 4)
        self.assertEqual(bar(self.state, 40, 0), " lobby │ connected │ 2 日本:4")
        self.assertEqual(bar(self.state, 20, 0), " lobby │ 2 日本:4")
        self.assertEqual((bar(self.state, 13, 0), bar(self.state, 5, 0)), (" lobby │ +4", " lob…"))

    @given(st.text(max_size=20), st.text(max_size=20), st.integers(2, 60))
    def test_fits(self, room: str, host: str, width: int) -> None:
        """Whatever the server's names are, the bar is one line that fits, and obeys nothing."""
        state = ChatState(host, "alice")
        state.go(Place(room))
        shown = bar(state, width, 0)
        self.assertLessEqual(columns(shown), width)
        self.assertTrue(all(ord(char) >= 32 and not 127 <= ord(char) < 160 for char in shown + title(state)))

    def test_title(self) -> None:
        """The title names the room, and how many messages were not seen."""
        self.assertEqual(title(self.state), "lobby - example.org")
        self.state.unseen = 3
        self.assertEqual(title(self.state), "(3) lobby - example.org")
        self.state.go(Place())
        self.assertEqual(title(self.state), "(3) groupchat - example.org")

    def test_cut(self) -> None:
        """A wide character is not cut in half."""
        self.assertEqual((cut("日本語", 6), cut("日本語", 5), cut("日本語", 4)), ("日本語", "日本…", "日…"))
