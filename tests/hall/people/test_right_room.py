"""The right room, against a model: what people say goes where they saw that it would go, and to nobody else.

The model knows only what each program was shown, as a person at its screen would; from that it says for each line in
which room it may be, or that it may be nowhere, and for each post who must and who must not have been shown it.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from twisted.trial.unittest import SynchronousTestCase

from groupchat.journals.memory import MemoryJournal
from groupchat.model.drafts import Kind
from groupchat.model.events import Departed, Done, Entered, Moderated, Post, Refused, Welcomed, Whispered
from tests.fakes import HeldJournal
from tests.house import House, Peer
from tests.people import operator

LOBBY = "lobby"
ROOMS = (LOBBY, "dev", "ops")
SEATS = range(4)
ORDERS = ("kick", "ban", "unban", "lock", "unlock", "invite")
OPERATOR = 0
"""The seat of the one with an account, who keeps order."""


@dataclass
class Line:
    """Something that was said: by whom, and where it may be (``to``: whom it was for)."""

    author: "Program"
    rooms: frozenset[str]
    to: "Program | None" = None
    answer: str = ""
    """``done``, the code of a refusal, or nothing yet."""


@dataclass(eq=False)
class Program:
    """Somebody's program, and what it knows from what it was shown."""

    nick: str
    peer: Peer
    token: str = ""
    current: str = ""
    last: int = 0
    stays: dict[str, int] = field(default_factory=dict)
    """The rooms it is in; for each the head of the journal when it read that it is there."""
    read: dict[str, set[int]] = field(default_factory=dict)
    """Of each of these rooms, the posts that it was shown since it came in."""
    going: dict[str, set[str]] = field(default_factory=dict)
    """Requests to change rooms that are not answered yet, by ref: the rooms in which they may end."""
    lost: bool = False
    """It lost its current room without having asked for that, and was not refused a line since."""
    online: bool = True
    threats: set[str] = field(default_factory=set)
    """The rooms in which the operator has done something since it came into them."""
    fresh: bool = True
    """It came in after the newest commit: where it is may not be on disk yet."""
    unsure: bool = False
    """The daemon was killed when that was so."""
    kept: bool = True
    """It came back without saying into which rooms."""


class Evening:
    """Four programs change rooms, are put out, cut off and renamed; commits are slow, and the daemon is killed."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.acts: list[str] = []
        self.memory = MemoryJournal()
        self.journal = HeldJournal(self.memory)
        self.house = House(self.memory, notice_burst=30, notice_rate=20)
        self.keeper = operator(self.house, "keeper", "json")
        self.programs: dict[int, Program] = {}
        self.names = self.said = 0
        self.lines: dict[str, Line] = {}
        self.orders: dict[str, tuple[str, Program, str]] = {}
        self.kept_out: dict[tuple[Program, str], int] = {}
        """Who is banned from which room: the head of the journal when the operator read that it is so."""
        self.head = 0
        self.programs[OPERATOR] = Program("keeper", self.keeper)
        self.house.journal = self.journal
        self.keeper.vanish()
        self.house.hall = self.house.reopened()
        self.enter(OPERATOR, Program("keeper", self.house.connect("json").offer("keeper", password="correct horse")))
        for seat in (1, 2):
            self.come(seat, ("dev", LOBBY) if seat == 1 else None)
        self.settle()

    # What happens

    def act(self) -> None:
        """Let something happen, which is likelier the more of it there is on an evening."""
        pick, seat, other = self.chance.choice, self.chance.choice(SEATS), self.chance.choice(SEATS[1:])
        room, here = pick(ROOMS), pick([None, None, None, *ROOMS])
        acts: list[tuple[int, Callable[..., None], tuple[object, ...]]] = [
            (24, self.commit, ()), (6, self.settle, ()),
            (6, self.come, (seat, pick([None, None, ("dev",), (LOBBY, "ops")]))),
            (14, self.go, (seat, pick(["join", "join", "leave", "switch"]), room)),
            (22, self.say, (seat, here, pick(["say", "say", "me"]))),
            (3, self.whisper, (seat, other)),
            (4, self.change, (seat, here, pick(["edit", "delete"]))),
            (14, self.order, (pick(["kick", *ORDERS]), other, pick(ROOMS[1:]))),
            (3, self.rename, (other,)), (4, self.cut, (seat,)),
            (8, self.come_back, (seat, pick([None, None, ("ops",)]))),
            (3, self.kill, ()), (2, self.pass_time, (self.chance.randint(1, 3),)),
        ]  # fmt: skip
        _, act, arguments = self.chance.choices(acts, [weight for weight, _, _ in acts])[0]
        self.acts.append(f"{act.__name__}{arguments}")
        act(*arguments)

    def commit(self) -> None:
        """Let one commit land."""
        if not self.journal.pending:
            return
        self.journal.commit()
        self.house.turn()
        self.read_all()
        if not self.journal.pending:
            for program in self.programs.values():
                program.fresh = False

    def come(self, seat: int, rooms: tuple[str, ...] | None) -> None:
        """Let somebody come whose seat is free."""
        if seat not in self.programs:
            self.names += 1
            nick = f"name{self.names}"
            self.enter(seat, Program(nick, self.house.connect("json").offer(nick, rooms=rooms)))

    def go(self, seat: int, verb: str, room: str) -> None:
        """Let somebody change rooms."""
        if program := self.online(seat):
            ref = self.fresh("go")
            program.going[ref] = {room} if verb != "leave" else set(program.stays) | {""}
            program.peer.do(verb, ref=ref, room=room)
            self.read_all()

    def say(self, seat: int, room: str | None, verb: str) -> None:
        """Let somebody say something, in a room by name or where their lines go."""
        if program := self.online(seat):
            if room is not None:
                rooms = {room}
            else:
                rooms = set() if program.lost else {program.current}
                rooms.update(*program.going.values())
            text = self.fresh("line")
            self.lines[text] = Line(program, frozenset(rooms))
            program.peer.do(verb, ref=text, text=text, **({} if room is None else {"room": room}))
            self.read_all()

    def whisper(self, seat: int, other: int) -> None:
        """Let somebody say something to one person."""
        program, friend = self.online(seat), self.programs.get(other)
        if program and friend and friend.token:
            text = self.fresh("line")
            self.lines[text] = Line(program, frozenset({""}), friend)
            program.peer.do("msg", ref=text, nick=friend.nick, text=text)
            self.read_all()

    def change(self, seat: int, room: str | None, verb: str) -> None:
        """Change the last line of a room; what that gives must be in the room, too."""
        if (program := self.online(seat)) and not program.going and not program.lost:
            text = self.fresh("line")
            fields: dict[str, str] = {} if room is None else {"room": room}
            if verb == "edit":
                fields["text"] = text
            self.lines[text] = Line(program, frozenset({program.current if room is None else room}))
            program.peer.do(verb, ref=text, **fields)
            self.read_all()

    def order(self, verb: str, seat: int, room: str) -> None:
        """Let the operator keep order."""
        keeper, whom = self.online(OPERATOR), self.programs.get(seat)
        if keeper and whom and whom.token:
            ref = self.fresh("order")
            if whom.current in ROOMS[1:] and self.chance.random() < 0.7:
                room = whom.current
            for program in self.programs.values():
                program.threats.add(room)
            if verb == "unban":
                self.kept_out.pop((whom, room), None)
            self.orders[ref] = (verb, whom, room)
            fields = {"lock": {}, "unlock": {}, "ban": {"whom": whom.nick}, "unban": {"whom": whom.nick}}
            keeper.peer.do(verb, ref=ref, room=room, **fields.get(verb, {"nick": whom.nick}))
            self.read_all()

    def rename(self, seat: int) -> None:
        """Take a nickname that nobody has had."""
        if (program := self.online(seat)) and not self.journal.pending:
            self.names += 1
            nick = f"name{self.names}"
            program.peer.offer(nick, ref="rename")
            self.settle()
            if program.peer.session.connection is not None:
                program.nick = program.peer.connection.person.nick

    def cut(self, seat: int) -> None:
        """Cut the connection of somebody; what they were not shown yet they do not know."""
        if program := self.online(seat):
            program.peer.vanish()
            program.online = False
            self.read_all()

    def come_back(self, seat: int, rooms: tuple[str, ...] | None) -> None:
        """Let somebody come back who was cut off."""
        program = self.programs.get(seat)
        if program and not program.online:
            program.online, program.kept = True, rooms is None
            program.peer = self.house.connect("json").offer(
                program.nick, token=program.token, since=program.last, rooms=rooms, ref="back"
            )
            self.read_all()

    def kill(self) -> None:
        """Kill the daemon, and what it has not written yet; then it starts on what is written."""
        self.journal = HeldJournal(self.memory)
        for seat, program in [*self.programs.items()]:
            program.peer.screen.closed = True
            program.online = False
            program.unsure |= program.fresh
            if not program.token:
                del self.programs[seat]
        self.orders.clear()
        self.house.journal = self.journal
        self.house.hall = self.house.reopened()

    def pass_time(self, seconds: int) -> None:
        """Let time pass."""
        self.house.pass_time(seconds)
        self.read_all()

    # What the programs read

    def online(self, seat: int) -> Program | None:
        """Return who sits there, if they are in."""
        program = self.programs.get(seat)
        return program if program and program.online and program.current + "".join(program.stays) else None

    def fresh(self, word: str) -> str:
        """Return a word that was not there before."""
        self.said += 1
        return f"{word}{self.said}"

    def enter(self, seat: int, program: Program) -> None:
        """Let somebody come in."""
        self.programs[seat] = program
        self.read_all()

    def settle(self) -> None:
        """Let everything be written that waits."""
        while self.journal.pending:
            self.commit()

    def read_all(self) -> None:
        """Let everybody read what they were shown."""
        for seat, program in [*self.programs.items()]:
            shown, program.peer.screen.shown = program.peer.screen.shown, []
            for event, ref in shown:
                self.read(program, event, ref)
            if program.peer.screen.closed:
                program.online = False
                if not program.token:
                    del self.programs[seat]
        self.head = self.memory.head

    def read(self, program: Program, event: object, ref: object) -> None:
        """Take one thing that somebody was shown."""
        match event:
            case Welcomed():
                self.come_in(program, event, ref)
            case Entered():
                if event.room not in program.stays:
                    program.stays[event.room], program.read[event.room] = self.memory.head, set()
                program.current, program.lost = event.room, False
                if all(room != event.room for _, _, room in self.orders.values()):
                    program.threats.discard(event.room)
            case Departed():
                self.go_out(program, event)
            case Post():
                self.see(program, event)
            case Done():
                self.hear(program, "done", str(ref))
                if ref in program.going:
                    room = (event.fields or {}).get("room")
                    del program.going[str(ref)]
                    if room is not None:
                        program.current, program.lost = str(room), False
            case Refused() if not program.token or ref == "back":
                assert event.code in ("token-invalid", "nick-taken", "room-locked", "banned"), (program.nick, event)
                program.online = False
                if event.code in ("token-invalid", "nick-taken") or not program.token:
                    self.programs = {seat: one for seat, one in self.programs.items() if one is not program}
            case Refused():
                self.hear(program, event.code, str(ref))
                program.going.pop(str(ref), None)
                if event.code == "room-lost":
                    program.lost = False

    def come_in(self, program: Program, event: Welcomed, ref: object) -> None:
        """Take the rooms that somebody is welcomed in: those they were in go on."""
        program.token, program.nick = event.token, event.nick
        if program.stays and program.kept and not program.going and not program.unsure:
            missing = set(program.stays) - set(event.rooms)
            back = {LOBBY} if missing == set(program.stays) else set(program.stays)
            assert set(event.rooms) <= back, (program.nick, event, program.stays, "not left")
            assert missing <= program.threats, (program.nick, event, program.stays, "forgotten")
            assert event.room == program.current or program.current in missing, (program.nick, event, program.current)
        program.going.clear()
        program.unsure, program.fresh = False, True
        if program.stays and event.room != program.current:
            program.lost = program.kept
        program.current = event.room
        for room in [*program.stays]:
            if room not in event.rooms:
                del program.stays[room], program.read[room]
        for room in event.rooms:
            if room not in program.stays:
                program.stays[room], program.read[room] = event.head, set()

    def go_out(self, program: Program, event: Departed) -> None:
        """Everything said in a room was shown until one was out of it."""
        if event.room not in program.stays:  # one has come back without it
            return
        self.check_complete(program, event.room, self.head)
        del program.stays[event.room], program.read[event.room]
        if event.code != "left" and event.room == program.current:
            program.lost = True
        program.current = event.current

    def see(self, program: Program, event: Post) -> None:
        """Check that somebody may be shown a post, and note that they were."""
        program.last = max(program.last, event.id)
        if isinstance(event, Whispered):
            line = self.lines[event.text]
            assert program in (line.author, line.to), (program.nick, event)
            return
        if not event.room:
            return
        assert event.room in program.stays, (program.nick, event, program.stays)
        assert event.id not in program.read[event.room], (program.nick, event, "shown twice")
        program.read[event.room].add(event.id)
        banned = self.kept_out.get((program, event.room))
        assert banned is None or event.id <= banned or isinstance(event, Moderated), (program.nick, event, "banned")

    def hear(self, program: Program, answer: str, ref: str) -> None:
        """Take an answer to a line, or to an order."""
        if ref in self.lines:
            assert self.lines[ref].answer == "", (ref, answer)
            self.lines[ref].answer = answer
        if ref in self.orders:
            verb, whom, room = self.orders.pop(ref)
            if verb == "ban" and answer == "done" and ("unban", whom, room) not in self.orders.values():
                self.kept_out[whom, room] = self.memory.head

    # What must hold at the end

    def check_complete(self, program: Program, room: str, upto: int) -> None:
        """Check that somebody was shown everything that was said in a room while they were there."""
        begun, shown = program.stays[room], program.read[room]
        missing = [
            row.id for row in self.memory._rows
            if row.room == room and begun < row.id <= upto and row.kind in (Kind.SAID, Kind.ACTED)
            and row.gone_by is None and row.id not in shown and self.lines[row.text].author is not program
        ]  # fmt: skip
        assert not missing, (program.nick, room, missing)

    def end(self) -> None:
        """Let everybody come back and say something, and check everything."""
        for _ in range(3):
            self.settle()
            self.house.pass_time(1)
            self.read_all()
        for seat in list(self.programs):
            self.come_back(seat, None)
            self.settle()
        self.speak_up()
        for program in self.programs.values():
            if program.online:
                for room in program.stays:
                    self.check_complete(program, room, self.memory.head)
        self.check_lines()

    def speak_up(self) -> None:
        """Let everybody say something once more: the second try at the latest is said, where they see that they are."""
        for seat in list(self.programs):
            program = self.online(seat)
            if program is None or not program.current:
                continue
            for _ in range(2):
                self.say(seat, None, "say")
                self.settle()
            line = self.lines[f"line{self.said}"]
            assert line.answer == "done", (program.nick, line.answer)

    def check_lines(self) -> None:
        """Check where each line is."""
        found: dict[str, list[str]] = {}
        for row in self.memory._rows:
            if row.kind in (Kind.SAID, Kind.ACTED, Kind.WHISPERED, Kind.EDITED) and row.text in self.lines:
                found.setdefault(row.text, []).append(row.room)
        for text, line in self.lines.items():
            rooms = found.get(text, [])
            assert len(rooms) <= 1, (text, rooms, "twice")
            assert set(rooms) <= line.rooms, (text, rooms, line.rooms)


class RightRoomTests(SynchronousTestCase):
    def test_evenings(self) -> None:
        """Many evenings, each of its own seed: a failure names it, and what was done."""
        for seed in range(200):
            evening = Evening(seed)
            try:
                for _ in range(100):
                    evening.act()
                evening.end()
            except AssertionError as error:
                raise self.failureException("\n".join([f"Evening({seed})", *evening.acts, str(error)])) from error
