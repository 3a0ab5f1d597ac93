"""Passwords that were left out are asked for, new ones twice: what is typed next is never said, and no nickname."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.model.events import Asked, Done, Said, Told
from groupchat.sessions.asking import ANOTHER
from groupchat.sessions.secret_lines import HELD_S
from groupchat.sessions.session import State
from tests.house import House, Peer
from tests.people import member, operator

STRONG, STRONG_WORD = "correct horse battery", "correct-horse-battery"


class InTheRoomTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.house = House()
        self.alice, self.bob = self.house.come("alice", "bob")

    def type(self, peer: Peer, *lines: str) -> None:
        for line in lines:
            peer.type(line)
            self.house.turn()

    def heard(self) -> list[str]:
        """Return what bob has heard people say."""
        return [event.text for event in self.bob.events if isinstance(event, Said)]

    def has_password(self, nick: str, password: str) -> bool:
        return self.house.connect("json").offer(nick, password=password).codes == []

    def test_register(self) -> None:
        """After /register with a weak password the next line is the password, and hidden; then lines are said again."""
        self.type(self.alice, "/register short")
        self.assertEqual(self.alice.codes, ["password-weak"])
        self.assertTrue(self.alice.screen.concealed)
        self.assertEqual(self.alice.answers[-2:], [Told((ANOTHER,)), Asked("new password")])
        self.type(self.alice, "less", "correct", STRONG, STRONG)
        self.assertFalse(self.alice.screen.concealed)
        self.assertEqual(self.alice.codes, ["password-weak"] * 3)
        self.assertIsNotNone(self.alice.connection.person.account)
        self.type(self.alice, "hello")
        self.assertEqual(self.heard(), ["hello"])
        self.assertTrue(self.has_password("alice", STRONG))

    def test_given_up(self) -> None:
        """An empty line ends it, and so does a command; nothing was changed then, and the next line is held once."""
        self.type(self.alice, "/register", " ", "hello")
        self.assertIn(
            "Nothing was changed.", [answer.text for answer in self.alice.answers if isinstance(answer, Done)]
        )
        self.type(self.alice, "/register", "/list", "there")
        self.assertEqual((self.alice.codes, self.heard()), (["held-line"], ["hello"]))
        self.type(self.alice, "there")
        self.assertEqual((self.heard(), self.alice.connection.person.account), (["hello", "there"], None))
        self.assertFalse(self.alice.screen.concealed)

    def test_left(self) -> None:
        """Whoever leaves a question by a command, unknown or not, or after an answer does not say the password then."""
        member(self.house, "carol")
        for number, lines in enumerate((
            ("/login carol", "/my secret pass"), ("/login carol", "/help me"), ("/register", STRONG, "/help me"),
            ("/register", STRONG, ""), ("/register", STRONG, "another one", "/list"), ("/register short", " "),
        )):  # fmt: skip
            (peer,) = self.house.come(f"guest{number}")
            self.type(peer, *lines, "my secret pass")
            self.assertEqual((peer.codes[-1], self.heard()), ("held-line", []), lines)
            self.type(peer, "my secret pass")
            self.assertEqual(self.heard(), ["my secret pass"], lines)
            self.bob.take()

    def test_later(self) -> None:
        """After a minute nobody types the password still."""
        self.type(self.alice, "/register", STRONG, "/help me")
        self.house.clock.advance(HELD_S)
        self.type(self.alice, "hello", STRONG)
        self.assertEqual(self.heard(), ["hello", STRONG])

    def test_answers(self) -> None:
        """What was typed at a question is not said within a minute, even after another line, unless it comes again."""
        member(self.house, "carol")
        self.type(self.alice, "/login carol", "secret pass", "hello", "hello", "secret pass ")
        self.assertEqual(self.heard(), ["hello"])
        self.type(self.alice, "secret pass")
        self.assertEqual(self.heard(), ["hello", "secret pass"])

    def test_other_verbs(self) -> None:
        """/password and what operators do with passwords ask again, too, for whom they were meant."""
        member(self.house, "carol")
        olga = operator(self.house, "olga")
        self.type(olga, "/setpassword carol short", STRONG, STRONG)
        self.assertEqual(olga.codes, ["password-weak"])
        self.assertTrue(self.has_password("carol", STRONG))
        self.assertEqual([word for word in self.heard() if "horse" in word], [])

    def test_left_out(self) -> None:
        """/register alone asks for a new password twice, hidden, and begins anew when the second is another one."""
        self.type(self.alice, "/register")
        self.assertEqual((self.alice.answers[-1], self.alice.screen.concealed), (Asked("new password"), True))
        self.type(self.alice, STRONG)
        self.assertEqual(self.alice.answers[-1], Asked("same again"))
        self.type(self.alice, STRONG + "r")
        self.assertEqual((self.alice.codes, self.alice.answers[-1]), (["bad-arguments"], Asked("new password")))
        self.type(self.alice, STRONG, STRONG)
        self.assertFalse(self.alice.screen.concealed)
        self.type(self.alice, "hello")
        self.assertEqual(self.heard(), ["hello"])
        self.assertTrue(self.has_password("alice", STRONG))

    def test_present_passwords(self) -> None:
        """Of /password the present one is asked for once and the new one twice; /unregister and /login ask once."""
        self.type(self.alice, "/register 12345678", "/password")
        self.assertEqual(self.alice.answers[-1], Asked("password"))
        self.type(self.alice, "12345678", STRONG, STRONG)
        self.assertTrue(self.has_password("alice", STRONG))
        self.type(self.alice, f"/password {STRONG.split()[0]}", "12345678", "12345678")
        self.assertEqual(self.alice.codes, ["password-wrong"], "the first word was taken for the present password")
        self.type(self.alice, "/unregister", STRONG)
        self.assertIsNone(self.alice.connection.person.account)
        member(self.house, "carol")
        self.type(self.bob, "/login carol")
        self.assertEqual(self.bob.answers[-1], Asked("password"))
        self.type(self.bob, "correct horse")
        self.assertEqual(self.bob.connection.person.nick, "carol")

    def test_usage(self) -> None:
        """Nothing is asked for while something is missing that is no secret, or what is there is wrong."""
        olga = operator(self.house, "olga")
        self.type(olga, "/adduser", "/setpassword", "/login", "/register a b c")
        self.assertEqual(olga.codes, ["bad-arguments"] * 4)
        self.assertFalse(olga.screen.concealed)

    def test_forgotten(self) -> None:
        """Nothing of a password is kept when something else is typed."""
        self.type(self.alice, "/register", STRONG, STRONG, "hello")
        asking = self.alice.session._asking
        self.assertEqual((asking.command, asking.lacking, asking._first), (None, [], None))

    def test_operators(self) -> None:
        """Operators are asked for the passwords of others twice."""
        olga = operator(self.house, "olga")
        self.type(olga, "/adduser dave", STRONG, STRONG)
        self.assertTrue(self.has_password("dave", STRONG))

    def test_programs(self) -> None:
        """Programs are not asked: they know what they send."""
        (bot,) = self.house.come("bot", door="json")
        bot.do("type", line="/register short")
        bot.session.type("/register short")
        self.house.turn()
        bot.session.type("hello")
        self.house.turn()
        self.assertEqual((self.heard(), bot.screen.concealed), (["hello"], False))


class AtThePromptTest(SynchronousTestCase):
    def test_register(self) -> None:
        """At the nickname prompt the next line is the password of the same nickname, and not a nickname."""
        house = House()
        peer = house.connect().type("/register carol short")
        self.assertEqual(
            (peer.codes, peer.session.state, peer.screen.concealed), (["password-weak"], State.ASKED, True)
        )
        peer.type("weak")
        self.assertEqual([person.nick for person in house.hall.roster], [])
        peer.type("/register carol " + STRONG.replace(" ", "-"))
        self.assertEqual((peer.codes, peer.connection.person.nick), (["password-weak"] * 2, "carol"))

    def test_again_and_again(self) -> None:
        """It is asked for as often as it is too weak; an empty line leads back to the nickname."""
        house = House()
        peer = house.connect().type("/register carol short", "weak", STRONG, STRONG)
        self.assertEqual((peer.codes, peer.connection.person.nick), (["password-weak"] * 2, "carol"))
        self.assertIsNotNone(house.hall.accounts.find("carol"))
        peer = house.connect().type("/register dave short", "", "dave", "dave")
        self.assertEqual((peer.connection.person.nick, peer.connection.person.account), ("dave", None))

    def test_other_refusals(self) -> None:
        """A refusal for another reason does not ask for a password; what is typed next may be one."""
        house = House()
        house.come("bob")
        peer = house.connect().type("/register bob 12345678", "eve")
        self.assertEqual((peer.codes, peer.session.connection), (["nick-taken", "held-line"], None))
        self.assertEqual(peer.type("eve").connection.person.nick, "eve")

    def test_taken(self) -> None:
        """A new password that was asked for is no nickname when the account is there already, blanks or not."""
        house = House()
        member(house, "alice")
        for again in (STRONG_WORD, f" {STRONG_WORD} ", "another-one"):
            peer = house.connect().type("/register alice", STRONG_WORD, STRONG_WORD, again)
            self.assertEqual((peer.codes, peer.session.connection), (["account-exists", "held-line"], None))
        self.assertEqual(peer.type("another-one").connection.person.nick, "another-one")

    def test_slash(self) -> None:
        """A line with a slash that is no command for there leaves nothing: the new password is still asked for."""
        peer = House().connect().type("/register carol", "/my-password", STRONG, STRONG)
        self.assertEqual((peer.codes, peer.connection.person.nick), (["bad-arguments"], "carol"))
