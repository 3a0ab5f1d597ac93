"""Decisions, undone and decided again on copies and strangers, with exports old and new, in whatever order."""

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from groupchat.facts.typed import TypedFact
from groupchat.model.drafts import Fact, FactChange
from tests.admin.cases import ALICE, BOB, NOON, account
from tests.exchange.places import Lines, Place, PlacesCase
from tests.exchange.test_incoming import amended, mute, said
from tests.exchange.test_undone import operator

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["decide", "decide", "undo", "undo", "say", "export", "export", "take", "take", "take"]),
        st.integers(0, 2),
        st.integers(0, 8),
        st.integers(-120, 120),
    ),
    min_size=10,
    max_size=30,
)
QUICK = settings(
    max_examples=25, phases=(Phase.explicit, Phase.generate), deadline=None, suppress_health_check=list(HealthCheck)
)

NICKS = ("eve", "mallory")

Decision = tuple[str, str, float]
"""The kind and the name of what was decided, and when."""


class OrdersTest(PlacesCase):
    """Compared with what people would expect: a decision comes where it never was, if nothing stands in its place."""

    @QUICK
    @given(STEPS)
    def test_any_order(self, steps: list[tuple[str, int, int, int]]) -> None:
        first = self.place()
        first.append(amended(account("alice", ALICE).put(), account("bob", BOB).put(), mute("eve", -500).put()))
        first.append(amended(operator(BOB, -500).put()), said("a"))
        places = [first, self.copy(first), self.place()]
        seen: list[set[Decision]] = [set(self.true(place)) for place in places]
        exports: list[tuple[Lines, set[Decision]]] = [(first.exported(), set(self.true(first)))]
        for turn, (what, which, number, minutes) in enumerate(steps):
            place = places[which]
            when = minutes + turn / 1000  # no two decisions are of the same millisecond, whatever the clocks say
            if what == "decide" and self.has_accounts(place):
                decided: TypedFact = operator(BOB, when) if number % 2 else mute(NICKS[number // 4 % 2], when)
                place.append(amended(decided.put()))
            elif what == "undo" and self.true(place):
                kind, name, _ = self.true(place)[number % len(self.true(place))]
                place.append(amended(FactChange(Fact(kind, name, None))))
            elif what == "say":
                place.append(said(f"{turn}", minutes))
            elif what == "export":
                exports.append((place.exported(), set(self.true(place))))
            elif what == "take":
                lines, has = exports[number % len(exports)]
                before = self.true(place)
                names = {one[:2] for one in before}
                expected = {*before, *(one for one in has - seen[which] if one[:2] not in names)}
                incoming = place.take(lines)
                self.assertEqual(set(self.true(place)), expected)
                left_out = len(has) - len(expected) + len(before) - len(has & set(before))
                self.assertEqual(sum(incoming.reasons.values()), left_out)
                seen[which] |= has
            seen[which] |= set(self.true(place))
        for place in places:
            self.assertEqual(place.faults(), [])

    def has_accounts(self, place: Place) -> bool:
        return bool(place.query("SELECT 1 FROM facts WHERE kind = 'account' AND name = 'bob'"))

    def true(self, place: Place) -> list[Decision]:
        query = "SELECT kind, name, json_extract(value, '$.at') FROM facts WHERE kind IN ('rank', 'mute') ORDER BY 1, 2"
        return [(kind, name, round(at - NOON, 3)) for kind, name, at in place.query(query)]
