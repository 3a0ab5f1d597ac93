"""Orders of what stands in the log and what waits at a node, after which everybody must be shown the same lists."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.facts.account_facts import RankGiven
from groupchat.model.events import SERVER
from groupchat.model.ranks import Rank
from tests.hall.hall_programs import Program
from tests.hall.halls import OWNER, OWNER_AUTHOR, Halls
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
