"""The destination of a program: the server, who one is there, in which room, and by which proof.

1. What the command line says counts more than the environment, that more than the table of the host in client.toml,
   and that more than what stands above all tables there.
2. The proofs of a host are for the account of the host: whoever names another one needs others.
3. Who names an account has a proof for it, or can be asked for one.
"""

import argparse
import os
from collections.abc import Iterator, Mapping, MutableMapping
from typing import NamedTuple

from groupchat.client.address import PORT, Address, Server, add_server, addresses_of, server_of, together
from groupchat.destinations import credentials
from groupchat.destinations.credentials import PASSWORD, TOKEN, Credentials, Unreadable, credentials_of, of_files
from groupchat.destinations.hosts import BadConfiguration, Host, Hosts, NamedHosts, folder_name


class BadDestination(Exception):
    """The destination is not clear; one sentence."""


class Destination(NamedTuple):
    """The server to go to, or several of one chat, and the nickname and room to have there.

    ``nick``: empty: it is asked for, or up to the program; with an access token the account's own nickname is taken.
    ``is_exact``: whether no other nickname will do.  ``account``: whether it is an account's.
    ``room``: empty: it is up to the server.
    """

    server: Server
    nick: str = ""
    room: str = ""
    menu: bool = False
    account: bool = False
    is_exact: bool = True
    credentials: Credentials = Credentials()

    @property
    def answer(self) -> str | None:
        """Return the answer to the question for a nickname; empty: the server knows it; None: a person is asked."""
        return self.nick if self.nick or self.credentials.access is not None else None

    def nicks(self) -> Iterator[str]:
        """Return the nicknames that a program asks for by itself, one after the other."""
        from groupchat.stdio.nickname import of_this_user, others

        if self.is_exact and (self.nick or self.credentials.access is not None):
            return iter([self.nick])
        return iter([self.nick, *others(self.nick)]) if self.nick else of_this_user()


def add_arguments(parser: argparse.ArgumentParser, nick: str, room: str = "") -> None:
    """Declare the arguments for a destination.

    :param nick, room: the help of these options; empty: there is no such option.
    """
    add_server(parser)
    who = parser.add_mutually_exclusive_group()
    who.add_argument("--nick", metavar="NAME", help=nick)
    who.add_argument("--account", metavar="NAME", help="be this account, by its password or an access token")
    credentials.add_arguments(parser)
    if room:
        parser.add_argument("--room", metavar="ROOM", help=room)


def destination_of(
    arguments: argparse.Namespace,
    environ: MutableMapping[str, str] = os.environ,
    is_input_free: bool = False,
    is_attended: bool = False,
    configuration: Hosts | None = None,
) -> Destination:
    """Return the destination that the arguments, the environment and client.toml name.

    Secrets are taken out of the environment, so that no program started by this one is given them.

    :param is_input_free: whether a secret can be read from standard input.
    :param is_attended: whether a person can be asked for a password.
    :raises BadDestination: it is not clear, or something of it cannot be used.
    """
    try:
        configuration = _hosts_of_person() if configuration is None else configuration
        server = server_of(arguments)
        host = _host(server, configuration)
        wanted = addresses_of(server)[0].encryption
        server = _trusting(server if host is None else host.server(wanted), environ)
        found = credentials_of(arguments.password_file, arguments.token_file, environ, is_input_free)
        if not found and host is not None and _is_for(host, arguments):
            found = of_files(host.password_file, host.token_file)
    except (BadConfiguration, Unreadable, argparse.ArgumentTypeError) as error:
        raise BadDestination(str(error)) from None
    finally:
        for variable in (PASSWORD, TOKEN):
            environ.pop(variable, None)
    named = _named(arguments, host, configuration)
    if named.account and not found and not is_attended:
        raise BadDestination(
            f"The account {named.nick} needs its password or an access token: "
            f"{PASSWORD}, --password-file, {TOKEN} or --token-file."
        )
    is_own = found.access is not None and not named.is_exact
    room = getattr(arguments, "room", None) or (host.room if host is not None else "")
    return Destination(
        server, "" if is_own else named.nick, room, account=named.account,
        is_exact=named.is_exact or is_own, credentials=found,
    )  # fmt: skip


class _Named(NamedTuple):
    nick: str
    is_exact: bool = False
    account: bool = False


def _named(arguments: argparse.Namespace, host: Host | None, configuration: Hosts) -> _Named:
    if arguments.account:
        return _Named(arguments.account, is_exact=True, account=True)
    if arguments.nick:
        return _Named(arguments.nick, is_exact=True)
    if host is not None and host.account:
        return _Named(host.account, is_exact=True, account=True)
    return _Named((host.nick if host is not None else "") or configuration.nick)


def _hosts_of_person() -> Hosts:
    """Return what client.toml says.

    :raises BadConfiguration: it cannot be used.
    """
    if not os.path.lexists(os.path.join(folder_name(os.environ, "XDG_CONFIG_HOME", ".config"), "client.toml")):
        return NamedHosts()

    from groupchat.destinations.configuration import load  # takes a while, and not everybody has the file

    return load()


def _host(server: Server, configuration: Hosts) -> Host | None:
    """Return the host of client.toml that is meant; None: there is none.

    :raises BadDestination: it is one of several addresses.
    """
    named = [one for one in addresses_of(server) if one.port == PORT and one.host in configuration.hosts]
    if named and isinstance(server, Address):
        return configuration.hosts[server.host]
    for one in named:
        raise BadDestination(
            f"{one.host} is a host of client.toml and cannot be one of several addresses; "
            f"name it alone, and write all addresses there, with commas."
        )
    return None


def _trusting(server: Server, environ: Mapping[str, str]) -> Server:
    """Return the addresses with what is known of each server.

    :raises UnreadableHosts: that cannot be read.
    """
    addresses = addresses_of(server)
    if addresses[0].encryption is None:
        return server

    from groupchat.destinations.known_hosts import KnownHosts  # most connections need none

    hosts = KnownHosts.of_person(environ)
    return together([hosts.applied(one) for one in addresses])


def _is_for(host: Host, arguments: argparse.Namespace) -> bool:
    """Return whether the proofs of a host are for whom the arguments name."""
    if arguments.account:
        return str(arguments.account).casefold() == (host.account or host.nick).casefold()
    return not arguments.nick or not host.account or arguments.nick.casefold() == host.account.casefold()
