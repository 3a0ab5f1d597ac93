"""Code in a message: what stands between backticks, and the lines between two that begin with three of them.

It is left as it was written: it gets no emoji, speaks to nobody, and is not broken between its words.
``page/text.js`` has the same rules for browsers.
"""

import re

from groupchat.lazy.expressions import expression

CODE = r"^[ \t]*```.*\n(?:.*\n)*?[ \t]*```.*|`[^`\n]+`"
"""Finds such lines, with the two around them, and code within a line; for expressions with ``re.MULTILINE``."""

HARD_BLANK = "\ufdd0"
"""Stands for a blank at which no line is broken; one column wide, and in no text that people may be shown."""

_CODE = expression(CODE, re.MULTILINE)


def code_lines(text: str) -> frozenset[int]:
    """Return which lines of a text are code as a whole, counted from 0."""
    lines: set[int] = set()
    for found in _CODE.finditer(text) if "```" in text else ():
        more = found[0].count("\n")
        if more:
            first = text.count("\n", 0, found.start())
            lines.update(range(first, first + more + 1))
    return frozenset(lines)


def with_hard_blanks(line: str) -> str:
    """Return a line with HARD_BLANK for each blank that is in code."""
    return _CODE.sub(lambda found: found[0].replace(" ", HARD_BLANK), line) if "`" in line else line
