"""The data that a client needs to come back as the same person."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.core.protocol import Message
from groupchat.client.core.resumption import CONTEXT, GHOST, Resumption


def welcome(room: str = "lobby", head: int = 0, token: str = "t", **more: Any) -> Message:
    """The server's welcome."""
    return {"event": "welcome", "nick": "al", "room": room, "head": head, "token": token, **more}


def said(number: object) -> Message:
    return {"event": "said", "id": number, "room": "lobby", "nick": "bob", "text": "hi"}


class ClaimTest(SynchronousTestCase):
    def test_smallest(self) -> None:
        """A claim has what is known, and nothing else."""
        self.assertEqual(Resumption("al").claim(), {"do": "nick", "nick": "al"})

    def test_everything(self) -> None:
        """A password, a token, a position, a person and rooms go with it."""
        claim = Resumption("al", token="t", since=7, password="p", attended=True, rooms=["dev"]).claim()
        self.assertEqual(
            claim,
            {
                "do": "nick",
                "nick": "al",
                "since": 7,
                "token": "t",
                "password": "p",
                "attended": True,
                "rooms": ["dev"],
            },
        )

    def test_quiet(self) -> None:
        """A quiet client asks for no rooms."""
        self.assertEqual(
            Resumption("al", quiet=True, rooms=["dev"]).claim(), {"do": "nick", "nick": "al", "quiet": True}
        )

    def test_program(self) -> None:
        """A program by itself says so each time, and asks for its rooms."""
        resumption = Resumption("al", program=True, rooms=["dev"])
        self.assertEqual((resumption.claim()["program"], resumption.claim()["rooms"]), (True, ["dev"]))
        self.assertNotIn("program", Resumption("al").claim())

    def test_marks(self) -> None:
        """A client that says itself what was read says so each time."""
        resumption = Resumption("al", marks=True)
        resumption.welcomed(welcome(head=7))
        self.assertIs(resumption.claim()["marks"], True)
        self.assertNotIn("marks", Resumption("al").claim())

    def test_head(self) -> None:
        """A client that wants nothing old asks for the head first, and then for all after the head it met."""
        resumption = Resumption("al", since="head")
        self.assertEqual(resumption.claim()["since"], "head")
        resumption.welcomed(welcome(head=7))
        self.assertEqual(resumption.claim()["since"], 7)

    def test_nothing_read(self) -> None:
        """A client that was in and has read nothing asks for what it was about to be shown."""
        resumption = Resumption("al")
        resumption.welcomed(welcome(head=100))
        resumption.welcomed(welcome(head=200))
        self.assertEqual(resumption.claim()["since"], 100 - CONTEXT)
        resumption = Resumption("al")
        resumption.welcomed(welcome(head=5))
        self.assertEqual(resumption.claim()["since"], 0)


class RefusalTest(SynchronousTestCase):
    def test_forgotten_token(self) -> None:
        """A token that the server has forgotten is not tried again."""
        resumption = Resumption("al", token="t")
        self.assertTrue(resumption.refused("token-invalid", 0))
        self.assertNotIn("token", resumption.claim())
        self.assertFalse(resumption.refused("token-invalid", 0))

    def test_alternatives(self) -> None:
        """Other nicknames are tried in their order, until there is none left."""
        resumption = Resumption("al", ["bo", "cy"])
        self.assertTrue(resumption.refused("nick-taken", 0))
        self.assertEqual(resumption.claim()["nick"], "bo")
        self.assertTrue(resumption.refused("nick-reserved", 0))
        self.assertEqual(resumption.claim()["nick"], "cy")
        self.assertFalse(resumption.refused("nick-taken", 0))
        self.assertEqual(resumption.nick, "cy")

    def test_other_codes(self) -> None:
        """No other nickname helps against anything else."""
        for code in ("banned", "password-needed", "server-full"):
            self.assertFalse(Resumption("al", ["bo"]).refused(code, 0))

    def test_own_ghost(self) -> None:
        """A nickname that the client's own dead connection may hold is waited for, for some time."""
        resumption = Resumption("al", ["bo"])
        resumption.unwelcomed(10)
        self.assertFalse(resumption.refused("nick-taken", 11))
        self.assertTrue(resumption.haunted("nick-taken", 10 + GHOST - 1))
        self.assertFalse(resumption.haunted("nick-taken", 10 + GHOST))
        self.assertFalse(resumption.haunted("nick-reserved", 11))
        self.assertTrue(resumption.refused("nick-taken", 10 + GHOST))

    def test_ghost_with_a_token(self) -> None:
        """With a token the time begins with the first refusal, and is forgotten with a welcome."""
        resumption = Resumption("al", token="t")
        self.assertTrue(resumption.haunted("nick-taken", 10))
        self.assertFalse(resumption.haunted("nick-taken", 10 + GHOST))
        resumption.welcomed(welcome())
        self.assertTrue(resumption.haunted("nick-taken", 10 + GHOST))


class RoomsTest(SynchronousTestCase):
    def joined(self, answer: Message, **options: Any) -> tuple[Resumption, list[str]]:
        """Return the resumption after this welcome, and the rooms it had to join itself."""
        resumption = Resumption("al", **options)
        resumption.welcomed(answer)
        moves = []
        while (room := resumption.missing_room()) is not None:
            moves.append(room)
            resumption.moved()
        return resumption, moves

    def test_moves(self) -> None:
        """Only rooms that the server has not put the client in are joined, and the last one ends up current."""
        for wanted, now, moves in (
            (["dev"], ["dev"], []),
            (["Dev"], ["dev"], []),
            (["dev"], ["lobby"], ["dev"]),
            (["dev"], ["dev", "lobby"], ["dev"]),
            (["dev", "ops"], ["dev"], ["ops"]),
            (["dev", "ops"], ["ops"], ["dev", "ops"]),
            (["dev", "ops"], ["dev", "ops"], []),
            ([], [], []),
        ):
            answer = welcome(now[-1] if now else "", rooms=now)
            resumption, made = self.joined(answer, rooms=wanted)
            self.assertEqual(made, moves, (wanted, now))
            self.assertEqual((resumption.room or "").casefold(), wanted[-1].casefold() if wanted else "")
            self.assertEqual(resumption.claim()["rooms"], wanted)

    def test_one_room(self) -> None:
        """A single room is gone to beside those that the server decides on."""
        resumption, moves = self.joined(welcome(rooms=["lobby"]), room="dev")
        self.assertEqual((moves, resumption.rooms), (["dev"], ("lobby", "dev")))
        self.assertNotIn("rooms", Resumption("al", room="dev").claim())

    def test_bound_room(self) -> None:
        """The room of a line is certain only when the server tells of every change of rooms."""
        self.assertEqual(self.joined(welcome(rooms=["lobby"]))[0].bound_room, "lobby")
        self.assertIsNone(self.joined(welcome())[0].bound_room)
        self.assertIsNone(Resumption("al").bound_room)

    def again(self, resumption: Resumption, **options: Any) -> tuple[list[str], str]:
        """Return the rooms to be joined after the welcome of another connection, and the room that was lost."""
        resumption.welcomed(welcome(**options))
        missing = resumption.missing_room()
        return [] if missing is None else [missing], resumption.lost

    def test_again(self) -> None:
        """On another connection the client goes back to the room it was in, if it is still in it; else it is lost."""
        for room, rooms, expected in (
            ("dev", ["lobby", "dev"], ([], "")),
            ("lobby", ["dev", "lobby"], (["dev"], "")),
            ("lobby", ["lobby"], ([], "dev")),
            ("", [], ([], "dev")),
        ):
            resumption, _ = self.joined(welcome("dev", rooms=["lobby", "dev"]))
            self.assertEqual(self.again(resumption, room=room, rooms=rooms), expected, rooms)

    def test_pinned(self) -> None:
        """The room the program asked for is joined again on every connection, whether it was put out of it or not."""
        for events in ([], [{"event": "departed", "room": "dev", "code": "kicked", "current": "lobby"}]):
            resumption, _ = self.joined(welcome(rooms=["lobby"]), room="Dev")
            for event in events:
                resumption.follow(event)
            self.assertEqual(resumption.bound_room, "Dev")
            self.assertEqual(self.again(resumption, room="lobby", rooms=["lobby"])[0], ["Dev"])

    def test_chosen(self) -> None:
        """Where the program goes by itself, it wants to be from then on; a refusal changes nothing."""
        for request, current, bound in (
            ({"do": "join", "room": "ops"}, "ops", "ops"),
            ({"do": "type", "line": "/s lobby"}, "lobby", "lobby"),
            ({"do": "list"}, "lobby", "dev"),
        ):
            resumption, _ = self.joined(welcome("dev", rooms=["lobby", "dev"]), room="dev")
            resumption.answered(request, {"event": "done", "room": current})
            self.assertEqual(resumption.bound_room, bound, request)
            resumption.answered(request, {"event": "refused", "room": "elsewhere"})
            self.assertEqual(resumption.bound_room, bound, request)

    def test_left_by_itself(self) -> None:
        """A room that the program leaves it does not want any more; one that it is put out of it does."""
        for code, rooms in (("left", ["lobby"]), ("kicked", ["lobby", "dev"])):
            resumption, _ = self.joined(welcome("dev", rooms=["lobby", "dev"]), rooms=["lobby", "dev"])
            resumption.follow({"event": "departed", "room": "dev", "code": code, "current": "lobby"})
            self.assertEqual(resumption.claim()["rooms"], rooms)
            self.assertEqual(resumption.take_lost(), "dev" if code == "kicked" else "")
            self.assertEqual(resumption.take_lost(), "")

    def test_put_out_person(self) -> None:
        """A person who is put out of a room is not brought back to it by their client."""
        resumption, _ = self.joined(welcome("dev", rooms=["dev"]), room="dev", attended=True)
        resumption.follow({"event": "departed", "room": "dev", "code": "kicked", "current": "lobby"})
        self.assertEqual(self.again(resumption, room="lobby", rooms=["lobby"])[0], [])
        self.assertEqual(resumption.bound_room, "lobby")

    def test_give_up(self) -> None:
        """Only a client that has been in, and has a person to tell, does without the room it is refused."""
        for attended, settled in ((True, True), (True, False), (False, True)):
            resumption = Resumption("al", room="dev", attended=attended)
            resumption.welcomed(welcome(rooms=["lobby"]))
            if settled:
                resumption.settled()
            self.assertIs(resumption.can_do_without(), attended and settled)
            self.assertEqual(resumption.missing_room(), None if attended and settled else "dev")
            self.assertEqual(resumption.lost, "dev" if attended and settled else "")

    def test_restored_rooms_are_refused(self) -> None:
        """A client whose token is forgotten asks for its rooms; if it may be in none, it comes in without."""
        for code in ("room-locked", "room-invalid", "banned"):
            resumption, _ = self.joined(welcome("dev", rooms=["dev"]))
            self.assertTrue(resumption.refused("token-invalid", 0))
            self.assertEqual(resumption.claim()["rooms"], ["dev"])
            self.assertTrue(resumption.refused(code, 0))
            self.assertNotIn("rooms", resumption.claim())
            self.assertFalse(resumption.refused(code, 0))
        wanted, _ = self.joined(welcome("dev", rooms=["dev"]), rooms=["dev"])
        wanted.refused("token-invalid", 0)
        self.assertFalse(wanted.refused("room-locked", 0))

    def test_query(self) -> None:
        """A private conversation ends where the program goes to a room, and not by any other answer."""
        resumption, _ = self.joined(welcome("lobby", rooms=["dev", "lobby"]))
        resumption.answered({"do": "query"}, {"event": "done", "query": "bob"})
        resumption.follow({"event": "renamed", "nick": "bob", "new": "bo"})
        resumption.answered({"do": "list"}, {"event": "done", "room": "lobby"})
        self.assertEqual(resumption.query, "bo")
        resumption.answered({"do": "switch", "room": "dev"}, {"event": "done", "room": "dev"})
        self.assertEqual(resumption.query, "")
        resumption.answered({"do": "query"}, {"event": "done", "query": "bob"})
        resumption.answered({"do": "query"}, {"event": "done", "query": ""})
        self.assertEqual(resumption.query, "")

    @given(st.lists(st.tuples(st.booleans(), st.sampled_from("abc"))))
    def test_follow(self, steps: list[tuple[bool, str]]) -> None:
        """Whatever is entered and departed from, the current room is the last of the rooms."""
        resumption, _ = self.joined(welcome(room="", rooms=[]))
        rooms: list[str] = []
        for enters, room in steps:
            rooms = [other for other in rooms if other != room] + [room] * enters
            event = {"event": "entered" if enters else "departed", "room": room, "current": rooms[-1] if rooms else ""}
            resumption.follow(event)
            self.assertEqual((resumption.rooms, resumption.room), (tuple(rooms), rooms[-1] if rooms else ""))


class PositionTest(SynchronousTestCase):
    def test_events(self) -> None:
        """Posts move the position, in the order of their numbers; nothing else does."""
        resumption = Resumption("al")
        for event, position in (
            (said(5), 5),
            (said(3), 5),
            ({"event": "joined", "id": 9}, 5),
            ({"event": "polled", "id": 9}, 5),
            (said("9"), 5),
            (said(True), 5),
            (said(6), 6),
        ):
            resumption.handled(event)
            self.assertEqual(resumption.since, position)

    def test_renamed(self) -> None:
        """The client's own new nickname is the one it comes back with."""
        resumption = Resumption("al")
        resumption.handled({"event": "renamed", "nick": "bob", "new": "bo"})
        resumption.handled({"event": "renamed", "nick": "al", "new": "ally"})
        self.assertEqual(resumption.claim()["nick"], "ally")

    @given(st.permutations(range(11, 19)), st.sets(st.integers(11, 18)))
    def test_any_order(self, order: list[int], own: set[int]) -> None:
        """Own numbers may come at any time: the position never passes a post that is still on its way."""
        resumption = Resumption("al", since=10)
        others = sorted(set(range(11, 19)) - own)
        handled: set[int] = set()
        for number in order:
            if number in own:
                resumption.posted(number)
                handled.add(number)
            else:
                other = others.pop(0)
                resumption.handled(said(other))
                handled |= {*range(11, other + 1)} - own
                handled.add(other)
            position = resumption.since
            assert type(position) is int
            missing = set(range(11, position + 1)) - handled
            self.assertLessEqual(missing, own - handled)
        self.assertEqual(resumption.since, 18)

    def test_claimed_anew(self) -> None:
        """Own numbers up to the position that a claim names will not be replayed, and are forgotten."""
        resumption = Resumption("al", since=10)
        resumption.welcomed(welcome(head=20))
        resumption.posted(11)
        self.assertTrue(resumption.knows(said(11)))
        self.assertEqual(resumption.claim()["since"], 11)
        self.assertFalse(resumption.knows(said(11)))

    def test_replayed(self) -> None:
        """An own post is known when a replay brings it, as long as it may."""
        resumption = Resumption("al", since=10)
        resumption.welcomed(welcome(head=20))
        resumption.posted(12)
        self.assertTrue(resumption.knows(said(12)))
        self.assertFalse(resumption.knows(said(11)))
        self.assertFalse(resumption.knows({"event": "joined", "id": 12}))
        resumption.handled(said(13))
        self.assertFalse(resumption.knows(said(12)))
