"""Access tokens and secrets of hooks are never shown to others, however they are sent; no password looks like one."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.model.events import Acted, Edited, Refused, Said, Whispered
from groupchat.state.access_keys import HOOK_PREFIX, TOKEN_PREFIX
from tests.house import House
from tests.people import member

TOKEN = TOKEN_PREFIX + "0123456789" * 4
HOOK = HOOK_PREFIX + "0123456789" * 4


class ShownTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.house = House()
        self.alice, self.bob = self.house.come("alice", "bob")

    def heard(self) -> list[object]:
        """Return what bob was shown."""
        shown = [one for one in self.bob.events if isinstance(one, Said | Acted | Edited | Whispered)]
        return [one.text for one in shown]

    def test_lines(self) -> None:
        """No line that a person types shows a token to others, alone or among words, however often it comes."""
        for line in (
            TOKEN, TOKEN, f"my token is {TOKEN}, ok", f"/me has {TOKEN}", f"/msg bob {TOKEN}", f"//{TOKEN}",
            f"/away {TOKEN}", f"the login {TOKEN}", f"/topic {TOKEN}", f"x\u200b{TOKEN[:20]}\u200b{TOKEN[20:]}",
        ):  # fmt: skip
            self.alice.take()
            self.alice.type(line)
            self.house.turn()
            self.assertEqual((self.alice.codes, self.heard()), (["secret-in-line"], []), line)
        self.assertIsNone(self.alice.connection.person.away)

    def test_hooks(self) -> None:
        """Nor does one show the secret of a hook, with which others post in its owner's name; it is told what it is."""
        for line in (f"http://example.org:5000/hooks/{HOOK}", f"/msg bob {HOOK}", f"/away {HOOK}", f"/nick {HOOK}"):
            self.alice.take()
            self.alice.type(line)
            self.house.turn()
            (told,) = [answer for answer in self.alice.answers if isinstance(answer, Refused)]
            self.assertEqual((told.code, self.heard()), ("nick-invalid" if "/nick" in line else "secret-in-line", []))
        self.assertIsNone(self.alice.connection.person.away)
        self.alice.type(f"look at /hooks/{HOOK[:-1]}")
        self.assertEqual(len(self.heard()), 1)

    def test_changed(self) -> None:
        """No message is changed into one with a token."""
        self.alice.type("hello", f"/edit {TOKEN}", f"s/hello/{TOKEN}/")
        self.house.turn()
        self.assertEqual((self.alice.codes, self.heard()), (["secret-in-line"] * 2, ["hello"]))

    def test_several_lines(self) -> None:
        """A message of several lines is not said when one of them has a token."""
        self.alice.type("/paste", "one", TOKEN, ".", "/paste", "/cancel")
        self.house.turn()
        self.assertEqual((self.alice.codes, self.heard()), (["secret-in-line"], []))

    def test_programs(self) -> None:
        """So it is with what programs send, and with the names of files."""
        (bot,) = self.house.come("bot", door="json")
        for name, fields in (
            ("say", {"text": f"one\n{TOKEN}"}), ("msg", {"nick": "bob", "text": TOKEN}), ("send", {"name": TOKEN}),
            ("type", {"line": TOKEN}),
        ):  # fmt: skip
            bot.take()
            if name == "type":
                bot.session.type(TOKEN)
            else:
                bot.do(name, **fields)
            self.house.turn()
            self.assertEqual((bot.codes, self.heard()), (["secret-in-line"], []), name)

    def test_beginnings(self) -> None:
        """What is not quite a token is said."""
        for line in ("gct_ is how tokens begin", TOKEN[:-1], f"{TOKEN_PREFIX}{'x' * 40}"):
            self.alice.type(line)
        self.house.turn()
        self.assertEqual((self.alice.codes, len(self.heard())), ([], 3))


class NamesTest(SynchronousTestCase):
    def test_nickname(self) -> None:
        """A token is no nickname, however long these may be, at the prompt, as a program, or later."""
        house = House(nick_max=64)
        peer = house.connect().type(TOKEN, TOKEN)
        bot = house.connect("json").offer(TOKEN)
        (eve,) = house.come("eve")
        eve.type(f"/nick {TOKEN}")
        self.assertEqual([*peer.codes, *bot.codes, *eve.codes], ["nick-invalid"] * 4)
        self.assertEqual([person.nick for person in house.hall.roster], ["eve"])

    def test_passwords(self) -> None:
        """No password begins as a token does: it is weak, told before it is to be typed again."""
        for word in (TOKEN, f"{TOKEN_PREFIX}and something else"):
            house = House()
            peer = house.connect().type("/register carol", word)
            bot = house.connect("json").offer("carol", password=word, register=True)
            (guest,) = house.come("guest")
            guest.type("/register", word, "")
            dave = member(house, "dave")
            dave.type("/password", "correct horse", word)
            codes = [*peer.codes, *bot.codes, *guest.codes, *dave.codes]
            self.assertEqual(codes, ["password-weak"] * 4, word)
            (told,) = [answer for answer in bot.answers if isinstance(answer, Refused)]
            self.assertIn("begin with gct_", told.text)
        self.assertIsNone(house.hall.accounts.find("carol"))
