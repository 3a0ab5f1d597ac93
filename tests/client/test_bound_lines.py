"""A client among kicks, locks, cuts and servers that forget: no line is said where its author did not see it go."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from twisted.internet.task import Clock

from groupchat.client.client import Client
from groupchat.client.core.client_errors import ClientError
from groupchat.client.core.client_state import State
from tests.client.fakes import FakeConnection, FakeEndpoint

ROOMS = ("lobby", "dev", "ops")
NOWHERE = "-"
"""Stands for the room of a line whose author was told that it will be refused."""


class RightRoomMachine(RuleBasedStateMachine):
    """One client, and a server in memory that carries out its requests when the machine wants."""

    def __init__(self) -> None:
        super().__init__()
        self.clock, self.endpoint = Clock(), FakeEndpoint()
        self.client = Client(self.endpoint, "bot", self.clock, backoff=lambda failures: 1.0)
        self.client.start().addErrback(lambda failure: None)
        self.rooms, self.current = ["lobby", "ops", "dev"], "dev"
        self.locked: set[str] = set()
        self.meant: dict[str, str] = {}
        self.said: dict[str, str] = {}
        self.moves: list[str] = []
        """The rooms that the client has asked for and has no answer about, in their order."""
        self.requests: list[dict[str, Any]] = []
        self.connection: FakeConnection | None = None
        self.come()

    def come(self) -> None:
        """Let the client in."""
        self.connection = self.endpoint.accept()
        (claim,) = self.connection.requests()
        fields = {"nick": "bot", "token": "t", "head": 0, "room": self.current, "rooms": [*self.rooms]}
        self.connection.send({"event": "welcome", "ref": claim["ref"], **fields})

    # What the program does

    @rule()
    def say(self) -> None:
        text = str(len(self.meant))
        self.meant[text] = self.moves[-1] if self.moves else self.client.room or NOWHERE
        self.client.say(text).addErrback(lambda failure: failure.trap(ClientError) and None)

    @rule(do=st.sampled_from(["join", "switch"]), room=st.sampled_from(ROOMS))
    def move(self, do: str, room: str) -> None:
        self.moves.append(room)
        asked = self.client.request(do, room=room)
        asked.addErrback(lambda failure: failure.trap(ClientError) and None)
        asked.addBoth(lambda _: self.moves.pop(0))

    # What the server does

    @rule(count=st.integers(2, 6))
    def serve(self, count: int) -> None:
        """Carry out the next requests."""
        for _ in range(count):
            assert self.connection is not None  # it is only while the client is cut off
            self.requests += self.connection.requests()
            if self.requests:
                self.carry_out(self.requests.pop(0))

    def carry_out(self, request: dict[str, Any]) -> None:
        assert self.connection is not None
        room = request.get("room", self.current)
        done: dict[str, Any] = {"event": "done", "ref": request["ref"]}
        refused = {"event": "refused", "ref": request["ref"], "code": "not-in-room", "text": "No."}
        match request["do"]:
            case "say" if room in self.rooms:
                self.said.setdefault(request["text"], room)
                self.connection.send({**done, "id": len(self.said)})
            case "join" if room not in self.locked:
                if room not in self.rooms:
                    self.rooms.append(room)
                    self.connection.send({"event": "entered", "room": room})
                self.current = room
                self.connection.send({**done, "room": room})
            case "switch" if room in self.rooms:
                self.current = room
                self.connection.send({**done, "room": room})
            case "set" | "ping":
                self.connection.send(done)
            case _:
                self.connection.send(refused)

    @precondition(lambda self: self.current)
    @rule(locks=st.booleans())
    def put_out(self, locks: bool) -> None:
        """Put the client out of its current room, whether it is connected or not."""
        lost = self.current
        self.rooms.remove(lost)
        self.current = self.rooms[-1] if self.rooms else ""
        if locks:
            self.locked.add(lost)
        if self.connection is not None:
            departed = {"room": lost, "code": "kicked", "reason": "", "current": self.current}
            self.connection.send({"event": "departed", **departed})

    @rule()
    def unlock(self) -> None:
        self.locked.clear()

    @rule(forgets=st.booleans(), lines=st.integers(0, 2), puts_out=st.booleans())
    def cut(self, forgets: bool, lines: int, puts_out: bool) -> None:
        """Lose the connection, and perhaps where the client was; lines are typed until it is back."""
        assert self.connection is not None
        self.connection.cut()
        self.connection = None
        self.requests.clear()
        if forgets:
            self.rooms, self.current = ["lobby"], "lobby"
        elif puts_out and self.current:
            self.put_out(locks=True)
        for _ in range(lines):
            self.say()
        self.clock.advance(2)
        self.come()

    @invariant()
    def in_its_room(self) -> None:
        """Whatever is said is said where its author saw it go when saying it."""
        assert {text: self.meant[text] for text in self.said} == self.said
        assert self.client.state is not State.FAILED


RightRoomTest = RightRoomMachine.TestCase
RightRoomTest.settings = settings(deadline=None, max_examples=60, stateful_step_count=20)
