"""The menu, the nickname, passwords."""

from collections.abc import Callable

from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.core.client_errors import ConnectionDropped, Refused
from groupchat.terminal.questions import Questions
from groupchat.terminal.sign_in import CHOICE, HELD, HELP, MENU, NICKNAME, PASSWORD, SUGGESTED, SignIn
from tests.terminal.fakes import FakeDisplay, FakeSurface


class SignInTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.surface = FakeSurface()
        self.questions = Questions(self.surface)
        self.entered: list[tuple[str, str | None]] = []
        self.over: list[tuple[int, str]] = []
        self.reached: list[Callable[[], None]] = []
        """What is to be called when the server was reached."""

    def sign_in(self, nick: str | None = None) -> SignIn:
        return SignIn(
            self.surface, FakeDisplay(), self.questions, nick, self.reached.append,
            lambda name, password: self.entered.append((name, password)),
            lambda status, sentence: self.over.append((status, sentence)),
        )  # fmt: skip

    def label(self) -> str:
        return self.surface.asked[0] if self.surface.asked is not None else ""

    def test_menu(self) -> None:
        """1 joins, 2 exits; anything else is asked again."""
        self.sign_in("alice").show_menu("")
        for line in ("", "q", "3", " 1 "):
            self.assertEqual(self.label(), CHOICE)
            self.surface.asked = None
            self.assertTrue(self.questions.take(line))
        self.assertEqual((self.entered, self.over), ([("alice", None)], []))
        self.assertEqual(self.surface.lines, [MENU, "Type 1 or 2."])
        self.questions.take("2")
        self.assertEqual(self.over, [(0, "")])

    def test_menu_and_nickname(self) -> None:
        """After the menu the usual nickname is suggested to those who gave none."""
        self.sign_in().show_menu("alice")
        self.questions.take("1")
        self.reached.pop()()
        self.assertEqual(self.surface.asked, (SUGGESTED.format("alice"), False))

    def test_nickname(self) -> None:
        """Those without a nickname are asked when the server was reached; an empty answer takes the suggestion."""
        self.sign_in().begin("alice")
        self.assertIsNone(self.surface.asked)
        self.reached.pop()()
        self.assertEqual(self.surface.asked, (SUGGESTED.format("alice"), False))
        self.questions.take("  ")
        self.questions.take(" bob ")
        self.assertEqual(self.entered, [("alice", None), ("bob", None)])
        self.questions.take("/Quit")
        self.assertEqual(self.over, [(0, "")])

    def test_no_suggestion(self) -> None:
        """Without a suggestion an empty answer is no nickname; help does not take the suggestion away."""
        sign_in = self.sign_in()
        sign_in.ask_nickname()
        self.assertEqual(self.surface.asked, (NICKNAME, False))
        self.questions.take("")
        self.assertEqual((self.surface.asked, self.entered), ((NICKNAME, False), []))
        sign_in.ask_nickname("ally")
        self.questions.take("/help")
        self.assertEqual(self.surface.asked, (SUGGESTED.format("ally"), False))

    def test_taken(self) -> None:
        """After a nickname that is taken another is suggested; after one that is not allowed none is."""
        sign_in = self.sign_in()
        sign_in.ask_nickname()
        for code, nick, label in (
            ("nick-taken", "bob", SUGGESTED.format("bob2")),
            ("nick-taken", "bob2", SUGGESTED.format("bob3")),
            ("nick-taken", "b" * 20, NICKNAME),
            ("nick-invalid", "b b", NICKNAME),
        ):
            sign_in.ask_again(Refused(code, "No."), nick)
            self.assertEqual(self.label(), label)

    def test_can_retry(self) -> None:
        """Another nickname is asked for only of those who were asked before; a password of everybody."""
        taken, locked = Refused("nick-taken", "No."), Refused("password-needed", "Whose?")
        given, asked = self.sign_in("alice"), self.sign_in()
        asked.ask_nickname()
        retried = [sign_in.can_retry(error) for sign_in in (given, asked) for error in (taken, locked)]
        self.assertEqual(retried, [False, True, True, True])
        self.assertFalse(asked.can_retry(Refused("banned", "No.")))
        self.assertFalse(asked.can_retry(ConnectionDropped("gone")))
        asked.ask_again(taken, "bob")
        self.assertEqual((self.surface.lines, self.label()), (["!! nick-taken: No."], SUGGESTED.format("bob2")))

    def test_question(self) -> None:
        """That an account has a password is no refusal; that it was wrong is one."""
        sign_in = self.sign_in("alice")
        sign_in.ask_again(Refused("password-needed", "alice belongs to an account."), "alice")
        self.assertNotIn("!!", self.surface.lines[-1])
        self.assertIn("alice belongs to an account.", self.surface.lines[-1])
        self.questions.take("sesame")
        sign_in.ask_again(Refused("password-wrong", "No."), "alice")
        self.assertEqual(self.surface.lines[-1], "!! password-wrong: No.")

    def test_commands(self) -> None:
        """At both questions the commands for there are no nickname and no password; other lines are, with a slash."""
        for locked in (False, True):
            sign_in = self.sign_in("")
            sign_in.ask_nickname()
            if locked:
                sign_in.ask_again(Refused("password-needed", "Whose?"), "alice")
            asked = self.surface.asked
            for line in ("/help", "/register bob sesame code", "/LOGIN", "/login bob"):
                self.surface.lines.clear()
                self.questions.take(line)
                self.assertEqual((self.surface.asked, self.surface.lines), (asked, [HELP]))
            self.assertEqual(self.entered, [])
            self.questions.take("/login bob open sesame")
            self.questions.take("/who is there")
            self.assertEqual(
                self.entered,
                [("bob", "open sesame"), ("alice", "/who is there") if locked else ("/who is there", None)],
            )
            self.questions.take("/exit now")
            self.assertEqual(self.over, [(0, "")])
            self.entered.clear()
            self.over.clear()

    def test_password(self) -> None:
        """A password is asked for without echo; without one the nickname is asked for again, or it is over."""
        for nick, after, over in (None, NICKNAME, []), ("alice", PASSWORD, [(1, "alice needs a password.")]):
            sign_in = self.sign_in(nick)
            sign_in.begin("")
            if self.reached:
                self.reached.pop()()
            sign_in.ask_again(Refused("password-wrong", "No."), "alice")
            self.assertEqual(self.surface.asked, (PASSWORD, True))
            self.questions.take("a b")
            self.assertEqual(self.entered[-1], ("alice", "a b"))
            self.questions.take("")
            self.assertEqual((self.label(), self.over), (after, over))

    def test_password_too_late(self) -> None:
        """What comes after the question for a password was left may be one: it is a nickname when it comes again."""
        sign_in = self.sign_in()
        sign_in.ask_nickname()
        sign_in.ask_again(Refused("password-needed", "Whose?"), "alice")
        self.questions.take("guess")
        sign_in.ask_again(Refused("password-wrong", "No."), "alice")
        self.entered.clear()
        for line in ("", "another", " another"):
            self.assertEqual(self.entered, [])
            self.questions.take(line)
        self.assertEqual((self.entered, self.surface.lines[-1]), ([("another", None)], HELD))

    def test_postponed(self) -> None:
        """When passwords are not checked for a while, it is asked for again, and the program does not end."""
        for code in ("too-many-failures", "busy"):
            sign_in = self.sign_in("alice")
            self.assertFalse(sign_in.can_retry(Refused(code, "Wait.")))
            sign_in.ask_again(Refused("password-needed", "Whose?"), "alice")
            self.questions.take("guess")
            self.assertTrue(sign_in.can_retry(Refused(code, "Wait.")))
            sign_in.ask_again(Refused(code, "Wait."), "alice")
            self.assertEqual(self.surface.asked, (PASSWORD, True))
