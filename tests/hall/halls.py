"""Three halls on one shared log in memory, with real doors, and people at programs who believe what they are shown."""

import json
from collections.abc import Iterator
from functools import partial
from typing import Any, cast

from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from groupchat.config.settings import Settings
from groupchat.doors.factory import ChatFactory
from groupchat.doors.reception import Reception
from groupchat.facts.account_facts import Account
from groupchat.hall.hall import Hall
from groupchat.journals.cluster.cluster_journal import ClusterJournal
from groupchat.journals.logs.memory_log import MemoryLog, SharedLog
from groupchat.journals.memory import MemoryJournal
from groupchat.model.events import SERVER, AuthorId
from groupchat.sessions.session import Session
from tests.fakes import FakePasswords, hashed
from tests.house import NOON

SETTINGS = Settings(zone="UTC", flood_burst=100000, notice_burst=100000, commit_refuse_s=5)
ROOMS = ("lobby", "dev")
SECRET = "correct horse"
OWNER = "olga"
"""The nickname of the one account, whose owner has several programs."""


class Site:
    """A node: its disk, which outlives it, and the process that runs now."""

    def __init__(self, shared: SharedLog, name: str, hours: float) -> None:
        self.name = name
        self.inner = MemoryJournal()
        self.hours = hours
        self.clock: Clock = cast(Clock, shared.clock)
        self._shared = shared
        self.broken: list[Failure] = []
        self.people: list[Program] = []
        self.start()

    def start(self) -> None:
        """Start a process on the disk of this node."""
        self.is_up = self.is_open = False
        self.log = MemoryLog(self._shared)
        self.journal = ClusterJournal(self.log, self.inner, self.name, self.clock)
        self.journal.start().addCallbacks(lambda _: self._open(), self.broken.append)
        self.is_up = True

    def _open(self) -> None:
        self.hall = Hall(
            self.journal, SETTINGS, self.clock, lambda: NOON + self.hours * 3600 + self.clock.seconds(), "1.0",
            lambda function: self.clock.callLater(0, function), FakePasswords(),
        )  # fmt: skip
        self.hall.health.on_broken = self.broken.append
        self.hall.open().addCallbacks(lambda _: self._opened(), self.broken.append)

    def _opened(self) -> None:
        self.reception = Reception(partial(Session, self.hall), SETTINGS, self.clock)
        self.factory = ChatFactory(self.reception)
        self.is_open = True

    def kill(self) -> None:
        """End the process without a farewell: nothing of it reaches the log any more, and its connections end."""
        self.log.cut = True
        self.journal._applying.break_off(Failure(ConnectionDone()))
        self.is_up = self.is_open = False
        for person in [*self.people]:
            person.lost()

    def in_room(self, room: str) -> list[str]:
        """Return the nicknames in a room, as this node knows them."""
        found = self.hall.rooms.find(room)
        return sorted(person.nick for person in found.people) if found is not None else []


class Program:
    """Somebody at a program, and what it knows from what it was shown.

    ``truth``: for each number what was shown under it, to anybody; ``claims`` what somebody said.
    """

    def __init__(self, name: str, truth: dict[int, tuple[Any, ...]], nick: str = "") -> None:
        self.name = name
        self.has_account = bool(nick)
        self.truth = truth
        self.site: Site | None = None
        self.token: str | None = None
        self.nick = nick or name
        self.last = 0
        self.seen: set[int] = set()
        self.rooms: dict[str, set[str]] = {}
        self.sent: dict[str, int | None] = {}
        """What it has said, and the number that it was told for it."""
        self.saying: dict[int, str] = {}
        """What it says just now, by the ref of the request."""
        self.asked = 0
        self.open: dict[int, str] = {}
        """What it has asked for on its connection, and that is not answered yet."""
        self.answers: dict[int, dict[str, Any]] = {}
        self.is_in = self.is_refused = False

    def connect(self, site: Site) -> None:
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
        more: dict[str, Any] = {"rooms": ["dev", "lobby"]}
        if self.has_account:
            more["password"] = SECRET
        if self.token:
            more = {"token": self.token, "since": self.last}
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

    def lost(self) -> None:
        """Lose the connection."""
        if self.site is not None:
            self._take()
            site, self.site = self.site, None
            site.people.remove(self)
            self.is_in = False
            self.rooms, self.saying = {}, {}
            if site.is_up:
                self.transport.protocol.connectionLost(Failure(ConnectionDone()))

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
            self.open.pop(event.get("ref", 0), None)
            self.is_in, self.nick, self.token = True, nick, event["token"] or self.token
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
        if event["event"] == "done" and event.get("nick"):
            self._renamed(self.nick, event["nick"])
        self.is_refused = event["event"] == "refused" and not self.is_in
        if event.get("code") == "token-invalid":  # it was given out just before the node was killed
            self.forget()
        elif event.get("code") == "nick-taken" and not (self.is_in or self.has_account):
            self.nick = f"{self.name}{self.asked}"

    def forget(self) -> None:
        """Be somebody new, who has seen nothing."""
        self.token, self.last, self.seen = None, 0, set()
        self.sent = {text: number for text, number in self.sent.items() if number is not None}

    def _renamed(self, nick: str, new: str) -> None:
        for people in [people for people in self.rooms.values() if nick in people]:
            people.discard(nick)
            people.add(new)
        if nick == self.nick:
            self.nick = new

    def _read(self, event: dict[str, Any]) -> None:
        number = event["id"]
        shown = (event["event"], event["nick"], event.get("text"), event["room"])
        assert number > self.last or not self.seen, (self.name, number, self.last)
        assert number not in self.seen, (self.name, event)
        assert self.truth.setdefault(number, shown) == shown, (self.name, event, self.truth[number])
        self.seen.add(number)
        self.last = number


class Halls:
    """Three nodes, and whoever is there."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.shared = SharedLog(self.clock)
        self.truth: dict[int, tuple[Any, ...]] = {}
        self.sites: list[Site] = []
        self.programs: dict[str, Program] = {}
        self.zombies: list[ClusterJournal] = []
        self.ghosts: list[tuple[ClusterJournal, Any]] = []
        """Connections that are lost, which their nodes do not know yet, with the processes that have them."""
        self._second = 0
        for name, hours in zip("abc", (0.0, 2.0, -2.0), strict=True):
            self.sites.append(Site(self.shared, name, hours))
            self.pass_time(1)
        owner = Account(OWNER, OWNER, AuthorId(7), hashed(SECRET), NOON)
        self.sites[0].hall.registration.amend(SERVER, owner.made())
        self.pass_time(1)

    def pass_time(self, seconds: float) -> None:
        """Let time pass; people read what they are shown."""
        for _ in range(round(seconds * 8)):
            self.clock.advance(0.125)
            if int(self.clock.seconds()) > self._second:
                self._second = int(self.clock.seconds())
                for site in self.open_sites():
                    site.hall.sweep()
            self.read()

    def read(self) -> None:
        """Let people read what they are shown, and judge what every hall knows."""
        for program in self.programs.values():
            program.hear()
        for site in self.open_sites():
            assert not site.broken, site.broken
            people = [person for person in site.hall.roster if person.connections]
            keys = [person.key for person in people]
            assert len(set(keys)) == len(keys), keys
            for room in site.hall.rooms:
                there = [person.key for person in room.people]
                assert len(set(there)) == len(there), (site.name, room.name, there)

    def open_sites(self) -> Iterator[Site]:
        """Yield the nodes that take people."""
        return (site for site in self.sites if site.is_open)

    def restart(self, site: Site) -> None:
        """Kill a node if it runs, and start it again."""
        self.kill(site)
        site.start()

    def kill(self, site: Site) -> None:
        """Kill a node."""
        if site.is_up:
            self.zombies.append(site.journal)
            site.kill()

    def heal(self) -> None:
        """Let everything work again, and everybody come in who was here."""
        self.shared.has_quorum = True
        for site in self.sites:
            if not site.is_up:
                site.start()
            site.log.cut, site.log.delay, site.log.lose_answers = False, 0.0, 0
        self.pass_time(40)
        for journal, protocol in self.ghosts:
            if any(site.journal is journal for site in self.sites):
                protocol.connectionLost(Failure(ConnectionDone()))
        self.programs = {
            name: program for number, (name, program) in enumerate(self.programs.items())
            if program.site is not None or number % 2
        }  # fmt: skip
        for _ in range(4):
            for number, program in enumerate(self.programs.values()):
                if program.site is None:
                    program.connect(self.sites[number % 3])
                elif program.is_refused:
                    program.come_in()
                for text in [text for text, number in program.sent.items() if number is None and program.is_in]:
                    if text not in program.saying.values():
                        program.say_again(text)
            self.pass_time(4)

    def judge(self) -> None:
        """See that all know the same, and that nothing is lost or there twice."""
        for site in self.sites:
            assert site.is_open, (site.name, site.broken)
        first = self.sites[0]
        posts = _posts(first.inner)
        for site in self.sites:
            assert _posts(site.inner) == posts, site.name
            assert site.hall.stream.delivered == len(posts) == site.journal.head
            assert _presences(site.inner) == _presences(first.inner), site.name
            for room in ROOMS:
                assert site.in_room(room) == first.in_room(room), (site.name, room)
        texts = [text for _, text in posts]
        assert len(set(texts)) == len(texts)
        lists: dict[str, Any] = {}
        for program in self.programs.values():
            assert program.is_in, program.name
            assert not program.open, (program.name, program.open)
            for text, number in program.sent.items():
                assert text in texts, (program.name, text)
                assert number is None or posts[number - 1][1] == text
            for room, people in program.rooms.items():
                assert sorted(people) == first.in_room(room), (program.name, room, people, first.in_room(room))
                ref = program.ask("list", room=room)
                self.pass_time(0.5)
                items = program.answers[ref]["items"]
                assert sorted(one["nick"] for one in items) == first.in_room(room), (program.name, room)
                assert lists.setdefault(room, items) == items, (program.name, room)
        for room in ROOMS:
            there = {program.nick for program in self.programs.values() if room in program.rooms}
            assert sorted(there) == first.in_room(room), (room, there, first.in_room(room))

    def close(self) -> None:
        """End everything."""
        for journal in [*self.zombies, *(site.journal for site in self.sites)]:
            journal.close()
        for _ in range(16):
            self.clock.advance(0.125)


def _posts(journal: MemoryJournal) -> list[tuple[int, str]]:
    return [(row.id, row.text) for row in journal._rows]


def _presences(journal: MemoryJournal) -> list[Any]:
    found: list[Any] = []
    journal.presences().addCallback(found.extend)
    return found
