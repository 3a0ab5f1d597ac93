"""Lines of the first form: messages and topics, without their authors, and with nothing about edits and deletions."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from groupchat.exchange.fields import TEXT, Fields, instant, nick, room, words
from groupchat.exchange.fields import kind as one_kind
from groupchat.journals.rules.rows import Row, milliseconds
from groupchat.model import names
from groupchat.model.drafts import Kind

KINDS = {Kind.SAID, Kind.ACTED, Kind.TOPIC}
"""The kinds that are imported.  What is private or deleted, and acts of operators, are left out."""


def read(given: Mapping[str, Any], number: int) -> tuple[Row, str] | None:
    """Read a message and the key by which it is known; None: it is left out.

    :param number: of the line: it stands for the number of a message that has none.
    :raises ValueError, Refusal: it is not one, or has something that no door would have taken.
    """
    fields = Fields(given)
    kind = fields.get("kind", one_kind)
    if kind not in KINDS or "deleted_by" in given or not fields.get("room", words(TEXT)):
        return None
    text, name = fields.get("text", words(TEXT)), fields.get("nick", nick)
    # The author becomes a guest of its own: the nickname alone does not prove who wrote it.
    author = int.from_bytes(_digest("author", names.key(name))[:8]) >> 1 or 1
    key = _digest(str(given.get("id", number)), kind, given["room"], name, given["at"], text)
    id = given.get("id")
    at = milliseconds(fields.get("at", instant))
    row = Row(id if type(id) is int else 0, kind, author, None, fields.get("room", room), name, "", at, text)
    return row, f"import-{key.hex()[:32]}"


def _digest(*parts: str) -> bytes:
    return hashlib.sha256(json.dumps(["groupchat import", *parts]).encode()).digest()
