"""The forms of the log: ``twistd --logger=groupchat.logs.json_lines``, or ``groupchat.logs.text_lines``.

Each event is one line, whatever is in it: nobody can forge a second line, or send an escape to a terminal.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.logger import ILogObserver, formatEvent
from zope.interface import directlyProvides

from groupchat.config.settings import Settings
from groupchat.daemon.log.log_file import DESTINATION, LogFile, TextStream
from groupchat.daemon.log.streams import Output
from groupchat.model.text import escape
from groupchat.model.times import iso

Observer = Callable[[dict[str, Any]], None]
"""An observer of twisted.logger."""


def json_lines() -> Observer:
    """Write each event as a flat JSON object: ``at``, ``level``, ``from``, ``text``, and the fields of the event."""
    return json_observer(DESTINATION.output())


def text_lines() -> Observer:
    """Write each event as a line; a traceback follows in indented lines."""
    return text_observer(DESTINATION.output())


def take_over(program: Any, settings: Settings) -> Observer | None:
    """Open the log file that twistd or twist was told of; to be called before they begin to log.

    Return the observer that twistd shall log to unless it was told of one; None: it has been, or logs in its own way.

    :param program: the options of twistd or twist; None: there are none, as when chat.tac is run.
    :raises CannotStart: the file cannot be written.
    """
    if program is None:
        return None
    limits = settings.log_file_bytes, settings.log_files
    if "logFile" in program:  # twist: a file that is open already
        file = program["logFile"]
        if file not in (sys.stdout, sys.stderr):
            DESTINATION.file = LogFile(Path(file.name), *limits)
            program["logFile"] = TextStream(DESTINATION.file)
            file.close()
        return None
    if program.get("syslog") or program.get("logger") not in (None, json_lines, text_lines):
        return None
    path = program.get("logfile") or ("-" if program.get("nodaemon") else "twistd.log")
    if path == "-" and not program.get("nodaemon"):
        return None  # twistd refuses this
    if path != "-":
        DESTINATION.file = LogFile(Path(path), *limits)
    return text_lines() if program.get("logger") is None else None


def json_observer(output: Output) -> Observer:
    """Return an observer that writes JSON Lines."""

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
        output.write(fields["level"], [json.dumps(fields)])

    directlyProvides(observe, ILogObserver)
    return observe


def text_observer(output: Output) -> Observer:
    """Return an observer that writes lines of text."""

    def observe(event: dict[str, Any]) -> None:
        level = _level(event)
        source = f"{event.get('log_namespace', '-')}#{level}"
        lines = [f"{iso(event['log_time'])} [{source}] {escape(formatEvent(event))}"]
        if (failure := event.get("log_failure")) is not None:
            lines += [f"\t{escape(line)}" for line in failure.getTraceback().splitlines()]
        output.write(level, lines)

    directlyProvides(observe, ILogObserver)
    return observe


_OURS = {"isError", "message", "time", "system", "format", "why", "failure"}
"""Fields of the old log system, which repeat others."""


def _level(event: dict[str, Any]) -> str:
    level = event.get("log_level")
    return level.name if level is not None else "info"
