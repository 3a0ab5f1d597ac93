"""Corrections: ``s/typo/fix/`` on a line of its own changes a word of one's last message.

Rules:

1. A line that begins with ``s/`` is a correction, or is refused with a sentence: it is never said.
2. So is a line with a whole correction that is written with another sign than the slash, such as ``s|typo|fix|``.
   Words that merely begin with an s and a sign, such as "s, I think so", are said.
3. Whoever wants to say such a line says it with /say.
"""

import re

from groupchat.lazy.expressions import expression
from groupchat.lazy.records import record
from groupchat.model.errors import BadArguments

ALL = "g"
"""What follows a correction that changes every occurrence."""

_PART = r"(?:[^/\\]|\\.)"
_WHOLE = expression(rf"[sS]/({_PART}+)/({_PART}*)/({ALL}?)\s*", re.DOTALL)
_ESCAPED = expression(r"\\([/\\])")
_SHOWN = 40
"""The most characters of a line that are repeated in a refusal."""

# The text before the second sign is not empty and does not begin with a blank, as words after a comma do.
_OTHER = expression(
    r"[sS]([|,#!:;@~%+=^&*])(?!\s)((?:(?!\1)[^\\]|\\.)+)\1((?:(?!\1)[^\\]|\\.)*)\1[a-z]{0,2}\s*", re.DOTALL
)
_OPEN = expression(r"s([|#])(?!\s)((?:(?!\1)[^\\]|\\.)+)\1((?:(?!\1)[^\\]|\\.)*)", re.DOTALL)
"""Without its end: these two signs stand so in no sentence."""


@record
class Correction:
    """One correction: ``line`` as it was typed; ``typo`` becomes ``fix``, the first time or (``every``) each time."""

    line: str
    typo: str
    fix: str
    every: bool

    @property
    def aloud(self) -> str:
        """Return what to type to say the line itself."""
        return _aloud(self.line)

    def applied(self, text: str) -> str:
        """Return a text with the correction."""
        return text.replace(self.typo, self.fix) if self.every else text.replace(self.typo, self.fix, 1)


def read(line: str) -> Correction | None:
    """Read a line that begins with an s; None: it is something to say.

    :raises BadArguments: it is meant as a correction, and is none.
    """
    whole = _WHOLE.fullmatch(line)
    if whole is not None:
        return Correction(line, _plain(whole[1]), _plain(whole[2]), whole[3] == ALL)
    if line.startswith("s/"):
        raise _refused(line, "s/typo/fix/", "A slash inside is written \\/.")
    other = _OTHER.fullmatch(line) or _OPEN.fullmatch(line)
    if other is not None:
        typo, fix = (part.replace(f"\\{other[1]}", other[1]).replace("/", "\\/") for part in (other[2], other[3]))
        raise _refused(line, f"s/{typo}/{fix}/" if len(line) <= _SHOWN else "s/typo/fix/")
    return None


def _refused(line: str, written: str, besides: str = "") -> BadArguments:
    hint = f" {besides}" if besides else ""
    return BadArguments(
        f"That was not said, because it looks like a correction; these are written {written} (or {written}{ALL} for"
        f" each occurrence).{hint} To say it as it is: {_aloud(line)}"
    )


def _aloud(line: str) -> str:
    return f"/say {line}" if len(line) <= _SHOWN else f"/say {line[:_SHOWN]}…"


def _plain(part: str) -> str:
    """Return a part of a correction as it is meant: ``\\/`` is a slash, and two backslashes are one."""
    return _ESCAPED.sub(r"\1", part)
