"""What may be a password is not said aloud by mistake."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.model.claims import Claim
from groupchat.model.errors import BadArguments, HeldLine, JournalUnavailable
from groupchat.model.events import Said, Whispered
from groupchat.sessions.secret_lines import HELD_S, SecretLines
from tests.fakes import HeldJournal
from tests.house import House, Peer
from tests.people import member


class LinesTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.lines = SecretLines()

    def says(self, line: str, now: float = 0.0) -> bool:
        try:
            self.lines.check(line, now, 8)
        except (BadArguments, HeldLine):
            return False
        return True

    def test_after_a_refusal(self) -> None:
        """After a command with a password was refused, the next line is not said, and said when it comes again."""
        self.lines.failed("register", 0.0)
        self.assertFalse(self.says("correct-horse"))
        self.assertTrue(self.says("correct-horse"))
        self.lines.failed("register", 0.0)
        self.assertFalse(self.says("correct-horse"))
        self.assertTrue(self.says("something else"), "only the next line is in doubt")
        self.assertTrue(self.says("correct-horse"))

    def test_later(self) -> None:
        """It is over after a minute, and when the next try is made."""
        self.lines.failed("register", 5.0)
        self.assertTrue(self.says("correct-horse", 5.0 + HELD_S))
        self.lines.failed("register", 5.0)
        self.lines.passed()
        self.assertTrue(self.says("correct-horse", 6.0))

    def test_without_slash(self) -> None:
        """A command with a password is not said either that lacks its slash, unless it comes again."""
        for line in (
            "register correct-horse", "Login alice swordfish9", "password old-password new-password",
            "unregister swordfish9", "adduser bob swordfish9", "setpassword bob swordfish9",
        ):  # fmt: skip
            self.assertFalse(self.says(line), line)
            self.assertTrue(self.says(line), line)

    def test_ordinary(self) -> None:
        """What people say about passwords is said."""
        for line in (
            "register", "register here", "register at the front desk", "login is broken", "password", "my password",
            "password is wrong", "the password is swordfish9", "register\tnow", "", " ", "registered swordfish9",
        ):  # fmt: skip
            self.assertTrue(self.says(line), line)

    def test_blanks(self) -> None:
        """A command after a blank, or another kind of slash, is never said, however often it comes."""
        for line in (" /login alice swordfish9", "\uff0fregister swordfish9", "\u3000/PASSWORD a b"):
            for _ in range(2):
                self.assertFalse(self.says(line), line)
        self.assertTrue(self.says(" /list"))


class SessionTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.house = House()
        self.alice, self.bob = self.house.come("alice", "bob")

    def heard(self) -> list[str]:
        """Return what bob has heard people say."""
        return [event.text for event in self.bob.events if isinstance(event, Said)]

    def tries(self, peer: Peer, *lines: str) -> None:
        """Type lines that are refused, each followed by a password; nothing of that is said."""
        for line in lines:
            peer.take()
            peer.type(line)
            self.house.turn()
            self.assertEqual(len(peer.codes), 1, line)
            peer.type("swordfish9")
            self.house.turn()
            self.assertEqual((peer.codes[1:], self.heard()), (["held-line"], []), line)
            peer.type("/list")

    def test_guest(self) -> None:
        """Whatever the reason for which /register or /login is refused, the next line is not said."""
        member(self.house, "carol")
        self.tries(
            self.alice, "/register a b c", "/register 12345678 no-code", "/login carol wrong", "/login",
            "/password a b", "/unregister x", "/adduser x y",
        )  # fmt: skip

    def test_member(self) -> None:
        """So it is for people with an account."""
        carol = member(self.house, "carol")
        self.tries(carol, "/register 12345678", "/password wrong 12345678", "/unregister wrong")

    def test_programs(self) -> None:
        """Lines that a person typed at a program are held back, too; those of a bot are not."""
        page = self.house.connect("json")
        page.session.offer(Claim("page", attended=True))
        bot = self.house.connect("json").offer("bot")
        for peer, said in ((page, []), (bot, ["swordfish9"])):
            self.bob.take()
            peer.do("register", password="12345678", code="no-code")
            self.house.turn()
            peer.do("say", text="swordfish9")
            self.assertEqual(self.heard(), said)
            self.bob.take()
            peer.session.type("/login x y")
            self.house.turn()
            peer.session.type("swordfish9", room="lobby")
            self.assertEqual(self.heard(), said)

    def test_next_try(self) -> None:
        """After another try in a dialog, which is carried out, lines are said."""
        page = self.house.connect("json").offer("page", attended=True)
        page.do("register", password="short")
        self.house.turn()
        page.do("register", password="12345678")
        self.house.turn()
        page.do("say", text="hello")
        self.assertEqual((page.codes, self.heard()), (["password-weak"], ["hello"]))

    def test_said_at_last(self) -> None:
        """Somebody who means it types it once more."""
        self.alice.type("register swordfish9", "register swordfish9")
        self.assertEqual((self.alice.codes, self.heard()), (["held-line"], ["register swordfish9"]))

    def test_disk(self) -> None:
        """So it is after a command that the disk refuses, when all else was right."""
        alice = self.house.connect().type("anna")
        journal = HeldJournal(self.house.hall.stream.journal)
        self.house.hall.commits._journal = journal
        alice.take()
        alice.type("/register swordfish9")
        self.house.turn()
        journal.fail(JournalUnavailable("The disk is full."))
        self.house.turn()
        alice.type("swordfish9")
        self.house.turn()
        self.assertEqual((alice.codes, self.heard()), (["journal-unavailable", "held-line"], []))

    def test_ping_meanwhile(self) -> None:
        """A ping that is taken while such a command is not answered yet changes nothing of that."""
        page = self.house.connect("json").offer("page", attended=True)
        journal = HeldJournal(self.house.hall.stream.journal)
        self.house.hall.commits._journal = journal
        self.house.passwords.held = True
        page.take()
        page.do("register", password="swordfish9")
        self.house.turn()
        page.session.do("ping", {}, 1, None)
        self.house.passwords.answer()
        self.house.turn()
        page.session.do("ping", {}, 2, None)
        journal.fail(JournalUnavailable("The disk is full."))
        self.house.turn()
        page.do("say", text="swordfish9")
        self.house.turn()
        self.assertEqual(page.codes, ["journal-unavailable", "held-line"])

    def test_alone(self) -> None:
        """After such a command without its slash the password alone is not said either; other lines are."""
        self.alice.type("register swordfish9", "oh", "swordfish9", "register swordfish9", "register swordfish9")
        self.assertEqual((self.alice.codes, self.heard()), (["held-line"] * 3, ["oh", "register swordfish9"]))

    def test_private(self) -> None:
        """Nor is it said to one person, whichever way a person's program sends what is typed in a conversation."""
        page = self.house.connect("json").offer("page", attended=True)
        for line in ("swordfish9", "swordfish9"):
            page.do("register", password="12345678", code="no-code")
            self.house.turn()
            page.take()
            page.do("msg", nick="bob", text=line)
            self.assertEqual(page.codes, ["held-line"])
        page.do("msg", nick="bob", text="register swordfish9")
        self.assertEqual(page.codes, ["held-line"] * 2)
        self.assertEqual([event for event in self.bob.events if isinstance(event, Whispered)], [])

    def test_success(self) -> None:
        """After a command that was carried out, lines are said."""
        self.alice.type("/register 12345678")
        self.house.turn()
        self.alice.type("swordfish9")
        self.assertEqual(self.heard(), ["swordfish9"])
