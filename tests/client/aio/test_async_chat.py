"""A chat under asyncio, beside a server in memory."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

import groupchat.client as gc
from groupchat.client.testing import FakeServer, Somebody
from tests.client.aio.loops import play

Scene = Callable[[FakeServer, Somebody], Coroutine[Any, Any, None]]


class ChatTest(SynchronousTestCase):
    """Each test is a scene with alice, who sits at no client."""

    def play(self, scene: Scene) -> None:
        async def prepared() -> None:
            server = FakeServer()
            await scene(server, server.person("alice"))

        play(prepared())

    def test_events(self) -> None:
        """Events come as records, in order, and what the program says has its number."""

        async def scene(server: FakeServer, alice: Somebody) -> None:
            async with gc.connect(server, "bot") as chat:
                self.assertEqual((chat.nick, chat.room, chat.rooms, chat.state), ("bot", "lobby", ("lobby",), "joined"))
                number = alice.say("hi")
                self.assertEqual(await chat.reply(gc.Said(number, "lobby", "alice", None, "hi"), "hello"), number + 1)
                entered, said = await anext(chat), await anext(chat)
                self.assertIsInstance(entered, gc.Entered)
                self.assertEqual((said.id, said.text), (number, "hi"))  # type: ignore[attr-defined]
                self.assertEqual((await alice.reads()).reply, number)
            self.assertEqual(alice.events[-1], gc.Left("lobby", "bot", "", True, alice.events[-1].at))  # type: ignore[attr-defined]
            self.assertEqual([event async for event in chat], [])

        self.play(scene)

    def test_verbs(self) -> None:
        """What a program does arrives: in a room, in private, as a deed, as a file of commands."""

        async def scene(server: FakeServer, alice: Somebody) -> None:
            alice.join("dev")
            async with gc.connect(server, "bot", rooms=["lobby", "dev"]) as chat:
                self.assertEqual(chat.room, "dev")
                await chat.say("in dev")
                await chat.say("in the lobby", room="lobby", reply=None)
                await chat.act("waves", room="lobby")
                await chat.tell("alice", "psst")
                self.assertEqual([post.room for post in alice.messages], ["dev", "lobby", "lobby", ""])
                whispered = alice.tell("bot", "yes?")
                event = next(e for e in [await anext(chat) for _ in range(3)] if isinstance(e, gc.Whispered))
                await chat.reply(event, "no")
                self.assertEqual((alice.messages[-1].reply, alice.messages[-1].room), (whispered, ""))
                self.assertEqual([e.text for e in await chat.history("lobby")], ["in the lobby", "waves"])  # type: ignore[attr-defined]
                await chat.join("ops")
                self.assertEqual(chat.room, "ops")
                await chat.leave_room("ops")
                self.assertNotIn("ops", chat.rooms)
                self.assertEqual((await chat.request("topic"))["items"][0]["topic"], "")

        self.play(scene)

    def test_preference_that_is_refused(self) -> None:
        """A preference that the server does not know is a warning in the log, and an event."""

        async def scene(server: FakeServer, alice: Somebody) -> None:
            with self.assertLogs("groupchat.client", "WARNING") as logged:
                async with gc.connect(server, "bot", preferences={"ehco": "on"}) as chat:
                    await server.settled()
                    events = [await anext(chat), await anext(chat)]
                    self.assertEqual([event.raw.get("code") for event in events], [None, "bad-arguments"])
            self.assertEqual(
                [record.getMessage() for record in logged.records],
                ["The server refused something: There is no setting ehco. (bad-arguments)"],
            )

        self.play(scene)

    def test_refusals(self) -> None:
        """What the server refuses is an exception with its code."""

        async def scene(server: FakeServer, alice: Somebody) -> None:
            async with gc.connect(server, "bot") as chat:
                for request, code in (
                    (chat.say("x", room="dev"), "not-in-room"),
                    (chat.tell("nobody", "x"), "no-such-nick"),
                    (chat.request("fly"), "unknown-command"),
                    (chat.say(" "), "nothing-to-say"),
                ):
                    with self.assertRaises(gc.Refused) as raised:
                        await request
                    self.assertEqual(raised.exception.code, code)

        self.play(scene)

    def test_not_let_in(self) -> None:
        """A nickname that is taken, and a server that is not there, are told at once."""

        async def scene(server: FakeServer, alice: Somebody) -> None:
            with self.assertRaises(gc.Refused) as raised:
                async with gc.connect(server, "alice"):
                    self.fail("it was let in")
            self.assertEqual(raised.exception.code, "nick-taken")
            async with gc.connect(server, "alice", alternatives=["alice2"]) as chat:
                self.assertEqual(chat.nick, "alice2")
            server.stop()
            with self.assertRaises(gc.errors.NothingListens):
                async with gc.connect(server, "bot"):
                    self.fail("there is no server")

        self.play(scene)

    def test_wait(self) -> None:
        """A program that is told to wait is let in when the server comes."""

        async def scene(server: FakeServer, alice: Somebody) -> None:
            server.stop()
            states: list[str] = []

            def changed(change: gc.Change) -> None:
                states.append(change.state)
                if change.state is gc.State.WAITING:
                    server.start()

            async with gc.connect(server, "bot", wait=True, changed=changed) as chat:
                self.assertEqual(chat.nick, "bot")
            self.assertEqual(states[:2], ["connecting", "waiting"])

        self.play(scene)

    def test_coming_back(self) -> None:
        """Nothing is missed, heard twice or said twice when the connection breaks; one does not hear oneself."""

        async def scene(server: FakeServer, alice: Somebody) -> None:
            async with gc.connect(server, "bot") as chat:
                await anext(chat)
                for number in range(5):
                    saying = asyncio.create_task(chat.say(f"bot {number}"))
                    for _ in range(number):  # it is cut before it is sent, before it arrives, before it is answered …
                        await asyncio.sleep(0)
                    server.cut()
                    alice.say(f"alice {number}")
                    await saying
                heard: list[str] = []
                while len(heard) < 5:
                    event = await anext(chat)
                    heard += [event.text] if isinstance(event, gc.Said) else []
                self.assertEqual(heard, [f"alice {number}" for number in range(5)])
                self.assertEqual(alice.texts, [f"bot {number}" for number in range(5)])

        self.play(scene)

    def test_put_out(self) -> None:
        """Who is kicked is told by an exception, after the events before it, and does not come back."""

        async def scene(server: FakeServer, alice: Somebody) -> None:
            with self.assertRaises(gc.ConnectionDropped) as raised:
                async with gc.connect(server, "bot") as chat:
                    alice.say("before")
                    server.kick("bot")
                    texts = []
                    async for event in chat:
                        texts += [event.text] if isinstance(event, gc.Said) else []
            self.assertEqual((raised.exception.code, texts), ("kicked", ["before"]))
            with self.assertRaises(gc.errors.Left):
                await chat.say("x")

        self.play(scene)

    def test_room_that_is_refused(self) -> None:
        """A room that the program wants and may not enter is told at once."""

        async def scene(server: FakeServer, alice: Somebody) -> None:
            with self.assertRaises(gc.Refused) as raised:
                async with gc.connect(server, "bot", room="no room"):
                    pass
            self.assertEqual(raised.exception.code, "room-invalid")

        self.play(scene)

    def test_people(self) -> None:
        """Who is in a room is known at every moment."""

        async def scene(server: FakeServer, alice: Somebody) -> None:
            async with gc.connect(server, "bot") as chat:
                await server.settled()
                self.assertEqual([person.nick for person in chat.people()], ["alice", "bot"])
                bob = server.person("bob")
                bob.rename("robert")
                alice.leave()
                await server.settled()
                self.assertEqual([person.nick for person in chat.people("lobby")], ["bot", "robert"])
                self.assertEqual(chat.people("elsewhere"), ())
                server.send("program-joined", room="lobby", nick="abacus")
                server.send("many-programs-joined", room="lobby", nicks=["p", "q"], accounts=["p"])
                server.send("renamed", room="lobby", nick="abacus", new="calculator")
                server.send("program-left", room="lobby", nick="q", reason="", gone=False)
                server.send("many-joined", room="lobby", nicks=["x", "y"], accounts=["y"])
                server.send("away-changed", room="lobby", nick="x", away=True, text="tea")
                server.send("many-left", room="lobby", nicks=["robert"], reason="", gone=True)
                await server.settled()
                self.assertEqual([(one.nick, one.account) for one in chat.programs()], [("p", "p"), ("calculator", "")])
                self.assertEqual(
                    [(person.nick, person.account, person.away) for person in chat.people()],
                    [("bot", "", False), ("x", "", True), ("y", "y", False)],
                )

        self.play(scene)

    def test_people_of_a_lost_room(self) -> None:
        """Nobody is known to be in a room that was lost while there was no connection."""

        async def scene(server: FakeServer, alice: Somebody) -> None:
            alice.join("dev")
            async with gc.connect(server, "bot") as chat:
                await chat.join("dev")
                await chat.request("switch", room="lobby")
                self.assertEqual([person.nick for person in chat.people("DEV")], ["alice", "bot"])
                server.stop()
                next(person for person in server.hall.people if person.nick == "bot").rooms.remove("dev")
                server.start()
                await server.settled()
                self.assertEqual((chat.rooms, chat.people("dev"), chat.programs("dev")), (("lobby",), (), ()))
                self.assertEqual([person.nick for person in chat.people()], ["alice", "bot"])

        self.play(scene)

    def test_deeds_stay_in_their_room(self) -> None:
        """What one does in a room that one does not get into is done nowhere."""

        async def scene(server: FakeServer, alice: Somebody) -> None:
            async with gc.connect(server, "bot") as chat:
                server.refuse("join", "room-locked")
                joined = asyncio.create_task(chat.join("vault"))
                await asyncio.sleep(0)
                with self.assertRaises(gc.Refused) as raised:
                    await chat.act("opens the vault")
                self.assertEqual(raised.exception.code, "not-in-room")
                with self.assertRaises(gc.Refused):
                    await joined
                await server.settled()
                self.assertEqual(alice.messages, [])

        self.play(scene)

    def test_forward_compatibility(self) -> None:
        """Events and fields of the future are there."""

        async def scene(server: FakeServer, alice: Somebody) -> None:
            async with gc.connect(server, "bot") as chat:
                await anext(chat)
                server.send("polled", question="?")
                event = await anext(chat)
                self.assertEqual((event.name, event.raw["question"]), ("polled", "?"))  # type: ignore[attr-defined]

        self.play(scene)

    def test_resumption(self) -> None:
        """With token and position a program goes on where another one has stopped reading."""

        async def scene(server: FakeServer, alice: Somebody) -> None:
            async with gc.connect(server, "bot", room="dev") as chat:
                alice.join("dev")
                for number in range(3):
                    alice.say(str(number), room="dev")
                async for event in chat:
                    if isinstance(event, gc.Said) and event.text == "1":
                        token, since = chat.token, chat.since  # it has done with "0" only
                        break
            alice.say("3", room="dev")
            async with gc.connect(server, "bot", room="dev", token=token, since=since) as again:
                texts: list[str] = []
                while len(texts) < 3:
                    event = await anext(again)
                    texts += [event.text] if isinstance(event, gc.Said) else []
            self.assertEqual(texts, ["1", "2", "3"])

        self.play(scene)

    def test_cancelling(self) -> None:
        """A task that is cancelled while it reads, says or joins leaves politely, within a task group too."""

        async def scene(server: FakeServer, alice: Somebody) -> None:
            async def reading() -> None:
                async with gc.connect(server, "bot") as chat, asyncio.TaskGroup() as group:
                    group.create_task(chat.say("one"))
                    group.create_task(chat.say("two"))
                    async for _ in chat:
                        pass

            for turns in range(12):
                task = asyncio.create_task(reading())
                for _ in range(turns):
                    await asyncio.sleep(0)
                task.cancel()
                with self.assertRaises(asyncio.CancelledError):
                    await task
                await server.settled()
                self.assertEqual([person.nick for person in server.hall.people if person.is_here], ["alice"], turns)

        self.play(scene)

    def test_cancelled_words(self) -> None:
        """What is cancelled before it could be sent is never said."""

        async def scene(server: FakeServer, alice: Somebody) -> None:
            async with gc.connect(server, "bot") as chat:
                server.stop()
                await server.settled()
                saying = [asyncio.create_task(chat.say(text)) for text in ("one", "two", "three")]
                await asyncio.sleep(0)
                saying[1].cancel()
                server.start()
                await asyncio.wait(saying)
                await server.settled()
            self.assertEqual(alice.texts, ["one", "three"])

        self.play(scene)

    def test_program_fails(self) -> None:
        """An exception of the program leaves the chat, and stays what it was."""

        async def scene(server: FakeServer, alice: Somebody) -> None:
            with self.assertRaises(ZeroDivisionError):
                async with gc.connect(server, "bot"):
                    raise ZeroDivisionError
            self.assertEqual(server.requests[-1]["do"], "exit")

        self.play(scene)

    def test_one_reader(self) -> None:
        """A second task that reads is told that only one can."""

        async def scene(server: FakeServer, alice: Somebody) -> None:
            async with gc.connect(server, "bot") as chat:
                await anext(chat)
                first = asyncio.create_task(anext(chat))
                await asyncio.sleep(0)
                with self.assertRaises(RuntimeError):
                    await anext(chat)
                alice.say("x")
                await first

        self.play(scene)

    def test_slow_program(self) -> None:
        """A program that does not read stops the network, and misses nothing."""

        async def scene(server: FakeServer, alice: Somebody) -> None:
            async with gc.connect(server, "bot", full=10) as chat:
                for number in range(50):
                    alice.say(str(number))
                    await server.settled()
                waiting = len(chat._queue)
                texts: list[str] = []
                while len(texts) < 50:
                    event = await anext(chat)
                    texts += [event.text] if isinstance(event, gc.Said) else []
            self.assertLessEqual(waiting, 11)
            self.assertEqual(texts, [str(number) for number in range(50)])

        self.play(scene)

    def test_slow_program_that_answers(self) -> None:
        """A program that is slower than the room, and waits for answers, keeps a bounded number of events too."""

        async def scene(server: FakeServer, alice: Somebody) -> None:
            most, texts = 0, []
            async with gc.connect(server, "bot", full=5) as chat:
                for number in range(200):
                    alice.say(str(number))
                async for event in chat:
                    if isinstance(event, gc.Said):
                        texts.append(event.text)
                        alice.say(f"{event.text} again") if len(texts) < 200 else None
                        await chat.say(event.text)
                        most = max(most, len(chat._queue))
                    if len(texts) >= 399:
                        break
            self.assertEqual(texts[:200], [str(number) for number in range(200)])
            self.assertLessEqual(most, 50)
            self.assertEqual(len(texts), len(set(texts)))

        self.play(scene)

    def test_claim(self) -> None:
        """What the program says of itself is in its claim, each time it comes back."""

        async def scene(server: FakeServer, alice: Somebody) -> None:
            options: dict[str, Any] = {"attended": True, "marks": True, "since": None, "access": "gct_x"}
            async with gc.connect(server, "bot", preferences={"echo": "on"}, **options) as chat:
                await chat.say("heard")
                server.cut()
                await chat.say("by itself")
                texts: list[str] = []
                while len(texts) < 2:
                    event = await anext(chat)
                    texts += [event.text] if isinstance(event, gc.Said) else []
                self.assertEqual(texts, ["heard", "by itself"])
            first, second = [request for request in server.requests if request["do"] == "nick"]
            for claim in first, second:
                self.assertEqual((claim["attended"], claim["marks"], claim["access"]), (True, True, "gct_x"))
            self.assertNotIn("since", first)
            self.assertIn("token", second)

        self.play(scene)

    def test_arguments(self) -> None:
        """What cannot be right is told before anything is tried."""
        for arguments in (
            {"server": "a b", "nick": "bot"},
            {"server": "host:99999", "nick": "bot"},
            {"server": "host"},
            {"server": "host", "nick": "bot", "password": "x", "access": "y"},
            {"server": "host", "nick": "bot", "rooms": "dev"},
            {"server": "host", "nick": "bot", "fingerprint": "12"},
            {"server": "host", "nick": "bot", "ca": "/nowhere/ca.pem"},
        ):
            with self.assertRaises(ValueError, msg=arguments):
                gc.connect(**arguments)  # type: ignore[arg-type]
        with self.assertRaises(RuntimeError):
            gc.connect("host", "bot").nick  # noqa: B018
