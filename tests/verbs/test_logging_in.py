"""The verbs about the person's own account: making it, coming in from it, its password, giving it up."""

from dataclasses import replace

from twisted.trial.unittest import SynchronousTestCase

from groupchat.interfaces.screens import Hold
from groupchat.journals.memory import MemoryJournal
from groupchat.model.errors import JournalUnavailable
from groupchat.model.events import (
    Asked,
    Departed,
    Edited,
    Entered,
    Joined,
    Left,
    Replayed,
    Said,
    Welcomed,
    Whispered,
)
from groupchat.model.ranks import Rank
from groupchat.sessions.session import State
from tests.fakes import HeldJournal
from tests.house import House, Peer
from tests.people import account, establish, member, operator

PASSWORD = "correct horse"


def back(home: House, nick: str, door: str = "text") -> Peer:
    """Return somebody who logs in, and what they were shown then."""
    peer = home.connect(door)
    return peer.offer(nick, password=PASSWORD) if door == "json" else peer.type(nick, PASSWORD)


class RegisterTests(SynchronousTestCase):
    def test_register(self) -> None:
        """Registering keeps the nickname and what was said; whoever wants it next is asked for the password."""
        home = House()
        alice, bob = home.come("alice", "bob")
        alice.type("mine", f"/register {PASSWORD.replace(' ', '')}")
        author = alice.connection.person.author
        alice.vanish()
        self.assertEqual(home.connect().type("ALICE").answers[-1], Asked("password"))
        again = home.connect().type("alice", PASSWORD.replace(" ", ""))
        self.assertEqual(again.connection.person.author, author)
        again.type("/edit #1 still mine")
        self.assertEqual(bob.events[-2:][-1], Edited(2, "lobby", "alice", home.now(), 1, "still mine"))
        again.type("/register 12345678")
        self.assertEqual(again.codes, ["account-exists"])

    def test_looks_like_another(self) -> None:
        """Who looks like an account that was made meanwhile makes none of their own, in the chat or on coming in."""
        home = House()
        mallory, olga = home.come("oIga", "olga")
        olga.type("/register 12345678")
        mallory.type("/register 12345678")
        self.assertEqual(mallory.codes, ["nick-taken"])
        for door in ("text", "json"):
            peer = home.connect(door)
            if door == "text":
                peer.type("/register olga. 12345678")
            else:
                peer.offer("o1ga", password="12345678", register=True)
            self.assertEqual(peer.codes, ["nick-taken"], door)
        self.assertEqual(len(home.hall.accounts), 1)

    def test_departed_guest(self) -> None:
        """The next guest with a nickname can neither edit, delete nor read what was the last one's, even registered."""
        home = House()
        alice, bob = home.come("alice", "bob")
        alice.type("hers")
        bob.type("/msg alice for her")
        alice.vanish()
        (thief,) = home.come("alice")
        thief.type("/edit #1 his", "/delete #1", "/edit his", "/last", "/history", "/register 12345678", "/delete #1")
        self.assertEqual(thief.codes, ["not-yours", "not-yours", "no-such-message", "no-such-message", "not-yours"])
        shown = [answer for answer in thief.answers if isinstance(answer, Replayed)]
        self.assertEqual([type(post) for answer in shown for post in answer.posts], [Said])
        thief.vanish()
        thief = home.connect().type("alice", "12345678")
        self.assertNotIn(
            Whispered, [type(post) for answer in thief.answers if isinstance(answer, Replayed) for post in answer.posts]
        )

    def test_nothing_before_the_disk(self) -> None:
        """Until it is on disk there is no account; refused, there is none, and the guest is told so."""
        journal = HeldJournal(MemoryJournal())
        home = House(journal)
        (alice,) = home.come("alice")
        alice.session.typed("/register 12345678")
        self.assertIsNone(alice.connection.person.account)
        self.assertIsNone(home.hall.accounts.find("alice"))
        journal.fail(JournalUnavailable("Full."))
        self.assertEqual(alice.codes, ["journal-unavailable"])
        self.assertIsNone(home.hall.accounts.find("alice"))
        alice.vanish()
        (bob,) = home.come("bob")
        bob.type("/nick alice")
        self.assertEqual(bob.connection.person.nick, "alice")

    def test_nickname_taken_meanwhile(self) -> None:
        """Whoever took the nickname of an account while it was being made has to go when it is there."""
        journal = HeldJournal(MemoryJournal())
        home = House(journal)
        alice, bob = home.come("alice", "bob")
        alice.session.typed("/register 12345678")
        alice.vanish()
        bob.type("/nick alice")
        self.assertEqual(bob.connection.person.nick, "alice")
        while journal.pending:
            journal.commit()
        self.assertEqual((bob.codes, bob.screen.codes), (["password-needed"], ["password-needed"]))
        self.assertIsNone(home.hall.roster.find("alice"))
        self.assertEqual(home.connect("json").offer("alice").codes, ["password-needed"])

    def test_after_restart(self) -> None:
        """Accounts outlive the daemon, with rank and preferences, never with a password."""
        home = House()
        boss = operator(home, "boss")
        boss.type("/set time off")
        home.reopened()
        self.assertEqual([kept.hash for kept in home.hall.accounts], ["1:esroh tcerroc"])
        home.hall = home.reopened()
        again = back(home, "boss")
        self.assertIs(again.actor.rank, Rank.OPERATOR)
        self.assertEqual(again.screen.style.preferences.time, "off")

    def test_rehash(self) -> None:
        """A hash of old parameters is made anew when the password is known."""
        home = House()
        old = account(home.hall, "alice")
        establish(home.hall, replace(old, hash="0:" + old.hash[2:]))
        back(home, "alice")
        (fact,) = self.successResultOf(home.journal.facts("account"))
        self.assertEqual(fact.value["hash"][:2], "1:")  # type: ignore[index]

    def test_unencrypted(self) -> None:
        """Registering on a connection that is not encrypted is answered with a warning; elsewhere there is none."""
        home = House()
        alice, bob = home.come("alice", "bob")
        bob.screen.secure = True
        for peer, is_told in ((alice, True), (bob, False)):
            peer.type("/register 12345678")
            self.assertEqual("unencrypted" in peer.told[-1], is_told)

    def test_renamed_meanwhile(self) -> None:
        """Somebody who takes another nickname while the password is hashed registers neither."""
        home = House()
        (alice,) = home.come("alice", door="json")
        home.passwords.held = True
        alice.session.do("register", {"password": "12345678"}, 1)
        alice.session.do("nick", {"nick": "anna"}, 2)
        home.passwords.answer()
        self.assertEqual(sorted(alice.refs()), [("Done", 2), ("Refused", 1)])
        self.assertEqual(list(home.hall.accounts), [])

    def test_gone_meanwhile(self) -> None:
        """Somebody who is gone before the password is hashed has no account."""
        home = House()
        (alice,) = home.come("alice")
        home.passwords.held = True
        alice.type("/register 12345678")
        alice.vanish()
        home.passwords.answer()
        self.assertEqual(list(home.hall.accounts), [])
        self.assertEqual(home.connect().type("alice").codes, [])

    def test_twice_at_once(self) -> None:
        """Of two requests to register at once, one makes the account."""
        home = House()
        (bot,) = home.come("bot", door="json")
        home.passwords.held = True
        for ref, password in enumerate(("12345678", "87654321")):
            bot.session.do("register", {"password": password}, ref)
        home.passwords.answer()
        home.passwords.answer()
        self.assertEqual(bot.refs(), [("Done", 0), ("Refused", 1)])
        home.passwords.held = False
        self.assertEqual(home.connect().type("bot", "12345678").codes, [])

    def test_own_already(self) -> None:
        """Somebody with an account is told how to change its password."""
        alice = member(House(), "alice")
        alice.type("/register 12345678")
        self.assertIn("/password", alice.answers[-1].text)  # type: ignore[attr-defined]

    def test_program(self) -> None:
        """A program registers by fields, and is answered once with its ref."""
        home = House()
        (bot,) = home.come("bot", door="json")
        bot.do("register", password="12345678", ref=1).do("register", password="12345678", ref=2)
        self.assertEqual(bot.refs(), [("Done", 1), ("Refused", 2)])
        self.assertIs(bot.actor.rank, Rank.MEMBER)

    def test_rename(self) -> None:
        """An account has one nickname, in whatever case; a guest cannot be called like an account."""
        home = House()
        alice = member(home, "alice")
        (bob,) = home.come("bob")
        alice.type("/nick carol", "/nick ALICE")
        bob.type("/nick Alice")
        self.assertEqual((alice.codes, bob.codes), (["not-allowed"], ["password-needed"]))
        self.assertEqual(alice.connection.person.nick, "ALICE")


class PasswordTests(SynchronousTestCase):
    def test_change_password(self) -> None:
        """The password can be changed with the old one only, which then works no longer."""
        home = House()
        alice = member(home, "alice")
        alice.do("password", old="guess", new="12345678")
        self.assertEqual(alice.codes, ["password-wrong"])
        alice.do("password", old=PASSWORD, new="12345678")
        self.assertEqual(back(home, "alice").codes, ["password-wrong"])
        self.assertEqual(home.connect().type("alice", "12345678").codes, [])

    def test_tokens(self) -> None:
        """A new password ends all tokens but that of the connection that changed it."""
        home = House()
        account(home.hall, "alice")
        bot = back(home, "alice", "json")
        token = bot.token
        bot.do("password", old=PASSWORD, new="12345678")
        self.assertEqual(bot.codes, [])
        bot.vanish()
        bot = home.connect("json").offer("alice", token=token)
        self.assertEqual(bot.codes, [])
        phone = home.connect().type("alice", "12345678").type("/password 12345678 87654321")
        self.assertEqual(phone.told[-1], "Your password is changed; your other connections are logged out.")
        bot.vanish()
        self.assertEqual(home.connect("json").offer("alice", token=token).codes, ["token-invalid"])

    def test_waits(self) -> None:
        """The line after a change of the password is taken when the change is on disk."""
        journal = HeldJournal(MemoryJournal())
        home = House(journal)
        alice = member(home, "alice")
        while journal.pending:
            journal.commit()
            home.turn()
        alice.type(f"/password {PASSWORD.split()[0]} 12345678")
        alice.take()
        alice.do("password", old=PASSWORD, new="12345678")
        self.assertEqual(alice.screen.holds, Hold.ANSWER)
        while journal.pending:
            journal.commit()
            home.turn()
        self.assertEqual(alice.screen.holds, Hold(0))
        self.assertEqual(len(alice.told), 1)

    def test_server(self) -> None:
        """The server itself has no password to change and no account to leave."""
        server = House().connect("json")
        server.session.serve()
        server.do("password", old="x", new="12345678").do("logout").do("unregister", password="x")
        self.assertEqual(server.codes, ["not-allowed"] * 3)
        self.assertIn("The server has no password", server.answers[0].text)  # type: ignore[attr-defined]

    def test_spaces(self) -> None:
        """Typed, the new password has all the rest of the line; as a field it is taken as it is."""
        home = House()
        alice = member(home, "alice")
        alice.do("password", old=PASSWORD, new="no-spaces")
        alice.type("/password no-spaces now with  spaces ")
        self.assertEqual(alice.codes, [])
        self.assertEqual(home.connect().type("alice", "now with  spaces ").codes, [])


class UnregisterTests(SynchronousTestCase):
    def test_unregister(self) -> None:
        """Somebody who gives the account up is a guest of the same author; then anybody can have the nickname."""
        home = House()
        alice = member(home, "alice")
        alice.type("mine", "/unregister guess", f"/unregister {PASSWORD}", "/edit #1 still mine")
        self.assertEqual(alice.codes, ["password-wrong"])
        self.assertIs(alice.actor.rank, Rank.GUEST)
        self.assertEqual(alice.told[-2:][0], "alice is not an account any more; you are a guest now.")
        alice.vanish()
        self.assertEqual(home.connect().type("alice").codes, [])
        self.assertEqual(list(home.reopened().accounts), [])

    def test_room_operator(self) -> None:
        """Somebody who gives an account up operates no room any more, also after a restart."""
        home = House()
        boss, alice = operator(home, "boss"), member(home, "alice")
        boss.type("/op alice lobby")
        self.assertIs(alice.actor.rank, Rank.ROOM_OPERATOR)
        author = alice.connection.person.author
        alice.type(f"/unregister {PASSWORD}")
        for hall in (home.hall, home.reopened()):
            self.assertNotIn(author, hall.moderation.operators.get("lobby", {}))


class LoginTests(SynchronousTestCase):
    def test_login_in_the_chat(self) -> None:
        """A guest who logs in leaves, and comes in as the account, in the same rooms."""
        home = House()
        account(home.hall, "alice")
        (guest, bob) = home.come("guest", "bob")
        guest.type("/join dev", "/switch lobby")
        bob.take()
        guest.type("/login alice guess")
        self.assertEqual(guest.codes, ["password-wrong"])
        self.assertEqual(guest.connection.person.nick, "guest")
        guest.type(f"/login alice {PASSWORD}")
        self.assertEqual((guest.connection.rooms, guest.connection.current), (("lobby", "dev"), "lobby"))
        self.assertEqual(
            bob.take(),
            [
                Left("lobby", "guest", home.now(), "logged in as alice", True),
                Joined("lobby", "alice", home.now(), "alice"),
            ],
        )
        self.assertIsNone(home.hall.roster.find("guest"))
        guest.type("hello")
        self.assertEqual(bob.texts, ["hello"])
        guest.type(f"/login alice {PASSWORD}")
        self.assertEqual(guest.codes[-1], "not-allowed")

    def test_login_while_leaving(self) -> None:
        """Somebody who is gone before the password is checked comes in neither way."""
        home = House()
        account(home.hall, "alice")
        (guest,) = home.come("guest")
        home.passwords.held = True
        guest.type(f"/login alice {PASSWORD}")
        guest.vanish()
        home.passwords.answer()
        self.assertEqual(len(home.hall.roster), 0)

    def test_program(self) -> None:
        """A program that logs in is answered as one that comes in, and told of its rooms again."""
        home = House()
        account(home.hall, "alice")
        (bot,) = home.come("bot", door="json")
        bot.do("join", room="dev")
        bot.take()
        bot.do("login", name="alice", password=PASSWORD, ref=4)
        welcome, lobby, dev, *_ = bot.answers
        assert isinstance(welcome, Welcomed)
        self.assertEqual((welcome.account, welcome.rooms, welcome.room), ("alice", ("lobby", "dev"), "dev"))
        self.assertEqual([(type(event), event.room) for event in (lobby, dev)], [(Entered, "lobby"), (Entered, "dev")])  # type: ignore[attr-defined]
        self.assertEqual(bot.refs()[0], ("Welcomed", 4))

    def test_logout(self) -> None:
        """Logging out asks for a nickname again, on the same connection; others see the person leave."""
        home = House()
        alice = member(home, "alice")
        (bob,) = home.come("bob")
        alice.type("/logout")
        self.assertEqual(bob.take(), [Left("lobby", "alice", home.now(), "logged out", True)])
        self.assertEqual(alice.answers[-1], Asked("nickname"))
        departed = [answer for answer in alice.answers if isinstance(answer, Departed)]
        self.assertEqual(departed, [Departed("lobby", "", "logged-out", "")])
        self.assertIs(alice.session.state, State.NAMELESS)
        bob.type("anybody?")
        alice.type("carol", "me")
        self.assertEqual(bob.texts, ["me"])
        alice.type("/logout")
        self.assertEqual(alice.codes, ["not-allowed"])

    def test_one_of_several(self) -> None:
        """Logging out on one connection leaves the others of the account alone."""
        home = House()
        account(home.hall, "alice")
        laptop, phone = back(home, "alice"), back(home, "alice")
        (bob,) = home.come("bob")
        laptop.type("/logout")
        self.assertEqual(bob.take(), [])
        self.assertIs(home.hall.roster.find("alice"), phone.connection.person)
        phone.type("still here")
        self.assertEqual(bob.texts, ["still here"])
