"""Somebody who is named at one node while another one erases them: whatever is asked for, their nickname is gone."""

from collections.abc import Mapping
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from groupchat.facts.account_facts import Account, RankGiven
from groupchat.model import names
from groupchat.model.drafts import Need
from groupchat.model.events import SERVER, AuthorId
from groupchat.model.ranks import Rank
from groupchat.verbs.commands import COMMANDS
from tests.fakes import hashed
from tests.hall.hall_programs import SECRET, Program
from tests.hall.halls import OWNER, OWNER_AUTHOR, Halls
from tests.house import NOON

VICTIM = "victim"
VICTIM_AUTHOR = AuthorId(8)

FIRST: Mapping[str, tuple[str, ...]] = {
    "unban": ("ban",),
    "unmute": ("mute",),
    "deop": ("op",),
    "uninvite": ("invite",),
    "unignore": ("ignore",),
    "demote": ("promote",),
}
"""What is asked for before somebody is erased, so that it can be undone."""

NAMING: Mapping[str, dict[str, object]] = {
    "say": {"text": "yes", "room": "lobby", "reply": "said"},
    "me": {"text": "nods", "nick": VICTIM},
    "re": {"id": "said", "text": "yes"},
    "msg": {"nick": VICTIM, "text": "psst"},
    "reply": {"text": "psst"},
    "query": {"nick": VICTIM},
    "edit": {"id": "said", "text": "other words"},
    "send": {"name": "a.txt", "nick": VICTIM, "size": 3},
    "delete": {"id": "said"},
    "last": {"nick": VICTIM},
    "files": {"whose": VICTIM},
    "history": {"nick": VICTIM},
    "read": {"nick": VICTIM},
    "whois": {"nick": VICTIM},
    "ignore": {"nick": VICTIM},
    "unignore": {"nick": VICTIM},
    "kick": {"nick": VICTIM, "reason": "spam", "room": "lobby"},
    "ban": {"whom": VICTIM, "reason": "spam", "room": "lobby"},
    "unban": {"whom": VICTIM, "room": "lobby"},
    "mute": {"nick": VICTIM, "reason": "spam", "room": "lobby"},
    "unmute": {"nick": VICTIM, "room": "lobby"},
    "purge": {"nick": VICTIM, "room": "lobby", "duration": "1d"},
    "forget": {"name": VICTIM, "yes": True},
    "op": {"nick": VICTIM, "room": "lobby"},
    "deop": {"nick": VICTIM, "room": "lobby"},
    "invite": {"nick": VICTIM, "room": "lobby"},
    "uninvite": {"nick": VICTIM, "room": "lobby"},
    "lock": {"room": "dev"},
    "close": {"room": "dev"},
    "promote": {"name": VICTIM},
    "demote": {"name": VICTIM},
    "removeuser": {"name": VICTIM},
    "setpassword": {"name": VICTIM, "password": "another battery"},
    "unhook": {"name": "news", "nick": VICTIM},
}
"""Every verb that can name somebody, or be about what they said or where they are, with what is asked for."""

NAMELESS = frozenset({
    "accounts", "announce", "away", "back", "bans", "catchup", "complete", "exit",
    "goto", "help", "hook", "hooks", "ignored", "invitecode", "join", "leave",
    "list", "logout", "mentions", "modlog", "motd", "mutes", "nodes", "password",
    "paste", "ping", "removenode", "reopen", "revoke", "rooms", "search", "set",
    "set-room", "slow", "status", "switch", "token", "tokens", "topic", "typing",
    "unlock", "unread", "unregister", "whoami",
})  # fmt: skip
"""The verbs that name nobody, but with words of one's own."""

OWN_NAME = frozenset(("adduser", "login", "nick", "register"))
"""The verbs with a nickname that somebody has from then on: behind an erasure that is somebody else."""


class NamedBehindErasuresTest(SynchronousTestCase):
    """Three halls on one log; an operator at the second, who has not heard of the erasure yet."""

    def begin(self, has_account: bool, site: int) -> None:
        """Let an operator come, and somebody who says something.  :param site: where they are."""
        self.halls = Halls()
        self.addCleanup(self.halls.close)
        registration = self.halls.sites[0].hall.registration
        registration.amend(SERVER, RankGiven(OWNER_AUTHOR, Rank.OPERATOR, "x", 0.0).made())
        if has_account:
            registration.amend(SERVER, Account(VICTIM, VICTIM, VICTIM_AUTHOR, hashed(SECRET), NOON).made())
        self.halls.pass_time(1)
        self.olga = self.come(OWNER, 1, True)
        self.victim = self.come(VICTIM, site, has_account)
        self.victim.ask("hook", name="news", room="lobby")
        self.victim.say("before")
        self.victim.ask("msg", nick=OWNER, text="psst")
        self.halls.pass_time(1)

    def come(self, nick: str, site: int, has_account: bool) -> Program:
        """Let somebody come in at a node."""
        program = self.halls.programs[nick] = Program(nick, self.halls.truth, nick if has_account else "")
        program.connect(self.halls.sites[site])
        self.halls.pass_time(1)
        self.assertTrue(program.is_in)
        return program

    def erase(self) -> str:
        """Erase the person at the first node; return the pseudonym."""
        # What they are shown of what was said before reads otherwise from now on.
        del self.halls.programs[VICTIM]
        self.halls.programs.pop(OWNER)
        return self.halls.sites[0].hall.forgetting.forget(names.key(VICTIM), SERVER, Need(Rank.OPERATOR))

    def ask(self, verb: str, fields: Mapping[str, object]) -> None:
        """Let the operator ask for something."""
        [said] = [row.id for row in self.halls.sites[1].inner._rows if row.text == "before"]
        self.olga.ask(verb, **{name: said if value == "said" else value for name, value in fields.items()})

    def heard(self) -> list[dict[str, Any]]:
        """Return what the operator was told."""
        self.olga.hear()
        return list(self.olga.answers.values())

    def left(self) -> list[object]:
        """Return what still has the nickname, in any journal or hall."""
        found: list[object] = []
        for site in self.halls.sites:
            held = site.inner
            self.assertEqual(held._rows, self.halls.sites[0].inner._rows)
            self.assertEqual(held._facts, self.halls.sites[0].inner._facts)
            self.assertEqual(held._sessions, self.halls.sites[0].inner._sessions)
            kept: tuple[object, ...] = (
                *held._rows, *held._facts.values(), *held._sessions.values(), *held._nodes.presences.values(),
            )  # fmt: skip
            known = [(person.nick, person.ignored) for person in site.hall.roster]
            found += [one for one in (*kept, *known) if VICTIM in repr(one)]
        return found

    def test_every_verb(self) -> None:
        """It is known of every verb whether it can name somebody."""
        self.assertEqual({verb.name for verb in COMMANDS.sorted()}, {*NAMING, *NAMELESS, *OWN_NAME})

    def attempt(self, verb: str, has_account: bool, site: int, is_gone: bool = False) -> None:
        """Let an operator ask for something while the other person is erased at another node, and it is not known."""
        self.begin(has_account, site)
        for before in FIRST.get(verb, ()):
            self.ask(before, NAMING[before])
            self.halls.pass_time(1)
        if is_gone:
            self.halls.sites[1].log.delay = 1.5
            self.victim.ask("exit")
            self.halls.pass_time(1)
        alias = self.erase()
        self.ask(verb, NAMING[verb])
        self.halls.pass_time(4)
        about = (verb, has_account, site, is_gone)
        self.assertEqual(self.left(), [], about)
        self.assertIn(alias, [row.nick for row in self.halls.sites[0].inner._rows], about)
        self.halls.close()

    def test_guest_elsewhere(self) -> None:
        """A guest who is at a third node."""
        for verb in NAMING:
            self.attempt(verb, False, 2)

    def test_guest_there(self) -> None:
        """A guest who is at the operator's node."""
        for verb in NAMING:
            self.attempt(verb, False, 1)

    def test_guest_put_out(self) -> None:
        """A guest who is at the node that erases them, and is put out there before that."""
        for verb in NAMING:
            self.attempt(verb, False, 0)

    def test_guest_gone(self) -> None:
        """A guest who has just left, of which the operator's node has not heard either."""
        for verb in NAMING:
            self.attempt(verb, False, 2, True)

    def test_owner_elsewhere(self) -> None:
        """The owner of an account who is at a third node."""
        for verb in NAMING:
            self.attempt(verb, True, 2)

    def test_owner_put_out(self) -> None:
        """The owner of an account who is at the node that erases them."""
        for verb in NAMING:
            self.attempt(verb, True, 0)
