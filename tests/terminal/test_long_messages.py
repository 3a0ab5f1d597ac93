"""Messages of several lines, and what of them is not said."""

import shutil
import tempfile
from pathlib import Path

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from groupchat.terminal.chat_session import ChatSession
from groupchat.terminal.display.addressees import Place
from groupchat.terminal.display.chat_state import ChatState
from groupchat.terminal.flow.local_settings import LocalSettings
from groupchat.terminal.long_messages import LongMessages
from groupchat.terminal.saved_login import LoginFile
from tests.terminal.fakes import FakeDisplay, FakeServer, FakeSurface


class LongMessagesTest(SynchronousTestCase):
    def setUp(self) -> None:
        folder = Path(tempfile.mkdtemp(prefix="groupchat-"))
        self.addCleanup(shutil.rmtree, folder)
        self.clock, self.server, self.remarks = Clock(), FakeServer(), list[str]()
        self.state = ChatState("example.org", "alice")
        self.session = ChatSession(
            self.server, LoginFile(folder, "example.org"), self.state, FakeSurface(), FakeDisplay(),
            LocalSettings("off", False), lambda words: None, lambda status, sentence: None, self.fail,
        )  # fmt: skip
        self.addCleanup(self.session.autosave.release)
        self.messages = LongMessages(self.session, self.state, self.remarks.append)

    def join(self) -> None:
        self.session.begin(self.clock, "alice", None, "lobby", None)
        self.connection = self.server.fake.accept()
        self.connection.welcome(rooms=["dev", "lobby"], features=["rooms"])
        self.connection.requests()

    def said(self) -> list[tuple[object, object]]:
        return [(one["room"], one["text"]) for one in self.connection.requests() if one["do"] == "say"]

    def test_collected(self) -> None:
        """A message goes where it was begun, wherever the person is by its end."""
        self.join()
        for line, is_taken in ("hello", False), ("/paste", True), ("one", True), ("two", True):
            self.assertEqual((self.messages.collect(line), self.messages.is_collecting), (is_taken, is_taken))
        self.state.go(Place("dev"))
        self.assertTrue(self.messages.collect("."))
        self.assertEqual((self.said(), self.messages.is_collecting), ([("lobby", "one\ntwo")], False))

    def test_secret(self) -> None:
        """One line with a password keeps the whole message back, but only itself out of a paste."""
        self.join()
        secret = "one\n/login alice sesame"
        self.messages.say(secret)
        self.messages.say_singly(f"/say {secret}")
        self.assertEqual(self.said(), [])
        self.messages.paste(secret.split("\n"))
        self.assertEqual(self.said(), [("lobby", "one")])
        self.assertEqual([remark.rpartition(": ")[2] for remark in self.remarks], ["/login"] * 3)

    def test_no_chat(self) -> None:
        """Without a chat nothing is said, and the commands that take passwords are known all the same."""
        self.messages.say("one\ntwo")
        self.messages.say_singly("/say one\ntwo")
        self.messages.paste(["one"])
        self.assertEqual((self.remarks, self.messages.is_secret("one\n/login a b")), ([], True))
