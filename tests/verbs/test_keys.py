"""The verbs about access tokens and hooks: what is shown of them, to whom, and how they end."""

from groupchat.facts.account_facts import AccessToken, Hook
from groupchat.journals.memory import MemoryJournal
from groupchat.model.errors import JournalUnavailable
from groupchat.model.events import Done, Listed, Replayed, Told
from groupchat.model.ranks import Rank
from groupchat.state.access_keys import MOST
from tests.fakes import HeldJournal
from tests.house import House, Peer
from tests.people import member
from tests.verbs.cases import OperatorsCase


def shown(peer: Peer) -> dict[str, str]:
    """Return the fields of the last thing somebody was told that they had done."""
    answer = [one for one in peer.take() if isinstance(one, Done)][-1]
    return {"text": answer.text, **(answer.fields or {})}


def texts(peer: Peer) -> list[str]:
    """Return the lines of the last list somebody was shown."""
    return list([one for one in peer.answers if isinstance(one, Listed)][-1].lines)


class TokenTests(OperatorsCase):
    def test_made(self) -> None:
        """A token is shown once, acts for its account, and is stored as a digest only."""
        self.alice.type("/token ci")
        made = shown(self.alice)
        self.assertRegex(made["token"], "^gct_[0-9a-f]{40}$")
        self.assertIn(made["token"], made["text"])
        self.assertIn("unencrypted", made["text"])
        token = self.house.hall.access_keys.tokens.find(made["token"])
        assert token is not None
        self.assertEqual((token.author, token.label), (self.alice.connection.person.author, "ci"))
        (fact,) = self.successResultOf(self.house.journal.facts(AccessToken.KIND))
        self.assertNotIn(made["token"], repr(fact))
        self.alice.type("/tokens", "/token CI", "/token")
        self.assertEqual(self.alice.codes, ["bad-arguments"])
        self.assertEqual(self.items(self.alice), [
            {"name": "ci", "at": "2026-11-21T12:00:00.000Z", "used": None, "connections": 0},
        ])  # fmt: skip
        self.assertNotIn(made["token"], repr(self.alice.answers))

    def test_encrypted(self) -> None:
        """On an encrypted connection no warning is needed; without one there is no secret where passwords are not."""
        self.alice.screen.secure = True
        self.alice.type("/token")
        self.assertNotIn("unencrypted", shown(self.alice)["text"])
        home = House(plain_passwords=False)
        carol = member(home, "carol", "json")
        carol.do("token").do("hook")
        self.assertEqual(carol.codes, ["not-encrypted", "not-encrypted"])

    def test_revoked(self) -> None:
        """A token that is revoked works no longer, also after a restart; nobody else can revoke it."""
        self.alice.type("/token ci", "/token cd")
        secrets = [one.fields["token"] for one in self.alice.answers if isinstance(one, Done) and one.fields]
        self.olga.do("revoke", name="ci")
        self.alice.type("/revoke CI", "/revoke ci")
        self.assertEqual((self.olga.codes, self.alice.codes), (["nothing-to-undo"], ["nothing-to-undo"]))
        for hall in (self.house.hall, self.house.reopened()):
            found = [hall.access_keys.tokens.find(secret) for secret in secrets]
            self.assertEqual([one and one.label for one in found], [None, "cd"])

    def test_most(self) -> None:
        """An account has so many tokens at most, with names that are told apart."""
        rita = self.rita
        for _ in range(MOST + 1):
            rita.do("token")
        self.assertEqual(rita.codes, ["bad-arguments"])
        rita.do("tokens")
        labels = {str(item["name"]) for item in self.items(rita)}
        self.assertEqual(labels, {"token", *(f"token-{number}" for number in range(2, MOST + 1))})

    def test_password(self) -> None:
        """A new password leaves them as they are, and says so; with the account they go."""
        hall = self.house.hall
        self.alice.type("/token ci", "/hook dev").do("password", old="correct horse", new="battery staple")
        self.assertEqual(self.alice.codes, [])
        self.assertIn("1 access token (/tokens), 1 hook (/hooks)", self.alice.told[-1])
        self.assertEqual((len(list(hall.access_keys.tokens)), len(list(hall.access_keys.hooks))), (1, 1))
        self.alice.type("/unregister battery staple")
        self.assertEqual((list(hall.access_keys.tokens), list(hall.access_keys.hooks)), ([], []))
        for form in (AccessToken, Hook):
            self.assertEqual(self.successResultOf(self.house.journal.facts(form.KIND)), [])

    def test_set_by_an_operator(self) -> None:
        """When an operator sets another password, whoever had the old one may have made them: they end."""
        self.alice.type("/token ci", "/hook dev")
        self.rita.do("token")
        self.olga.do("setpassword", name="alice", password="battery staple")
        self.assertEqual(self.olga.told[-1], "alice has this password now; 2 access tokens and hooks of it ended.")
        for hall in (self.house.hall, self.house.reopened()):
            keys = hall.access_keys
            self.assertEqual([one.author for one in keys.tokens], [self.rita.connection.person.author])
            self.assertEqual(list(keys.hooks), [])
        self.olga.do("setpassword", name="alice", password="battery staple")
        self.assertEqual(self.olga.told[-1], "alice has this password now.")

    def test_erased(self) -> None:
        """With a person who is erased their keys go, too."""
        self.alice.type("/token ci", "/hook dev")
        self.olga.do("forget", name="alice").do("forget", name="alice")
        self.assertEqual(self.olga.codes, ["confirmation-needed"])
        for form in (AccessToken, Hook):
            self.assertEqual(self.successResultOf(self.house.journal.facts(form.KIND)), [])
        keys = self.house.hall.access_keys
        self.assertEqual((list(keys.tokens), list(keys.hooks)), ([], []))

    def test_on_disk_first(self) -> None:
        """Nobody is shown a secret that is not on disk."""
        journal = HeldJournal(MemoryJournal())
        home = House(journal)
        alice = member(home, "alice", "json")
        while journal.pending:
            journal.commit()
        alice.take()
        alice.do("token")
        self.assertEqual((alice.take(), list(home.hall.access_keys.tokens)), ([], []))
        self.assertEqual(len(journal.pending), 1)
        journal.fail(JournalUnavailable("Full."))
        self.assertEqual(alice.codes, ["journal-unavailable"])
        self.assertNotIn("gct_", repr(alice.answers))

    def test_with_the_old_password(self) -> None:
        """What somebody makes for programs at the moment when an operator sets another password ends, too."""
        for order in (["token", "set"], ["set", "token"], ["hook", "set", "hook"]):
            journal = HeldJournal(MemoryJournal())
            home = House(journal)
            olga, alice = member(home, "olga", "json", Rank.OPERATOR), member(home, "alice", "json")
            while journal.pending:
                journal.commit()
            for do in order:  # the first is on its way, and those that come next do not know it
                if do == "set":
                    olga.do("setpassword", name="alice", password="battery staple")
                else:
                    alice.do(do)
                self.assertEqual(len(journal.pending), 1, do)
            while journal.pending:
                journal.commit()
            self.assertEqual(olga.codes, [], order)
            kept = [self.successResultOf(journal.facts(form.KIND)) for form in (AccessToken, Hook)]
            keys = home.hall.access_keys
            self.assertEqual((kept, list(keys.tokens), list(keys.hooks)), ([[], []], [], []), order)
            self.assertIn("alice has this password now", olga.told[-1])


class HookTests(OperatorsCase):
    def test_made(self) -> None:
        """A hook has a room and an address, which is shown once."""
        self.alice.type("/hook dev Grafana")
        made = shown(self.alice)
        self.assertEqual((made["name"], made["hooked"], made["path"][:11]), ("grafana", "dev", "/hooks/gch_"))
        found = self.house.hall.access_keys.hooks.find(made["path"].removeprefix("/hooks/"))
        assert found is not None
        self.assertEqual((found.room, found.author), ("dev", self.alice.connection.person.author))
        self.alice.type("/hook", "/hooks")
        self.assertEqual(
            [(item["name"], item["room"]) for item in self.items(self.alice)], [("grafana", "dev"), ("lobby", "lobby")]
        )

    def test_rooms(self) -> None:
        """A hook is made to a room that there is, and that its owner may be told of."""
        self.rita.do("lock", room="dev")
        (carol,) = self.house.come("carol", door="json")
        carol.do("hook", room="lobby")
        dave = member(self.house, "dave", "json")
        dave.do("hook", room="dve").do("hook", room="dev").do("hook", room="lobby")
        self.assertEqual((carol.codes, dave.codes), (["not-allowed"], ["no-such-room"] * 2))

    def test_of_a_room(self) -> None:
        """Who keeps order in a room is shown everybody's hooks of it; others only their own."""
        for peer in (self.alice, self.olga, self.rita):
            peer.session.do("hook", {"room": "dev", "name": "a"})
            peer.session.do("hook", {"room": "lobby", "name": "b"})
            peer.take()
        dev = [("alice", "a"), ("olga", "a"), ("rita", "a")]
        for peer, room, expected in (
            (self.alice, "dev", [("alice", "a")]),
            (self.rita, "dev", dev),
            (self.rita, "lobby", [("rita", "b")]),
            (self.olga, "dev", dev),
            (self.olga, "", [("olga", "a"), ("olga", "b")]),
        ):
            peer.session.do("hooks", {"room": room} if room else {})
            self.assertEqual([(item["nick"], item["name"]) for item in self.items(peer)], expected)
        self.assertEqual(texts(self.alice)[0], "1 hook of dev:")

    def test_removed(self) -> None:
        """A hook is removed by its owner, or who keeps order in its room, which is told; by nobody else."""
        self.alice.type("/hook dev a", "/hook lobby b", "/hook dev c")
        self.forget()
        self.bob.type("/unhook a alice")
        self.rita.do("unhook", name="b", nick="alice").do("unhook", name="a", nick="alice")
        self.olga.do("unhook", name="b", nick="ALICE").do("unhook", name="b", nick="nobody")
        self.alice.type("/unhook c", "/unhook c")
        self.assertEqual((self.bob.codes, self.rita.codes), (["not-allowed"], ["nothing-to-undo"]))
        self.assertEqual((self.olga.codes, self.alice.codes), (["nothing-to-undo"], ["nothing-to-undo"]))
        self.assertEqual(self.acts(self.alice), [("dev", "unhook", "alice"), ("lobby", "unhook", "alice")])
        self.assertEqual(list(self.house.hall.access_keys.hooks), [])

    def test_no_secret_is_logged(self) -> None:
        """What operators did lists no secret."""
        self.alice.type("/hook dev a", "/token a")
        secrets = [one.text for one in self.alice.answers if isinstance(one, Done)]
        self.olga.do("unhook", name="a", nick="alice").do("modlog")
        (log,) = [one for one in self.olga.answers if isinstance(one, Replayed)]
        for text in secrets:
            secret = next(word for word in text.replace("/", " ").replace(",", " ").split() if word[:2] == "gc")
            self.assertNotIn(secret, repr(log))

    def test_server(self) -> None:
        """The server itself has none, and lists and removes those of others."""
        console = self.house.connect("text")
        console.session.serve()
        self.alice.type("/hook dev a")
        console.type("/token", "/hook dev", "/hooks dev", "/hooks", "/unhook a alice")
        self.assertEqual(console.codes, ["not-allowed", "not-allowed"])
        self.assertEqual(list(self.house.hall.access_keys.hooks), [])
        self.assertFalse([one for one in self.alice.answers if isinstance(one, Told) and "gch_" in repr(one)])
        self.assertIs(console.actor.rank, Rank.OPERATOR)
