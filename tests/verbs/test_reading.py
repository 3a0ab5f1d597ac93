"""The verbs with which people read what was said: history, search, what they missed."""

from collections.abc import Callable

from twisted.trial.unittest import SynchronousTestCase

from groupchat.delivery.fair_share import FairShare
from groupchat.hall.missed import CHARACTERS
from groupchat.model.drafts import Audience
from groupchat.model.events import Done, Listed, Post, Replayed, Told, Whispered
from groupchat.verbs.reading import AROUND, LATELY, MENTIONS, SEARCHED, replay
from tests.house import House, Peer
from tests.people import account, member, operator

PASSWORD = "correct horse"


def ids(peer: Peer) -> list[list[int]]:
    """Return the numbers in each of the replays somebody was shown."""
    return [[post.id for post in answer.posts] for answer in peer.answers if isinstance(answer, Replayed)]


def back(house: House, nick: str, door: str = "text") -> Peer:
    """Return somebody who logs in, and what they were shown then."""
    peer = house.connect(door)
    return peer.offer(nick, password=PASSWORD) if door == "json" else peer.type(nick, PASSWORD)


class HistoryTests(SynchronousTestCase):
    def test_history(self) -> None:
        """/history shows the last messages, those after a number, or those of a day, of the current room only."""
        house = House(query_posts=5)
        (alice,) = house.come("alice")
        alice.type(*map(str, range(8)), "/join dev", "elsewhere", "/switch lobby")
        for command, numbers in (
            ("/history 2", [7, 8]),
            ("/history 100", [4, 5, 6, 7, 8]),
            ("/history since #1", [2, 3, 4, 5, 6]),
            ("/history 2026-11-21", [1, 2, 3, 4, 5]),
        ):
            alice.type(command)
            replayed = alice.answers[-1]
            assert isinstance(replayed, Replayed), (command, replayed)
            self.assertEqual([post.id for post in replayed.posts], numbers, command)

    def test_other_room(self) -> None:
        """A program reads the room it names; of a room it is not in it reads nothing."""
        house = House()
        (bot,) = house.come("bot", door="json")
        bot.say("here").do("join", room="dev").say("there").do("switch", room="lobby")
        house.come("alice")[0].type("/join secret", "hidden", "/leave")
        bot.take()
        bot.do("history", room="dev").do("history", since=0, room="#Dev").do("history")
        self.assertEqual(ids(bot), [[2], [2], [1]])
        bot.do("history", room="secret")
        self.assertEqual(bot.codes, ["not-in-room"])

    def test_nothing_private(self) -> None:
        """The history of a room has what was said there, and nothing that two people have said to each other."""
        alice = House().come("alice", "bob")[0]
        alice.type("one", *["/msg bob psst"] * 5, "two")
        for command in ("/history 2", "/history since #0", "/history 3 before #99", "/history 2026-11-21"):
            alice.type(command)
        alice.do("history", room="lobby")
        self.assertEqual(ids(alice), [[1, 7]] * 5)

    def test_in_no_room(self) -> None:
        """Somebody in no room reads what is private to them."""
        (alice, bob) = House().come("alice", "bob")
        bob.type("aloud", "/msg alice psst")
        alice.take()
        alice.type("/leave", "/history")
        alice.do("history", room="lobby")
        self.assertEqual(alice.codes, ["not-in-room"])
        (page,) = (answer for answer in alice.answers if isinstance(answer, Replayed))
        self.assertEqual([type(post) for post in page.posts], [Whispered])

    def test_one_of_them(self) -> None:
        """A program asks by a number to begin after or to end before, or by a day, and not by several of them."""
        (bot,) = House().come("bot", door="json")
        bot.do("history", before=1, since=1).do("history", since=1, day="2026-11-21")
        bot.do("history", before=1, day="2026-11-21")
        self.assertEqual(bot.codes, ["bad-arguments"] * 3)

    def test_before(self) -> None:
        """What comes before a number is read page by page up to the first message, as each page says."""
        (alice,) = House().come("alice")
        alice.type(*map(str, range(1, 8)), "/delete #5")
        alice.take()
        line, seen = "/history 3 before #7", []
        while line:
            alice.type(line)
            (page,) = (answer for answer in alice.answers if isinstance(answer, Replayed))
            seen.append([post.id for post in page.posts])
            alice.take()
            line = page.ending.rpartition("; ")[2].removesuffix(" shows what comes before") * ("; " in page.ending)
        self.assertEqual(seen, [[3, 4, 6], [1, 2]])
        alice.type("/history before 3")
        self.assertEqual(ids(alice), [[1, 2]])
        alice.take()
        alice.type("/history before #0", "/history before #999999999")
        self.assertEqual(alice.told, [])
        self.assertEqual(ids(alice), [[1, 2, 3, 4, 6, 7]])

    def test_with_somebody(self) -> None:
        """What two people said to each other can be read by itself, page by page, also with an account that is gone."""
        house = House()
        alice, carol = house.come("alice", "carol")
        bob = member(house, "bob")
        alice.type("aloud", "/msg bob one", "/msg carol no")
        bob.type("/msg alice two", "/msg carol no", "/exit")
        alice.type("/msg bob three", "/delete #6", "/msg bob four")
        alice.take()
        alice.type("/history with bob", "/history 1 with bob", "/history 1 before #4 with BOB")
        self.assertEqual(ids(alice), [[2, 4, 8], [8], [2]])
        carol.take()
        carol.type("/history with nobody").do("history", nick="bob", room="lobby")
        self.assertEqual(carol.codes, ["no-such-nick", "bad-arguments"])

    def test_with_a_guest_who_left(self) -> None:
        """What was said in private with a guest who has left can be read and searched, however long ago it was."""
        house = House()
        alice, bob, ian = house.come("alice", "bob", "ian")
        ian.type("/msg alice tea?", "/msg bob no tea")
        alice.type("/msg ian tea!", "aloud")
        ian.type("/exit")
        for number in range(2 * LATELY):
            bob.type(f"/msg alice {number}")
        alice.take()
        alice.type("/history with ian", "/history since #1 with IAN", "/search with:ian tea")
        self.assertEqual((ids(alice), alice.codes), ([[1, 3], [3], [3, 1]], []))
        eve = house.connect().offer("eve")
        eve.take()
        eve.type("/history with ian")
        self.assertEqual(eve.codes, ["no-such-nick"])

    def test_with_a_guest_who_never_answered(self) -> None:
        """What was only said to a guest who has left can be read, too."""
        house = House()
        alice, ian = house.come("alice", "ian")
        alice.type("/msg ian hello?", "/msg ian nobody?", "/delete #1")
        ian.type("/exit")
        alice.take()
        alice.type("/history with ian")
        self.assertEqual((ids(alice), alice.codes), ([[2]], []))

    def test_before_and_count(self) -> None:
        """A program asks for so many before a number, after one, or of a day."""
        (bot,) = House().come("bot", door="json")
        for number in range(1, 8):
            bot.do("say", text=str(number))
        bot.take()
        bot.do("history", before=6, count=2).do("history", since=2, count=2).do("history", day="2026-11-21", count=2)
        self.assertEqual(ids(bot), [[4, 5], [3, 4], [1, 2]])

    def test_next_page(self) -> None:
        """A full page says how to read on, and the whole room can be read in that way."""
        house = House(query_posts=3)
        (alice,) = house.come("alice")
        alice.type(*map(str, range(7)))
        alice.take()
        line, seen = "/history since #0", []
        for _ in range(3):
            alice.take()
            alice.type(line)
            (page,) = (answer for answer in alice.answers if isinstance(answer, Replayed))
            seen += [post.id for post in page.posts]
            line = page.ending.partition("; ")[2].partition(" shows")[0]
        self.assertEqual((seen, line), ([1, 2, 3, 4, 5, 6, 7], ""))

    def test_most(self) -> None:
        """More than a page at a time is not shown, and the answer says so."""
        (alice,) = House(query_posts=3).come("alice")
        alice.type(*map(str, range(7)), "/history 4")
        (page,) = (answer for answer in alice.answers if isinstance(answer, Replayed))
        self.assertIn("3 is the most", page.ending)
        alice.take()
        alice.type("/history 3", "/history")
        endings = [answer.ending for answer in alice.answers if isinstance(answer, Replayed)]
        self.assertEqual(endings, ["end of the history"] * 2)

    def test_long_messages(self) -> None:
        """People are shown fewer very long messages at a time, and how to go on; programs get all."""
        house = House()
        (alice, bot) = house.come("alice") + house.come("bot", door="json")
        for number in range(40):
            bot.say(f"{number} " + "x" * 4000)
            house.clock.advance(10)
        alice.take()
        alice.type("/history 40")
        (last,) = alice.answers
        assert isinstance(last, Replayed)
        self.assertEqual([post.id for post in last.posts], list(range(37, 41)))
        self.assertTrue(last.ending.endswith("; /history 40 before #37 shows what comes before"), last.ending)
        alice.take()
        house.clock.advance(60)
        alice.type("/history 40 since #0")
        house.clock.advance(60)
        alice.type("/history 40 before #37")
        self.assertEqual(ids(alice), [list(range(1, 5)), list(range(33, 37))])
        bot.take()
        bot.do("history", count=40)
        self.assertEqual(ids(bot), [list(range(1, 41))])

    def test_day_in_zone(self) -> None:
        """A day is one of the reader's time zone: 12:00 UTC on 21 November is the 22nd on Kiritimati."""
        (alice,) = House().come("alice")
        alice.type("/set zone Pacific/Kiritimati", "hi", "/history 2026-11-22", "/history 2026-11-21")
        self.assertEqual(ids(alice), [[1]])
        self.assertEqual(alice.answers[-1], Told(("There is nothing to show.",)))

    def test_nothing(self) -> None:
        """Where there is nothing, people read a sentence and programs an empty list."""
        house = House()
        (alice,), (bot,) = house.come("alice"), house.come("bot", door="json")
        alice.type("/history", "/search cats")
        bot.do("history").do("search", text="cats")
        self.assertEqual(alice.answers, [Told(("There is nothing to show.",)), Told(("Nothing was found.",))])
        self.assertEqual(ids(bot), [[], []])

    def test_ignored(self) -> None:
        """What ignored people said is not shown in history either."""
        (alice, bob, carol) = House().come("alice", "bob", "carol")
        bob.type("one")
        carol.type("two")
        alice.take()
        alice.type("/ignore bob", "/history", "/search one")
        self.assertEqual(ids(alice), [[2]])

    def test_much_ignored(self) -> None:
        """Much of somebody who is ignored hides nothing: a search looks on, and history names the next page."""
        house = House(query_posts=30, replay_posts=30)
        (alice, bob, carol) = house.come("alice", "bob", "carol")
        carol.type("the needle, alice")
        bob.type(*(f"needle {number} alice" for number in range(30)))
        carol.type("nothing")
        bob.type(*(f"needle {number} alice" for number in range(30, 60)))
        alice.type("/ignore bob")
        alice.take()
        alice.type("/search needle", "/mentions")
        self.assertEqual(ids(alice), [[1], [1]])
        alice.take()
        for line, more in (
            ("/history", "/history 30 before #33 shows what comes before"),
            ("/history 30", "/history 30 before #33 shows what comes before"),
            ("/history 30 since #1", "/history since #31 shows what follows"),
            ("/history 9 before #30", "/history 9 before #21 shows what comes before"),
        ):
            alice.take()
            alice.type(line)
            self.assertEqual(
                alice.answers, [Told((f"Here is nothing but messages of people you ignore; {more}.",))], line
            )


class BackwardsTests(SynchronousTestCase):
    def test_every_page(self) -> None:
        """A program reads back to the beginning by ``next``, past pages of which it is shown nothing."""
        house = House()
        bob, (bot,) = house.come("bob")[0], house.come("bot", door="json")
        bob.type("one", "two")
        mal = house.come("mal")[0]
        mal.type("spam 1", "spam 2", "spam 3", "spam 4")
        bob.type("three")
        bot.do("ignore", nick="mal")
        bot.take()
        texts: list[list[str]] = []
        asked: dict[str, int] = {}
        for _ in range(10):
            bot.do("history", count=2, **asked)
            page = bot.answers[-1]
            assert isinstance(page, Replayed)
            texts.append([post.text for post in page.posts])  # type: ignore[attr-defined]
            if not page.next:
                break
            asked = {"before": page.next}
        self.assertEqual(texts, [["three"], [], ["two"], ["one"]])


class SearchTests(SynchronousTestCase):
    def test_search(self) -> None:
        """/search finds words in joined rooms, newest first; /goto what is around a message; /last the last one."""
        house = House()
        alice, bob = house.come("alice", "bob")
        bob.type("/join dev", "secret cats")
        alice.type("black cats", "dogs", "white cats", "/search cats", "/goto #3", "/goto #1", "/last")
        self.assertEqual(ids(alice), [[4, 2], [2, 3, 4], [4]])
        self.assertEqual(alice.codes, ["no-such-message"])

    def test_numbers(self) -> None:
        """No more is shown than the help says: 20 found messages, five before and after another."""
        (alice,) = House().come("alice")
        alice.type(*["cat"] * 30, "/search cat", "/goto #15")
        found, around = ids(alice)
        self.assertEqual((len(found), found[0]), (SEARCHED, 30))
        self.assertEqual(around, list(range(15 - AROUND, 15 + AROUND + 1)))

    def test_private(self) -> None:
        """What is private is found by the two it is between, and by nobody else."""
        (alice, bob, carol) = House().come("alice", "bob", "carol")
        alice.type("/msg bob secret")
        for peer, found in ((alice, [[1]]), (bob, [[1]]), (carol, [])):
            peer.take()
            peer.type("/search secret")
            self.assertEqual(ids(peer), found)
            peer.take()
            peer.type("/goto #1")
            self.assertEqual(ids(peer), found)

    def test_last(self) -> None:
        """/last shows the person's own last message in the room, none of elsewhere."""
        (alice, bob) = House().come("alice", "bob")
        alice.type("aloud", "/msg bob psst", "/join dev", "there", "/switch lobby")
        alice.take()
        alice.type("/last")
        bob.type("/last")
        alice.do("last", room="dev")
        self.assertEqual(ids(alice), [[1], [3]])
        self.assertEqual(bob.codes, ["no-such-message"])


class ExcerptTests(SynchronousTestCase):
    """Messages of several lines among what was found."""

    def setUp(self) -> None:
        self.house = House()
        self.alice, self.bob = self.house.come("alice", "bob")
        (self.bot,) = self.house.come("bot", door="json")
        self.text = "\n".join(["first", *(f"line {number}" for number in range(9)), "last alice", "end"])
        self.bot.do("say", text=self.text).do("say", text="a\nline 4\nc")

    def found(self, peer: Peer, line: str) -> list[str]:
        peer.take()
        peer.session.type(line) if peer is self.bot else peer.type(line)
        (answer,) = peer.answers
        assert isinstance(answer, Replayed)
        return [event.text for event in answer.posts]  # type: ignore[attr-defined]

    def test_people(self) -> None:
        """People are shown the first line and those with the words; short messages whole."""
        self.assertEqual(self.found(self.bob, "/search 4 LINE"), ["a\nline 4\nc", "first\nline 0\nline 1\nline 2\n…"])
        self.assertEqual(self.found(self.bob, "/search end"), ["first\n…\nend"])
        self.assertEqual(self.found(self.alice, "/mentions"), ["first\n…\nlast alice\n…"])
        self.assertEqual(self.found(self.bob, "/history")[0], self.text)

    def test_programs(self) -> None:
        """Programs are given the whole."""
        self.assertEqual(self.found(self.bot, "/search end"), [self.text])


class SpamTests(SynchronousTestCase):
    def test_after_a_purge(self) -> None:
        """Forty lines of spam that were purged leave a newcomer, /history and the counts as they would be without."""
        house = House()
        olga, dora = operator(house, "olga"), member(house, "dora")
        (alice,) = house.come("alice")
        alice.type(*(f"line {number}" for number in range(30)))
        dora.type("/exit")
        (mal,) = house.come("mal")
        mal.type(*(f"spam {number}" for number in range(40)))
        alice.type("news")
        olga.type("/purge mal")
        for door in ("text", "json"):
            newcomer = house.connect(door)
            newcomer.offer("new") if door == "json" else newcomer.type("new")
            (replay,) = (answer for answer in newcomer.answers if isinstance(answer, Replayed))
            self.assertEqual((replay.heading, len(replay.posts)), ("20 earlier messages:", 20))
            self.assertEqual({post.nick for post in replay.posts}, {"alice"})
            newcomer.take()
            newcomer.type("/history 25")
            self.assertEqual([len(found) for found in ids(newcomer)], [25])
            newcomer.vanish()
        house.clock.advance(3600)
        unread = next(answer for answer in back(house, "dora").answers if isinstance(answer, Listed))
        self.assertEqual(unread.lines, ("1 new since 12:00; /catchup shows it.",))
        self.assertEqual(unread.items[0]["since"], "2026-11-21T12:00:00.000Z")


class CatchupTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.house = House(replay_posts=1)
        account(self.house.hall, "alice")
        alice = back(self.house, "alice")
        alice.type("/join dev", "/switch lobby")
        (self.bob,) = self.house.come("bob")
        self.bob.type("/join dev", "/switch lobby", "before")
        alice.vanish()
        self.house.pass_time(61)
        self.bob.take()

    def back(self, door: str = "text") -> Peer:
        """Return alice, who comes back."""
        peer = back(self.house, "alice", door)
        peer.take()
        return peer

    def test_unread(self) -> None:
        """Somebody who comes back is told how much is new, since when, and how much of it has their nickname."""
        self.bob.type("one", "alice: two", "malice", "@Alice!")
        (listed,) = (answer for answer in back(self.house, "alice").answers if isinstance(answer, Listed))
        self.assertTrue(listed.lines[0].startswith("4 new since "), listed.lines)
        self.assertTrue(listed.lines[0].endswith(", 2 for you; /catchup shows them."))
        self.assertEqual(
            listed.items, ({"room": "lobby", "new": 4, "mentions": 2, "after": 1, "since": "2026-11-21T12:00:00.000Z"},)
        )

    def test_nothing_unread(self) -> None:
        """There is no line when nothing is new, or only the person's own, or what another connection of theirs saw."""
        first = back(self.house, "alice")
        self.bob.type("seen")
        second = back(self.house, "alice")
        for peer in (first, second):
            self.assertEqual([answer for answer in peer.answers if isinstance(answer, Listed)], [])

    def test_catchup(self) -> None:
        """/catchup shows what was new, and then says that there is no more."""
        self.bob.type("one", "two")
        alice = self.back()
        alice.type("/catchup", "/catchup")
        shown, done = alice.answers
        self.assertEqual([post.text for post in shown.posts], ["one", "two"])  # type: ignore[attr-defined]
        self.assertEqual(done, Done(text="You have seen everything in lobby."))

    def test_pages(self) -> None:
        """What is too much for one answer is continued by the next."""
        self.house.hall = self.house.reopened(query_posts=2)
        (bob,) = self.house.come("bob")
        bob.type("one", "two", "three")
        alice = self.back()
        alice.type("/catchup", "/catchup", "/catchup")
        pages = [[post.text for post in a.posts] for a in alice.answers if isinstance(a, Replayed)]  # type: ignore[attr-defined]
        self.assertEqual(pages, [["one", "two"], ["three"]])

    def test_other_room(self) -> None:
        """A program catches up in the room it names, and what is new in the current one stays new."""
        self.bob.type("/switch dev", "there", "/switch lobby", "here")
        other = back(self.house, "alice", "json")
        other.do("join", room="dev").do("switch", room="lobby")
        other.take()
        other.do("catchup", room="lobby").do("catchup", room="lobby").do("catchup", room="nowhere")
        pages = [[post.text for post in a.posts] for a in other.answers if isinstance(a, Replayed)]  # type: ignore[attr-defined]
        self.assertEqual(pages, [["here"]])
        self.assertEqual(other.codes, ["not-in-room"])

    def test_guest(self) -> None:
        """A guest has nothing to catch up with."""
        self.bob.type("/catchup")
        self.assertEqual(self.bob.codes, ["not-allowed"])

    def test_left_room(self) -> None:
        """A room that was left is read up to then."""
        alice = self.back().type("/join ops", "/leave ops")
        self.assertIsNotNone(self.house.hall.positions.find(alice.connection.person.author, "ops"))


class MentionsTests(SynchronousTestCase):
    def test_mentions(self) -> None:
        """/mentions shows the newest messages of others in the person's rooms that have their nickname as a word."""
        house = House()
        alice, bob = house.come("alice", "bob")
        bob.type("alice one", "malice", "to alice.", "alicexyz", "/topic alice", "/join dev", "alice elsewhere")
        alice.type("alice myself")
        alice.take()
        alice.type("/mentions")
        self.assertEqual([post.text for post in alice.answers[0].posts], ["to alice.", "alice one"])  # type: ignore[attr-defined]

    def test_number(self) -> None:
        """At most 20 are shown; none of people who are ignored."""
        alice, bob, carol = House().come("alice", "bob", "carol")
        bob.type(*["alice!"] * 30)
        carol.type("alice?")
        alice.type("/ignore carol")
        alice.take()
        alice.type("/mentions")
        self.assertEqual(ids(alice), [list(range(30, 30 - MENTIONS, -1))])

    def test_turns(self) -> None:
        """Messages that are full of almost the nickname are looked at in several turns."""
        house = House()
        alice, bob = house.come("alice", "bob")
        bob.type("alice, hi", *["alice/" * 600] * 9)
        alice.take()
        turns: list[Callable[[], None]] = []
        house.hall.looking = FairShare(turns.append, CHARACTERS)
        alice.type("/mentions")
        for _ in range(3):
            self.assertEqual(alice.answers, [])
            turns.pop()()
        while turns:
            turns.pop()()
        self.assertEqual(ids(alice), [[1]])


class EarlierTests(SynchronousTestCase):
    def test_replay(self) -> None:
        """What was said before somebody came in stands between two lines that count it."""
        (alice,) = House().come("alice")
        alice.type("one")
        (stored,) = self.successResultOf(alice.actor.hall.stream.journal.around(Audience(("lobby",)), 1, 0))
        shown = replay([stored], alice.connection.person, 7.0)
        assert shown is not None
        self.assertEqual((shown.what, shown.heading, shown.at), ("join", "1 earlier message:", 7.0))
        self.assertEqual((shown.posts, shown.ending), ((stored.event,), "end of the earlier messages"))


class AnswerTests(SynchronousTestCase):
    def test_refs(self) -> None:
        """Every question of a program is answered with its ref, once."""
        house = House()
        boss = operator(house, "boss", "json")
        boss.say("one")
        boss.take()
        for ref, name in enumerate(("history", "last", "mentions", "catchup", "modlog")):
            boss.do(name, ref=ref)
        boss.do("search", text="one", ref=5).do("goto", id=1, ref=6)
        self.assertEqual([ref for _, ref in boss.refs()], [0, 1, 2, 3, 4, 5, 6])

    def test_heading(self) -> None:
        """The heading counts what is shown."""
        (alice,) = House().come("alice")
        alice.type("one", "/history", "two", "/history")
        headings = [answer.heading for answer in alice.answers if isinstance(answer, Replayed)]
        self.assertEqual(headings, ["1 message:", "2 messages:"])

    def test_edited(self) -> None:
        """An edited message is shown as it reads now, under its own number; a deleted one is not shown."""
        alice = member(House(), "alice")
        alice.type("teh", "gone", "/delete", "/edit #1 the")
        alice.take()
        alice.type("/history")
        (page,) = (answer for answer in alice.answers if isinstance(answer, Replayed))
        posts: list[Post] = list(page.posts)
        self.assertEqual([(type(post).__name__, post.id) for post in posts], [("Edited", 1)])


class BoundedTests(SynchronousTestCase):
    def test_days(self) -> None:
        """A day at the end of the calendar is refused, and nothing goes wrong."""
        alice, bot = House().come("alice")[0], House().come("bot", door="json")[0]
        for zone in ("UTC", "Pacific/Kiritimati", "America/New_York"):
            alice.take()
            alice.type(f"/set zone {zone}", "/history 9999-12-31", "/history 0001-01-01", "/history 9998-12-31",
                       "/history 1970-01-01")  # fmt: skip
            self.assertEqual(alice.codes, ["bad-arguments"] * 2)
        bot.do("history", day="9999-12-31").do("history", day="0001-01-01").do("history", day="10000-01-01")
        self.assertEqual(bot.codes, ["bad-arguments"] * 3)

    def test_conditions(self) -> None:
        """A search tells authors, rooms, days and numbers apart, and never shows what one may not see."""
        house = House()
        alice, bob = house.come("alice", "bob")
        bot = house.connect("json").offer("bot")
        bob.type("red tea #2", "tea is red", "/msg alice tea in private", "/join dev", "tea in dev")
        alice.type("my tea", "see http://x.y/tea")
        bob.take()
        for words, numbers in (
            ("tea", [6, 5, 3, 2, 1]),
            ("from:bob tea", [3, 2, 1]),
            ("from:BOB", [3, 2, 1]),
            ("-from:bob tea", [6, 5]),
            ("from:alice -see tea", [5]),
            ('"red tea"', [1]),
            ('-"red tea" red', [2]),
            ("in:lobby from:bob", [2, 1]),
            ("in:#Lobby tea has:link", [6]),
            ("with:bob", [3]),
            ("on:2026-11-21 my", [5]),
            ("before:2026-11-21 tea", []),
            ("after:2026-11-20 before:2026-11-22 my", [5]),
            ("before:#3 tea", [2, 1]),
            ("after:#2 before:5 tea", [3]),
            ("http://x.y/tea", [6]),
            ("from:nobody tea", []),
        ):
            alice.do("search", text=words)
            found = alice.answers[-1]
            assert isinstance(found, Replayed | Told), (words, found)
            self.assertEqual([post.id for post in getattr(found, "posts", ())], numbers, words)
            alice.type(f"/search {words}")
            self.assertEqual(alice.answers[-1], found)
        alice.take()
        bot.do("search", text="with:bob").do("search", text="from:alice in:lobby")
        self.assertEqual(ids(bot), [[], [6, 5]])
        for words, code in (
            ("in:dev tea", "not-in-room"), ("in:unheard tea", "not-in-room"), ("in:#! tea", "room-invalid"),
            ("with:nobody", "no-such-nick"), ("in:lobby with:bob", "bad-arguments"), ("-tea", "bad-arguments"),
            ("-from:bob", "bad-arguments"), ("from: bob", "bad-arguments"), ("before:soon", "bad-arguments"),
            ('"tea', "bad-arguments"), ('""', "bad-arguments"), ("-has:file", "bad-arguments"),
        ):  # fmt: skip
            alice.type(f"/search {words}")
            self.assertEqual(alice.codes[-1], code, words)

    def test_authors_of_searches(self) -> None:
        """An account's messages are found by its nickname, and no guest's who had it; a guest's by what they were."""
        house = House()
        house.come("carol")[0].type("tea of a guest", "/exit")
        member(house, "dora").type("tea of dora", "/exit")
        alice = house.come("alice")[0]
        alice.do("search", text="from:carol").do("search", text="from:Dora tea").do("search", text="tea -from:dora")
        self.assertEqual(ids(alice), [[1], [2], [1]])

    def test_pages_of_searches(self) -> None:
        """A search that finds much says where to go on; programs are told the number."""
        house = House()
        alice = house.come("alice")[0]
        bot = house.connect("json").offer("bot")
        alice.type(*["cat"] * (2 * SEARCHED + 3), "/search cat")
        pages, answer = [], None
        bot.do("search", text="cat")
        for _ in range(3):
            answer = bot.answers[-1]
            assert isinstance(answer, Replayed)
            pages.append([post.id for post in answer.posts])
            if answer.next:
                bot.do("search", text="cat", before=answer.next)
        self.assertEqual([number for page in pages for number in page], list(range(2 * SEARCHED + 3, 0, -1)))
        self.assertEqual([len(page) for page in pages], [SEARCHED, SEARCHED, 3])
        assert isinstance(answer, Replayed)
        self.assertEqual((answer.next, answer.ending), (0, "end of what was found, newest first"))
        (told,) = (one for one in alice.answers if isinstance(one, Replayed))
        self.assertEqual(
            told.ending, "end of what was found, newest first; there is more: search again with before:#24"
        )
        bot.do("search", text="cat", before=-1).do("search", text="cat", before="x")
        self.assertEqual(bot.codes, ["bad-arguments"] * 2)

    def test_last_of_somebody(self) -> None:
        """/last NICK shows what somebody said last in the room, whether they are here or not; none of elsewhere."""
        house = House()
        alice, bob, carol = house.come("alice", "bob", "carol")
        member(house, "dora").type("dora here", "/exit")
        bob.type("bob one", "bob two", "/msg alice psst", "/join dev", "in dev", "/switch lobby")
        carol.type("bye", "/exit")
        alice.take()
        alice.type("/last bob", "/last BOB", "/last carol", "/last dora")
        alice.do("last", nick="bob", room="lobby").do("last", nick="@x")
        self.assertEqual(ids(alice), [[3], [3], [6], [1], [3]])
        self.assertEqual(alice.codes, ["no-such-message"])
        alice.type("mine", "/last alice", "/last")
        self.assertEqual(ids(alice)[-2:], [[7], [7]])
        alice.type("/ignore bob")
        alice.take()
        alice.type("/last bob")
        self.assertEqual(alice.answers, [Told(("Here is nothing but messages of people you ignore.",))])
        alice.do("last", nick="bob", room="dev")
        self.assertEqual(alice.codes, ["not-in-room"])

    def test_long_searches(self) -> None:
        """A search of more than 256 characters is refused before it reaches the journal."""
        (alice,) = House().come("alice")
        alice.type(f"/search {'a.b.' * 65}")
        self.assertEqual(alice.codes, ["bad-arguments"])

    def test_long_corrections(self) -> None:
        """A message does not grow beyond a line by corrections."""
        alice, bob = House().come("alice", "bob")
        alice.type("x" * 2000, f"s/x/{'y' * 2000}/", f"s/x/{'z' * 2000}/")
        self.assertEqual(alice.codes, ["too-long"])
        self.assertEqual(len(bob.events[-1].text), 3999)  # type: ignore[attr-defined]
