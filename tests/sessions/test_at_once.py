"""Two who do something about the same thing at the same moment: one is first, the other is answered by what is then."""

from dataclasses import replace
from functools import partial

from twisted.trial.unittest import SynchronousTestCase

from groupchat.facts.account_facts import Account
from groupchat.facts.room_facts import Lock
from groupchat.facts.typed import TypedFact
from groupchat.interfaces.screens import Hold
from groupchat.journals.memory import MemoryJournal
from groupchat.model.drafts import Amendment
from groupchat.model.errors import JournalUnavailable
from groupchat.model.events import SERVER, Answer, AuthorId, Done, Moderated, Refused, Told
from groupchat.model.ranks import Rank
from tests.fakes import HeldJournal
from tests.house import House, Peer
from tests.people import account, member

PASSWORD = "correct horse"


class Busy(HeldJournal):
    """A held journal in which something is made true before each of the next commits, of which the hall does not know.

    ``others``: what that is, one for each commit.
    """

    def __init__(self) -> None:
        super().__init__(MemoryJournal())
        self.others: list[TypedFact] = []

    def commit(self) -> None:
        if self.others:
            self.within.append([Amendment(SERVER, 0.0, (self.others.pop(0).put(),))])
        super().commit()


class AtOnceCase(SynchronousTestCase):
    """Olga and omar are operators, alice and bob have accounts; what they do waits for the journal."""

    def setUp(self) -> None:
        self.journal = Busy()
        self.house = House(self.journal)
        self.hall = self.house.hall
        self.olga, self.omar = (member(self.house, nick, "json", Rank.OPERATOR) for nick in ("olga", "omar"))
        self.alice, self.bob = (member(self.house, nick, "json") for nick in ("alice", "bob"))
        self.settle()
        self.forget()

    def settle(self) -> None:
        """Let everything be written."""
        while self.journal.pending:
            self.journal.commit()
            self.house.turn()

    def forget(self) -> None:
        """Let everybody forget what they were shown so far."""
        for peer in (self.olga, self.omar, self.alice, self.bob):
            peer.take()

    def both(self, verb: str, /, **fields: object) -> None:
        """Let olga and omar do the same in one batch."""
        self.alice.say("in flight")
        self.olga.do(verb, ref=1, **fields)
        self.omar.do(verb, ref=2, **fields)
        self.assertEqual(len(self.journal.pending), 1, "nothing is sent before the other commit has landed")
        self.settle()

    def answers(self, peer: Peer) -> list[str]:
        """What somebody was answered: done, or the code of a refusal."""
        kinds = [event for event in peer.answers if isinstance(event, Done | Refused)]
        return [event.code if isinstance(event, Refused) else "done" for event in kinds]

    def acts(self) -> list[tuple[str, str]]:
        """Who did what, as bob was shown it."""
        return [(event.nick, event.act) for event in self.bob.events if isinstance(event, Moderated)]

    def assert_answered(self, first: str, second: str) -> None:
        """See that olga and omar were answered so, once each with their own ref, and are listened to."""
        self.assertEqual((self.answers(self.olga), self.answers(self.omar)), ([first], [second]))
        for peer, ref in ((self.olga, 1), (self.omar, 2)):
            self.assertEqual([known for event, known in peer.screen.shown if isinstance(event, Done | Refused)], [ref])
            self.assertEqual(peer.screen.holds, Hold(0))


class TwoTests(AtOnceCase):
    def test_promote(self) -> None:
        """The second one to promote somebody is told that they are an operator already."""
        self.both("promote", name="alice")
        self.assert_answered("done", "bad-arguments")
        self.assertEqual(self.acts(), [("olga", "promote")])
        self.assertIs(self.alice.actor.rank, Rank.OPERATOR)

    def test_typed(self) -> None:
        """The same holds for what is typed."""
        self.alice.say("in flight")
        self.olga.session.type("/promote alice", 1)
        self.omar.session.type("/promote alice", 2)
        self.settle()
        self.assert_answered("done", "bad-arguments")

    def test_ban(self) -> None:
        """The second ban is made from the first one, and holds instead: both operators wanted one."""
        self.both("ban", whom="mallory")
        self.assert_answered("done", "done")
        (ban,) = self.hall.moderation.bans
        self.assertEqual((ban.by, self.acts()), ("omar", [("olga", "ban"), ("omar", "ban")]))
        self.assertEqual(len(self.successResultOf(self.journal.facts("ban"))), 1)

    def test_mute_and_unmute(self) -> None:
        """The second one to end a mute is told that there is none."""
        self.olga.do("mute", nick="alice")
        self.settle()
        self.forget()
        self.both("unmute", nick="alice")
        self.assert_answered("done", "nothing-to-undo")
        told = [event.lines for event in self.alice.answers if isinstance(event, Told)]
        self.assertEqual(told, [("You can speak again; olga unmuted you.",)])

    def test_op(self) -> None:
        """The second one to make somebody operator of a room is told that they are one; these are told once."""
        self.both("op", nick="alice")
        self.assert_answered("done", "bad-arguments")
        self.assertEqual(len([event for event in self.alice.answers if isinstance(event, Told)]), 1)

    def test_slow(self) -> None:
        """Of two who slow a room the second one has the last word."""
        self.both("slow", seconds=9)
        self.assert_answered("done", "done")
        self.assertEqual(self.hall.moderation.slow["lobby"].by, "omar")

    def test_lock_and_motd(self) -> None:
        """What is true already is not made true again; what may replace it does."""
        self.both("lock", room="dev")
        self.assert_answered("done", "bad-arguments")
        self.forget()
        self.both("motd", text="Hello.")
        self.assert_answered("done", "done")
        self.assertEqual(self.hall.moderation.motd and self.hall.moderation.motd.by, "omar")

    def test_removed_meanwhile(self) -> None:
        """Who gives a rank to an account that is just being removed is told that there is none."""
        self.alice.say("in flight")
        self.olga.do("removeuser", ref=1, name="bob")
        self.omar.do("setpassword", ref=2, name="bob", password="another one")
        self.settle()
        self.assert_answered("done", "no-such-account")
        self.assertIsNone(self.hall.accounts.find("bob"))

    def test_set_from_two_connections(self) -> None:
        """Two preferences that an account changes at the same moment are both kept."""
        second = self.house.connect("json").offer("alice", password=PASSWORD)
        self.settle()
        self.bob.say("in flight")
        self.alice.do("set", ref=1, name="echo", value="on")
        second.do("set", ref=2, name="time", value="off")
        self.settle()
        kept = self.hall.accounts.preferences(self.alice.connection.person.author, "json")
        assert kept is not None
        self.assertEqual(dict(kept.changed), {"echo": "on", "time": "off"})

    def test_passwords(self) -> None:
        """Of two connections that change a password at the same moment, one does, and logs the other one out."""
        second = self.house.connect("json").offer("alice", password=PASSWORD)
        self.settle()
        second.take()
        self.bob.say("in flight")
        for peer, new in ((self.alice, "first new one"), (second, "second new one")):
            peer.do("password", ref=1, old=PASSWORD, new=new)
        self.settle()
        self.assertEqual((self.answers(self.alice), self.answers(second)), (["done"], ["logged-out"]))
        self.assertEqual(second.screen.holds, Hold(0))
        for password, codes in (("first new one", []), ("second new one", ["password-wrong"])):
            self.assertEqual(self.house.connect("json").offer("alice", password=password).codes, codes)


class AgainTests(AtOnceCase):
    def test_outdated(self) -> None:
        """What was changed by others twice is refused at last, once and with its ref, and nothing is done."""
        self.journal.others = [Lock("dev", "somebody", 1.0), Lock("dev", "another", 2.0)]
        self.olga.do("lock", ref=1, room="dev")
        self.assertEqual(self.olga.screen.holds, Hold.ANSWER)
        self.settle()
        self.assertEqual(self.answers(self.olga), ["outdated"])
        self.assertEqual([ref for event, ref in self.olga.screen.shown if isinstance(event, Answer)], [1])
        self.assertEqual((self.olga.screen.holds, self.acts()), (Hold(0), []))

    def test_waits_meanwhile(self) -> None:
        """The next line waits until the request that is made once more is answered."""
        self.journal.others = [Lock("dev", "somebody", 1.0)]
        self.olga.do("lock", ref=1, room="dev")
        self.olga.say("next", ref=2)
        self.journal.commit()
        self.house.turn()
        self.assertEqual(([], Hold.ANSWER), (self.olga.refs(), self.olga.screen.holds))
        self.assertEqual(
            [one for batch in self.journal.pending for one in batch if getattr(one, "text", "") == "next"], []
        )
        self.settle()
        self.assertEqual([ref for _, ref in self.olga.refs()], [1, 2])

    def test_waited_for(self) -> None:
        """A request that was waited for before it was posted is made once more, too."""
        other = Account("erin", "erin", AuthorId(4711), "hash", 0.0)
        self.journal.others = [other]
        self.house.passwords.held = True
        self.olga.do("adduser", ref=1, name="erin", password="correct horse")
        self.house.passwords.answer()
        self.journal.commit()
        self.house.turn()
        self.assertEqual((self.answers(self.olga), self.olga.screen.holds), ([], Hold.ANSWER))
        while self.house.passwords.waiting or self.journal.pending:
            if self.house.passwords.waiting:
                self.house.passwords.answer()
            self.settle()
        self.assertEqual(self.answers(self.olga), ["outdated"])
        self.assertEqual(self.olga.screen.holds, Hold(0))

    def test_gone_meanwhile(self) -> None:
        """What somebody asked for who has gone meanwhile is not done once more."""
        self.alice.say("in flight")
        self.olga.do("ban", ref=1, whom="mallory")
        self.omar.do("ban", ref=2, whom="mallory")
        self.omar.vanish()
        self.settle()
        (ban,) = self.hall.moderation.bans
        self.assertEqual((ban.by, self.acts()), ("olga", [("olga", "ban")]))
        self.successResultOf(self.hall.commits.when_idle())

    def test_demoted_meanwhile(self) -> None:
        """Who was demoted meanwhile is refused, and nothing is done."""
        given = self.hall.moderation.ranks[self.olga.connection.person.author]
        self.journal.others = [replace(given, rank=Rank.MEMBER)]
        self.olga.do("lock", ref=1, room="dev")
        self.settle()
        self.assertEqual((self.answers(self.olga), self.olga.screen.holds), (["not-allowed"], Hold(0)))
        self.assertEqual(self.successResultOf(self.journal.facts("lock")), [])

    def test_disk_full_the_second_time(self) -> None:
        """When the second time fails for another reason, that is the answer."""
        self.journal.others = [Lock("dev", "somebody", 1.0)]
        self.olga.do("lock", ref=1, room="dev")
        self.journal.commit()
        self.journal.fail(JournalUnavailable("Full."))
        self.flushLoggedErrors()
        self.assertEqual((self.answers(self.olga), self.olga.screen.holds), (["journal-unavailable"], Hold(0)))


class RegisteringTests(SynchronousTestCase):
    """Two connections want one account name, or use one registration code."""

    def setUp(self) -> None:
        self.journal = HeldJournal(MemoryJournal())
        self.house = House(self.journal)

    def settle(self) -> None:
        """Let everything be written."""
        while self.journal.pending:
            self.journal.commit()
            self.house.turn()

    def test_one_name(self) -> None:
        """Of two who register one nickname before they are in, the first one comes in, and the other is told."""
        one, two = (
            self.house.connect("json").offer("bob", password=f"password {number}", register=True, ref=number)
            for number in (1, 2)
        )
        self.settle()
        self.assertEqual((one.codes, two.codes), ([], ["account-exists"]))
        self.assertEqual(one.connection.person.nick, "bob")
        made = self.house.hall.accounts.find("bob")
        assert made is not None
        self.assertEqual((made, made.hash), (one.connection.person.account, "1:1 drowssap"))

    def test_lookalikes(self) -> None:
        """Of two who register nicknames that look alike, the first has the account, wherever the second is by then."""
        for held in (False, True):
            self.house.passwords.held = held
            for number in range(4):
                names = (f"mila{number}", f"mi1a{number}")
                (guest,) = self.house.come(names[number % 2], door="json")
                self.settle()
                newcomer = self.house.connect("json")
                register = partial(guest.do, "register", password="password 1")
                come = partial(newcomer.offer, names[1 - number % 2], password="password 2", register=True)
                for ask in (register, come) if number < 2 else (come, register):
                    ask()
                while self.house.passwords.waiting:
                    self.house.passwords.answer()
                self.settle()
                outcomes = (guest.codes, newcomer.codes)
                self.assertEqual(outcomes if number < 2 else outcomes[::-1], ([], ["nick-taken"]), (held, number))
                self.assertEqual(len(self.house.hall.accounts), 1)
                guest.vanish()
                newcomer.vanish()
                self.remove_accounts()

    def test_lookalike_of_an_operators(self) -> None:
        """Nobody registers a nickname that looks like one for which an operator is just making an account."""
        server = self.house.connect("json")
        server.session.serve()
        server.do("adduser", name="mila", password="password 1")
        newcomer = self.house.connect("json").offer("mi1a", password="password 2", register=True)
        self.settle()
        self.assertEqual(newcomer.codes, ["nick-taken"])

    def test_refused_lookalike(self) -> None:
        """A nickname whose account was not made after all keeps nobody from a similar one."""
        self.house = House(self.journal, registration="invite")
        server = self.house.connect("json")
        server.session.serve()
        server.do("invitecode").do("invitecode")
        self.settle()
        first, second = (told.split()[0] for told in server.told)
        for nick in ("bob", "mila"):  # with one code
            self.house.connect("json").offer(nick, password="password 1", register=True, code=first)
        self.settle()
        late = self.house.connect("json").offer("mi1a", password="password 2", register=True, code=second)
        self.settle()
        self.assertEqual(late.codes, [])

    def remove_accounts(self) -> None:
        """Remove every account."""
        server = self.house.connect("json")
        server.session.serve()
        for one in list(self.house.hall.accounts):
            server.do("removeuser", name=one.nick)
        self.settle()

    def test_guest_and_newcomer(self) -> None:
        """A guest registers the nickname that a newcomer wants for an account: refused at once, it is theirs."""
        (bob,) = self.house.come("bob", door="json")
        self.settle()
        bob.do("register", password="password 1", ref=1)
        other = self.house.connect("json").offer("bob", password="password 2", register=True)
        self.settle()
        self.assertEqual((bob.codes, other.codes), ([], ["nick-taken"]))
        self.assertIsNotNone(bob.connection.person.account)

    def test_one_code(self) -> None:
        """Of two who use one code at the same moment one registers, and the other is told that it was used."""
        self.house = House(self.journal, registration="invite")
        account(self.house.hall, "boss", Rank.OPERATOR)
        boss = self.house.connect("json").offer("boss", password=PASSWORD)
        self.settle()
        boss.do("invitecode")
        self.settle()
        code = boss.told[-1].split()[0]
        one, two = (
            self.house.connect("json").offer(nick, password="12345678", register=True, code=code)
            for nick in ("bob", "carol")
        )
        self.settle()
        self.assertEqual((one.codes, two.codes), ([], ["code-invalid"]))
        self.assertIsNone(self.house.hall.accounts.find("carol"))
        self.assertEqual(self.successResultOf(self.journal.facts("invitecode")), [])
