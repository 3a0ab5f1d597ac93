"""Read what a service posts to a hook, and return the words that are said."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from groupchat.doors.requests.services import own_form
from groupchat.doors.requests.slack import message
from groupchat.lazy.expressions import expression
from groupchat.model.errors import BadArguments, BadJson, NotUtf8

MOST_BYTES, MOST_LINES = 4000, 60
"""The most of a payload that is said: no message has more than 4,096 bytes."""

MOST_FIELDS = 100
"""The most fields of a form."""

_LINE_ENDS = expression("\r\n|[\r\v\f\x85\u2028\u2029]")


def spoken(body: bytes, kind: str, headers: Mapping[str, str]) -> str:
    """Return what is to be said for a payload; an empty string: nothing, for it is not worth a line.

    :param kind: the header ``Content-Type``.
    :param headers: the headers that say who posts, by their names in small letters.
    :raises NotUtf8, BadJson, BadArguments: it cannot be read, or is of no form that is known.
    """
    text = _decoded(body)
    name = kind.partition(";")[0].strip().lower()
    if name == "application/x-www-form-urlencoded" and not text.lstrip().startswith("{"):
        try:
            fields = parse_qs(text, keep_blank_values=True, max_num_fields=MOST_FIELDS) if "=" in text else {}
        except ValueError:
            raise BadArguments("That form has too many fields; one is needed, payload.") from None
        text = fields.get("payload", [text])[0]
    if text.lstrip().startswith(("{", "[")) or name == "application/json":
        return shortened(_of_json(text, headers))
    if name.startswith("multipart/"):
        raise BadArguments("A hook takes JSON, a form with the field payload, or plain text; choose JSON there.")
    return shortened(text)


def _of_json(text: str, headers: Mapping[str, str]) -> str:
    try:
        value: Any = json.loads(text)
    except RecursionError:
        raise BadJson("That is nested too deep.") from None
    except ValueError as error:
        raise BadJson(f"That is not JSON: {error}.") from None
    found = own_form(value, headers)
    if found is None:
        found = message(value)
        if not found:
            raise BadArguments(
                'That is no form which is known here: {"text": "…"} is said as it is, and GitHub, GitLab, Grafana, '
                "Alertmanager, Uptime Kuma, and whatever can post to Slack, are understood."
            )
    return found


def shortened(text: str) -> str:
    """Return as much of a text as one message can have; an ellipsis stands for the rest."""
    text = _LINE_ENDS.sub("\n", text).strip("\n")
    rows = [row.rstrip() for row in text.split("\n", MOST_LINES)[:MOST_LINES]]
    whole = "\n".join(rows)
    if len(text.split("\n", MOST_LINES)) > MOST_LINES:
        whole += "…"
    encoded = whole.encode("utf-8", "replace")
    if len(encoded) > MOST_BYTES:
        whole = encoded[:MOST_BYTES].decode("utf-8", "ignore").rstrip() + "…"
    return whole


def _decoded(body: bytes) -> str:
    """:raises NotUtf8: it is not UTF-8."""
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotUtf8(f"The body is not UTF-8 (at byte {error.start + 1} of it).") from None
