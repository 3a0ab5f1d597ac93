"""Whatever was done in a journal is carried into another once, and changes nothing where it is known."""

from collections.abc import Iterator, Sequence
from itertools import count

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from groupchat.facts.account_facts import Account, Ignoring, KeptPreferences, RankGiven
from groupchat.facts.reading_places import talk
from groupchat.facts.room_facts import Invitation, Lock, Motd, RoomOperator, Slow
from groupchat.facts.sanctions import Ban, Mute, NetworkBan
from groupchat.facts.typed import TypedFact
from groupchat.model.drafts import Amendment, Deed, Draft, Kind, Operation, ReadUpTo
from groupchat.model.events import SERVER, AuthorId
from groupchat.model.ranks import Rank
from tests.exchange.places import Lines, Place, PlacesCase, posts

NOON = 1795262400.0
NICKS = {AuthorId(2**62 + 1): "alice", AuthorId(2**62 + 2): "bob", AuthorId(33): "Guest"}
ALICE, BOB, GUEST = NICKS
WORDS = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "So"]), min_size=1, max_size=12)

KINDS = (
    *(
        "said",
        "reply",
        "several",
        "private reply",
        "acted",
        "acted privately",
        "called",
        "whispered",
        "edited",
        "edited",
        "edited",
        "deleted",
        "topic",
        "deed",
    ),
    *("fact", "fact", "read"),
)
Step = tuple[str, AuthorId, AuthorId, str, int, str]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(KINDS),
        st.sampled_from(list(NICKS)),
        st.sampled_from(list(NICKS)),
        st.sampled_from(["lobby", "dev"]),
        st.integers(0, 40),
        WORDS,
    ),
    max_size=25,
)
# Shrinking would take minutes: each example opens several files a few times.
QUICK = settings(
    max_examples=12, phases=(Phase.explicit, Phase.generate), deadline=None, suppress_health_check=list(HealthCheck)
)


def facts(author: AuthorId, other: AuthorId, room: str, number: int, words: str, at: float) -> Sequence[TypedFact]:
    """Return a fact of each kind."""
    nick, theirs = NICKS[author], NICKS[other]
    until = at + number if number % 2 else None
    return (
        Account(nick, nick.lower(), author, "a hash", at),
        RankGiven(author, Rank.OPERATOR, "server", at),
        KeptPreferences(author, "text", {"echo": "on"}),
        Ignoring(author, other, theirs),
        Ban(theirs, theirs.lower(), other, True, room, nick, words, at, until),
        Mute(theirs, theirs.lower(), None, True, "", nick, words, at, until),
        NetworkBan("192.0.2.0/24", "192.0.2.0/24", None, False, "", nick, words, at, until),
        Lock(room, nick, at),
        Slow(room, 1.5, nick, at),
        Invitation(room, other, theirs, nick, at),
        RoomOperator(room, other, theirs, nick, at),
        Motd(words, nick, at),
    )


def operations(steps: Sequence[Step], clock: Iterator[float]) -> Iterator[Operation]:
    """Turn what was drawn into operations; many are refused, and some were made before."""
    for what, author, other, room, number, words in steps:
        at, nick = next(clock), NICKS[author]
        if what == "whispered":
            yield Draft(Kind.WHISPERED, author, nick, at, text=words, reader=other, to=NICKS[other])
        elif what == "private reply":
            yield Draft(
                Kind.WHISPERED, author, nick, at, text=words, reader=other, to=NICKS[other], reply=1 + number % 9
            )
        elif what == "acted privately":
            yield Draft(Kind.ACTED, author, nick, at, text=words, reader=other, to=NICKS[other])
        elif what == "called":
            yield Draft(Kind.ACTED if number % 2 else Kind.SAID, author, nick, at, room, words, all=True)
        elif what == "reply":
            yield Draft(Kind.SAID, author, nick, at, room, words, reply=1 + number % 9)
        elif what == "several":
            yield Draft(Kind.SAID, author, nick, at, room, f"{words}\n\n  {words}")
        elif what in ("edited", "deleted"):
            text = words if what == "edited" else ""
            yield Draft(Kind(what), SERVER if number % 5 == 0 else author, nick, at, text=text, target=1 + number % 9)
        elif what == "deed":
            deed = Deed("kick", f"kicked {words}", NICKS[other], at + number if number % 2 else None, words)
            yield Draft(Kind.MODERATED, author, nick, at, room if number % 3 else "", deed.encode())
        elif what == "fact":
            made = facts(author, other, room, number, words, at)
            yield Amendment(SERVER, at, (made[number % len(made)].put(),))
        elif what == "read":
            yield ReadUpTo(author, ("", "lobby", talk(other))[number % 3], 1 + number % 9, at)
        else:
            yield Draft(Kind(what), author, nick, at, room, words)


class RoundTripTest(PlacesCase):
    def filled(self, place: Place, steps: Sequence[Step], clock: Iterator[float]) -> Lines:
        """Do what was drawn, and return the export."""
        made = [Account(nick, nick.lower(), author, "a hash", NOON) for author, nick in list(NICKS.items())[:2]]
        begin = [] if place.exported()[0]["head"] else [("said", ALICE, BOB, "lobby", 0, word) for word in "abc"]
        place.append(Amendment(SERVER, NOON, tuple(one.put() for one in made)), *operations([*begin, *steps], clock))
        return place.exported()

    def assert_sound(self, *places: Place) -> None:
        for place in places:
            self.assertEqual(place.faults(), [])

    @QUICK
    @given(STEPS)
    def test_into_an_empty_journal(self, steps: list[Step]) -> None:
        """What comes out of the other journal is what went in, but for the line that says which journal it is."""
        here, there = self.place(), self.place()
        lines = self.filled(here, steps, (NOON + n for n in count()))
        incoming = there.take(lines)
        self.assertEqual((incoming.posts["left out"], incoming.facts["left out"]), (0, 0))
        self.assertEqual(there.exported()[1:], lines[1:])
        self.assert_sound(there)
        self.assert_unchanged(there, lines)
        self.assert_unchanged(here, lines)
        self.assert_unchanged(here, there.exported())

    @QUICK
    @given(STEPS, STEPS)
    def test_later(self, first: list[Step], second: list[Step]) -> None:
        """An old export changes nothing where more was said, edited and deleted; a new one brings what is new."""
        here, there = self.place(), self.place()
        clock = (NOON + n for n in count())
        old = self.filled(here, first, clock)
        there.take(old)
        new = self.filled(here, second, clock)
        self.assert_unchanged(here, old)
        there.take(new)
        self.assertEqual(posts(there.exported()), posts(new))
        self.assert_sound(there)
        for lines in (old, new, there.exported()):
            self.assert_unchanged(there, lines)
            self.assert_unchanged(here, lines)

    @QUICK
    @given(STEPS, STEPS, STEPS)
    def test_copies(self, common: list[Step], mine: list[Step], theirs: list[Step]) -> None:
        """Copies of a journal in which different things were said have the same posts once each took the other's.

        How far people have read is left out: a position is a number, below which copies have different messages.
        """
        common, mine, theirs = ([step for step in steps if step[0] != "read"] for steps in (common, mine, theirs))
        here = self.place()
        clock = (NOON + n for n in count())
        self.filled(here, common, clock)
        copy, third = self.copy(here), self.place()
        first, second = self.filled(here, mine, clock), self.filled(copy, theirs, clock)
        here.take(second)
        copy.take(first)
        self.assert_sound(here, copy)
        self.assertEqual(self.shown(here.exported()), self.shown(copy.exported()))
        third.take(second)
        third.take(here.exported())
        self.assert_sound(third)
        self.assertEqual(self.shown(third.exported()), self.shown(here.exported()))
        for place in (here, copy, third):
            for lines in (first, second, here.exported(), copy.exported(), third.exported()):
                self.assert_unchanged(place, lines)

    def shown(self, lines: Lines) -> list[str]:
        """Return what a reader sees of each post, whatever its number; who of two deleted a message may differ."""
        parts = ("kind", "room", "nick", "author", "at", "text", "edited", "reader", "to", "message_at")
        return sorted(repr([line.get(part) for part in parts] + ["deleted_by" in line]) for line in posts(lines))
