"""Mentions: the cases that the page is tried on, too; where they are."""

import json
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from groupchat.model.message.mentions import is_mentioned, places

CASES: list[tuple[str, str, bool]] = [
    (nick, text, expected)
    for nick, text, expected in json.loads(Path(__file__).with_name("mentions.json").read_text("utf-8"))
]
"""A nickname, a text, and whether it mentions them.  ``tests/page/text.test.mjs`` tries the page on the same."""


class MentionsTest(SynchronousTestCase):
    def test_cases(self) -> None:
        """A nickname is mentioned where it is a word that somebody says to a person."""
        self.assertGreater(len(CASES), 90)
        for nick, text, expected in CASES:
            self.assertEqual(is_mentioned(nick, text), expected, (nick, text))

    def test_places(self) -> None:
        """Each place is found, with its @, and none in code or an address; nobody's nickname is nowhere."""
        text = "@ada: `ada` ada, http://x/ada x@y.org ADA"
        self.assertEqual([text[start:end] for start, end in places("ada", text)], ["@ada", "ada", "ADA"])
        self.assertEqual(list(places("", text)), [])
        self.assertEqual(list(places("ada", "`ada`ada`ada`")), [(5, 8)])

    def test_nearly_mentioned(self) -> None:
        """Long texts that are full of what is nearly a mention have none, and those with one at the end have it."""
        for piece in "alice/", "`alice` ", "alice@b ", "http://x?alice ", "-alice ", "a@b alice/ ":
            self.assertFalse(is_mentioned("alice", piece * 300), piece)
            self.assertTrue(is_mentioned("alice", f"{piece * 300} alice"), piece)
