"""Orders of what stands in the log and what waits at a node, after which everybody must be shown the same lists."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.facts.account_facts import RankGiven
from groupchat.model.events import SERVER
from groupchat.model.ranks import Rank
from tests.hall.hall_programs import Program
from tests.hall.halls import OWNER, OWNER_AUTHOR, Halls, Site
from tests.house import NOON


class ListsAlikeCase(SynchronousTestCase):
    """Three halls on one log."""

    def setUp(self) -> None:
        self.halls = Halls()
        self.addCleanup(self.halls.close)

    def come(self, name: str, site: int) -> Program:
        """Let somebody come in at a node; the owner of the account if the name begins with theirs."""
        nick = OWNER if name.startswith(OWNER) else ""
        program = self.halls.programs[name] = Program(name, self.halls.truth, nick)
        program.connect(self.halls.sites[site])
        self.halls.pass_time(1)
        self.assertTrue(program.is_in)
        return program


class RenamedBeforeTest(ListsAlikeCase):
    """A new nickname is shown before what waits here about the old one."""

    def test_put_out_of_another_room(self) -> None:
        """Somebody is put out of a room while their new nickname is on its way: nobody believes them to be there."""
        first, _, third = self.halls.sites
        anna, dora = self.come("anna", 0), self.come("dora", 0)
        operator = self.come(f"{OWNER}'s", 2)
        third.hall.registration.amend(SERVER, RankGiven(OWNER_AUTHOR, Rank.OPERATOR, "server", NOON).put())
        self.halls.pass_time(1)
        first.log.delay = 0.25
        anna.ask("nick", nick="mira")
        operator.ask("kick", nick="anna", room="dev")
        self.halls.pass_time(2)
        self.assertEqual((anna.nick, set(anna.rooms)), ("mira", {"lobby"}))
        self.assertEqual(dora.rooms, {"lobby": {"mira", "dora", OWNER}, "dev": {"dora", OWNER}})
        self.halls.heal()
        self.halls.judge()


class AwayTest(ListsAlikeCase):
    """Whether somebody is away who is at several nodes, says what stands last in the log, at each node."""

    def setUp(self) -> None:
        super().setUp()
        self.one, self.other = self.come(f"{OWNER}'s first", 0), self.come(f"{OWNER}'s second", 1)
        self.reader = self.come("dora", 2)

    def away(self) -> list[str | None]:
        """Return what each node knows: the words, or None."""
        found = [site.hall.roster.of(OWNER_AUTHOR) for site in self.halls.sites]
        return [None if person is None else person.away for person in found]

    def judge(self, words: str | None) -> None:
        self.halls.pass_time(2)
        self.assertEqual(self.away(), [words] * 3)
        self.halls.heal()
        self.halls.judge()

    def test_gone_before_it_is_told(self) -> None:
        """Who leaves before the others could be told that they are away, has told nobody."""
        self.halls.sites[0].log.cut = True
        self.halls.pass_time(11)
        self.one.ask("away", text="lunch")
        self.one.lost()
        self.halls.sites[0].log.cut = False
        self.judge(None)

    def test_gone_while_it_is_told(self) -> None:
        """Somebody says so as they leave, and another connection of theirs says something first."""
        self.halls.sites[0].log.delay = 0.25
        self.one.ask("away", text="lunch")
        self.one.ask("exit")
        self.other.ask("leave", room="dev")
        self.judge("lunch")

    def test_several_in_one_entry(self) -> None:
        """Somebody is told of twice in one entry, and another connection of theirs says something before."""
        self.other.ask("join", room="dev")
        self.one.ask("leave", room="dev")
        self.one.ask("away", text="lunch")
        self.judge("lunch")

    def test_told_in_two_ways(self) -> None:
        """A node that starts learns it from the connection that is left, though the other one had said otherwise."""
        staying, going = sorted((self.one, self.other), key=self.handle)  # a node finds what stays first
        going.ask("away", text="lunch")
        self.halls.pass_time(1)
        staying.ask("back")
        self.halls.pass_time(1)
        third, place = self.halls.sites[2], staying.site
        (lost,) = [site for site in self.halls.sites if site not in (third, place)]
        self.halls.kill(lost)
        self.halls.kill(third)
        third.start()
        self.halls.pass_time(20)
        self.assertEqual(self.away()[2], None)
        self.halls.heal()
        self.halls.judge()

    def handle(self, program: Program) -> str:
        """Return by what the nodes know the connection of a program."""
        site = program.site
        assert isinstance(site, Site)
        person = site.hall.roster.of(OWNER_AUTHOR)
        assert person is not None
        (handle,) = [one.handle for one in person.connections if not one.node]
        return handle
