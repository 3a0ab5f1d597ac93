"""Read the settings file, which is TOML, and tell on which line it is wrong."""

import re
import tomllib
from os import PathLike
from pathlib import Path

from groupchat.config.settings import Settings
from groupchat.disk.small_files import read_small
from groupchat.model.errors import CannotStart


def load(path: str | PathLike[str]) -> Settings:
    """Return the settings of a TOML file; those it does not name have their defaults.

    :raises CannotStart: the file cannot be read or is not TOML, or a setting in it is wrong;
        names the file, the line, and what is expected.
    """
    text = _read(path)
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        what, _, where = str(error).rpartition(" (at ")
        number = re.match(r"line (\d+)", where)
        line = int(number[1]) if number else text.rstrip().count("\n") + 1
        raise CannotStart(f"{path}, line {line}: {_with_setting(what, text, line)}.") from error
    settings = Settings()
    for name, value in given.items():
        try:
            # Limits that depend on each other are checked when all are known.
            settings.check(name, value)
        except CannotStart as error:
            raise CannotStart(f"{path}, line {_line_of(name, text)}: {error}") from error
    try:
        return settings.replaced(**given)
    except CannotStart as error:
        line = max(_line_of(name, text) for name in given if re.search(rf"\b{name}\b", str(error)))
        raise CannotStart(f"{path}, line {line}: {error}") from error


def _read(path: str | PathLike[str]) -> str:
    """Return the text of a settings file.

    :raises CannotStart: it cannot be read, is no regular file or too large, or is not UTF-8.
    """
    try:
        raw = read_small(Path(path))
    except OSError as error:
        raise CannotStart(f"{path}: {error.strerror}.") from error
    try:
        return raw.decode().replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise CannotStart(f"{path}, line {line}: this is not UTF-8.") from error


def _with_setting(what: str, text: str, line: int) -> str:
    """Add to what is no TOML on a line which setting it is, and what that takes."""
    assigned = re.match(r"\s*(\w+)\s*=", text.split("\n")[line - 1])
    taken = Settings.expected(assigned[1]) if assigned else ""
    return f"{what}; {assigned[1]} must be {taken}" if assigned and taken else what


def _line_of(name: str, text: str) -> int:
    """Return the number of the line on which a top-level name begins, which ``tomllib`` does not tell.

    A file that is cut after a whole statement is TOML too.
    So the name begins on the last of the lines that have it before which the file is TOML without the name:
    further on it has the name, or ends in the middle of a statement.
    """
    lines = text.split("\n")
    having = [number for number, line in enumerate(lines) if name in line]
    # A name may be written with escapes, in quotes.
    for number in reversed(having or range(len(lines))):
        try:
            if name not in tomllib.loads("\n".join(lines[:number])):
                return number + 1
        except tomllib.TOMLDecodeError:
            continue
    raise KeyError(name)
