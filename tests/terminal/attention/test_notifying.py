"""Notifications: which arguments the program gets, how often it is run, and what becomes of it."""

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet import reactor as installed
from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessDone, ProcessTerminated
from twisted.internet.protocol import ProcessProtocol
from twisted.internet.task import Clock, deferLater
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase, TestCase

from groupchat.terminal.attention.notifying import A_MINUTE, AT_ONCE, LONGEST_S, LOOK_S, Notifying, filled

reactor: Any = installed


class FilledTest(SynchronousTestCase):
    def test_words(self) -> None:
        """Placeholders are replaced by what others wrote, wherever they stand; nothing else is."""
        template = ["{nick} in {room}", "--body={text}", "{other} {", "plain"]
        self.assertEqual(
            filled(template, nick="bob", room="dev", text="{nick} $(x) `y` 'z'"),
            ["bob in dev", "--body={nick} $(x) `y` 'z'", "{other} {", "plain"],
        )

    def test_no_options(self) -> None:
        """No argument that begins with others' words is an option, or the name of a file; one's own options stay."""
        for text in ("-x", "--help", "+x", "@file", "/etc/passwd"):
            self.assertEqual(filled(["{text}"], nick="", room="", text=text), [f" {text}"])
        self.assertEqual(filled(["-u", "low", "-{text}"], nick="", room="", text="-x"), ["-u", "low", "--x"])
        self.assertEqual(filled(["{nick}{text}"], nick="", room="", text="-x"), [" -x"])

    def test_bounded(self) -> None:
        """Words are cut, stand on one line, and have no control characters and no markup."""
        (text,) = filled(["{text}"], nick="", room="", text="x" * 5000)
        self.assertEqual(text, "x" * 199 + "…")
        self.assertEqual(filled(["{text}"], nick="", room="", text="a\nb\tc"), ["a b c"])
        self.assertEqual(filled(["{text}"], nick="", room="", text="<b>x</b>"), ["‹b>x‹/b>"])

    @given(st.text(), st.text(), st.text(max_size=300))
    def test_anything(self, nick: str, room: str, text: str) -> None:
        """Whatever others write, it can be given to a program, and does not begin as an option does."""
        for argument in filled(["{text}", "{nick}", "{room}"], nick=nick, room=room, text=text):
            self.assertNotIn("\0", argument)
            self.assertFalse(argument.startswith(("-", "+", "@", "/")))
            self.assertTrue(all(character.isprintable() or character > "\x9f" for character in argument), argument)


class FakeProcesses(Clock):
    """Takes note of the programs that are run."""

    def __init__(self) -> None:
        super().__init__()
        self.runs: list[tuple[ProcessProtocol, list[str]]] = []
        self.signals: list[str] = []
        self.error: OSError | None = None
        self.looks = 0

    def look(self) -> None:
        """Count how often is looked which programs have ended."""
        self.looks += 1

    def spawnProcess(self, protocol: ProcessProtocol, executable: str, args: Sequence[bytes], **how: Any) -> None:
        if self.error is not None:
            raise self.error
        assert all(os.fstat(fd) for fd in how["childFDs"].values())
        protocol.transport = self  # type: ignore[assignment]
        self.runs.append((protocol, [word.decode() for word in args]))

    def signalProcess(self, name: str) -> None:
        self.signals.append(name)

    def end(self, number: int = 0, reason: Exception | None = None) -> None:
        """Let a program end."""
        protocol, _ = self.runs[number]
        protocol.processEnded(Failure(reason if reason is not None else ProcessDone(0)))


class NotifyingTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.processes = FakeProcesses()
        self.told: list[str] = []
        self.notifying = self.made("true", "{nick}: {text}", "{room}")

    def made(self, *template: str) -> Notifying:
        return Notifying(self.processes, template, self.told.append, self.processes.look)

    def test_run(self) -> None:
        """The program is run with its arguments; of a private message the room says so."""
        self.notifying.notify("bob", "dev", "hi")
        self.notifying.notify("bob", "", "psst")
        self.assertEqual(
            [args for _, args in self.processes.runs], [["true", "bob: hi", "dev"], ["true", "bob: psst", "private"]]
        )
        self.processes.end()
        self.assertEqual(self.told, [])

    def test_off(self) -> None:
        """Without a program nothing is run."""
        self.made().notify("bob", "dev", "hi")
        self.assertEqual((self.processes.runs, self.told), ([], []))

    def test_often(self) -> None:
        """It is run at most so often in a minute, and only so many at a time."""
        for number in range(A_MINUTE + 5):
            self.notifying.notify("bob", "dev", str(number))
            if number < len(self.processes.runs):
                self.processes.end(number)
        self.assertEqual(len(self.processes.runs), A_MINUTE)
        self.processes.advance(60)
        for number in range(A_MINUTE):
            self.notifying.notify("bob", "dev", str(number))
        self.assertEqual(len(self.processes.runs), A_MINUTE + AT_ONCE)

    def test_fails(self) -> None:
        """A program that fails is told of once, whatever it is."""
        failures = {
            "it ended with status 3": ProcessTerminated(3),
            "it was ended by a signal": ProcessTerminated(None, signal.SIGTERM),
        }
        for words, reason in failures.items():
            self.told.clear()
            self.processes.runs.clear()
            notifying = self.made("true")
            for number in range(2):
                notifying.notify("bob", "dev", "hi")
                self.processes.end(number, reason)
            (told,) = self.told
            self.assertEqual(told, f"notify, in client.toml, does not work: true: {words}. This is told only once.")

    def test_missing(self) -> None:
        """A program that does not exist, or cannot be run, is told of once."""
        notifying = self.made("/no/such/program")
        notifying.notify("bob", "dev", "hi")
        notifying.notify("bob", "dev", "hi")
        self.assertEqual(len(self.told), 1)
        self.assertIn("/no/such/program: there is no such program", self.told[0])
        self.processes.error = OSError(11, "")
        self.notifying.notify("bob", "dev", "hi")
        self.assertIn("Resource temporarily unavailable", self.told[1])

    def test_slow(self) -> None:
        """A program that does not end is ended."""
        self.notifying.notify("bob", "dev", "hi")
        self.processes.advance(LONGEST_S)
        self.assertEqual(self.processes.signals, ["KILL"])
        self.processes.end(0, ProcessTerminated(None, signal.SIGKILL))
        self.assertIn("it did not end within 15 s", self.told[0])
        self.assertEqual(self.processes.getDelayedCalls(), [])

    def test_looks(self) -> None:
        """While programs run, it is looked again and again whether they have ended; afterwards no more."""
        for _ in range(2):
            self.notifying.notify("bob", "dev", "hi")
        self.processes.pump([LOOK_S] * 3)
        self.assertEqual(self.processes.looks, 3)
        self.processes.end(0)
        self.processes.advance(LOOK_S)
        self.assertEqual(self.processes.looks, 4)
        self.processes.end(1)
        self.processes.advance(LOOK_S)
        self.assertEqual((self.processes.looks, self.processes.getDelayedCalls()), (4, []))

    def test_finish(self) -> None:
        """At the end programs are left alone."""
        self.notifying.notify("bob", "dev", "hi")
        self.notifying.finish()
        self.assertEqual(self.processes.getDelayedCalls(), [])


class RealTest(TestCase):
    """With real processes."""

    async def test_real(self) -> None:
        """The program gets exactly its arguments, no shell sees them, and it has no terminal; it is reaped."""
        folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, folder)
        told: list[str] = []
        script = "import os, sys; open(sys.argv[1], 'w').write(repr((sys.argv[2:], sys.stdin.read(), os.isatty(1))))"
        notifying = Notifying(
            reactor,
            [sys.executable, "-c", script, str(folder / "out"), "{nick}", "{text}"],
            told.append,
        )
        notifying.notify("bob", "dev", f"-x $(touch {folder}/no) `id`; é")
        await self.until(lambda: not notifying._running)
        words = ["bob", f" -x $(touch {folder}/no) `id`; é"]
        self.assertEqual((folder / "out").read_text(), repr((words, "", False)))
        self.assertEqual(([one.name for one in folder.iterdir()], told), (["out"], []))

    async def test_not_told(self) -> None:
        """Programs are reaped also while the reactor is not told of their end, since others have the signals."""
        told: list[str] = []
        notifying = Notifying(reactor, [sys.executable, "-c", "raise SystemExit(3)"], told.append)
        turn: Deferred[None] = deferLater(reactor, 0)
        await turn  # the reactor takes the signals when it begins to run
        self.addCleanup(signal.set_wakeup_fd, signal.set_wakeup_fd(-1))
        for _ in range(AT_ONCE + 1):
            notifying.notify("bob", "dev", "hi")
        self.assertEqual(len(notifying._running), AT_ONCE)
        await self.until(lambda: not notifying._running)
        self.assertIn("it ended with status 3", told[0])

    async def until(self, done: Any) -> None:
        for _ in range(3000):  # a minute
            if done():
                return
            waiting: Deferred[None] = deferLater(reactor, 0.02)
            await waiting
        self.fail("it takes too long")
