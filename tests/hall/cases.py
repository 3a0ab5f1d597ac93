"""What the tests of consequences have in common: people in two rooms, and what they were told."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.facts.sanctions import Sanction
from groupchat.model.drafts import Consequence, ReadUpTo
from groupchat.model.events import AuthorId, Told
from tests.house import NOON, House, Peer
from tests.people import member

PASSWORD = "correct horse"


def author_of(peer: Peer) -> AuthorId:
    """Return the author somebody is."""
    return peer.connection.person.author


def told(peer: Peer) -> list[str]:
    """Return what somebody was told without having asked, since this was asked last."""
    return [line for event in peer.take() if isinstance(event, Told) for line in event.lines]


class ConsequencesCase(SynchronousTestCase):
    """Alice has an account and two connections, in the lobby and dev; bob and carol are guests in the same rooms."""

    def setUp(self) -> None:
        self.house = House()
        self.hall = self.house.hall
        self.alice = member(self.house, "alice", "json")
        self.second = self.house.connect("json").offer("alice", password=PASSWORD)
        self.bob, self.carol = self.house.come("bob", "carol", door="json")
        self.everybody = (self.alice, self.second, self.bob, self.carol)
        for peer in self.everybody:
            peer.do("join", room="dev").do("switch", room="lobby")
        self.forget()

    def forget(self) -> None:
        """Let everybody forget what they were shown so far."""
        for peer in self.everybody:
            peer.take()

    def learn(self, change: Consequence | ReadUpTo, by: str = "olga") -> None:
        """Let a change land that somebody decided, and do what follows from it."""
        follow = self.hall.consequences.learn(change, by)
        if follow is not None:
            follow()

    def sanction(
        self, form: type[Sanction], whom: str, peer: Peer | None = None, named: bool = True, room: str = ""
    ) -> Sanction:
        """What olga decides about somebody, for 5 minutes."""
        author = None if peer is None else author_of(peer)
        return form(whom, whom, author, named, room, "olga", "spam", NOON, NOON + 300)

    def closed(self) -> list[list[str]]:
        """Why the connections of everybody were closed."""
        return [peer.screen.codes for peer in self.everybody]
