"""Races for what only one can have: an account, a registration code, a rank; never two winners, never a right back."""

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from shutil import rmtree

from twisted.trial.unittest import SynchronousTestCase

from groupchat.facts.account_facts import Account, RankGiven, RegistrationCode, digest_of
from groupchat.interfaces.storage import IJournal
from groupchat.journals.memory import MemoryJournal
from groupchat.model.ranks import Rank
from tests.fakes import HeldJournal
from tests.house import House, Peer
from tests.journals.direct import DirectJournal
from tests.people import establish, member, operator

ROUNDS = 1000
"""Rounds of each race."""


class RaceCase(SynchronousTestCase):
    """Two requests are on their way to the disk at the same time."""

    __test__ = False

    def journal(self) -> IJournal:
        """Make an empty journal."""
        raise NotImplementedError

    def setUp(self) -> None:
        self.held = HeldJournal(self.journal())
        self.house = House(self.held, registration="open")
        self.let_through()

    def let_through(self) -> None:
        """Let everything that waits be written, and what follows from it too."""
        quiet = 0
        while quiet < 3:
            self.house.turn()
            quiet = 0 if self.held.pending else quiet + 1
            while self.held.pending:
                self.held.commit()

    def come(self, nick: str) -> Peer:
        """Return somebody who has come in, also on disk."""
        peer = self.house.connect("json").offer(nick)
        self.let_through()
        peer.take()
        return peer

    def facts(self, kind: str) -> list[str]:
        """Return the names of the facts of a kind that are on disk."""
        return [fact.name for fact in self.successResultOf(self.held.within.facts(kind))]

    def test_account(self) -> None:
        """Of two newcomers who register one name, one has the account, and the other is told so."""
        for round in range(ROUNDS):
            nick = f"sam{round}"
            first, second = (self.house.connect("json") for _ in range(2))
            for peer, password in ((first, "first password"), (second, "second password")):
                peer.offer(nick, password=password, register=True)
            self.let_through()
            outcomes = sorted(["account-exists" in peer.codes for peer in (first, second)])
            self.assertEqual(outcomes, [False, True], round)
            winner = first if not first.codes else second
            found = self.house.hall.accounts.find(nick)
            assert found is not None
            self.assertEqual(found.author, winner.connection.person.author)
            first.vanish()
            second.vanish()
            self.let_through()
        self.assertEqual(len(self.facts(Account.KIND)), ROUNDS)

    def test_code(self) -> None:
        """A registration code makes one account, whoever was faster."""
        self.house.hall.follow(self.house.hall.settings.replaced(registration="invite"))
        for round in range(ROUNDS):
            establish_code(self.house, code := f"code{round}")
            self.let_through()
            peers = [self.house.connect("json") for _ in range(2)]
            for number, peer in enumerate(peers):
                peer.offer(f"pat{round}x{number}", password="a password", register=True, code=code)
            self.let_through()
            self.assertEqual(sorted(len(peer.codes) for peer in peers), [0, 1], round)
            self.assertEqual([code for peer in peers for code in peer.codes], ["code-invalid"])
            for peer in peers:
                peer.vanish()
            self.let_through()
        self.assertEqual(len(self.facts(Account.KIND)), ROUNDS)
        self.assertEqual(self.facts(RegistrationCode.KIND), [])

    def test_rank(self) -> None:
        """An operator who is demoted while they save a preference, promote somebody and ban somebody, stays demoted."""
        boss, other = operator(self.house, "boss", "json"), member(self.house, "other", "json", Rank.OPERATOR)
        victim, friend = self.come("victim"), member(self.house, "friend", "json")
        self.let_through()
        author = other.connection.person.author
        for round in range(ROUNDS):
            for peer in (boss, other, victim, friend):
                peer.take()
            value = "minutes" if round % 2 else "seconds"
            orders: list[Callable[[], object]] = [
                lambda: boss.do("demote", name="other"),
                partial(other.do, "set", name="time", value=value),
                lambda: other.do("promote", name="friend"),
            ]
            for order in orders if round % 3 else orders[1:] + orders[:1]:
                order()
            self.let_through()
            self.assertNotIn(str(author), self.facts(RankGiven.KIND), round)
            self.assertEqual(self.house.hall.moderation.rank_of(author, ""), Rank.MEMBER)
            # Back to the beginning.
            boss.do("promote", name="other")
            if self.house.hall.moderation.ranks.get(friend.connection.person.author) is not None:
                boss.do("demote", name="friend")
            self.let_through()
            self.assertEqual(self.house.hall.moderation.rank_of(author, ""), Rank.OPERATOR)

    def test_orders_of_the_demoted(self) -> None:
        """What somebody orders behind their own demotion, in one commit, is refused wholly."""
        boss, other = operator(self.house, "boss", "json"), operator(self.house, "other", "json")
        victim = self.come("victim")
        member(self.house, "carol")
        victim.do("join", room="dev")
        self.let_through()
        orders: dict[str, dict[str, object]] = {
            "kick": {"nick": "victim"}, "ban": {"whom": "victim"}, "mute": {"nick": "victim"},
            "lock": {"room": "dev"}, "slow": {"seconds": 5, "room": "dev"}, "op": {"nick": "boss", "room": "dev"},
            "announce": {"text": "hello"}, "motd": {"text": "hello"}, "promote": {"name": "carol"},
            "removeuser": {"name": "boss"}, "invitecode": {}, "invite": {"nick": "victim", "room": "dev"},
        }  # fmt: skip
        for name, fields in orders.items():
            before = self.everything()
            victim.take()
            # One commit is on its way, so that both orders are in the next one, judged by what is true before both.
            boss.say("a line")
            boss.do("demote", name="other")
            other.take()
            other.do(name, **fields)
            self.let_through()
            self.assertIn("not-allowed", other.codes, name)
            changed = {kind: names for kind, names in self.everything().items() if names != before[kind]}
            self.assertEqual(list(changed), [RankGiven.KIND], name)
            self.assertFalse(victim.screen.closed)
            boss.do("promote", name="other")
            self.let_through()

    def everything(self) -> dict[str, list[str]]:
        """Return the names of all facts."""
        return {kind: self.facts(kind) for kind in ("ban", "mute", "lock", "slow", "room-operator", "motd", "rank",
                                                    "account", "invitecode", "invitation")}  # fmt: skip


def establish_code(house: House, code: str) -> None:
    """Make a registration code."""
    establish(house.hall, RegistrationCode(digest_of(code), "boss", house.now() + 1000))


class MemoryRaces(RaceCase):
    """On a journal in memory."""

    __test__ = True

    def journal(self) -> IJournal:
        return MemoryJournal()


class FileRaces(RaceCase):
    """On a journal in a file."""

    __test__ = True

    def journal(self) -> IJournal:
        place = Path(tempfile.mkdtemp())
        self.addCleanup(rmtree, place)
        journal = DirectJournal(place / "chat.db")
        self.addCleanup(journal.close)
        return journal
