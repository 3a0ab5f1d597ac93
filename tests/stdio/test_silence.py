"""What is said of a server that does not answer."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.stdio.silence import no_answer


class NoAnswerTest(SynchronousTestCase):
    def test_lines(self) -> None:
        """The lines that wait are counted, if there are any."""
        self.assertEqual(no_answer(15.4, 0), "No answer from the server for 15 s.")
        self.assertEqual(no_answer(15.4, 1), "No answer from the server for 15 s; 1 line waits.")
        self.assertEqual(no_answer(20, 2), "No answer from the server for 20 s; 2 lines wait.")
