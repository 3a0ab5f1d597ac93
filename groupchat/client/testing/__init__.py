"""Tests of programs that use the library: a server in memory, which answers as a real one does.

`FakeServer` is given to ``gc.connect``, ``gc.Bot`` or ``gc.Client`` instead of an address.
"""

from groupchat.client.testing.fake_server import FakeServer, Somebody

__all__ = ["FakeServer", "Somebody"]
