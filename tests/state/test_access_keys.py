"""Access keys: how tokens and hooks are found, named and forgotten."""

from dataclasses import replace

from twisted.trial.unittest import SynchronousTestCase

from groupchat.facts.account_facts import AccessToken, Hook, digest_of
from groupchat.model.drafts import Fact
from groupchat.model.errors import BadArguments
from groupchat.model.events import AuthorId
from groupchat.state.access_keys import (
    HOOK_PREFIX,
    MOST,
    NOTED_S,
    TOKEN_PREFIX,
    AccessKeys,
    checked_label,
    new_secret,
)

ALICE, BOB = AuthorId(7), AuthorId(8)


class AccessKeysTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.keys = AccessKeys()
        self.secret, self.address = new_secret(TOKEN_PREFIX), new_secret(HOOK_PREFIX)
        self.token = AccessToken(ALICE, "ci", digest_of(self.secret), 1.0)
        self.hook = Hook(ALICE, "ci", "dev", digest_of(self.address), 2.0)
        for key in (self.token, self.hook):
            self.keys.learn(key.fact)

    def test_secrets(self) -> None:
        """A secret has 160 bits, begins so that scanners find it, and is never the same."""
        made = {new_secret(TOKEN_PREFIX) for _ in range(100)}
        self.assertEqual(len(made), 100)
        for secret in made:
            self.assertRegex(secret, "^gct_[0-9a-f]{40}$")

    def test_found(self) -> None:
        """A key is found by its secret only, and a token is no hook."""
        tokens, hooks = self.keys.tokens, self.keys.hooks
        self.assertEqual((tokens.find(self.secret), hooks.find(self.address)), (self.token, self.hook))
        self.assertEqual((hooks.find(self.secret), tokens.find(self.address)), (None, None))
        for wrong in (
            "",
            self.secret[:-1],
            self.secret + "0",
            self.secret.upper(),
            self.token.digest,
            "é" * 10_000_000,
        ):
            self.assertIsNone(tokens.find(wrong))

    def test_of(self) -> None:
        """The keys of an account are listed by name; nobody else has them."""
        first = replace(self.token, label="a", digest="another")
        self.keys.learn(first.fact)
        self.assertEqual(self.keys.tokens.of(ALICE), [first, self.token])
        self.assertEqual((self.keys.tokens.of(BOB), list(self.keys.hooks)), ([], [self.hook]))
        self.assertEqual(self.keys.tokens.named(ALICE, "CI"), self.token)
        self.assertIsNone(self.keys.tokens.named(BOB, "ci"))

    def test_removed(self) -> None:
        """A key that is no longer true is not found; a changed one is found as it is now."""
        used = replace(self.token, used=5.0)
        self.keys.learn(used.fact)
        self.assertEqual((self.keys.tokens.find(self.secret), self.keys.tokens.of(ALICE)), (used, [used]))
        for _ in range(2):
            self.keys.learn(Fact("access-token", "7/ci", None))
        self.assertEqual((self.keys.tokens.find(self.secret), self.keys.tokens.of(ALICE)), (None, []))
        self.assertEqual(self.keys.hooks.find(self.address), self.hook)

    def test_forgotten(self) -> None:
        """With an account all its keys are forgotten, and no other's."""
        other = new_secret(TOKEN_PREFIX)
        self.keys.learn(AccessToken(BOB, "ci", digest_of(other), 1.0).fact)
        for _ in range(2):
            self.keys.forget(ALICE)
        self.assertEqual((self.keys.tokens.find(self.secret), self.keys.hooks.find(self.address)), (None, None))
        self.assertEqual([token.author for token in self.keys.tokens], [BOB])

    def test_labels(self) -> None:
        """A name is simple, and of an account's own keys of the same kind none other has it."""
        self.assertEqual(checked_label("Build.2-a_b"), "build.2-a_b")
        for wrong in ("", "-a", "a b", "ä", "a/b", "a" * 33, "<b>", "a\n"):
            self.assertRaises(BadArguments, checked_label, wrong)
        free = self.keys.tokens.free_label
        self.assertRaises(BadArguments, free, ALICE, "CI", "token")
        self.assertEqual(
            (free(BOB, "CI", "token"), free(ALICE, "", "ci"), free(ALICE, "", "token")), ("ci", "ci-2", "token")
        )

    def test_bounded(self) -> None:
        """An account has so many keys at most."""
        for number in range(1, MOST):
            label = self.keys.tokens.free_label(ALICE, "", "ci")
            self.keys.learn(AccessToken(ALICE, label, f"digest {number}", 1.0).fact)
        for wished in ("", "another"):
            self.assertRaises(BadArguments, self.keys.tokens.free_label, ALICE, wished, "ci")
        self.assertEqual(self.keys.tokens.free_label(BOB, "", "ci"), "ci")

    def test_use(self) -> None:
        """A use is noted once a day."""
        (change,) = self.keys.note_use(self.token, 10.0)
        self.assertEqual(change, replace(self.token, used=10.0).replacing(self.token))
        self.keys.learn(change.fact)
        (noted,) = self.keys.tokens.of(ALICE)
        self.assertEqual(self.keys.note_use(noted, 9.0 + NOTED_S), [])
        self.assertEqual(len(self.keys.note_use(noted, 10.0 + NOTED_S)), 1)
