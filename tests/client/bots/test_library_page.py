"""The programs on the page about the library do what it says."""

import io
import re
import unittest
from contextlib import redirect_stdout
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

import groupchat.client as gc
from groupchat.client.testing import FakeServer
from groupchat.client.testing.fake_fields import FIELDS
from tests.client.aio.loops import play
from tests.client.bots.test_examples import EXAMPLES

PAGE = (EXAMPLES.parent / "LIBRARY.md").read_text("utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
PLACE = '"localhost:5000"'


class PageTest(SynchronousTestCase):
    def block(self, words: str, **names: Any) -> dict[str, Any]:
        """The names that the only block with these words makes, without its last line, which runs it."""
        (code,) = (block for block in BLOCKS if words in block)
        code = re.sub(r"\n(asyncio\.run|bot\.run)\(.*\)\n$", "\n", code).replace(PLACE, "SERVER")
        found = {"gc": gc, **names}
        exec(compile(code, "docs/LIBRARY.md", "exec"), found)
        return found

    def test_every_block(self) -> None:
        """Each block is tried here, but for the one with Twisted, which is a file of its own."""
        self.assertEqual(len(BLOCKS), 6)

    def test_requests(self) -> None:
        """The page names the requests that the fake server knows."""
        named = re.search(r"It knows `([^`]+)`", PAGE)
        assert named is not None
        self.assertEqual(sorted(named[1].split()), sorted(FIELDS))

    def test_eight_lines(self) -> None:
        """The first program has eight lines, and answers what is said."""
        (code,) = (block for block in BLOCKS if 'nick="echo"' in block)
        self.assertEqual(len([line for line in code.splitlines() if line.strip()]), 8)

        async def scene() -> None:
            import asyncio

            server = FakeServer()
            alice = server.person("alice")
            running = asyncio.create_task(self.block('nick="echo"', SERVER=server)["main"]())
            await server.settled()
            alice.say("hello")
            server.cut()
            answer = await alice.reads()
            self.assertEqual((answer.nick, answer.text, answer.reply), ("echo", "hello", 1))
            await server.settled()
            self.assertEqual(len(alice.messages), 1)
            running.cancel()
            await asyncio.wait([running])

        play(scene())

    def test_dice(self) -> None:
        """The bot with commands answers, greets, and passes the test that the page has for it."""
        dice = self.block("Roll a die")

        async def scene() -> None:
            server = FakeServer()
            alice = server.person("alice", "games")
            async with dice["bot"].running(server, state=None):
                bob = server.person("bob", "games")
                self.assertEqual((await bob.reads()).text, "Welcome! !roll rolls a die.")
                alice.say("!roll 1")
                self.assertEqual((await alice.reads()).text, "alice rolls 1.")

        play(scene())
        case = self.block("class DiceTest", bot=dice["bot"])["DiceTest"]
        result = unittest.TestResult()
        case("test_roll").run(result)
        self.assertEqual((result.testsRun, result.errors, result.failures), (1, [], []))

    def test_watching(self) -> None:
        """Events are told apart, and one of the future is no fault."""

        async def scene() -> None:
            server = FakeServer()
            alice = server.person("alice", "dev")
            watch = self.block("async def watch")["watch"]
            async with gc.connect(server, "bot", room="dev") as chat:
                alice.say("hi")
                server.person("bob", "dev")
                server.send("polled", x=1)
                await server.settled()
                server.kick("bot")
                with self.assertRaises(gc.ConnectionDropped):
                    await watch(chat)

        printed = io.StringIO()
        with redirect_stdout(printed):
            play(scene())
        self.assertEqual(
            printed.getvalue().splitlines()[:3],
            ["alice: hi", "bob is here", "a newer server sent polled: {'event': 'polled', 'x': 1}"],
        )

    def test_errors(self) -> None:
        """Errors are told apart."""
        announce = self.block("async def announce")["announce"]

        async def scene() -> None:
            server = FakeServer()
            ops = server.person("olga", "ops")
            await announce(server, "released")
            self.assertEqual(ops.texts, ["released"])
            await announce(server, "")
            server.stop()
            await announce(server, "released")

        printed = io.StringIO()
        with redirect_stdout(printed):
            play(scene())
        self.assertEqual(
            printed.getvalue().splitlines(),
            [
                "The chat does not take it (nothing-to-say): There is nothing to say in that.",
                "The chat cannot be reached: the fake server is stopped",
            ],
        )
