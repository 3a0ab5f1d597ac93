"""Accounts of one's own: made, left, given up; several connections; what one missed."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.journals.memory import MemoryJournal
from groupchat.model.errors import JournalUnavailable
from groupchat.model.events import (
    Asked,
    Done,
    Edited,
    Joined,
    Left,
    Listed,
    Moderated,
    Replayed,
    Said,
    Welcomed,
    Whispered,
)
from groupchat.model.preferences import Preferences
from groupchat.model.ranks import Rank
from groupchat.sessions.session import State
from groupchat.state.accounts import ACCOUNT
from tests.fakes import HeldJournal
from tests.house import House, Peer
from tests.people import account, member, operator

PASSWORD = "correct horse"


def back(home: House, nick: str, door: str = "text") -> Peer:
    """Somebody who logs in, and what they were shown then."""
    peer = home.connect(door)
    return peer.offer(nick, password=PASSWORD) if door == "json" else peer.type(nick, PASSWORD)


def attended(home: House, nick: str) -> Peer:
    """Somebody who sits at a program, which is shown things as programs are until it has said so."""
    peer = home.connect("json")
    peer.screen.prefer(Preferences(emoji=False))
    return peer.offer(nick, password=PASSWORD, attended=True)


class RegisterTests(SynchronousTestCase):
    def test_register(self) -> None:
        """Who registers keeps the nickname and what they said; the next who wants it is asked for the password."""
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

    def test_departed_guest(self) -> None:
        """Who takes a departed guest's nickname can neither edit, delete nor read what was theirs, even registered."""
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
        """Until the account is on disk it is none, but nobody else can have the nickname; refused, it is free again."""
        journal = HeldJournal(MemoryJournal())
        home = House(journal)
        (alice,) = home.come("alice")
        alice.type("/register 12345678")
        self.assertIsNone(alice.connection.person.account)
        alice.type("/nick anna")
        self.assertEqual(alice.codes, ["not-allowed"])
        alice.vanish()
        self.assertEqual(home.connect().type("alice").answers[-1], Asked("password"))
        self.assertEqual(home.connect("json").offer("alice").codes, ["password-needed"])
        (bob,) = home.come("bob")
        bob.type("/nick alice")
        self.assertEqual(bob.codes, ["password-needed"])
        journal.fail(JournalUnavailable("Full."))
        self.assertIsNone(home.hall.accounts.find("alice"))
        bob.type("/nick alice")
        self.assertEqual(bob.connection.person.nick, "alice")

    def test_after_restart(self) -> None:
        """Accounts outlive the daemon, with rank and preferences, never with a password."""
        home = House()
        boss = operator(home, "boss")
        boss.type("/set time off")
        home.reopened()
        self.assertEqual([kept.hash for kept in home.hall.accounts], ["1:esroh tcerroc"])
        home.hall = home.reopened()
        again = back(home, "boss")
        self.assertEqual(again.connection.rank, Rank.OPERATOR)
        self.assertEqual(again.screen.style.preferences.time, "off")

    def test_change_password(self) -> None:
        """The password can be changed with the old one only, and then the old one is none."""
        home = House()
        alice = member(home, "alice")
        alice.do("password", old="guess", new="12345678")
        self.assertEqual(alice.codes, ["password-wrong"])
        alice.do("password", old=PASSWORD, new="12345678")
        self.assertEqual(back(home, "alice").codes, ["password-wrong"])
        self.assertEqual(home.connect().type("alice", "12345678").codes, [])

    def test_tokens(self) -> None:
        """A new password, by oneself or an operator, ends all tokens but that of who changed it."""
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
        self.assertEqual(phone.told[-1], "Your password is changed; tokens of other connections work no longer.")
        bot.vanish()
        self.assertEqual(home.connect("json").offer("alice", token=token).codes, ["token-invalid"])
        token = home.connect("json").offer("alice", password="87654321").token
        operator(home, "boss").type("/setpassword alice 12345678")
        self.assertEqual(home.connect("json").offer("alice", token=token).codes, ["token-invalid"])

    def test_room_operator(self) -> None:
        """Who gives an account up keeps order in no room any more, also after a restart."""
        home = House()
        boss, alice = operator(home, "boss"), member(home, "alice")
        boss.type("/op alice lobby")
        self.assertEqual(alice.connection.rank, Rank.ROOM_OPERATOR)
        author = alice.connection.person.author
        alice.type(f"/unregister {PASSWORD}")
        for hall in (home.hall, home.reopened()):
            self.assertNotIn(author, hall.moderation.operators.get("lobby", {}))

    def test_unregister(self) -> None:
        """Who gives the account up is a guest of the same author, and the nickname anybody's afterwards."""
        home = House()
        alice = member(home, "alice")
        alice.type("mine", "/unregister guess", f"/unregister {PASSWORD}", "/edit #1 still mine")
        self.assertEqual(alice.codes, ["password-wrong"])
        self.assertEqual(alice.connection.rank, Rank.GUEST)
        self.assertEqual(alice.told[-2:][0], "alice is no account any more; you are a guest now.")
        alice.vanish()
        self.assertEqual(home.connect().type("alice").codes, [])
        self.assertEqual(list(home.reopened().accounts), [])

    def test_rehash(self) -> None:
        """A hash of old parameters is made anew when the password is known."""
        home = House()
        old = account(home.hall, "alice")
        home.hall.accounts.put(type(old)(old.nick, old.author, "0:" + old.hash[2:], old.rank, old.since))
        back(home, "alice")
        self.assertEqual([fact.value["hash"][:2] for fact in self.successResultOf(home.journal.facts(ACCOUNT))], ["1:"])  # type: ignore[index]

    def test_rename(self) -> None:
        """An account has one nickname, in whatever case; a guest cannot be called like an account."""
        home = House()
        alice = member(home, "alice")
        (bob,) = home.come("bob")
        alice.type("/nick carol", "/nick ALICE")
        bob.type("/nick Alice")
        self.assertEqual((alice.codes, bob.codes), (["not-allowed"], ["password-needed"]))
        self.assertEqual(alice.connection.person.nick, "ALICE")

    def test_unencrypted(self) -> None:
        """Who registers on a connection that is not encrypted is told so; on another one there is nothing to tell."""
        home = House()
        alice, bob = home.come("alice", "bob")
        bob.screen.secure = True
        for peer, is_told in ((alice, True), (bob, False)):
            peer.type("/register 12345678")
            self.assertEqual("unencrypted" in peer.told[-1], is_told)


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
        self.assertEqual(guest.member.person.nick, "guest")
        guest.type(f"/login alice {PASSWORD}")
        self.assertEqual(guest.member.rooms, ("dev", "lobby"))
        self.assertEqual(
            bob.take(),
            [Left("lobby", "guest", home.now(), "logged in as alice"), Joined("lobby", "alice", home.now())],
        )
        self.assertIsNone(home.hall.roster.find("guest"))
        guest.type("hello")
        self.assertEqual(bob.texts, ["hello"])
        guest.type(f"/login alice {PASSWORD}")
        self.assertEqual(guest.codes[-1], "not-allowed")

    def test_login_while_leaving(self) -> None:
        """Who is gone before the password is checked comes in neither way."""
        home = House()
        account(home.hall, "alice")
        (guest,) = home.come("guest")
        home.passwords.held = True
        guest.type(f"/login alice {PASSWORD}")
        guest.vanish()
        home.passwords.answer()
        self.assertEqual((len(home.hall.roster), home.hall.people), (0, {}))

    def test_program(self) -> None:
        """A program that logs in is answered as one that comes in."""
        home = House()
        account(home.hall, "alice")
        (bot,) = home.come("bot", door="json")
        bot.do("login", name="alice", password=PASSWORD, ref=4)
        self.assertEqual(bot.refs(), [("Welcomed", 4)])

    def test_logout(self) -> None:
        """Who logs out is asked for a nickname again, on the same connection; others see them leave."""
        home = House()
        alice = member(home, "alice")
        (bob,) = home.come("bob")
        alice.type("/logout")
        self.assertEqual(bob.take(), [Left("lobby", "alice", home.now(), "logged out")])
        self.assertEqual(alice.answers[-1], Asked("nickname"))
        self.assertIs(alice.session.state, State.NAMELESS)
        bob.type("anybody?")
        alice.type("carol", "me")
        self.assertEqual(bob.texts, ["me"])
        alice.type("/logout")
        self.assertEqual(alice.codes, ["not-allowed"])


class ConnectionsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.home = House()
        account(self.home.hall, "alice")
        self.laptop, self.phone = back(self.home, "alice"), back(self.home, "alice")
        (self.bob,) = self.home.come("bob")
        self.laptop.take()
        self.phone.take()

    def test_one_person(self) -> None:
        """Several connections of an account are one person: one entry in lists, one coming, one leaving."""
        self.assertIs(self.laptop.member.person, self.phone.member.person)
        self.bob.type("/list")
        self.assertEqual([item["nick"] for item in self.bob.answers[-1].items], ["alice", "bob"])  # type: ignore[attr-defined]
        self.bob.take()
        third = back(self.home, "alice")
        self.laptop.vanish()
        third.type("/exit")
        self.assertEqual(self.bob.take(), [])
        self.phone.type("/exit")
        self.assertEqual(self.bob.take(), [Left("lobby", "alice", self.home.now())])
        self.assertIsNone(self.home.hall.roster.find("alice"))

    def test_what_one_says(self) -> None:
        """What one connection says the others see; it does not come back to where it was said."""
        self.laptop.type("hello", "/me waves", "/msg bob psst")
        self.assertEqual([post.id for post in self.phone.events], [1, 2, 3])  # type: ignore[attr-defined]
        self.assertEqual(self.laptop.texts, [])

    def test_private(self) -> None:
        """Private messages reach every connection, also one's own to oneself."""
        self.bob.type("/msg alice psst")
        for peer in (self.laptop, self.phone):
            self.assertEqual([type(event) for event in peer.take()], [Whispered])

    def test_rooms(self) -> None:
        """Each connection is in rooms of its own; one leaves a room when the last connection does."""
        self.bob.type("/join dev")
        self.laptop.type("/join dev")
        self.phone.type("/join dev")
        self.bob.take()
        self.laptop.type("/leave dev")
        self.assertEqual(self.bob.take(), [])
        self.phone.type("/leave dev")
        self.assertEqual(self.bob.take(), [Left("dev", "alice", self.home.now())])

    def test_slow_connection(self) -> None:
        """A connection that catches up is shown what the others of the same account said meanwhile."""
        self.phone.screen.fill()
        self.laptop.type("one", "two")
        self.phone.screen.drain()
        self.phone.type("three")
        self.assertEqual(self.phone.texts, ["one", "two"])
        self.assertEqual(self.laptop.texts, ["three"])

    def test_preferences(self) -> None:
        """What a person prefers holds at once at all doors of one kind, and later; programs have their own."""
        bot = back(self.home, "alice", "json")
        self.laptop.type("/set echo on", "/set zone utc")
        self.assertTrue(self.phone.screen.style.preferences.echo)
        self.assertFalse(bot.screen.style.preferences.echo)
        later = back(self.home, "alice").screen.style.preferences
        self.assertEqual((later.echo, later.zone), (True, "UTC"))

    def test_preferences_of_a_program(self) -> None:
        """What a program sets holds for that connection only, unless it wants it remembered."""
        terminal = attended(self.home, "alice")
        bot = back(self.home, "alice", "json")
        bot.do("set", name="echo", value=True, remember=False)
        self.assertTrue(bot.screen.style.preferences.echo)
        self.assertEqual(bot.told, ["echo is now on."])
        for other in (terminal, attended(self.home, "alice"), back(self.home, "alice", "json")):
            self.assertFalse(other.screen.style.preferences.echo)
        bot.do("set", name="echo", value=True, remember=True)
        self.assertTrue(attended(self.home, "alice").screen.style.preferences.echo)

    def test_preferences_of_a_person_at_a_program(self) -> None:
        """What a person types into a program is remembered for such programs, and reaches no program by itself."""
        first, second = attended(self.home, "alice"), attended(self.home, "alice")
        bot = back(self.home, "alice", "json")
        self.assertTrue(first.screen.style.preferences.emoji)
        first.session.type("/set joins off")
        first.session.type("/set emoji off")
        for peer in (first, second, attended(self.home, "alice")):
            preferences = peer.screen.style.preferences
            self.assertEqual((preferences.joins, preferences.emoji), (False, False))
        for peer in (bot, back(self.home, "alice", "json"), self.laptop):
            self.assertTrue(peer.screen.style.preferences.joins)


class MissedTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.home = House(replay_posts=1)
        account(self.home.hall, "alice")
        alice = back(self.home, "alice")
        (self.bob,) = self.home.come("bob")
        self.bob.type("before")
        alice.vanish()
        self.home.pass_time(61)

    def test_private(self) -> None:
        """Private messages to an account that is away are kept, and shown once when it comes back."""
        self.bob.type("/msg alice one", "/msg alice two")
        self.assertEqual(self.bob.told[-1], "alice is not here, and will be shown it on coming back.")
        alice = back(self.home, "alice")
        (shown,) = (answer for answer in alice.answers if isinstance(answer, Replayed) and "away" in answer.heading)
        self.assertEqual(shown.heading, "2 messages while you were away:")
        self.assertEqual([post.text for post in shown.posts], ["one", "two"])  # type: ignore[attr-defined]
        alice.vanish()
        again = back(self.home, "alice")
        self.assertNotIn("away", "".join(a.heading for a in again.answers if isinstance(a, Replayed)))

    def test_private_after_restart(self) -> None:
        """They are kept over a restart, and a program gets them as it gets others."""
        self.bob.type("/msg alice one")
        self.home.hall = self.home.reopened()
        bot = back(self.home, "alice", "json")
        (shown,) = (a for a in bot.answers if isinstance(a, Replayed) and "away" in a.heading)
        self.assertEqual([post.text for post in shown.posts], ["one"])  # type: ignore[attr-defined]

    def test_private_to_a_guest(self) -> None:
        """For a guest who is not here nothing is kept, and one is told so."""
        self.bob.type("/msg carol hi")
        self.assertEqual(self.bob.codes, ["no-such-nick"])

    def test_unread(self) -> None:
        """Who comes back is told how much is new, since when, and how much of it has their nickname."""
        self.bob.type("one", "alice: two", "malice", "@Alice!")
        alice = back(self.home, "alice")
        (listed,) = (answer for answer in alice.answers if isinstance(answer, Listed))
        self.assertTrue(listed.lines[0].startswith("4 new since "), listed.lines)
        self.assertTrue(listed.lines[0].endswith(", 2 for you; /catchup shows them."))
        self.assertEqual(listed.items, ({"room": "lobby", "new": 4, "mentions": 2, "after": 1},))

    def test_nothing_unread(self) -> None:
        """Nothing new is no line; nor is one's own, nor what another connection of one's own saw."""
        first = back(self.home, "alice")
        self.bob.type("seen")
        second = back(self.home, "alice")
        for peer in (first, second):
            self.assertEqual([answer for answer in peer.answers if isinstance(answer, Listed)], [])

    def test_catchup(self) -> None:
        """/catchup shows what was new, page by page, and then says that there is no more."""
        self.bob.type("one", "two")
        alice = back(self.home, "alice")
        alice.take()
        alice.type("/catchup", "/catchup")
        shown, done = alice.answers
        self.assertEqual([post.text for post in shown.posts], ["one", "two"])  # type: ignore[attr-defined]
        self.assertEqual(done, Done(text="You have seen everything in lobby."))

    def test_catchup_in_pages(self) -> None:
        """What is too much for one answer is continued by the next."""
        self.home.hall = self.home.reopened(query_posts=2)
        (bob,) = self.home.come("bob")
        bob.type("one", "two", "three")
        alice = back(self.home, "alice")
        alice.take()
        alice.type("/catchup", "/catchup", "/catchup")
        pages = [[post.text for post in a.posts] for a in alice.answers if isinstance(a, Replayed)]  # type: ignore[attr-defined]
        self.assertEqual(pages, [["one", "two"], ["three"]])

    def test_mentions(self) -> None:
        """/mentions shows the newest messages with one's nickname as a word, of others, in one's rooms."""
        self.bob.type("alice one", "malice", "to alice.", "alicexyz")
        alice = back(self.home, "alice")
        alice.type("alice myself")
        alice.take()
        alice.type("/mentions")
        self.assertEqual([post.text for post in alice.answers[0].posts], ["to alice.", "alice one"])  # type: ignore[attr-defined]

    def test_left_room(self) -> None:
        """A room one left is read up to then."""
        alice = back(self.home, "alice").type("/join dev", "/leave dev")
        self.assertIsNotNone(self.home.hall.positions.find(alice.connection.person.author, "dev"))


class GoverningTests(SynchronousTestCase):
    def test_evening(self) -> None:
        """Operators make, list, promote, demote and remove accounts; all of it stands in the log."""
        home = House()
        boss = operator(home, "boss")
        boss.type(
            "/adduser alice 12345678", "/promote alice", "/setpassword alice 87654321", "/demote alice", "/accounts"
        )
        self.assertEqual([item["nick"] for item in boss.answers[-1].items], ["alice", "boss"])  # type: ignore[attr-defined]
        self.assertEqual(home.connect().type("alice", "87654321").codes, [])
        boss.type("/removeuser alice", "/promote alice", "/adduser admin 12345678")
        self.assertEqual(boss.codes, ["no-such-account", "nick-reserved"])
        log = self.successResultOf(home.journal.moderated(home.journal.head, 99))
        self.assertEqual(
            [stored.event.text for stored in log],  # type: ignore[attr-defined]
            [
                "made the account alice",
                "made alice an operator",
                "set the password of alice",
                "made alice an ordinary account",
                "removed the account alice",
            ],
        )

    def test_seen(self) -> None:
        """Everybody in the lobby sees who becomes an operator; nobody sees what is about passwords."""
        home = House()
        boss = operator(home, "boss")
        (bob,) = home.come("bob")
        boss.type("/adduser alice 12345678", "/setpassword alice 87654321", "/promote alice")
        self.assertEqual(
            [event.text for event in bob.events if isinstance(event, Moderated)], ["made alice an operator"]
        )

    def test_taken(self) -> None:
        """No account is made of the nickname of a guest who is here."""
        home = House()
        boss = operator(home, "boss")
        home.come("bob")
        boss.type("/adduser bob 12345678", "/adduser boss 12345678")
        self.assertEqual(boss.codes, ["nick-taken", "account-exists"])

    def test_removed_while_here(self) -> None:
        """Who is here from a removed account is a guest."""
        home = House()
        boss, alice = operator(home, "boss"), member(home, "alice")
        boss.type("/removeuser alice")
        self.assertEqual(alice.connection.rank, Rank.GUEST)

    def test_changes_in_one_batch(self) -> None:
        """Changes of one account that reach the disk together build on each other; after its removal there are none."""
        journal = HeldJournal(MemoryJournal())
        home = House(journal)
        boss = operator(home, "boss")
        while journal.pending:
            journal.commit()
        account(home.hall, "alice")
        while journal.pending:
            journal.commit()
        others = [home.connect().type("boss", PASSWORD) for _ in range(3)]
        boss.type("waiting")
        for peer, line in zip(
            (boss, *others),
            ("/promote alice", "/setpassword alice 87654321", "/removeuser alice", "/demote alice"),
            strict=True,
        ):
            peer.type(line)
        self.assertEqual([peer.codes for peer in others], [[], [], ["no-such-account"]])
        while journal.pending:
            journal.commit()
        self.assertIsNone(home.hall.accounts.find("alice"))

    def test_unfinished(self) -> None:
        """What did not reach the disk did not happen."""
        journal = HeldJournal(MemoryJournal())
        home = House(journal)
        boss = operator(home, "boss")
        while journal.pending:
            journal.commit()
        boss.type("/demote boss")
        self.assertEqual(boss.member.rank, Rank.OPERATOR)
        journal.fail(JournalUnavailable("Full."))
        self.assertEqual((boss.member.rank, boss.codes), (Rank.OPERATOR, ["journal-unavailable"]))
        boss.type("/demote boss")
        journal.commit()
        self.assertEqual(boss.member.rank, Rank.MEMBER)


class ServerTests(SynchronousTestCase):
    def test_server(self) -> None:
        """The server itself may do everything, is in no room and no list, and cannot be anybody else."""
        home = House()
        server = home.connect("json")
        server.session.serve()
        server.do("adduser", name="alice", password="12345678").do("promote", name="alice")
        self.assertEqual(server.codes, [])
        self.assertIs(home.hall.accounts.find("alice").rank, Rank.OPERATOR)  # type: ignore[union-attr]
        self.assertEqual((len(home.hall.roster), home.hall.people), (0, {}))
        server.do("join", room="lobby").do("logout").do("login", name="alice", password="12345678").offer("bob")
        server.do("register", password="12345678").do("password", old="", new="12345678")
        self.assertEqual(server.codes, ["not-allowed"] * 4 + ["account-exists", "not-allowed"])
        server.vanish()
        self.assertEqual(home.connect().type("server").codes, ["nick-reserved"])

    def test_guest(self) -> None:
        """Who merely speaks JSON is not the server."""
        (bot,) = House().come("bot", door="json")
        bot.do("promote", name="bot").do("accounts").do("invitecode")
        self.assertEqual(bot.codes, ["not-allowed"] * 3)


class WelcomeTests(SynchronousTestCase):
    def test_order(self) -> None:
        """One is welcomed first, then shown the earlier messages, then what one missed."""
        home = House()
        account(home.hall, "alice")
        (bob,) = home.come("bob")
        bob.type("hello", "/msg alice psst")
        alice = back(home, "alice")
        kinds = [type(answer) for answer in alice.answers][-3:]
        self.assertEqual(kinds, [Welcomed, Replayed, Replayed])
