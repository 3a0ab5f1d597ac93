"""Crowds that come or go in one batch are announced together: nobody is lost, and the end of it is true."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.delivery.condensing import SHOWN, condense
from groupchat.delivery.fanout import Shown
from groupchat.model.events import AuthorId, Event, Joined, Left, ManyJoined, ManyLeft, Renamed, Said

CROWD = [f"peer{number}" for number in range(SHOWN + 1)]
"""One more than are announced one by one."""


def shown(event: Event, room: str = "lobby") -> Shown:
    """Something to be shown in a room."""
    return Shown(event, (room,))


def joined(nick: str, room: str = "lobby", account: str = "") -> Shown:
    """Somebody joined."""
    return shown(Joined(room, nick, 5.0, account), room)


def left(nick: str, reason: str = "", gone: bool = False, room: str = "lobby") -> Shown:
    """Somebody left."""
    return shown(Left(room, nick, 5.0, reason, gone), room)


def said(number: int) -> Shown:
    """Somebody said something."""
    return shown(Said(number, "lobby", "alice", 5.0, "words"))


def events(items: Sequence[Shown]) -> list[Event]:
    """Return what is shown."""
    return [item.event for item in condense(items)]


class CrowdTests(SynchronousTestCase):
    def test_few(self) -> None:
        """Five who join are announced one by one, among whatever else there is."""
        items = [said(1), *(joined(nick) for nick in CROWD[:SHOWN]), said(2)]
        self.assertIs(condense(items), items)

    def test_many(self) -> None:
        """More are announced together where the last of them stands, with all names in order."""
        items = [joined(CROWD[0]), said(1), *(joined(nick) for nick in CROWD[1:]), said(2)]
        first, many, last = events(items)
        self.assertEqual(many, ManyJoined("lobby", tuple(CROWD), 5.0, ()))
        self.assertEqual([event.id for event in (first, last) if isinstance(event, Said)], [1, 2])

    def test_everybody_is_named(self) -> None:
        """Twelve are named, and sixty: nobody is only counted."""
        for count in (12, 60):
            nicks = tuple(f"peer{number}" for number in range(count))
            (many,) = events([joined(nick) for nick in nicks])
            self.assertEqual(many, ManyJoined("lobby", nicks, 5.0, ()))
            (many,) = events([left(nick) for nick in nicks])
            self.assertEqual(many, ManyLeft("lobby", nicks, 5.0, "", False))

    def test_accounts(self) -> None:
        """The accounts are those of the people who have one."""
        (many,) = events([joined(nick, account=nick if nick < "peer2" else "") for nick in CROWD])
        self.assertEqual(many, ManyJoined("lobby", tuple(CROWD), 5.0, ("peer0", "peer1")))

    def test_rooms(self) -> None:
        """Each room has its own crowd, shown in that room."""
        items = [joined(nick, room) for nick in CROWD for room in ("lobby", "dev")]
        found = condense(items)
        self.assertEqual([(item.rooms, item.event.room) for item in found if isinstance(item.event, ManyJoined)],
                         [(("lobby",), "lobby"), (("dev",), "dev")])  # fmt: skip
        self.assertEqual(len(found), 2)

    def test_reasons(self) -> None:
        """People who leave for different reasons, or only the room, are not told of in one line."""
        items = [left(nick, "netsplit", True) for nick in CROWD] + [left(f"x{nick}") for nick in CROWD]
        self.assertEqual(
            events(items),
            [
                ManyLeft("lobby", tuple(CROWD), 5.0, "netsplit", True),
                ManyLeft("lobby", tuple(f"x{nick}" for nick in CROWD), 5.0, "", False),
            ],
        )
        few = [left("a", "one"), *(left(nick, "other") for nick in CROWD[:SHOWN])]
        self.assertEqual(len(events(few)), SHOWN + 1)

    def test_joins_and_leaves(self) -> None:
        """A few who leave among many who join are announced one by one."""
        items = [left("bob"), *(joined(nick) for nick in CROWD), left("carol")]
        self.assertEqual([type(event) for event in events(items)], [Left, ManyJoined, Left])

    def test_nobodys_own(self) -> None:
        """What is announced together is nobody's: whoever ignores one of them sees it too, and nobody is answered."""
        item = joined(CROWD[0])
        item.author = AuthorId(1)
        (many,) = condense([item, *(joined(nick) for nick in CROWD[1:])])
        self.assertEqual((many.author, many.origin, many.answer), (None, None, None))


class OrderTests(SynchronousTestCase):
    """Nothing about a person moves past anything else about them."""

    def test_left_again(self) -> None:
        """Somebody who joined and left at once is not named as joined after they left."""
        items = [joined("bob"), left("bob"), *(joined(nick) for nick in CROWD)]
        self.assertEqual([type(event) for event in events(items)], [Joined, Left, ManyJoined])
        self.assertEqual(members(condense(items)), set(CROWD))

    def test_came_back(self) -> None:
        """Somebody who left among many and came back is there in the end."""
        items = [left("bob"), joined("bob"), *(left(nick) for nick in CROWD)]
        self.assertEqual(members(condense(items), {"bob", *CROWD}), {"bob"})

    def test_renamed(self) -> None:
        """A nickname is joined before it is changed, and freed before another one takes it."""
        items = [joined("bob"), shown(Renamed("lobby", "bob", 5.0, "rob")), *(joined(nick) for nick in CROWD)]
        self.assertEqual(members(condense(items)), {"rob", *CROWD})
        items = [left("bob"), shown(Renamed("lobby", "rob", 5.0, "bob")), *(left(nick) for nick in CROWD)]
        self.assertEqual(members(condense(items), {"bob", "rob", *CROWD}), {"bob"})

    def test_other_rooms_do_not_matter(self) -> None:
        """That people left another room does not keep their joins from being announced together."""
        items = [one for nick in CROWD for one in (joined(nick), left(nick, room="dev"))]
        self.assertEqual([type(event) for event in events(items)], [ManyJoined, ManyLeft])

    @given(
        st.lists(
            st.tuples(st.sampled_from(["join", "join", "join", "leave", "quit", "rename", "say"]), st.integers(0, 7)),
            max_size=40,
        )
    )
    def test_true_in_the_end(self, steps: list[tuple[str, int]]) -> None:
        """Whatever happened, who reads what is announced together knows the same as who reads one by one."""
        items: list[Shown] = []
        here: set[str] = set()
        for number, (step, which) in enumerate(steps):
            nick = f"peer{which}"
            if step == "join" and nick not in here:
                here.add(nick)
                items.append(joined(nick))
            elif step in ("leave", "quit") and nick in here:
                here.remove(nick)
                items.append(left(nick, gone=step == "quit"))
            elif step == "rename" and nick in here and f"peer{which + 1}" not in here:
                here.remove(nick)
                here.add(f"peer{which + 1}")
                items.append(shown(Renamed("lobby", nick, 5.0, f"peer{which + 1}")))
            elif step == "say":
                items.append(said(number + 1))
        found = condense(items)
        self.assertEqual(members(found), here)
        posts = [item for item in items if isinstance(item.event, Said | Renamed)]
        self.assertEqual([item for item in found if isinstance(item.event, Said | Renamed)], posts)
        self.assertEqual(named(found), named(items))


def members(items: Sequence[Shown], before: "set[str] | None" = None) -> set[str]:
    """Return who is in the lobby, for somebody who reads this."""
    here = set(before or ())
    for item in items:
        event = item.event
        if isinstance(event, Joined):
            here.add(event.nick)
        elif isinstance(event, ManyJoined):
            here.update(event.nicks)
        elif isinstance(event, Left):
            here.discard(event.nick)
        elif isinstance(event, ManyLeft):
            here.difference_update(event.nicks)
        elif isinstance(event, Renamed):
            here.discard(event.nick)
            here.add(event.new)
    return here


def named(items: Sequence[Shown]) -> list[str]:
    """Everybody who is named as having joined or left, sorted."""
    nicks: list[str] = []
    for item in items:
        event = item.event
        if isinstance(event, Joined | Left):
            nicks.append(event.nick)
        elif isinstance(event, ManyJoined | ManyLeft):
            nicks += event.nicks
    return sorted(nicks)
