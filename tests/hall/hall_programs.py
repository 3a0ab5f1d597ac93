"""People at programs who believe what they are shown, and what is known from all of them."""

import json
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from groupchat.doors.factory import ChatFactory
from groupchat.journals.cluster.cluster_journal import ClusterJournal

SECRET = "correct horse"
"""The password of the one account."""

UNSURE = "not sure to outlast a restart"
"""Part of the answer when somebody has moved and that could not be stored."""

DOUBTFUL = ("journal-unavailable", "node-lost")
"""Refusals after which something may be done anyway."""

PASSER = "passer"
"""How the nicknames begin of people who are erased."""

_SOMEBODY = re.compile(rf"{PASSER}\d+|forgotten-[0-9a-f]{{8}}")


class Node(Protocol):
    """Where programs connect."""

    factory: ChatFactory
    journal: ClusterJournal
    people: "list[Program]"
    is_up: bool


@dataclass
class Reading:
    """How a message may read: ``done`` has the changes that were confirmed, by their numbers, ``asked`` the others."""

    done: dict[int, str | None] = field(default_factory=dict)
    asked: list[str | None] = field(default_factory=list)

    def answered(self, text: str | None, event: dict[str, Any]) -> None:
        """Note what became of a change."""
        if event["event"] == "done":
            self.done[event["id"]] = text
        if event.get("code") not in DOUBTFUL:
            self.asked.remove(text)

    def allows(self, text: str | None, first: str) -> bool:
        """Say whether a message may read like this now.  :param first: as it was said."""
        if None in self.done.values():
            return text is None
        return text in self.asked or text == (self.done[max(self.done)] if self.done else first)


@dataclass
class Truth:
    """What is known from all programs.

    ``shown``: for each number what was shown under it first, to anybody.
    ``readers``: for each number that was shown in private, to whom.
    ``readings``: of what somebody wanted to change.
    ``ended``: the tokens that work no longer, as their owner was told.
    """

    shown: dict[int, tuple[Any, ...]] = field(default_factory=dict)
    readers: dict[int, set[str]] = field(default_factory=dict)
    readings: defaultdict[int, Reading] = field(default_factory=lambda: defaultdict(Reading))
    ended: set[str] = field(default_factory=set)


class Program:
    """Somebody at a program, and what it knows from what it was shown.

    ``truth``: what is known from all programs.
    """

    def __init__(self, name: str, truth: Truth, nick: str = "") -> None:
        self.name = name
        self.has_account = bool(nick)
        self.truth = truth
        self.site: Node | None = None
        self.token: str | None = None
        self.access = ""
        """The access token that it comes in with, instead of the password."""
        self.nick = nick or name
        self.last = self.head = 0
        """The highest number it was shown, and the newest one when it came in without having been here before."""
        self.seen: set[int] = set()
        self.rooms: dict[str, set[str]] = {}
        self.before: set[str] | None = None
        """The rooms that it must be in when it comes back by its token; None: it is not sure of them."""
        self.is_sure = True
        self.knows_rooms = True
        """False once somebody was put out, perhaps without being told."""
        self.sent: dict[str, int | None] = {}
        """What it has said, and the number that it was told for it."""
        self.saying: dict[int, str] = {}
        """What it says just now, by the ref of the request."""
        self.changing: dict[int, tuple[int, str | None]] = {}
        """What it changes just now, by the ref of the request: the number, and how it is to read."""
        self.ending: dict[int, list[str]] = {}
        """The tokens that it ends just now, by the ref of the request."""
        self.is_thief = False
        """Whether it came in by a token that works no longer, as is known."""
        self.asked = 0
        self.open: dict[int, str] = {}
        """What it has asked for on its connection, and that is not answered yet."""
        self.answers: dict[int, dict[str, Any]] = {}
        self.is_in = self.is_refused = False

    def connect(self, site: Node) -> None:
        """Connect to a node, and come in, as who it was before."""
        self.open.clear()
        self.site = site
        site.people.append(self)
        self.transport = cast(Any, StringTransport())
        self.transport.protocol = site.factory.buildProtocol(IPv4Address("TCP", "192.0.2.1", 4321))
        self.transport.protocol.makeConnection(self.transport)
        self.come_in()

    def come_in(self) -> None:
        """Ask for a nickname."""
        self.is_refused = False
        self.is_thief = self.token in self.truth.ended
        more: dict[str, Any] = {"rooms": ["dev", "lobby"]}
        if self.has_account:
            more["password"] = SECRET
        if self.token:
            more = {"token": self.token, "since": self.last}
        if self.access:
            more |= {"access": self.access}
            more.pop("password", None)
        self.ask("nick", nick=self.nick, **more)

    def ask(self, do: str, **fields: Any) -> int:
        """Ask for something; return the ref."""
        self.asked += 1
        if self.site is not None:
            line = json.dumps({"do": do, "ref": self.asked, **fields}).encode() + b"\n"
            self.open[self.asked] = do
            self.transport.protocol.dataReceived(line)
        return self.asked

    def say(self, text: str) -> None:
        """Say something, once however often that is tried."""
        self.sent[text] = None
        if self.is_in:
            self.say_again(text)

    def say_again(self, text: str) -> None:
        """Say something that was perhaps said already."""
        self.saying[self.ask("say", text=text, key=text, room="lobby")] = text

    def change(self, number: int, text: str | None) -> int:
        """Let a message read otherwise, or (None) delete it; return the ref."""
        self.truth.readings[number].asked.append(text)
        ref = self.ask("delete", id=number) if text is None else self.ask("edit", id=number, text=text)
        self.changing[ref] = (number, text)
        return ref

    def end(self, tokens: list[str]) -> None:
        """End all other tokens of the account, these among them."""
        self.ending[self.ask("logout", connection="others")] = tokens

    def lost(self) -> None:
        """Lose the connection."""
        if self.site is not None:
            self._take()
            site, self.site = self.site, None
            site.people.remove(self)
            self.note_rooms()
            self.is_in = False
            self.rooms, self.saying, self.changing, self.ending = {}, {}, {}, {}
            if site.is_up:
                self.transport.protocol.connectionLost(Failure(ConnectionDone()))

    def note_rooms(self) -> None:
        """Note the rooms it is in, as its connection ends; not if it was just going into one, or out of it."""
        if self.is_in:
            is_moving = any(do in ("join", "leave") for do in self.open.values())
            self.before = set(self.rooms) if self.is_sure and self.knows_rooms and not is_moving else None

    def hear(self) -> None:
        """Take what came; the end of the connection, too."""
        if self.site is not None:
            self._take()
            if self.transport.disconnecting:
                self.lost()

    def _take(self) -> None:
        text = self.transport.value().decode()
        self.transport.clear()
        for line in text.splitlines():
            if line.startswith("{"):
                self._hear(json.loads(line))

    def _hear(self, event: dict[str, Any]) -> None:
        kind, room, nick = event["event"], event.get("room", ""), event.get("nick", "")
        if kind == "refused" or kind == "done" or kind == "listed":
            self._answered(event)
        elif kind == "welcome":
            assert not self.is_thief, (self.name, event)
            self.open.pop(event.get("ref", 0), None)
            if self.before is not None and self.knows_rooms:
                assert set(event["rooms"]) == self.before, (self.name, event, self.before)
            self.before, self.is_sure = None, True
            self.is_in, self.nick, self.token = True, nick, event["token"] or self.token
            self.head = 0 if self.seen or self.last else event["head"]
            self.last = self.last or event["head"]
            for said in [said for said, number in self.sent.items() if number is None]:
                self.say_again(said)
        elif kind == "entered":
            self.rooms[room] = {one["nick"] for one in event["people"]}
            assert len(self.rooms[room]) == len(event["people"]), event
        elif kind == "departed":
            self.rooms.pop(room, None)
        elif "id" in event and kind != "done":
            self._read(event)
        elif kind in ("joined", "many-joined"):
            self.rooms.get(room, set()).update(event.get("nicks", [nick]))
        elif kind in ("left", "many-left"):
            self.rooms.get(room, set()).difference_update(event.get("nicks", [nick]))
        elif kind == "renamed":
            self._renamed(nick, event["new"])

    def _answered(self, event: dict[str, Any]) -> None:
        self.answers[event.get("ref", 0)] = event
        self.open.pop(event.get("ref", 0), None)
        text = self.saying.pop(event.get("ref", 0), None)
        if text is not None and event.get("id"):
            self.sent[text] = event["id"]
        ended = self.ending.pop(event.get("ref", 0), [])
        if event["event"] == "done":
            self.truth.ended.update(ended)
        changed = self.changing.pop(event.get("ref", 0), None)
        if changed is not None:
            self.truth.readings[changed[0]].answered(changed[1], event)
        if UNSURE in event.get("text", ""):
            self.is_sure = False
        if event["event"] == "done" and event.get("nick"):
            self._renamed(self.nick, event["nick"])
        self.is_refused = event["event"] == "refused" and not self.is_in
        if event.get("code") == "token-invalid":  # it was given out just before the node was killed
            self.forget()
        elif event.get("code") == "nick-taken" and not (self.is_in or self.has_account):
            self.nick = f"{self.name}{self.asked}"

    def forget(self) -> None:
        """Be somebody new, who has seen nothing."""
        self.token, self.last, self.seen, self.before = None, 0, set(), None
        self.sent = {text: number for text, number in self.sent.items() if number is not None}

    def _renamed(self, nick: str, new: str) -> None:
        for people in [people for people in self.rooms.values() if nick in people]:
            people.discard(nick)
            people.add(new)
        if nick == self.nick:
            self.nick = new

    def _read(self, event: dict[str, Any]) -> None:
        number, kind = event["id"], event["event"]
        shown = (event["event"], event["nick"], event.get("text"), event["room"])
        # What was said in private while an account was away is shown after what was said in the room.
        is_missed = not event["room"] and number <= self.head
        assert number > self.last or not self.seen or is_missed, (self.name, number, self.last)
        assert number not in self.seen, (self.name, event)
        known = self.truth.shown.setdefault(number, shown)
        # What was changed since is shown as it is now: an edit perhaps by whoever deleted the message with it.
        # So is what somebody said who was erased since, or what was done about them.
        is_erased = any(_SOMEBODY.search(str(one)) for one in (known, shown))
        if "edited" in (kind, known[0]) or number in self.truth.readings or is_erased:
            assert known[3] == shown[3], (self.name, event, known)
        else:
            assert known == shown, (self.name, event, known)
        if not event["room"]:
            readers = self.truth.readers.setdefault(number, set())
            readers.add(self.name.partition("'")[0])
            assert len(readers) <= 2, (event, readers)
        self.last = max(self.last, number) if self.seen else number
        self.seen.add(number)
