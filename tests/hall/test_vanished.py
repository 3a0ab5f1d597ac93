"""A nickname whose network has vanished is given up when somebody asks for it, and not before."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.model.events import Left, Refused, Welcomed
from tests.house import House, Peer
from tests.people import member


class VanishedTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.house = House()
        self.alice, self.carol = self.house.come("alice", "carol")

    def vanish(self, peer: Peer, seconds: float) -> None:
        peer.screen.silent_s = seconds

    def ask(self, nick: str = "alice") -> Peer:
        """Come in as somebody else, with this nickname."""
        return self.house.connect().type(nick)

    def test_given_up(self) -> None:
        """After 60 s others may have it: its old connection is told, and closed, and the room is told of a timeout."""
        self.vanish(self.alice, 60.0)
        self.carol.take()
        asker = self.ask()
        self.assertTrue([event for event in asker.answers if isinstance(event, Welcomed)])
        self.assertEqual(asker.codes, [])
        (refused,) = (event for event in self.alice.answers if isinstance(event, Refused))
        self.assertEqual((refused.code, self.alice.screen.codes), ("timed-out", ["timed-out"]))
        self.assertIn("1 minute", refused.text)
        (left,) = (event for event in self.carol.events if isinstance(event, Left))
        self.assertEqual((left.nick, left.reason, left.gone), ("alice", "timed out", True))
        self.assertIs(self.house.hall.find("alice"), asker.connection.person)

    def test_not_yet(self) -> None:
        """Before that it is taken, and nothing happens to it."""
        self.vanish(self.alice, 59.9)
        self.assertEqual(self.ask().codes, ["nick-taken"])
        self.assertFalse(self.alice.screen.closed)

    def test_nobody_asks(self) -> None:
        """As long as nobody asks for the nickname, its holder stays, however long."""
        self.vanish(self.alice, 250.0)
        self.house.pass_time(250)
        self.assertFalse(self.alice.screen.closed)
        self.assertIs(self.house.hall.find("alice"), self.alice.connection.person)

    def test_rename(self) -> None:
        """/nick asks for it, too."""
        self.vanish(self.alice, 61.0)
        self.carol.type("/nick alice")
        self.assertEqual((self.carol.codes, self.carol.connection.person.nick), ([], "alice"))
        self.assertEqual(self.alice.screen.codes, ["timed-out"])

    def test_own_token(self) -> None:
        """Its own token takes it at once, as always."""
        bot = self.house.connect("json").offer("bot")
        self.vanish(bot, 5.0)
        again = self.house.connect("json").offer("bot", token=bot.token)
        self.assertEqual((again.codes, bot.screen.codes), ([], ["replaced"]))

    def test_one_of_several(self) -> None:
        """Somebody who is there on another connection is there."""
        olga = member(self.house, "olga", "json")
        self.house.connect("json").offer("olga", password="correct horse")
        self.vanish(olga, 100.0)
        person = olga.connection.person
        self.assertEqual(len(person.connections), 2)
        self.assertFalse(self.house.hall.roster.give_up(person))
        self.assertFalse(olga.screen.closed)

    def test_setting(self) -> None:
        """The time is a setting."""
        self.house = House(vanished_s=5.0)
        (self.alice,) = self.house.come("alice")
        self.vanish(self.alice, 5.0)
        self.assertEqual(self.ask().codes, [])
        self.assertEqual(self.alice.screen.codes, ["timed-out"])
