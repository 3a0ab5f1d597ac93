"""Bots, beside a server in memory."""

import asyncio
import json
import logging
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

import groupchat.client as gc
from groupchat.client.testing import FakeServer, Somebody
from tests.client.aio.loops import play

Scene = Callable[[FakeServer, Somebody], Coroutine[Any, Any, None]]


class Catcher(logging.Handler):
    """Keeps what is logged."""

    def __init__(self, kept: list[logging.LogRecord]) -> None:
        super().__init__()
        self._kept = kept

    def emit(self, record: logging.LogRecord) -> None:
        self._kept.append(record)


class BotTest(SynchronousTestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.state = Path(folder.name) / "state"
        self.logged: list[logging.LogRecord] = []
        catcher = Catcher(self.logged)
        logger = logging.getLogger("groupchat.bot")
        logger.addHandler(catcher)
        self.addCleanup(logger.removeHandler, catcher)
        before, logger.propagate = logger.propagate, False
        self.addCleanup(setattr, logger, "propagate", before)

    def play(self, scene: Scene) -> None:
        async def prepared() -> None:
            server = FakeServer()
            await scene(server, server.person("alice"))

        play(prepared())

    def bot(self, **options: Any) -> tuple[gc.Bot, list[Any]]:
        """A bot that answers !ping, and notes what it hears."""
        bot = gc.Bot("bot", **options)
        heard: list[Any] = []

        @bot.command("ping", "p", usage="[TEXT]")
        def ping(call: gc.Call) -> str:
            """Answer pong.

            More words.
            """
            heard.append(call)
            return f"pong {call.text}".strip()

        @bot.on(gc.Said, gc.Whispered)
        async def note(event: gc.Event) -> None:
            heard.append(event)

        return bot, heard

    def test_commands(self) -> None:
        """A command is the first word, in any case; in private the prefix may be left out."""

        async def scene(server: FakeServer, alice: Somebody) -> None:
            bot, heard = self.bot()
            async with bot.running(server):
                for said in ("!ping", "!PING  a\nb ", "!p x", "ping", "!pingx", "!", "! ping", "x !ping", "!nothing"):
                    alice.say(said)
                await server.settled()
                self.assertEqual(alice.texts, ["pong", "pong a\nb", "pong x"])
                calls = [call for call in heard if isinstance(call, gc.Call)]
                self.assertEqual(
                    [(c.name, c.nick, c.room, c.words) for c in calls[1:2]], [("ping", "alice", "lobby", ["a", "b"])]
                )
                alice.tell("bot", "ping")
                alice.tell("bot", "!ping y")
                await server.settled()
                self.assertEqual(alice.texts[3:], ["pong", "pong y"])
                self.assertEqual({post.room for post in alice.messages[3:]}, {""})

        self.play(scene)

    def test_wrong_declarations(self) -> None:
        """What can never be called is refused where it is declared, and so are arguments that do not exist."""
        bot = gc.Bot("bot")
        anything: Any = bot

        async def nothing() -> None:
            """Do nothing."""

        for wrong in (
            lambda: anything.on("Said"), lambda: anything.on(nothing), lambda: anything.on(),
            lambda: anything.command(nothing), lambda: anything.command(1), lambda: anything.every("1"),
            lambda: anything.every(nothing), lambda: anything.every(True),
            lambda: gc.Bot("bot", passwort="x"),  # type: ignore[call-arg]
        ):  # fmt: skip
            self.assertRaises(TypeError, wrong)
        for wrong in (
            lambda: anything.command("two words"), lambda: anything.command("roll", "!r"), lambda: anything.command(""),
            lambda: anything.every(0), lambda: anything.every(-1), lambda: anything.every(float("nan")),
            lambda: gc.Bot("bot", rooms="dev"), lambda: gc.Bot("bot", alternatives="bob"),
            lambda: gc.connect("localhost", "bot", alternatives="bob"),
        ):  # fmt: skip
            self.assertRaises(ValueError, wrong)

    def test_unknown_argument_of_running(self) -> None:
        """So are arguments of `run` and `serve`."""

        async def scene(server: FakeServer, alice: Somebody) -> None:
            bot, _ = self.bot()
            with self.assertRaises(TypeError):
                await bot.serve(server, passwort="x")

        self.play(scene)

    def test_unwritable_state(self) -> None:
        """A bot that cannot keep its state does not start."""

        async def scene(server: FakeServer, alice: Somebody) -> None:
            bot, _ = self.bot(state=self.state.parent / "missing" / "state")
            with self.assertRaises(ValueError) as raised:
                await bot.serve(server)
            self.assertIn("cannot be written: No such file", str(raised.exception))

        self.play(scene)

    def test_help(self) -> None:
        """The help is told in private; so it is, once, when somebody says something else in private."""

        async def scene(server: FakeServer, alice: Somebody) -> None:
            bot, _ = self.bot(prefix="?")
            async with bot.running(server):
                alice.say("?help")
                await server.settled()
                bob = server.person("bob")
                for text in ("hello?", "hello?", "help"):
                    bob.tell("bot", text)
                await server.settled()
                self.assertEqual([type(post) for post in alice.messages], [gc.Whispered])
                self.assertEqual(alice.texts, ["?ping [TEXT] - Answer pong."])
                self.assertEqual(bob.texts, ["?ping [TEXT] - Answer pong."] * 2)

        self.play(scene)

    def test_two_bots(self) -> None:
        """Two bots that greet each other in private do not go on for ever."""

        async def scene(server: FakeServer, alice: Somebody) -> None:
            def greeter(nick: str) -> gc.Bot:
                bot = gc.Bot(nick)

                @bot.on(gc.Joined)
                async def greet(event: gc.Joined) -> None:
                    await bot.tell(event.nick, "Welcome!")

                @bot.command(f"echo-{nick}")
                def echo(call: gc.Call) -> str:
                    return call.text

                return bot

            async with greeter("one").running(server), greeter("two").running(server):
                await server.settled()
            said = [request for request in server.requests if request["do"] == "msg"]
            self.assertLessEqual(len(said), 4)

        self.play(scene)

    def test_never_itself(self) -> None:
        """A bot does not hear itself, even when its own words come back to it."""

        async def scene(server: FakeServer, alice: Somebody) -> None:
            bot, heard = self.bot(state=self.state)
            async with bot.running(server):
                await bot.say("!ping")
                bot.chat  # noqa: B018
            kept = self.state.read_text()
            async with bot.running(server, since=0):
                await server.settled()
            self.assertEqual(heard, [])
            self.assertIn('"names": ["bot"]', kept)

        self.play(scene)

    def test_failing(self) -> None:
        """A function that fails is logged, and the bot goes on; a refusal is a line in the log."""

        async def scene(server: FakeServer, alice: Somebody) -> None:
            bot, _ = self.bot()

            @bot.command("boom")
            def boom() -> None:
                raise ZeroDivisionError("boom")

            @bot.command("nowhere")
            async def nowhere() -> None:
                await bot.say("x", room="nowhere")

            async with bot.running(server):
                alice.say("!boom")
                alice.say("!nowhere")
                alice.say("!ping")
                await server.settled()
            self.assertEqual(alice.texts, ["!boom failed; the bot's log says why.", "pong"])
            failed, refused = self.logged
            self.assertEqual(failed.getMessage(), "bot failed on !boom")
            self.assertIsNotNone(failed.exc_info)
            self.assertIn("not-in-room", refused.getMessage())
            self.assertIsNone(refused.exc_info)

        self.play(scene)

    def test_answer_that_is_too_long(self) -> None:
        """Whoever gave a command whose answer is too long is told that there is none."""

        async def scene(server: FakeServer, alice: Somebody) -> None:
            bot, _ = self.bot()

            @bot.command("all")
            def everything() -> str:
                return "x" * 5000

            @bot.command("more")
            def more() -> str:
                return "x" * 20000

            async with bot.running(server):
                alice.say("!all")
                alice.say("!more")
                await server.settled()
            self.assertEqual(alice.texts, [f"!{name} failed; the bot's log says why." for name in ("all", "more")])
            self.assertEqual([line.exc_info for line in self.logged], [None, None])

        self.play(scene)

    def test_slips(self) -> None:
        """What a function returns by mistake is told in the log; the number of its own post is none."""

        async def scene(server: FakeServer, alice: Somebody) -> None:
            bot, _ = self.bot()

            @bot.command("seven")
            def seven() -> int:
                return 7

            @bot.command("right")
            async def right(call: gc.Call) -> int:
                return await call.say("yes")

            async with bot.running(server):
                alice.say("!seven")
                alice.say("!right")
                await server.settled()
            self.assertEqual(alice.texts, ["yes"])
            self.assertEqual(
                [record.getMessage() for record in self.logged],
                ["bot: seven returned 7 on !seven, which is not a string: it is not said"],
            )

        self.play(scene)

    def test_kinds(self) -> None:
        """A function is given the events it wants; what it returns is said where they were."""

        async def scene(server: FakeServer, alice: Somebody) -> None:
            bot = gc.Bot("bot", rooms=["dev", "lobby"])
            events: list[gc.Event] = []

            @bot.on(gc.Joined)
            def welcome(event: gc.Joined) -> str:
                return f"Welcome to {event.room}, {event.nick}."

            @bot.on(gc.Event)
            def everything(event: gc.Event) -> None:
                events.append(event)

            async with bot.running(server):
                await server.settled()
                alice.join("dev")
                await server.settled()
                number = alice.say("typo")
                alice.edit(number, "type")
                alice.delete(number)
                alice.set_topic("Chess")
                alice.exit("bye")
                await server.settled()
            self.assertEqual([(post.room, post.text) for post in alice.messages], [("dev", "Welcome to dev, alice.")])  # type: ignore[union-attr]
            names = [type(event).__name__ for event in events]
            self.assertEqual(
                names,
                ["Entered", "Entered", "Joined", "Said", "Edited", "Deleted", "TopicChanged", "Left", "Left"],
            )

        self.play(scene)

    def test_server_killed(self) -> None:
        """An answer whose confirmation is lost is not given twice."""

        async def scene(server: FakeServer, alice: Somebody) -> None:
            bot, _ = self.bot()
            async with bot.running(server):
                for turns in range(12):
                    alice.say(f"!ping {turns}")
                    for _ in range(turns):
                        await asyncio.sleep(0)
                    server.stop()
                    server.start()
                    await alice.reads()
                await server.settled()
            self.assertEqual(alice.texts, [f"pong {turns}" for turns in range(12)])

        self.play(scene)

    def test_bot_killed(self) -> None:
        """A bot that is killed at any moment, and started again, answers everything, once."""

        async def scene(server: FakeServer, alice: Somebody) -> None:
            for turns in range(30):
                bot, _ = self.bot(state=self.state)
                task = asyncio.create_task(bot.serve(server))
                await server.settled()
                alice.say(f"!ping {turns}")
                for _ in range(turns // 2):
                    await asyncio.sleep(0)
                server.stop()  # nothing more arrives, as if its process was gone
                task.cancel()
                await asyncio.wait([task])
                server.start()
            bot, _ = self.bot(state=self.state)
            async with bot.running(server):
                await server.settled()
                self.assertEqual(alice.texts, [f"pong {turns}" for turns in range(30)])

        self.play(scene)

    def test_memory_of_an_unfinished_call(self) -> None:
        """What a function has changed is not kept before it is done: the next run would change it once more."""

        async def scene(server: FakeServer, alice: Somebody) -> None:
            bot = gc.Bot("bot", state=self.state)
            done, ticks = asyncio.Event(), asyncio.Event()

            @bot.command("count")
            async def count() -> str:
                bot.memory["count"] = 1
                await done.wait()
                return "counted"

            @bot.every(0.01)
            def tick() -> None:
                ticks.set()

            async with bot.running(server):
                await ticks.wait()
                alice.say("!count")
                await server.settled()
                await asyncio.sleep(0.05)
                self.assertEqual((bot.memory, json.loads(self.state.read_text())["memory"]), ({"count": 1}, {}))
                done.set()
                self.assertEqual((await alice.reads()).text, "counted")
                ticks.clear()
                await ticks.wait()
                self.assertEqual(json.loads(self.state.read_text())["memory"], {"count": 1})

        self.play(scene)

    def test_memory(self) -> None:
        """What a bot keeps is there in the next run, as it was when the last message was done with."""

        async def scene(server: FakeServer, alice: Somebody) -> None:
            def counter() -> gc.Bot:
                bot = gc.Bot("bot", state=self.state)

                @bot.command("count")
                def count() -> str:
                    bot.memory["count"] = bot.memory.get("count", 0) + 1
                    return str(bot.memory["count"])

                return bot

            for _ in range(3):
                async with counter().running(server):
                    alice.say("!count")
                    await alice.reads()
                    await server.settled()
                alice.say("!count")
            async with counter().running(server):
                await server.settled()
            self.assertEqual(alice.texts, list("123456"))

        self.play(scene)

    def test_times(self) -> None:
        """Functions are called when the bot is in, and from time to time."""

        async def scene(server: FakeServer, alice: Somebody) -> None:
            bot = gc.Bot("bot")

            @bot.on_start
            async def hello() -> None:
                await bot.say("hello")

            @bot.every(0.01)
            def tick() -> str:
                return "tick"

            async with bot.running(server):
                self.assertEqual([(await alice.reads()).text for _ in range(3)], ["hello", "tick", "tick"])
            with self.assertRaises(RuntimeError):
                bot.chat  # noqa: B018

        self.play(scene)

    def test_not_let_in(self) -> None:
        """What keeps a bot out is told at once; as a program it is a sentence and a status."""

        async def scene(server: FakeServer, alice: Somebody) -> None:
            with self.assertRaises(gc.Refused):
                async with gc.Bot("alice").running(server):
                    self.fail("it is in")
            self.state.write_text("no state")
            with self.assertRaisesRegex(ValueError, "is damaged"):
                async with gc.Bot("bot", state=self.state).running(server):
                    self.fail("it is in")
            self.state.unlink()
            async with gc.Bot("bot", state=self.state).running(server):
                with self.assertRaisesRegex(ValueError, "is in use by another bot"):
                    await gc.Bot("bot2", state=self.state).serve(server)

        self.play(scene)
        stopped = FakeServer()
        stopped.stop()
        for bot in (gc.Bot("bot"), gc.Bot(access="gct_" + "x" * 40)):
            with self.assertRaises(SystemExit) as raised:
                bot.run(stopped)
            self.assertEqual(str(raised.exception), "bot: No connection to the fake server: the fake server is stopped")

    def test_declarations(self) -> None:
        """A command is declared once, and a function takes one argument at most."""
        bot, _ = self.bot()
        for name in ("ping", "P", "help"):
            with self.assertRaises(ValueError):
                bot.command(name)(lambda: None)
        with self.assertRaises(TypeError):
            bot.command("two")(lambda one, two: None)
        with self.assertRaises(TypeError):
            bot.on(gc.Said)(lambda one, two: None)

    def test_waiting(self) -> None:
        """What is refused for some seconds is said after them."""

        async def scene(server: FakeServer, alice: Somebody) -> None:
            bot, _ = self.bot()
            async with bot.running(server):
                server.refuse("say", "slow-mode", "Wait.", wait=0.01)
                alice.say("!ping")
                self.assertEqual((await alice.reads()).text, "pong")

        self.play(scene)
