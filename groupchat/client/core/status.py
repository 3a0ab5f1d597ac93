"""The part of a client that programs read."""

from groupchat.client.core.client_state import State
from groupchat.client.core.membership import Membership
from groupchat.client.core.resumption import Since


class Status:
    """The state of a client, its name and rooms, and what the server has said of itself."""

    def __init__(self, membership: Membership) -> None:
        self.membership = membership

    @property
    def state(self) -> State:
        """The state, as `client_state` draws them."""
        return self.membership.state

    @property
    def server(self) -> str:
        """The server that the client has, or had last, of several, as it was named; empty if there is only one."""
        return self.membership.dialers.name

    @property
    def nick(self) -> str:
        """The nickname that the client has, or asks for."""
        return self.membership.resumption.nick

    @property
    def room(self) -> str | None:
        """The room that posts go to; None before it is known, empty when there is none."""
        return self.membership.resumption.room

    @property
    def rooms(self) -> tuple[str, ...]:
        """The rooms that the client is in, as far as it knows; the current one is last."""
        return self.membership.resumption.rooms

    @property
    def account(self) -> str:
        """The nickname of the account that the client belongs to; empty for guests."""
        return str(self.membership.server.get("account") or "")

    @property
    def version(self) -> str:
        """The server's version; empty before the welcome, and when the server does not say."""
        return str(self.membership.server.get("version", ""))

    @property
    def motd(self) -> str:
        """The message of the day, which may have several lines; empty if there is none."""
        return str(self.membership.server.get("motd") or "")

    @property
    def features(self) -> frozenset[str]:
        """The names of what the server understands (docs/PROTOCOL.md)."""
        features = self.membership.server.get("features")
        return frozenset(map(str, features)) if isinstance(features, list) else frozenset()

    @property
    def token(self) -> str | None:
        """Proves to the server who the client is; a program that stores it can resume after a restart."""
        return self.membership.resumption.token

    @property
    def since(self) -> Since:
        """The number up to which everything was handled; a program stores it with the token."""
        return self.membership.resumption.since

    @property
    def head(self) -> int:
        """The number of the newest post at the last welcome; what is missing up to it is on its way."""
        return self.membership.resumption.head
