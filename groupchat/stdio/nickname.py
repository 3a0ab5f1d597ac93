"""Nicknames for programs that a person starts without naming one."""

import getpass
import os
import re
from collections.abc import Iterator


def of_this_user() -> Iterator[str]:
    """Return nicknames for the user who started this program."""
    try:
        login = getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in some containers
        login = ""
    return variations(login)


def variations(login: str) -> Iterator[str]:
    """Return the login name as far as it can be a nickname, then with 2 and 3, then with a random number.

    There are four, since a server closes a connection after five refused nicknames.
    """
    name = re.sub(r"[^A-Za-z0-9_.-]", "", login).lstrip("0123456789_.-")[:18]
    name = name if len(name) > 1 else "guest"
    yield name
    yield from others(name)


def others(name: str) -> Iterator[str]:
    """Return nicknames to take when this one is taken; none is longer than 24 characters, the server's usual limit."""
    name = name[:19]
    yield f"{name}2"
    yield f"{name}3"
    yield f"{name}-{os.urandom(2).hex()}"


def another(nick: str) -> str:
    """Return a nickname to suggest instead of one that is taken; empty: none is worth suggesting."""
    name, number = re.fullmatch(r"(.*?)([0-9]*)", nick, re.DOTALL).groups()  # type: ignore[union-attr]
    suggested = f"{name}{int(number[-9:] or 1) + 1}"
    return suggested if len(suggested) <= 20 else ""
