"""Ignore lists: guests who come again, lists that outlive a connection, and what people are shown when they come in."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.delivery.ignore_lists import IGNORED_MAX
from groupchat.journals.memory import MemoryJournal
from groupchat.model.events import Listed, Replayed, Whispered
from groupchat.state.people import NOBODY
from tests.house import House, Peer
from tests.people import member

HOME, ELSEWHERE = "198.51.100.7", "203.0.113.9"


class GuestTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.journal = MemoryJournal()
        self.house = House(self.journal)

    def come(self, nick: str, address: str = HOME, token: str | None = None) -> Peer:
        """Return a guest from an address, who has forgotten how they came in, but for the token."""
        peer = self.house.connect("json")
        peer.screen.address = address
        return peer.offer(nick, token=token)

    def ignored(self, peer: Peer) -> list[str]:
        """Return the nicknames on somebody's list."""
        peer.take()
        peer.do("ignored")
        (listed,) = [answer for answer in peer.answers if isinstance(answer, Listed)]
        return [str(item["nick"]) for item in listed.items]

    def test_comes_again(self) -> None:
        """A guest who is ignored stays so who comes again under the same nickname, whichever way they take it."""
        alice, mal = self.come("alice"), self.come("mal")
        alice.do("ignore", nick="mal")
        for again in range(3):
            mal.vanish()
            mal = self.come("mal" if again != 1 else "innocent")
            mal.do("nick", nick="Mal")
            mal.say("here I am").do("msg", nick="alice", text="psst")
        self.assertEqual(alice.texts, [])
        self.assertEqual([event for event in alice.events if isinstance(event, Whispered)], [])
        self.assertEqual(self.ignored(alice), ["mal"])
        alice.do("unignore", nick="mal")
        mal.say("at last")
        self.assertEqual(alice.texts, ["at last"])
        lists = self.house.hall.ignore_lists
        self.assertEqual((lists._guests, self.house.hall.fanout._ignorers), ({}, {}))
        self.assertIs(alice.connection.person.ignored, NOBODY)

    def test_others(self) -> None:
        """Somebody from elsewhere, somebody else from there, and the owner of an account are others."""
        alice, mal = self.come("alice"), self.come("mal")
        alice.do("ignore", nick="mal")
        mal.vanish()
        self.come("mal", ELSEWHERE).say("from elsewhere").vanish()
        self.come("bob").say("bob").vanish()
        self.assertEqual(alice.texts, ["from elsewhere", "bob"])
        member(self.house, "mal", "json").say("my account")
        self.assertEqual(alice.texts[2:], ["my account"])

    def test_own_list(self) -> None:
        """A guest's list is kept with the session: over a lost connection, and a restart."""
        alice, mal = self.come("alice"), self.come("mal")
        token = alice.token
        alice.do("ignore", nick="mal")
        for _ in range(2):
            alice.vanish()
            alice = self.come("alice", token=token)
            mal.say("hello")
            self.assertEqual((alice.texts, self.ignored(alice)), ([], ["mal"]))
        self.house.hall = self.house.reopened()
        mal, alice = self.come("mal"), self.come("alice", token=token)
        mal.say("after a restart")
        self.assertEqual((alice.texts, self.ignored(alice)), ([], ["mal"]))
        alice.do("unignore", nick="mal").vanish()
        alice = self.come("alice", token=token)
        self.assertEqual(self.ignored(alice), [])

    def test_account(self) -> None:
        """The list of an account has guests who come again, while its owner is here or not; also that of a new one."""
        alice, mal = self.come("alice"), self.come("mal")
        alice.do("ignore", nick="mal")
        alice.do("register", password="correct horse")
        alice.vanish()
        mal.vanish()
        self.house.hall = self.house.reopened()
        mal = self.come("mal")
        alice = self.house.connect("json").offer("alice", password="correct horse")
        mal.say("one").vanish()
        self.come("mal").say("two")
        self.assertEqual((alice.texts, self.ignored(alice)), ([], ["mal"]))

    def test_bounded(self) -> None:
        """A guest who comes again and again does not make the list longer than it can be."""
        alice, mal = self.come("alice"), self.come("mal")
        alice.do("ignore", nick="mal")
        for _ in range(IGNORED_MAX + 5):
            mal.vanish()
            mal = self.come("mal")
        mal.say("still me")
        self.assertEqual((len(alice.connection.person.ignored), alice.texts), (IGNORED_MAX, []))
        self.assertLessEqual(len(self.house.hall.fanout._ignorers), IGNORED_MAX)

    def test_erased(self) -> None:
        """No list keeps the nickname of somebody who is erased."""
        alice, mal, bob = self.come("alice"), self.come("mal"), self.come("bob")
        for peer in (alice, bob):
            peer.do("ignore", nick="mal")
        bob.vanish()
        self.house.hall.forgetting.forget("mal", mal.connection.person.author, None)  # type: ignore[arg-type]
        self.assertFalse(self.house.hall.ignore_lists._guests)
        for session in self.journal._sessions.values():
            self.assertNotIn("mal", [nick for _, nick, _ in session.ignored])


class ComingInTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.house = House()
        self.alice = member(self.house, "alice", "json")
        self.mal, self.bob = self.house.come("mal", "bob", door="json")
        self.alice.do("ignore", nick="mal")

    def replayed(self) -> list[str]:
        """Return what alice was shown of before."""
        return [post.text for one in self.alice.answers if isinstance(one, Replayed) for post in one.posts]  # type: ignore[attr-defined]

    def test_account(self) -> None:
        """Who logs in is shown and told nothing of people they ignore, privately neither."""
        self.alice.vanish()
        self.mal.say("junk").do("msg", nick="alice", text="private junk")
        self.alice = self.house.connect("json").offer("alice", password="correct horse")
        self.assertEqual(self.replayed(), [])
        self.assertEqual([one.what for one in self.alice.answers if isinstance(one, Listed)], [])
        self.alice.vanish()
        self.mal.say("more junk")
        self.bob.say("news").do("msg", nick="alice", text="a letter")
        self.alice = self.house.connect("json").offer("alice", password="correct horse")
        self.assertEqual(sorted(self.replayed()), ["a letter", "news"])
        (unread,) = [one for one in self.alice.answers if isinstance(one, Listed)]
        self.assertEqual([item["new"] for item in unread.items], [1])

    def test_room(self) -> None:
        """Who joins a room is shown nothing of before from people they ignore: no heading over nothing either."""
        for peer in (self.mal, self.bob):
            peer.do("join", room="dev")
        self.mal.say("junk")
        self.alice.do("join", room="dev")
        self.assertEqual([one for one in self.alice.answers if isinstance(one, Replayed)], [])
        self.alice.do("leave", room="dev")
        self.bob.say("news")
        self.alice.do("join", room="dev")
        self.assertEqual(self.replayed(), ["news"])
