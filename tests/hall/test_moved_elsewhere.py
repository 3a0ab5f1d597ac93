"""Somebody moves, or is put out of a room, while another node has something else of them on its way."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.model.drafts import PutOut
from groupchat.model.events import SERVER, AuthorId
from tests.hall.hall_programs import Program
from tests.hall.halls import OWNER, OWNER_AUTHOR, Halls


class MovedElsewhereTest(SynchronousTestCase):
    """Three halls on one log; the second is cut off from it while something happens at the others."""

    def setUp(self) -> None:
        self.halls = Halls()
        self.addCleanup(self.halls.close)
        self.first, self.second, self.third = self.halls.sites

    def come(self, name: str, site: int, nick: str = OWNER) -> Program:
        program = self.halls.programs[name] = Program(name, self.halls.truth, nick)
        program.connect(self.halls.sites[site])
        self.halls.pass_time(1)
        self.assertTrue(program.is_in, name)
        return program

    def cut(self, program: Program, room: str) -> None:
        """Let the second node have on its way that somebody has joined a room, which comes into the log later."""
        self.second.log.cut = True
        program.ask("join", room=room)
        self.halls.pass_time(0.5)

    def mend(self) -> None:
        self.second.log.cut = False
        self.halls.pass_time(3)
        self.assertTrue(self.second.is_open)

    def account(self) -> set[tuple[str, ...]]:
        """Return the rooms of the account, as each journal and each hall has them."""
        found = [one for site in self.halls.sites for one in (site.account_in_memory(), site.account_on_disk())]
        return {one[0] for one in found if one is not None}

    def put_out(self, author: AuthorId) -> None:
        """Let the server put somebody out of a room, as the first node says."""
        self.first.hall.registration.amend(SERVER, PutOut(author, "dev", "kicked", "Go."))
        self.halls.pass_time(0.5)

    def test_account(self) -> None:
        """An account is where it was moved at a node that was not cut off, as all journals and halls know."""
        away, here = self.come("away", 1), self.come("here", 0)
        here.ask("join", room="dev")
        self.halls.pass_time(1)
        self.cut(away, "ops")
        here.ask("leave", room="dev")
        self.halls.pass_time(0.5)
        self.assertEqual(self.third.account_on_disk(), (("lobby",), "lobby"))
        self.mend()
        self.assertEqual(self.account(), {("lobby",)})
        away.ask("join", room="help")
        self.halls.pass_time(1)
        self.assertEqual(
            self.account(), {away.site and tuple(sorted(away.rooms, key=("dev", "lobby", "ops", "help").index))}
        )

    def test_put_out_account(self) -> None:
        """Whoever was put out of a room does not find the account in there, whatever else another node had."""
        away = self.come("away", 1)
        self.cut(away, "ops")
        self.put_out(OWNER_AUTHOR)
        away.lost()
        self.mend()
        self.assertEqual(self.account(), {("lobby", "ops")})

    def test_put_out_session(self) -> None:
        """Nor does a guest who comes back by the token, if the connection was lost at that moment."""
        guest = self.come("anna", 1, "")
        person = self.second.hall.roster.find("anna")
        assert person is not None
        self.cut(guest, "ops")
        self.put_out(person.author)
        guest.lost()
        self.mend()
        guest.before = None
        guest.connect(self.third)
        self.halls.pass_time(1)
        self.assertEqual(set(guest.rooms), {"lobby", "ops"})
