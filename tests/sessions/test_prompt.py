"""Coming in with a password: at the prompt, by a command, and as a program."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from groupchat.model.events import Answer, Asked, Done, Entered, Refused, Said, Told, Welcomed
from groupchat.model.ranks import Rank
from groupchat.sessions.prompt import UNENCRYPTED
from groupchat.sessions.secret_lines import HELD_S
from groupchat.sessions.session import State
from tests.house import House, Peer
from tests.people import account, member, operator

PASSWORD = "correct horse"


def house(**settings: Any) -> House:
    """Return a house where alice has an account, and is not here."""
    made = House(**settings)
    account(made.hall, "alice")
    return made


def lines(peer: Peer) -> list[Answer | str]:
    """Return the answers of a peer, refusals by their codes."""
    answers = [answer.code if isinstance(answer, Refused) else answer for answer in peer.answers]
    peer.take()
    return answers


WHOSE = "alice belongs to an account: give its password, or choose another nickname."
ASKED_PASSWORD = [Told((WHOSE, UNENCRYPTED)), Asked("password")]


class PasswordPromptTests(SynchronousTestCase):
    def test_right_password(self) -> None:
        """A registered nickname asks for its password, unseen; with it the person is in, as the account."""
        home = house()
        peer = home.connect().type("alice")
        self.assertEqual(lines(peer), ASKED_PASSWORD)
        self.assertTrue(peer.screen.concealed)
        self.assertIs(peer.session.state, State.ASKED)
        peer.type(PASSWORD)
        self.assertFalse(peer.screen.concealed)
        welcome, entered = lines(peer)
        assert isinstance(welcome, Welcomed)
        self.assertEqual((welcome.nick, welcome.room, welcome.account), ("alice", "lobby", "alice"))
        self.assertEqual(entered, Entered("lobby", ""))
        self.assertIs(peer.connection.person.account, home.hall.accounts.find("alice"))
        self.assertIs(peer.actor.rank, Rank.MEMBER)

    def test_failures(self) -> None:
        """However often it is wrong, the password is asked for, until an empty line brings the nickname prompt."""
        peer = house(password_failures=100).connect().type("alice")
        peer.take()
        for guess in range(10):
            self.assertEqual(lines(peer.type(f"guess{guess}")), ["password-wrong", Asked("password")])
            self.assertTrue(peer.screen.concealed)
        self.assertEqual(lines(peer.type("")), [Asked("nickname")])
        self.assertFalse(peer.screen.concealed)
        self.assertIs(peer.session.state, State.NAMELESS)
        self.assertEqual(lines(peer.type("bob")), ["held-line", Asked("nickname")], "it may be another password")
        self.assertEqual(peer.type("bob").connection.person.nick, "bob")

    def test_limit(self) -> None:
        """Three wrong passwords count as one refused nickname; after so many of these the connection is closed."""
        home = house(password_failures=100, handshake_refusals=2)
        peer = home.connect().type("alice", *[f"guess{number}" for number in range(5)])
        self.assertFalse(peer.screen.closed)
        self.assertEqual(peer.type("guess5").codes[-2:], ["password-wrong", "too-many-attempts"])
        self.assertTrue(peer.screen.closed)

    def test_too_many_failures(self) -> None:
        """When passwords are not checked for a while the question stays: what comes next is still no nickname."""
        peer = house(password_failures=2).connect(exempt=False).type("alice", "guess1", "guess2", "guess3", "guess4")
        self.assertEqual(peer.codes[-2:], ["too-many-failures"] * 2)
        self.assertEqual(peer.answers[-1], Asked("password"))
        self.assertIsNone(peer.session.connection)

    def test_no_password(self) -> None:
        """An empty line at the password prompt brings the nickname prompt again."""
        peer = house().connect().type("alice", "")
        self.assertEqual(lines(peer), [*ASKED_PASSWORD, Asked("nickname")])
        self.assertFalse(peer.screen.concealed)

    def test_password_with_a_slash(self) -> None:
        """What is typed at the password prompt is a password, also with a slash, unless it is a command for there."""
        for password in ("/exiting now", "/etc/passwd", "/who is there", "exit now please"):
            home = House()
            account(home.hall, "alice", password=password)
            peer = home.connect().type("alice", password)
            self.assertIs(peer.session.state, State.CHATTING, password)

    def test_password_like_a_command(self) -> None:
        """A password that looks like a command for the prompt can be given with /login."""
        home = House()
        account(home.hall, "alice", password="/exit now")
        peer = home.connect().type("alice", "/login alice /exit now")
        self.assertIs(peer.session.state, State.CHATTING)

    def test_commands(self) -> None:
        """The commands of the nickname prompt work at the password prompt, and are no wrong passwords."""
        peer = house().connect().type("alice", "/REGISTER carol 12345678")
        self.assertEqual((peer.codes, peer.connection.person.nick), ([], "carol"))
        self.assertFalse(peer.screen.concealed)
        peer = house().connect().type("alice", f" /login alice {PASSWORD}")
        self.assertEqual((peer.codes, peer.connection.person.nick), ([], "alice"))
        for leaving in ("/exit", "/quit", "/exit bye"):
            home = house()
            peer = home.connect().type("alice", leaving)
            self.assertEqual((peer.codes, peer.answers[-1]), ([], Done(text="Goodbye.")))
            self.assertTrue(peer.screen.closed)
            self.assertEqual(home.passwords.verified, [])

    def test_usage_at_the_password(self) -> None:
        """A command without what it needs is explained, and the password asked for again; it counts as no password."""
        peer = house().connect().type("alice")
        peer.take()
        for line in ("/register", "/register a b c d", "/login"):
            self.assertEqual(lines(peer.type(line)), ["bad-arguments", Asked("password")])
            self.assertTrue(peer.screen.concealed)
        self.assertIs(peer.type("guess", "guess", PASSWORD).session.state, State.CHATTING)

    def test_help(self) -> None:
        """At both prompts /help says what can be typed, and the same is asked again."""
        peer = house().connect()
        peer.take()
        told, asked = lines(peer.type("/help"))
        assert isinstance(told, Told)
        self.assertEqual(asked, Asked("nickname"))
        self.assertEqual(len(told.lines), 2)
        for word in ("name", "/login NAME", "/register NAME PASSWORD", "/exit"):
            self.assertIn(word, " ".join(told.lines))
        peer.type("alice", "guess", "guess")
        peer.take()
        told, asked = lines(peer.type("/HELP me"))
        assert isinstance(told, Told)
        self.assertIn("the password of alice", told.lines[0])
        self.assertEqual(asked, Asked("password"))
        self.assertTrue(peer.screen.concealed)
        self.assertEqual(lines(peer.type("guess")), ["password-wrong", Asked("password")])

    def test_help_after_a_weak_password(self) -> None:
        """While a new password is asked for again, /help forgets nothing of the account that is to be made."""
        peer = house().connect().type("/register carol short", "/help", "long enough", "/help", "long enough")
        self.assertEqual(peer.codes, ["password-weak"])
        self.assertEqual(peer.connection.person.nick, "carol")

    def test_encrypted(self) -> None:
        """On an encrypted connection nobody is warned."""
        peer = house().connect()
        peer.screen.secure = True
        self.assertEqual(lines(peer.type("alice")), [Told((WHOSE,)), Asked("password")])

    def test_plain_passwords_refused(self) -> None:
        """Where it is set so, no way of giving a password is open on a connection that is not encrypted."""
        home = house(plain_passwords=False)
        peer = home.connect().type("alice", "/login alice x", "/register bob 12345678")
        self.assertEqual(peer.codes, ["not-encrypted"] * 3)
        program = home.connect("json").offer("alice", password=PASSWORD)
        self.assertEqual(program.codes, ["not-encrypted"])
        (guest,) = home.come("guest")
        guest.type("/register 12345678", f"/login alice {PASSWORD}")
        self.assertEqual(guest.codes, ["not-encrypted"] * 2)
        peer.screen.secure = True
        self.assertIs(peer.type(f"/login alice {PASSWORD}").session.state, State.CHATTING)

    def test_busy(self) -> None:
        """When too much is asked at once the person is told so, and it does not count as a failure."""
        home = house()
        home.passwords.busy = True
        peer = home.connect().type("alice", "guess", "guess", "guess", "guess")
        self.assertEqual(peer.codes, ["busy"] * 4)
        home.passwords.busy = False
        self.assertIs(home.connect().type("alice", PASSWORD).session.state, State.CHATTING)

    def test_vanished_meanwhile(self) -> None:
        """Somebody who is gone before the password is checked never comes in."""
        home = house()
        home.passwords.held = True
        peer = home.connect().type("alice", PASSWORD)
        peer.vanish()
        home.passwords.answer()
        self.assertEqual(len(home.hall.roster), 0)

    def test_removed_meanwhile(self) -> None:
        """A login to an account that is removed meanwhile is refused."""
        home = house()
        boss = operator(home, "boss")
        home.passwords.held = True
        peer = home.connect().type("alice", PASSWORD)
        boss.type("/removeuser alice")
        home.passwords.answer()
        self.assertEqual(peer.codes, ["password-wrong"])


class CommandTests(SynchronousTestCase):
    def test_login(self) -> None:
        """A line at the nickname prompt can be a login; unknown names and wrong passwords are refused alike."""
        peer = house().connect().type("/login nobody guess", "/login alice guess")
        first, second = (answer for answer in peer.answers if isinstance(answer, Refused))
        self.assertEqual(first, second)
        peer.type(f"/LOGIN  alice  {PASSWORD}")
        self.assertEqual(peer.connection.person.nick, "alice")

    def test_unknown_is_checked_too(self) -> None:
        """For an unknown name a password is checked as for a known one, against nothing."""
        home = house()
        home.connect().type("/login nobody guess", "/login alice guess")
        self.assertEqual(home.passwords.verified, [False, True])

    def test_register(self) -> None:
        """A line at the nickname prompt can make an account; it is there when the person is in."""
        home = House()
        peer = home.connect().type("/register carol 12345678")
        self.assertEqual(peer.connection.person.account, home.hall.accounts.find("carol"))
        again = home.connect().type("carol", "12345678")
        self.assertIs(again.connection.person, peer.connection.person)

    def test_usage(self) -> None:
        """Without what they need, the commands say what that is."""
        peer = House().connect().type("/login", "/register", "/register a b c d")
        self.assertEqual(peer.codes, ["bad-arguments"] * 3)
        self.assertEqual(peer.answers[-1], Asked("nickname"))
        self.assertIs(peer.session.state, State.NAMELESS)

    def test_register_asks(self) -> None:
        """/register NAME asks for a password twice, hidden; it begins anew when the second is another one."""
        home = House()
        peer = home.connect()
        peer.take()
        told, asked = lines(peer.type("/register carol"))
        assert isinstance(told, Told)
        self.assertEqual((told.lines[0].split(".")[0], told.lines[1]), ("Choose a password for carol", UNENCRYPTED))
        self.assertEqual((asked, peer.screen.concealed), (Asked("new password"), True))
        self.assertEqual(lines(peer.type("short")), ["password-weak", Asked("new password")])
        self.assertEqual(lines(peer.type("12345678")), [Asked("same again")])
        self.assertEqual(lines(peer.type("12345679")), ["bad-arguments", Asked("new password")])
        self.assertTrue(peer.screen.concealed)
        peer.type("a password of words", "a password of words")
        self.assertEqual(peer.connection.person.account, home.hall.accounts.find("carol"))
        self.assertFalse(peer.screen.concealed)
        again = home.connect().type("carol", "a password of words")
        self.assertIs(again.connection.person, peer.connection.person)

    def test_register_given_up(self) -> None:
        """An empty line, or another command, leads away from the questions; a mistake is told before them."""
        home = House()
        peer = home.connect().type("/register carol", "12345678", "")
        self.assertEqual(peer.answers[-1], Asked("nickname"))
        peer.type("/register carol", "/register dave 12345678")
        self.assertEqual((peer.connection.person.nick, home.hall.accounts.find("carol")), ("dave", None))
        self.assertEqual(House(registration="closed").connect().type("/register carol").codes, ["registration-closed"])
        self.assertEqual(House(plain_passwords=False).connect().type("/register carol").codes, ["not-encrypted"])
        self.assertEqual(home.connect().type("/register ?").codes, ["nick-invalid"])

    def test_register_with_code(self) -> None:
        """Where a code is needed it is asked for, too."""
        home = House(registration="invite")
        code = operator(home, "boss").type("/invitecode").told[-1].split()[0]
        peer = home.connect().type("/register bob", "12345678", "12345678")
        self.assertEqual(peer.answers[-1], Asked("code"))
        peer.type(code)
        self.assertEqual((peer.codes, peer.connection.person.account), ([], home.hall.accounts.find("bob")))

    def test_login_asks(self) -> None:
        """/login NAME asks for the password, and lets nobody in but the owner of the account."""
        home = house()
        peer = home.connect().type("/login alice", "guess", PASSWORD)
        self.assertEqual((peer.codes, peer.connection.person.nick), (["password-wrong"], "alice"))
        peer = home.connect().type("/login nobody", "guess")
        self.assertEqual((peer.codes, peer.session.connection), (["password-wrong"], None))

    def test_a_password_is_no_nickname(self) -> None:
        """A password, typed at the question for a nickname after that for it was left, is not taken for one at once."""
        for lines_ in (
            ("alice", "guess", "", " guess"), ("alice", "guess ", "", "guess"), ("alice", "guess", "", "another"),
            ("alice", "/login alice guess", "guess"), ("/login alice guess", "another"),
            ("alice", "guess", "/register ?", "another"), ("alice", "guess", "", "another", "guess"),
        ):  # fmt: skip
            home = house()
            peer = home.connect().type(*lines_)
            self.assertEqual(peer.codes[-1], "held-line", lines_)
            self.assertEqual(len(home.hall.roster), 0, lines_)
            peer.type(lines_[-1])
            self.assertEqual(peer.connection.person.nick, lines_[-1].strip())

    def test_a_password_is_not_said(self) -> None:
        """Nor is it said, by somebody who came in as a guest after all."""
        home = house()
        (bob,) = home.come("bob")
        peer = home.connect().type("alice", "guess", "", "eve", "eve", "guess", "hello")
        home.turn()
        self.assertEqual(peer.codes, ["password-wrong", "held-line", "held-line"])
        self.assertEqual([event.text for event in bob.events if isinstance(event, Said)], ["hello"])

    def test_no_doubt(self) -> None:
        """Whoever types no password is believed the nickname, and so is everybody after a minute."""
        self.assertEqual(house().connect().type("alice", "", "bob").connection.person.nick, "bob")
        home = house()
        peer = home.connect().type("alice", "guess", "")
        home.clock.advance(HELD_S)
        self.assertEqual(peer.type("guess").connection.person.nick, "guess")

    def test_taken_or_invalid(self) -> None:
        """Nobody registers a nickname that is in use, registered, reserved or malformed; nor with a bad password."""
        home = house()
        home.come("bob")
        peer = home.connect().type(*(f"/register {nick} 12345678" for nick in ("bob", "ALICE", "admin", "?")))
        self.assertEqual(peer.codes, ["nick-taken", "account-exists", "nick-reserved", "nick-invalid"])
        peer = home.connect().type(
            "/register carol short", "/register carolina Carolina", f"/register carol {'x' * 257}"
        )
        self.assertEqual(peer.codes, ["password-weak"] * 3)
        self.assertEqual(len(home.hall.roster), 1)

    def test_exit(self) -> None:
        """A person can still leave at the nickname prompt."""
        peer = house().connect().type("alice", "", "/exit")
        self.assertEqual(peer.answers[-1], Done(text="Goodbye."))
        self.assertTrue(peer.screen.closed)


class ProgramTests(SynchronousTestCase):
    def test_password(self) -> None:
        """A program gives the password with the nickname; without, or with a wrong one, it is refused."""
        home = house()
        bot = home.connect("json").offer("alice", ref=1).offer("alice", password="guess", ref=2)
        self.assertEqual(bot.codes, ["password-needed", "password-wrong"])
        bot.offer("alice", password=PASSWORD, ref=3)
        self.assertEqual([ref for name, ref in bot.refs() if name == "Welcomed"], [3])

    def test_password_of_nobody(self) -> None:
        """A password for a nickname without an account is refused as a wrong one: guests have none."""
        bot = house().connect("json").offer("bob", password="guess")
        self.assertEqual(bot.codes, ["password-wrong"])

    def test_token(self) -> None:
        """A token of an account is as good as its password, and brings another connection of the same person."""
        home = house()
        phone = home.connect().type("alice", PASSWORD)
        bot = home.connect("json").offer("alice", password=PASSWORD)
        token = bot.token
        bot.vanish()
        again = home.connect("json").offer("alice", token=token)
        self.assertIs(again.connection.person, phone.connection.person)
        self.assertFalse(phone.screen.closed)

    def test_same_token_twice(self) -> None:
        """A client that comes back with its token replaces its own old connection, and no other."""
        home = house()
        phone = home.connect().type("alice", PASSWORD)
        bot = home.connect("json").offer("alice", password=PASSWORD)
        again = home.connect("json").offer("alice", token=bot.token)
        self.assertEqual((phone.screen.closed, bot.screen.closed, again.screen.closed), (False, True, False))

    def test_register(self) -> None:
        """A program can register as it comes in."""
        home = House()
        bot = home.connect("json").offer("bot", password="12345678", register=True)
        self.assertIs(bot.actor.rank, Rank.MEMBER)

    def test_guests_token_of_a_registered_nickname(self) -> None:
        """A guest's token is no key to a nickname that has become somebody else's own."""
        home = House()
        bot = home.connect("json").offer("bot")
        token = bot.token
        bot.vanish()
        home.connect().type("/register bot 12345678")
        self.assertEqual(home.connect("json").offer("bot", token=token).codes, ["password-needed"])


class ClosedHallTests(SynchronousTestCase):
    def test_no_guests(self) -> None:
        """Where guests may not come in, only accounts may: by prompt, as a program, with an old token."""
        home = House()
        bot = home.connect("json").offer("bot")
        account(home.hall, "alice")
        home.hall = home.reopened(guests=False)
        peer = home.connect().type("bob", "guess", "")
        self.assertEqual(peer.codes, ["password-wrong"])
        self.assertEqual(home.connect("json").offer("bob").codes, ["password-needed"])
        self.assertEqual(home.connect("json").offer("bot", token=bot.token).codes, ["login-needed"])
        self.assertIs(peer.type("alice", PASSWORD).session.state, State.CHATTING)

    def test_hall_password(self) -> None:
        """Where there is one password for all, guests are asked for it, and people with an account for their own."""
        home = house(password="sesame open")
        peer = home.connect().type("bob")
        self.assertEqual(lines(peer), [Told((home.hall.admission.why_password("bob"), UNENCRYPTED)), Asked("password")])
        self.assertEqual(lines(peer.type("sesame")), ["password-wrong", Asked("password")])
        self.assertIs(peer.type("sesame open").session.state, State.CHATTING)
        self.assertEqual(home.connect().type("alice", "sesame open").codes, ["password-wrong"])
        self.assertIs(home.connect().type("alice", PASSWORD).session.state, State.CHATTING)
        self.assertEqual(home.connect("json").offer("bot").codes, ["password-needed"])
        self.assertEqual(home.connect("json").offer("bot", password="sesame open").codes, [])

    def test_no_oracle(self) -> None:
        """Where everybody needs a password, a nickname with an account is answered as one without, at every door.

        So are reserved ones.  Only the right password makes the difference.
        """
        for settings in ({"password": "sesame open"}, {"guests": False}, {"password": "sesame open", "guests": False}):
            seen = {}
            for nick in ("alice", "nobody", "admin", "system"):
                home = house(**settings)
                account(home.hall, "admin")
                peer = home.connect(exempt=False).type(nick, "guess", "guess", "", f"/login {nick} guess")
                bot = home.connect("json", exempt=False)
                bot.screen.address = "198.51.100.1"
                bot.offer(nick).offer(nick, password="guess").offer(nick, password="guess", login=True)
                shown = [str(one.take()).replace(nick, "NICK") for one in (peer, bot)]
                seen[nick] = (shown, len(home.passwords.verified), peer.session.state, bot.session.state)
            self.assertEqual(len({str(one) for one in seen.values()}), 1, seen)

    def test_token_on_a_plain_line(self) -> None:
        """Where passwords are taken encrypted only, so are tokens of accounts; those of guests are not as good."""
        home = house(plain_passwords=False)
        bot = home.connect("json")
        bot.screen.secure = True
        bot.offer("alice", password=PASSWORD)
        guest = home.connect("json").offer("guest")
        self.assertEqual(home.connect("json").offer("alice", token=bot.token).codes, ["not-encrypted"])
        self.assertEqual(home.connect("json").offer("guest", token=guest.token).codes, [])

    def test_login_with_the_hall_password(self) -> None:
        """/login wants an account: the hall's password lets nobody in there."""
        peer = House(password="sesame open").connect().type("/login bob sesame open")
        self.assertEqual(peer.codes, ["password-wrong"])
        self.assertIs(peer.session.state, State.NAMELESS)

    def test_impossible_nickname(self) -> None:
        """A nickname that nobody can have is refused at once; no password is asked for it."""
        bot = House(password="sesame open").connect("json").offer("x y", password="guess")
        self.assertEqual(bot.codes, ["nick-invalid"])
        peer = House(password="sesame open").connect().type("x y", "/leave now")
        self.assertEqual(peer.codes, ["nick-invalid"] * 2)
        self.assertNotIn(Asked("password"), peer.answers)
        self.assertFalse(peer.screen.closed)

    def test_register_with_the_hall_password(self) -> None:
        """Somebody who is not in yet needs the hall's password to register."""
        home = House(password="sesame open")
        peer = home.connect().type("/register bob 12345678", "/register bob 12345678 wrong")
        self.assertEqual(peer.codes, ["password-needed", "password-wrong"])
        bot = home.connect("json").offer("bob", password="12345678", register=True, code="sesame open")
        self.assertEqual(bot.codes, [])

    def test_registration_closed(self) -> None:
        """Where only operators make accounts, nobody else does."""
        home = House(registration="closed")
        (guest,) = home.come("guest")
        guest.type("/register 12345678")
        peer = home.connect().type("/register bob 12345678")
        self.assertEqual([*guest.codes, *peer.codes], ["registration-closed"] * 2)
        operator(home, "boss").type("/adduser bob 12345678")
        self.assertIs(peer.type("bob", "12345678").session.state, State.CHATTING)

    def test_invitation(self) -> None:
        """A code of an operator makes one account, once, within its time, also after a restart."""
        home = House(registration="invite", guests=False)
        boss = member(house_with_guests(home), "boss", rank=Rank.OPERATOR)
        boss.type("/invitecode", "/invitecode", "/invitecode")
        codes = [text.split()[0] for text in boss.told]
        self.assertEqual(len(set(codes)), 3)
        home.hall = home.reopened(registration="invite", guests=False)
        peer = home.connect().type("/register bob 12345678", "/register bob 12345678 guess")
        self.assertEqual(peer.codes, ["code-invalid"] * 2)
        self.assertIs(peer.type(f"/register bob 12345678 {codes[0]}").session.state, State.CHATTING)
        self.assertEqual(home.connect().type(f"/register carol 12345678 {codes[0]}").codes, ["code-invalid"])
        home.hall = home.reopened(registration="invite", guests=False)
        self.assertEqual(home.connect().type(f"/register carol 12345678 {codes[0]}").codes, ["code-invalid"])
        self.assertEqual(home.connect().type(f"/register carol 12345678 {codes[1]}").codes, [])
        home.clock.advance(7 * 86400 + 1)
        self.assertEqual(home.connect().type(f"/register dave 12345678 {codes[2]}").codes, ["code-invalid"])

    def test_register_at_the_password_prompt(self) -> None:
        """What the password prompt of a closed hall offers can be typed there, as often as it takes."""
        home = House(registration="invite", guests=False)
        boss = member(house_with_guests(home), "boss", rank=Rank.OPERATOR)
        code = boss.type("/invitecode").told[-1].split()[0]
        home.hall = home.reopened(registration="invite", guests=False)
        peer = home.connect().type("bob", "/register bob 12345678 guess")
        self.assertEqual((peer.codes, peer.answers[-1]), (["code-invalid"], Asked("nickname")))
        self.assertIs(peer.type("bob", f"/register bob 12345678 {code}").session.state, State.CHATTING)
        self.assertEqual(home.passwords.verified, [])

    def test_code_where_none_is_needed(self) -> None:
        """Where no code is needed, a word that is none is refused, and nothing is made: it may be the password."""
        home = House()
        (bob,) = home.come("bob")
        bob.type("/register bobby-bob 12345678")
        self.assertEqual(bob.codes, ["code-invalid"])
        self.assertIn("/register PASSWORD makes the nickname you have now", str(bob.answers[-1]))
        peer = home.connect().type("/register carol 12345678 word")
        program = home.connect("json").offer("carol", password="12345678", register=True, code="word")
        self.assertEqual((peer.codes, program.codes), (["code-invalid"], ["code-invalid"]))
        self.assertEqual([home.hall.accounts.find(nick) for nick in ("bob", "carol")], [None, None])
        self.assertEqual(bob.type("/register 12345678").codes, ["code-invalid"])
        self.assertIsNotNone(home.hall.accounts.find("bob"))

    def test_one_code_twice_at_once(self) -> None:
        """Of two people who use one code at the same time, one gets in."""
        home = House(registration="invite")
        operator(home, "boss").type("/invitecode")
        (code,) = home.hall.accounts.codes
        boss = home.connect().type("boss", PASSWORD)
        boss.type("/invitecode")
        word = boss.told[-1].split()[0]
        home.passwords.held = True
        one = home.connect().type(f"/register bob 12345678 {word}")
        two = home.connect().type(f"/register carol 12345678 {word}")
        home.passwords.answer()
        home.passwords.answer()
        self.assertEqual((one.codes, two.codes), ([], ["code-invalid"]))
        self.assertIn(code, home.hall.accounts.codes)


def house_with_guests(home: House) -> House:
    """Let guests come into a house, and return it."""
    home.hall = home.reopened(registration="invite")
    return home
