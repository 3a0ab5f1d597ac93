"""What twistd and twist load: the service, imported with as little work and memory as can be.

1. Nothing is searched for garbage meanwhile.  The import makes 200,000 objects that stay, among which Python would
   search several times, and find nothing; that takes an eighth of the import.  ``process.settle`` searches once, when
   everything is there.
2. Twisted does not find pyOpenSSL meanwhile.  The reactor would load it for encryption of its own, which takes 60 ms of
   processor time and, with what it needs, 15 MiB; ours is Python's ``ssl``.  What needs pyOpenSSL, in a cluster, loads
   it later, and finds it.  Where somebody has loaded it before, as another service of the process may, it stays.
"""

import gc
import sys
from typing import Any

__all__ = ["Options", "makeService"]

_was_enabled = gc.isenabled()
_modules: dict[str, Any] = sys.modules
_is_withheld = _modules.setdefault("OpenSSL", None) is None
gc.disable()
try:
    import twisted.internet.endpoints
    import twisted.internet.posixbase  # noqa: F401

    from groupchat.daemon.options import Options
    from groupchat.daemon.service import makeService
finally:
    if _is_withheld:
        del _modules["OpenSSL"]
    gc.freeze()  # else all of it would be searched at once
    if _was_enabled:
        gc.enable()
