"""The proofs of a program: a password or an access token, from a file or the environment.

They are never on the command line, which everybody on a computer can read, and which shells keep in a file.

1. An option counts more than the environment, and that more than client.toml.
2. Of a password and an access token in the same place, none is taken: the person must say which is meant.
"""

import argparse
import os
import stat
from collections.abc import Mapping
from typing import NamedTuple

PASSWORD, TOKEN = "GROUPCHAT_PASSWORD", "GROUPCHAT_TOKEN"
"""The variables of the environment."""

STANDARD_INPUT = "-"
"""Stands for standard input in place of the name of a file."""

LONGEST = 4096
"""Bytes that the first line of a file with a secret can have."""

ACCESS_TOKEN = "gct_"
"""The beginning of every access token."""


class Unreadable(Exception):
    """The credentials cannot be used; one sentence, without anything of them."""


class Credentials(NamedTuple):
    """A password, of an account or of the server; or an access token of an account; or neither."""

    password: str | None = None
    access: str | None = None

    def __repr__(self) -> str:
        return "Credentials()"  # they are shown nowhere

    def __bool__(self) -> bool:
        return self.password is not None or self.access is not None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options that name the file with the password or the access token."""
    either = parser.add_mutually_exclusive_group()
    either.add_argument(
        "--password-file", metavar="FILE",
        help=f"a file whose first line is the password of the account, or of the server (default: ${PASSWORD})",
    )  # fmt: skip
    either.add_argument(
        "--token-file", metavar="FILE",
        help=f"a file whose first line is an access token of the account, made by /token (default: ${TOKEN})",
    )  # fmt: skip


def credentials_of(
    password_file: str | None, token_file: str | None, environ: Mapping[str, str], is_input_free: bool = False
) -> Credentials:
    """Return what the options name, or else the environment.

    :param is_input_free: whether standard input is for nothing else.
    :raises Unreadable: that cannot be used.
    """
    if password_file is not None:
        return Credentials(password=_password(_read(password_file, is_input_free), password_file))
    if token_file is not None:
        return Credentials(access=_access(_read(token_file, is_input_free), token_file))
    password, access = environ.get(PASSWORD), environ.get(TOKEN)
    if password and access:
        raise Unreadable(f"{PASSWORD} and {TOKEN} are both set; unset one of them.")
    if password:
        return Credentials(password=_password(password, f"${PASSWORD}"))
    return Credentials(access=_access(access, f"${TOKEN}")) if access else Credentials()


def of_files(password_file: str, token_file: str) -> Credentials:
    """Return what is in the file of these that is named; empty: it is not.

    :raises Unreadable: it cannot be used.
    """
    return credentials_of(password_file or None, token_file or None, {})


def _password(text: str, where: str) -> str:
    """:raises Unreadable: it is none."""
    if not text:
        raise Unreadable(f"{where} has no password in its first line.")
    if text.startswith(ACCESS_TOKEN) and len(text) == len(ACCESS_TOKEN) + 40:
        raise Unreadable(f"{where} has an access token, and no password: use --token-file or {TOKEN} for it.")
    return text


def _access(text: str, where: str) -> str:
    """:raises Unreadable: it is none."""
    text = text.strip()
    if not text.startswith(ACCESS_TOKEN) or not text.isascii() or len(text) > 64:
        raise Unreadable(f"{where} has no access token, as /token makes them: they begin with {ACCESS_TOKEN}.")
    return text


def _read(path: str, is_input_free: bool) -> str:
    """Return the first line of a file.

    :raises Unreadable: it cannot be read, or others can read it, too.
    """
    if path == STANDARD_INPUT:
        return _from_input(is_input_free)
    try:
        with open(path, "rb") as file:
            _check_private(path, os.fstat(file.fileno()))
            line = file.readline(LONGEST + 1)
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror}.") from None
    return _decoded(line, path)


def _check_private(path: str, found: os.stat_result) -> None:
    """Check that nobody else can read our file; a file of another owner, such as a container's secret, is their matter.

    :raises Unreadable: others can.
    """
    others = stat.S_IMODE(found.st_mode) & (stat.S_IRWXG | stat.S_IRWXO)
    if stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid() and others:
        mode = f"{stat.S_IMODE(found.st_mode):04o}"
        raise Unreadable(f"{path} is not used, because others can read or change it (mode {mode}): chmod 600 {path}")


def _from_input(is_input_free: bool) -> str:
    """:raises Unreadable: it is not free, or has nothing."""
    if not is_input_free:
        raise Unreadable("Standard input is what is said here, so no password or token can be read from it.")
    if os.isatty(0):
        from getpass import getpass  # asks on the terminal, and shows nothing

        try:
            return getpass("Password or token: ")
        except EOFError:
            return ""
    with open(0, "rb", closefd=False) as file:
        return _decoded(file.readline(LONGEST + 1), "standard input")


def _decoded(line: bytes, where: str) -> str:
    """:raises Unreadable: it is too long, or not UTF-8."""
    if len(line) > LONGEST:
        raise Unreadable(f"The first line of {where} has more than {LONGEST:,} bytes.")
    try:
        return line.rstrip(b"\r\n").decode()
    except UnicodeDecodeError:
        raise Unreadable(f"{where} is not UTF-8.") from None
