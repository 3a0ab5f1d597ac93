"""Which part of a file a request wants (RFC 9110, section 14)."""

import re

from groupchat.lazy.expressions import expression

_RANGE = expression(r"bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})", re.ASCII | re.IGNORECASE)
"""One range; who asks for several is given the whole file, as anybody may be."""


class NotSatisfiable(Exception):
    """The file has nothing where the range begins."""


def part(wanted: str, size: int) -> tuple[int, int] | None:
    """Return where a part begins and how long it is; None: the whole file.

    :param wanted: the Range header.
    :raises NotSatisfiable: no byte of the file is in it.
    """
    match = _RANGE.fullmatch(wanted.strip())
    if match is None:
        return None
    first, last = match.groups()
    if not first:
        if not last:
            return None
        length = min(int(last), size)
        if not length:
            raise NotSatisfiable
        return size - length, length
    begin, end = int(first), int(last) + 1 if last else size
    if end <= begin and last:
        return None
    if begin >= size:
        raise NotSatisfiable
    return begin, min(end, size) - begin


def is_unchanged(condition: str, tag: str) -> bool:
    """Return whether a part may be sent, by the If-Range header: the peer has the rest of the very same file."""
    return not condition or condition.strip() == tag


def has_it(condition: str, tag: str) -> bool:
    """Return whether the peer has the file already, by the If-None-Match header."""
    return bool(condition) and any(one.strip().removeprefix("W/") in (tag, "*") for one in condition.split(","))
