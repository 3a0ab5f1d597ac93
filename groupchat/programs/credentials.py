"""The password of programs that nobody sits at: from a file or the environment, never from the command line.

Everybody on a computer can read the command lines of all processes.
"""

import argparse
from collections.abc import Mapping

VARIABLE = "GROUPCHAT_PASSWORD"
LONGEST = 4096
"""Bytes of a password file that are read."""


class Unreadable(Exception):
    """The password file cannot be used; one sentence."""


def add_password(parser: argparse.ArgumentParser) -> None:
    """Declare the option that names the file with the password."""
    parser.add_argument(
        "--password-file", metavar="FILE",
        help="a file whose first line is the password of the account, or of the server (default: $GROUPCHAT_PASSWORD)",
    )  # fmt: skip


def password_of(path: str | None, environ: Mapping[str, str]) -> str | None:
    """Return the password in this file, or else in the environment; None: there is none.

    :raises Unreadable: the file cannot be read, or has no password.
    """
    if path is None:
        return environ.get(VARIABLE) or None
    try:
        with open(path, "rb") as file:
            password = file.readline(LONGEST).rstrip(b"\r\n").decode()
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise Unreadable(f"{path} is not UTF-8.") from error
    if not password:
        raise Unreadable(f"{path} has no password in its first line.")
    return password
