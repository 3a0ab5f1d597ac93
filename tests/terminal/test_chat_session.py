"""A session in the chat under one nickname."""

import tempfile
from pathlib import Path
from shutil import rmtree
from typing import Any

from twisted.internet.error import ConnectionRefusedError
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.core.client_errors import NotTrusted, Refused
from groupchat.client.core.resumption import Since
from groupchat.terminal.chat_session import ChatSession
from groupchat.terminal.display.addressees import Place
from groupchat.terminal.display.chat_state import ChatState
from groupchat.terminal.display.views import Gap
from groupchat.terminal.flow.local_settings import LocalSettings
from groupchat.terminal.saved_login import LoginFile, SavedLogin
from tests.client.fakes import FakeConnection, said
from tests.programs.fakes import two_places
from tests.terminal.fakes import FakeDisplay, FakeServer, FakeSurface


class SessionTest(SynchronousTestCase):
    def setUp(self) -> None:
        folder = Path(tempfile.mkdtemp(prefix="groupchat-"))
        self.addCleanup(rmtree, folder)
        self.clock, self.server = Clock(), FakeServer()
        self.surface = FakeSurface()
        self.state = ChatState("example.org", "")
        self.file = LoginFile(folder, "example.org")
        self.over: list[tuple[int, str]] = []
        self.failed: list[Exception] = []
        self.session = ChatSession(
            self.server, self.file, self.state, self.surface, FakeDisplay(), LocalSettings("mentions", True),
            lambda words: None, lambda status, sentence: self.over.append((status, sentence)), self.failed.append,
        )  # fmt: skip
        self.addCleanup(self.session.autosave.release)

    def begin(
        self, nick: str = "alice", password: str | None = None, room: str = "", since: Since = None
    ) -> FakeConnection:
        self.session.begin(self.clock, nick, password, room, since)
        return self.server.fake.accept()

    def join(self, **welcome: Any) -> FakeConnection:
        connection = self.begin()
        connection.welcome(**welcome)
        return connection

    def closed(self, connection: FakeConnection, code: str) -> None:
        """The server closes a connection, and says why."""
        connection.send({"event": "closing", "code": code, "text": "That is why."})
        connection.cut()
        self.clock.advance(0)


class JoiningTest(SessionTest):
    def test_own_lines(self) -> None:
        """Where the terminal keeps what was typed, the server is not asked for it."""
        self.surface.echoes = True
        requests = self.join(rooms=["lobby"]).requests()
        self.assertIn(("echo", "off"), [(request.get("name"), request.get("value")) for request in requests])

    def test_claim(self) -> None:
        """The client says that a person sits at it, and hears its own messages."""
        connection = self.begin(password="sesame", since=41)
        self.assertEqual((self.state.nick, self.session.connected), ("alice", False))
        claim = connection.welcome(rooms=["lobby"])
        self.assertEqual((claim["nick"], claim["password"], claim["since"]), ("alice", "sesame", 41))
        self.assertEqual((claim["attended"], "token" in claim), (True, False))
        self.assertIn(
            ("echo", "on"), [(request.get("name"), request.get("value")) for request in connection.requests()]
        )
        self.assertEqual((self.session.nick, self.session.connected, self.state.room), ("alice", True, "lobby"))

    def test_resumes(self) -> None:
        """Without a password the saved login is used, if it is of the same nickname."""
        self.file.lock()
        self.file.save(SavedLogin("alice", "secret", 41))
        self.assertEqual(self.begin("Alice").welcome()["token"], "secret")
        self.session.end()
        self.file.save(SavedLogin("alice", "secret", 41))
        self.assertNotIn("token", self.begin("bob", since=7).welcome())
        self.session.end()
        self.file.save(SavedLogin("alice", "secret", 41))
        self.assertNotIn("token", self.begin("alice", "sesame").welcome())

    def test_room(self) -> None:
        """The room that the person wants is joined."""
        connection = self.begin(room="dev")
        connection.welcome()
        self.assertEqual(connection.done(text="You are in dev now.", room="dev")["room"], "dev")
        self.assertEqual(self.surface.lines, ["* You are alice, in dev. /help lists the commands, /keys the keys."])

    def test_refused(self) -> None:
        """A refusal is handed on once the client is done with it."""
        self.begin().refuse("nick-taken")
        self.assertEqual(self.failed, [])
        self.clock.advance(0)
        (error,) = self.failed
        self.assertIsInstance(error, Refused)

    def test_again(self) -> None:
        """Another session begins like the first, without the memory of an interruption."""
        self.join().cut()
        self.session.end()
        self.join()
        told = "* You are alice, in lobby. /help lists the commands, /keys the keys."
        self.assertEqual((self.surface.lines.count(told), self.surface.lines[-1]), (2, told))

    def test_unreachable(self) -> None:
        """A server that cannot be reached at first is not tried again."""
        self.session.begin(self.clock, "alice", None, "", None)
        self.server.fake.refuse(ConnectionRefusedError())
        self.clock.advance(0)
        self.assertEqual(self.over, [(1, "Nothing listens at example.org, port 5000.")])


class ConnectionTest(SessionTest):
    def test_interrupted(self) -> None:
        """After an interruption the client comes back as who it was, and events go on."""
        connection = self.join(token="t1", rooms=["lobby"])
        connection.send(said(1, "one"))
        connection.cut()
        self.assertFalse(self.session.connected)
        self.clock.advance(2)
        again = self.server.fake.accept()
        claim = again.welcome(token="t1", rooms=["lobby"])
        self.assertEqual((claim["token"], claim["since"]), ("t1", 1))
        again.send(said(2, "two"))
        self.clock.advance(0)
        self.assertEqual([line for line in self.surface.lines if line.startswith("bob")], ["bob: one", "bob: two"])
        self.assertEqual(self.surface.lines[-2], "* Connected again.")
        self.assertEqual((self.over, self.failed), ([], []))

    def test_put_out(self) -> None:
        """A person who was put out, or joined elsewhere, decides themselves whether to come back."""
        for code in ("kicked", "banned", "replaced", "logged-out"):
            self.closed(self.join(rooms=["lobby"]), code)
            self.assertIn(f"{code}: That is why.", str(self.failed.pop()))
            self.clock.advance(60)
            self.assertEqual(self.server.fake.attempts, [], code)
            self.session.end()

    def test_restart(self) -> None:
        """A server that stops is tried again."""
        for code in ("stopping", "too-slow", "connection-lost", "of-the-future"):
            self.closed(self.join(rooms=["lobby"]), code)
            self.clock.advance(2)
            self.assertEqual(len(self.server.fake.attempts), 1, code)
            self.session.end()
            self.server.fake.attempts.clear()
        self.assertEqual((self.over, self.failed), ([], []))

    def test_announced_restart(self) -> None:
        """A server that restarts announces it; the client adds what becomes of lines, and no other reason."""
        connection = self.join(rooms=["lobby"])
        self.surface.lines.clear()
        connection.send({"event": "announced", "text": "The server is restarting.", "at": "2026-11-21T09:42:00Z"})
        self.closed(connection, "stopping")
        (remark,) = (line for line in self.surface.lines if line.startswith("* "))
        self.assertEqual(remark, "* What you type is kept, and sent when the connection is back.")
        self.assertNotIn("stopping", " ".join(self.surface.lines))

    def test_exit(self) -> None:
        """When the server takes a line as the wish to leave, the program has ended well."""
        self.closed(self.join(rooms=["lobby"]), "exit")
        self.assertEqual((self.over, self.failed), ([(0, "")], []))

    def test_old_server(self) -> None:
        """Before there was ``closing``, a refusal that answered nothing was the last word."""
        connection = self.join()
        connection.send({"event": "refused", "code": "kicked", "text": "Out."})
        connection.cut()
        self.clock.advance(60)
        self.assertEqual((len(self.failed), self.server.fake.attempts), (1, []))


class EndTest(SessionTest):
    def test_leave(self) -> None:
        """Leaving says goodbye, and fires when the connection is closed."""
        connection = self.join()
        connection.requests()
        left = self.session.leave("so long")
        assert left is not None
        self.assertNoResult(left)
        (request,) = connection.requests()
        self.assertEqual((request["do"], request["reason"], self.state.connection), ("exit", "so long", "leaving"))
        connection.cut()
        self.successResultOf(left)
        self.assertIsNone(self.session.leave(""))

    def test_nobody_to_leave(self) -> None:
        """Before a session there is nothing to leave."""
        self.assertIsNone(self.session.leave(""))
        self.session.end()
        self.assertEqual((self.session.nick, self.surface.lines), ("", []))

    def test_end(self) -> None:
        """At the end everything heard is shown, in its room, and how far that was is saved."""
        connection = self.join(token="t1", rooms=["lobby"])
        connection.send(said(41, "last"))
        self.session.end()
        self.assertEqual((self.surface.lines[-1], self.session.since, self.session.chat), ("bob: last", 41, None))
        login = self.file.load()
        assert login is not None
        self.assertEqual((login.nick, login.token, login.since), ("alice", "t1", 41))
        self.assertEqual((self.state.room, self.state.connection, self.state.people), ("", "", None))

    def test_views(self) -> None:
        """What waits in other rooms waits for the next session, too: under another login, or in the next run."""
        connection = self.join(token="t1", rooms=["dev", "lobby"], room="lobby")
        connection.send(said(41, "here"), {**said(42, "there"), "room": "dev"})
        self.clock.advance(0)
        for login in True, False:
            self.session.end()
            if not login:
                self.file.lock()
                self.file.delete()
            self.begin(since=self.session.since)
            dev, lobby = self.state.views
            self.assertEqual((dev.place, dev.gap, dev.unread), (Place("dev"), Gap(41, 43), 1))
            self.assertFalse(lobby.waits)

    def test_unsent(self) -> None:
        """Lines that were not sent are shown at the end, so that nothing typed is lost."""
        connection = self.join()
        connection.cut()
        assert self.session.chat is not None
        self.session.chat.typed("hello?")
        self.session.end()
        self.assertEqual(self.surface.lines[-2:], ["* This was not sent:", "-- hello?"])

    def test_banned_meanwhile(self) -> None:
        """When the server lets them in no more, a line that was sent before is called unconfirmed, and never unsent."""
        connection = self.join()
        assert self.session.chat is not None
        self.session.chat.typed("said?")
        connection.cut()
        self.session.chat.typed("never sent")
        self.clock.advance(2)
        again = self.server.fake.accept()
        again.send({"event": "refused", "ref": again.requests()[0]["ref"], "code": "banned", "text": "You are banned."})
        self.clock.advance(0)
        self.session.end()
        told = (
            "* The connection was lost before the answer came. Check whether this was done: said?",
            "* This was not sent:",
            "-- never sent",
        )
        self.assertEqual(self.surface.lines[-3:], [*told])

    def test_left_before_the_answer(self) -> None:
        """A line that is not answered when they leave may have been said."""
        self.join()
        assert self.session.chat is not None
        self.session.chat.typed("said?")
        self.session.end()
        self.assertEqual(self.surface.lines[-2:], ["* This was not confirmed, and may have been said:", "-- said?"])


class SeveralTest(SessionTest):
    """Two servers of one chat."""

    def setUp(self) -> None:
        super().setUp()
        servers, _, _, self.first, self.second = two_places()
        self.session = ChatSession(
            servers, self.file, self.state, self.surface, FakeDisplay(), LocalSettings("mentions", True),
            lambda words: None, lambda status, sentence: self.over.append((status, sentence)), self.failed.append,
        )  # fmt: skip
        self.session.begin(self.clock, "alice", None, "", None)

    def test_goes_on_elsewhere(self) -> None:
        """The person reads once that the connection was lost, and then where they are; links are of that server."""
        connection = self.first.accept()
        connection.welcome(token="t1", rooms=["lobby"])
        connection.cut()
        self.assertEqual((self.state.connection, self.session.connected), ("reconnecting", False))
        self.clock.advance(0)
        claim = self.second.accept().welcome(token="t1", rooms=["lobby"])
        self.assertEqual(claim["token"], "t1")
        self.assertEqual(self.surface.lines[-2:], [
            "* a.org closed the connection. What you type is kept, and sent when the connection is back.",
            "* Connected again, to b.org:5001.",
        ])  # fmt: skip
        self.assertEqual((self.state.reader.base, self.state.host), ("http://b.org:5001", "b.org:5001"))

    def test_none_answers(self) -> None:
        """If none can be reached at first, each is named, and the program ends."""
        self.first.refuse(ConnectionRefusedError())
        self.clock.advance(0)
        self.assertEqual(self.over, [])
        self.second.refuse(ConnectionRefusedError())
        self.clock.advance(0)
        told = "No server answers: nothing listens at a.org, port 5000; nothing listens at b.org, port 5001."
        self.assertEqual(self.over, [(1, told)])

    def test_not_trusted(self) -> None:
        """A server whose key has changed is told of, though another one lets the person in."""
        self.first.refuse(NotTrusted("its key is another one"))
        self.clock.advance(0)
        self.second.accept().welcome(rooms=["lobby"])
        self.assertIn("* No encrypted connection to a.org: its key is another one.", self.surface.lines)
