"""Rooms as data: which there are, and the people in them."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from groupchat.model.drafts import StoredRoom
from groupchat.model.events import AuthorId
from groupchat.state.people import Connection, Person
from groupchat.state.rooms import FEW, LOBBY, Room, Rooms, Standing
from tests.fakes import FakeScreen


def connected(nick: str, count: int = 1) -> Person:
    """Somebody with so many connections."""
    person = Person(nick, nick, AuthorId(1), 0.0)
    person.connections = tuple(Connection(person, FakeScreen(Clock(), "text"), 0.0) for _ in range(count))
    return person


STEPS = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from(["come", "come as a program", "go", "be renamed"]), st.integers(0, 9))
)


class ListingTests(SynchronousTestCase):
    @given(STEPS)
    def test_in_order(self, steps: list[tuple[int, str, int]]) -> None:
        """Whoever comes, goes and is renamed, people are listed by the keys of their nicknames, each once."""
        room, asked = Room("dev", 0.0), Room("ops", 0.0)
        people = [connected(f"p{number}", 2) for number in range(6)]
        self.assertEqual(asked.listing.people, [])
        for number, what, other in steps:
            person = people[number]
            connection = person.connections[other % 2]
            for one in (room, asked):
                if what.startswith("come") and connection not in one.members:
                    connection.program = what == "come as a program"
                    one.add(connection)
                elif what == "go" and connection in one.members:
                    one.remove(connection)
            if what == "be renamed" and room.standing(person):
                before, person.key = person.key, f"p{other}"  # perhaps the key of somebody else, for a moment
                asked.renamed(person, before)
        here, programs = room.split()
        self.assertEqual([one.key for one in asked.listing.people], sorted(one.key for one in (*here, *programs)))
        self.assertEqual(set(asked.listing.people), {*here, *programs})
        self.assertEqual((asked.listing.programs, asked.count()), (set(programs), len(here)))
        self.assertEqual(room.count(), len(here))

    def test_following(self) -> None:
        """People are given from a key on, so many, and those with the same key together."""
        room = Room("dev", 0.0)
        for nick in ("erin", "bob", "alice", "carol", "carol", "dan"):
            room.add(connected(nick).connections[0])
        for after, count, expected, more in (
            (None, 2, ["alice", "bob"], 4),
            (None, 3, ["alice", "bob", "carol", "carol"], 2),
            ("bob", 1, ["carol", "carol"], 2),
            ("carla", 9, ["carol", "carol", "dan", "erin"], 0),
            ("erin", 9, [], 0),
        ):
            found, behind = room.listing.following(after, count)
            self.assertEqual(([person.nick for person in found], behind), (expected, more))

    def test_counted(self) -> None:
        """Many people are counted as few are: those who are there by programs only are not among them."""
        room = Room("dev", 0.0)
        for number in range(3 * FEW):
            person = connected(f"p{number}")
            person.connections[0].program = number % 3 == 0
            room.add(person.connections[0])
            self.assertEqual(room.count(), len(room.split()[0]))


class FullestTests(SynchronousTestCase):
    @given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3), st.booleans())), st.booleans())
    def test_in_order(self, steps: list[tuple[int, int, bool]], asked: bool) -> None:
        """Whoever comes and goes, and whichever rooms are forgotten, the fullest rooms come first."""
        rooms, people = Rooms(lambda: 0.0), [connected(f"p{number}") for number in range(4)]
        if asked:
            rooms.fullest(None, 1, ())
        for number, who, comes in steps:
            room, connection = rooms.open(f"room{number}"), people[who].connections[0]
            if comes and connection not in room.members:
                room.add(connection)
            elif not comes and connection in room.members:
                room.remove(connection)
            if not comes:
                rooms.drop_unused(room)
        expected = sorted(rooms, key=lambda room: (-len(room.members), room.name))
        self.assertEqual(rooms.fullest(None, 9, ()), (expected, 0))
        self.assertEqual(rooms.occupied(()), sum(bool(room.members) for room in rooms))
        hidden = {"room1", "room3", "room9"}
        self.assertEqual(rooms.occupied(hidden), sum(bool(r.members) for r in rooms if r.name not in hidden))
        shown = [room for room in expected if room.name not in hidden]
        for after in (None, *expected):
            behind = [room for room in shown if after is None or room.place > after.place]
            self.assertEqual(rooms.fullest(after, 2, hidden), (behind[:2], max(0, len(behind) - 2)))


class RoomTests(SynchronousTestCase):
    def test_new(self) -> None:
        """A new room is empty, has no topic, and the journal has no posts of it."""
        room = Room("dev", 5.0)
        self.assertEqual((room.name, room.last_at, room.topic, room.stored), ("dev", 5.0, "", False))
        self.assertEqual((list(room.people), room.members, room.changes), ([], {}, 0))

    def test_people(self) -> None:
        """A person with several connections in a room is there once, in the order people came."""
        room, alice, bob = Room("dev", 0.0), connected("alice", 2), connected("bob")
        for connection in (alice.connections[0], *bob.connections, alice.connections[1]):
            room.add(connection)
        self.assertEqual(list(room.people), [alice, bob])
        self.assertEqual(room.split(), ([alice, bob], []))

    def test_standing(self) -> None:
        """A person is in a room as long as any of their connections is in it."""
        room, alice = Room("dev", 0.0), connected("alice", 2)
        self.assertIs(room.standing(alice), Standing.ABSENT)
        room.add(alice.connections[1])
        self.assertIs(room.standing(alice), Standing.PRESENT)
        self.assertIs(room.standing(connected("alice")), Standing.ABSENT)
        room.remove(alice.connections[1])
        self.assertIs(room.standing(alice), Standing.ABSENT)

    def test_nobody_gone(self) -> None:
        """A connection that its person no longer has does not count."""
        room, alice = Room("dev", 0.0), connected("alice")
        room.add(alice.connections[0])
        alice.connections = ()
        self.assertIs(room.standing(alice), Standing.ABSENT)

    def test_programs(self) -> None:
        """Whoever is there only by programs is told apart; whoever is there also in person is there."""
        room, alice, bob = Room("dev", 0.0), connected("alice", 2), connected("bob", 2)
        for program in (alice.connections[0], *bob.connections):
            program.program = True
            room.add(program)
        self.assertEqual(room.split(), ([], [alice, bob]))
        room.add(alice.connections[1])
        self.assertEqual(room.split(), ([alice], [bob]))
        self.assertEqual([room.standing(one) for one in (alice, bob)], [Standing.PRESENT, Standing.PROGRAM])
        for program in bob.connections:
            room.remove(program)
        self.assertEqual((room.split(), room.programs), (([alice], []), {alice.connections[0]: None}))


class RoomsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.time = 1000.0
        self.rooms = Rooms(lambda: self.time)

    def test_lobby(self) -> None:
        """There is a lobby from the beginning."""
        self.assertEqual((self.rooms.names(), len(self.rooms)), ((LOBBY,), 1))

    def test_find(self) -> None:
        """A room that does not exist is not made by looking for it."""
        self.assertIsNone(self.rooms.find("dev"))
        self.assertEqual(self.rooms.names(), (LOBBY,))

    def test_open(self) -> None:
        """A new room begins now; an old one is the same object again."""
        self.time = 2000.0
        dev = self.rooms.open("dev")
        self.assertEqual((dev.name, dev.last_at), ("dev", 2000.0))
        self.assertIs(self.rooms.open("dev"), dev)
        self.assertIs(self.rooms.find("dev"), dev)
        self.assertEqual([room.name for room in self.rooms], [LOBBY, "dev"])

    def test_load(self) -> None:
        """A room that the journal has posts of has its topic and the time of its newest post, the lobby too."""
        for name in ("dev", LOBBY):
            self.rooms.load(StoredRoom(name, "plans", 500.0))
            room = self.rooms.open(name)
            self.assertEqual((room.topic, room.last_at, room.stored), ("plans", 500.0, True))
        self.assertEqual(len(self.rooms), 2)

    def test_drop_unused(self) -> None:
        """A room with nobody in it and without posts is forgotten."""
        dev = self.rooms.open("dev")
        self.rooms.drop_unused(dev)
        self.assertIsNone(self.rooms.find("dev"))
        self.rooms.drop_unused(dev)  # and that it is gone does no harm

    def test_kept(self) -> None:
        """A room is kept while somebody is in it or it has posts; the lobby always is."""
        full, stored = self.rooms.open("full"), self.rooms.open("stored")
        full.members[connected("alice").connections[0]] = None
        stored.posted_at = 1000.0
        for room in list(self.rooms):
            self.rooms.drop_unused(room)
        self.assertEqual(self.rooms.names(), (LOBBY, "full", "stored"))

    @given(st.lists(st.tuples(st.sampled_from(["open", "load", "drop", "enter", "leave"]), st.sampled_from("abc"))))
    def test_any_order(self, steps: list[tuple[str, str]]) -> None:
        """In whatever order rooms are opened, filled and dropped, only empty ones without posts are ever forgotten."""
        rooms = Rooms(lambda: 0.0)
        alice = connected("alice").connections[0]
        expected = {LOBBY}
        for step, name in steps:
            room = rooms.open(name) if step in ("open", "enter") else rooms.find(name)
            if step == "load":
                members = room.members if room is not None else {}
                rooms.load(StoredRoom(name, "", 0.0))
                rooms.open(name).members.update(members)
            elif step == "enter":
                rooms.open(name).members[alice] = None
            elif step == "leave" and room is not None:
                room.members.pop(alice, None)
            elif step == "drop" and room is not None:
                rooms.drop_unused(room)
                if not room.members and not room.stored:
                    expected.discard(name)
                    continue
            if step in ("open", "load", "enter"):
                expected.add(name)
            self.assertEqual(set(rooms.names()), expected)

    def test_forgotten(self) -> None:
        """Rooms where nothing was posted for long are forgotten, those without a topic sooner; not the lobby."""
        for name, topic, at in (
            ("old", "plans", 10.0),
            ("bare", "", 20.0),
            ("topical", "plans", 20.0),
            ("new", "", 30.0),
        ):
            self.rooms.load(StoredRoom(name, topic, at))
        self.rooms.load(StoredRoom("full", "", 1.0))
        self.rooms.open("full").members[connected("alice").connections[0]] = None
        self.rooms.forget_unused(15.0, 25.0)
        self.assertEqual(set(self.rooms.names()), {LOBBY, "topical", "new", "full"})
        self.rooms.drop("new")
        self.rooms.drop("full")
        self.rooms.drop(LOBBY)
        self.assertEqual(set(self.rooms.names()), {LOBBY, "topical", "full"})

    def test_alike(self) -> None:
        """Another room that looks the same is found as long as there is one, or if it is about to be made."""
        self.rooms.open("board")
        self.assertEqual([self.rooms.find_alike(name) for name in ("b0ard", "board.", "board", "l0bby", "bored")], [
            "board", "board", "", LOBBY, "",
        ])  # fmt: skip
        self.rooms.load(StoredRoom("b0ard", "", 10.0))
        self.rooms.load(StoredRoom("b0ard", "plans", 10.0))
        self.assertEqual(self.rooms.find_alike("board"), "b0ard")
        self.rooms.drop("board")
        self.assertEqual((self.rooms.find_alike("board-"), self.rooms.find_alike("b0ard")), ("b0ard", ""))
        self.rooms.forget_unused(15.0, 15.0)
        self.assertEqual(self.rooms.find_alike("board"), "")
        self.assertEqual(self.rooms.find_alike("board", ["dev", "board", "b0ard"]), "b0ard")
        dev = self.rooms.open("dev1")
        self.assertEqual(self.rooms.find_alike("devl"), "dev1")
        self.rooms.drop_unused(dev)
        self.rooms.drop_unused(dev)
        self.assertEqual(self.rooms.find_alike("devl"), "")

    def test_posted(self) -> None:
        """A room that something is posted in is known from then on; whoever wants to know is told of a new one."""
        revived: list[str] = []
        self.rooms.revived = revived.append
        self.assertIs(self.rooms.posted("dev"), self.rooms.posted("dev"))
        self.rooms.posted(LOBBY)
        self.assertEqual(revived, ["dev"])
