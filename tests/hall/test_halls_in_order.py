"""Three halls on one log, with an operator who loses that rank now and then: what is changed, private, or removed.

Besides what holds of three halls: each message reads at every node as its last change left it, what is private is shown
to two people only, and nothing is done for an operator who was one no longer when it stood in the log.
"""

from functools import partial

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from groupchat.delivery.queue import Change, Receipt
from groupchat.facts.account_facts import RankGiven
from groupchat.journals.cluster.cluster_journal import ClusterJournal
from groupchat.model.drafts import Expire, FactChange, ForgetSessions
from groupchat.model.events import SERVER
from groupchat.model.ranks import Rank
from tests.hall.hall_programs import DOUBTFUL
from tests.hall.halls import OWNER, OWNER_AUTHOR, Site
from tests.hall.test_three_halls import NAMES, ThreeHalls, names, sites
from tests.house import NOON

owners = st.sampled_from(("olga's first", "olga's second"))
guests = st.sampled_from([name for name in NAMES if not name.startswith(OWNER)])
picks = st.integers(0, 1000)

GIVEN = RankGiven(OWNER_AUTHOR, Rank.OPERATOR, "server", NOON)


class HallsInOrder(ThreeHalls):
    """Everything that can happen, and what people do to messages and to one another."""

    def __init__(self) -> None:
        super().__init__()
        self.deciding: dict[Receipt, ClusterJournal] = {}
        """What was decided and is not known to be in the log, with the process that waits for it."""

    def said_by(self, name: str, pick: int) -> int | None:
        """Return the number of something that somebody has said, if there is any."""
        program = self.halls.programs.get(name)
        numbers = [] if program is None else [number for number in program.sent.values() if number is not None]
        return numbers[pick % len(numbers)] if numbers else None

    @initialize()
    def begin(self) -> None:
        """Everybody is there and has said something, and the owner of the account is an operator."""
        super().begin()
        self.decide(self.halls.sites[0], GIVEN.put())
        for name in NAMES:
            self.say(name)
        self.halls.pass_time(1)

    # What people do

    @rule(name=names, other=names)
    def whisper(self, name: str, other: str) -> None:
        """Somebody writes to somebody else."""
        program, reader = self.program(name), self.program(other)
        if program is not None and reader is not None:
            self.said += 1
            program.ask("msg", nick=reader.nick, text=f"psst {self.said}", key=f"psst {self.said}")

    @rule(name=names, pick=picks, deletes=st.booleans())
    def change(self, name: str, pick: int, deletes: bool) -> None:
        """Somebody edits or deletes what they have said, or what they had said before they were somebody else."""
        program, number = self.program(name), self.said_by(name, pick)
        if program is not None and number is not None:
            self.said += 1
            program.change(number, None if deletes else f"line {self.said}, at last")
            self.say(name)

    @rule(name=owners, other=names, pick=picks)
    def delete_any(self, name: str, other: str, pick: int) -> None:
        """Somebody deletes what somebody else has said, as operators can."""
        program, number = self.program(name), self.said_by(other, pick)
        if program is not None and number is not None:
            program.change(number, None)

    @rule(name=owners, other=names, room=st.sampled_from(("", "dev")))
    def kick(self, name: str, other: str, room: str) -> None:
        """Somebody puts somebody else out, as operators can."""
        program, victim = self.program(name), self.program(other)
        if program is not None and victim is not None and not victim.has_account:
            program.ask("kick", nick=victim.nick, **({"room": room} if room else {}))
            for one in self.halls.programs.values():  # it may be carried out when somebody else has the nickname
                one.knows_rooms = False

    # What the server does

    def decide(self, site: Site, change: FactChange) -> Receipt | None:
        """Have the server decide something at a node that takes it; return what becomes of it."""
        if not site.is_open or site.hall.commits.refusal is not None:
            return None
        receipt = site.hall.registration.amend(SERVER, change)
        self.deciding[receipt] = site.journal
        receipt.when_settled(partial(self.deciding.__delitem__, receipt))
        return receipt

    def is_deciding(self) -> bool:
        """Say whether something that was decided may come into the log yet."""
        return any(site.journal in self.deciding.values() for site in self.halls.sites)

    @rule(site=sites, other=sites, name=owners, victim=names, pick=picks)
    def demote_and_promote(self, site: int, other: int, name: str, victim: str, pick: int) -> None:
        """The owner of the account is no operator any more, does something at that moment, and is one again."""
        self.decide(self.halls.sites[site], GIVEN.undone())
        self.delete_any(name, victim, pick)
        self.halls.pass_time(0.25)
        self.kick(name, victim, "")
        self.decide(self.halls.sites[other], GIVEN.put())

    @rule(site=sites, seconds=st.sampled_from((2, 20)))
    def expire(self, site: int, seconds: int) -> None:
        """What is old is removed, by the clock of one of the nodes; and so are sessions."""
        hall = self.halls.sites[site].hall if self.halls.sites[site].is_open else None
        if hall is not None and hall.commits.refusal is None:
            for operation in (Expire(hall.now() - seconds), ForgetSessions(hall.now() - 7200 - 60)):
                hall.commits.post(Change(operation, Receipt()))

    @rule(name=owners, other=guests, pick=picks, site=sites)
    def demote_behind(self, name: str, other: str, pick: int, site: int) -> None:
        """An operator who is cut off with a node is none any more elsewhere, and deletes something meanwhile."""
        program, number, elsewhere = self.program(name), self.said_by(other, pick), self.halls.sites[site]
        if program is None or number is None or program.site in (None, elsewhere) or not elsewhere.is_open:
            return
        here = program.site
        assert isinstance(here, Site)
        self.decide(elsewhere, GIVEN.put())
        self.halls.pass_time(1)
        if program.site is not here or not here.is_open or self.is_deciding():
            return
        here.log.cut = True
        settled: list[Receipt] = []
        receipt = self.decide(elsewhere, GIVEN.undone())
        if receipt is not None:
            receipt.when_settled(lambda: settled.append(receipt))
        self.halls.pass_time(1)
        if not settled or settled[0].refusal is not None or program.site is not here:
            return
        ref = program.ask("delete", id=number)
        self.halls.pass_time(1)
        here.log.cut = False
        self.halls.pass_time(3)
        answer, reading = program.answers.get(ref), self.halls.truth.readings[number]
        if answer is None or answer.get("code") in DOUBTFUL:  # the rank may be given back before it is carried out
            reading.asked.append(None)
        else:  # nobody is allowed to find it deleted by that
            assert answer["event"] == "refused" or None in (*reading.asked, *reading.done.values())


HallsInOrderTest = HallsInOrder.TestCase
HallsInOrderTest.settings = settings(max_examples=15, stateful_step_count=35, deadline=None, derandomize=True)
