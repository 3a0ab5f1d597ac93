"""What follows from bans and mutes, and from what is decided about rooms."""

from groupchat.facts.room_facts import Invitation, RoomOperator
from groupchat.facts.sanctions import Ban, Mute, NetworkBan
from groupchat.model.events import AuthorId, Departed, Left, Refused
from tests.hall.cases import ConsequencesCase, author_of, told
from tests.house import NOON, Peer
from tests.people import establish


class BanTests(ConsequencesCase):
    def test_everywhere(self) -> None:
        """Whoever is banned is told why and cut off, on each connection; nobody else is."""
        self.learn(self.sanction(Ban, "alice", self.alice, named=False).put())
        self.assertEqual(self.closed(), [["banned"], ["banned"], [], []])
        refused = [event for event in self.second.events + self.second.answers if isinstance(event, Refused)]
        self.assertEqual([event.text for event in refused], ["You are banned for 5 minutes, by olga: spam"])
        self.assertEqual([person.nick for person in self.hall.roster], ["bob", "carol"])

    def test_by_nickname(self) -> None:
        """Of a banned nickname the holder is put out, also as another author; of an account's ban nobody else."""
        self.learn(self.sanction(Ban, "carol", self.bob, named=False).put())
        self.assertEqual(self.closed(), [[], [], ["banned"], []])
        self.learn(self.sanction(Ban, "carol", None).put())
        self.assertEqual(self.closed(), [[], [], ["banned"], ["banned"]])

    def test_from_a_room(self) -> None:
        """Whoever is banned from a room is put out of that one, and stays in the hall; the others see it."""
        self.learn(self.sanction(Ban, "alice", self.alice, named=False, room="dev").put())
        for peer in (self.alice, self.second):
            self.assertEqual(peer.codes, ["banned"])
            (departed,) = [event for event in peer.answers if isinstance(event, Departed)]
            self.assertEqual((departed.room, departed.code, departed.reason), ("dev", "banned", "spam"))
            self.assertEqual(peer.connection.rooms, ("lobby",))
        self.assertEqual(self.closed(), [[]] * 4)
        left = [event for event in self.bob.events if isinstance(event, Left)]
        self.assertEqual([(event.room, event.nick) for event in left], [("dev", "alice")])

    def test_from_a_room_that_is_none(self) -> None:
        """A ban from a room where nobody is puts nobody out."""
        self.learn(self.sanction(Ban, "bob", self.bob, room="nowhere").put())
        self.assertEqual([peer.take() for peer in self.everybody], [[]] * 4)

    def test_undone(self) -> None:
        """Nobody is told that a ban has ended."""
        ban = self.sanction(Ban, "bob", self.bob, room="dev")
        establish(self.hall, ban)
        self.learn(ban.undone())
        self.assertEqual([peer.take() for peer in self.everybody], [[]] * 4)
        self.assertEqual(len(self.hall.moderation.bans), 0)

    def test_network(self) -> None:
        """Whoever comes from a banned network is cut off, with or without a nickname."""
        nameless = self.house.connect()
        for peer in (self.second, nameless):
            peer.screen.address = "198.51.100.7"
        network = self.sanction(NetworkBan, "198.51.100.0/24", None, named=False)
        self.learn(network.put())
        self.assertEqual([*self.closed(), nameless.screen.codes], [[], ["banned"], [], [], ["banned"]])
        self.assertIn("Your address is banned for 5 minutes", str(self.second.answers))
        self.learn(network.undone())
        self.assertEqual(self.hall.moderation.networks, {})


class MuteTests(ConsequencesCase):
    def test_told(self) -> None:
        """Whoever is muted is told so on each connection, and nobody else."""
        self.learn(self.sanction(Mute, "alice", self.alice, named=False).put())
        self.assertEqual(
            [told(peer) for peer in self.everybody], [["You are muted for 5 minutes, by olga: spam"]] * 2 + [[], []]
        )

    def test_by_nickname(self) -> None:
        """Whoever has a muted nickname is told; when nobody has it, nobody is."""
        self.learn(self.sanction(Mute, "carol", None, room="dev").put())
        self.learn(self.sanction(Mute, "nobody", None).put())
        told_now = [told(peer) for peer in self.everybody]
        self.assertEqual(told_now, [[], [], [], ["You are muted in dev for 5 minutes, by olga: spam"]])

    def test_undone(self) -> None:
        """Whoever can speak again is told by whom, and of one that ended by itself, that it has."""
        for by, words in (
            ("olga", "You can speak again in dev; olga unmuted you."),
            ("", "You can speak again in dev."),
        ):
            mute = self.sanction(Mute, "bob", self.bob, room="dev")
            establish(self.hall, mute)
            self.learn(mute.undone(), by)
            self.assertEqual([told(peer) for peer in self.everybody], [[], [], [words], []])

    def test_undone_twice(self) -> None:
        """Nobody is told of the end of what was not true."""
        self.learn(self.sanction(Mute, "bob", self.bob).undone())
        self.assertEqual([peer.take() for peer in self.everybody], [[]] * 4)


class GrantTests(ConsequencesCase):
    def granted(self, form: type[RoomOperator] | type[Invitation], peer: Peer) -> RoomOperator | Invitation:
        """What somebody is in dev."""
        return form("dev", author_of(peer), peer.connection.person.nick, "olga", NOON)

    def test_operator(self) -> None:
        """Whoever keeps order in a room, and then no longer, is told on each connection."""
        granted = self.granted(RoomOperator, self.alice)
        self.learn(granted.put())
        words = "olga made you an operator of dev; /help lists what you can do there."
        self.assertEqual([told(peer) for peer in self.everybody], [[words]] * 2 + [[], []])
        self.learn(granted.undone(), "omar")
        words = "omar decided that you are no longer an operator of dev."
        self.assertEqual([told(peer) for peer in self.everybody], [[words]] * 2 + [[], []])
        self.learn(granted.undone(), "omar")
        self.assertEqual([told(peer) for peer in self.everybody], [[]] * 4)

    def test_invitation(self) -> None:
        """Whoever is invited is told; that the invitation is taken back, they are not."""
        invited = self.granted(Invitation, self.bob)
        self.learn(invited.put())
        self.assertEqual([told(peer) for peer in self.everybody], [[], [], ["olga invites you to dev: /join dev"], []])
        self.learn(invited.undone())
        self.assertEqual([told(peer) for peer in self.everybody], [[]] * 4)
        self.assertEqual(self.hall.moderation.invited, {})

    def test_somebody_who_is_not_here(self) -> None:
        """Of what concerns somebody who is not here nobody is told."""
        for form in (RoomOperator, Invitation):
            self.learn(form("dev", AuthorId(12345), "dora", "olga", NOON).put())
        self.assertEqual([told(peer) for peer in self.everybody], [[]] * 4)
