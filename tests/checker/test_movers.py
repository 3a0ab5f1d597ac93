"""Clients of a check that move: what they do, and what they notice."""

import json
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from groupchat.checker.ledger import Ledger, compare
from groupchat.checker.movers import PACE_S, Mover, MovingLoad

ONE, TWO, THREE = (f"verify-cafe-{number}" for number in (1, 2, 3))


class MoverCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.load = MovingLoad(("127.0.0.1", 1), Ledger("cafe"), 1, 10.0, movers=3)
        self.addCleanup(self.load.close)
        self.mover, self.other, _ = self.load.movers
        for mover in self.load.movers:
            self.tell(mover, event="welcome", token="t", head=10, room=TWO, rooms=[ONE, TWO])

    def tell(self, mover: Mover, **message: Any) -> None:
        mover.take(json.dumps(message).encode() + b"\r\n")

    def said(self, text: str, room: str = TWO, id: int = 11, mover: Mover | None = None) -> None:
        self.tell(mover or self.mover, event="said", id=id, room=room, nick="n", text=text)

    def whispered(self, text: str, mover: Mover) -> None:
        self.tell(mover, event="whispered", id=11, room="", nick="n", to="m", text=text)

    @property
    def faults(self) -> list[str]:
        return self.load.ledger.misplaced


class ShownTest(MoverCase):
    """The first client that moves has the number 2."""

    def test_where_it_was_said(self) -> None:
        """A line in the room that its author saw is in order; so is whatever is not of this check."""
        for text in ("cafe~3.1.1", "hello", "cafe.0.1", "beef~3.1.0"):
            self.said(text)
        self.said("cafe~3.2.0", ONE)
        self.assertEqual((self.faults, self.mover.last), ([], 11))

    def test_elsewhere(self) -> None:
        """A line in another room, or in private, is a fault."""
        self.said("cafe~3.1.0")
        self.assertEqual(self.faults, [f"client 2 was shown #11 of client 3 in {TWO}: it was said in {ONE}"])
        self.whispered("cafe~3.1.0", self.mover)
        self.assertEqual(self.faults[1:], [f"client 2 was shown #11 of client 3 in private: it was said in {ONE}"])

    def test_private(self) -> None:
        """A private line is for its author and its reader, and for no room."""
        for mover in (self.mover, self.other):
            self.whispered("cafe~3.1.@2", mover)
        self.assertEqual(self.faults, [])
        self.whispered("cafe~3.1.@4", self.mover)
        self.said("cafe~3.1.@2")
        self.assertEqual(self.faults, [
            "client 2 was shown #11 of client 3: it is private, and for client 4",
            f"client 2 was shown #11 of client 3 in {TWO}: it is private",
        ])  # fmt: skip

    def test_membership(self) -> None:
        """A line of a room is shown only between coming in and going out."""
        self.tell(self.mover, event="entered", room=THREE)
        self.said("cafe~3.1.2", THREE)
        self.assertEqual(self.faults, [])
        self.tell(self.mover, event="departed", room=THREE, code="left")
        self.said("cafe~3.1.2", THREE)
        self.assertEqual(self.faults, [f"client 2 was shown #11 of client 3 in {THREE}, where it is not"])
        self.assertFalse(compare(self.load.ledger, []).good)


class MovingTest(MoverCase):
    def ask(self, **request: Any) -> None:
        self.mover._request(request)

    def answer(self, **fields: Any) -> None:
        assert self.mover.pending is not None
        self.tell(self.mover, **{"event": "done", "ref": self.mover.pending["ref"], **fields})

    def back(self, room: str, *rooms: str) -> None:
        """Come back to these rooms, after the connection was lost."""
        self.mover.joined = False
        self.tell(self.mover, event="welcome", token="t", head=10, room=room, rooms=[*rooms])

    def test_moves(self) -> None:
        """It follows the answers to what it asked for, and counts them."""
        self.ask(do="join", room=THREE)
        self.answer(room=THREE)
        self.assertEqual((self.mover.room, self.mover.rooms), (THREE, {ONE, TWO, THREE}))
        self.ask(do="leave", room=THREE)
        self.answer(room=ONE)
        self.assertEqual((self.mover.room, self.mover.rooms), (ONE, {ONE, TWO}))
        self.ask(do="switch", room=TWO)
        self.answer(room=ONE)
        self.assertEqual(self.faults, [f"client 2 asked to switch {TWO}, and its lines go to {ONE}"])
        self.ask(do="say", text="x", key="x")
        self.answer(id=12)
        self.ask(do="say", text="y", key="y")
        self.answer(event="refused", code="muted")
        self.assertEqual((self.mover.ids, self.load.refused), ([12], {"muted": 1}))
        self.assertEqual(self.load.moves, {"join": 1, "leave": 1, "switch": 1, "say": 1})

    def test_back(self) -> None:
        """It must come back to where it was, or to where the request leads that was not answered."""
        for request, room, rooms, is_good in (
            (None, TWO, (ONE, TWO), True),
            (None, ONE, (ONE, TWO), False),
            (None, TWO, (TWO,), False),
            (None, "lobby", ("lobby",), False),
            ({"do": "join", "room": THREE}, THREE, (ONE, TWO, THREE), True),
            ({"do": "join", "room": THREE}, TWO, (ONE, TWO), True),
            ({"do": "join", "room": THREE}, TWO, (ONE, TWO, THREE), False),
            ({"do": "switch", "room": ONE}, ONE, (ONE, TWO), True),
            ({"do": "switch", "room": ONE}, TWO, (ONE, TWO), True),
            ({"do": "leave", "room": TWO}, ONE, (ONE,), True),
            ({"do": "leave", "room": TWO}, TWO, (ONE, TWO), True),
            ({"do": "leave", "room": TWO}, "lobby", (ONE,), False),
            ({"do": "say", "text": "x", "key": "x"}, ONE, (ONE, TWO), False),
        ):
            with self.subTest(request=request, room=room, rooms=rooms):
                self.setUp()
                if request is not None:
                    self.ask(**request)
                self.back(room, *rooms)
                self.assertEqual(not self.faults, is_good)
                self.assertEqual(self.mover.pending is not None, request is not None and "key" in request)
                self.assertEqual((self.mover.rooms, self.mover.room), (set(rooms), room))

    def test_never_elsewhere(self) -> None:
        """Put somewhere else, it says nothing there, but goes back."""
        self.back("lobby", "lobby")
        self.mover.go_on(1000.0)
        assert self.mover.pending is not None
        self.assertEqual((self.mover.pending["do"], self.mover.pending["room"]), ("join", ONE))

    def test_choices(self) -> None:
        """It does everything that there is to do, one thing at a time, and never leaves its last room."""
        now, done = 0.0, set()
        self.tell(self.mover, event="joined", room=ONE, nick=self.other.nick)
        for number in range(300):
            now += PACE_S
            self.mover.go_on(now)
            request = self.mover.pending
            assert request is not None
            self.mover.go_on(now + PACE_S)
            self.assertIs(self.mover.pending, request)
            done.add(request["do"])
            rooms = self.mover.rooms - {request.get("room")}
            after = sorted(rooms)[0] if request["do"] == "leave" else request.get("room", self.mover.room)
            self.answer(id=number, room=after)
            self.assertIn(self.mover.room, self.mover.rooms)
        self.assertLessEqual({"say", "msg", "switch", "join", "leave"}, done)
        self.assertEqual(self.faults, [])

    def test_known(self) -> None:
        """It writes only to those of whom it was shown that they are there: another node knows of them later."""
        one, two = self.other.nick, self.load.movers[2].nick

        def readers() -> set[str]:
            found = set()
            for number in range(200):
                self.mover.go_on(float(number))
                request = self.mover.pending
                assert request is not None
                found.add(request.get("nick", ""))
                self.mover.pending, self.mover._next_at = None, 0.0
            return found - {""}

        self.assertEqual(readers(), set())
        self.tell(self.mover, event="entered", room=ONE, people=[{"nick": self.mover.nick}, {"nick": one}])
        self.assertEqual(readers(), {one})
        self.tell(self.mover, event="many-joined", room=ONE, nicks=[two])
        self.tell(self.mover, event="left", room=ONE, nick=one, reason="", gone=False)
        self.assertEqual(readers(), {one, two})
        self.tell(self.mover, event="left", room=ONE, nick=one, reason="", gone=True)
        self.assertEqual(readers(), {two})
        self.tell(self.mover, event="many-left", room=ONE, nicks=[two], reason="", gone=True)
        self.assertEqual(readers(), set())

    def test_erase(self) -> None:
        """What it said is deleted at the end, too."""
        self.ask(do="say", text="x", key="x")
        self.answer(id=12)
        self.load.erase([], 0.0)
        self.assertEqual(self.load.left, 1)
