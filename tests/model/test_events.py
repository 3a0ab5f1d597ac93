"""Events: records are cheap, comparable and complete."""

from dataclasses import FrozenInstanceError, fields, is_dataclass

from twisted.trial.unittest import SynchronousTestCase

from groupchat.model import events
from groupchat.model.events import Answer, Event, Notice, Post, Said, record


def descendants(parent: type) -> set[type]:
    """Return all classes of the module that derive from this one."""
    found = {value for value in vars(events).values() if isinstance(value, type) and issubclass(value, parent)}
    return found - {parent}


class Records(SynchronousTestCase):
    def test_equal(self) -> None:
        """Records with the same values are equal and have the same hash; others are not equal."""
        first, same, other = (Said(id, "lobby", "alice", 1.5, "hi") for id in (1, 1, 2))
        self.assertEqual((first, hash(first)), (same, hash(same)))
        self.assertNotEqual(first, other)
        self.assertEqual(len({first, same, other}), 2)

    def test_no_other_attributes(self) -> None:
        """A record has slots, so a misspelt attribute is an error, and a record takes little memory."""
        said = Said(1, "lobby", "alice", 1.5, "hi")
        self.assertRaises(AttributeError, setattr, said, "txet", "hello")
        self.assertFalse(hasattr(said, "__dict__"))

    def test_assignment_is_left_to_the_type_checker(self) -> None:
        """A record does not pay for a check at run time: assigning a field is not refused there."""

        @record
        class Pair:
            left: int
            right: int = 0

        pair = Pair(1)
        try:
            setattr(pair, "right", 2)  # noqa: B010
        except FrozenInstanceError:
            self.fail("a frozen dataclass makes each record several times as expensive")
        self.assertEqual(pair, Pair(1, 2))


class Events(SynchronousTestCase):
    def test_all_are_records(self) -> None:
        """Every event is a record: a dataclass with slots."""
        for event in descendants(Event):
            self.assertTrue(is_dataclass(event) and "__slots__" in vars(event), event)

    def test_families(self) -> None:
        """No event belongs to two of the families of posts, notices and answers."""
        posts, notices, answers = map(descendants, (Post, Notice, Answer))
        self.assertEqual((posts & notices) | (posts & answers) | (notices & answers), set())
        self.assertTrue(posts and notices and answers)

    def test_posts(self) -> None:
        """Every post begins with its number, its room, its author and its time."""
        for post in descendants(Post):
            self.assertEqual([field.name for field in fields(post)][:4], ["id", "room", "nick", "at"])

    def test_names_are_unique(self) -> None:
        """No two events have the same name, because the name is what programs read."""
        names = [event.__name__ for event in descendants(Event)]
        self.assertEqual(len(names), len({name.lower() for name in names}))
