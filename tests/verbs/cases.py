"""What the tests of operators' verbs have in common: people of each rank, and what they are shown."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.model.events import Event, Listed, Moderated, Refused, Replayed, Told
from tests.house import House, Peer
from tests.people import member, operator


class OperatorsCase(SynchronousTestCase):
    """Olga is an operator, rita operates the room dev only, alice has an account, bob is a guest, bot a program.

    All are in dev and in the lobby, which is the current room of everybody.
    """

    def setUp(self) -> None:
        self.house = House()
        self.olga = operator(self.house, "olga", "json")
        self.rita = member(self.house, "rita", "json")
        self.alice = member(self.house, "alice")
        (self.bob,) = self.house.come("bob")
        self.olga.do("op", nick="rita", room="dev")
        for peer in (self.olga, self.rita):
            peer.do("join", room="dev").do("switch", room="lobby")
        for peer in (self.alice, self.bob):
            peer.type("/join dev", "/switch lobby")
        self.forget()

    def forget(self) -> None:
        """Let everybody forget what they were shown so far."""
        for peer in (self.olga, self.rita, self.alice, self.bob):
            peer.take()

    def deeds(self, peer: Peer) -> list[Moderated]:
        """Return what somebody was shown that operators did."""
        return [event for event in peer.events if isinstance(event, Moderated)]

    def acts(self, peer: Peer) -> list[tuple[str, str, str]]:
        """Return room, verb and target of what somebody was shown that operators did."""
        return [(deed.room, deed.act, deed.target) for deed in self.deeds(peer)]

    def told(self, peer: Peer) -> list[str]:
        """Return what somebody was told without having asked."""
        return [line for answer in peer.answers if isinstance(answer, Told) for line in answer.lines]

    def refused(self, peer: Peer) -> list[str]:
        """Return code and text of each refusal."""
        return [f"{answer.code}: {answer.text}" for answer in peer.answers if isinstance(answer, Refused)]

    def items(self, peer: Peer) -> list[dict[str, object]]:
        """Return the items of the last list somebody was shown."""
        return [dict(item) for item in [a for a in peer.answers if isinstance(a, Listed)][-1].items]


class TypingCase(SynchronousTestCase):
    """Olga is an operator, rita operates the room dev, alice has an account, bob is a guest; all are in the lobby.

    All of them sit at a keyboard.
    """

    def setUp(self) -> None:
        self.house = House()
        self.olga = operator(self.house, "olga")
        self.rita = member(self.house, "rita")
        self.alice = member(self.house, "alice")
        (self.bob,) = self.house.come("bob")
        self.olga.type("/op rita dev")
        self.forget()

    def forget(self) -> None:
        """Let everybody forget what they were shown so far."""
        for peer in (self.olga, self.rita, self.alice, self.bob):
            peer.take()

    def in_dev(self, *peers: Peer) -> None:
        """Let these people go to the room dev."""
        for peer in peers:
            peer.type("/join dev")
        self.forget()

    def done(self, peer: Peer) -> list[str]:
        """Return what somebody was shown that operators did."""
        return [f"{event.nick} {event.text}" for event in peer.events if isinstance(event, Moderated)]

    def log(self, count: int = 50) -> list[str]:
        """Return what /modlog shows an operator."""
        self.olga.take()
        self.olga.type(f"/modlog {count}")
        return [words(post) for answer in self.olga.answers if isinstance(answer, Replayed) for post in answer.posts]

    def told(self, peer: Peer) -> list[str]:
        """Return what somebody was told without having asked."""
        return [line for answer in peer.answers if isinstance(answer, Told) for line in answer.lines]

    def refused(self, peer: Peer) -> str:
        """Return the last refusal somebody was shown."""
        return [f"{answer.code}: {answer.text}" for answer in peer.answers if isinstance(answer, Refused)][-1]


def words(post: Event) -> str:
    """Return the text of a post."""
    return str(getattr(post, "text", ""))
