"""Three halls on one shared log in memory, with real doors, and people at programs who believe what they are shown."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, cast

from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.logger import globalLogPublisher
from twisted.python.failure import Failure

from groupchat.config.settings import Settings
from groupchat.doors.factory import ChatFactory
from groupchat.doors.reception import Reception
from groupchat.facts.account_facts import Account, AccountRooms, ErasedAuthor, digest_of
from groupchat.hall.hall import Hall
from groupchat.hall.people.neighbours import Neighbours
from groupchat.journals.cluster.cluster_journal import ClusterJournal
from groupchat.journals.logs.memory_log import MemoryLog, SharedLog
from groupchat.journals.memory import MemoryJournal
from groupchat.model.drafts import MESSAGES
from groupchat.model.events import SERVER, AuthorId
from groupchat.sessions.session import Session
from tests.fakes import FakePasswords, hashed
from tests.hall.hall_programs import SECRET, Program, Truth
from tests.house import NOON

SETTINGS = Settings(zone="UTC", flood_burst=100000, notice_burst=100000, commit_refuse_s=5)
ROOMS = ("lobby", "dev")
LAST = 30
"""The number of entries of the log that are told of when something is not as it should be."""
OWNER = "olga"
"""The nickname of the one account, whose owner has several programs."""
OWNER_AUTHOR = AuthorId(7)


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

    @property
    def neighbours(self) -> Neighbours:
        """Return what it knows of the people at the other nodes."""
        assert self.hall.neighbours is not None
        return self.hall.neighbours

    def kill(self) -> None:
        """End the process without a farewell: nothing of it reaches the log any more, and its connections end."""
        self.log.cut = True
        self.journal._applying.break_off(Failure(ConnectionDone()))
        self.is_up = self.is_open = False
        for person in [*self.people]:
            person.lost()

    def everybody(self) -> list[tuple[object, ...]]:
        """Return what this node knows of everybody who is at any node, as it would list them."""
        found: list[tuple[object, ...]] = []
        for person in sorted(self.hall.roster, key=lambda one: one.key):
            connections = sorted(person.connections, key=lambda one: one.handle)
            places = [(one.handle, one.node or self.name, sorted(one.rooms)) for one in connections]
            if places:
                found.append((person.key, person.author, person.account is not None, person.away, places))
        return found

    def account_in_memory(self) -> tuple[tuple[str, ...], str] | None:
        """Return the rooms of the account, and the current one, as the hall knows them."""
        places = self.hall.accounts.places(OWNER_AUTHOR)
        return None if places is None else (places.rooms, places.current)

    def account_on_disk(self) -> tuple[tuple[str, ...], str] | None:
        """Return the same as the journal has it."""
        value = self.inner.value_of(AccountRooms.KIND, str(OWNER_AUTHOR))
        return None if value is None else (tuple(value["rooms"]), value["current"])

    def in_room(self, room: str) -> list[str]:
        """Return the nicknames in a room, as this node knows them."""
        found = self.hall.rooms.find(room)
        return sorted(person.nick for person in found.people) if found is not None else []


class Halls:
    """Three nodes, and whoever is there."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.shared = SharedLog(self.clock)
        self.truth = Truth()
        self.sites: list[Site] = []
        self.programs: dict[str, Program] = {}
        self.zombies: list[ClusterJournal] = []
        self.ghosts: list[tuple[ClusterJournal, Any]] = []
        """Connections that are lost, which their nodes do not know yet, with the processes that have them."""
        self.erased: list[tuple[str, str]] = []
        """The nicknames of people for whose erasure was asked, and their pseudonyms; nobody has them again."""
        self.logged: list[str] = []
        """The failures that were logged: each would be a line in the log of a node, and nothing else."""
        self._observer = cast(Any, self._note_logged)
        globalLogPublisher.addObserver(self._observer)
        self._second = 0
        for name, hours in zip("abc", (0.0, 2.0, -2.0), strict=True):
            self.sites.append(Site(self.shared, name, hours))
            self.pass_time(1)
        owner = Account(OWNER, OWNER, OWNER_AUTHOR, hashed(SECRET), NOON)
        self.sites[0].hall.registration.amend(SERVER, owner.made())
        self.pass_time(1)

    def _note_logged(self, event: Mapping[str, Any]) -> None:
        failure = event.get("log_failure")
        if failure is not None:
            self.logged.append(failure.getTraceback())

    def pass_time(self, seconds: float) -> None:
        """Let time pass; people read what they are shown."""
        for _ in range(round(seconds * 8)):
            self.clock.advance(0.125)
            if int(self.clock.seconds()) > self._second:
                self._second = int(self.clock.seconds())
                for site in self.open_sites():
                    site.hall.sweep()
            with self._explaining():
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
        with self._explaining():
            self._judge()

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        """Tell what everybody knows if something is not as it should be."""
        try:
            yield
        except AssertionError as error:
            if not getattr(error, "__notes__", None):
                error.add_note(self.explained())
            raise

    def explained(self) -> str:
        """Return what each node and program knows, and what stands in the log.

        Tokens are random, so the same steps can be another case when they are taken again: the order of handles shows
        which one this was.
        """
        lines = [f"PYTHONHASHSEED: {os.environ.get('PYTHONHASHSEED', 'not set')}"]
        for site in self.sites:
            lines.append(
                f"{site.name}: up {site.is_up}, open {site.is_open}, epoch {site.journal.epoch}, {site.broken}"
            )
            if site.is_open:
                lines.append(f"  {site.journal.standing()}")
                lines += [f"  knows {one}" for one in site.everybody()]
                lines += [f"  {room}: {site.in_room(room)}" for room in ROOMS]
            lines += [f"  has {one}" for one in _presences(site.inner)]
        for name, program in self.programs.items():
            lines.append(f"{name}: { {key: value for key, value in vars(program).items() if key != 'truth'} }")
        lines += [f"{entry.number} at {entry.revision}: {entry.data.decode()}" for entry in self.shared.entries[-LAST:]]
        return "\n".join(lines)

    def named(self, site: Site, nick: str) -> list[object]:
        """Return everything that a node has of somebody, by the nickname."""
        held, hall = site.inner, site.hall
        everything: list[object] = [*held._rows, *held._facts.values(), *held._sessions.values(), *_presences(held)]
        everything += [(person.nick, person.ignored) for person in hall.roster]
        return [one for one in everything if re.search(rf"\b{nick}\b", repr(one))]

    def _judge(self) -> None:
        for site in self.sites:
            assert site.is_open, (site.name, site.broken)
        assert not self.logged, self.logged
        first = self.sites[0]
        for site in self.sites:
            assert site.inner._rows == first.inner._rows, site.name
            assert site.hall.stream.delivered == first.inner.head == site.journal.head
            assert _presences(site.inner) == _presences(first.inner), site.name
            assert site.inner._facts == first.inner._facts, site.name
            assert site.inner._sessions == first.inner._sessions, site.name
            assert site.everybody() == first.everybody(), (site.name, site.everybody(), first.everybody())
            own = {one.handle: one for one in _presences(site.inner) if one.node == site.name}
            assert site.neighbours.own.rows == own, site.name
            kept = [token for token in self.truth.ended if digest_of(token) in site.inner._sessions]
            assert not kept, (site.name, kept)
            assert site.account_in_memory() == site.account_on_disk(), site.name
            for room in ROOMS:
                assert site.in_room(room) == first.in_room(room), (site.name, room)
        erased = [fact.value or {} for fact in first.inner._facts.values() if fact.kind == ErasedAuthor.KIND]
        aliases = {value["alias"] for value in erased}
        for nick, alias in self.erased:
            for site in self.sites if alias in aliases else ():
                assert not self.named(site, nick), (site.name, self.named(site, nick))
        texts = [row.text for row in first.inner._rows if row.kind in MESSAGES and row.gone_by is None]
        assert len(set(texts)) == len(texts)
        rows = {row.id: row for row in first.inner._rows}
        for changed, reading in self.truth.readings.items():
            if changed in rows:
                row = rows[changed]
                now = None if row.gone_by is not None else row.revised or row.text
                assert reading.allows(now, row.text), (changed, now, reading)
        lists: dict[str, Any] = {}
        for program in self.programs.values():
            assert program.is_in, program.name
            assert not program.open, (program.name, program.open)
            for text, number in program.sent.items():
                if number in self.truth.readings or (number is not None and number not in rows):
                    continue
                assert text in texts, (program.name, text)
                assert number is None or rows[number].text == text
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
        globalLogPublisher.removeObserver(self._observer)
        for journal in [*self.zombies, *(site.journal for site in self.sites)]:
            journal.close()
        for _ in range(16):
            self.clock.advance(0.125)


def _presences(journal: MemoryJournal) -> list[Any]:
    found: list[Any] = []
    journal.presences().addCallback(found.extend)
    return found
