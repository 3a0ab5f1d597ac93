"""The list of views."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.terminal.display.addressees import Place
from groupchat.terminal.display.views import Views
from groupchat.terminal.viewing.view_list import view_list


class ViewListTest(SynchronousTestCase):
    def test_list(self) -> None:
        """Each has its number; what is unread is counted, and what the person has lost is marked."""
        views = Views()
        self.assertEqual(view_list(views), "You are in no room.")
        for room in "dev", "lobby":
            views.go(Place(room))
        dev, bob = views.open(Place("dev")), views.open(Place(nick="bob"))
        dev.unread, dev.mentions, dev.is_over, bob.unread = 2, 1, True, 1
        self.assertEqual(view_list(views).splitlines(), [
            "1 dev: 2 unread messages, 1 for you (you are no longer there)",
            "2 lobby: nothing unread (you are here)",
            "3 bob, in private: 1 unread message",
        ])  # fmt: skip
