"""Log to standard output: ``twistd -n --logger=groupchat.logs.json_lines``, or ``groupchat.logs.text_lines``.

Each event is one line, whatever is in it: nobody can forge a second line, or send an escape to a terminal.
"""

import json
import sys
from collections.abc import Callable
from typing import Any, TextIO

from twisted.logger import formatEvent

from groupchat.model.text import escape
from groupchat.model.times import iso

Observer = Callable[[dict[str, Any]], None]
"""An observer of twisted.logger."""


def json_lines() -> Observer:
    """Write each event as a flat JSON object: ``at``, ``level``, ``from``, ``text``, and the fields of the event."""
    return json_observer(sys.stdout)


def text_lines() -> Observer:
    """Write each event as a line; a traceback follows in indented lines."""
    return text_observer(sys.stdout)


def json_observer(stream: TextIO) -> Observer:
    """Return an observer that writes JSON Lines to this stream."""

    def observe(event: dict[str, Any]) -> None:
        fields: dict[str, Any] = {
            "at": iso(event["log_time"]),
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
    """Return an observer that writes lines of text to this stream."""

    def observe(event: dict[str, Any]) -> None:
        source = f"{event.get('log_namespace', '-')}#{_level(event)}"
        lines = [f"{iso(event['log_time'])} [{source}] {escape(formatEvent(event))}"]
        if (failure := event.get("log_failure")) is not None:
            lines += [f"\t{escape(line)}" for line in failure.getTraceback().splitlines()]
        _write(stream, "\n".join(lines))

    return observe


_OURS = {"isError", "message", "time", "system", "format", "why", "failure"}
"""Fields of the old log system, which repeat others."""


def _write(stream: TextIO, line: str) -> None:
    stream.write(f"{line}\n")
    stream.flush()


def _level(event: dict[str, Any]) -> str:
    level = event.get("log_level")
    return level.name if level is not None else "info"
