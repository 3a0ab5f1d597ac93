"""What is kept of views between two runs."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.terminal.display.addressees import Place
from groupchat.terminal.display.saved_views import restored, saved
from groupchat.terminal.display.views import Gap, Views

SCRAPS = st.recursive(st.none() | st.integers() | st.text(max_size=4), lambda inner: st.lists(inner, max_size=2))
NAMES = ("room", "nick", "topic", "unread", "mentions", "read", "newest", "after", "ahead")


def again(views: Views, since: int) -> Views:
    return restored(json.loads(json.dumps(saved(views))), since)


class SavedViewsTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.views = Views()
        for room in "ops", "dev", "board":
            self.views.open(Place(room))

    def view(self, views: Views, name: str) -> Any:
        return next(view for view in views if str(view.place) == name)

    def test_order(self) -> None:
        """Rooms keep their order; of private conversations, those that wait for the person are kept."""
        for nick in "idle", "bob":
            self.views.open(Place(nick=nick))
        self.view(self.views, "bob").unread = self.view(self.views, "bob").mentions = 2
        self.assertEqual([str(view.place) for view in again(self.views, 9)], ["ops", "dev", "board", "bob"])
        self.assertEqual(self.view(again(self.views, 9), "bob").mentions, 2)

    def test_held(self) -> None:
        """What was held, and what was in a gap, is in a gap that ends with the position; the rest was shown."""
        for number in 4, 7:
            self.views.hold(self.view(self.views, "dev"), {"id": number})
        dev, board = self.view(self.views, "dev"), self.view(self.views, "board")
        dev.unread, dev.mentions, dev.topic = 2, 1, "build"
        for number in 2, 6:
            dev.shown_elsewhere(number)
        board.gap = Gap(1, 3)
        made = again(self.views, 9)
        dev = self.view(made, "dev")
        self.assertEqual((dev.gap, [*dev.ahead], dev.unread, dev.mentions, dev.topic), (Gap(3, 10), [6], 2, 1, "build"))
        self.assertEqual((self.view(made, "board").gap, self.view(made, "ops").gap), (Gap(1, 10), None))

    @given(st.lists(SCRAPS | st.dictionaries(st.sampled_from(NAMES), SCRAPS), max_size=5))
    def test_nonsense(self, items: list[Any]) -> None:
        """Whatever is in the file, there are views of it, or none."""
        for view in restored(items, 5):
            self.assertTrue(view.place)
            self.assertLessEqual(view.mentions, view.unread)
