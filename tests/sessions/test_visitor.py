"""Visitors: who a guest is; how people prove who they are is tried over HTTP (``tests/doors/requests``)."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.model import names
from groupchat.sessions.visitor import guest_author


class GuestTest(SynchronousTestCase):
    def test_author(self) -> None:
        """A guest's author follows from the nickname alone, however that is written, and the journal can keep it."""
        alike = {guest_author(names.key(nick)) for nick in ("ci", "CI", "Ci")}
        self.assertEqual(len(alike), 1)
        found = {guest_author(f"n{number}") for number in range(1000)}
        self.assertEqual(len(found), 1000)
        self.assertTrue(all(0 <= author < 2**63 for author in found))
