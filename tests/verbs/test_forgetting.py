"""Erasing a person while everybody else goes on talking."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.delivery.commits import Broken
from groupchat.journals.memory import MemoryJournal
from groupchat.model.drafts import Amendment, Erase
from groupchat.model.errors import JournalUnavailable
from groupchat.model.events import SERVER, Closing, Deleted, Entered, HistoryErased, Moderated, Post, Refused, Said
from groupchat.state.people import Connection
from tests.fakes import HeldJournal
from tests.house import House, Peer
from tests.journals.contract import NOON
from tests.people import operator
from tests.verbs.cases import OperatorsCase


def named(peer: Peer, nick: str) -> list[object]:
    """Return everything somebody was shown that has this nickname."""
    return [event for event in peer.events if nick in repr(event)]


class ForgetTests(OperatorsCase):
    def confirmed(self, name: str = "bob") -> None:
        """Have olga erase somebody, with the question answered."""
        self.olga.do("forget", name=name, yes=True)

    def test_asked_once_more(self) -> None:
        """The first request asks, and erases nothing; the same again, in time, erases."""
        self.bob.type("secret")
        self.olga.do("forget", name="bob", ref=1)
        self.assertEqual(self.olga.codes, ["confirmation-needed"])
        self.assertIn("Type /forget bob again within 60 s", self.refused(self.olga)[0])
        self.house.pass_time(61)
        self.olga.do("forget", name="bob").do("forget", name="alice").do("forget", name="bob")
        self.assertEqual(self.olga.codes, ["confirmation-needed"] * 4)
        self.assertIn("secret", [event.text for event in self.olga.events if isinstance(event, Said)])
        self.assertFalse(self.bob.connection.gone)
        self.olga.take()
        self.olga.do("forget", name="Bob", ref=2)
        self.assertEqual(self.olga.refs(), [("Done", 2)])

    def test_put_out(self) -> None:
        """Whoever is here under the nickname is put out and told why, and the nickname is free."""
        connection: Connection = self.bob.connection
        self.confirmed()
        self.assertTrue(connection.gone)
        self.assertIn("kicked", [event.code for event in self.bob.answers if isinstance(event, Refused | Closing)])
        self.house.come("bob")

    def test_account(self) -> None:
        """An account is gone, with everything in memory; nothing of it comes back after a restart."""
        self.alice.type("secret", "/topic my topic")
        self.bob.type("/ignore alice")
        author = self.alice.connection.person.author
        self.forget()
        self.confirmed("alice")
        hall = self.house.hall
        self.assertFalse(hall.accounts.is_taken("alice"))
        self.assertEqual(hall.rooms.open("lobby").topic, "")
        (alias,) = self.bob.connection.person.ignored.values()
        self.assertTrue(alias.nick.startswith("forgotten-"), alias)
        self.assertIn(author, self.bob.connection.person.ignored)
        self.assertEqual(hall.stream.recent.after(0, self.olga.connection.audience), [])
        again = self.house.reopened()
        self.assertFalse(again.accounts.is_taken("alice"))
        self.assertEqual(again.rooms.open("lobby").topic, "")

    def test_told_without_the_name(self) -> None:
        """Programs are told to read again, and what the topic is; no room is shown the name, nor is /modlog."""
        self.bob.type("secret", "/topic bob's topic")
        self.forget()
        self.confirmed()
        upto = [event.upto for event in self.rita.events if isinstance(event, HistoryErased)]
        self.assertEqual(upto, [self.house.hall.stream.delivered - 1])
        self.assertIn(("lobby", ""), [(e.room, e.topic) for e in self.rita.answers if isinstance(e, Entered)])
        self.assertEqual(self.deeds(self.rita), [])
        self.rita.take()
        self.olga.take()
        self.olga.do("modlog")
        self.assertEqual(named(self.olga, "bob"), [])
        self.olga.take()
        self.olga.do("history", room="lobby")
        posts = [post for answer in self.olga.answers for post in getattr(answer, "posts", ())]
        self.assertEqual([type(post) for post in posts if isinstance(post, Deleted | Said)], [])
        self.assertEqual(named(self.olga, "bob"), [])

    def test_newcomer(self) -> None:
        """Whoever comes in afterwards is shown nothing that was erased, from memory or from the journal."""
        self.bob.type("secret")
        self.confirmed()
        (carol,) = self.house.come("carol")
        shown = [event for event in carol.events if isinstance(event, Post)]
        self.assertNotIn("secret", repr(shown))
        self.assertNotIn("bob", repr(shown))

    def test_not_oneself(self) -> None:
        """Nobody erases themselves, nor somebody erased."""
        self.olga.do("forget", name="olga", yes=True).do("forget", name="forgotten-0123abcd", yes=True)
        self.assertEqual(self.olga.codes, ["bad-arguments"] * 2)

    def test_nickname_of_other_times(self) -> None:
        """A nickname that the settings of today do not allow can be erased all the same."""
        self.bob.type("secret")
        self.house.hall.follow(self.house.hall.settings.replaced(nick_min=5))
        self.confirmed()
        self.assertEqual(self.olga.codes, [])
        (carol,) = self.house.come("carol")
        self.assertNotIn("secret", repr(carol.events))

    def test_ranks(self) -> None:
        """Only operators of the whole server erase people."""
        self.rita.do("forget", name="bob", yes=True)
        self.assertEqual(self.rita.codes, ["not-allowed"])

    def test_pseudonym_is_no_nickname(self) -> None:
        """Nobody can take a pseudonym as nickname."""
        self.bob.type("/nick forgotten-0123abcd")
        self.assertEqual(self.bob.codes, ["nick-reserved"])

    def test_ban_of_the_erased(self) -> None:
        """A ban of somebody erased can be ended by the pseudonym."""
        self.olga.do("ban", whom="bob")
        self.confirmed()
        (ban,) = self.house.hall.moderation.bans
        self.assertTrue(ban.whom.startswith("forgotten-"))
        self.olga.do("unban", whom=ban.whom)
        self.assertEqual(list(self.house.hall.moderation.bans), [])


class SlowDiskTests(SynchronousTestCase):
    """What happens while the erasure is on its way."""

    def setUp(self) -> None:
        self.within = MemoryJournal()
        self.journal = HeldJournal(self.within)
        self.house = House(self.within)
        self.olga = operator(self.house, "olga", "json")
        (self.bob,) = self.house.come("bob")
        self.house.hall.commits._journal = self.journal

    def test_nobody_comes_in_between(self) -> None:
        """Until the erasure is on disk nobody has the nickname; then it is free."""
        self.olga.do("forget", name="bob", yes=True)
        self.assertTrue(any(isinstance(one, Erase) for one in self.journal.pending[0]))
        late = self.house.connect()
        late.type("bob")
        self.assertEqual(late.codes, ["nick-taken"])
        self.journal.commit()
        late.type("bob")
        self.assertEqual(late.connection.person.nick, "bob")

    def test_refused(self) -> None:
        """When it is refused, as to somebody demoted just before, the answer says so once, and the nickname is free."""
        rank = self.house.hall.moderation.ranks[self.olga.connection.person.author]
        self.within.append([Amendment(SERVER, NOON, (rank.undone(),))])
        self.olga.take()
        self.olga.do("forget", name="bob", yes=True, ref=1)
        self.journal.commit()
        self.assertEqual(self.olga.refs(), [("Refused", 1)])
        self.house.connect().type("bob")
        self.assertIsNot(self.house.hall.roster.find("bob"), None)

    def test_unavailable(self) -> None:
        """When nothing can be stored, nobody is put out."""
        self.house.hall.commits._state = Broken(JournalUnavailable("The disk is full."))
        self.olga.do("forget", name="bob", yes=True)
        self.assertEqual(self.olga.codes, ["journal-unavailable"])
        self.assertFalse(self.bob.connection.gone)


class MessagesOfOthersTests(OperatorsCase):
    def test_deeds(self) -> None:
        """What was shown of operators before is not shown again with the name."""
        self.olga.do("mute", nick="bob", reason="loud")
        self.olga.do("forget", name="bob", yes=True)
        self.olga.take()
        self.olga.do("modlog")
        deeds = [post for answer in self.olga.answers for post in getattr(answer, "posts", ())]
        self.assertTrue(all(isinstance(deed, Moderated) for deed in deeds))
        self.assertNotIn("bob", repr(deeds))
