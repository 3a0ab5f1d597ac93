"""What is decided at one node of a cluster, about people who are at another one; and accounts that are at both."""

from groupchat.delivery.queue import Change, Receipt
from groupchat.facts.account_facts import Account, RankGiven
from groupchat.facts.typed import TypedFact
from groupchat.model.drafts import Amendment
from groupchat.model.events import SERVER, Announced, Departed, Done, Left, MarkedRead, Moderated, Welcomed
from groupchat.model.ranks import Rank
from tests.fakes import hashed
from tests.hall.people.test_neighbours import ClusterCase, listed, said, shown
from tests.house import Peer


class DecidedCase(ClusterCase):
    def setUp(self) -> None:
        super().setUp()
        self.keeper = self.account("keeper", Rank.OPERATOR)

    def establish(self, *facts: TypedFact) -> None:
        """Make facts true at both nodes."""
        hall = self.a.hall
        hall.registration.amend(SERVER, *(one.put() for one in facts))
        self.cluster.settle()

    def make(self, nick: str, rank: Rank = Rank.MEMBER) -> Account:
        """Make an account."""
        made = Account(nick, nick, len(self.a.hall.accounts) + 1, hashed("correct horse"), 1.0)  # type: ignore[arg-type]
        self.establish(made)
        if rank is not Rank.MEMBER:
            self.establish(RankGiven(made.author, rank, "server", 1.0))
        return made

    def account(self, nick: str, rank: Rank = Rank.MEMBER) -> Peer:
        """Make an account, and let it come in at the first node."""
        self.make(nick, rank)
        return self.come(self.a, nick, password="correct horse")


class SanctionTests(DecidedCase):
    def test_kicked_from_a_room(self) -> None:
        """Who is kicked from a room at another node is out of it everywhere; each is shown the act before the leave."""
        bob, carol = self.come(self.b, "bob"), self.come(self.b, "carol")
        for peer in (bob, carol, self.keeper):
            peer.do("join", room="dev")
        self.cluster.settle()
        for peer in (bob, carol, self.keeper):
            peer.take()
        self.keeper.do("kick", nick="bob", room="dev", reason="spam")
        self.cluster.settle()
        self.assertEqual([event.code for event in bob.take() if isinstance(event, Departed)], ["kicked"])
        for peer in (carol, self.keeper):
            moderated, left = shown(peer)
            assert isinstance(left, Left)
            self.assertIsInstance(moderated, Moderated)
            self.assertEqual((left.nick, left.reason), ("bob", "kicked"))
        self.assertEqual(self.nicks(self.a, "dev"), self.nicks(self.b, "dev"))

    def test_banned(self) -> None:
        """Who is banned at another node is cut off, and gone everywhere."""
        bob = self.come(self.b, "bob")
        self.keeper.do("ban", whom="bob", duration="1h")
        self.cluster.settle()
        self.assertEqual((bob.codes, self.nicks(self.a), self.nicks(self.b)), (["banned"], ["keeper"], ["keeper"]))

    def test_muted(self) -> None:
        """Who is muted at another node is told so, and says nothing."""
        bob = self.come(self.b, "bob")
        self.keeper.do("mute", nick="bob")
        self.cluster.settle()
        bob.take()
        bob.say("hello")
        self.cluster.settle()
        self.assertEqual((bob.codes, said(self.keeper)), (["muted"], []))

    def test_closed_room(self) -> None:
        """A room that is closed is forgotten everywhere when everybody of every node is out of it."""
        bob = self.come(self.b, "bob", rooms=("dev",))
        bob.say("a post")
        self.cluster.settle()
        self.keeper.do("close", room="dev")
        self.keeper.do("close", room="dev")
        self.cluster.settle()
        self.assertIn("room-closed", bob.codes)
        self.assertEqual((self.a.hall.rooms.find("dev"), self.b.hall.rooms.find("dev")), (None, None))

    def test_announced(self) -> None:
        """What an operator tells everybody is told at every node."""
        bob = self.come(self.b, "bob")
        self.keeper.do("announce", text="tea")
        self.cluster.settle()
        self.assertEqual(
            [event.text for event in bob.take() if isinstance(event, Announced)], ["keeper to everybody: tea"]
        )

    def test_whois(self) -> None:
        """An operator is told at which node somebody is who is at another one; others are not."""
        bob = self.come(self.b, "bob")
        (item,) = listed(self.keeper, "whois", nick="bob").items
        self.assertEqual((item["nodes"], item["addresses"]), (["b"], []))
        (item,) = listed(bob, "whois", nick="keeper").items
        self.assertNotIn("nodes", item)


class AccountTests(DecidedCase):
    def test_at_two_nodes(self) -> None:
        """An account at two nodes is one person; it leaves when the last of its connections does."""
        bob = self.come(self.b, "bob")
        second = self.come(self.b, "keeper", password="correct horse")
        self.assertEqual(shown(bob), [])
        self.assertEqual((self.nicks(self.a), self.nicks(self.b)), (["bob", "keeper"], ["bob", "keeper"]))
        self.keeper.say("from here")
        self.cluster.settle()
        self.assertEqual(said(second)[0].text, "from here")
        self.keeper.vanish()
        self.cluster.settle()
        self.assertNotIn("Left", [type(event).__name__ for event in shown(bob)])
        second.vanish()
        self.cluster.settle()
        self.assertEqual([type(event) for event in shown(bob)], [Left])
        self.assertEqual((self.nicks(self.a), self.nicks(self.b)), (["bob"], ["bob"]))

    def test_log_out_others(self) -> None:
        """The other connections of an account end, also at another node, and so does the token of each."""
        for number in ("others", "2"):
            second = self.b.connect("json").offer("keeper", password="correct horse")
            self.cluster.settle()
            token = second.token
            number = number if number == "others" else str(self.numbers()[-1])
            self.keeper.do("logout", connection=number)
            self.cluster.settle()
            self.assertEqual(second.codes, ["logged-out"])
            again = self.b.connect("json").offer("keeper", token=token)
            self.cluster.settle()
            self.assertEqual(again.codes, ["token-invalid"])

    def numbers(self) -> list[int]:
        """The numbers of the connections of the operator."""
        return [item["number"] for item in listed(self.keeper, "whoami").items[0]["connections"]]

    def test_whoami(self) -> None:
        """Of a connection at another node they are told which one it is; its address is known there."""
        self.come(self.b, "keeper", password="correct horse")
        found = listed(self.keeper, "whoami")
        self.assertEqual([one.get("node") for one in found.items[0]["connections"]], [None, "b"])
        self.assertIn("Connection 2: json, since", found.lines[-2])
        self.assertIn("not encrypted, at the node b", found.lines[-2])

    def test_away_at_one(self) -> None:
        """Who is away at one node is away, and back everywhere when they say so at the other."""
        bob, second = self.come(self.b, "bob"), self.come(self.b, "keeper", password="correct horse")
        self.keeper.do("away", text="lunch")
        self.cluster.settle()
        self.assertEqual(second.connection.person.away, "lunch")
        second.do("back")
        self.cluster.settle()
        for node in (self.a, self.b):
            person = node.hall.roster.find("keeper")
            assert person is not None
            self.assertIsNone(person.away)
        self.assertEqual(bob.codes, [])

    def test_away_and_back_at_once(self) -> None:
        """Of two that say otherwise at once the last in the log is right, at every node, and that is the end of it."""
        second = self.come(self.b, "keeper", password="correct horse")
        self.keeper.do("away", text="one")
        self.cluster.settle()
        self.keeper.do("back")
        second.do("away", text="two")
        self.b.write()
        self.a.write()
        self.cluster.settle()
        self.assertEqual({node.hall.roster.find("keeper").away for node in (self.a, self.b)}, {None})  # type: ignore[union-attr]
        count = len(self.cluster.entries)
        self.cluster.settle()
        self.assertEqual(len(self.cluster.entries), count)
        later = self.cluster.add("c")
        self.assertIsNone(later.hall.roster.find("keeper").away)  # type: ignore[union-attr]

    def test_read(self) -> None:
        """What somebody has read at one node, their connections at the other are told."""
        second = self.come(self.b, "keeper", password="correct horse", marks=True)
        first = self.come(self.a, "keeper", password="correct horse", marks=True)
        self.come(self.b, "bob").say("hello")
        self.cluster.settle()
        second.take()
        first.do("read", room="lobby", id=1)
        self.a.pass_time(8)
        self.cluster.settle()
        self.assertEqual([(one.room, one.upto) for one in second.take() if isinstance(one, MarkedRead)], [("lobby", 1)])

    def test_registered_while_here(self) -> None:
        """A guest who makes the nickname their own is told so at every node, and has it alone."""
        mira = self.come(self.b, "mira")
        mira.do("register", password="a long password")
        self.cluster.settle()
        self.assertIn(Done, [type(one) for one in mira.take()])
        person = self.a.hall.roster.find("mira")
        assert person is not None
        assert person.account is not None
        other = self.a.connect("json").offer("mira")
        self.assertEqual(other.codes, ["password-needed"])

    def test_account_for_a_nickname_that_is_just_taken(self) -> None:
        """A guest who comes in under a nickname that becomes an account's at that moment does not get in."""
        guest = self.b.connect("json").offer("mira")
        made = Account("mira", "mira", 99, hashed("correct horse"), 1.0)  # type: ignore[arg-type]
        self.a.hall.commits.post(_change(Amendment(SERVER, 1.0, (made.put(),))))
        self.a.write()
        self.cluster.settle()
        self.assertEqual([type(one) for one in guest.answers if isinstance(one, Welcomed)], [])
        self.assertEqual((self.nicks(self.a), self.nicks(self.b)), (["keeper"], ["keeper"]))


def _change(amendment: Amendment) -> Change:
    return Change(amendment, Receipt())
