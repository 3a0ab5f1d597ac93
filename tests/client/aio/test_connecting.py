"""Arguments of ``connect`` that are refused before anything is sent, and several servers."""

import asyncio
import os
import tempfile
from shutil import rmtree
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

import groupchat.client as gc
from groupchat.client.aio.connecting import Places, sentence
from groupchat.client.core.client_errors import fingerprint_of
from groupchat.client.testing import FakeServer
from tests.client.aio.loops import play
from tests.functional.harness import free_port

DIGITS = "AA" * 32


class ConnectTest(SynchronousTestCase):
    def test_nothing_goes_in_clear_by_mistake(self) -> None:
        """An empty fingerprint or file, as of a variable that is not set, is refused, and does not switch TLS off."""
        wrong: tuple[dict[str, Any], ...] = ({"fingerprint": ""}, {"ca": ""}, {"tls": True, "fingerprint": ""})
        for options in wrong:
            self.assertRaises(ValueError, gc.connect, "localhost", "bot", password="secret", **options)

    def test_one_way_to_trust(self) -> None:
        """A fingerprint is not overruled by another option."""
        error = self.assertRaises(ValueError, gc.connect, "localhost", "bot", fingerprint=DIGITS, insecure=True)
        self.assertIn("exclude each other", str(error))

    def test_impossible_host(self) -> None:
        """A name that no host can have is refused, with TLS and without."""
        for tls in (False, True):
            self.assertRaises(ValueError, gc.connect, f"{'a' * 64}:1", "bot", tls=tls)

    def test_sentence(self) -> None:
        """Why a server is not trusted is told with what a program can do about it: it has no command line."""
        shown = fingerprint_of(b"DER")
        for error, words in (
            (
                gc.NotTrusted("the server's certificate is self-signed", b"DER"),
                f" is self-signed. Its SHA-256 is {shown}; if that is the right one, give it as fingerprint.",
            ),
            (gc.NotTrusted(f"the server's certificate is a different one: {shown}", b"DER"), f" one: {shown}."),
            (gc.NotTrusted("it took longer"), ": it took longer."),
        ):
            told = sentence("chat.lab", error)
            self.assertTrue(told.startswith("No encrypted connection to chat.lab: "), told)
            self.assertTrue(told.endswith(words), told)


class SeveralTest(SynchronousTestCase):
    """Two nodes of one chat, and alice, who sits at no client."""

    def setUp(self) -> None:
        self.first = FakeServer(name="first")
        self.second = self.first.node("second")
        self.alice = self.first.person("alice")

    def test_comes_back_elsewhere(self) -> None:
        """When one node dies, the program goes on at the other: nothing is missing, and nothing is there twice."""

        async def scene() -> None:
            async with gc.connect([self.first, self.second], "bot") as chat:
                self.assertEqual((chat.server, len(self.second.requests)), ("first", 0))
                await chat.say("one")
                self.first.stop()
                self.alice.say("meanwhile")
                await chat.say("two")
                self.assertEqual(chat.server, "second")
                self.alice.say("that is all")
                self.assertEqual(await _said(chat, "that is all"), ["meanwhile", "that is all"])
                self.assertEqual(self.alice.texts, ["one", "two"])
                self.first.start()
                self.second.close("node-lost")
                await chat.say("three")
                self.assertEqual((chat.server, self.alice.texts.count("three")), ("first", 1))

        play(scene())

    def test_first_is_not_there(self) -> None:
        """A node that is not there is passed over, and if none is there, each is named."""

        async def scene() -> None:
            self.first.stop()
            async with gc.connect([self.first, self.second], "bot") as chat:
                self.assertEqual(chat.server, "second")
            self.second.stop()
            with self.assertRaises(gc.NoServerAnswers) as raised:
                async with gc.connect([self.first, self.second], "bot"):
                    self.fail("it is in")
            self.assertEqual([each.server for each in raised.exception.reasons], ["first", "second"])
            told = sentence([self.first, self.second], raised.exception)
            self.assertTrue(told.startswith("No connection to first,second: none of 2 servers answers: first: "), told)

        play(scene())

    def test_file(self) -> None:
        """A file goes to the node that has given the ticket for it."""

        async def scene() -> None:
            self.first.answer("send", lambda request: {"link": "/nowhere"})
            async with gc.connect([self.first, self.second], "bot") as chat:
                self.first.cut()
                self.second.answer("send", lambda request: self.fail("asked") if request["do"] != "send" else {})
                with self.assertRaisesRegex(gc.Unanswered, "does not say where"):
                    await chat.send_file(__file__, room="lobby")
                self.assertEqual(chat.server, "second")

        play(scene())

    def test_bot(self) -> None:
        """A bot takes several, too, and its state is of the chat, also when a node is added."""

        async def scene() -> None:
            folder = tempfile.mkdtemp(prefix="groupchat-")
            self.addCleanup(rmtree, folder)
            path = os.path.join(folder, "state")
            for servers in ([self.first], [self.first, self.second]):
                async with gc.Bot("bot", state=path).running(servers):
                    pass
            with self.assertRaisesRegex(ValueError, "belongs to the server first,second, not to other"):
                async with gc.Bot("bot", state=path).running(FakeServer(name="other")):
                    self.fail("it is in")

        play(scene())

    def test_addresses(self) -> None:
        """Addresses are given as a text with commas or as a list, and are tried in order over the real network."""

        async def scene() -> None:
            dead = free_port()
            greeted: list[bytes] = []

            async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                greeted.append(await reader.readline())
                writer.write(b'{"event":"closing","code":"banned","text":"No."}\n')
                writer.close()

            server = await asyncio.start_server(serve, "127.0.0.1", 0)
            port = server.sockets[0].getsockname()[1]
            dead_one, live_one = f"127.0.0.1:{dead}", f"127.0.0.1:{port}"
            ways: list[Places] = [f"{dead_one},{live_one}", [dead_one, gc.Address("127.0.0.1", port)]]
            for given in ways:
                with self.assertRaises(gc.ConnectionDropped) as raised:
                    async with gc.connect(given, "bot"):
                        self.fail("it is in")
                self.assertEqual((raised.exception.code, raised.exception.server), ("banned", live_one))
                self.assertEqual(sentence(given, raised.exception), f"{live_one} closed the connection: banned: No.")
            self.assertEqual(len(greeted), 2)
            server.close()

        play(scene())

    def test_encrypted(self) -> None:
        """Encryption is for all addresses; an untrusted one is named."""
        error = gc.NotTrusted("it took longer")
        error.server = "b"
        self.assertEqual(sentence("a,b", error), "No encrypted connection to b: it took longer.")
        gc.connect(gc.Servers((gc.Address("a", 1), gc.Address("b", 2))), "bot", tls=True)

    def test_wrong(self) -> None:
        """What is wrong with the addresses is told before anything is sent."""
        for servers, words in (
            ("a,,b", "empty address"),
            ([], "these are 0 servers; one chat has 1 to 16"),
            ([f"h{number}" for number in range(17)], "these are 17 servers"),
            (["a", "b:x"], "'b:x' is not HOST or HOST:PORT"),
        ):
            error = self.assertRaises(ValueError, gc.connect, servers, "bot")
            self.assertIn(words, str(error))


async def _said(chat: gc.Chat, last: str) -> list[str]:
    """Return what is said, up to these words."""
    said: list[str] = []
    while last not in said:
        event = await anext(chat)
        said += [event.text] if isinstance(event, gc.Said) else []
    return said
