"""How a node shows another one that it belongs to the same cluster.

Each process makes a secret, and puts it on the node's card in the log: only those who may read the log know it.  Who
asks for a file does not send it, but a code made of it and of the file's hash; so the code is good for this one file,
at this one node, until that starts again.
"""

import hmac
import secrets

SCHEME = "Node"
"""The word before the code in the header of a request."""


def new_secret() -> str:
    """Make the secret of a process."""
    return secrets.token_hex(32)


def proof(secret: str, sha256: str) -> str:
    """Return what a node is shown, whose secret this is, by another one that asks for a file."""
    return f"{SCHEME} {hmac.new(secret.encode(), f'file {sha256}'.encode(), 'sha256').hexdigest()}"


def is_proof(secret: str, sha256: str, given: str) -> bool:
    """Say whether this was made of the secret; how long that takes tells nothing."""
    return bool(secret) and hmac.compare_digest(proof(secret, sha256).encode(), given.encode("utf-8", "replace"))
