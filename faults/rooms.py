"""Rooms: kill -9 just after people were told where they are; they must be there when they come back."""

import json
import random
import socket
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from faults.trial import HOST, START_S, Trial, Verdict
from groupchat.disk.socket_paths import socket_address
from tests.functional.harness import TWISTD, Daemon

WALKERS = 8
"""As many clients, half of them with accounts."""

ROOMS = ("lobby", "red", "green", "blue", "gold")

MOVES = 6
"""The most moves of one client in a round."""

PASSWORD = "correct horse battery"

AFTER_S = 0.01
"""Seconds from the last answer to the kill."""


class Talk:
    """A connection that speaks JSON Lines, one request after the other."""

    def __init__(self, address: tuple[str, int] | Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX if isinstance(address, Path) else socket.AF_INET)
        self._socket.settimeout(START_S)
        if isinstance(address, Path):
            with socket_address(address) as fitting:
                self._socket.connect(fitting)
        else:
            self._socket.connect(address)
        self._lines = self._socket.makefile("rb")
        self._refs = 0
        self.told: list[dict[str, Any]] = []
        """What came unasked."""

    def ask(self, **request: object) -> dict[str, Any]:
        """Send a request, and return its answer."""
        self._refs += 1
        self._socket.sendall(json.dumps({**request, "ref": self._refs}).encode() + b"\n")
        while True:
            event = self._next()
            if event.get("ref") == self._refs:
                return event
            self.told.append(event)

    def hear(self, name: str) -> dict[str, Any]:
        """Return the first event of this name that came or comes."""
        while not (found := [event for event in self.told if event.get("event") == name]):
            self.told.append(self._next())
        return found[0]

    def close(self) -> None:
        """Drop the connection."""
        self._lines.close()
        self._socket.close()

    def _next(self) -> dict[str, Any]:
        while True:
            line = self._lines.readline()
            if not line:
                raise AssertionError("the daemon closed a connection")
            if line.startswith(b"{"):
                event: dict[str, Any] = json.loads(line)
                return event


class Walker:
    """A client that goes from room to room, and knows where it was told to be.

    ``rooms``: in the order joined; ``current``: where its lines go; ``lost``: the room it was put out of last, until it
    says something or moves.
    """

    def __init__(self, number: int, chance: random.Random) -> None:
        self.nick = f"walker{number}"
        self.has_account = number % 2 == 0
        self.rooms: list[str] = ["lobby"]
        self.current = "lobby"
        self.lost = ""
        self._chance = chance
        self._token = ""
        self.talk: Talk | None = None

    def come(self, port: int) -> str:
        """Come in, by the token if there is one; return what is wrong with where it is."""
        self.talk = Talk((HOST, port))
        claim: dict[str, object] = {"nick": self.nick, "since": "head"}
        if self._token:
            claim["token"] = self._token
        elif self.has_account:
            claim |= {"password": PASSWORD, "register": True}
        welcome = self.talk.ask(do="nick", **claim)
        if welcome.get("event") != "welcome":
            return f"{self.nick} was refused: {welcome}"
        self._token = str(welcome["token"])
        return self._compare("by its token", welcome)

    def log_in(self, port: int) -> str:
        """Come in by the password, on one more connection; return what is wrong with where it is."""
        talk = Talk((HOST, port))
        welcome = talk.ask(do="nick", nick=self.nick, password=PASSWORD, since="head")
        talk.close()
        return self._compare("by its password", welcome)

    def say(self) -> str:
        """Say something without a room; return what is wrong: it must be refused once after the room was lost."""
        assert self.talk is not None
        expected = "room-lost" if self.lost else "" if self.current else "not-in-room"
        answer = self.talk.ask(do="say", text="here")
        lost, self.lost = self.lost, ""
        if answer.get("code", "") != expected:
            return f"{self.nick} lost {lost or 'nothing'}, and was answered {answer} when it said something"
        return ""

    def move(self) -> None:
        """Join, leave or switch."""
        assert self.talk is not None
        elsewhere = [room for room in ROOMS if room not in self.rooms]
        room = self._chance.choice(elsewhere or ROOMS)
        does = "join"
        if self.rooms and self._chance.random() < 0.6:
            does, room = self._chance.choice(["leave", "switch"]), self._chance.choice(self.rooms)
        self.leave(room) if does == "leave" else self.go(does, room)

    def go(self, does: str, room: str) -> None:
        """Join a room, or switch to it."""
        self._do(does, room)
        if does == "join" and room not in self.rooms:
            self.rooms.append(room)
        self.current, self.lost = room, ""

    def leave(self, room: str) -> None:
        """Leave a room; in the one that lines go to after a loss one names it."""
        self._do("leave", room)
        self._drop(room)

    def put_out(self, control: Talk) -> None:
        """Be put out of the current room."""
        assert self.talk is not None
        room = self.current
        control.ask(do="kick", nick=self.nick, room=room)
        self.talk.hear("departed")
        self.talk.told.clear()
        self._drop(room)
        self.lost = room

    def close(self) -> None:
        """Drop the connection."""
        if self.talk is not None:
            self.talk.close()

    def _drop(self, room: str) -> None:
        self.rooms.remove(room)
        if room == self.current:
            self.current = self.rooms[-1] if self.rooms else ""

    def _do(self, name: str, room: str) -> None:
        assert self.talk is not None
        answer = self.talk.ask(do=name, room=room)
        self.talk.told.clear()
        if answer.get("event") != "done":
            raise AssertionError(f"{name} {room} was answered {answer}")

    def _compare(self, how: str, welcome: dict[str, Any]) -> str:
        found = (list(welcome.get("rooms", ())), welcome.get("room"))
        if found == (self.rooms, self.current):
            return ""
        return f"{self.nick} was in {self.rooms} and spoke in {self.current!r}, and {how} came back in {found}"


def remembered(trial: Trial, program: Sequence[str] = TWISTD) -> Verdict:
    """Move, kill 10 ms after the last answer, start, come back; everybody must be where they were told to be.

    :param program: the daemon.
    """
    rounds = 30 if trial.full else 5
    chance = random.Random(rounds)
    walkers = [Walker(number, chance) for number in range(WALKERS)]
    moves = kicks = done = 0
    while done < rounds:
        daemon: Daemon = trial.start(program=program)
        wrong = _come_back(trial, walkers, daemon.port)
        if wrong:
            return Verdict(False, f"after {done} kills and {moves} moves {len(wrong)} faults; {wrong[0]}")
        control = Talk(trial.folder / "data" / "control")
        for walker in chance.sample(walkers, WALKERS):
            for _ in range(chance.randint(0, MOVES)):
                walker.move()
                moves += 1
            if walker.current and chance.random() < 0.4:
                walker.put_out(control)
                kicks += 1
        time.sleep(AFTER_S)
        daemon.kill()
        control.close()
        for walker in walkers:
            walker.close()
        done += 1
    return Verdict(True, f"{rounds} kills, {moves} moves, {kicks} times put out: everybody came back where they were")


def _come_back(trial: Trial, walkers: Sequence[Walker], port: int) -> list[str]:
    """Let everybody come in; return what is wrong."""
    found = []
    for walker in walkers:
        found.append(walker.come(port))
        trial.at_end(walker.close)
    found += [walker.log_in(port) for walker in walkers if walker.has_account]
    found += [walker.say() for walker in walkers]
    return [fault for fault in found if fault]
