"""Endings: after a logout, a new password, a removal or a ban neither a connection nor a token leads in any more."""

from collections.abc import Callable

from twisted.trial.unittest import SynchronousTestCase

from groupchat.facts.account_facts import digest_of
from groupchat.facts.room_facts import Lock
from groupchat.interfaces.storage import IJournal
from groupchat.journals.memory import MemoryJournal
from groupchat.model.drafts import PutOut, Revoke
from groupchat.model.errors import JournalUnavailable
from groupchat.model.events import Asked, Done, Left, Listed, Refused, Replayed
from groupchat.sessions.session import State
from tests.fakes import HeldJournal, SlowJournal
from tests.house import House, Peer
from tests.people import account, establish, operator

PASSWORD = "correct horse"
OTHER_PASSWORD = "battery staple"


class EndingsCase(SynchronousTestCase):
    """Alice has an account and two connections, a program and netcat; olga is an operator, bob a guest."""

    def journal(self) -> IJournal:
        """Make the journal."""
        return MemoryJournal()

    def setUp(self) -> None:
        self.house = House(self.journal())
        self.hall = self.house.hall
        self.olga = operator(self.house, "olga", "json")
        account(self.hall, "alice")
        self.program, self.netcat = self.come("json"), self.come("text")
        self.bob = self.house.connect("json").offer("bob")

    def come(self, door: str = "json", password: str = PASSWORD) -> Peer:
        """Return one more connection of alice's."""
        peer = self.house.connect(door)
        return peer.offer("alice", password=password) if door == "json" else peer.type("alice", password)

    def by_token(self, peer: Peer, nick: str = "alice") -> list[str]:
        """Return why the token that somebody was given does not let anybody in; nothing: it does."""
        return self.house.connect("json").offer(nick, token=peer.token).codes

    def closed(self, *peers: Peer) -> list[list[str]]:
        """Return why connections were closed."""
        return [peer.screen.codes for peer in peers]

    def words(self, peer: Peer) -> list[str]:
        """Return the sentences of refusals somebody was shown."""
        return [answer.text for answer in peer.answers if isinstance(answer, Refused)]


class LogoutTests(EndingsCase):
    def test_token(self) -> None:
        """The token of a connection that logs out works no longer, neither now nor after a restart; others do."""
        other = self.come()
        self.program.do("logout", ref=1)
        self.assertEqual(self.program.refs()[-1], ("Asked", None))
        self.assertIs(self.program.session.state, State.NAMELESS)
        self.house.connect("json").offer("bob", token=self.bob.token)
        self.assertIsNone(self.successResultOf(self.house.journal.recall(digest_of(self.token_of(self.program)))))
        self.assertIsNotNone(self.successResultOf(self.house.journal.recall(digest_of(other.token))))

    def token_of(self, peer: Peer) -> str:
        """Return the token somebody was given, whatever else was taken off their screen."""
        return self.tokens[peer]

    def setUp(self) -> None:
        super().setUp()
        self.tokens = {self.program: self.program.token}

    def test_answered_when_on_disk(self) -> None:
        """It is answered when the token is dead on disk, and nothing else of the connection is done before."""
        held = HeldJournal(self.house.journal)
        self.house = House(held)
        account(self.house.hall, "alice")
        program = self.settled(held, lambda: self.come())
        token = program.token
        program.take()
        program.do("logout", ref=1).do("last", ref=2)
        self.assertEqual(program.answers, [])
        self.assertIn(Revoke(program.connection.person.author, only=digest_of(token)), held.pending[0][-1].changes)  # type: ignore[union-attr]
        self.settled(held, lambda: None)
        self.assertEqual([ref for _, ref in program.refs() if ref is not None], [1, 2])
        self.assertEqual(self.house.connect("json").offer("alice", token=token).codes, ["token-invalid"])

    def settled(self, held: HeldJournal, act: Callable[[], Peer | None]) -> Peer:
        """Do something, and let everything be written."""
        peer = act()
        for _ in range(3):
            while held.pending:
                held.commit()
            self.house.turn()
        return peer or self.bob

    def test_lost_meanwhile(self) -> None:
        """Whoever is disconnected while it is written leaves no token that works."""
        held = HeldJournal(self.house.journal)
        self.house = House(held)
        account(self.house.hall, "alice")
        program = self.settled(held, lambda: self.come())
        program.do("logout")
        program.vanish()
        self.settled(held, lambda: None)
        self.assertIsNone(self.successResultOf(held.recall(digest_of(program.token))))

    def test_token_used_meanwhile(self) -> None:
        """Somebody who comes in by the token just before it dies is put out again."""
        held = HeldJournal(self.house.journal)
        self.house = House(held)
        account(self.house.hall, "alice")
        program = self.settled(held, lambda: self.come())
        program.do("logout")
        thief = self.house.connect("json").offer("alice", token=program.token)
        self.settled(held, lambda: None)
        self.assertEqual((thief.codes, thief.screen.codes), (["logged-out"], ["logged-out"]))
        self.assertIs(program.session.state, State.NAMELESS)
        self.assertFalse(program.screen.closed)

    def test_journal_unavailable(self) -> None:
        """Where it cannot be written it is refused, one stays, and the token lives; without a token one may go."""
        held = HeldJournal(self.house.journal)
        self.house = House(held)
        account(self.house.hall, "alice")
        program, netcat = self.settled(held, lambda: self.come()), self.settled(held, lambda: self.come("text"))
        token = program.token
        program.do("logout", ref=1)
        held.fail(JournalUnavailable("Full."))
        self.house.turn()
        self.assertEqual((program.codes, program.session.state), (["journal-unavailable"], State.CHATTING))
        self.assertEqual(program.connection.digest, digest_of(token))
        netcat.type("/logout")
        self.assertEqual(netcat.answers[-1], Asked("nickname"))

    def test_number(self) -> None:
        """/logout NUMBER ends another connection of one's own and its token; its other ones stay."""
        third = self.come()
        self.netcat.type("/logout 1")
        self.assertEqual(self.netcat.told[-1], "Connection 1 is logged out.")
        self.assertEqual(self.closed(self.program, self.netcat, third), [["logged-out"], [], []])
        self.assertEqual(self.words(self.program), ["You were logged out on another connection."])
        self.assertEqual(self.by_token(self.program), ["token-invalid"])
        third.do("logout", connection=2)
        self.assertEqual(self.closed(self.netcat, third), [["logged-out"], []])
        self.assertEqual(self.by_token(third), [])

    def test_number_that_came_back(self) -> None:
        """Of a connection that just comes back by its token, the new one is ended."""
        again = self.house.connect("json")
        slow = SlowJournal(self.house.journal)
        self.hall.stream.journal = slow
        slow.slow = True
        again.offer("alice", token=self.program.token)
        self.netcat.type("/logout 1")
        slow.answer_all()
        self.assertEqual(again.codes, ["logged-out"])
        self.assertEqual(self.closed(self.program), [["logged-out"]])

    def test_wrong_number(self) -> None:
        """There is no such connection; this one is logged out without a number; words and huge numbers are refused."""
        for which in ("7", "2", "all", "9" * 30, "-1"):
            self.netcat.type(f"/logout {which}")
        self.assertEqual(self.netcat.codes, ["bad-arguments"] * 5)
        for field in (7, -1, 1.5, True, ["others"], "", "x" * 5000):
            self.program.do("logout", connection=field)
        self.assertEqual(self.program.codes, ["bad-arguments"] * 7)
        self.assertEqual(self.closed(self.program, self.netcat), [[], []])

    def test_others(self) -> None:
        """/logout others ends all but this one, those that are not connected too."""
        gone = self.come()
        gone.vanish()
        self.program.do("logout", connection="others")
        self.assertEqual(self.closed(self.program, self.netcat), [[], ["logged-out"]])
        self.assertEqual(self.by_token(gone), ["token-invalid"])
        self.assertEqual(self.by_token(self.program), [])

    def test_guests(self) -> None:
        """A guest has nothing to log out of, and cannot end connections of others."""
        self.bob.do("logout", connection=1).do("logout", connection="others")
        self.assertEqual(self.bob.codes, ["not-allowed"] * 2)
        self.assertEqual(self.closed(self.program, self.bob), [[], []])

    def test_exit_without_a_nickname(self) -> None:
        """A program that has logged out can leave in good order."""
        self.program.do("logout").do("exit", ref=9)
        self.assertEqual(self.program.screen.codes, ["exit"])
        self.assertIn(("Done", 9), self.program.refs())


class WhoAmITests(EndingsCase):
    def test_text(self) -> None:
        """It shows account, rank, rooms and connections, each with its number."""
        self.netcat.type("/join dev").take()
        self.netcat.type("/whoami")
        (listed,) = [answer for answer in self.netcat.answers if isinstance(answer, Listed)]
        self.assertEqual(listed.lines, (
            "You are alice, with an account since 2026-11-21 12:00.",
            "You are in lobby, dev.",
            "Connection 1: json, since 2026-11-21 12:00, not encrypted, from 192.0.2.1",
            "Connection 2, this one: text, since 2026-11-21 12:00, not encrypted, from 192.0.2.1",
            "/logout NUMBER ends one of them, /logout others all but this one.",
        ))  # fmt: skip

    def test_json(self) -> None:
        """A program gets the same as fields; numbers are not given twice."""
        self.netcat.type("/exit")
        third = self.come()
        third.screen.secure = True
        third.do("whoami")
        (listed,) = [answer for answer in third.answers if isinstance(answer, Listed)]
        (item,) = listed.items
        self.assertEqual({name: item[name] for name in ("nick", "account", "rank", "operates", "rooms")}, {
            "nick": "alice", "account": "alice", "rank": "member", "operates": [], "rooms": ["lobby"],
        })  # fmt: skip
        first, second = item["connections"]
        self.assertEqual((first["number"], second["number"], first["own"], second["own"]), (1, 3, False, True))
        self.assertEqual(second, {
            "number": 3, "own": True, "since": "2026-11-21T12:00:00.000Z", "door": "json", "secure": True,
            "address": "192.0.2.1", "rooms": ["lobby"], "access": "", "terminal": "",
        })  # fmt: skip

    def test_ranks(self) -> None:
        """Guests see that they are, operators too, and whoever keeps order in a room sees where."""
        self.olga.do("op", nick="alice", room="dev")
        ranks = {}
        for peer in (self.bob, self.program, self.olga):
            peer.take()
            peer.do("whoami")
            (listed,) = [answer for answer in peer.answers if isinstance(answer, Listed)]
            ranks[listed.items[0]["nick"]] = (listed.items[0]["rank"], listed.items[0]["operates"], listed.lines[0])
        self.assertEqual(ranks, {
            "bob": ("guest", [], "You are bob, a guest."),
            "alice": ("member", ["dev"], "You are alice, with an account since 2026-11-21 12:00."),
            "olga": ("operator", [], "You are olga, with an account since 2026-11-21 12:00, an operator."),
        })  # fmt: skip


class PutOutTests(EndingsCase):
    def test_password(self) -> None:
        """A new password puts out the account's other connections; the one that changed it stays, with its token."""
        self.program.do("password", old=PASSWORD, new=OTHER_PASSWORD)
        self.assertEqual(self.closed(self.program, self.netcat), [[], ["logged-out"]])
        self.assertEqual(self.words(self.netcat), ["The password of alice was changed; log in with the new one."])
        self.assertEqual(self.by_token(self.program), [])

    def test_setpassword(self) -> None:
        """One set by an operator puts out all of them, with all tokens."""
        self.olga.do("setpassword", name="alice", password=OTHER_PASSWORD)
        self.assertEqual(self.closed(self.program, self.netcat, self.olga), [["logged-out"]] * 2 + [[]])
        self.assertEqual(self.by_token(self.program), ["token-invalid"])
        self.assertEqual(self.words(self.netcat), ["olga set another password for alice; log in with it."])

    def test_own_setpassword(self) -> None:
        """An operator who sets their own password so stays where they are; no token of theirs lives."""
        second = self.house.connect("json").offer("olga", password=PASSWORD)
        token = second.token
        second.do("setpassword", name="olga", password=OTHER_PASSWORD)
        self.assertEqual(self.closed(self.olga, second), [["logged-out"], []])
        self.assertEqual(self.house.connect("json").offer("olga", token=token).codes, ["token-invalid"])

    def test_removeuser(self) -> None:
        """A removed account's connections end; the nickname is anybody's, but no token of it."""
        self.olga.do("removeuser", name="alice")
        self.assertEqual(self.closed(self.program, self.netcat), [["logged-out"]] * 2)
        self.assertEqual(self.words(self.program), ["olga removed the account alice."])
        self.assertEqual(self.by_token(self.program), ["token-invalid"])
        self.assertEqual(self.house.connect("json").offer("alice").codes, [])

    def test_unregister(self) -> None:
        """Who gives the account up stays as a guest, without a token; the other connections end."""
        self.program.do("unregister", password=PASSWORD)
        self.assertEqual(self.closed(self.program, self.netcat), [[], ["logged-out"]])
        self.assertIsNone(self.program.connection.person.account)
        token = self.program.token
        self.program.vanish()
        self.assertEqual(self.house.connect("json").offer("alice", token=token).codes, ["token-invalid"])

    def test_others_see_them_leave(self) -> None:
        """Others see somebody leave who has no connection any more."""
        self.bob.take()
        self.olga.do("removeuser", name="alice")
        left = [event for event in self.bob.events if isinstance(event, Left)]
        self.assertEqual([(event.nick, event.reason, event.gone) for event in left], [("alice", "logged out", True)])

    def test_put_out_while_asking(self) -> None:
        """Whoever is put out while their password is checked changes nothing."""
        self.house.passwords.held = True
        self.program.do("unregister", password=PASSWORD)
        self.house.passwords.held = False
        self.netcat.type("/logout others")
        self.house.passwords.answer()
        self.assertIsNotNone(self.hall.accounts.find("alice"))


class ComingInTests(EndingsCase):
    """What is decided while somebody comes in holds for them."""

    def journal(self) -> IJournal:
        self.slow = SlowJournal(MemoryJournal())
        return self.slow

    def reading(self, **claim: object) -> Peer:
        """Return one who is let in, and for whom the history is being read."""
        self.slow.slow = True
        peer = self.house.connect("json").offer("alice", **claim)  # type: ignore[arg-type]
        self.assertEqual(peer.answers, [])
        return peer

    def arrived(self, peer: Peer) -> list[str]:
        """Let the journal answer, and return why they were not let in."""
        self.slow.slow = False
        self.slow.answer_all()
        self.assertEqual(self.hall.arrivals, {})
        return peer.codes

    def test_old_password(self) -> None:
        """Who has proved the old password is not let in when there is a new one; the new one lets in."""
        peer = self.reading(password=PASSWORD)
        self.program.do("password", old=PASSWORD, new=OTHER_PASSWORD)
        self.assertEqual(self.arrived(peer), ["logged-out"])
        peer = self.reading(password=OTHER_PASSWORD)
        self.assertEqual(self.arrived(peer), [])

    def test_password_being_checked(self) -> None:
        """A right password that is not right any more when it has been checked lets nobody in."""
        self.house.passwords.held = True
        peer = self.house.connect("json").offer("alice", password=PASSWORD)
        self.house.passwords.held = False
        self.olga.do("setpassword", name="alice", password=OTHER_PASSWORD)
        self.house.passwords.answer()
        self.assertEqual(peer.codes, ["password-wrong"])

    def test_proved_afterwards(self) -> None:
        """What ended before somebody proved who they are does not concern them."""
        self.house.passwords.held = True
        peer = self.house.connect("json").offer("alice", password=PASSWORD)
        self.netcat.type("/logout others")
        self.house.passwords.answer()
        self.assertEqual(peer.codes, [])

    def test_rehashed_meanwhile(self) -> None:
        """A right password stays right when its hash is made anew meanwhile."""
        known = self.hall.accounts.find("alice")
        assert known is not None
        self.house.passwords.held = True
        peer = self.house.connect("json").offer("alice", password=PASSWORD)
        self.hall.registration.change(
            known, type(known)(known.nick, known.key, known.author, "2" + known.hash[1:], 1.0)
        )
        while self.house.passwords.waiting:
            self.house.passwords.answer()
        self.assertEqual(peer.codes, [])

    def test_token(self) -> None:
        """A token that dies while it is looked up, or while the history is read, lets nobody in."""
        for ending in (
            lambda: self.netcat.type("/logout others"),
            lambda: self.olga.do("setpassword", name="alice", password=PASSWORD),
        ):
            token = self.come().token
            peer = self.reading(token=token)
            ending()
            self.assertEqual(self.arrived(peer), ["logged-out"])
            self.assertEqual(self.house.connect("json").offer("alice", token=token).codes, ["token-invalid"])
        token = self.come().token
        peer = self.reading(token=token)
        self.hall.consequences.learn(Revoke(self.program.connection.person.author, only=digest_of(token)))
        self.assertEqual(self.arrived(peer), ["token-invalid"])

    def test_removed(self) -> None:
        """Nor does an account that is removed."""
        for by_token in (False, True):
            token = self.come().token
            peer = self.reading(token=token) if by_token else self.reading(password=PASSWORD)
            self.olga.do("removeuser", name="alice")
            self.assertEqual(self.arrived(peer), ["logged-out"])
            account(self.hall, "alice")

    def test_kept(self) -> None:
        """A connection that changes the password, is lost, and comes back by its token just then, is let in."""
        token = self.program.token
        peer = self.reading(token=token)
        self.slow.slow = False
        self.program.do("password", old=PASSWORD, new=OTHER_PASSWORD)
        self.assertEqual(self.arrived(peer), [])
        self.assertEqual(peer.screen.codes, [])

    def test_another_is_put_out(self) -> None:
        """What ends another's connections does not concern who is coming in."""
        peer = self.reading(password=PASSWORD)
        self.hall.consequences.learn(PutOut(self.bob.connection.person.author, "", "kicked", "Out."))
        self.hall.consequences.learn(Revoke(self.bob.connection.person.author))
        self.assertEqual(self.arrived(peer), [])

    def test_address(self) -> None:
        """Whoever comes from an address that is banned meanwhile is cut off, or told so at the latest on arrival."""
        for claim in ({"password": PASSWORD}, {}):
            self.slow.slow = True
            peer = self.house.connect("json")
            peer.screen.address = "198.51.100.7"
            peer.offer("alice" if claim else "carol", **claim)
            self.olga.do("ban", whom="198.51.100.0/24")
            self.assertEqual((self.arrived(peer), peer.screen.codes), (["banned"], ["banned"]))
            self.olga.do("unban", whom="198.51.100.0/24")

    def test_address_while_hashing(self) -> None:
        """So is whoever is at the prompt, or whose password is being checked; nobody is left behind in the hall."""
        self.house.passwords.held = True
        for lines in ((), ("alice", PASSWORD)):
            peer = self.house.connect()
            peer.screen.address = "198.51.100.7"
            peer.type(*lines)
            self.olga.do("ban", whom="198.51.100.0/24")
            self.assertEqual(peer.screen.codes, ["banned"])
            while self.house.passwords.waiting:
                self.house.passwords.answer()
            self.assertEqual(self.hall.arrivals, {})
            self.assertEqual(len(self.program.connection.person.connections), 2)
            self.olga.do("unban", whom="198.51.100.0/24")

    def test_catching_up(self) -> None:
        """Whoever reads slowly, and is not live, is put out as well."""
        self.netcat.screen.fill()
        self.bob.say("one").say("two")
        self.program.do("logout", connection="others")
        self.assertEqual(self.closed(self.netcat), [["logged-out"]])
        self.assertEqual(len(self.program.connection.person.connections), 1)

    def test_locked_room(self) -> None:
        """What was said in a room that is locked meanwhile is not shown to somebody who comes in."""
        self.netcat.type("/join dev", "a secret")
        self.slow.slow = True
        peer = self.house.connect("json").offer("carol", rooms=("lobby", "dev"))
        establish(self.hall, Lock("dev", "olga", 0.0))
        self.assertEqual(self.arrived(peer), [])
        self.assertEqual(peer.connection.rooms, ("lobby",))
        shown = [post for answer in peer.answers if isinstance(answer, Replayed) for post in answer.posts]
        self.assertEqual((shown, peer.texts), ([], []))

    def test_banned(self) -> None:
        """Nor is anybody let in who is banned meanwhile: an account, a guest by the wished nickname, by the old one."""
        peer = self.reading(password=PASSWORD)
        self.olga.do("ban", whom="alice")
        self.assertEqual(self.arrived(peer), ["banned"])
        token = self.bob.token
        self.slow.slow = True
        peer = self.house.connect("json").offer("mallory", token=token)
        self.slow.answer()  # whose token it is
        self.olga.do("ban", whom="mallory")
        self.assertEqual((self.arrived(peer), self.bob.screen.codes), (["banned"], []))
        self.olga.do("unban", whom="mallory")
        self.bob.vanish()
        for banned in ("mallory", "bob"):
            self.slow.slow = True
            peer = self.house.connect("json").offer("mallory", token=token)
            self.olga.do("ban", whom=banned)
            self.assertEqual(self.arrived(peer), ["banned"], banned)
            self.olga.do("unban", whom=banned)


class BanTests(EndingsCase):
    def test_account(self) -> None:
        """While an account is banned its tokens let nobody in, under whichever nickname, and none do afterwards."""
        token = self.program.token
        self.olga.do("ban", whom="alice")
        for nick in ("alice", "alicia"):
            self.assertEqual(self.house.connect("json").offer(nick, token=token).codes, ["banned"])
        self.olga.do("unban", whom="alice")
        self.assertEqual(self.house.connect("json").offer("alice", token=token).codes, ["token-invalid"])

    def test_end_of_a_ban(self) -> None:
        """It is the same when a ban ends by itself; a ban from a room ends no token."""
        token = self.program.token
        self.olga.do("ban", whom="alice", duration=5, room="dev")
        self.house.pass_time(7)
        self.assertEqual(self.house.connect("json").offer("alice", token=token).codes, [])
        self.olga.do("ban", whom="alice", duration=5)
        self.house.pass_time(7)
        self.assertEqual(self.house.connect("json").offer("alice", token=token).codes, ["token-invalid"])

    def test_guest(self) -> None:
        """The same holds for a guest; a ban of somebody who is not here is of the nickname, and ends no token."""
        for is_here in (True, False):
            token = self.bob.token
            if not is_here:
                self.bob.vanish()
            self.olga.do("ban", whom="bob")
            for nick in ("bob", "robert"):
                self.assertEqual(self.house.connect("json").offer(nick, token=token).codes, ["banned"], (is_here, nick))
            self.olga.do("unban", whom="bob")
            self.bob = self.house.connect("json").offer("bob", token=token)
            self.assertEqual(self.bob.codes, ["token-invalid"] if is_here else [])
            if is_here:
                self.bob = self.house.connect("json").offer("bob")

    def test_address(self) -> None:
        """Tokens of connections that a ban of their address puts out work from no other address; others' do."""
        for peer in (self.program, self.bob):
            peer.screen.address = "198.51.100.7"
        third = self.come()
        self.olga.do("ban", whom="198.51.100.7", yes=True)
        self.assertEqual(self.closed(self.program, self.bob, third), [["banned"], ["banned"], []])
        self.assertEqual(self.by_token(self.program), ["token-invalid"])
        self.assertEqual(self.by_token(self.bob, "robert"), ["token-invalid"])
        self.assertEqual(self.by_token(third), [])
        self.assertEqual([answer.text for answer in third.answers if isinstance(answer, Done) and answer.text], [])

    def test_address_of_somebody_new(self) -> None:
        """So do tokens of those who came from there after it was decided, and before it was on disk."""
        held = HeldJournal(MemoryJournal())
        self.house = House(held)
        olga = operator(self.house, "olga", "json")
        self.let_through(held)
        dave = self.house.connect("json").offer("dave")
        dave.screen.address = "198.51.100.7"
        self.let_through(held)
        olga.do("ban", whom="198.51.100.7")
        ended = Revoke(dave.connection.person.author, only=digest_of(dave.token))
        self.assertIn(ended, held.pending[0][-1].changes, "it is one with the ban")  # type: ignore[union-attr]
        carol = self.house.connect("json")
        carol.screen.address = "198.51.100.7"
        carol.offer("carol")
        token = carol.token
        self.let_through(held)
        self.assertEqual(carol.screen.codes, ["banned"])
        self.assertIsNone(self.successResultOf(held.recall(digest_of(token))))

    def let_through(self, held: HeldJournal) -> None:
        """Let everything be written."""
        for _ in range(4):
            while held.pending:
                held.commit()
            self.house.turn()
