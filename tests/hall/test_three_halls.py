"""Three halls on one log, under delays, lost answers, cuts, lost leases and kills: what people are shown is judged.

Each post is shown once, in one order, under the same number everywhere; nobody is twice under one nickname; a token
that was ended never works again; nothing has the nickname of somebody who was erased; and when everything works again,
every node and everybody's program knows the same people.
"""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from groupchat.facts.account_facts import RankGiven
from groupchat.model.drafts import Need
from groupchat.model.errors import JournalUnavailable
from groupchat.model.events import SERVER
from groupchat.model.ranks import Rank
from tests.hall.hall_programs import PASSER, Program
from tests.hall.halls import OWNER, OWNER_AUTHOR, Halls
from tests.house import NOON

NAMES = ("anna", "bert", "cleo", "dora", "olga's first", "olga's second")
OWNERS = tuple(name for name in NAMES if name.startswith(OWNER))
NICKS = ("anna", "bert", "mira")

ORDERS = ("kick", "purge", "delete", "invite", "uninvite", "ignore", "msg", "say")
"""What is asked for about somebody while they are erased; what keeps out others from the same address is not."""

sites, names, nicks = st.integers(0, 2), st.sampled_from(NAMES), st.sampled_from(NICKS)


class ThreeHalls(RuleBasedStateMachine):
    """Everything that can happen."""

    def __init__(self) -> None:
        super().__init__()
        self.halls = Halls()
        self.said = 0

    def program(self, name: str) -> Program | None:
        """Return somebody who is in."""
        program = self.halls.programs.get(name)
        return program if program is not None and program.is_in else None

    @initialize()
    def begin(self) -> None:
        """Somebody is at each node."""
        given = RankGiven(OWNER_AUTHOR, Rank.OPERATOR, "server", NOON)
        self.halls.sites[0].hall.registration.amend(SERVER, given.made())
        self.halls.pass_time(1)
        for number, name in enumerate(NAMES):
            self.come(name, number % 3)
        self.halls.pass_time(1)

    # What people do

    @rule(name=names, site=sites)
    def come(self, name: str, site: int) -> None:
        """Somebody comes, or comes back, at a node."""
        program = self.halls.programs.get(name)
        if program is None:
            nick = OWNER if name.startswith(OWNER) else ""
            program = self.halls.programs[name] = Program(name, self.halls.truth, nick)
        if program.site is None and self.halls.sites[site].is_open:
            program.connect(self.halls.sites[site])

    @rule(name=names)
    def say(self, name: str) -> None:
        """Somebody says something."""
        program = self.program(name)
        if program is not None:
            self.said += 1
            program.say(f"line {self.said}")

    @rule(name=names, nick=nicks)
    def rename(self, name: str, nick: str) -> None:
        """Somebody takes another nickname."""
        program = self.program(name)
        if program is not None:
            program.ask("nick", nick=nick)

    @rule(name=names, verb=st.sampled_from(("join", "leave", "away", "back", "typing")))
    def move(self, name: str, verb: str) -> None:
        """Somebody goes into a room, or out of it, or away."""
        program = self.program(name)
        if program is not None:
            program.ask(verb, **({"room": "dev"} if verb in ("join", "leave", "typing") else {}))

    @rule(name=st.sampled_from(OWNERS), trouble=st.sampled_from(("", "slow", "cut")))
    def log_out_others(self, name: str, trouble: str) -> None:
        """The owner of the account ends all other tokens of it; what their nodes keep of them may be on its way."""
        program = self.program(name)
        if program is None:
            return
        others = [self.halls.programs[one] for one in OWNERS if one != name and one in self.halls.programs]
        for other in [other for other in others if trouble and other.is_in and other.site is not program.site]:
            site = next(site for site in self.halls.sites if site is other.site)
            self.trouble(self.halls.sites.index(site), trouble)
            other.ask("join", room="dev")
            other.ask("leave", room="dev")
            self.halls.pass_time(0.125)
        program.end([one.token for one in others if one.token])

    @rule(
        site=sites, other=sites, name=st.sampled_from(OWNERS), verbs=st.lists(st.sampled_from(ORDERS), max_size=4),
        is_slow=st.booleans(), goes=st.booleans(),
    )  # fmt: skip
    def erase(self, site: int, other: int, name: str, verbs: list[str], is_slow: bool, goes: bool) -> None:
        """Somebody comes and is erased at a node, while an operator has to do with them at another one."""
        halls, place, there = self.halls, self.halls.sites[site], self.halls.sites[other]
        self.said += 1
        if not (place.is_open and there.is_open):
            return
        nick = f"{PASSER}{self.said}"
        passer = halls.programs[nick] = Program(nick, halls.truth)
        passer.connect(place)
        halls.pass_time(1)
        passer.say(f"line {self.said}")
        halls.pass_time(0.5)
        operator = self.program(name)
        if operator is not None and operator.site is not None:
            slow = next(one for one in halls.sites if one is operator.site)
            slow.log.delay = 0.25 if is_slow else slow.log.delay
        self._order(operator, verbs[:1], passer)
        if goes:
            passer.ask("exit")
            halls.pass_time(0.125)
        try:
            if passer.is_in or goes:
                alias = there.hall.forgetting.forget(nick, SERVER, Need(Rank.OPERATOR))
                halls.erased.append((nick, alias))
        except JournalUnavailable:
            pass
        self._order(operator, verbs[1:], passer)
        halls.pass_time(0.5)
        passer.lost()
        del halls.programs[nick]

    def _order(self, operator: Program | None, verbs: list[str], passer: Program) -> None:
        """Let somebody do something about another one, or about what they have said."""
        said = next(iter(passer.sent.values()), None) or 0
        fields: dict[str, dict[str, object]] = {
            "kick": {"room": "lobby"}, "purge": {"room": "lobby"}, "delete": {"id": said},
            "invite": {"room": "lobby"}, "uninvite": {"room": "lobby"},
            "say": {"room": "lobby", "reply": said},
        }  # fmt: skip
        for verb in verbs:
            if operator is not None and operator.is_in:
                who: dict[str, object] = {} if verb in ("delete", "say") else {"nick": passer.nick}
                self.said += 1
                text = {"text": f"line {self.said}"} if verb in ("msg", "say") else {}
                operator.ask(verb, **who, **text, **fields.get(verb, {}))

    @rule(name=names, goes=st.booleans())
    def leave(self, name: str, goes: bool) -> None:
        """Somebody leaves, or loses the connection."""
        program = self.program(name)
        if program is not None and goes:
            program.ask("exit")
        elif program is not None:
            program.lost()

    @rule(name=names, site=sites)
    def take_over(self, name: str, site: int) -> None:
        """Somebody comes back at another node, before the first knows that the connection is lost."""
        program = self.program(name)
        if program is None or not self.halls.sites[site].is_open:
            return
        program.hear()
        if program.site is not None:
            self.halls.ghosts.append((program.site.journal, program.transport.protocol))
            program.site.people.remove(program)
            program.note_rooms()
            program.is_in, program.rooms, program.saying = False, {}, {}
            program.connect(self.halls.sites[site])

    @rule(name=names, site=sites, other=sites, seconds=st.sampled_from((0.25, 0.375, 0.5, 0.75)))
    def pass_by(self, name: str, site: int, other: int, seconds: float) -> None:
        """Somebody comes back at a node that is slow, and then at once at another."""
        program, place = self.program(name), self.halls.sites[site]
        if program is None:
            return
        program.lost()
        self.halls.pass_time(1)
        place.log.delay = 0.25
        self.come(name, site)
        self.halls.pass_time(seconds)
        program.lost()
        self.come(name, other)

    # What goes wrong

    @rule(seconds=st.sampled_from((0.125, 0.25, 1, 3, 12)))
    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.halls.pass_time(seconds)

    @rule(
        site=sites,
        trouble=st.sampled_from(("slow", "quick", "cut", "lose an answer", "expire", "kill", "no quorum")),
    )
    def trouble(self, site: int, trouble: str) -> None:
        """Something fails, or becomes slow."""
        place, shared = self.halls.sites[site], self.halls.shared
        if trouble in ("slow", "quick"):
            place.log.delay = 0.25 if trouble == "slow" else 0.0
        elif trouble == "cut" and place.is_up:
            place.log.cut = True
        elif trouble == "lose an answer":
            place.log.lose_answers += 1
        elif trouble == "expire":  # as when it was paused for longer than its lease
            shared.expire(place.name)
        elif trouble == "kill":
            self.halls.kill(place)
        elif trouble == "no quorum":
            shared.has_quorum = False

    @rule(
        site=sites,
        kind=st.sampled_from(("expire", "cut", "kill", "no quorum")),
        name=names, other=names, nick=nicks, verb=st.sampled_from(("join", "leave", "away", "back")),
    )  # fmt: skip
    def lose(self, site: int, kind: str, name: str, other: str, nick: str, verb: str) -> None:
        """A node is gone for longer than its lease; meanwhile people do something, perhaps those who are there."""
        self.trouble(site, kind)
        self.halls.pass_time(8)
        self.move(name, verb)
        self.rename(other, nick)
        self.halls.pass_time(4)
        self.mend()

    @rule(one=names, other=names, nick=nicks)
    def race(self, one: str, other: str, nick: str) -> None:
        """Two people ask for one nickname at once; one of them perhaps comes in under it."""
        self.rename(one, nick)
        program = self.halls.programs.get(other)
        if program is not None and program.site is None and not program.has_account:
            program.nick = nick
            program.forget()
            self.come(other, NAMES.index(other) % 3)
        else:
            self.rename(other, nick)

    @rule()
    def mend(self) -> None:
        """What has failed works again."""
        self.halls.shared.has_quorum = True
        for site in self.halls.sites:
            if not site.is_up:
                site.start()
            site.log.cut = False

    def teardown(self) -> None:
        """When everything works again, all is well."""
        try:
            self.halls.heal()
            self.halls.judge()
        finally:
            self.halls.close()


ThreeHallsTest = ThreeHalls.TestCase
ThreeHallsTest.settings = settings(max_examples=15, stateful_step_count=25, deadline=None, derandomize=True)
