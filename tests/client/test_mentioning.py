"""Mentions, as the library finds them."""

from datetime import UTC, datetime

from twisted.trial.unittest import SynchronousTestCase

import groupchat.client as gc
from groupchat.client.mentioning import mentions
from tests.model.message.test_mentions import CASES

AT = datetime(2026, 11, 21, tzinfo=UTC)


class MentioningTest(SynchronousTestCase):
    def test_cases(self) -> None:
        """The rule is that of the server, for texts and for events."""
        self.assertIs(gc.mentions, mentions)
        for nick, text, expected in CASES:
            self.assertEqual(mentions(nick, text), expected, (nick, text))
            self.assertEqual(mentions(nick, gc.Said(1, "lobby", "zoe", AT, text)), expected, (nick, text))

    def test_others(self) -> None:
        """Nobody mentions themselves; everybody is meant by a call to all; files and people who come mean nobody."""
        self.assertFalse(mentions("ada", gc.Said(1, "lobby", "Ada", AT, "I am ada")))
        self.assertTrue(mentions("ada", gc.Said(1, "lobby", "mira", AT, "@all tea", all=True)))
        self.assertFalse(mentions("ada", gc.Joined("lobby", "zoe", "", AT)))
        self.assertFalse(mentions("ada", gc.Shared(1, "lobby", "zoe", AT, "ada.txt", 1, "a/b", "/f/x/a", "")))
