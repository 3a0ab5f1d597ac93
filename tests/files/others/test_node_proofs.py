"""How nodes show each other that they belong to one cluster."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.files.others.node_proofs import is_proof, new_secret, proof

HASH = "ab" * 32


class ProofTests(SynchronousTestCase):
    def test_right(self) -> None:
        """Who knows the secret is known by it; the secret itself is not in what is sent."""
        secret = new_secret()
        given = proof(secret, HASH)
        self.assertTrue(is_proof(secret, HASH, given))
        self.assertNotIn(secret, given)

    def test_wrong(self) -> None:
        """Another secret, another file, none, and whatever strangers write, are none."""
        secret = new_secret()
        self.assertNotEqual(secret, new_secret())
        for given in (
            "",
            "Node ",
            proof(new_secret(), HASH),
            proof(secret, "cd" * 32),
            secret,
            f"Node {secret}",
            "ü\ud800",
        ):
            self.assertFalse(is_proof(secret, HASH, given), given)
        self.assertFalse(is_proof("", HASH, proof("", HASH)), "a node without a secret gives nothing")
