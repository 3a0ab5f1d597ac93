"""What a check has posted is deleted, one message after the other."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.checker.erasure import HELD_BACK_S, REST_S, Erasure


class ErasureTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.asked: list[int] = []
        self.erasure = Erasure([4, 7, 9], self.asked.append)

    def test_one_at_a_time(self) -> None:
        """The next is asked for when the last was answered."""
        for now in (0.0, 0.1):
            self.erasure.go_on(now)
        self.assertEqual(self.asked, [4])
        self.erasure.answered(4, "", 0.1)
        self.erasure.go_on(0.1)
        self.assertEqual((self.asked, list(self.erasure.left)), ([4, 7], [7, 9]))

    def test_rest(self) -> None:
        """After an answer that was held back, it waits a moment."""
        self.erasure.go_on(0.0)
        self.erasure.answered(4, "", HELD_BACK_S + 0.1)
        self.erasure.go_on(HELD_BACK_S + 0.1)
        self.assertEqual(self.asked, [4])
        self.erasure.go_on(HELD_BACK_S + 0.1 + REST_S)
        self.assertEqual(self.asked, [4, 7])

    def test_refused(self) -> None:
        """What is gone is no failure; what may not be deleted is."""
        for id, code in ((4, "already-deleted"), (7, "not-yours"), (9, "no-such-message")):
            self.erasure.go_on(0.0)
            self.erasure.answered(id, code, 0.0)
        self.assertEqual((list(self.erasure.left), self.erasure.refused), ([], [7]))

    def test_interrupted(self) -> None:
        """After a lost connection it is asked again; answers to something else are nothing."""
        self.erasure.go_on(0.0)
        self.erasure.interrupted()
        self.erasure.answered(4, "", 0.0)
        self.erasure.go_on(0.0)
        self.erasure.answered(9, "", 0.0)
        self.assertEqual((self.asked, list(self.erasure.left)), ([4, 4], [4, 7, 9]))
