"""Who asks, by the head of a request; and which parts of its address mean something."""

import base64
import binascii
from urllib.parse import parse_qsl

from groupchat.doors.web.web_request import Request
from groupchat.model.errors import BadArguments
from groupchat.sessions.visitor import Credentials
from groupchat.state.access_keys import TOKEN_PREFIX

MOST_NAMES = 20
"""The most names that an address has after its question mark."""

HIGHEST = 2**63 - 1
"""The highest number a post can have."""


def credentials(request: Request, nick: str = "") -> Credentials:
    """Return what a request says of who asks.

    :param nick: the nickname in its query.

    :raises BadArguments: that cannot be read.
    """
    given = request.header("authorization")
    scheme, _, rest = given.partition(" ")
    if not scheme:
        return Credentials(nick)
    if nick:
        raise BadArguments("?nick= is for guests; leave it out, or the header Authorization.")
    if scheme.lower() == "bearer":
        return Credentials(token=rest.strip())
    if scheme.lower() != "basic":
        raise BadArguments("The header Authorization begins with Bearer or Basic here.")
    try:
        pair = base64.b64decode(rest.strip(), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        raise BadArguments("The header Authorization cannot be read: it is not base64, or not UTF-8.") from None
    nick, _, password = pair.partition(":")
    if password.startswith(TOKEN_PREFIX):  # as programs give it that know Basic only
        return Credentials(token=password)
    return Credentials(nick, password)


class Query:
    """What the address of a request says after its question mark.

    :param known: the names that mean something here; others are refused, but for those that begin with ``x-``.
    :raises BadArguments: there is another name, or too many.
    """

    def __init__(self, request: Request, *known: str) -> None:
        text = request.target.partition("?")[2]
        try:
            self._given = dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_NAMES))
        except ValueError:
            raise BadArguments("The address says too much after its question mark.") from None
        for name in self._given:
            if name not in known and not name.startswith("x-"):
                takes = ", ".join(f"?{one}" for one in known) or "nothing"
                raise BadArguments(f"This address takes no ?{name[:64]}; it takes {takes}.")

    def __contains__(self, name: str) -> bool:
        return name in self._given

    def text(self, name: str) -> str:
        """Return what is said by this name; empty: nothing."""
        return self._given.get(name, "")

    def number(self, name: str) -> int | None:
        """Return a number; None: it is not there.

        :raises BadArguments: it is something else.
        """
        given = self._given.get(name)
        if given is None:
            return None
        if not given.isascii() or not given.isdigit() or len(given) > 19 or int(given) > HIGHEST:
            raise BadArguments(f"?{name}= is a number from 0 up.")
        return int(given)
