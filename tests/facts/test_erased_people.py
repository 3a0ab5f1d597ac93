"""What becomes of facts that name somebody who is erased."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.facts.account_facts import Ignoring, ReadPosition, RegistrationCode
from groupchat.facts.erased_people import NAMING, forgetting
from groupchat.facts.reading_places import PRIVATE, talk
from groupchat.facts.room_facts import Invitation, Lock, Motd
from groupchat.facts.sanctions import Ban, NetworkBan
from groupchat.facts.typed import TypedFact
from groupchat.model.events import AuthorId

ALIAS = "forgotten-0123abcd"
ALICE, BOB = AuthorId(1), AuthorId(2)


def ban(whom: str, author: AuthorId | None, by: str = "olga", why: str = "") -> Ban:
    return Ban(whom, whom.lower(), author, author is None, "dev", by, why, 1.0, None)


class ForgettingTest(SynchronousTestCase):
    def after(self, fact: TypedFact, author: AuthorId | None = ALICE) -> TypedFact | None:
        """Return the fact without alice."""
        return forgetting(fact, "alice", ALIAS, author)

    def test_others(self) -> None:
        """A fact that does not name the person stays as it is."""
        for fact in (ban("bob", BOB, why="he called alice names"), Lock("dev", "bob", 1.0), Ignoring(BOB, BOB, "al")):
            self.assertIs(self.after(fact), fact)

    def test_about_them(self) -> None:
        """A sanction of theirs is found by the pseudonym, by author or by nickname, and still holds for the author."""
        for fact in (ban("Alice", None, why="Alice again"), ban("Alice", ALICE, why="Alice again")):
            changed = self.after(fact)
            assert isinstance(changed, Ban)
            self.assertEqual((changed.whom, changed.key, changed.name), (ALIAS, ALIAS, f"dev/{ALIAS}"))
            self.assertEqual((changed.author, changed.named, changed.why), (fact.author, fact.named, f"{ALIAS} again"))

    def test_by_them(self) -> None:
        """What they decided holds, with a pseudonym for them and without their words."""
        changed = self.after(ban("bob", BOB, "ALICE", "my reasons"))
        assert isinstance(changed, Ban)
        self.assertEqual((changed.whom, changed.by, changed.why), ("bob", ALIAS, ""))
        self.assertEqual(self.after(RegistrationCode("d", "alice", 1.0)), RegistrationCode("d", ALIAS, 1.0))
        network = NetworkBan("192.0.2.0/24", "192.0.2.0/24", None, False, "", "alice", "spam", 1.0, None)
        changed = self.after(network)
        assert isinstance(changed, NetworkBan)
        self.assertEqual((changed.key, changed.by, changed.why), ("192.0.2.0/24", ALIAS, ""))

    def test_their_words(self) -> None:
        """A message of the day is nothing but words: theirs is true no more, and another's stays."""
        self.assertIs(self.after(Motd("welcome", "alice", 1.0)), None)
        other = Motd("alice says welcome", "bob", 1.0)
        self.assertIs(self.after(other), other)

    def test_nicknames(self) -> None:
        """Where their nickname is kept, the pseudonym is, whatever it was then."""
        self.assertEqual(self.after(Ignoring(BOB, ALICE, "al")), Ignoring(BOB, ALICE, ALIAS))
        self.assertEqual(self.after(Invitation("dev", BOB, "alice", "bob", 1.0), None).value()["nick"], ALIAS)  # type: ignore[union-attr]

    def test_conversations(self) -> None:
        """How far others have read what they wrote is true no more; all other positions stay."""
        self.assertIsNone(self.after(ReadPosition(BOB, talk(ALICE), 7, 1.0)))
        for place in (talk(BOB), "lobby", PRIVATE):
            fact = ReadPosition(BOB, place, 7, 1.0)
            self.assertIs(self.after(fact), fact)
        of_a_guest = ReadPosition(BOB, talk(ALICE), 7, 1.0)
        self.assertIs(self.after(of_a_guest, None), of_a_guest)

    def test_kinds(self) -> None:
        """Every kind is looked at that has a nickname of somebody whose own it is not."""
        self.assertIn("ban", NAMING)
        self.assertNotIn("account", NAMING)
