"""Events: records are cheap, comparable and complete."""

from dataclasses import FrozenInstanceError, fields, is_dataclass

from twisted.trial.unittest import SynchronousTestCase

from groupchat.lazy.records import record
from groupchat.model import events
from groupchat.model.events import Answer, Event, Notice, Post, Said

STABLE = {
    "Said": ("id", "room", "nick", "text", "at"),
    "Acted": ("id", "room", "nick", "text", "at"),
    "Whispered": ("id", "room", "nick", "to", "text", "at"),
    "Edited": ("id", "target", "room", "nick", "to", "text", "at"),
    "Deleted": ("id", "target", "room", "nick", "to", "at"),
    "TopicChanged": ("id", "room", "nick", "text", "at"),
    "Moderated": ("id", "room", "nick", "text", "act", "target", "until", "reason", "at"),
    "Joined": ("room", "nick", "account", "at"),
    "Left": ("room", "nick", "reason", "gone", "at"),
    "ManyJoined": ("room", "nicks", "accounts", "at"),
    "ManyLeft": ("room", "nicks", "reason", "at"),
    "Renamed": ("room", "nick", "new", "at"),
    "AwayChanged": ("room", "nick", "away", "text", "at"),
    "Typing": ("room", "nick", "active", "at"),
    "Announced": ("text", "at"),
    "HistoryErased": ("upto", "at"),
    "Welcomed": ("nick", "room", "head", "token", "position", "rooms", "version", "name", "features", "account"),
    "Entered": ("room", "topic", "people"),
    "Departed": ("room", "reason", "code", "current"),
    "Done": ("id", "text"),
    "Refused": ("code", "text"),
    "Listed": ("what", "items"),
}
"""Fields that programs in use read: more may be added, none may be renamed or removed."""


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

    def test_stable(self) -> None:
        """No event that programs know has disappeared, and none has lost a field."""
        for name, known in STABLE.items():
            self.assertEqual({*known} - {field.name for field in fields(getattr(events, name))}, set(), name)

    def test_defaults_come_last(self) -> None:
        """An event with its required fields only is complete: what is optional has a value that means nothing."""
        self.assertEqual(events.Left("lobby", "bob", 1.5), events.Left("lobby", "bob", 1.5, "", gone=False))
        self.assertEqual(events.Done(), events.Done(0, ""))
        self.assertEqual(events.Edited(3, "lobby", "bob", 1.5, 2, "text").to, "")
        self.assertTrue(events.Typing("lobby", "bob", 1.5).active)

    def test_names_are_unique(self) -> None:
        """No two events have the same name, because the name is what programs read."""
        names = [event.__name__ for event in descendants(Event)]
        self.assertEqual(len(names), len({name.lower() for name in names}))
