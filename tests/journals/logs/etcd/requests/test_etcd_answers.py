"""What servers say, as people are shown it."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from groupchat.journals.logs.etcd.requests.etcd_answers import MOST_SAID, brief, said

HOSTILE = "down \x1b[2J\x1b]0;owned\x07\r\nb1: all is well \u202egnihton\u2028\x9b1m \ud800"
"""Clears the screen, sets the title of the window, rings, begins another line, turns the direction of writing."""


class SaidTest(SynchronousTestCase):
    def test_plain(self) -> None:
        """What can be shown stays as it is."""
        for text in ("", "etcdserver: no leader", "rpc error: desc = “é”", "x" * MOST_SAID):
            self.assertEqual(said(text), text)
            self.assertEqual(said(said(text)), text)

    def test_hostile(self) -> None:
        """A terminal obeys nothing of it, and it is one line."""
        shown = said(HOSTILE)
        self.assertTrue(shown.isprintable())
        self.assertEqual(shown, "down �[2J�]0;owned�  b1: all is well �gnihton �1m �")

    def test_long(self) -> None:
        """Of a long sentence the beginning is shown."""
        self.assertEqual(said("x" * MOST_SAID + "\x1b"), "x" * MOST_SAID + "…")

    def test_brief(self) -> None:
        """Of any value the beginning is shown, however large it is and whatever is in it."""
        deep: Any = []
        for _ in range(1000):
            deep = [deep, {"\x1b": deep}]
        values = (
            HOSTILE * 100,
            [HOSTILE] * 9,
            {HOSTILE: HOSTILE},
            deep,
            10**4000,
            None,
            ["x" * 10**6],
            {"a": "x" * 10**6},
        )
        for value in values:
            shown = brief(value)
            self.assertTrue(shown.isprintable(), shown)
            self.assertLessEqual(len(shown), MOST_SAID + 1)
        self.assertEqual([brief(value) for value in ("x", None, [5], {"a": 1})], ["'x'", "None", "[5]", "{'a': 1}"])
