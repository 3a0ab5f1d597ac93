"""``~/.config/groupchat/client.toml``: hosts by name, the nickname, colours, the person's preferences."""

import os
import tomllib
from argparse import ArgumentTypeError
from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any

from groupchat.client.address import servers
from groupchat.client.encryption import read_fingerprint
from groupchat.destinations.hosts import BadConfiguration, Host, folder_name
from groupchat.destinations.quiet_hours import QuietHours
from groupchat.disk.small_files import read_small
from groupchat.lazy.expressions import expression
from groupchat.lazy.records import record

BELLS = ("off", "mentions", "all")
"""The occasions on which the bell rings: never, mentions and private messages, or every message."""

JOINS = ("active", "on", "off")
"""What is shown of people who come and go: who spoke lately, each of them, or nobody."""

OTHERS = ("mentions", "all", "none")
"""What is shown of the rooms where the person is not: mentions and private messages, everything, or nothing."""

PLACEHOLDERS = expression(r"\{(nick|room|text)\}")
"""What stands in the arguments of ``notify`` for parts of a message."""

ARGUMENTS_MOST = 32
"""The most arguments of ``notify``, with the program itself."""

WORDS: Mapping[type, str] = {str: "a string", bool: "true or false", dict: "a table", list: "a list"}


@record
class Configuration:
    """The contents of the file."""

    nick: str = ""
    hosts: Mapping[str, Host] = field(default_factory=dict)
    color: bool = True
    typing: bool = True
    bell: str = "mentions"
    colors: Mapping[str, int] = field(default_factory=dict)
    joins: str = "active"
    notify: tuple[str, ...] = ()
    quiet_hours: QuietHours | None = None
    others: str = "mentions"


def folder(environ: Mapping[str, str], variable: str, usual: str) -> Path:
    """Return our folder in a directory of the XDG Base Directory Specification."""
    return Path(folder_name(environ, variable, usual))


def load(path: Path | None = None) -> Configuration:
    """Read the file; if there is none, return the defaults.

    :raises BadConfiguration: it cannot be read, or something in it is wrong.
    """
    path = path or folder(os.environ, "XDG_CONFIG_HOME", ".config") / "client.toml"
    try:
        text = read_small(path).decode()
    except FileNotFoundError:
        return Configuration()
    except (OSError, UnicodeDecodeError) as error:
        why = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else error.strerror
        raise BadConfiguration(f"{path} cannot be used: {why}.") from None

    try:
        return read(tomllib.loads(text), path.parent)
    except (tomllib.TOMLDecodeError, RecursionError, BadConfiguration) as error:
        raise BadConfiguration(f"{path} cannot be used: {error}.") from None


def read(fields: Mapping[str, Any], base: Path) -> Configuration:
    """Return what the file says.

    :param base: the folder that the names of other files start from.
    :raises BadConfiguration: a name is unknown, or a value has the wrong type.
    """
    kinds = {
        "nick": str, "color": bool, "typing": bool, "bell": str, "joins": str, "notify": list, "quiet_hours": str,
        "others": str, "colors": dict, "hosts": dict,
    }  # fmt: skip
    _check(fields, kinds, "")
    for name, values in ("bell", BELLS), ("joins", JOINS), ("others", OTHERS):
        if fields.get(name, values[0]) not in values:
            raise BadConfiguration(f"{name} must be one of {', '.join(values)}")
    for nick, colour in fields.get("colors", {}).items():
        if type(colour) is not int or not 0 <= colour <= 255:
            raise BadConfiguration(f"the colour of {nick} must be a number from 0 to 255")
    hosts = {name: _host(name, host, base) for name, host in fields.get("hosts", {}).items()}
    try:
        hours = QuietHours.read(fields["quiet_hours"]) if fields.get("quiet_hours") else None
    except ValueError as error:
        raise BadConfiguration(f"quiet_hours {error}") from None
    notify = _notify(fields.get("notify", []))
    return Configuration(**{**fields, "hosts": hosts, "notify": notify, "quiet_hours": hours})


def _notify(given: Sequence[object]) -> tuple[str, ...]:
    """Return the program that is run for notifications, and its arguments."""
    words = [one for one in given if isinstance(one, str)]
    if len(words) < len(given):
        raise BadConfiguration('notify must be strings, like ["notify-send", "{nick} in {room}", "{text}"]')
    if len(words) > ARGUMENTS_MOST:
        raise BadConfiguration(f"notify has at most {ARGUMENTS_MOST} strings")
    if words and (not words[0] or PLACEHOLDERS.search(words[0])):
        raise BadConfiguration("notify must begin with the name of a program")
    if any("\0" in word for word in words):
        raise BadConfiguration("notify has no NUL characters")
    return tuple(words)


_FILES = ("ca", "password_file", "token_file")
"""The settings of a host that name a file."""

_EXCLUSIVE = (("ca", "fingerprint", "insecure"), ("password_file", "token_file"), ("nick", "account"))
"""Settings that exclude each other: a host has at most one of each group."""


def _host(name: str, fields: object, base: Path) -> Host:
    if not isinstance(fields, dict) or "address" not in fields:
        raise BadConfiguration(f"the host {name} needs an address")
    kinds = {
        "address": str, "nick": str, "account": str, "room": str, "tls": bool, "ca": str, "fingerprint": str,
        "insecure": bool, "password_file": str, "token_file": str,
    }  # fmt: skip
    _check(fields, kinds, f" of the host {name}")
    # An empty name or fingerprint must not mean that nothing is encrypted, or that no password is sent.
    for one in (*_EXCLUSIVE[0][:2], *_EXCLUSIVE[1]):
        if fields.get(one) == "":
            raise BadConfiguration(f"the host {name} has an empty {one}: leave it out")
    for names in _EXCLUSIVE:
        given = [one for one in names if fields.get(one)]
        if len(given) > 1:
            raise BadConfiguration(f"the host {name} has {' and '.join(given)}: leave out all but one")
    secured = next((one for one in _EXCLUSIVE[0] if fields.get(one)), "")
    if secured and fields.get("tls") is False:
        raise BadConfiguration(f"the host {name} has {secured}, which needs TLS, and tls = false")
    try:
        servers(fields["address"])
        if fields.get("fingerprint"):
            read_fingerprint(fields["fingerprint"])
        files = {one: str(base / Path(fields[one]).expanduser()) for one in _FILES if fields.get(one)}
    except (ArgumentTypeError, RuntimeError) as error:  # the latter: a user's home that is not known
        raise BadConfiguration(f"the host {name}: {str(error).rstrip('.')}") from None
    return Host(**{**fields, **files})


def _check(fields: Mapping[str, Any], kinds: Mapping[str, type], where: str) -> None:
    for name, value in fields.items():
        if name not in kinds:
            raise BadConfiguration(f"{name}{where} is unknown; known names are {', '.join(kinds)}")
        if type(value) is not kinds[name]:
            raise BadConfiguration(f"{name}{where} must be {WORDS[kinds[name]]}")
