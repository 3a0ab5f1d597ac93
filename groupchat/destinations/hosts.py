"""Hosts by name, as ``client.toml`` has them, and where the file is; each program is soon past it if there is none."""

import os
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple, Protocol

from groupchat.client.address import Server, addresses_of, servers, together
from groupchat.client.encryption import read_authorities, read_fingerprint
from groupchat.client.tls.trust import Encryption

NO_HOME = "/nonexistent"
"""The home of a user whom the system does not know, as some containers have."""


class BadConfiguration(Exception):
    """The file cannot be used; the sentence says why."""


class Host(NamedTuple):
    """A server with a name.  Empty fields are filled by the command line, or asked for.

    ``address``: one, or several of one chat with commas.
    ``fingerprint``: as it is written in the file; the names of files are absolute.
    """

    address: str
    nick: str = ""
    account: str = ""
    room: str = ""
    tls: bool = False
    ca: str = ""
    fingerprint: str = ""
    insecure: bool = False
    password_file: str = ""
    token_file: str = ""

    def server(self, encryption: Encryption | None) -> Server:
        """Return the server's address, or its addresses.

        :param encryption: what the command line asks for, which overrides the file.
        :raises ArgumentTypeError: the file of certificates cannot be used.
        """
        if encryption is None and (self.tls or self.insecure or self.ca or self.fingerprint):
            encryption = Encryption(
                read_authorities(self.ca) if self.ca else (),
                read_fingerprint(self.fingerprint) if self.fingerprint else b"",
                self.insecure,
            )
        found = addresses_of(servers(self.address))  # the text was checked when it was read
        return together([one._replace(encryption=encryption) for one in found])


class Hosts(Protocol):
    """The hosts by name, and the nickname where no other is named."""

    @property
    def nick(self) -> str:
        """The nickname; empty: it is up to the program."""

    @property
    def hosts(self) -> Mapping[str, Host]:
        """Return the hosts, by the name that they have in the file."""


class NamedHosts(NamedTuple):
    """Hosts, and nothing else of the file."""

    nick: str = ""
    hosts: Mapping[str, Host] = MappingProxyType({})


def folder_name(environ: Mapping[str, str], variable: str, usual: str) -> str:
    """Return the name of our folder in a directory of the XDG Base Directory Specification."""
    named = environ.get(variable, "")
    if not named.startswith("/"):
        home = os.path.expanduser("~")
        named = os.path.join(home if home.startswith("/") else NO_HOME, usual)
    return os.path.join(named, "groupchat")
