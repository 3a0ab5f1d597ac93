"""What twistd and twist load: the service, imported with as little work and memory as can be.

1. Nothing is searched for garbage meanwhile.  The import makes 200,000 objects that stay, among which Python would
   search several times, and find nothing; that takes an eighth of the import.  ``process.settle`` searches once, when
   everything is there.
2. The reactor comes without pyOpenSSL (``lazy/lean_reactor.py``).
"""

import gc

from groupchat.lazy.lean_reactor import load_reactor_parts

__all__ = ["Options", "makeService"]

_was_enabled = gc.isenabled()
gc.disable()
try:
    load_reactor_parts()
    from groupchat.daemon.options import Options
    from groupchat.daemon.service import makeService
finally:
    gc.freeze()  # else all of it would be searched at once
    if _was_enabled:
        gc.enable()
