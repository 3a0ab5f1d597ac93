"""Rooms that nobody is in and where nothing is said any more: not listed, not in memory, and found as they were."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.journals.memory import MemoryJournal
from groupchat.model.drafts import Expire
from groupchat.model.events import Deleted, Entered, Listed, Replayed
from tests.fakes import SlowJournal
from tests.house import House, Peer
from tests.people import operator

DAY = 86400


class ForgottenTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.house = House()
        (self.alice,) = self.house.come("alice")
        self.alice.type("/join dev", "words", "/topic plans", "/join bare", "words", "/leave dev", "/leave bare")
        self.alice.take()

    def pass_days(self, days: float) -> None:
        """Let days pass, and a sweep."""
        self.house.clock.advance(days * DAY)
        self.house.hall.sweep()

    def known(self) -> set[str]:
        """Return the names of the rooms in memory."""
        return set(self.house.hall.rooms.names())

    def topics(self, peer: Peer) -> list[tuple[str, str]]:
        """Return the rooms that somebody was told to be in, with their topics."""
        return [(answer.room, answer.topic) for answer in peer.answers if isinstance(answer, Entered)]

    def test_forgotten(self) -> None:
        """After 30 days without people and posts a room is not listed; before that, and with somebody in it, it is."""
        self.pass_days(29)
        self.assertEqual(self.known(), {"lobby", "dev", "bare"})
        self.alice.type("/join bare")
        self.pass_days(2)
        self.alice.type("/rooms")
        (listed,) = (answer for answer in self.alice.answers if isinstance(answer, Listed))
        self.assertEqual([item["room"] for item in listed.items], ["bare", "lobby"])
        self.alice.take()
        self.alice.type("/list dev", "/leave bare")
        self.assertEqual(self.alice.codes, ["no-such-room"])
        self.pass_days(1)
        self.assertEqual(self.known(), {"lobby"})

    def test_post(self) -> None:
        """Each post begins the time anew, one visit does not."""
        self.pass_days(20)
        quiet = self.house.connect("json").offer("quiet", quiet=True)
        quiet.do("say", text="more", room="dev")
        self.alice.type("/join bare", "/leave bare")
        self.pass_days(20)
        self.assertEqual(self.known(), {"lobby", "dev"})

    def test_never(self) -> None:
        """With 0 days rooms are listed for ever, as long as anything of them is kept."""
        self.house.hall.follow(self.house.hall.settings.replaced(room_days=0))
        self.pass_days(10_000)
        self.assertEqual(self.known(), {"lobby", "dev", "bare"})
        self.house.hall.follow(self.house.hall.settings.replaced(retain_days=5))
        self.pass_days(1)
        self.assertEqual(self.known(), {"lobby", "dev"})

    def test_expired(self) -> None:
        """When all that was said has expired, a room without a topic is forgotten without a restart."""
        self.house.hall.follow(self.house.hall.settings.replaced(retain_days=5))
        self.pass_days(6)
        self.house.journal.append([Expire(self.house.now() - 5 * DAY)])
        self.assertEqual(self.known(), set(self.house.reopened(retain_days=5).rooms.names()))
        self.assertEqual(self.known(), {"lobby", "dev"})

    def test_restart(self) -> None:
        """After a restart forgotten rooms are not loaded."""
        self.house.clock.advance(31 * DAY)
        self.assertEqual(self.house.reopened().rooms.names(), ("lobby",))
        self.assertEqual(set(self.house.reopened(room_days=0).rooms.names()), {"lobby", "dev", "bare"})

    def test_joined(self) -> None:
        """Who joins a forgotten room finds its topic and its history, in every way to come in."""
        bot = self.house.connect("json").offer("bot", rooms=["dev"])
        bot.vanish()
        self.pass_days(31)
        self.alice.type("/join dev")
        self.assertEqual(self.topics(self.alice), [("dev", "plans")])
        self.assertEqual([len(one.posts) for one in self.alice.answers if isinstance(one, Replayed)], [1])
        self.alice.type("/leave dev")
        self.pass_days(1)
        self.assertEqual(self.known(), {"lobby"})
        for claim in ({"rooms": ["dev"]}, {"token": bot.token}):
            back = self.house.connect("json").offer("bot", **claim)
            self.assertEqual(self.topics(back), [("dev", "plans")], claim)
            back.do("leave").vanish()
            self.pass_days(1)

    def test_posted(self) -> None:
        """A forgotten room that a program posts to from outside is listed again, with its topic."""
        journal = SlowJournal(MemoryJournal())
        self.house = House(journal)
        (alice,) = self.house.come("alice")
        alice.type("/join dev", "/topic plans", "/leave dev")
        self.pass_days(31)
        quiet = self.house.connect("json").offer("quiet", quiet=True)
        (rita,) = self.house.come("rita", door="json")
        journal.slow = True
        quiet.do("say", text="hi", room="dev")
        self.assertEqual(self.house.hall.rooms.open("dev").topic, "")
        rita.do("join", room="dev")
        journal.answer_all()
        self.assertEqual(self.house.hall.rooms.open("dev").topic, "plans")
        self.assertEqual(self.topics(rita)[-1], ("dev", "plans"))

    def test_operators(self) -> None:
        """Operators of the server delete messages in forgotten rooms too, one by one and all of somebody's."""
        olga = operator(self.house, "olga")
        self.alice.type("/join dev", "three", "/leave dev")
        self.pass_days(31)
        olga.take()
        olga.type("/delete #1", "/purge alice 100d")
        self.assertEqual(olga.codes, [])
        self.alice.take()
        self.alice.type("/join dev", "/history")
        self.assertEqual([len(one.posts) for one in self.alice.answers if isinstance(one, Replayed)], [])
        self.alice.type("/goto #1")
        self.assertIsInstance(self.alice.answers[-1].posts[0], Deleted)  # type: ignore[attr-defined]

    def test_many(self) -> None:
        """Very many rooms with a post each are all forgotten."""
        quiet = self.house.connect("json").offer("quiet", quiet=True)
        for number in range(300):
            quiet.do("say", text="x", room=f"r{number}")
        self.assertEqual(len(self.house.hall.rooms), 303)
        self.pass_days(31)
        self.assertEqual(self.known(), {"lobby"})
