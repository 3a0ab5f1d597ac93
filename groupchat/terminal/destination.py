"""Where a run of the client leads."""

from dataclasses import dataclass

from groupchat.client.address import Address


@dataclass(frozen=True, slots=True)
class Destination:
    """Where to go, and who to be there.  Empty: the person is asked, or it is as the server likes."""

    server: Address
    nick: str = ""
    room: str = ""
    menu: bool = False
