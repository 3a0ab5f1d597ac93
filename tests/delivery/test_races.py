"""Sockets that race for one account and one nickname, in all orders."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from twisted.trial.unittest import SynchronousTestCase

from groupchat.journals.memory import MemoryJournal
from groupchat.model.errors import JournalUnavailable
from groupchat.model.events import Joined, Left, Listed, ManyJoined, ManyLeft, Renamed, Welcomed
from groupchat.model.ranks import Rank
from groupchat.sessions.session import State
from tests.fakes import HeldJournal
from tests.house import House, Peer
from tests.people import account

SOCKETS = st.integers(0, 2)
PASSWORDS = st.sampled_from(["12345678", "87654321"])
NICKS = st.sampled_from(["alice", "bob"])


class Race(RuleBasedStateMachine):
    """Three sockets; commits and hashes take as long as the machine likes.  Carol watches, boss may remove accounts."""

    def __init__(self) -> None:
        super().__init__()
        self.journal = HeldJournal(MemoryJournal())
        self.home = House(self.journal, password_failures=1000)
        self.passwords = self.home.passwords
        self.carol, self.boss = self.home.connect().type("carol"), self.home.connect().type("boss")
        account(self.home.hall, "boss", Rank.OPERATOR)
        self.drain()
        self.sockets: list[Peer] = [self.home.connect("json" if number == 2 else "text") for number in range(3)]
        self.seen = {"carol", "boss"}
        self.carol.take()
        self.tokens: list[str] = []

    def drain(self) -> None:
        """Let everything that waits happen."""
        while self.journal.pending or self.passwords.waiting:
            while self.passwords.waiting:
                self.passwords.answer()
            while self.journal.pending:
                self.journal.commit()
            self.home.turn()

    def socket(self, number: int) -> Peer:
        """A living one."""
        if self.sockets[number].screen.closed:
            self.sockets[number].vanish()
            self.sockets[number] = self.home.connect("json" if number == 2 else "text")
        return self.sockets[number]

    @rule(number=SOCKETS, nick=NICKS)
    def come(self, number: int, nick: str) -> None:
        peer = self.socket(number)
        peer.offer(nick) if peer.screen.style.door == "json" else peer.type(
            nick if peer.session.connection is None else "hi"
        )

    @rule(number=SOCKETS, nick=NICKS, password=PASSWORDS)
    def login(self, number: int, nick: str, password: str) -> None:
        peer = self.socket(number)
        if peer.screen.style.door == "json":
            if peer.session.connection is None:
                peer.offer(nick, password=password)
            else:
                peer.do("login", name=nick, password=password)
        else:
            peer.type(f"/login {nick} {password}")

    @rule(number=SOCKETS, nick=NICKS, password=PASSWORDS)
    def register(self, number: int, nick: str, password: str) -> None:
        peer = self.socket(number)
        if peer.screen.style.door == "json":
            if peer.session.connection is None:
                peer.offer(nick, password=password, register=True)
            else:
                peer.do("register", password=password)
        else:
            is_in = peer.session.connection is not None
            peer.type(f"/register {password}" if is_in else f"/register {nick} {password}")

    @rule(number=SOCKETS, password=PASSWORDS)
    def answer_prompt(self, number: int, password: str) -> None:
        peer = self.socket(number)
        if peer.session.state is State.ASKED:
            peer.type(password)

    @rule(
        number=SOCKETS, line=st.sampled_from(["/logout", "/nick alice", "/nick bob", "/exit", "/unregister 12345678"])
    )
    def type(self, number: int, line: str) -> None:
        peer = self.socket(number)
        if peer.screen.style.door == "text" and peer.session.connection is not None:
            peer.type(line)

    @rule(number=SOCKETS)
    def vanish(self, number: int) -> None:
        self.sockets[number].vanish()

    @precondition(lambda self: self.tokens)
    @rule(nick=NICKS, data=st.data())
    def take_over(self, nick: str, data: st.DataObject) -> None:
        self.socket(2).offer(nick, token=data.draw(st.sampled_from(self.tokens)))

    @rule(nick=NICKS)
    def remove(self, nick: str) -> None:
        self.boss.type(f"/removeuser {nick}")

    @precondition(lambda self: self.journal.pending)
    @rule(fails=st.integers(0, 9))
    def commit(self, fails: int) -> None:
        if fails:
            self.journal.commit()
        else:
            self.journal.fail(JournalUnavailable("Full."))

    @rule(held=st.booleans())
    def hash(self, held: bool) -> None:
        self.passwords.held = held
        if self.passwords.waiting:
            self.passwords.answer()

    @rule()
    def turn(self) -> None:
        self.home.turn()

    @invariant()
    def roster(self) -> None:
        """The roster and the people agree, and nobody has a nickname of somebody else's."""
        hall = self.home.hall
        people = list(hall.roster)
        assert len(hall.roster._by_author) == len(people)
        for person in people:
            assert hall.roster.of(person.author) is person
            assert hall.roster.find(person.key) is person
            known = hall.accounts.find(person.nick)
            assert person.account == known or not person.connections, (person.nick, person.account, known)
            for member in person.connections:
                assert member.person is person
                assert not member.gone
        here = [member for person in people for member in person.connections]
        assert set(hall.rooms.open("lobby").members) <= set(here)
        for peer in self.sockets:
            if peer.session.connection is not None and not peer.session.connection.gone:
                assert peer.session.connection in here
        for token in (answer.token for answer in self.sockets[2].answers if isinstance(answer, Welcomed)):
            if token not in self.tokens:
                self.tokens.append(token)

    def teardown(self) -> None:
        """When all has settled, the roster, the notices and /list agree."""
        self.drain()
        self.home.turn()
        self.drain()
        for event in self.carol.take():
            assert not isinstance(event, ManyJoined | ManyLeft)
            if isinstance(event, Joined):
                assert event.nick not in self.seen, event
                self.seen.add(event.nick)
            elif isinstance(event, Left) and event.room:
                self.seen.remove(event.nick)
            elif isinstance(event, Renamed):
                self.seen.remove(event.nick)
                self.seen.add(event.new)
        self.carol.type("/list")
        (listed,) = (answer for answer in self.carol.answers if isinstance(answer, Listed))
        nicks = {item["nick"] for item in listed.items}
        assert nicks == self.seen, (nicks, self.seen)
        assert nicks == {person.nick for person in self.home.hall.roster}
        for peer in self.sockets:
            peer.vanish()
        self.drain()
        assert {person.nick for person in self.home.hall.roster} == {"carol", "boss"}


class RaceTests(SynchronousTestCase):
    def test_races(self) -> None:
        """In whatever order sockets register, log in, take over and leave: the roster, /list and the notices agree."""
        from hypothesis.stateful import run_state_machine_as_test

        run_state_machine_as_test(
            Race,
            settings=settings(
                max_examples=1000, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
            ),
        )
