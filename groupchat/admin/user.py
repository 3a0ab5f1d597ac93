"""``groupchat user``: the accounts of a daemon that runs on this machine, through its control socket."""

import argparse
import getpass
import json
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from groupchat.daemon.process import complain, data_folder

TIMEOUT_S = 30.0
"""How long the daemon may take to answer, in seconds."""

REFUSED = 1
"""The exit status when the daemon refused, or could not be asked."""

ACTIONS = {
    "list": ("accounts", "list the accounts"),
    "add": ("adduser", "make an account; its password is asked for, or read from standard input"),
    "remove": ("removeuser", "remove an account; what was said from it stays"),
    "promote": ("promote", "make an account an operator"),
    "demote": ("demote", "make an operator an ordinary account"),
    "password": ("setpassword", "give an account another password"),
}
"""What one can do, the command that does it, and what it is for."""


class Unreachable(Exception):
    """The daemon could not be asked; one sentence."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what stands behind ``groupchat user``."""
    actions = parser.add_subparsers(metavar="ACTION", required=True, dest="action")
    for action, (_, summary) in ACTIONS.items():
        sub = actions.add_parser(action, help=summary, description=summary)
        if action != "list":
            sub.add_argument("name", metavar="NAME", help="the account's nickname")
        sub.add_argument(
            "--data", metavar="DIR", help="the daemon's data folder (default: $STATE_DIRECTORY, or groupchat-data here)"
        )


def run(arguments: argparse.Namespace) -> int:
    """Do it; gives the exit status."""
    command, _ = ACTIONS[arguments.action]
    request: dict[str, Any] = {"do": command}
    if arguments.action != "list":
        request["name"] = arguments.name
    try:
        if arguments.action in ("add", "password"):
            request["password"] = _password()
        answer = ask(data_folder(arguments.data) / "control", request)
    except Unreachable as error:
        complain(str(error))
        return REFUSED
    if answer.get("event") == "refused":
        complain(str(answer.get("text", "")))
        return REFUSED
    if answer.get("event") == "listed":
        for item in answer["items"]:
            print(item["nick"], "operator" if item["operator"] else "member", item["since"])
    elif answer.get("text"):
        print(answer["text"])
    return 0


def ask(path: Path, request: Mapping[str, Any]) -> dict[str, Any]:
    """Send one request to the daemon, and wait for the answer to it.

    :raises Unreachable: it does not run there, may not be asked, or does not answer.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(TIMEOUT_S)
        try:
            connection.connect(str(path))
            connection.sendall(json.dumps({**request, "ref": 1}).encode() + b"\n")
            for line in connection.makefile("rb"):
                answer: dict[str, Any] = json.loads(line)
                if answer.get("ref") == 1:
                    return answer
        except (FileNotFoundError, ConnectionRefusedError) as error:
            raise Unreachable(f"No daemon runs with the data folder {path.parent}.") from error
        except PermissionError as error:
            raise Unreachable(f"{path} is not yours to use; be the user the daemon runs as.") from error
        except (OSError, ValueError) as error:
            raise Unreachable(f"{path} does not answer: {error}.") from error
    raise Unreachable("The daemon closed the connection without an answer.")


def _password() -> str:
    """:raises Unreachable: none was given."""
    if sys.stdin.isatty():
        password = getpass.getpass()
        if getpass.getpass("The same again: ") != password:
            raise Unreachable("These are not the same.")
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise Unreachable("There is no password.")
    return password
