"""What the tests of coming in have in common: people who come back, and where they are then."""

from groupchat.model.events import (
    Entered,
)
from tests.house import House, Peer

PASSWORD = "correct horse"


def said(peer: Peer, *texts: str) -> None:
    for text in texts:
        peer.say(text)


def back(house: House, nick: str, door: str = "text") -> Peer:
    """Return somebody who logs in, and what they were shown then."""
    peer = house.connect(door)
    return peer.offer(nick, password=PASSWORD) if door == "json" else peer.type(nick, PASSWORD)


def entered(peer: Peer) -> list[str]:
    """Return the rooms somebody was told to be in, in order."""
    return [answer.room for answer in peer.answers if isinstance(answer, Entered)]
