"""Twisted's reactor without pyOpenSSL."""

import sys
from importlib import import_module
from typing import Any

PARTS = ("twisted.internet.endpoints", "twisted.internet.posixbase")
"""What loads pyOpenSSL, if it finds it, as any reactor is imported."""


def load_reactor_parts() -> None:
    """Load what every reactor is made of, while pyOpenSSL is not to be found.

    The reactor would load it for encryption of its own, which takes 60 ms of processor time and, with what it needs,
    15 MiB; ours is by Python's ``ssl``.  What needs pyOpenSSL, in a cluster, loads it later, and finds it.
    Where somebody has loaded it before, as another service of the process may, or a reactor, they stay as they are.
    """
    modules: dict[str, Any] = sys.modules
    is_withheld = modules.setdefault("OpenSSL", None) is None
    try:
        for part in PARTS:
            import_module(part)
    finally:
        if is_withheld:
            del modules["OpenSSL"]
