"""The stand-ins of the tests are what the interfaces ask for."""

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from groupchat.interfaces.identity import IPasswords
from groupchat.interfaces.screens import Hold, IScreen, IStyle
from groupchat.interfaces.storage import IJournal
from groupchat.journals.memory import MemoryJournal
from groupchat.model.events import Done, Told
from groupchat.model.preferences import Preferences
from tests.fakes import FakePasswords, FakeScreen, FakeStyle, HeldJournal, SlowJournal
from tests.house import Turns


class HonestyTests(SynchronousTestCase):
    def test_interfaces(self) -> None:
        """Every fake provides the interface it stands in for."""
        memory = MemoryJournal()
        for interface, fake in [
            (IJournal, HeldJournal(memory)),
            (IJournal, SlowJournal(memory)),
            (IStyle, FakeStyle.of("text")),
            (IScreen, FakeScreen(Clock(), "text")),
            (IPasswords, FakePasswords()),
        ]:
            self.assertTrue(verifyObject(interface, fake))

    def test_styles_are_interned(self) -> None:
        """There is one style for each door and preferences, as the core expects."""
        quiet = Preferences(joins="off")
        self.assertIs(FakeStyle.of("text", quiet), FakeStyle.of("text", Preferences(joins="off")))
        self.assertIsNot(FakeStyle.of("text", quiet), FakeStyle.of("json", quiet))

    def test_screen(self) -> None:
        """A fake screen takes lines unless it is held, and nothing is written when it is closed."""
        clock = Clock()
        screen = FakeScreen(clock, "text")
        taken: list[int] = []
        screen.hold(Hold.ANSWER)
        screen.lines.append(lambda: taken.append(1))
        screen.take_lines()
        self.assertEqual(taken, [])
        screen.release(Hold.ANSWER)
        clock.advance(0)
        self.assertEqual(taken, [1])
        screen.write(screen.answer(Done(), "ref", "alice", "lobby"))
        screen.close("exit")
        screen.close("kicked")
        screen.write(screen.answer(Told(("late",)), None, "alice", "lobby"))
        self.assertEqual((screen.shown, screen.codes), ([(Done(), "ref")], ["exit"]))

    def test_turns(self) -> None:
        """What is put off happens at the end of a turn, in order; outside of any, at once."""
        turns, done = Turns(), list[str]()

        def act() -> None:
            turns.end(lambda: done.append("end"))
            turns.run(lambda: done.append("within"))

        turns.run(act)
        turns.end(lambda: done.append("outside"))
        self.assertEqual(done, ["within", "end", "outside"])
