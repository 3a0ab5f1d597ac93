"""Requests that are sent again with their key: answered as the first time, whatever their author may do by now."""

from typing import Any

from groupchat.journals.memory import MemoryJournal
from groupchat.model.drafts import Expire
from groupchat.model.errors import JournalUnavailable
from groupchat.model.events import Done, Refused
from groupchat.verbs.commands import COMMANDS
from tests.fakes import HeldJournal
from tests.house import NOON, House, Peer
from tests.people import account, member
from tests.verbs.cases import OperatorsCase

FIRST, SECOND = 2, 3
"""The numbers of the posts that are changed and answered; #1 is the order that made rita an operator of the room."""

REQUESTS: tuple[dict[str, Any], ...] = (
    {"do": "say", "text": "a"},
    {"do": "me", "text": "waves"},
    {"do": "re", "id": FIRST, "text": "b"},
    {"do": "msg", "nick": "alice", "text": "c"},
    {"do": "edit", "id": SECOND, "text": "d"},
    {"do": "topic", "text": "tea"},
    {"do": "delete", "id": SECOND},
)
"""Something of each kind that is posted; the first posts are there already."""


def answered(peer: Peer, name: str, **fields: Any) -> int | str:
    """Return the number that a request is answered with, or the code of its refusal."""
    peer.take()
    peer.do(name, ref=7, **fields)
    ((answer, ref),) = [(one, ref) for one, ref in peer.screen.shown if isinstance(one, Done | Refused)]
    assert ref == 7
    return answer.id if isinstance(answer, Done) else answer.code


class AskedAgainTests(OperatorsCase):
    def setUp(self) -> None:
        super().setUp()
        self.bot = member(self.house, "bot", "json")
        self.bot.do("join", room="dev")

    def ask(self, request: dict[str, Any], **more: Any) -> int | str:
        """Make one of the requests in the room dev."""
        fields = {name: value for name, value in request.items() if name != "do"}
        verb = COMMANDS.find(request["do"])
        if any(parameter.name == "room" for parameter in verb.parameters) and "id" not in fields:
            fields["room"] = "dev"
        return answered(self.bot, request["do"], **fields, **more)

    def test_every_verb_and_refusal(self) -> None:
        """Nothing that has become of the author or of the room changes what was posted; what is new is refused."""
        for end, codes in (
            ({"do": "ban", "whom": "bot", "room": "dev"}, {"banned", "not-in-room"}),
            ({"do": "kick", "nick": "bot", "room": "dev"}, {"not-in-room"}),
            ({"do": "mute", "nick": "bot"}, {"muted"}),
            ({"do": "slow", "seconds": 3600, "room": "dev"}, {"slow-mode"}),
        ):
            with self.subTest(end=end):
                self.setUp()
                for number in (FIRST, SECOND):
                    self.assertEqual(answered(self.bot, "say", text="x", room="dev"), number)
                numbers = [self.ask(request, key=f"k{n}") for n, request in enumerate(REQUESTS)]
                self.assertEqual(numbers, [*range(SECOND + 1, SECOND + 1 + len(REQUESTS))])
                head = self.house.journal.head
                name = str(end["do"])
                self.olga.do(name, **{field: value for field, value in end.items() if field != "do"})
                self.assertEqual(self.olga.codes, [])
                if name == "slow":
                    self.bot.do("say", text="the one of this hour", room="dev")
                self.assertIn(self.ask(REQUESTS[0], key="new"), codes)
                self.assertIn(self.ask(REQUESTS[0]), codes)
                head = self.house.journal.head
                self.assertEqual([self.ask(request, key=f"k{n}") for n, request in enumerate(REQUESTS)], numbers)
                self.assertEqual(self.house.journal.head, head)

    def test_verbs(self) -> None:
        """These are all that post with a key."""
        posting = {verb.name for verb in COMMANDS.sorted() if verb.posts}
        self.assertEqual(posting, {request["do"] for request in REQUESTS} | {"reply", "send"})

    def test_typed(self) -> None:
        """So are lines that people typed at a client: words, commands, corrections."""
        lines = ("helo", "/me waves", "s/waves/bows/", "/msg alice psst", "//x")
        self.bot.do("switch", room="dev")
        for lost in (False, True):
            if lost:
                self.olga.do("ban", whom="bot", room="dev")
            self.bot.take()
            for number, line in enumerate(lines):
                self.bot._send(
                    lambda line=line, number=number: self.bot.session.type(line, number, f"t{number}", "dev")  # type: ignore[misc]
                )
            found = [(ref, answer.id) for answer, ref in self.bot.screen.shown if isinstance(answer, Done)]
            if not lost:
                first = found
        self.assertEqual(found, first)
        self.bot.take()
        self.bot._send(lambda: self.bot.session.type("new", 9, "new", "dev"))
        self.assertEqual(self.bot.codes, ["not-in-room"])

    def test_partner_is_gone(self) -> None:
        """What was said to one person is said, also when that person has left for good."""
        (guest,) = self.house.come("guest")
        self.bot.do("query", nick="guest")
        number = answered(self.bot, "say", text="psst", key="k")
        guest.vanish()
        self.house.pass_time(120)
        self.assertEqual(answered(self.bot, "say", text="psst", key="new"), "no-such-nick")
        self.assertEqual(answered(self.bot, "say", text="psst", key="k"), number)
        self.assertEqual(answered(self.bot, "msg", nick="guest", text="psst", key="k"), number)

    def test_room_is_lost(self) -> None:
        """Whoever has lost a room is told by the next line that is not posted already, and says it nowhere else."""
        self.bot.do("switch", room="dev")
        number = answered(self.bot, "say", text="a", key="k")
        self.olga.do("kick", nick="bot", room="dev")
        for _ in range(2):
            self.assertEqual(answered(self.bot, "say", text="a", key="k"), number)
        self.assertEqual(self.bot.connection.lost, "dev")
        self.assertEqual(answered(self.bot, "say", text="b", key="new"), "room-lost")
        self.assertIsInstance(answered(self.bot, "say", text="b", key="new"), int)

    def test_room_is_lost_over_a_restart(self) -> None:
        """That is kept: after a restart the next line is refused still."""
        self.bot.do("switch", room="dev")
        answered(self.bot, "say", text="a", key="k")
        self.olga.do("kick", nick="bot", room="dev")
        answered(self.bot, "say", text="a", key="k")
        self.house.hall = self.house.reopened()
        again = self.house.connect("json").offer("bot", password="correct horse")
        self.assertEqual(again.connection.lost, "dev")

    def test_held_line(self) -> None:
        """So is a line that may be a password, and was said all the same: it is not held again."""
        words = "register horse-battery7"
        first = self.house.connect("json").offer("paula", attended=True)
        token = first.token
        self.assertEqual(answered(first, "say", text=words, key="k"), "held-line")
        number = answered(first, "say", text=words, key="k")
        self.assertIsInstance(number, int)
        for request in ({"text": words}, {"line": words}):
            again = self.house.connect("json").offer("paula", token=token, attended=True)
            again.take()
            if "line" in request:
                again._send(lambda again=again: again.session.type(words, 7, "k"))  # type: ignore[misc]
                self.assertEqual([answer.id for answer in again.answers if isinstance(answer, Done)], [number])
            else:
                self.assertEqual(answered(again, "say", key="k", **request), number)
        again = self.house.connect("json").offer("paula", token=token, attended=True)
        self.assertEqual(answered(again, "say", text=words, key="new"), "held-line")

    def test_on_its_way(self) -> None:
        """What is on its way to the disk is waited for: on a second connection it is answered with its number."""
        journal = HeldJournal(MemoryJournal())
        self.house = House(journal)
        first = self.house.connect("json").offer("bot")
        while journal.pending:
            journal.commit()
        token = first.token
        first.do("say", text="a", key="k")
        again = self.house.connect("json").offer("bot", token=token)
        again.take()
        again.do("say", ref=1, text="a", room="dev", key="k").do("say", ref=2, text="b", room="dev", key="l")
        self.assertEqual(again.answers, [])
        while journal.pending:
            journal.commit()
        self.house.turn()
        self.assertEqual(
            [(type(answer).__name__, ref) for answer, ref in again.screen.shown if ref], [("Done", 1), ("Refused", 2)]
        )
        self.assertEqual([answer.id for answer in again.answers if isinstance(answer, Done)], [1])

    def test_disk_does_not_answer(self) -> None:
        """While the disk does not answer, what is on it is known still."""
        journal = HeldJournal(MemoryJournal())
        self.house = House(journal, commit_refuse_s=10)
        (alice,) = self.house.come("alice", door="json")
        alice.do("say", text="a", key="k")
        while journal.pending:
            journal.commit()
        alice.do("say", text="b", key="l")
        self.house.pass_time(12)
        self.assertEqual(answered(alice, "say", text="c", key="m"), "journal-unavailable")
        self.assertEqual(answered(alice, "say", text="a", key="k"), 1)

    def test_journal_cannot_be_read(self) -> None:
        """Whether something was posted cannot be said by a journal that cannot be read."""

        class Unreadable(MemoryJournal):
            def keyed(self, author: int, key: str) -> Any:
                raise JournalUnavailable("The journal cannot be read.")

        self.house = House(Unreadable())
        (alice,) = self.house.come("alice", door="json")
        self.assertEqual(answered(alice, "say", text="c", room="dev", key="k"), "journal-unavailable")

    def test_only_their_own(self) -> None:
        """A key of somebody else, one that has expired, or one of a request that was refused, leads to nothing."""
        answered(self.alice, "say", text="theirs", key="k")
        self.assertEqual(answered(self.bot, "say", text="x", room="den", key="k"), "not-in-room")
        self.assertEqual(answered(self.bot, "say", text="x", room="den", key="k"), "not-in-room")
        answered(self.bot, "say", text="mine", room="dev", key="k")
        self.house.clock.advance(100)
        self.house.journal.append([Expire(NOON + 50)])
        self.assertEqual(answered(self.bot, "say", text="x", room="den", key="k"), "not-in-room")

    def test_what_does_not_post(self) -> None:
        """A command that posts nothing, or cannot be read, is refused with any key."""
        answered(self.bot, "say", text="mine", room="dev", key="k")
        for name, fields, code in (
            ("mute", {"nick": "alice"}, "not-allowed"),
            ("switch", {"room": "den"}, "not-in-room"),
            ("nonsense", {}, "unknown-command"),
            ("say", {"text": 1}, "bad-arguments"),
        ):
            self.assertEqual(answered(self.bot, name, key="k", **fields), code)

    def test_answers_stay_in_order(self) -> None:
        """What is sent after it is answered after it."""
        number = answered(self.bot, "say", text="mine", room="dev", key="k")
        assert isinstance(number, int)
        self.olga.do("kick", nick="bot", room="dev")
        self.bot.take()

        def requests() -> None:
            self.bot.do("say", ref=1, text="mine", room="dev", key="k").do("say", ref=2, text="next", room="lobby")

        self.house.turns.run(requests)
        self.house.turn()
        told = [(answer.id, ref) for answer, ref in self.bot.screen.shown if isinstance(answer, Done)]
        self.assertEqual(told, [(number, 1), (number + 2, 2)])

    def test_nothing_is_looked_up_for_what_is_taken(self) -> None:
        """The way of a post pays nothing for it."""

        class Counting(MemoryJournal):
            asked = 0

            def keyed(self, author: int, key: str) -> Any:
                self.asked += 1
                return super().keyed(author, key)  # type: ignore[arg-type]

        journal = Counting()
        self.house = House(journal)
        account(self.house.hall, "alice")
        (bob,) = self.house.come("bob", door="json")
        for _ in range(2):
            self.assertEqual(answered(bob, "say", text="a", key="k"), 1)
        self.assertEqual(answered(bob, "say", text="a", room="dev"), "not-in-room")
        self.assertEqual(journal.asked, 0)
