"""``groupchat join``: the chat on a terminal; in a pipe or from a file, a program that others can rely on."""

import argparse
import os

from groupchat.client.address import Address, addresses_of
from groupchat.destinations import command_line
from groupchat.destinations.configuration import load
from groupchat.destinations.first_use import FirstUse, is_attended
from groupchat.destinations.hosts import BadConfiguration
from groupchat.destinations.known_hosts import KnownHosts, UnreadableHosts
from groupchat.programs.plain import PlainJoin
from groupchat.stdio import running as process
from groupchat.stdio.complaints import complain
from groupchat.stdio.nickname import of_this_user
from groupchat.terminal import program


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``groupchat join``."""
    command_line.add_arguments(
        parser, "answer the question for the nickname with this", "the room to be in (default: where you were)"
    )
    parser.add_argument("--menu", action="store_true", help="begin with a menu: 1 joins, q leaves, 2 exits")
    parser.add_argument("--plain", action="store_true", help="line by line, and nothing is ever redrawn")
    parser.add_argument("--plain-screen", action="store_true", help="for screen readers: no redraws, words for colours")
    parser.add_argument("--forget-host", action="store_true", help="forget the key that is remembered of the server")
    parser.add_argument("--no-color", action="store_true", help="no colours; so does the variable NO_COLOR")


def run(arguments: argparse.Namespace) -> int:
    """Chat until the person or the server ends it; return 0 when the person did, otherwise 1."""
    try:
        configuration = load()
        to = command_line.destination_of(arguments, is_attended=True, configuration=configuration)
    except (BadConfiguration, command_line.BadDestination) as error:
        complain(str(error))
        return 1
    hosts = KnownHosts.of_person(os.environ)
    if arguments.forget_host:
        return max(_forget(hosts, one) for one in addresses_of(to.server))
    server = FirstUse(hosts).meant(to.server) if is_attended() else to.server
    if server is None:
        complain(f"Not connected to {to.server}.")
        return 1
    to = to._replace(server=server, menu=arguments.menu)
    if arguments.plain_screen or program.is_terminal():
        is_plain = arguments.plain or not program.can_draw(os.environ)
        return program.run(to, configuration, not arguments.no_color, arguments.plain_screen, is_plain)
    terminal = os.isatty(0)
    plain = PlainJoin(to, terminal, complain, next(of_this_user()) if terminal else "")
    return process.run(plain.start, plain.interrupt)


def _forget(hosts: KnownHosts, server: Address) -> int:
    """Forget a server; return 0 if something was known of it, otherwise 1."""
    try:
        known = hosts.forget(server)
    except (OSError, UnreadableHosts) as error:
        complain(f"{error.filename}: {error.strerror}." if isinstance(error, OSError) else str(error))
        return 1
    if known is None:
        complain(f"Nothing is remembered of {server}.")
        return 1
    what = f"SHA-256 {known.certificate}" if known.key else "an authority vouched for it"
    print(f"Forgotten: {server}, remembered since {known.since} ({what}).")
    return 0
