"""Completion of the path in a half-typed ``/send PATH``."""

import os
import re
from itertools import islice

from groupchat.lazy.expressions import expression

MOST_ENTRIES = 10_000
"""How many entries of a folder are looked at: somebody waits at the keyboard."""
_SPECIAL = expression(r"""([ '"\\])""")


def complete_path(text: str) -> list[str]:
    """Return what the last word of the line could become, where the line is ``/send`` and a part of a path.

    Blanks and quotation marks of a name are written with a backslash before them; folders end with a slash.
    A path that begins with a quotation mark is not completed.
    """
    command, space, typed = text.partition(" ")
    if command.lower() != "/send" or not space or typed[:1] in ("'", '"'):
        return []
    folder, slash, _ = typed.rpartition("/")
    before = folder + slash
    found = [before + _SPECIAL.sub(r"\\\1", name) for name in _names(re.sub(r"\\(.)", r"\1", before))]
    hidden = typed[len(before) :].startswith(".")
    # The editor replaces what follows the last blank, which can be in the middle of a name.
    kept = typed.rfind(" ") + 1
    return sorted(
        path[kept:] for path in found if path.startswith(typed) and (hidden or not path[len(before) :].startswith("."))
    )


def _names(folder: str) -> list[str]:
    """Return the names of the files and folders in a folder; none if it cannot be read."""
    try:
        with os.scandir(os.path.expanduser(folder) or ".") as entries:
            return [
                entry.name + ("/" if entry.is_dir() else "")
                for entry in islice(entries, MOST_ENTRIES)
                if entry.name.isprintable() and (entry.is_dir() or entry.is_file())
            ]
    except (OSError, ValueError):
        return []
