"""Claims: they keep their secrets out of logs."""

from dataclasses import FrozenInstanceError, fields

from twisted.trial.unittest import SynchronousTestCase

from groupchat.model.claims import Claim, Logout
from groupchat.model.errors import AccessInvalid, BadArguments, NickInvalid, TokenInvalid

SECRETS = {"token", "password", "code", "access"}


class Claims(SynchronousTestCase):
    def test_secrets_are_not_shown(self) -> None:
        """A claim that ends up in a log or a traceback does not show its tokens, password or code."""
        claim = Claim("alice", token="t0ken", password="passw0rd", code="c0de", rooms=("lobby",), access="acce55")
        for text in (repr(claim), str(claim), f"{claim}"):
            self.assertIn("alice", text)
            for secret in ("t0ken", "passw0rd", "c0de", "acce55"):
                self.assertNotIn(secret, text)

    def test_secrets_are_these(self) -> None:
        """Only the tokens, the password and the code are left out."""
        self.assertEqual({field.name for field in fields(Claim) if not field.repr}, SECRETS)

    def test_defaults(self) -> None:
        """A claim with only a nickname is that of a guest without proofs or wishes."""
        claim = Claim("alice")
        self.assertEqual([getattr(claim, secret) for secret in sorted(SECRETS)], [None] * 4)
        self.assertIsNone(claim.since)
        self.assertFalse(claim.login or claim.register or claim.attended)

    def test_decided_once(self) -> None:
        """A claim cannot be changed after it was checked."""
        self.assertRaises(FrozenInstanceError, setattr, Claim("alice"), "nick", "root")

    def test_logout(self) -> None:
        """All requests to log out are the same."""
        self.assertEqual(Logout(), Logout())
        self.assertNotEqual(Logout(), Claim(""))

    def test_lengths(self) -> None:
        """What no claim can have, because it is too long, is refused by name."""
        Claim("a" * 192, token="t" * 64, code="c" * 256).check_lengths()
        for claim, error in (
            (Claim("a" * 193), NickInvalid),
            (Claim("al", token="t" * 65), TokenInvalid),
            (Claim("", access="t" * 65), AccessInvalid),
            (Claim("al", code="c" * 257), BadArguments),
        ):
            self.assertRaises(error, claim.check_lengths)
