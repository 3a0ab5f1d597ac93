"""Requests that are done when they are asked for twice."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.hall.confirmations import CONFIRM_S
from groupchat.model.errors import ConfirmationNeeded
from tests.house import House, Peer


class ConfirmationTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.house = House()
        self.alice, self.bob = self.house.come("alice", "bob")

    def asks(self, peer: Peer, request: str) -> bool:
        """Ask for something; say whether it is confirmed."""
        try:
            self.house.hall.confirmations.check(peer.connection, request, "It is final.", f"/{request}")
        except ConfirmationNeeded as refusal:
            self.assertEqual(str(refusal), f"It is final. Type /{request} again within 60 s to do it.")
            return False
        return True

    def test_twice(self) -> None:
        """The second time confirms the first; the third asks anew."""
        self.assertEqual([self.asks(self.alice, "a") for _ in range(4)], [False, True, False, True])

    def test_something_else(self) -> None:
        """Another request between them, or of another connection, confirms nothing."""
        asked = [(self.alice, "a"), (self.bob, "a"), (self.alice, "b"), (self.alice, "a")]
        self.assertEqual([self.asks(*one) for one in asked], [False] * 4)

    def test_late(self) -> None:
        """After a minute it is asked for anew."""
        self.assertFalse(self.asks(self.alice, "a"))
        self.house.pass_time(CONFIRM_S + 1)
        self.assertFalse(self.asks(self.alice, "a"))
