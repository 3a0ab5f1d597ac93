"""Views: their order, what is held in them, and which one a key leads to."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.terminal.display.addressees import Place
from groupchat.terminal.display.views import MOST_AHEAD, MOST_HELD, MOST_TALKS, Gap, View, Views, number_of


def post(number: int) -> dict[str, Any]:
    return {"event": "said", "id": number}


class ViewsTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.views = Views()
        for room in "lobby", "dev", "ops":
            self.views.go(Place(room))
        self.views.open(Place(nick="bob"))

    def names(self) -> list[str]:
        return [str(view.place) for view in self.views]

    def view(self, name: str) -> View:
        return next(view for view in self.views if str(view.place) == name)

    def test_order(self) -> None:
        """Rooms keep their order, and private conversations come after them; each has a number."""
        self.views.open(Place("lobby"))
        self.views.open(Place("new"))
        self.assertEqual(self.names(), ["lobby", "dev", "ops", "new", "bob"])
        self.assertEqual([self.views.numbered(number) for number in range(7)], [None, *self.views, None])
        self.views.sort(["ops", "gone", "lobby"])
        self.assertEqual(self.names(), ["ops", "lobby", "dev", "new", "bob"])

    def test_like(self) -> None:
        """What a person types is found without regard to letter case, but not what is over."""
        self.assertIs(self.views.like(Place("DEV")), self.view("dev"))
        self.assertIs(self.views.like(Place(nick="Bob")), self.view("bob"))
        self.assertIsNone(self.views.like(Place("bob")))
        self.views.hold(self.view("dev"), post(1))
        self.views.end(self.view("dev"))
        self.assertIsNone(self.views.like(Place("dev")))

    def test_beside(self) -> None:
        """The next view follows the current one, after the last comes the first, and the other way round."""
        self.assertEqual([str(self.views.beside(step).place) for step in (1, -1, 2)], ["bob", "dev", "lobby"])  # type: ignore[union-attr]
        self.views.go(Place())
        self.assertEqual([str(self.views.beside(step).place) for step in (1, -1)], ["lobby", "bob"])  # type: ignore[union-attr]
        self.assertIsNone(Views().beside(1))

    def test_urgent(self) -> None:
        """A view with a mention comes before one with anything unread, and the current one is no place to go to."""
        self.assertIsNone(self.views.urgent())
        self.view("ops").unread = self.view("ops").mentions = 1
        self.assertIsNone(self.views.urgent())
        self.view("lobby").unread = 1
        self.assertIs(self.views.urgent(), self.view("lobby"))
        self.view("dev").unread = self.view("dev").mentions = 1
        self.assertIs(self.views.urgent(), self.view("dev"))
        self.view("bob").mentions = 1
        self.assertIs(self.views.urgent(), self.view("bob"), "the next after the current one")

    def test_before(self) -> None:
        """Back leads to the view of before, and to any other if that is gone."""
        self.assertIs(self.views.before, self.view("dev"))
        self.views.go(Place("lobby"))
        self.assertIs(self.views.before, self.view("ops"))
        self.views.close(self.view("ops"))
        self.assertIs(self.views.before, self.view("dev"))
        for name in "dev", "bob":
            self.views.close(self.view(name))
        self.assertIsNone(self.views.before)

    def test_room(self) -> None:
        """Commands in a private conversation are about the room of before."""
        self.views.go(Place(nick="bob"))
        self.assertIs(self.views.room, self.view("ops"))
        self.views.close(self.view("ops"))
        self.assertIsNone(self.views.room)
        self.views.go(Place())
        self.assertIsNone(self.views.current)

    def test_over(self) -> None:
        """A view that is lost stays as long as something in it was not shown."""
        self.views.hold(self.view("dev"), post(1))
        for name in "dev", "bob":
            self.views.end(self.view(name))
        self.assertEqual((self.names(), self.view("dev").is_over), (["lobby", "dev", "ops"], True))
        self.assertFalse(self.views.open(Place("dev")).is_over)

    def test_many_conversations(self) -> None:
        """For one more private conversation than there may be, the oldest that waits for nothing is closed."""
        self.view("bob").unread = 1
        for number in range(MOST_TALKS):
            self.views.open(Place(nick=f"n{number}"))
        self.assertEqual(len(self.views), 3 + MOST_TALKS)
        self.assertEqual((self.names()[3], "n0" in self.names()), ("bob", False))


class HeldTest(SynchronousTestCase):
    def test_number(self) -> None:
        """Only a number counts as one."""
        self.assertEqual([number_of({"id": number}) for number in (3, "3", True, None)], [3, 0, 0, 0])

    def test_dropped(self) -> None:
        """What is forgotten is in the gap, from the last that was shown to the first that is held."""
        view = View(Place("dev"))
        for number in 4, 7, 9, 12:
            view.hold(post(number))
        view.drop_oldest(2)
        self.assertEqual((view.gap, [number_of(one) for one in view.held]), (Gap(3, 9), [9, 12]))
        view.drop_oldest(5)
        self.assertEqual((view.gap, len(view.held), view.waits), (Gap(3, 13), 0, True))

    def test_bound(self) -> None:
        """The fullest view forgets the older half of what it holds when too much is held."""
        views = Views()
        few, many = views.open(Place("few")), views.open(Place("many"))
        views.hold(few, post(1))
        for number in range(2, MOST_HELD + 2):
            views.hold(many, post(number))
        self.assertEqual((len(few.held), len(many.held), many.gap), (1, MOST_HELD // 2, Gap(1, 2 + MOST_HELD // 2)))

    @given(st.lists(st.tuples(st.booleans(), st.integers(1, 4)), max_size=40))
    def test_nothing_is_missing(self, happened: list[tuple[bool, int]]) -> None:
        """Whatever is held and forgotten: each post is held or in the gap, and nothing else is."""
        view, number = View(Place("dev")), 10
        first = number
        for drops, count in happened:
            if drops and view.held:
                view.drop_oldest(count)
            else:
                view.hold(post(number))
                number += count
        held = [number_of(one) for one in view.held]
        if view.gap is not None:
            self.assertEqual(view.gap.after, first - 1)
            self.assertTrue(all(one >= view.gap.before for one in held))
        elif held:
            self.assertEqual(held[0], first)

    def test_ahead(self) -> None:
        """The numbers of what was shown elsewhere are remembered, the newest of very many."""
        view = View(Place("dev"))
        for number in range(MOST_AHEAD + 5):
            view.shown_elsewhere(number)
        self.assertEqual((len(view.ahead), 4 in view.ahead, 5 in view.ahead), (MOST_AHEAD, False, True))

    def test_speakers(self) -> None:
        """Who spoke last is last, each once."""
        view = View(Place("dev"))
        for nick in "a", "b", "a":
            view.spoke(nick)
        self.assertEqual([*view.speakers], ["b", "a"])
