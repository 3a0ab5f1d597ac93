"""``~/.config/groupchat/client.toml``: hosts by name, the nickname, colours, the person's preferences."""

import os
import tomllib
from argparse import ArgumentTypeError
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from groupchat.client.address import Address, address
from groupchat.client.encryption import read_authorities
from groupchat.client.tls.trust import Encryption
from groupchat.terminal.flow.local_settings import BELLS


class BadConfiguration(Exception):
    """The file cannot be used; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Destination:
    """The server to join, and the nickname and room to have there.

    An empty nickname is asked for; an empty room is up to the server.
    """

    server: Address
    nick: str = ""
    room: str = ""
    menu: bool = False


@dataclass(frozen=True, slots=True)
class Host:
    """A server that has a name.  What is empty comes from the command line, or is asked for."""

    address: str
    nick: str = ""
    room: str = ""
    tls: bool = False
    insecure: bool = False
    ca: str = ""

    def server(self, encryption: Encryption | None) -> Address:
        """Return the server's address.

        :param encryption: what the command line asks for, which overrides the file.
        :raises ArgumentTypeError: the file of certificates cannot be used.
        """
        if encryption is None and (self.tls or self.insecure or self.ca):
            trusted = read_authorities(str(Path(self.ca).expanduser())) if self.ca else ()
            encryption = Encryption(trusted, insecure=self.insecure)
        return replace(address(self.address), encryption=encryption)  # the address was checked when it was read


@dataclass(frozen=True, slots=True)
class Configuration:
    """The contents of the file."""

    nick: str = ""
    color: bool = True
    typing: bool = True
    bell: str = "mentions"
    colors: Mapping[str, int] = field(default_factory=dict)
    hosts: Mapping[str, Host] = field(default_factory=dict)


def folder(environ: Mapping[str, str], variable: str, usual: str) -> Path:
    """Return our folder in a directory of the XDG Base Directory Specification."""
    named = environ.get(variable, "")
    return (Path(named) if named.startswith("/") else Path.home() / usual) / "groupchat"


def load(path: Path | None = None) -> Configuration:
    """Read the file; if there is none, return the defaults.

    :raises BadConfiguration: it cannot be read, or something in it is wrong.
    """
    path = path or folder(os.environ, "XDG_CONFIG_HOME", ".config") / "client.toml"
    try:
        with path.open("rb") as file:
            return read(tomllib.load(file))
    except FileNotFoundError:
        return Configuration()
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, BadConfiguration) as error:
        raise BadConfiguration(f"{path} cannot be used: {error}") from None


def read(fields: Mapping[str, Any]) -> Configuration:
    """Return what the file says.

    :raises BadConfiguration: a name is unknown, or a value has the wrong type.
    """
    kinds = {"nick": str, "color": bool, "typing": bool, "bell": str, "colors": dict, "hosts": dict}
    _check(fields, kinds, "")
    if fields.get("bell", "mentions") not in BELLS:
        raise BadConfiguration(f"bell must be one of {', '.join(BELLS)}")
    for nick, colour in fields.get("colors", {}).items():
        if type(colour) is not int or not 0 <= colour <= 255:
            raise BadConfiguration(f"the colour of {nick} must be a number from 0 to 255")
    hosts = {name: _host(name, host) for name, host in fields.get("hosts", {}).items()}
    return Configuration(**{**fields, "hosts": hosts})


def _host(name: str, fields: object) -> Host:
    if not isinstance(fields, dict) or "address" not in fields:
        raise BadConfiguration(f"the host {name} needs an address")
    kinds = {"address": str, "nick": str, "room": str, "tls": bool, "insecure": bool, "ca": str}
    _check(fields, kinds, f" of the host {name}")
    try:
        address(fields["address"])
    except ArgumentTypeError as error:
        raise BadConfiguration(f"the host {name}: {error}") from None
    return Host(**fields)


def _check(fields: Mapping[str, Any], kinds: Mapping[str, type], where: str) -> None:
    for name, value in fields.items():
        if name not in kinds:
            raise BadConfiguration(f"{name}{where} is unknown; known names are {', '.join(kinds)}")
        if type(value) is not kinds[name]:
            words = {str: "a string", bool: "true or false", dict: "a table"}
            raise BadConfiguration(f"{name}{where} must be {words[kinds[name]]}")
