"""People are told why they are put out, of the hall or of a room, and nobody else is."""

from groupchat.model.drafts import PutOut
from groupchat.model.events import AuthorId, Departed, Left
from tests.hall.cases import PASSWORD, ConsequencesCase, author_of


class PutOutTests(ConsequencesCase):
    def test_put_out(self) -> None:
        """Who is put out of the hall is told why and cut off; they may come back at once."""
        self.learn(PutOut(author_of(self.alice), "", "kicked", "Out, by olga.", "spam"))
        self.assertEqual(self.closed(), [["kicked"], ["kicked"], [], []])
        self.assertIn("Out, by olga.", str(self.alice.answers[-1]))
        self.assertEqual(self.house.connect("json").offer("alice", password=PASSWORD).codes, [])

    def test_put_out_of_a_room(self) -> None:
        """Who is put out of a room is told why, stays in others, and the room is told the reason."""
        self.hall.persistence.remember(self.bob.connection)
        self.learn(PutOut(author_of(self.bob), "dev", "kicked", "Out of dev, by olga.", "spam"))
        self.assertEqual((self.bob.codes, self.closed()), (["kicked"], [[]] * 4))
        self.assertEqual(self.bob.connection.rooms, ("lobby",))
        (departed,) = [event for event in self.bob.answers if isinstance(event, Departed)]
        self.assertEqual((departed.room, departed.code, departed.reason), ("dev", "kicked", "spam"))
        self.assertEqual([event.room for event in self.carol.events if isinstance(event, Left)], ["dev"])
        stored = self.successResultOf(self.house.journal.recall(self.bob.connection.digest))
        self.assertEqual(stored and stored.rooms, ("lobby",), "they do not come back into it by their token")

    def test_put_out_somebody_who_is_gone(self) -> None:
        """Who is not here, or not in the room, is not put out."""
        self.bob.do("leave", room="dev")
        self.forget()
        self.learn(PutOut(author_of(self.bob), "dev", "kicked", "Out."))
        self.learn(PutOut(AuthorId(12345), "", "kicked", "Out."))
        self.assertEqual([peer.take() for peer in self.everybody], [[]] * 4)
