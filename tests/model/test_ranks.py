"""Ranks: their order and what they are called."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.model.ranks import Rank


class Ranks(SynchronousTestCase):
    def test_order(self) -> None:
        """Guests have the fewest rights and operators the most."""
        self.assertEqual(sorted(Rank), [Rank.GUEST, Rank.MEMBER, Rank.ROOM_OPERATOR, Rank.OPERATOR])

    def test_titles(self) -> None:
        """Every rank has a title of its own that fits into a sentence."""
        self.assertEqual(
            [f"This is for {rank.title} only." for rank in Rank],
            [
                "This is for everybody only.",
                "This is for people with an account only.",
                "This is for operators of the room or the server only.",
                "This is for operators only.",
            ],
        )

    def test_includes_lower_ranks(self) -> None:
        """What needs a rank is allowed to this rank and all higher ones."""
        for needed in Rank:
            self.assertEqual([rank for rank in sorted(Rank) if rank >= needed], sorted(Rank)[needed:])

    def test_written_as_numbers(self) -> None:
        """Ranks are the numbers from 0 upwards, so that they can be compared with stored ones."""
        self.assertEqual([int(rank) for rank in sorted(Rank)], list(range(len(Rank))))
