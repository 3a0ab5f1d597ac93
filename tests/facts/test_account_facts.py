"""The facts about people with accounts that need more than their form."""

import hashlib

from twisted.trial.unittest import SynchronousTestCase

from groupchat.facts.account_facts import KeptPreferences, digest_of
from groupchat.model.events import AuthorId


class DigestTest(SynchronousTestCase):
    def test_digest(self) -> None:
        """Of a secret its hex SHA-256 is stored; what no encoding has, somebody's half of a pair, has one too."""
        self.assertEqual(digest_of("sésame"), hashlib.sha256("sésame".encode()).hexdigest())
        self.assertEqual(len({digest_of("\ud800"), digest_of("\ud801"), digest_of("")}), 3)


class PreferencesTest(SynchronousTestCase):
    def test_apart(self) -> None:
        """The value of kept preferences is a copy: changing it changes no record."""
        kept = KeptPreferences(AuthorId(1), "text", {"time": "off"})
        kept.value()["time"] = "on"
        self.assertEqual(kept.changed, {"time": "off"})
