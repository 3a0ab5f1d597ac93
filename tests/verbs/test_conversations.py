"""Private conversations: whom a line goes to, and what is never said in a room by mistake."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.model.errors import AmbiguousReply
from groupchat.model.events import Acted, Done, Edited, Event, Refused, Replayed, Said, Welcomed, Whispered
from tests.house import House, Peer
from tests.people import account, member


def private(events: list[Event]) -> list[tuple[str, str]]:
    """Return the private messages among events: from whom, and the words."""
    return [(event.nick, event.text) for event in events if isinstance(event, Whispered)]


class ReplyTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.house = House()
        self.alice, self.bob, self.carol = self.house.come("alice", "bob", "carol")

    def test_two_people(self) -> None:
        """For ten seconds after a second person has written, /reply is refused, with both nicknames and a way out."""
        self.alice.type("/msg bob one")
        self.house.pass_time(60)
        self.carol.type("/msg bob two")
        self.bob.take()
        self.bob.type("/reply to alice")
        self.bob.do("reply", text="to alice")
        refused = [answer for answer in self.bob.answers if isinstance(answer, Refused)]
        self.assertEqual([one.code for one in refused], [AmbiguousReply.code] * 2)
        self.assertEqual(refused[0].wait, 10.0)
        self.assertIn("/msg carol TEXT or /msg alice TEXT", refused[0].text)
        self.assertEqual(private([*self.alice.events, *self.carol.events]).count(("bob", "to alice")), 0)
        self.house.pass_time(9)
        self.carol.type("/msg bob three")  # the same one again makes nothing less clear
        self.house.pass_time(1)
        self.bob.type("/reply to carol")
        self.assertEqual(private(self.carol.events)[-1], ("bob", "to carol"))

    def test_one_person(self) -> None:
        """Who was written to by one person only answers at once."""
        self.alice.type("/msg bob one", "/msg bob two")
        self.bob.type("/reply yes")
        self.assertEqual(private(self.alice.events)[-1], ("bob", "yes"))

    def test_left(self) -> None:
        """Somebody who has left by then is named, too, as far as that is possible."""
        self.alice.type("/msg bob one", "/exit")
        self.carol.type("/msg bob two")
        self.bob.type("/reply yes")
        self.assertIn("after somebody who has left", self.bob.answers[-1].text)  # type: ignore[attr-defined]

    def test_unread(self) -> None:
        """What somebody was not shown is not answered: from people they ignore, and what was refused."""
        self.alice.type("/msg bob one")
        self.bob.type("/ignore carol")
        self.carol.type("/msg bob two", "/msg bob  ")
        self.bob.type("/reply yes", "/msg bob a note", "/reply again")
        self.assertEqual(private(self.alice.events)[-2:], [("bob", "yes"), ("bob", "again")])


class QueryTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.house = House()
        self.alice, self.bob, self.carol = self.house.come("alice", "bob", "carol")

    def said(self) -> list[str]:
        """Return what was said in the room, as somebody else there was shown it."""
        return [event.text for event in self.carol.events if isinstance(event, Said)]

    def last(self, peer: Peer) -> str:
        """Return the last answer that somebody was given."""
        return str(getattr(peer.answers[-1], "text", ""))

    def test_conversation(self) -> None:
        """Lines go to one person until /query alone, and are said in the room again after it."""
        self.alice.type("/query BOB")
        self.assertEqual(
            self.last(self.alice), "Your lines now go to bob only. /query alone or /switch lobby ends that."
        )
        self.alice.type("psst", "//shrug", "/query")
        self.assertEqual(self.last(self.alice), "Your lines go to lobby again, and not to bob.")
        self.alice.type("aloud")
        self.assertEqual(private(self.bob.events), [("alice", "psst"), ("alice", "/shrug")])
        self.assertEqual(self.said(), ["aloud"])
        self.alice.take()
        self.alice.type("/query")
        self.assertEqual(self.alice.codes, ["bad-arguments"])

    def test_ways_back(self) -> None:
        """Going to a room ends it; leaving one does not."""
        for line in ("/switch lobby", "/join lobby", "/join dev"):
            self.alice.type("/query bob", line, "aloud", "/join lobby", "/leave dev")
            self.assertEqual(private(self.bob.events), [], line)
        self.alice.type("/query bob", "/leave", "psst", "/query")
        self.assertEqual(private(self.bob.events), [("alice", "psst")])
        self.assertEqual(self.last(self.alice), "Your lines go nowhere: you are in no room, and not to bob.")

    def test_gone(self) -> None:
        """After the person has left, lines are refused and said nowhere, even if somebody else takes the nickname."""
        self.alice.type("/query bob")
        self.bob.type("/exit")
        self.house.come("bob")
        self.alice.take()
        self.alice.type("psst", "psst")
        self.assertEqual(self.alice.codes, ["no-such-nick"] * 2)
        self.assertEqual(
            self.last(self.alice),
            "bob is not here any more, and that was said to nobody. /query lets your lines go to lobby again.",
        )
        self.assertEqual(self.said(), [])

    def test_renamed(self) -> None:
        """The conversation goes on under another nickname."""
        self.alice.type("/query bob")
        self.bob.type("/nick robert")
        self.alice.type("psst")
        self.assertEqual(private(self.bob.events), [("alice", "psst")])
        self.bob.type("/exit")
        self.alice.type("psst")
        self.assertIn("robert is not here any more", self.last(self.alice))

    def test_account(self) -> None:
        """Somebody with an account reads it when they come."""
        dora = member(self.house, "dora")
        self.alice.type("/query dora")
        dora.type("/exit")
        self.alice.type("psst")
        self.assertEqual(self.last(self.alice), "dora is not here now, and will see it when they come back.")
        account(self.house.hall, "erin")
        self.alice.type("/query erin")
        self.assertIn("erin is not here now, and will see them when they come back.", self.last(self.alice))

    def test_ignored(self) -> None:
        """Nobody talks to somebody they ignore; nothing is said aloud instead."""
        self.alice.type("/query bob", "/ignore bob")
        self.alice.take()
        self.alice.type("psst", "/query bob")
        self.assertEqual(self.alice.codes, ["bad-arguments"] * 2)
        self.assertEqual((self.said(), private(self.bob.events)), ([], []))

    def test_nobody(self) -> None:
        """One talks to nobody who is not there, and not to oneself; where lines went before, they go on to go."""
        self.alice.type("/query bob", "/query nobody", "/query alice", "psst")
        self.assertEqual(self.alice.codes, ["no-such-nick", "bad-arguments"])
        self.assertEqual(private(self.bob.events), [("alice", "psst")])

    def test_nothing_aloud(self) -> None:
        """Corrections and changes without a number are refused meanwhile; nobody is told of typing."""
        (rita,) = self.house.come("rita", door="json")
        self.alice.type("one", "/query bob", "teh")
        self.alice.take()
        for taken in (self.carol, rita):
            taken.take()
        self.alice.type("/edit x", "/delete", "s/e/E/", "/last", "/typing")
        self.assertEqual(self.alice.codes, ["bad-arguments"] * 3)
        self.assertEqual((self.carol.events, rita.events), ([], []))
        self.alice.type("/edit #2 the")
        self.assertEqual(self.alice.codes, ["bad-arguments"] * 3)

    def test_acts(self) -> None:
        """What somebody does is shown to the one person their lines go to, and to nobody else; also when changed."""
        (rita,) = self.house.come("rita", door="json")
        self.carol.take()
        rita.take()
        self.alice.type("/query bob", "/me waves", "/edit #1 nods")
        (acted, edited) = (event for event in self.bob.events if isinstance(event, Acted | Edited))
        self.assertEqual((acted, edited.text), (Acted(1, "", "alice", acted.at, "waves", to="bob"), "nods"))
        self.assertEqual((self.carol.events, rita.events), ([], []))
        self.bob.type("/history with alice", "/search nods", "/reply hello")
        found = [post for answer in self.bob.answers if isinstance(answer, Replayed) for post in answer.posts]
        self.assertEqual([(one.text, one.to, one.acted) for one in found], [("nods", "bob", True)] * 2)  # type: ignore[attr-defined]
        self.assertEqual(private(self.alice.events)[-1:], [("bob", "hello")])
        self.alice.type("/delete #1")
        self.assertEqual((self.carol.events, rita.events), ([], []))
        self.bob.type("/exit")
        self.alice.type("/me looks around")
        self.assertEqual(self.alice.codes, ["no-such-nick"])
        self.assertFalse([one for one in (*self.carol.events, *rita.events) if isinstance(one, Acted)])

    def test_acts_of_programs(self) -> None:
        """A program names the person; what is for an account that is not here is kept; a room as well is too much."""
        (bot,) = self.house.come("bot", door="json")
        account(self.house.hall, "zoe")
        self.carol.take()
        bot.do("me", text="waves", nick="bob").do("me", text="waves", nick="zoe", ref=5)
        bot.do("me", text="waves", nick="nobody").do("me", text="waves", nick="bob", room="lobby")
        bot.do("me", text="nods", nick="bob", reply=1)
        self.assertEqual(bot.codes, ["no-such-nick", "bad-arguments"])
        acts = [event for event in self.bob.events if isinstance(event, Acted)]
        self.assertEqual([(one.text, one.to, one.reply) for one in acts], [("waves", "bob", 0), ("nods", "bob", 1)])
        self.assertEqual(self.carol.events, [])
        zoe = self.house.connect().type("zoe", "correct horse")
        (kept,) = (answer for answer in zoe.answers if isinstance(answer, Replayed))
        self.assertEqual([(one.text, one.to) for one in kept.posts], [("waves", "zoe")])  # type: ignore[attr-defined]

    def test_login(self) -> None:
        """It goes on after a login on the same connection."""
        account(self.house.hall, "zoe")
        self.alice.type("/query bob", "/login zoe correct horse", "psst")
        self.assertEqual(private(self.bob.events), [("zoe", "psst")])

    def test_program(self) -> None:
        """A program is told whom its lines go to; those for which it names a room go there."""
        (bot,) = self.house.come("bot", door="json")
        bot.do("query", nick="bob").do("say", text="psst").do("say", text="aloud", room="lobby")
        bot.session.type("typed")
        bot.session.type("bound", room="lobby")
        bot.do("query")
        self.assertEqual(private(self.bob.events), [("bot", "psst"), ("bot", "typed")])
        self.assertEqual(self.said(), ["aloud", "bound"])
        fields = [answer.fields for answer in bot.answers if isinstance(answer, Done) and answer.fields]
        self.assertEqual(fields, [{"query": "bob"}, {"query": ""}])

    def test_interrupted(self) -> None:
        """A program that was cut off, or whose server was killed, goes on in the conversation, and is told so."""
        bot = self.house.connect("json").offer("bot")
        bot.do("query", nick="bob")
        self.house.hall = self.house.reopened()
        again = self.house.connect("json").offer("bot", token=bot.token)
        welcome = next(answer for answer in again.answers if isinstance(answer, Welcomed))
        self.assertEqual(welcome.query, "The person you wrote to")
        (carol,) = self.house.come("carol")
        again.do("say", text="psst")
        self.assertEqual((again.codes, carol.events), (["no-such-nick"], []))
        again.do("switch", room="lobby").vanish()
        self.house.hall = self.house.reopened()
        third = self.house.connect("json").offer("bot", token=bot.token)
        third.do("say", text="aloud")
        self.assertEqual(third.codes, [])

    def test_named_rooms(self) -> None:
        """A program that comes back and says where it wants to be is not in the conversation any more."""
        bot = self.house.connect("json").offer("bot")
        bot.do("query", nick="bob")
        bot.vanish()
        again = self.house.connect("json").offer("bot", token=bot.token, rooms=["lobby"])
        again.do("say", text="aloud")
        self.assertEqual(self.said(), ["aloud"])

    def test_resumed(self) -> None:
        """A program that comes back while its old connection is still there goes on in the conversation."""
        bot = self.house.connect("json").offer("bot")
        bot.do("query", nick="bob")
        again = self.house.connect("json").offer("bot", token=bot.token)
        again.do("say", text="psst")
        self.assertEqual(private(self.bob.events), [("bot", "psst")])
        self.assertEqual(self.said(), [])
