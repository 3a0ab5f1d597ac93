"""Commands whose words can have several lines: a line of the protocol for people cannot, a request can."""

from typing import Any

from groupchat.lazy.expressions import expression
from groupchat.terminal.display.bar import REPLIES

SEVERAL = {
    "edit": expression(r"(?is)/edit\s+(?:#?(?P<id>[0-9]{1,15})\s|(?!#?[+−.,-]*\d))(?P<text>.*)"),
    "re": expression(r"(?is)/re\s+#?(?P<id>[0-9]{1,15})\s(?P<text>.*)"),
    "msg": expression(r"(?is)/(?:msg|tell|w)\s+(?P<nick>\S+)\s(?P<text>.*)"),
    "say": expression(r"(?is)/say\s(?P<text>.*)"),
}
"""The commands whose words can have several lines, each by its request."""


def several(line: str) -> dict[str, Any] | None:
    """Return the request for a command with several lines; None: it cannot have them."""
    for do, form in SEVERAL.items():
        if (found := form.fullmatch(line)) is not None:
            given = {name: value for name, value in found.groupdict().items() if value is not None}
            return {"do": do, **given, **({"id": int(given["id"])} if "id" in given else {})}
    return None


def aim(line: str, correspondent: str) -> tuple[str, bool]:
    """Return where the several lines of a command go, for a question, and whether each can be sent by itself.

    :param correspondent: whom /reply answers.
    """
    command = line.split(None, 1)[0].lower()
    if command in REPLIES:
        return f"to {correspondent or 'nobody'}, in private", False
    if command == "/me":
        return "as what you do", False
    match several(line):
        case {"do": "edit", "id": number}:
            return f"as the new text of #{number}", False
        case {"do": "edit"}:
            return "as the new text of your last message", False
        case {"do": "re", "id": number}:
            return f"as an answer to #{number}", False
        case {"do": "msg", "nick": nick}:
            return f"to {nick}, in private", True
        case {"do": "say"}:
            return "", True
    return f"with {command}", False
