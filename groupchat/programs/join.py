"""``groupchat join``: the chat on a terminal; or line by line, in a pipe, from a file, or on a dumb terminal."""

import argparse
import os

from groupchat.client.address import PORT, add_server, server_of
from groupchat.programs.plain import PlainJoin
from groupchat.stdio import running as process
from groupchat.terminal import program
from groupchat.terminal.configuration import BadConfiguration, Destination, load


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``groupchat join``."""
    add_server(parser)
    parser.add_argument("--nick", metavar="NAME", help="answer the question for the nickname with this")
    parser.add_argument("--menu", action="store_true", help="begin with a menu: 1 joins, q leaves, 2 exits")
    parser.add_argument("--plain", action="store_true", help="line by line, whatever the terminal can do")
    parser.add_argument("--plain-screen", action="store_true", help="for screen readers: no redraws, words for colours")
    parser.add_argument("--no-color", action="store_true", help="no colours; so does the variable NO_COLOR")
    parser.add_argument("--room", metavar="ROOM", help="the room to be in (default: where you were)")


def run(arguments: argparse.Namespace) -> int:
    """Chat until the person or the server ends it; return 0 when the person did, otherwise 1."""
    try:
        configuration = load()
    except BadConfiguration as error:
        process.complain(str(error))
        return 1
    server = server_of(arguments)
    host = configuration.hosts.get(server.host) if server.port == PORT else None
    try:
        server = server if host is None else host.server(server.encryption)
    except argparse.ArgumentTypeError as error:
        process.complain(str(error))
        return 1
    nick = arguments.nick or (host.nick if host is not None else "") or configuration.nick
    room = arguments.room or (host.room if host is not None else "")
    if not arguments.plain and (arguments.plain_screen or program.fits(os.environ)):
        destination = Destination(server, nick, room, arguments.menu)
        return program.run(destination, configuration, not arguments.no_color, arguments.plain_screen)
    plain = PlainJoin(server, nick or None, room, arguments.menu, os.isatty(0), process.complain)
    return process.run(plain.start, plain.interrupt)
