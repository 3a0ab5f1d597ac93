"""``groupchat user``: manage the accounts of a daemon on this machine, through its control socket."""

import argparse
import getpass
import json
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from groupchat.admin.data import Failed, add_data, tell
from groupchat.disk.data_folders import data_folder
from groupchat.disk.socket_paths import socket_address

TIMEOUT_S = 30.0
"""Seconds the daemon may take to answer."""

ACTIONS = {
    "list": ("accounts", "list the accounts"),
    "add": ("adduser", "make an account; the password is asked for, or read from standard input"),
    "remove": ("removeuser", "remove an account; its messages stay"),
    "promote": ("promote", "make an account an operator"),
    "demote": ("demote", "make an operator an ordinary member"),
    "password": ("setpassword", "give an account a new password"),
}
"""Each action with the command that does it, and its help."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``groupchat user``."""
    actions = parser.add_subparsers(metavar="ACTION", required=True, dest="action")
    for action, (_, summary) in ACTIONS.items():
        sub = actions.add_parser(action, help=summary, description=summary)
        if action != "list":
            sub.add_argument("name", metavar="NAME", help="the account's nickname")
        add_data(sub)


def run(arguments: argparse.Namespace) -> int:
    """Do the action, and return the exit status.

    :raises Failed: the daemon refused, or could not be asked.
    """
    command, _ = ACTIONS[arguments.action]
    request: dict[str, Any] = {"do": command}
    if arguments.action != "list":
        request["name"] = arguments.name
    if arguments.action in ("add", "password"):
        request["password"] = read_password(sys.stdin)
    path = data_folder(arguments.data) / "control"
    answer = _asked(path, request)
    while answer.get("event") == "listed":
        last = _print(answer)
        if not answer.get("more"):
            return 0
        answer = _asked(path, {**request, "after": last})
    if answer.get("text"):
        tell(str(answer["text"]))
    return 0


def _print(answer: Mapping[str, Any]) -> str:
    """Print a page of accounts, and return the last nickname.

    :raises Failed: this is no such page.
    """
    nick = ""
    try:
        for item in answer["items"]:
            nick = item["nick"]
            tell(f"{nick} {'operator' if item['operator'] else 'member'} {item['since']}")
    except (KeyError, TypeError) as error:
        raise Failed("The daemon gave an answer that this version does not understand.") from error
    return nick


def _asked(path: Path, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer of the daemon.

    :raises Failed: it refused, or could not be asked.
    """
    answer = ask(path, request)
    if answer.get("event") == "refused":
        # The daemon's sentences name the commands of its operators.
        raise Failed(str(answer.get("text", "")).replace("/accounts", "“groupchat user list”"))
    return answer


def is_running(path: Path) -> bool:
    """Say whether a daemon listens at this control socket.

    :raises Failed: that cannot be found out.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(TIMEOUT_S)
        try:
            with socket_address(path) as address:
                connection.connect(address)
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        except PermissionError as error:
            raise Failed(f"You may not use {path}; run this as the user that the daemon runs as.") from error
        except OSError as error:
            raise Failed(f"{path} does not answer: {error}.") from error
    return True


def ask(path: Path, request: Mapping[str, Any]) -> dict[str, Any]:
    """Send a request to the daemon, and return its answer.

    :raises Failed: no daemon runs there, or it may not be asked, or it does not answer.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(TIMEOUT_S)
        try:
            with socket_address(path) as address:
                connection.connect(address)
            connection.sendall(json.dumps({**request, "ref": 1}).encode() + b"\n")
            for line in connection.makefile("rb"):
                answer = json.loads(line)
                if isinstance(answer, dict) and answer.get("ref") == 1:
                    return answer
        except (FileNotFoundError, ConnectionRefusedError) as error:
            raise Failed(
                f"No daemon runs with the data folder {path.parent.absolute()}; --data names another one."
            ) from error
        except PermissionError as error:
            raise Failed(f"You may not use {path}; run this as the user that the daemon runs as.") from error
        except (OSError, ValueError, RecursionError) as error:
            raise Failed(f"{path} does not answer: {error}.") from error
    raise Failed("The daemon closed the connection without an answer.")


def read_password(stream: TextIO) -> str:
    """Ask for a password on a terminal, or read it from the first line of a file.

    :raises Failed: there is none, or it was not repeated correctly.
    """
    if stream.isatty():
        password = getpass.getpass()
        if getpass.getpass("Repeat the password: ") != password:
            raise Failed("The passwords are not the same.")
    else:
        password = stream.readline().rstrip("\r\n")
    if not password:
        raise Failed("No password was given.")
    return password
