"""Coming in with an access token: who one is then, what one may do, and how it ends."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.facts.account_facts import AccessToken, digest_of
from groupchat.journals.memory import MemoryJournal
from groupchat.model.events import Done, Listed, Refused, Said, Welcomed
from groupchat.sessions.session import State
from groupchat.state.access_keys import TOKEN_PREFIX, new_secret
from groupchat.verbs.commands import COMMANDS
from tests.fakes import SlowJournal
from tests.house import House, Peer
from tests.people import account, establish, operator

PASSWORD = "correct horse"
UNKNOWN = TOKEN_PREFIX + "0" * 40


class AccessCase(SynchronousTestCase):
    """Alice has an account with two access tokens; olga is an operator with one."""

    def setUp(self) -> None:
        self.journal = SlowJournal(MemoryJournal())
        self.house = House(self.journal)
        self.hall = self.house.hall
        self.olga = operator(self.house, "olga", "json")
        account(self.hall, "alice")
        self.ci, self.cd, self.root = self.make("alice", "ci"), self.make("alice", "cd"), self.make("olga", "root")

    def make(self, nick: str, label: str) -> str:
        """Make an access token of an account, and return its secret."""
        found, secret = self.hall.accounts.find(nick), new_secret(TOKEN_PREFIX)
        assert found is not None
        establish(self.hall, AccessToken(found.author, label, digest_of(secret), self.hall.now()))
        return secret

    def come(self, access: str | None, nick: str = "", exempt: bool = True, **fields: object) -> Peer:
        """Return a program that asks to come in with an access token."""
        return self.house.connect("json", exempt).offer(nick, access=access, **fields)  # type: ignore[arg-type]

    def words(self, peer: Peer) -> list[str]:
        """Return the sentences of refusals somebody was shown."""
        return [answer.text for answer in peer.answers if isinstance(answer, Refused)]

    def welcome(self, peer: Peer) -> Welcomed:
        """Return the welcome that somebody was given."""
        return next(answer for answer in peer.answers if isinstance(answer, Welcomed))


class ComingInTests(AccessCase):
    def test_account(self) -> None:
        """Whoever has an access token is its account, also on several connections at once, and in several words."""
        for nick in ("", "alice", "ALICE"):
            welcome = self.welcome(self.come(self.ci, nick))
            self.assertEqual((welcome.nick, welcome.account), ("alice", "alice"))
        self.come(self.cd).say("done")
        person = self.hall.find("alice")
        self.assertEqual(len(person.connections), 4)
        self.assertEqual([event.nick for event in self.olga.events if isinstance(event, Said)], ["alice"])

    def test_closed_servers(self) -> None:
        """It is enough where nobody comes in without a password."""
        for settings in ({"password": "swordfish"}, {"guests": False}):
            self.hall.follow(self.hall.settings.replaced(**settings))
            self.assertEqual(self.come(self.ci).codes, [])
            self.assertEqual(self.come(None, "bob").codes, ["password-needed"])

    def test_another_nickname(self) -> None:
        """A nickname that is not the account's is refused, rather than ignored; so are other proofs beside it."""
        peer = self.come(self.ci, "bob")
        self.assertEqual(peer.codes, ["bad-arguments"])
        self.assertEqual(self.words(peer), ["This access token is that of alice, and not of bob; leave nick out."])
        for proofs in ({"password": PASSWORD}, {"code": "c"}, {"register": True, "password": PASSWORD}):
            self.assertEqual(self.come(self.ci, "alice", **proofs).codes, ["bad-arguments"])

    def test_unknown(self) -> None:
        """An unknown one is refused by a code of its own, and so are other secrets: a hook's, a session's, words."""
        for secret in (UNKNOWN, "", "gch_" + "0" * 40, self.come(self.ci).token, "x" * 64, "\ud800", PASSWORD):
            self.assertEqual(self.come(secret).codes, ["access-invalid"], secret)
        self.assertEqual(self.come("x" * 65).codes, ["access-invalid"])

    def test_unencrypted(self) -> None:
        """Where passwords need an encrypted connection, so do access tokens; without one none is looked at."""
        self.hall.follow(self.hall.settings.replaced(plain_passwords=False))
        self.assertEqual(self.come(self.ci).codes + self.come(UNKNOWN).codes, ["not-encrypted"] * 2)
        peer = self.house.connect("json")
        peer.screen.secure = True
        self.assertEqual(peer.offer("", access=self.ci).codes, [])

    def test_banned(self) -> None:
        """What was decided about the account holds."""
        self.olga.do("ban", whom="alice")
        self.assertEqual(self.come(self.ci).codes, ["banned"])
        self.olga.do("unban", whom="alice").do("mute", nick="alice")
        self.assertEqual(self.come(self.ci).say("words").codes, ["muted"])

    def test_in_place_of_the_password(self) -> None:
        """Clients that know passwords only can give it as one: netcat at the prompt, /login, and the field."""
        self.hall.follow(self.hall.settings.replaced(guests=False))
        netcat = self.house.connect().type("alice", self.ci)
        self.assertEqual(netcat.connection.person.account, self.hall.accounts.find("alice"))
        netcat.type("/token")
        self.assertIn("not-allowed", netcat.codes)
        line = self.house.connect().type(f"/login alice {self.cd}")
        program = self.come(None, "alice", password=self.ci)
        self.assertEqual((line.connection.person.nick, program.codes), ("alice", []))
        again = self.come(None, "alice", password=self.ci, token=program.token)
        self.assertEqual(again.codes, [])
        self.assertEqual(self.house.connect().type("olga", self.ci).codes, ["bad-arguments"])
        self.assertEqual(self.house.connect().type("alice", UNKNOWN).codes, ["access-invalid"])
        self.olga.do("setpassword", name="alice", password="battery staple")
        for peer in (netcat, line, again):
            self.assertEqual(peer.screen.codes, ["logged-out"])

    def test_quiet(self) -> None:
        """It goes with everything else that one can ask for when coming in."""
        peer = self.come(self.ci, quiet=True)
        peer.say("quietly", room="lobby")
        self.assertEqual([event.text for event in self.olga.events if isinstance(event, Said)], ["quietly"])
        self.assertEqual(self.welcome(self.come(self.cd, rooms=("dev",))).rooms, ("dev",))

    def test_in_already(self) -> None:
        """It is for coming in: somebody who is in keeps the nickname and the connection."""
        peer = self.come(None, "bob")
        peer.offer("", access=self.ci)
        self.assertEqual((peer.codes, peer.connection.person.nick), (["bad-arguments"], "bob"))

    def test_after_attempts(self) -> None:
        """A connection with many wrong ones is cut off, as with wrong nicknames."""
        peer = self.house.connect("json")
        for _ in range(5):
            peer.offer("", access=UNKNOWN)
        self.assertEqual(peer.screen.codes, ["too-many-attempts"])


class OnlyTheAccountTests(AccessCase):
    def test_login(self) -> None:
        """Who asks for an account comes in as no guest: neither with the server's password nor with a guest's token."""
        guest = self.come(None, "bob")
        self.assertEqual(self.come(None, "bob", login=True).codes, ["password-needed"])
        self.assertEqual(self.come(None, "bob", token=guest.token, login=True).codes, ["token-invalid"])
        self.hall.follow(self.hall.settings.replaced(password="swordfish"))
        self.assertEqual(self.come(None, "carol", password="swordfish", login=True).codes, ["password-wrong"])
        self.assertEqual(self.come(None, "carol", password="swordfish").codes, [])
        peer = self.come(None, "alice", password=PASSWORD, login=True)
        self.assertEqual(self.come(None, "alice", token=peer.token, login=True).codes, [])


class LimitTests(AccessCase):
    def test_guessing(self) -> None:
        """After three wrong ones of an address the next must wait; another address need not, nor do passwords."""
        codes = [code for _ in range(5) for code in self.come(UNKNOWN, exempt=False).codes]
        self.assertEqual(codes, ["access-invalid"] * 3 + ["too-many-failures"] * 2)
        waiting = self.come(self.ci, exempt=False)
        self.assertEqual(waiting.codes, ["too-many-failures"])
        self.assertIn("try again in 1 minute", self.words(waiting)[0])
        (refused,) = [answer for answer in waiting.answers if isinstance(answer, Refused)]
        self.assertEqual(refused.wait, 60.0)
        by_password = self.house.connect("json", exempt=False).offer("alice", password=PASSWORD)
        self.assertEqual(by_password.codes, [])
        elsewhere = self.house.connect("json", exempt=False)
        elsewhere.screen.address = "198.51.100.7"
        self.assertEqual(elsewhere.offer("", access=self.ci).codes, [])
        self.house.clock.advance(60)
        self.assertEqual(self.come(self.ci, exempt=False).codes, [])

    def test_in_use(self) -> None:
        """One that was right at the address before is not kept out by wrong ones; a revoked one is."""
        self.come(self.ci, exempt=False)
        self.come(self.cd, exempt=False)
        self.olga.take()
        for _ in range(4):
            self.come(UNKNOWN, exempt=False)
        self.assertEqual(self.come(self.ci, exempt=False).codes, [])
        alice = self.house.connect("json", exempt=False).offer("alice", password=PASSWORD)
        alice.do("revoke", name="cd")
        self.assertEqual(self.come(self.cd, exempt=False).codes, ["too-many-failures"])

    def test_exempt_address(self) -> None:
        """At an exempt address, where many people may be, only the wrong one itself must wait."""
        other = TOKEN_PREFIX + "1" * 40
        codes = [code for _ in range(4) for code in self.come(UNKNOWN).codes]
        self.assertEqual(codes, ["access-invalid"] * 3 + ["too-many-failures"])
        self.assertEqual(self.come(self.ci).codes + self.come(other).codes, ["access-invalid"])

    def test_settings(self) -> None:
        """The settings about wrong passwords hold for wrong ones, too."""
        self.hall.follow(self.hall.settings.replaced(password_failures=1, password_wait_s=10.0))
        codes = [code for _ in range(2) for code in self.come(UNKNOWN, exempt=False).codes]
        self.assertEqual(codes, ["access-invalid", "too-many-failures"])
        self.house.clock.advance(10)
        self.assertEqual(self.come(self.ci, exempt=False).codes, [])

    def test_owners_addresses(self) -> None:
        """The addresses of programs do not take the place of those where the owner was."""
        before = self.hall.known_addresses.knows(self.hall.accounts.find("alice").author, "192.0.2.1")  # type: ignore[union-attr]
        self.come(self.ci)
        author = self.hall.find("alice").author
        self.assertEqual((before, self.hall.known_addresses.knows(author, "192.0.2.1")), (False, False))


class EndingTests(AccessCase):
    def test_revoked(self) -> None:
        """When it is revoked, its connections are closed as by a logout, and nobody comes back; others stay."""
        first, second, other = self.come(self.ci), self.come(self.ci), self.come(self.cd)
        by_password = self.house.connect("json").offer("alice", password=PASSWORD)
        by_password.do("revoke", name="ci")
        for peer in (first, second):
            self.assertEqual((peer.codes, peer.screen.codes), (["logged-out"], ["logged-out"]))
            self.assertEqual(self.words(peer), ["The access token ci was revoked."])
        self.assertEqual((other.screen.codes, by_password.screen.codes), ([], []))
        self.assertEqual(self.come(self.ci).codes, ["access-invalid"])
        self.assertEqual(self.come(self.ci, token=first.token).codes, ["access-invalid"])
        self.assertEqual(self.come(None, "alice", token=first.token).codes, ["token-invalid"])

    def test_by_session_token(self) -> None:
        """The token of such a connection leads back only together with the access token."""
        peer = self.come(self.ci, rooms=("dev",))
        peer.vanish()
        again = self.come(self.ci, token=peer.token)
        self.assertEqual((again.codes, self.welcome(again).rooms), ([], ("dev",)))
        for access in (None, self.cd):
            self.assertEqual(self.come(access, "alice", token=peer.token).codes, ["token-invalid"])

    def test_session_of_another(self) -> None:
        """A session that was begun with a password, or by a guest, is not taken over by an access token."""
        by_password = self.house.connect("json").offer("alice", password=PASSWORD)
        guest = self.come(None, "bob")
        for peer in (by_password, guest):
            self.assertEqual(self.come(self.ci, token=peer.token).codes, ["token-invalid"])

    def test_revoked_meanwhile(self) -> None:
        """One that is revoked while somebody comes in with it leads nobody in."""
        self.journal.slow = True
        coming = self.come(self.ci)
        self.assertEqual(coming.answers, [])
        self.journal.slow = False
        alice = self.house.connect("json").offer("alice", password=PASSWORD)
        alice.do("revoke", name="ci")
        self.journal.answer_all()
        self.assertEqual((coming.codes, coming.session.state), (["access-invalid"], State.NAMELESS))

    def test_new_password(self) -> None:
        """After /password programs go on as they were, and come back by their tokens; other connections are closed."""
        program = self.come(self.ci)
        mine, other = (self.house.connect("json").offer("alice", password=PASSWORD) for _ in range(2))
        mine.do("password", old=PASSWORD, new="battery staple")
        self.assertEqual((other.screen.codes, program.screen.codes), (["logged-out"], []))
        program.say("still here")
        program.vanish()
        self.assertEqual(self.come(self.ci, token=program.token).codes, [])
        self.assertEqual(self.come(None, "alice", token=other.token).codes, ["token-invalid"])

    def test_coming_during_a_new_password(self) -> None:
        """A program that just comes in is not put out by a new password."""
        mine = self.house.connect("json").offer("alice", password=PASSWORD)
        self.journal.slow = True
        coming = self.come(self.ci)
        self.journal.slow = False
        mine.do("password", old=PASSWORD, new="battery staple")
        self.journal.answer_all()
        self.assertEqual(coming.codes, [])

    def test_others_logged_out(self) -> None:
        """/logout others ends them, too, and the program can come again; an operator's new password ends the token."""
        program, mine = self.come(self.ci), self.house.connect("json").offer("alice", password=PASSWORD)
        mine.do("logout", connection="others")
        self.assertEqual(program.screen.codes, ["logged-out"])
        again = self.come(self.ci)
        self.assertEqual(again.codes, [])
        self.olga.do("setpassword", name="alice", password="battery staple")
        self.assertEqual(again.screen.codes, ["logged-out"])
        self.assertEqual(self.come(self.ci).codes, ["access-invalid"])

    def test_account_removed(self) -> None:
        """With the account ends what its tokens let in."""
        program = self.come(self.ci)
        self.olga.do("removeuser", name="alice")
        self.assertEqual(program.screen.codes, ["logged-out"])
        self.assertEqual(self.come(self.ci).codes, ["access-invalid"])

    def test_after_a_restart(self) -> None:
        """A restart changes nothing of this."""
        program = self.come(self.ci, rooms=("dev",))
        self.house.turn()
        hall = self.house.reopened()
        again = Peer(hall, self.house.clock, "json").offer("", access=self.ci, token=program.token)
        self.assertEqual((again.codes, self.welcome(again).rooms), ([], ("dev",)))
        self.assertEqual(
            Peer(hall, self.house.clock, "json").offer("alice", token=program.token).codes, ["token-invalid"]
        )


class RightsTests(AccessCase):
    def test_who_may_come_in(self) -> None:
        """It decides nothing about who may come in: passwords, accounts, ranks, tokens, hooks, codes and nodes."""
        personal = {verb.name for verb in COMMANDS.sorted() if verb.personal}
        names = {"password", "unregister", "token", "revoke", "hook", "unhook", "adduser", "removeuser", "promote"}
        self.assertEqual(personal, names | {"demote", "setpassword", "invitecode", "forget", "removenode"})
        given = {
            "password": {"old": PASSWORD, "new": "battery staple"}, "unregister": {"password": PASSWORD},
            "revoke": {"name": "root"}, "unhook": {"name": "a"}, "adduser": {"name": "eve", "password": PASSWORD},
            "removeuser": {"name": "alice"}, "promote": {"name": "alice"}, "demote": {"name": "olga"},
            "setpassword": {"name": "alice", "password": "battery staple"}, "forget": {"name": "alice"},
        }  # fmt: skip
        program = self.come(self.root)
        for name in sorted(personal):
            program.take()
            program.do(name, **given.get(name, {}))
            self.assertEqual(program.codes, ["not-allowed"], name)
            self.assertIn("access token", self.words(program)[0])
        program.take()
        program.session.type("/token")
        program.do("logout", connection="others").do("logout", connection=1)
        self.assertEqual(program.codes, ["not-allowed"] * 3)
        self.assertEqual(len(list(self.hall.access_keys.tokens)), 3)

    def test_order(self) -> None:
        """A moderation helper keeps order with it, and can log itself out."""
        bob = self.come(None, "bob")
        program = self.come(self.root)
        program.do("kick", nick="bob")
        self.assertEqual((program.codes, bob.codes), ([], ["kicked"]))
        program.do("logout")
        self.assertEqual((program.codes, program.session.state), ([], State.NAMELESS))
        self.assertEqual(program.offer("", access=self.root).codes, [])

    def test_shown(self) -> None:
        """/tokens says when each was used, and by how many connections it is now; /whoami which came by it."""
        alice = self.house.connect("json").offer("alice", password=PASSWORD)
        program = self.come(self.ci)
        alice.take()
        alice.do("tokens").do("whoami")
        tokens, whoami = (answer for answer in alice.answers if isinstance(answer, Listed))
        self.assertEqual(
            tokens.lines[1:],
            ("cd: made 2026-11-21 12:00, not used yet", "ci: made 2026-11-21 12:00, used now by 1 connection"),
        )
        self.assertEqual(
            [(item["connections"], item["used"] is None) for item in tokens.items], [(0, True), (1, False)]
        )
        self.assertIn(", by the access token ci", "\n".join(whoami.lines))
        self.assertEqual([one["access"] for one in whoami.items[0]["connections"]], ["", "ci"])
        program.vanish()
        alice.take()
        alice.do("tokens")
        (tokens,) = (answer for answer in alice.answers if isinstance(answer, Listed))
        self.assertEqual(tokens.lines[2], "ci: made 2026-11-21 12:00, used 2026-11-21 12:00 or within a day after")
        told = repr([answer for answer in [*alice.answers, *program.answers] if not isinstance(answer, Done)])
        self.assertNotIn(self.ci, told)
