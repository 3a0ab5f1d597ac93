"""Completion, pastes, tastes, and what is kept and configured."""

import tempfile
from pathlib import Path
from shutil import rmtree
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.client_errors import Refused
from groupchat.terminal.configuration import BadConfiguration, Configuration, load
from groupchat.terminal.display.times import Times
from groupchat.terminal.flow.pasting import Paste
from groupchat.terminal.flow.tastes import Tastes
from groupchat.terminal.memory import KEPT, Lines, Memory, Seat
from groupchat.terminal.surfaces.completion import complete


class CompletionTest(SynchronousTestCase):
    def test_complete(self) -> None:
        """One choice is inserted whole, several as far as they agree; a nickname that begins a line is spoken to."""
        for text, words, line in (
            ("al", ["alice"], "alice: "),
            ("hi al", ["alice"], "hi alice "),
            ("/ms", ["/msg"], "/msg "),
            (":smile_c", [":smile_cat:"], ":smile_cat: "),
            ("a", ["Albert", "alice"], "Al"),
            ("x", [], "x"),
        ):
            self.assertEqual(complete(text, words)[0], line)

    def test_choice(self) -> None:
        """Tab goes through the choices and begins again; Shift-Tab goes back."""
        choice = complete("/msg a", ["albert", "alice"])[1]
        assert choice is not None
        self.assertEqual(choice.next().text, "/msg albert ")
        self.assertEqual(choice.next().next().next().text, "/msg albert ")
        self.assertEqual(choice.next(-1).text, "/msg alice ")


class PasteTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.said: list[tuple[str, Deferred[Any]]] = []
        self.failed: list[str] = []
        self.paste = Paste(self.clock, self.say, lambda line, refused: self.failed.append(line))

    def say(self, line: str) -> "Deferred[Any]":
        self.said.append((line, Deferred()))
        return self.said[-1][1]

    def test_one_by_one(self) -> None:
        """Each line waits for the answer to the one before; a refused one is told, and the others go on."""
        self.paste.add(["one", "two", "three"])
        self.assertEqual([line for line, _ in self.said], ["one"])
        self.said[0][1].errback(Refused("muted", "No."))
        self.clock.advance(0)
        self.said[1][1].callback({})
        self.clock.advance(0)
        self.assertEqual(([line for line, _ in self.said], self.failed), (["one", "two", "three"], ["one"]))
        self.paste.add(["four"])
        self.assertEqual(self.paste.stop(), ["four"])

    def test_rest(self) -> None:
        """After an answer that was held back it rests, so that the server does not take it for a flood."""
        self.paste.add(["one", "two"])
        self.clock.advance(0.5)
        self.said[0][1].callback({})
        self.clock.advance(0.5)
        self.assertEqual(len(self.said), 1)
        self.clock.advance(0.2)
        self.assertEqual(len(self.said), 2)


class TastesTest(SynchronousTestCase):
    def test_set(self) -> None:
        """Some settings are this client's own; the server's are left to it, but followed."""
        tastes, times = Tastes("mentions", True), Times()
        self.assertEqual(tastes.typed("typing off"), "typing is now off.")
        self.assertEqual(tastes.typed("bell ALL"), "bell is now all.")
        self.assertEqual((tastes.typing, tastes.bell), (False, "all"))
        self.assertEqual(tastes.typed("bell loud"), "bell is all; it can be off, mentions, all.")
        self.assertIsNone(tastes.typed("zone UTC"))
        self.assertIsNone(tastes.typed(""))
        tastes.changed("/set time minutes", "time is now minutes.", times, None)
        tastes.changed("tell me", "time is now off.", times, None)
        self.assertEqual(times.form, "minutes")
        self.assertEqual((tastes.complete("/set be"), tastes.complete("/set bell m")), (["bell"], ["mentions"]))


class KeptTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(rmtree, self.folder)

    def test_seat(self) -> None:
        """A token is kept for its owner's eyes only, and while one client holds the seat no other gets it."""
        one, two = (Memory(self.folder / "state", "example.org:5001") for _ in range(2))
        self.assertTrue(one.hold())
        self.assertFalse(two.hold())
        one.keep(Seat("alice", "secret", 41))
        self.assertEqual({path.stat().st_mode & 0o777 for path in (self.folder / "state").iterdir()}, {0o600})
        two.keep(Seat("eve", "other", 1))
        self.assertEqual(two.seat(), Seat("alice", "secret", 41))
        one.release()
        self.assertTrue(two.hold())
        two.forget()
        self.assertIsNone(two.seat())
        two.release()
        (self.folder / "state" / "example.org_5001.json").write_text('{"nick": "a", "token": "t", "since": -1}')
        self.assertIsNone(one.seat())

    def test_history(self) -> None:
        """Lines are kept for their owner's eyes only, oldest first, and not for ever."""
        path = self.folder / "state" / "history"
        lines = Lines(path)
        for number in range(2 * KEPT + 1):
            lines.add(f"line {number}")
        self.assertEqual((path.stat().st_mode & 0o777, lines.load()[-1]), (0o600, f"line {2 * KEPT}"))
        self.assertEqual(len(path.read_text().splitlines()), KEPT)

    def test_configuration(self) -> None:
        """The file names hosts, colours and habits; what is wrong in it is said with its place."""
        path = self.folder / "client.toml"
        self.assertEqual(load(path), Configuration())
        path.write_text('nick = "al"\n[colors]\nbob = 208\n[hosts.work]\naddress = "chat.org:5001"\ntls = true\n')
        read = load(path)
        server = read.hosts["work"].server(None)
        self.assertEqual((read.nick, read.colors, server.host, server.port), ("al", {"bob": 208}, "chat.org", 5001))
        self.assertIsNotNone(server.encryption)
        for text, told in (
            ("nick = 5", "nick must be a string"),
            ("nik = 'a'", "nik is unknown"),
            ("bell = 'loud'", "bell is one of off, mentions, all"),
            ("[colors]\nbob = 300", "the colour of bob is a number from 0 to 255"),
            ("[hosts.work]\nnick = 'a'", "the host work needs an address"),
            ("[hosts.work]\naddress = 'a:b:c'", "the host work: 'a:b:c' is not HOST"),
            ("[hosts.work]\naddress = 'a'\ntls = 1", "tls of the host work must be true or false"),
            ("nick = ", "client.toml cannot be used: "),
        ):
            path.write_text(text)
            self.assertIn(told, str(self.assertRaises(BadConfiguration, load, path)))
