"""Somebody's token ends while another node still keeps their session: it never works again, and all others do."""

from collections.abc import Mapping
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from groupchat.facts.account_facts import AccessToken, Hook, RankGiven, digest_of
from groupchat.model.drafts import Revoke
from groupchat.model.events import SERVER
from groupchat.model.ranks import Rank
from tests.hall.hall_programs import SECRET, Program
from tests.hall.halls import OWNER, OWNER_AUTHOR, Halls
from tests.house import NOON

ENDS: Mapping[str, Mapping[str, Any]] = {
    "logout": {"connection": "others"},
    "password": {"old": SECRET, "new": "another horse"},
    "unregister": {"password": SECRET},
}
"""What the owner of an account can ask for that ends the tokens of all other connections, with its fields."""


class RevokedElsewhereTest(SynchronousTestCase):
    """Three halls on one log; the second is cut off from it while something is decided at the first."""

    def setUp(self) -> None:
        self.halls = Halls()
        self.addCleanup(self.halls.close)
        self.first, self.second, self.third = self.halls.sites

    def come(self, name: str, site: int, **more: Any) -> Program:
        program = self.halls.programs[name] = Program(name, self.halls.truth, OWNER)
        vars(program).update(more)
        program.connect(self.halls.sites[site])
        self.halls.pass_time(1)
        self.assertTrue(program.is_in, name)
        return program

    def cut(self, *moving: Program) -> None:
        """Let the second node have something on its way of these, which comes into the log later."""
        self.second.log.cut = True
        for program in moving:
            program.ask("join", room="ops")
        self.halls.pass_time(0.5)

    def asked(self, program: Program, do: str, **fields: Any) -> None:
        ref = program.ask(do, **fields)
        self.halls.pass_time(0.5)
        self.assertEqual(program.answers[ref]["event"], "done", program.answers[ref])

    def mend(self) -> None:
        self.second.log.cut = False
        self.halls.pass_time(3)
        self.assertTrue(self.second.is_open)
        first, *others = (site.inner for site in self.halls.sites)
        for other in others:
            self.assertEqual(other._sessions, first._sessions)
            self.assertEqual(other._nodes.ended, first._nodes.ended)

    def refused(self, token: str | None) -> None:
        """See that a token lets nobody in, at no node."""
        assert token is not None
        for site in self.halls.sites:
            thief = self.halls.programs["thief"] = Program("thief", self.halls.truth, OWNER)
            thief.token = token
            thief.connect(site)
            ref = thief.asked
            self.halls.pass_time(1)
            self.assertEqual((thief.is_in, thief.answers.get(ref, {}).get("code")), (False, "token-invalid"), site.name)
            thief.lost()
        del self.halls.programs["thief"]

    def taken(self, program: Program) -> None:
        """See that the token of somebody who is gone lets them in at every node."""
        token = program.token
        for site in (self.third, self.first, self.second):
            program.lost()
            self.halls.pass_time(1)
            program.connect(site)
            self.halls.pass_time(1)
            self.assertEqual((program.is_in, program.token), (True, token), site.name)

    def test_all(self) -> None:
        """However all tokens of an account end, what another node still keeps of them is worth nothing."""
        for do, fields in ENDS.items():
            self.setUp()
            stays, goes = self.come("stays", 0), self.come("goes", 1)
            self.cut(goes)
            self.asked(stays, do, **fields)
            self.assertNotIn(digest_of(str(goes.token)), self.third.inner._sessions)
            goes.lost()
            self.mend()
            self.refused(goes.token)
            self.assertNotIn(digest_of(str(goes.token)), self.second.inner._sessions)
            if do != "unregister":
                self.taken(stays)

    def test_one(self) -> None:
        """So it is with one token that ends, and no other."""
        stays, goes = self.come("stays", 1), self.come("goes", 1)
        self.cut(stays, goes)
        self.first.hall.registration.amend(SERVER, Revoke(OWNER_AUTHOR, only=digest_of(str(goes.token))))
        self.halls.pass_time(0.5)
        goes.lost()
        self.mend()
        self.refused(goes.token)
        self.assertIn("ops", stays.rooms)
        self.taken(stays)

    def test_never_stored_before(self) -> None:
        """So it is with the token of somebody who came in, by the old password, where that was not known to be old."""
        stays, there = self.come("stays", 0), self.come("there", 1)
        self.second.log.delay = 1.0
        late = self.halls.programs["late"] = Program("late", self.halls.truth, OWNER)
        late.connect(self.second)
        while not late.is_in:
            self.halls.pass_time(0.125)
        self.assertNotIn(digest_of(str(late.token)), self.third.inner._sessions)
        self.asked(stays, "password", old=SECRET, new="another horse")
        self.second.log.delay = 0.0
        self.mend()
        self.halls.pass_time(5)
        self.assertEqual((there.is_in, late.is_in), (False, False))
        self.refused(late.token)
        self.refused(there.token)

    def test_new(self) -> None:
        """Who comes in where it is known what has ended has a token that works, and so has whoever keeps theirs."""
        stays, goes = self.come("stays", 0), self.come("goes", 1)
        self.cut(goes)
        self.asked(stays, "logout", connection="others")
        self.mend()
        self.assertFalse(goes.is_in)
        again = self.come("again", 1)
        self.taken(again)
        self.taken(stays)
        self.refused(goes.token)

    def test_access_token(self) -> None:
        """Whom an access token let in comes back as before, since a new password does not end that."""
        stays = self.come("stays", 0)
        ref = stays.ask("token", name="deploy")
        self.halls.pass_time(1)
        robot = self.come("robot", 1, access=stays.answers[ref]["token"])
        self.cut(robot)
        self.asked(stays, "password", old=SECRET, new="another horse")
        self.mend()
        self.assertTrue(robot.is_in)
        self.assertIn("ops", robot.rooms)
        self.taken(robot)

    def keys(self) -> list[str]:
        """Return the access tokens and hooks of the account, as each journal and each hall has them."""
        kinds = (AccessToken.KIND, Hook.KIND)
        found = [name for site in self.halls.sites for kind, name in site.inner._facts if kind in kinds]
        halls = [site.hall.access_keys for site in self.halls.sites]
        return found + [one.name for keys in halls for one in (*keys.tokens, *keys.hooks)]

    def operator(self) -> Program:
        """Let the owner of the account, who is at the first node, be an operator."""
        stays = self.come("stays", 0)
        self.first.hall.registration.amend(SERVER, RankGiven(OWNER_AUTHOR, Rank.OPERATOR, "server", NOON).made())
        self.halls.pass_time(1)
        return stays

    def test_made_behind(self) -> None:
        """Whoever is logged out by a new password makes no access token or hook any more, where it is not known yet."""
        stays, goes = self.operator(), self.come("goes", 1)
        self.second.log.cut = True
        for do, more in (("token", {}), ("hook", {"room": "lobby"})):
            goes.ask(do, **more)
        self.halls.pass_time(0.5)
        self.asked(stays, "setpassword", name=OWNER, password="another horse")
        self.mend()
        self.assertEqual(self.keys(), [])

    def test_made_just_before(self) -> None:
        """What was made before that, and is not known where it is decided, ends too."""
        stays, goes = self.operator(), self.come("goes", 1)
        self.asked(goes, "token")
        self.first.log.delay = 0.5
        self.halls.pass_time(1)
        for do, more in (("token", {}), ("hook", {"room": "lobby"})):
            goes.ask(do, **more)
        self.halls.pass_time(0.25)
        ref = stays.ask("setpassword", name=OWNER, password="another horse")
        self.halls.pass_time(4)
        self.assertEqual(stays.answers[ref]["event"], "done", stays.answers[ref])
        self.assertEqual(self.keys(), [])

    def test_not_written(self) -> None:
        """What a node could not write is not tried again when the token has ended meanwhile, and its owner is gone."""
        stays, goes = self.come("stays", 0), self.come("goes", 1)
        self.cut(goes)
        goes.lost()
        self.asked(stays, "logout", connection="others")
        self.halls.shared.expire("b")
        self.mend()
        self.halls.pass_time(5)
        self.refused(goes.token)
