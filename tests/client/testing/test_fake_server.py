"""What tests of others do with the fake server."""

import asyncio

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

import groupchat.client as gc
from groupchat.client.testing import FakeServer
from tests.client.aio.loops import play


class AsyncTest(SynchronousTestCase):
    """Beside programs with asyncio."""

    def test_prepared(self) -> None:
        """A test refuses requests, answers them itself, and sees all that was asked for."""

        async def scene() -> None:
            server = FakeServer()
            async with gc.connect(server, "bot") as chat:
                server.refuse("say", "muted", "You are muted.")
                with self.assertRaises(gc.Refused) as raised:
                    await chat.say("x")
                self.assertEqual((raised.exception.code, raised.exception.text), ("muted", "You are muted."))
                await chat.say("x")
                server.answer("whois", lambda request: {"what": "whois", "items": [{"nick": request["nick"]}]})
                self.assertEqual((await chat.request("whois", nick="bob"))["items"], [{"nick": "bob"}])
            self.assertEqual([request["do"] for request in server.requests], ["nick", "say", "say", "whois", "exit"])

        play(scene())

    def test_passwords(self) -> None:
        """A nickname with a password needs it."""

        async def scene() -> None:
            server = FakeServer({"Bot": "secret"})
            for password, code in ((None, "password-needed"), ("wrong", "password-wrong")):
                with self.assertRaises(gc.Refused) as raised:
                    async with gc.connect(server, "bot", password=password):
                        self.fail("it is in")
                self.assertEqual(raised.exception.code, code)
            async with gc.connect(server, "bot", password="secret") as chat:
                self.assertEqual(chat.nick, "bot")

        play(scene())

    def test_reading(self) -> None:
        """A test that waits for a message that never comes is told so."""

        async def scene() -> None:
            alice = FakeServer().person("alice")
            with self.assertRaisesRegex(AssertionError, "alice has read nothing more"):
                await alice.reads(0.01)

        play(scene())

    def test_people(self) -> None:
        """Whom a test plays can do what people do, and is refused what they are."""
        server = FakeServer()
        alice, bob = server.person("alice"), server.person("bob", "lobby", "dev")
        number = alice.say("hi")
        alice.act("waves")
        alice.tell("bob", "psst", reply=None)
        alice.edit(number, "hi!")
        alice.delete(number)
        alice.set_topic("Chess")
        alice.rename("alicia")
        alice.leave(reason="tea")
        self.assertEqual(
            [type(event).__name__ for event in bob.events],
            [
                "Entered",
                "Entered",
                "Said",
                "Acted",
                "Whispered",
                "Edited",
                "Deleted",
                "TopicChanged",
                "Renamed",
                "Left",
            ],
        )
        self.assertEqual(bob.texts, ["hi", "waves", "psst"])
        for action, code in (
            (lambda: alice.say("x"), "not-in-room"),
            (lambda: bob.edit(number, "x"), "not-yours"),
            (lambda: alice.rename("bob"), "nick-taken"),
        ):
            with self.assertRaises(gc.Refused) as raised:
                action()
            self.assertEqual(raised.exception.code, code)

    def test_settled(self) -> None:
        """Who waits until nothing more happens sees clients come back that were cut off, and none while it is away."""

        async def scene() -> None:
            server = FakeServer()
            alice = server.person("alice")
            async with gc.connect(server, "bot") as chat:
                server.cut()
                await server.settled()
                self.assertIs(chat.state, gc.State.JOINED)
                server.stop()
                await server.settled()
                self.assertIsNot(chat.state, gc.State.JOINED)
                alice.say("missed")
                server.start()
                await server.settled()
                self.assertIs(chat.state, gc.State.JOINED)
                self.assertEqual(
                    [e.text for e in [await anext(chat) for _ in range(4)] if isinstance(e, gc.Said)], ["missed"]
                )

        play(scene())

    def test_lost_answer(self) -> None:
        """A connection that is cut loses what is on its way, in both directions."""

        async def scene() -> None:
            server = FakeServer()
            async with gc.connect(server, "bot") as chat:
                asking = asyncio.create_task(chat.request("topic"))
                await asyncio.sleep(0)
                await asyncio.sleep(0)
                server.cut()
                with self.assertRaises(gc.Unanswered):
                    await asking

        play(scene())


class TwistedTest(SynchronousTestCase):
    """Beside programs with Twisted."""

    def test_client(self) -> None:
        """A client of Twisted joins, hears, says, and comes back after a cut, on a clock that the test moves."""
        clock, server = Clock(), FakeServer()
        alice = server.person("alice")
        heard: list[gc.Event] = []
        client = gc.Client(server.endpoint(clock), "bot", clock, on_event=heard.append, backoff=server.backoff)
        started = client.start()
        clock.pump([0] * 5)
        self.assertEqual(self.successResultOf(started)["nick"], "bot")
        alice.say("hi")
        said = client.say("hello")
        clock.pump([0] * 5)
        self.assertEqual((self.successResultOf(said), alice.texts), (2, ["hello"]))
        server.cut()
        alice.say("are you there?")
        clock.pump([0.01] * 20)
        texts = [event.text for event in heard if isinstance(event, gc.Said)]
        self.assertEqual((client.state, texts), (gc.State.JOINED, ["hi", "are you there?"]))
        server.stop()
        clock.pump([0.01] * 3)
        self.assertIn(client.state, (gc.State.WAITING, gc.State.CONNECTING))
        server.start()
        clock.pump([0.01] * 5)
        left = client.leave()
        clock.pump([0] * 5)
        self.successResultOf(left)
        self.assertEqual(alice.events[-1].reason, "")  # type: ignore[attr-defined]

    def test_nothing_listens(self) -> None:
        """A client of Twisted fails at once when there is no server."""
        clock, server = Clock(), FakeServer()
        server.stop()
        started = gc.Client(server.endpoint(clock), "bot", clock).start()
        clock.pump([0] * 5)
        self.failureResultOf(started, gc.errors.NothingListens)

    def test_paused(self) -> None:
        """A client that is paused reads nothing until it goes on."""
        clock, server = Clock(), FakeServer()
        alice = server.person("alice")
        heard: list[gc.Event] = []
        client = gc.Client(server.endpoint(clock), "bot", clock, on_event=heard.append)
        client.start()
        clock.pump([0] * 5)
        client.pauseProducing()
        alice.say("hi")
        clock.pump([0] * 5)
        self.assertEqual([event for event in heard if isinstance(event, gc.Said)], [])
        client.resumeProducing()
        clock.pump([0] * 5)
        self.assertEqual(len([event for event in heard if isinstance(event, gc.Said)]), 1)
        client.stopProducing()
        clock.pump([0] * 5)
        self.assertIs(client.state, gc.State.LEFT)
