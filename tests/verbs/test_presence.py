"""People: who they are, their nicknames, being away, and ignoring them."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.delivery.ignore_lists import IGNORED_MAX
from groupchat.journals.memory import MemoryJournal
from groupchat.model.events import AwayChanged, Done, Listed, Renamed, Whispered
from groupchat.model.text import AWAY
from tests.fakes import HeldJournal
from tests.house import House, Peer
from tests.people import member, operator


def items(peer: Peer) -> list[dict[str, object]]:
    """Return the items of the last list somebody was shown."""
    listed = [answer for answer in peer.answers if isinstance(answer, Listed)][-1]
    return [dict(item) for item in listed.items]


def items_of_all(peer: Peer) -> list[dict[str, object]]:
    """Return the items of all lists somebody was shown."""
    return [dict(item) for listed in peer.answers if isinstance(listed, Listed) for item in listed.items]


class WhoisTests(SynchronousTestCase):
    def test_fields(self) -> None:
        """A program is told rooms, since when, encryption, account, rank and absence as fields."""
        house = House()
        boss = operator(house, "boss")
        (bot,) = house.come("bot", door="json")
        boss.screen.secure = True
        boss.type("/join dev", "/away lunch")
        bot.take()
        bot.do("whois", nick="BOSS").do("whois", nick="bot")
        (of_boss, of_bot) = (answer.items[0] for answer in bot.answers if isinstance(answer, Listed))
        since = "2026-11-21T12:00:00.000Z"
        self.assertEqual(
            dict(of_boss),
            {"nick": "boss", "rooms": ["lobby", "dev"], "since": since, "secure": True, "account": "boss",
             "operator": True, "away": True, "words": "lunch", "program": False},
        )  # fmt: skip
        self.assertEqual(
            dict(of_bot),
            {"nick": "bot", "rooms": ["lobby"], "since": since, "secure": False, "account": "", "operator": False,
             "away": False, "words": "", "program": False},
        )  # fmt: skip

    def test_lines(self) -> None:
        """A person reads the same in sentences."""
        alice, bob = House().come("alice", "bob")
        bob.type("/leave", "/away tea")
        alice.take()
        alice.type("/whois bob", "/whois carol")
        self.assertEqual(
            [line.partition(", here since")[0] for line in alice.answers[0].lines],  # type: ignore[attr-defined]
            ["bob is in no room", "bob's connection is not encrypted", "bob is away: tea"],
        )
        self.assertEqual(alice.codes, ["no-such-nick"])

    def test_origin(self) -> None:
        """Operators, and nobody else, are told where a person comes from; a UNIX socket is named as such."""
        house = House()
        boss = operator(house, "boss")
        alice, bot = house.come("alice", "bot")
        alice.screen.address = "192.0.2.7"
        bot.screen.address = ""
        boss.take()
        boss.type("/whois alice", "/whois bot")
        self.assertEqual([item.get("addresses") for item in items_of_all(boss)], [["192.0.2.7"], [""]])
        shown = [line for answer in boss.answers if isinstance(answer, Listed) for line in answer.lines]
        self.assertIn("alice comes from 192.0.2.7", shown)
        self.assertIn("bot comes from a UNIX socket", shown)
        bot.take()
        bot.type("/whois alice")
        self.assertNotIn("addresses", items(bot)[0])
        self.assertNotIn("192.0.2.7", str(bot.answers))


class NickTests(SynchronousTestCase):
    def test_everybody_is_told_once(self) -> None:
        """People who share a room see the new nickname once, the person included; the answer comes with it."""
        house = House()
        alice, bob = house.come("alice", "bob")
        alice.type("/nick anna")
        renamed = Renamed("lobby", "alice", house.now(), "anna")
        self.assertEqual(bob.take(), [renamed])
        self.assertEqual(alice.events, [renamed])
        self.assertEqual(alice.screen.nick, "anna")

    def test_same(self) -> None:
        """The nickname one has already is announced to nobody, also by the muted; another spelling of it is."""
        house = House()
        olga = operator(house, "olga")
        alice, bob = house.come("alice", "bob")
        bob.take()
        alice.type("/nick alice", "/nick  alice ").do("nick", nick="alice")
        self.assertEqual(bob.take(), [])
        self.assertEqual(alice.told, ["You are alice already."] * 3)
        olga.type("/mute alice")
        bob.take()
        alice.type("/nick alice")
        self.assertEqual((alice.codes, bob.take()), ([], []))
        olga.type("/unmute alice")
        bob.take()
        alice.type("/nick Alice")
        self.assertEqual(bob.take(), [Renamed("lobby", "alice", house.now(), "Alice")])

    def test_refused(self) -> None:
        """A nickname that is taken, reserved, malformed or banned is refused, and the old one stays."""
        house = House()
        boss = operator(house, "boss")
        alice, _ = house.come("alice", "bob")
        boss.type("/ban carol")
        alice.type("/nick bob", "/nick admin", "/nick a,b", "/nick carol", "/nick boss")
        self.assertEqual(alice.codes, ["nick-taken", "nick-reserved", "nick-invalid", "banned", "password-needed"])
        self.assertEqual(alice.connection.person.nick, "alice")

    def test_nowhere(self) -> None:
        """Somebody in no room is answered in words, for nobody sees it."""
        (alice,) = House().come("alice")
        alice.type("/leave", "/nick anna")
        self.assertEqual(alice.told[-1], "You are anna now.")

    def test_account(self) -> None:
        """An account has one nickname, which changes its case only."""
        house = House()
        alice = member(house, "alice")
        alice.do("nick", nick="anna")
        alice.do("nick", nick="ALICE")
        self.assertEqual((alice.codes, alice.connection.person.nick), (["not-allowed"], "ALICE"))

    def test_account_that_is_being_made(self) -> None:
        """Who takes another nickname while their account is being made has the account's when it is there."""
        journal = HeldJournal(MemoryJournal())
        house = House(journal)
        alice, bob = house.come("alice", "bob")
        bob.session.typed("/register 12345678")
        bob.session.typed("/nick rob")
        self.assertEqual(bob.connection.person.nick, "rob")
        while journal.pending:
            journal.commit()
        self.assertEqual((bob.codes, bob.connection.person.nick), ([], "bob"))
        renamed = [(event.nick, event.new) for event in alice.events if isinstance(event, Renamed)]
        self.assertEqual(renamed, [("bob", "rob"), ("rob", "bob")])
        self.assertIs(house.hall.roster.find("bob"), bob.connection.person)

    def test_rename(self) -> None:
        """A new nickname is seen by all, the person included; the old one is free, and the new one taken."""
        house = House()
        alice, bob = house.come("alice", "bob")
        alice.type("/nick Carol")
        renamed = Renamed("lobby", "alice", house.now(), "Carol")
        self.assertEqual((alice.events, bob.events), ([renamed], [renamed]))
        self.assertEqual(house.connect().type("carol").codes, ["nick-taken"])
        self.assertEqual(house.connect().type("alice").codes, [])

    def test_two_shared_rooms(self) -> None:
        """People who share two rooms with somebody see the new nickname once; people who share none, never."""
        house = House()
        alice, bob, carol = house.come("alice", "bob", "carol")
        for peer in (alice, bob):
            peer.type("/join dev")
        carol.type("/join elsewhere", "/leave lobby")
        for peer in (bob, carol):
            peer.take()
        alice.type("/nick alicia")
        self.assertEqual([type(event) for event in bob.events], [Renamed])
        self.assertEqual(carol.events, [])

    def test_room_is_not_told(self) -> None:
        """A new nickname does not tell people who share one room with somebody in which others they are."""
        house = House()
        (alice,) = house.come("alice")
        (bot,) = house.come("bot", door="json")
        alice.type("/join secret", "/nick alicia")
        self.assertEqual(bot.take(), [Renamed("", "alice", house.now(), "alicia")])


class AwayTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.house = House()
        self.alice, self.bob = self.house.come("alice", "bob")

    def test_away(self) -> None:
        """People who share a room are told; so is the person."""
        self.alice.type("/away for  lunch ", "/back")
        now = self.house.now()
        self.assertEqual(
            self.bob.take(),
            [AwayChanged("lobby", "alice", now, True, "for  lunch"), AwayChanged("lobby", "alice", now, False, "")],
        )
        self.assertEqual(self.alice.told[-1], "You are back.")

    def test_several_rooms(self) -> None:
        """A reader who shares one of several rooms is told once, and not of the other."""
        self.alice.type("/join secret")
        self.bob.take()
        self.alice.type("/away")
        self.assertEqual(self.bob.take(), [AwayChanged("", "alice", self.house.now(), True, "")])

    def test_told_once(self) -> None:
        """People who write to somebody away are told once, until they are away anew."""
        self.alice.type("/away lunch")
        self.bob.type("/msg alice one", "/msg alice two")
        self.assertEqual([told for told in self.bob.told if told], ["alice is away: lunch."])
        self.bob.take()
        self.alice.type("/away")
        self.bob.type("/msg alice three")
        self.assertEqual([told for told in self.bob.told if told], ["alice is away."])
        self.assertEqual(len([event for event in self.alice.events if isinstance(event, Whispered)]), 3)

    def test_limits(self) -> None:
        """The words have a length; somebody who is not away cannot be back."""
        self.alice.type(f"/away {'x' * (AWAY.most + 1)}", "/back", f"/away {'x' * AWAY.most}", "/back")
        self.assertEqual(self.alice.codes, ["bad-arguments"] * 2)
        self.alice.type("/back")
        self.assertEqual(self.alice.codes, ["bad-arguments"] * 3)

    def test_nowhere(self) -> None:
        """Somebody in no room is answered, and nobody is told."""
        (bot,) = self.house.come("bot", door="json")
        bot.do("leave")
        self.bob.take(), bot.take()
        bot.do("away", ref=1)
        self.assertEqual(bot.refs(), [("Done", 1)])
        self.assertEqual(self.bob.take(), [])


class IgnoreTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.house = House()
        self.alice, self.bob, self.carol = self.house.come("alice", "bob", "carol")

    def test_ignore(self) -> None:
        """What ignored people say, aloud or privately, is not shown; it is again after /unignore."""
        self.alice.type("/ignore BOB", "/ignored")
        self.bob.type("aloud", "/msg alice psst", "/me waves")
        self.carol.type("hello")
        self.assertEqual(self.alice.texts, ["hello"])
        self.assertEqual([event for event in self.alice.events if isinstance(event, Whispered)], [])
        self.assertEqual(items(self.alice), [{"nick": "bob"}])
        self.alice.type("/unignore bob", "/ignored")
        self.assertFalse(self.house.hall.fanout._ignorers)
        self.bob.type("again")
        self.assertEqual(self.alice.texts, ["hello", "again"])
        self.assertEqual(items(self.alice), [])

    def test_nickname(self) -> None:
        """It is the person who is ignored, whatever they are called then, and not who has the nickname next."""
        self.alice.type("/ignore bob")
        self.bob.type("/nick rob", "as rob")
        (other,) = self.house.come("bob")
        other.type("as another bob")
        self.assertEqual(self.alice.texts, ["as another bob"])

    def test_refused(self) -> None:
        """Nobody ignores themselves, or somebody who is not here; only ignored people are unignored."""
        self.alice.type("/ignore alice", "/ignore nobody", "/unignore bob")
        self.assertEqual(self.alice.codes, ["bad-arguments", "no-such-nick", "no-such-nick"])

    def test_lists(self) -> None:
        """The list counts, also nobody."""
        self.alice.type("/ignored", "/ignore bob", "/ignore carol", "/ignored")
        listed = [answer.lines for answer in self.alice.answers if isinstance(answer, Listed)]
        self.assertEqual(listed, [("You ignore nobody.",), ("You ignore 2 people:", "bob, carol")])

    def test_each_person(self) -> None:
        """Two people who ignore the same person do so independently of each other."""
        dora = member(self.house, "dora")
        for peer in (self.alice, dora):
            peer.type("/ignore bob")
        dora.type("/unignore bob")
        self.bob.type("hello")
        self.assertEqual((self.alice.texts, dora.texts), ([], ["hello"]))

    def test_answer(self) -> None:
        """The answer says how it ends."""
        (bot,) = self.house.come("bot", door="json")
        bot.do("ignore", nick="bob", ref=1)
        self.assertEqual(bot.answers, [Done(text="You no longer see anything from bob. /unignore bob ends it.")])


class ManyIgnoredTests(SynchronousTestCase):
    def test_most(self) -> None:
        """One can ignore many people, but not any number; one who is ignored already counts once."""
        house = House()
        alice = house.come("alice", *(f"peer{number}" for number in range(IGNORED_MAX + 1)))[0]
        alice.type(*(f"/ignore peer{number}" for number in range(IGNORED_MAX)), "/ignore peer1")
        self.assertEqual(alice.codes, [])
        alice.type(f"/ignore peer{IGNORED_MAX}")
        self.assertEqual(alice.codes, ["bad-arguments"])
        alice.type("/unignore peer0", f"/ignore peer{IGNORED_MAX}")
        self.assertEqual(alice.codes, ["bad-arguments"])
