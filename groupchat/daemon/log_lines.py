"""How the log is written to standard output: ``twistd -n --logger=groupchat.logs.json_lines`` or ``…text_lines``.

An event is one line, whatever is in it: nobody can forge a second one, or send a terminal an escape.
"""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TextIO

from twisted.logger import formatEvent

Observer = Callable[[dict[str, Any]], None]
"""What twisted.logger hands each event to."""


def json_lines() -> Observer:
    """Write a flat JSON object for each event: ``at``, ``level``, ``from``, ``text``, and its own fields."""
    return json_observer(sys.stdout)


def text_lines() -> Observer:
    """Write a line for each event; of what a failure brings along, a line each, indented."""
    return text_observer(sys.stdout)


def json_observer(stream: TextIO) -> Observer:
    """An observer that writes JSON Lines to this stream."""

    def observe(event: dict[str, Any]) -> None:
        fields: dict[str, Any] = {
            "at": _time(event),
            "level": _level(event),
            "from": event.get("log_namespace", "-"),
            "text": formatEvent(event),
        }
        if (failure := event.get("log_failure")) is not None:
            fields["traceback"] = failure.getTraceback()
        for name, value in event.items():
            if name in _OURS or name.startswith("log_") or name in fields:
                continue
            fields[name] = value if isinstance(value, str | int | float | bool | None) else str(value)
        _write(stream, json.dumps(fields))

    return observe


def text_observer(stream: TextIO) -> Observer:
    """An observer that writes lines of text to this stream."""

    def observe(event: dict[str, Any]) -> None:
        lines = [f"{_time(event)} [{event.get('log_namespace', '-')}#{_level(event)}] {_shown(formatEvent(event))}"]
        if (failure := event.get("log_failure")) is not None:
            lines += [f"\t{_shown(line)}" for line in failure.getTraceback().splitlines()]
        _write(stream, "\n".join(lines))

    return observe


_OURS = {"isError", "message", "time", "system", "format", "why", "failure"}
"""Fields of the old log system, which say again what others say."""


def _write(stream: TextIO, line: str) -> None:
    stream.write(f"{line}\n")
    stream.flush()


def _time(event: dict[str, Any]) -> str:
    """RFC 3339, in UTC, to the millisecond."""
    at = datetime.fromtimestamp(event["log_time"], UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _level(event: dict[str, Any]) -> str:
    level = event.get("log_level")
    return level.name if level is not None else "info"


def _shown(text: str) -> str:
    """The text with everything escaped that is not simply seen."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )
