"""Commands whose words can have several lines: a line of the protocol for people cannot, a request can."""

import re
from typing import Any

SEVERAL = {
    "edit": re.compile(r"(?is)/edit\s+#?(?P<id>[0-9]{1,15})\s(?P<text>.*)"),
    "re": re.compile(r"(?is)/re\s+#?(?P<id>[0-9]{1,15})\s(?P<text>.*)"),
    "msg": re.compile(r"(?is)/(?:msg|tell|w)\s+(?P<nick>\S+)\s(?P<text>.*)"),
    "say": re.compile(r"(?is)/say\s(?P<text>.*)"),
}
"""The commands whose words can have several lines, each by its request."""


def several(line: str) -> dict[str, Any] | None:
    """Return the request for a command with several lines; None: it cannot have them."""
    for do, form in SEVERAL.items():
        if (found := form.fullmatch(line)) is not None:
            given = found.groupdict()
            return {"do": do, **given, **({"id": int(given["id"])} if "id" in given else {})}
    return None
