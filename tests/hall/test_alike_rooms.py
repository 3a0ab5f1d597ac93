"""Nobody makes a room that looks like another one: what is meant for one would be said in the other."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.model.events import Departed, Refused
from tests.house import House, Peer
from tests.people import operator


class AlikeTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.house = House()
        self.olga = operator(self.house, "olga")
        (self.alice,) = self.house.come("alice")
        self.alice.type("/join board", "words")
        self.alice.take()
        (self.bob,) = self.house.come("bob")
        self.rooms = self.house.hall.rooms

    def refusal(self, peer: Peer) -> str:
        """Return what somebody was refused last."""
        return [answer.text for answer in peer.answers if isinstance(answer, Refused)][-1]

    def test_refused(self) -> None:
        """It is refused in words, and nobody is told of it; what looks like none is made."""
        for name in ("b0ard", "board.", "Board-", "l0bby", "1obby"):
            self.bob.take()
            self.bob.type(f"/join {name}")
            self.assertEqual((self.bob.codes, self.bob.connection.rooms), (["room-invalid"], ("lobby",)), name)
        self.assertEqual(set(self.rooms.names()), {"lobby", "board"})
        self.bob.type("/join b0ard")
        self.assertIn("it looks like the room board", self.refusal(self.bob))
        self.bob.type("/join boards", "/join board")
        self.assertEqual(self.bob.connection.rooms, ("lobby", "boards", "board"))

    def test_doors(self) -> None:
        """So it is for programs, also for those that only post, and when they come in."""
        program = self.house.connect("json").offer("program").do("join", room="b0ard")
        quiet = self.house.connect("json").offer("quiet", quiet=True).do("say", text="x", room="b0ard")
        late = self.house.connect("json").offer("late", rooms=("b0ard",))
        self.assertEqual([peer.codes for peer in (program, quiet, late)], [["room-invalid"]] * 3)
        self.assertIsNone(late.session.connection)
        self.assertIsNone(self.house.hall.roster.find("late"))
        both = self.house.connect("json").offer("both", rooms=("b0ard", "lobby"))
        self.assertEqual(both.connection.rooms, ("lobby",))
        told = [(event.room, event.code) for event in both.answers if isinstance(event, Departed)]
        self.assertEqual((told, set(self.rooms.names())), ([("b0ard", "room-invalid")], {"lobby", "board"}))

    def test_at_once(self) -> None:
        """Two new rooms that look alike are not made at once either."""
        peer = self.house.connect("json").offer("eve", rooms=("dev1", "devl", "lobby"))
        self.assertEqual((peer.connection.rooms, self.rooms.find("dev1")), (("lobby",), None))

    def test_there(self) -> None:
        """Operators make one, or decide something about it before anybody comes; whoever likes goes there then."""
        self.olga.type("/join b0ard", "/lock board_", "/invite bob board_")
        self.bob.type("/join b0ard", "/join board_")
        self.assertEqual((self.bob.codes, self.bob.connection.current), ([], "board_"))
        self.olga.type("/leave b0ard")
        self.bob.type("/leave b0ard")
        self.assertEqual(self.bob.type("/join b0ard").codes, ["room-invalid"])

    def test_forgotten(self) -> None:
        """A room that was forgotten is found again, also if there is one by then that looks like it."""
        self.alice.type("/leave board")
        self.house.clock.advance(31 * 86400)
        self.house.hall.sweep()
        self.assertIsNone(self.rooms.find("board"))
        self.bob.type("/join b0ard")
        late = self.house.connect("json").offer("late", rooms=("board",))
        self.alice.type("/join board")
        current = [peer.connection.current for peer in (self.bob, late, self.alice)]
        self.assertEqual(current, ["b0ard", "board", "board"])

    def test_locked(self) -> None:
        """Outsiders are not told which room it is if that is locked."""
        self.olga.type("/lock board")
        self.bob.type("/join b0ard")
        self.assertIn("it looks like another room", self.refusal(self.bob))
