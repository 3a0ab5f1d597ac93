"""The bots of the documentation, beside a server in memory."""

import asyncio
import contextlib
import importlib.util
import json
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.testing import FakeServer
from tests.client.aio.loops import play

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"


def example(name: str) -> ModuleType:
    """Return an example of the documentation as a module of its own, fresh from its file."""
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class ExampleTest(SynchronousTestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)


class EchoTest(ExampleTest):
    def test_echo(self) -> None:
        """It says the same as a reply, and nothing else is said."""

        async def scene() -> None:
            server = FakeServer()
            alice = server.person("alice")
            async with example("echo_bot").bot.running(server):
                asked = alice.say("!echo hello\nyou")
                alice.say("echo nothing")
                answer = await alice.reads()
                self.assertEqual((answer.nick, answer.text, answer.reply), ("echo", "hello\nyou", asked))
                await server.settled()
                self.assertEqual(len(alice.messages), 1)

        play(scene())

    def test_eight_lines(self) -> None:
        """It is as short as the documentation says: eight lines, not counting blank ones and the way it is started."""
        lines = (EXAMPLES / "echo_bot.py").read_text().split('if __name__ == "__main__":')[0].splitlines()
        self.assertLessEqual(len([line for line in lines if line.strip() and not line.startswith('"""')]), 8)


class PollTest(ExampleTest):
    def test_poll(self) -> None:
        """Votes count once for each person, also over a restart of the bot."""

        async def scene() -> None:
            server, state = FakeServer(), self.folder / "state"
            alice, bob = server.person("alice"), server.person("bob")
            async with example("poll_bot").bot.running(server, state=state):
                alice.say("!vote 1")
                self.assertIn("no poll", (await alice.reads()).text)
                alice.say("!poll Lunch? / pizza / pasta")
                self.assertEqual((await alice.reads()).text, "Lunch?\n1. pizza\n2. pasta\nVote with !vote NUMBER.")
                for voter, number in ((alice, "1"), (bob, "1"), (alice, "2"), (bob, "3")):
                    voter.say(f"!vote {number}")
                    answer = await voter.reads()
                    while answer.nick != "poll" or answer.reply_nick != voter.nick:
                        answer = await voter.reads()
            alice.say("!result")  # while the bot is away
            async with example("poll_bot").bot.running(server, state=state):
                await server.settled()
                self.assertEqual(alice.texts[-1], "Lunch?\n1 for pizza\n1 for pasta")
                alice.tell("poll", "poll Lunch? / a / b")
                await server.settled()
                self.assertIn("In a room", alice.texts[-1])

        play(scene())


class ReminderTest(ExampleTest):
    def test_reminder(self) -> None:
        """It reminds once, at the right time, also after a restart."""

        async def scene() -> None:
            server, state = FakeServer(), self.folder / "state"
            alice = server.person("alice")
            bot = example("reminder_bot")
            async with bot.bot.running(server, state=state):
                alice.say("!remind soon tea")
                self.assertIn("like this", (await alice.reads()).text)
                alice.say("!remind 10m tea is ready")
                self.assertEqual((await alice.reads()).text, "I will, in 10m.")
                alice.tell("reminder", "remind 2h call home")
                self.assertEqual((await alice.reads()).text, "I will, in 2h.")
                await bot.look()
                await server.settled()
                self.assertEqual(len(alice.messages), 3)
            later = example("reminder_bot")
            kept = json.loads(state.read_text())
            for reminder in kept["memory"]["reminders"]:
                reminder["due"] -= 3600
            state.write_text(json.dumps(kept))
            async with later.bot.running(server, state=state):
                await later.look()
                await later.look()
                await server.settled()
                self.assertEqual(alice.texts[3:], ["alice: tea is ready"])

        play(scene())


class WebhookTest(ExampleTest):
    def test_relay(self) -> None:
        """Each message of the room reaches the service, in order, also when that is out of order at first."""

        async def scene() -> None:
            received: list[dict[str, Any]] = []
            answers = [b"HTTP/1.1 503 Not now\r\n\r\n"]

            async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                length = int(head.partition("content-length: ")[2].partition("\r")[0])
                body = json.loads(await reader.readexactly(length))
                answer = answers.pop() if answers else b"HTTP/1.1 204 Done\r\n\r\n"
                if b"204" in answer:
                    received.append(body)
                writer.write(answer)
                writer.close()

            server, module = FakeServer(), example("webhook_bot")
            alice, carol = server.person("alice", "dev"), server.person("carol", "lobby")
            service = await asyncio.start_server(serve, "127.0.0.1", 0)
            port = service.sockets[0].getsockname()[1]
            bot = module.relay("dev", f"http://127.0.0.1:{port}/hook")
            async with service, bot.running(server, state=self.folder / "state"):
                alice.say("one")
                carol.say("elsewhere")
                alice.act("waves")
                while len(received) < 2:
                    await asyncio.sleep(0.01)
            self.assertEqual(
                [(each["nick"], each["text"]) for each in received], [("alice", "one"), ("alice", "waves")]
            )
            self.assertEqual(received[0]["room"], "dev")

        play(scene())


class BridgeTest(ExampleTest):
    def test_bridge(self) -> None:
        """What is said on one side is said on the other, and never comes back."""

        async def scene() -> None:
            server, module = FakeServer(), example("irc_bridge")
            alice = server.person("alice")
            lines: asyncio.Queue[str] = asyncio.Queue()
            writers: list[asyncio.StreamWriter] = []

            async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                writers.append(writer)
                while line := await reader.readline():
                    lines.put_nowait(line.decode().rstrip("\r\n"))

            irc = await asyncio.start_server(serve, "127.0.0.1", 0)
            port = irc.sockets[0].getsockname()[1]
            running = asyncio.create_task(module.bridge(server, "lobby", "127.0.0.1", port, "#chat"))
            self.assertEqual(
                [await lines.get() for _ in range(3)], ["NICK bridge", "USER bridge 0 * :bridge", "JOIN #chat"]
            )
            await server.settled()
            alice.say("hello\nthere")
            alice.act("waves")
            self.assertEqual(
                [await lines.get() for _ in range(3)],
                ["PRIVMSG #chat :<alice> hello", "PRIVMSG #chat :<alice> there", "PRIVMSG #chat :* alice waves"],
            )
            writers[0].write(b"PING :x\r\n:dan!d@host PRIVMSG #chat :hi all\r\n:dan!d@host PRIVMSG bridge :private\r\n")
            self.assertEqual(await lines.get(), "PONG :x")
            self.assertEqual((await alice.reads()).text, "<dan> hi all")
            await server.settled()
            self.assertTrue(lines.empty())
            writers[0].close()
            with contextlib.suppress(ExceptionGroup):
                await running
            self.assertTrue(running.done())
            irc.close()

        play(scene())


class ModerationTest(ExampleTest):
    def test_guard(self) -> None:
        """Who says too much at once is warned, then muted; everybody else is left alone."""
        now = [datetime(2026, 11, 21, 12, tzinfo=UTC)]

        async def scene() -> None:
            server = FakeServer({"guard": "secret"}, now=lambda: now[0])
            server.answer("mute", lambda request: {"text": "muted"})
            bob = server.person("bob")
            bot = example("moderation_bot").guard("lobby", password="secret")
            async with bot.running(server):
                alice = server.person("alice")
                self.assertIn("Welcome to lobby", (await alice.reads()).text)
                alice.say("!rules")
                self.assertIn("Be kind", (await alice.reads()).text)
                for _ in range(20):
                    now[0] += timedelta(seconds=5)
                    bob.say("slow")
                await server.settled()
                self.assertEqual([post for post in bob.messages if post.nick == "guard" and not post.room], [])
                for _ in range(6):
                    bob.say("fast")
                await server.settled()
                self.assertIn("Not so fast", bob.texts[-1])
                for _ in range(6):
                    bob.say("fast")
                await server.settled()
                muted = [request for request in server.requests if request["do"] == "mute"]
                self.assertEqual([(each["nick"], each["room"]) for each in muted], [("bob", "lobby")])

        play(scene())
