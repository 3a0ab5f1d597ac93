"""Somebody who talks at one node while another one erases them: nothing of it is kept, and they are told."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from groupchat.journals.rules.rows import Row
from groupchat.model import names
from groupchat.model.drafts import Need
from groupchat.model.events import SERVER
from groupchat.model.ranks import Rank
from tests.hall.hall_programs import Program
from tests.hall.halls import OWNER, Halls


class ErasedElsewhereTest(SynchronousTestCase):
    """Three halls on one log."""

    def setUp(self) -> None:
        self.halls = Halls()
        self.addCleanup(self.halls.close)
        self.first, self.second, _ = self.halls.sites

    def come(self, name: str, site: int, nick: str = "") -> Program:
        program = self.halls.programs[name] = Program(name, self.halls.truth, nick)
        program.connect(self.halls.sites[site])
        self.halls.pass_time(1)
        self.assertTrue(program.is_in)
        return program

    def rows(self) -> list[Row]:
        """Return what the journals have, which is the same in each."""
        first, *others = (site.inner for site in self.halls.sites)
        for other in others:
            self.assertEqual(other._rows, first._rows)
            self.assertEqual(other._sessions, first._sessions)
            self.assertEqual(other._facts, first._facts)
        return first._rows

    def erased(self, nick: str) -> None:
        """Erase somebody at the first node who talks at the second one, which has not heard of it."""
        bert = self.come("bert", 0)
        victim = self.come("victim", 1, nick if nick == OWNER else "")
        if nick != OWNER:
            nick = victim.nick
        victim.say("before")
        self.halls.pass_time(1)
        heard: list[dict[str, Any]] = []
        victim._hear = heard.append  # type: ignore[method-assign, assignment]  # what is shown ends with why
        alias = self.first.hall.forgetting.forget(names.key(nick), SERVER, Need(Rank.OPERATOR))
        count = len(self.rows())
        self.assertNotIn(alias, [row.nick for row in self.second.inner._rows])
        shown: list[dict[str, Any]] = []
        hear = bert._hear

        def note(event: dict[str, Any]) -> None:
            shown.append(event)
            hear(event)

        bert._hear = note  # type: ignore[method-assign]
        victim.ask("typing", room="lobby")
        victim.ask("say", text="the secret", room="lobby")
        victim.ask("msg", nick="bert", text="the secret")
        victim.ask("edit", id=1, text="the secret")
        victim.ask("join", room="ops")
        victim.ask("topic", room="lobby", text="the secret")
        bert.ask("msg", nick=nick, text="are you there?")
        self.halls.pass_time(2)
        self.assertEqual({row.nick for row in self.rows()}, {alias})
        self.assertEqual((len(self.rows()), {row.text for row in self.rows()}), (count, {""}))
        self.assertIn("left", [one["event"] for one in shown])
        self.assertNotIn("typing", [one["event"] for one in shown])
        self.assertIn("kicked", [one.get("code") for one in heard])
        self.assertIsNone(victim.site)
        for site in self.halls.sites:
            self.assertIsNone(site.hall.roster.find(names.key(nick)))
        self.assertEqual([one.nick for one in self.first.inner._sessions.values()], ["bert"])
        # The nickname is free, and whoever has it now may talk.
        del self.halls.programs["victim"]
        again = self.halls.programs["again"] = Program("again", self.halls.truth)
        again.nick = nick
        again.connect(self.halls.sites[1])
        self.halls.pass_time(1)
        again.say("somebody else")
        self.halls.pass_time(1)
        self.assertEqual([(row.nick, row.text) for row in self.rows()][count:], [(nick, "somebody else")])

    def test_account(self) -> None:
        """The owner of an account."""
        self.erased(OWNER)

    def test_guest(self) -> None:
        """A guest."""
        self.erased("")
