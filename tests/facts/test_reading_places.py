"""The places in which somebody reads, and how many of them are kept."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.facts.account_facts import ReadPosition
from groupchat.facts.reading_places import PRIVATE, ROOMS_KEPT, TALKS_KEPT, partner, surplus, talk
from groupchat.model import names
from groupchat.model.errors import RoomInvalid
from groupchat.model.events import AuthorId

ALICE = AuthorId(1)


def known(*positions: tuple[str, int, float]) -> dict[str, ReadPosition]:
    """Positions of alice: for each the place, the number and when."""
    return {place: ReadPosition(ALICE, place, upto, at) for place, upto, at in positions}


class PlacesTests(SynchronousTestCase):
    def test_talk(self) -> None:
        """The place of a private conversation tells whom it is with, and cannot be the name of a room."""
        self.assertEqual(partner(talk(AuthorId(2**62))), 2**62)
        self.assertEqual([partner(place) for place in ("lobby", PRIVATE)], [None, None])
        self.assertRaises(RoomInvalid, names.room, talk(ALICE))

    def test_few(self) -> None:
        """Of a few nothing is forgotten."""
        self.assertEqual(surplus(known(("lobby", 5, 1.0), (PRIVATE, 3, 1.0), ("@2", 4, 1.0))), ([], None))

    def test_rooms(self) -> None:
        """Of too many rooms the one that was read longest ago is forgotten, wherever it stands."""
        rooms = known(*((f"room{number}", 1000 - number, float(number)) for number in range(ROOMS_KEPT + 1)))
        self.assertEqual(surplus(rooms), ([rooms["room0"]], None))

    def test_covered(self) -> None:
        """What everything private covers needs no position of its own."""
        places = known((PRIVATE, 7, 1.0), ("@2", 7, 1.0), ("@3", 8, 1.0), ("lobby", 1, 1.0))
        self.assertEqual(surplus(places), ([places["@2"]], None))

    def test_conversations(self) -> None:
        """Of too many conversations the lowest is forgotten, and everything private up to there counts as read."""
        talks = known(*((f"@{number}", 100 + number, float(-number)) for number in range(TALKS_KEPT + 1)))
        self.assertEqual(surplus(talks), ([talks["@0"]], ReadPosition(ALICE, PRIVATE, 100, 0.0)))
        with_private = {**talks, **known((PRIVATE, 100, 5.0))}
        self.assertEqual(surplus(with_private), ([talks["@0"]], None))
