"""What twistd and twist load: the service, imported without searching for garbage meanwhile.

The import makes 200,000 objects that stay, among which Python would search several times, and find nothing.
That takes an eighth of the import; ``process.settle`` searches once, when everything is there.
"""

import gc

__all__ = ["Options", "makeService"]

_was_enabled = gc.isenabled()
gc.disable()
try:
    from groupchat.daemon.options import Options
    from groupchat.daemon.service import makeService
finally:
    if _was_enabled:
        gc.enable()
