"""The client programs and the library against a real daemon."""

import json
import random
import signal
import socket
import sqlite3
import subprocess
import sys
from typing import Any

from twisted.internet import reactor as installed
from twisted.internet.defer import Deferred, DeferredList, inlineCallbacks
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.protocols.portforward import ProxyFactory
from twisted.trial.unittest import TestCase

from groupchat.client import Client, Refused, State, events
from groupchat.client.core.protocol import Message
from tests.functional.harness import LIMIT_S, TREE, FunctionalTest, Program

reactor: Any = installed
POSTS = 10_000
CUTS = 50
RUN = """
import sys
from groupchat.admin.main import main
sys.exit(main())
"""


class ProgramTest(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.daemon = self.start()
        self.place = f"127.0.0.1:{self.daemon.port}"

    def run_client(self, *words: str, typed: bytes = b"", **more: Any) -> "subprocess.CompletedProcess[bytes]":
        """Run a client program to its end."""
        command = [sys.executable, "-c", RUN, *words]
        given = more if "stdin" in more else {"input": typed, **more}
        return subprocess.run(command, capture_output=True, env=self.environment, timeout=LIMIT_S, check=False, **given)

    def on_terminal(self, *words: str) -> Program:
        spawned = Program(sys.executable, "-c", RUN, *words, terminal=True, env=self.environment)
        self.addCleanup(spawned.close)
        return spawned

    def posts(self) -> list[str]:
        """Return what was said, by name, as a reader who joins later is shown it."""
        shown = self.run_client("join", self.place, "--nick", "reader").stdout.decode()
        return [line.split("] ", 1)[1].split(" ", 1)[1] for line in shown.splitlines() if "] #" in line]


class Join(ProgramTest):
    def test_pipe(self) -> None:
        """A conversation through a pipe: everything is delivered and printed, and the exit status is 0."""
        done = self.run_client("join", self.place, typed=b"alice\nhello\n/exit\n")
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertIn(b"\nConnected to the server! You are alice", done.stdout)
        self.assertTrue(done.stdout.endswith(b"-- Goodbye, alice.\n"), done.stdout)
        self.assertEqual(self.posts(), ["alice: hello"])

    def test_end_of_input(self) -> None:
        """The end of the input leaves, after everything typed has arrived, its last line without an end included."""
        lines = b"".join(b"line %d\n" % number for number in range(500)) + b"/rooms\nthe last"
        done = self.run_client("join", self.place, typed=b"alice\n" + lines)
        self.assertEqual(done.returncode, 0)
        self.assertTrue(done.stdout.endswith(b"-- Goodbye, alice.\n"), done.stdout)
        self.assertIn(b"-- lobby: 1 person", done.stdout)
        self.assertEqual(self.posts()[-2:], ["alice: line 499", "alice: the last"])

    def test_file(self) -> None:
        """Input can be a file, and output too."""
        source = self.folder / "in"
        source.write_bytes(b"alice\nfrom a file\n")
        with source.open("rb") as file:
            done = self.run_client("join", self.place, stdin=file)
        self.assertEqual(done.returncode, 0)
        self.assertEqual(self.posts(), ["alice: from a file"])

    def test_taken(self) -> None:
        """In a pipe a refused nickname ends it with status 1, and nothing after it is taken for a nickname."""
        self.connect(self.daemon, "alice")
        for words, typed in ((("--nick", "alice"), b"bob\nhello\n"), ((), b"alice\nbob\nhello\n")):
            done = self.run_client("join", self.place, *words, typed=typed)
            self.assertEqual(done.returncode, 1)
            self.assertTrue(done.stderr.startswith(b"groupchat: nick-taken"), done.stderr)
        self.assertEqual(self.posts(), [])

    def test_unreachable(self) -> None:
        """A failed connection is told in one line, with status 1."""
        for place, words in (("127.0.0.1:1", b"Nothing listens"), ("no.such.invalid", b"Unknown host")):
            done = self.run_client("join", place)
            self.assertEqual((done.returncode, done.stdout, done.stderr.count(b"\n")), (1, b"", 1))
            self.assertIn(words, done.stderr)

    def test_server_dies(self) -> None:
        """A connection that the server breaks is told, with status 1."""
        chat = Program(sys.executable, "-c", RUN, "join", self.place, "--nick", "alice", env=self.environment)
        self.addCleanup(chat.close)
        chat.expect("You are alice")
        self.daemon.kill()
        self.assertIn("closed the connection", chat.rest())
        self.assertEqual(chat.process.wait(LIMIT_S), 1)

    def test_terminal(self) -> None:
        """On a terminal people can try another nickname, chat, and leave by Ctrl-C with status 0."""
        bob = self.connect(self.daemon, "bob")
        chat = self.on_terminal("join", self.place, "--plain")
        chat.expect("Choose your nickname .*: ")
        chat.send("bob\n")
        chat.expect("!! nick-taken")
        chat.expect(r"Choose your nickname \[bob2\]: ")
        chat.send("alice\n")
        chat.expect("You are alice")
        chat.send("hi bob\n")
        bob.expect("alice: hi bob")
        bob.send("hi \u00e9\n")
        chat.expect("bob: hi \u00e9")
        chat.send("\x03")
        bob.expect(r"\* alice left lobby")
        self.assertEqual(chat.process.wait(LIMIT_S), 0)

    def test_menu(self) -> None:
        """The menu joins by 1, comes back by q, joins again, and ends by 2."""
        done = self.run_client("join", self.place, "--menu", typed=b"x\n1\nalice\none\nq\n1\nalice\ntwo\nq\n2\n")
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertEqual(done.stdout.count(b"1  join the chat"), 3)
        self.assertEqual(self.posts(), ["alice: one", "alice: two"])

    def test_put_out(self) -> None:
        """An operator's kick ends it with status 1, and says by whom; it does not come back by itself."""
        olga = self.connect(self.daemon, "olga")
        olga.send("/register correct-horse-battery\n")
        olga.expect("olga is yours from now on")
        data = str(self.folder / "data")
        self.assertEqual(self.run_client("user", "promote", "olga", "--data", data).returncode, 0)
        olga.expect("made olga an operator")
        chat = self.on_terminal("join", self.place, "--plain", "--nick", "alice")
        chat.expect("You are alice")
        olga.send("/kick alice spam\n")
        self.assertRegex(chat.rest(), "closed the connection: kicked: .*spam")
        self.assertEqual(chat.process.wait(LIMIT_S), 1)

    def test_password(self) -> None:
        """The password of an account is asked for, and not shown while it is typed."""
        owner = self.connect(self.daemon, "alice")
        owner.send("/register correct-horse-battery\n/exit\n")
        owner.rest()
        chat = self.on_terminal("join", self.place, "--plain", "--nick", "alice")
        chat.expect("Password: ")
        chat.send("wrong-horse-battery\n")
        chat.expect(r"!! password-wrong: .*\r\nPassword: ")
        chat.send("correct-horse-battery\n")
        chat.expect("You are alice")
        chat.send("/exit\n")
        self.assertNotIn("horse", chat.heard + chat.rest())
        done = self.run_client("join", self.place, typed=b"/login alice correct-horse-battery\nhello\n")
        self.assertEqual((done.returncode, done.stderr), (0, b""))

    def test_logout(self) -> None:
        """After /logout it asks for a nickname again."""
        chat = self.on_terminal("join", self.place, "--plain", "--nick", "alice")
        chat.expect("You are alice")
        chat.send("/register correct-horse-battery\n")
        chat.expect("alice is yours from now on")
        chat.send("/logout\n")
        chat.expect("Choose your nickname: ")
        chat.send("bob\n")
        chat.expect("You are bob")


class Say(ProgramTest):
    def test_lines(self) -> None:
        """Each line of the input is one post, in order, whatever it looks like; the exit status says it is on disk."""
        done = self.run_client("say", self.place, "--nick", "ci", typed=b"one\n\n/exit\nthree")
        self.assertEqual((done.returncode, done.stderr, done.stdout), (0, b"", b""))
        self.daemon.kill()
        with sqlite3.connect(self.folder / "data" / "chat.db") as database:
            self.assertEqual(stored(database), ["one", "/exit", "three"])
        database.close()

    def test_refused(self) -> None:
        """A line that is refused ends it with status 1 and one sentence that says which, and how much was posted."""
        done = self.run_client("say", self.place, typed=b"one\n" + b"x" * 20000 + b"\n")
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"Line 2 was refused", done.stderr)
        self.assertIn(b"; 1 line was posted; 1 line was not said.\n", done.stderr)

    def test_numbered(self) -> None:
        """The nickname made of the login name is numbered when it is taken; a named one is not."""
        environment = {**self.environment, "LOGNAME": "deborah"}
        self.connect(self.daemon, "deborah")
        self.environment = environment
        self.assertEqual(self.run_client("say", self.place, "hello", "there").returncode, 0)
        self.assertEqual(self.posts(), ["deborah2: hello there"])
        done = self.run_client("say", self.place, "hello", "--nick", "deborah")
        self.assertEqual(done.returncode, 1)
        self.assertIn(
            b"(nick-taken). Two runs at the same time need two nicknames, or an access token; 1 line was not said.\n",
            done.stderr,
        )
        self.assertIn(b"groupchat: Not said: hello\n", done.stderr)

    def test_options_anywhere(self) -> None:
        """Options may stand before, between and after the words; what follows "--" is no option."""
        for words in (
            ("--nick", "ci", "a", "b"), ("a", "--nick", "ci", "b"), ("--nick", "ci", "--", "a", "b"),
            ("a", "--nick", "ci", "--", "--room", "b"),
        ):  # fmt: skip
            self.assertEqual(self.run_client("say", self.place, *words).returncode, 0, words)
        self.assertEqual(self.posts(), ["ci: a b", "ci: a b", "ci: a b", "ci: a --room b"])

    def test_quiet(self) -> None:
        """Its coming and going is not announced, and it is in no list."""
        alice = self.connect(self.daemon, "alice")
        self.assertEqual(self.run_client("say", self.place, "build ok", "--nick", "ci").returncode, 0)
        alice.expect(r"#1 ci: build ok\r\n")
        alice.send("/list\n/exit\n")
        self.assertNotRegex(alice.rest() + alice.heard, "ci (joined|left)|2 people")

    def test_room(self) -> None:
        """The text is said in the room that was asked for."""
        self.assertEqual(self.run_client("say", self.place, "psst", "--room", "dev").returncode, 0)
        self.assertEqual(self.posts(), [])
        done = self.run_client("join", self.place, typed=b"bob\n/join dev\n")
        self.assertIn(b": psst\n", done.stdout)


class Recent(ProgramTest):
    def test_follow(self) -> None:
        """It prints what was said and what is said, and Ctrl-C ends it with status 0."""
        self.run_client("say", self.place, "before", "--nick", "ci")
        tail = Program(sys.executable, "-c", RUN, "tail", self.place, "--nick", "tail", env=self.environment)
        self.addCleanup(tail.close)
        tail.expect(r"#1 ci: before")
        self.run_client("say", self.place, "after", "--nick", "ci")
        tail.expect(r"#2 ci: after")
        tail.process.send_signal(signal.SIGINT)
        self.assertEqual(tail.process.wait(LIMIT_S), 0)

    def test_json(self) -> None:
        """As JSON each line is an event; the numbers begin after the one asked for; a closed pipe ends it quietly."""
        for text in ("one", "two", "three"):
            self.run_client("say", self.place, text, "--nick", "ci")
        words = ["tail", self.place, "--json", "--since", "1", "--nick", "tail"]
        tail = Program(sys.executable, "-c", RUN, *words, env=self.environment)
        self.addCleanup(tail.close)
        said = r'^\{"event":"said".*\}$'
        events = [json.loads(tail.expect(said)[0]) for _ in range(2)]
        self.assertEqual([(event["id"], event["text"]) for event in events], [(2, "two"), (3, "three")])
        assert tail.process.stdout is not None
        tail.process.stdout.close()
        self.run_client("say", self.place, "four", "--nick", "ci")
        self.assertEqual(tail.process.wait(LIMIT_S), 0)
        tail.process.stdout = open("/dev/null", "rb")  # noqa: SIM115  (closed with the program)


class Bot(ProgramTest):
    def test_shown(self) -> None:
        """The documentation shows the bot as it is."""
        bot = (TREE / "docs/examples/time_bot.py").read_text()
        self.assertIn(f"```python\n{bot}```", (TREE / "docs/LIBRARY.md").read_text())

    def test_time_bot(self) -> None:
        """The bot of the documentation answers !time."""
        bot = Program(sys.executable, str(TREE / "docs/examples/time_bot.py"), self.place, env=self.environment)
        self.addCleanup(bot.close)
        alice = self.connect(self.daemon, "alice")
        alice.send("/list\n")
        while "time_bot" not in alice.expect(r"^-- .*\r\n|joined lobby")[0] + alice.heard:
            alice.send("/list\n")
        alice.send("!time\n")
        alice.expect(r"time_bot: alice: it is \d\d:\d\d:\d\d here\.")

    def test_no_server(self) -> None:
        """Without a server the bot says why, and ends with status 1."""
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))  # nothing listens there
            place = f"127.0.0.1:{silent.getsockname()[1]}"
            ended = subprocess.run(
                [sys.executable, str(TREE / "docs/examples/time_bot.py"), place], capture_output=True,
                env=self.environment, timeout=LIMIT_S, check=False,
            )  # fmt: skip
        self.assertEqual((ended.returncode, ended.stdout, ended.stderr), (1, b"", b"nothing listens there\n"))


def stored(database: sqlite3.Connection) -> list[str]:
    """The texts of all posts, in order."""
    return [text for (text,) in database.execute("SELECT text FROM posts WHERE text IS NOT NULL ORDER BY id")]


class ExactlyOnce(FunctionalTest, TestCase):
    """Posts and events through a proxy that cuts the connection at random."""

    timeout = 600

    def setUp(self) -> None:
        FunctionalTest.setUp(self)
        self.daemon = self.start()
        self.dice = random.Random(20261121)
        factory: Any = ProxyFactory("127.0.0.1", self.daemon.port)
        factory.noisy = False
        factory.protocol.noisy = False
        self.links: list[Any] = []
        build = factory.buildProtocol

        def remember(address: Any) -> Any:
            link = build(address)
            self.links.append(link)
            return link

        factory.buildProtocol = remember
        self.port: Any = reactor.listenTCP(0, factory, interface="127.0.0.1")
        self.addCleanup(self.port.stopListening)
        self.cuts = 0

    def client(self, nick: str, port: int, **options: Any) -> Client:
        endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", port)
        return Client(endpoint, nick, reactor, backoff=lambda failures: 0.02 * failures, **options)

    @inlineCallbacks
    def test_cut_again_and_again(self) -> Any:
        """However often both are cut off, each post is stored once, in order, and answered, and read once."""
        heard: list[Message] = []
        reader = self.client("reader", self.port.getHost().port, heard=heard.append, since="head")
        writer = self.client("writer", self.port.getHost().port, since="head")
        yield DeferredList([reader.start(), writer.start()], fireOnOneErrback=True)
        numbers: list[int] = []
        answers = []
        every = POSTS // CUTS
        for index in range(POSTS):
            answer = writer.say(f"post {index}")
            answers.append(answer)
            answer.addCallback(self._answered, numbers, every)
        yield DeferredList(answers, fireOnOneErrback=True, consumeErrors=True)
        while len([event for event in heard if event["event"] == "said"]) < POSTS:
            yield pause(0.05)
        while self.cuts < CUTS:
            yield pause(0.05)
        yield DeferredList([reader.leave(), writer.leave()])
        self.assertEqual((reader.state, writer.state), (State.LEFT, State.LEFT))
        expected = [f"post {index}" for index in range(POSTS)]
        self.assertEqual([event["text"] for event in heard if event["event"] == "said"], expected)
        self.assertEqual(len(set(numbers)), POSTS)
        self.daemon.stop()
        database = sqlite3.connect(self.folder / "data" / "chat.db")
        self.addCleanup(database.close)
        self.assertEqual(stored(database), expected)

    def _answered(self, number: int, numbers: list[int], every: int) -> int:
        numbers.append(number)
        if len(numbers) % every == 0:
            self._cut_soon()
        return number

    def _cut_soon(self) -> None:
        """Cut one of the two connections somewhere among the bytes of the next moment."""
        reactor.callLater(self.dice.random() * 0.01, self._cut)

    def _cut(self) -> None:
        self.links = [link for link in self.links if link.transport.connected]
        if not self.links:
            self._cut_soon()
            return
        self.cuts += 1
        self.dice.choice(self.links).transport.abortConnection()


class Hearing(FunctionalTest, TestCase):
    """Clients of the library beside people, on a real server."""

    timeout = 600

    def setUp(self) -> None:
        FunctionalTest.setUp(self)
        self.daemon = self.start()
        self.heard: list[events.Event] = []

    def client(self, nick: str, **options: Any) -> Client:
        endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", self.daemon.port)
        client = Client(endpoint, nick, reactor, **options)
        self.addCleanup(client.leave)
        return client

    def of(self, kind: type[events.Event]) -> list[Any]:
        """Return what was heard of this kind."""
        return [event for event in self.heard if isinstance(event, kind)]

    @inlineCallbacks
    def until(self, kind: type[events.Event], count: int = 1) -> Any:
        while len(self.of(kind)) < count:
            yield pause(0.02)

    @inlineCallbacks
    def test_every_kind(self) -> Any:
        """Everything that a real server sends has a record, with its fields."""
        bot = self.client("bot", on_event=self.heard.append, rooms=["lobby"])
        yield bot.start()
        yield self.until(events.Entered)
        self.assertEqual(self.of(events.Entered)[0].people, (events.Person("bot"),))
        self.assertEqual((bot.rooms, bot.room, bot.account), (("lobby",), "lobby", ""))
        self.assertTrue(bot.version)
        self.assertIn("quiet", bot.features)
        olga = self.connect(self.daemon, "olga")
        olga.send("/register correct-horse-battery\nhi\n/me waves\n/edit #1 ho\n/msg bot psst\n/topic tea\n")
        olga.send("/away soon\n/back\n/delete #1\n")
        yield self.until(events.Deleted)
        self.assertEqual([event.text for event in self.of(events.Said) + self.of(events.Edited)], ["hi", "ho"])
        self.assertEqual([(event.nick, event.to) for event in self.of(events.Whispered)], [("olga", "bot")])
        self.assertEqual([event.away for event in self.of(events.AwayChanged)], [True, False])
        self.assertEqual([event.text for event in self.of(events.TopicChanged)], ["tea"])
        people = [self.connect(self.daemon) for _ in range(30)]
        for number, person in enumerate(people):
            person.send(f"guest{number}\n")
        names = {"olga"}
        while len(names) < 31:
            yield pause(0.02)
            names |= {event.nick for event in self.of(events.Joined)}
            names |= {nick for event in self.of(events.ManyJoined) for nick in event.nicks}
        self.assertEqual(names, {"olga", *(f"guest{number}" for number in range(30))})
        for person in people:
            person.close()
        while len(names) > 1:
            yield pause(0.02)
            names -= {event.nick for event in self.of(events.Left) if event.gone}
            names -= {nick for event in self.of(events.ManyLeft) if event.gone for nick in event.nicks}
        self.assertEqual(self.of(events.Unknown), [])
        self.assertTrue(all(event.at is not None for event in self.of(events.Post)))

    @inlineCallbacks
    def test_own_rooms(self) -> Any:
        """The client knows its rooms, whoever changes them; a room that is lost takes no line any more."""
        bot = self.client("bot", on_event=self.heard.append)
        yield bot.start()
        yield bot.request("join", room="dev")
        self.assertEqual((bot.rooms, bot.room), (("lobby", "dev"), "dev"))
        yield bot.request("leave", room="dev")
        self.assertEqual((bot.rooms, bot.room), (("lobby",), "lobby"))
        self.assertEqual([(event.room, event.code) for event in self.of(events.Departed)], [("dev", "left")])
        yield self.assertFailure(bot.say("hi", room="dev"), Refused)

    @inlineCallbacks
    def test_replaced(self) -> Any:
        """A client whose token another one uses is replaced, and does not come back."""
        first = self.client("bot")
        yield first.start()
        second = self.client("bot", token=first.token, since="head")
        yield second.start()
        while first.state is not State.FAILED:
            yield pause(0.02)
        yield pause(1.5)  # it would be back within this time
        self.assertEqual((first.state, second.state), (State.FAILED, State.JOINED))


def pause(seconds: float) -> "Deferred[None]":
    """Fires after this time."""
    paused: Deferred[None] = Deferred()
    reactor.callLater(seconds, paused.callback, None)
    return paused
