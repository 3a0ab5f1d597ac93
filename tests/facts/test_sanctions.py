"""Bans and mutes: what they say, and how they are found."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.facts.sanctions import Ban, Book, NetworkBan, span
from groupchat.model.events import AuthorId
from groupchat.model.times import FOREVER

ALICE, BOB = AuthorId(1), AuthorId(2)


def sanction(
    whom: str = "bob",
    author: AuthorId | None = BOB,
    named: bool = True,
    room: str = "",
    why: str = "",
    until: float | None = None,
) -> Ban:
    """A ban by olga, made at second 100."""
    return Ban(whom, whom.lower(), author, named, room, "olga", why, 100.0, until)


def network(until: float | None = None) -> NetworkBan:
    """A ban of a network."""
    return NetworkBan("192.0.2.0/24", "192.0.2.0/24", None, False, "", "olga", "", 100.0, until)


class SanctionTests(SynchronousTestCase):
    def test_name(self) -> None:
        """A sanction is told from others by its room and its key."""
        self.assertEqual([sanction("Bob").name, sanction("Bob", room="dev").name], ["/bob", "dev/bob"])

    def test_subjects(self) -> None:
        """A guest's sanction is found by the author and the nickname, an account's by the author, a network's not."""
        self.assertEqual(list(sanction().subjects), [BOB, "bob"])
        self.assertEqual(list(sanction(named=False).subjects), [BOB])
        self.assertEqual(list(sanction(author=None).subjects), ["bob"])
        self.assertEqual(list(network().subjects), [])

    def test_network(self) -> None:
        """Only what concerns neither an author nor a nickname is about addresses."""
        kinds = [network(), sanction(author=None), sanction(named=False), sanction()]
        self.assertEqual([one.is_network for one in kinds], [True, False, False, False])

    def test_fact(self) -> None:
        """What is read from the fact is what was written."""
        for one in (sanction(), sanction(until=5.0, room="dev", why="spam"), network()):
            fact = one.fact
            self.assertEqual((fact.kind, fact.name), (type(one).KIND, one.name))
            self.assertEqual(type(one).read(fact.name, fact.value or {}), one)

    def test_holds(self) -> None:
        """A sanction holds until the second it ends; one without an end always does."""
        one = sanction(until=500.0)
        self.assertEqual([one.holds(now) for now in (499.9, 500.0)], [True, False])
        self.assertTrue(sanction().holds(1e12))
        self.assertEqual((one.left(200.0), sanction().left(200.0)), (300.0, FOREVER))

    def test_concerns(self) -> None:
        """A guest's sanction concerns the author, and everybody with the nickname; an account's only the author."""
        guest, account = sanction(), sanction(named=False)
        people = [(BOB, "robert"), (ALICE, "bob"), (ALICE, "alice")]
        self.assertEqual([guest.concerns(*one) for one in people], [True, True, False])
        self.assertEqual([account.concerns(*one) for one in people], [True, False, False])
        self.assertFalse(network().concerns(ALICE, "192.0.2.0/24"))


class SentenceTests(SynchronousTestCase):
    def test_for_some_time(self) -> None:
        """The sentence says what, where, for how long from now, by whom and why."""
        one = sanction(until=400.0, why="spam")
        self.assertEqual(one.sentence("muted", " in dev", 100.0), "You are muted in dev for 5 minutes, by olga: spam")
        self.assertEqual(one.sentence("muted", "", 340.0), "You are muted for 1 minute, by olga: spam")

    def test_without_end(self) -> None:
        """Without an end it says how it ends; without a reason there is none."""
        self.assertEqual(sanction().sentence("banned", "", 100.0), "You are banned until unbanned, by olga.")
        self.assertEqual(sanction().sentence("muted", "", 100.0), "You are muted until unmuted, by olga.")

    def test_address(self) -> None:
        """Of a banned address not the person is spoken."""
        self.assertEqual(
            network(until=86500.0).sentence("banned", "", 100.0), "Your address is banned for 1 day, by olga."
        )

    def test_span(self) -> None:
        """A span follows a verb, with a space before it."""
        self.assertEqual([span(7200.0, "unbanned"), span(FOREVER, "unbanned")], [" for 2 hours", " until unbanned"])


class BookTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.book: Book[Ban] = Book()

    def test_empty(self) -> None:
        """In an empty book nothing is found, and nothing can be removed."""
        self.book.strike("/bob")
        self.assertEqual((len(self.book), list(self.book), self.book.get("/bob")), (0, [], None))
        self.assertIsNone(self.book.find([BOB, "bob"], "lobby", 0.0))

    def test_find(self) -> None:
        """A sanction is found by any of its subjects, and by its name."""
        one = sanction()
        self.book.write(one)
        found: list[list[AuthorId | str]] = [[BOB], ["bob"], [ALICE, "bob"], [BOB, "robert"]]
        for subjects in found:
            self.assertIs(self.book.find(subjects, "lobby", 0.0), one)
        self.assertIsNone(self.book.find([ALICE, "alice"], "lobby", 0.0))
        self.assertIs(self.book.get("/bob"), one)

    def test_rooms(self) -> None:
        """What holds in a room is found there only; what holds everywhere is found first."""
        here, there, all_over = sanction(room="dev"), sanction(room="ops"), sanction()
        self.book.write(here)
        self.book.write(there)
        self.assertEqual([self.book.find([BOB], room, 0.0) for room in ("dev", "ops", "")], [here, there, None])
        self.book.write(all_over)
        self.assertEqual([self.book.find([BOB], room, 0.0) for room in ("dev", "")], [all_over, all_over])

    def test_ended(self) -> None:
        """What has ended is not found, and does not hide what still holds."""
        self.book.write(sanction(until=10.0))
        self.book.write(sanction(room="dev"))
        found = self.book.find([BOB], "dev", 10.0)
        assert found is not None
        self.assertEqual(found.room, "dev")
        self.assertIsNone(self.book.find([BOB], "lobby", 10.0))

    def test_written_again(self) -> None:
        """A new sanction with the same name replaces the old one, and what only the old one was about."""
        self.book.write(sanction(author=BOB))
        newer = sanction(author=ALICE, named=False)
        self.book.write(newer)
        self.assertEqual(list(self.book), [newer])
        self.assertIsNone(self.book.find([BOB, "bob"], "", 0.0))
        self.assertIs(self.book.find([ALICE], "", 0.0), newer)

    def test_struck(self) -> None:
        """A removed sanction leaves nothing behind, and others of the same person in place."""
        everywhere, here = sanction(), sanction(room="dev")
        for one in (everywhere, here):
            self.book.write(one)
        self.book.strike(everywhere.name)
        self.assertIsNone(self.book.find([BOB, "bob"], "lobby", 0.0))
        self.assertIs(self.book.find(["bob"], "dev", 0.0), here)
        self.book.strike(here.name)
        self.assertEqual(self.book._about, {})

    def test_two_names(self) -> None:
        """Two sanctions of one person, made under different nicknames, hold side by side."""
        long, short = sanction("bob"), sanction("robert", until=10.0)
        for one in (long, short):
            self.book.write(one)
        self.assertIs(self.book.find([BOB, "carol"], "", 20.0), long)
        self.book.strike(short.name)
        self.assertIs(self.book.find([BOB, "carol"], "", 0.0), long)

    def test_struck_while_listed(self) -> None:
        """The book can be changed while its sanctions are looked through."""
        for nick in ("bob", "carol"):
            self.book.write(sanction(nick, None))
        for one in self.book:
            self.book.strike(one.name)
        self.assertEqual(len(self.book), 0)

    @given(
        st.lists(
            st.tuples(
                st.booleans(), st.sampled_from("ab"), st.sampled_from([None, ALICE, BOB]), st.booleans(),
                st.sampled_from(["", "dev", "ops"]), st.sampled_from([None, 5.0, 15.0]),
            ),
            max_size=12,
        )
    )  # fmt: skip
    def test_like_a_list(self, steps: Sequence[tuple[bool, str, AuthorId | None, bool, str, float | None]]) -> None:
        """Whatever is written and struck, somebody is sanctioned exactly when a sanction concerns them and holds."""
        book, known = Book[Ban](), dict[str, Ban]()
        for writes, whom, author, named, room, until in steps:
            one = sanction(whom, author, named, room, "", until)
            if writes:
                known[one.name] = one
                book.write(one)
            else:
                known.pop(one.name, None)
                book.strike(one.name)
            self.assertEqual({one.name: one for one in book}, known)
            for author_, key in ((ALICE, "a"), (BOB, "b"), (ALICE, "b")):
                concerned = [other for other in known.values() if other.concerns(author_, key) and other.holds(10.0)]
                for place in ("", "dev"):
                    there = any(other.room in ("", place) for other in concerned)
                    self.assertEqual(book.find([author_, key], place, 10.0) is not None, there)
