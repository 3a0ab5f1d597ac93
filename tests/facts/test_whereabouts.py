"""The places of a connection: how rooms, the current one and a lost one change."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.facts.whereabouts import Places

ROOMS = st.sampled_from(["lobby", "dev", "ops", "den"])
CHANGES = st.sampled_from([Places.entered, Places.switched, Places.left, Places.put_out])


class PlacesTest(SynchronousTestCase):
    def test_entered(self) -> None:
        """The room that is joined is current, and the last in the order joined."""
        places = Places().entered("lobby").entered("dev")
        self.assertEqual(places, Places(("lobby", "dev"), "dev"))
        self.assertEqual(places.entered("lobby"), Places(("dev", "lobby"), "lobby"))

    def test_switched(self) -> None:
        """Switching changes no order, and nothing where the room is none of them."""
        places = Places(("lobby", "dev"), "dev")
        self.assertEqual(places.switched("lobby"), Places(("lobby", "dev"), "lobby"))
        self.assertEqual(places.switched("ops"), places)

    def test_left(self) -> None:
        """Lines go to the room joined last when the current one is left, else where they went."""
        places = Places(("lobby", "dev", "ops"), "dev")
        self.assertEqual(places.left("dev"), Places(("lobby", "ops"), "ops"))
        self.assertEqual(places.left("lobby"), Places(("dev", "ops"), "dev"))
        self.assertEqual(Places(("lobby",), "lobby").left("lobby"), Places())
        self.assertEqual(places.left("den"), places)

    def test_put_out(self) -> None:
        """The current room that was taken away is lost, until another one is chosen; other rooms are not."""
        places = Places(("lobby", "dev"), "dev")
        self.assertEqual(places.put_out("dev"), Places(("lobby",), "lobby", "dev"))
        self.assertEqual(places.put_out("lobby"), Places(("dev",), "dev"))
        self.assertEqual(Places().put_out(""), Places())
        lost = Places(("lobby", "ops"), "lobby", "dev")
        self.assertEqual(lost.left("ops").lost, "dev")
        self.assertEqual(lost.put_out("lobby").lost, "lobby")
        self.assertEqual((lost.switched("ops").lost, lost.entered("den").lost), ("", ""))

    @given(st.lists(st.tuples(CHANGES, ROOMS)))
    def test_current_is_one_of_them(self, changes: list[tuple[object, str]]) -> None:
        """The current room is one of the rooms, or there is none; a lost one is not current."""
        places = Places()
        for change, room in changes:
            places = change(places, room)  # type: ignore[operator]
            self.assertEqual(bool(places.rooms), bool(places.current))
            self.assertIn(places.current, (*places.rooms, ""))
            self.assertEqual(len(set(places.rooms)), len(places.rooms))
            self.assertFalse(places.lost and places.lost == places.current)
