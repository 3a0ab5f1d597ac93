"""The verbs of operators about accounts: making, listing and removing them, ranks, passwords, invitations."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.journals.memory import MemoryJournal
from groupchat.model.errors import JournalUnavailable
from groupchat.model.events import Listed, Moderated, Refused
from groupchat.model.ranks import Rank
from tests.fakes import HeldJournal
from tests.house import House, Peer
from tests.people import account, member, operator
from tests.verbs.cases import OperatorsCase

PASSWORD = "correct horse"


def deeds(peer: Peer) -> list[tuple[str, str, str]]:
    """Return room, verb and target of what somebody was shown that operators did."""
    return [(deed.room, deed.act, deed.target) for deed in peer.events if isinstance(deed, Moderated)]


class AccountsTests(SynchronousTestCase):
    def test_evening(self) -> None:
        """Operators make, list, promote, demote and remove accounts; all of it stands in the log."""
        home = House()
        boss = operator(home, "boss")
        boss.type(
            "/adduser alice 12345678", "/promote alice", "/setpassword alice 87654321", "/demote alice", "/accounts"
        )
        self.assertEqual([item["nick"] for item in boss.answers[-1].items], ["alice", "boss"])  # type: ignore[attr-defined]
        self.assertEqual(home.connect().type("alice", "87654321").codes, [])
        boss.type("/removeuser alice", "/promote alice", "/adduser admin 12345678")
        self.assertEqual(boss.codes, ["no-such-account", "nick-reserved"])
        log = self.successResultOf(home.journal.moderated(home.journal.head, 99))
        self.assertEqual(
            [(stored.event.act, stored.event.target, stored.event.text) for stored in log],  # type: ignore[attr-defined]
            [
                ("adduser", "alice", "made the account alice"),
                ("promote", "alice", "made alice an operator"),
                ("setpassword", "alice", "set the password of alice"),
                ("demote", "alice", "made alice an ordinary account"),
                ("removeuser", "alice", "removed the account alice"),
            ],
        )

    def test_list(self) -> None:
        """The list says who is an operator, since when there is an account, and who is here."""
        home = House()
        boss = operator(home, "boss", "json")
        account(home.hall, "alice")
        boss.do("accounts", ref=1)
        (listed,) = boss.answers
        assert isinstance(listed, Listed)
        since = "2026-11-21T12:00:00.000Z"
        self.assertEqual(
            listed.items,
            (
                {"nick": "alice", "operator": False, "since": since, "here": False},
                {"nick": "boss", "operator": True, "since": since, "here": True},
            ),
        )
        minutes = "2026-11-21 12:00"
        self.assertEqual(listed.lines[0], "2 accounts:")
        self.assertIn(f"boss: operator, since {minutes}", listed.lines[2])
        self.assertTrue(listed.lines[2].endswith(", here now"), listed.lines)
        self.assertNotIn("operator", listed.lines[1])

    def test_seen(self) -> None:
        """Everybody in the lobby sees who becomes an operator; nobody sees what is about passwords."""
        home = House()
        boss = operator(home, "boss")
        (bob,) = home.come("bob")
        boss.type("/adduser alice 12345678", "/setpassword alice 87654321", "/promote alice")
        self.assertEqual(deeds(bob), [("lobby", "promote", "alice")])

    def test_password_is_kept_nowhere(self) -> None:
        """No password stands in the log, in an answer or in what others are shown."""
        home = House()
        boss = operator(home, "boss", "json")
        (bob,) = home.come("bob")
        boss.do("adduser", name="alice", password="sesame1234").do("setpassword", name="alice", password="sesame5678")
        log = self.successResultOf(home.journal.moderated(home.journal.head, 99))
        for shown in (boss.screen.shown, bob.screen.shown, log):
            self.assertNotIn("sesame", str(shown))

    def test_taken(self) -> None:
        """No account is made of the nickname of a guest who is here."""
        home = House()
        boss = operator(home, "boss")
        home.come("bob")
        boss.type("/adduser bob 12345678", "/adduser boss 12345678")
        self.assertEqual(boss.codes, ["nick-taken", "account-exists"])

    def test_looks_like_another(self) -> None:
        """An operator may make an account that looks like another one: they know what they do."""
        home = House()
        boss = operator(home, "boss")
        boss.type("/adduser olga 12345678", "/adduser olga. 12345678")
        self.assertEqual((boss.codes, len(home.hall.accounts)), ([], 3))

    def test_twice_at_once(self) -> None:
        """Two operators who make the same account at once make it once."""
        journal = HeldJournal(MemoryJournal())
        home = House(journal)
        first = operator(home, "boss", "json")
        while journal.pending:
            journal.commit()
        second = home.connect("json")
        second.session.serve()
        first.do("adduser", name="alice", password="12345678", ref=1)
        second.do("adduser", name="alice", password="87654321", ref=2)
        while journal.pending:
            journal.commit()
            home.turn()
        self.assertEqual((first.codes, second.codes), ([], ["account-exists"]))
        self.assertEqual(home.connect().type("alice", "12345678").codes, [])

    def test_answers(self) -> None:
        """Each order is answered once, with its ref, in words."""
        home = House()
        boss = operator(home, "boss", "json")
        boss.do("adduser", name="alice", password="12345678").do("promote", name="alice").do("demote", name="alice")
        boss.do("setpassword", name="alice", password="87654321").do("removeuser", name="alice")
        self.assertEqual(
            boss.told,
            [
                "There is an account alice now.",
                "alice is an operator.",
                "alice is not an operator any more.",
                "alice has this password now.",
                "There is no account alice any more.",
            ],
        )

    def test_nothing_to_change(self) -> None:
        """Somebody who has the rank already is not given it again, and the refusal says so."""
        home = House()
        boss = operator(home, "boss")
        account(home.hall, "alice")
        boss.type("/promote boss", "/demote alice")
        texts = [answer.text for answer in boss.answers if isinstance(answer, Refused)]
        self.assertEqual(texts, ["boss is already an operator.", "alice is not an operator."])

    def test_taken_meanwhile(self) -> None:
        """A nickname that is taken while the password is hashed makes no account."""
        home = House()
        boss = operator(home, "boss")
        home.passwords.held = True
        boss.type("/adduser bob 12345678")
        home.come("bob")
        home.passwords.answer()
        self.assertEqual(boss.codes, ["nick-taken"])
        self.assertIsNone(home.hall.accounts.find("bob"))

    def test_weak(self) -> None:
        """A weak password makes no account, and changes none."""
        home = House()
        boss = operator(home, "boss")
        account(home.hall, "alice")
        boss.type("/adduser bob short", "/setpassword alice short")
        self.assertEqual(boss.codes, ["password-weak"] * 2)
        self.assertEqual(home.connect().type("alice", PASSWORD).codes, [])

    def test_removed_while_here(self) -> None:
        """Somebody who is here from a removed account is a guest, whose token works no longer."""
        home = House()
        boss = operator(home, "boss")
        account(home.hall, "alice")
        bot = home.connect("json").offer("alice", password=PASSWORD)
        token = bot.token
        boss.type("/removeuser alice")
        self.assertIs(bot.actor.rank, Rank.GUEST)
        bot.vanish()
        self.assertEqual(home.connect("json").offer("alice", token=token).codes, ["token-invalid"])

    def test_tokens(self) -> None:
        """A password set by an operator ends every token of the account."""
        home = House()
        boss = operator(home, "boss")
        account(home.hall, "alice")
        token = home.connect("json").offer("alice", password=PASSWORD).token
        boss.type("/setpassword alice 12345678")
        self.assertEqual(home.connect("json").offer("alice", token=token).codes, ["token-invalid"])

    def test_rank_holds_at_once(self) -> None:
        """A new rank holds for those who are here, on each connection, as soon as it is on disk."""
        home = House()
        boss, alice = operator(home, "boss"), member(home, "alice")
        second = home.connect().type("alice", PASSWORD)
        for command, rank in (("promote", Rank.OPERATOR), ("demote", Rank.MEMBER)):
            boss.type(f"/{command} alice")
            self.assertEqual((alice.actor.rank, second.actor.rank), (rank, rank))
        boss.type("/demote alice", "/promote boss", "/promote nobody")
        self.assertEqual(boss.codes, ["bad-arguments", "bad-arguments", "no-such-account"])

    def test_changes_in_one_batch(self) -> None:
        """Changes of one account that reach the disk together build on each other; after its removal there are none."""
        journal = HeldJournal(MemoryJournal())
        home = House(journal)
        boss = operator(home, "boss")
        while journal.pending:
            journal.commit()
        account(home.hall, "alice")
        while journal.pending:
            journal.commit()
        others = [home.connect().type("boss", PASSWORD) for _ in range(3)]
        boss.type("waiting")
        for peer, line in zip(
            (boss, *others),
            ("/promote alice", "/setpassword alice 87654321", "/removeuser alice", "/demote alice"),
            strict=True,
        ):
            peer.type(line)
        self.assertEqual([peer.codes for peer in others], [[], [], ["bad-arguments"]])
        while journal.pending:
            journal.commit()
        self.assertIsNone(home.hall.accounts.find("alice"))

    def test_unfinished(self) -> None:
        """What did not reach the disk did not happen."""
        journal = HeldJournal(MemoryJournal())
        home = House(journal)
        boss = operator(home, "boss")
        while journal.pending:
            journal.commit()
        boss.do("demote", name="boss", yes=True)
        self.assertIs(boss.actor.rank, Rank.OPERATOR)
        journal.fail(JournalUnavailable("Full."))
        self.assertEqual((boss.actor.rank, boss.codes), (Rank.OPERATOR, ["journal-unavailable"]))
        boss.do("demote", name="boss", yes=True)
        home.turn()
        while journal.pending:
            journal.commit()
        self.assertIs(boss.actor.rank, Rank.MEMBER)


class InviteTests(SynchronousTestCase):
    def test_code(self) -> None:
        """Each code is new, is told to its maker only, and is not stored: only that there is one."""
        home = House(registration="invite")
        boss = operator(home, "boss")
        (bob,) = home.come("bob")
        boss.type("/invitecode", "/invitecode")
        codes = [text.split()[0] for text in boss.told]
        self.assertEqual(len(set(codes)), 2)
        self.assertEqual(deeds(bob), [])
        log = self.successResultOf(home.journal.moderated(home.journal.head, 99))
        self.assertNotIn(codes[0], str(log))
        self.assertEqual(log[0].event.act, "invitecode")  # type: ignore[attr-defined]
        self.assertEqual(log[0].event.until, home.now() + home.hall.settings.invite_days * 86400)  # type: ignore[attr-defined]

    def test_one_day(self) -> None:
        """A code for one day says so."""
        home = House(registration="invite", invite_days=1)
        boss = operator(home, "boss")
        boss.type("/invitecode")
        self.assertIn("for one account, for 1 day. To use it", boss.told[-1])

    def test_old_codes_are_forgotten(self) -> None:
        """A new code makes the server forget those that have run out."""
        home = House(registration="invite")
        boss = operator(home, "boss")
        boss.type("/invitecode")
        home.clock.advance(home.hall.settings.invite_days * 86400 + 1)
        boss.type("/invitecode")
        self.assertEqual(len(home.hall.accounts.codes), 1)


class ServerTests(SynchronousTestCase):
    def test_server(self) -> None:
        """The server itself may do everything, is in no room and no list, and cannot be anybody else."""
        home = House()
        server = home.connect("json")
        server.session.serve()
        server.do("adduser", name="alice", password="12345678").do("promote", name="alice")
        self.assertEqual(server.codes, [])
        alice = home.hall.accounts.find("alice")
        self.assertIs(home.hall.moderation.rank(alice, ""), Rank.OPERATOR)
        self.assertEqual(len(home.hall.roster), 0)
        server.do("join", room="lobby").do("logout").do("login", name="alice", password="12345678").offer("bob")
        server.do("register", password="12345678").do("password", old="", new="12345678")
        self.assertEqual(server.codes, ["not-allowed"] * 4 + ["account-exists", "not-allowed"])
        server.vanish()
        self.assertEqual(home.connect().type("server").codes, ["nick-reserved"])

    def test_guest(self) -> None:
        """Somebody who merely speaks JSON is not the server."""
        (bot,) = House().come("bot", door="json")
        bot.do("promote", name="bot").do("accounts").do("invitecode")
        self.assertEqual(bot.codes, ["not-allowed"] * 3)


class LastOperatorTests(OperatorsCase):
    def test_asked_twice(self) -> None:
        """The last operator is demoted only when that is asked for twice, or with a yes."""
        self.olga.do("demote", name="olga")
        self.assertIn("confirmation-needed: olga is the last operator", self.refused(self.olga)[0])
        self.olga.do("demote", name="olga")
        self.assertLess(self.olga.actor.rank, Rank.OPERATOR)

    def test_yes(self) -> None:
        """A program can say yes at once."""
        self.olga.do("demote", name="olga", yes=True)
        self.assertEqual((self.olga.codes, self.olga.actor.rank_in("")), ([], Rank.MEMBER))

    def test_not_the_last(self) -> None:
        """As long as there is another operator it is asked for once."""
        self.olga.do("promote", name="alice").do("demote", name="olga")
        self.assertEqual((self.olga.codes, self.olga.actor.rank_in("")), ([], Rank.MEMBER))
