"""Room operators, locked and slow rooms, announcements, and the log of what operators did."""

from groupchat.model.events import (
    Announced,
    Done,
    Greeted,
    Moderated,
    Replayed,
    Told,
)
from groupchat.model.ranks import Rank
from groupchat.model.text import MOTD
from groupchat.verbs.room_orders import LOGGED, SLOWEST_S
from tests.house import House, Peer
from tests.people import account, operator
from tests.verbs.cases import OperatorsCase, TypingCase, words


class OpTests(OperatorsCase):
    def test_op(self) -> None:
        """An operator makes somebody an operator of the room they name, or of the current one."""
        self.olga.do("op", nick="alice", room="dev", ref=1).do("op", nick="alice", ref=2)
        self.assertEqual(self.acts(self.bob), [("dev", "op", "alice"), ("lobby", "op", "alice")])
        actor = self.alice.actor
        self.assertEqual([actor.rank_in(room) for room in ("dev", "lobby", "ops")], [2, 2, Rank.MEMBER])
        told = "olga made you an operator of dev; /help lists what you can do there."
        self.assertEqual(self.told(self.alice)[0], told)

    def test_deop(self) -> None:
        """What was given in one room is taken there, and stays in another."""
        self.olga.do("op", nick="alice", room="dev").do("op", nick="alice", room="lobby")
        self.olga.do("deop", nick="alice", room="dev")
        self.assertEqual([self.alice.actor.rank_in(room) for room in ("dev", "lobby")], [Rank.MEMBER, 2])
        self.olga.take()
        self.olga.do("deop", nick="alice", room="dev").do("op", nick="alice").do("op", nick="bob")
        self.assertEqual(self.olga.codes, ["nothing-to-undo", "bad-arguments", "no-such-account"])

    def test_room_operators_may_not(self) -> None:
        """A room's operator makes no other."""
        self.rita.do("op", nick="alice", room="dev").do("deop", nick="rita", room="dev")
        self.assertEqual(self.rita.codes, ["not-allowed"] * 2)

    def test_absent(self) -> None:
        """Somebody with an account need not be here."""
        account(self.house.hall, "dora")
        self.olga.do("op", nick="Dora", room="dev")
        self.assertEqual(self.acts(self.alice), [("dev", "op", "dora")])


class SlowTests(OperatorsCase):
    def test_other_room(self) -> None:
        """A room's operator slows the room they name; others are as before."""
        self.rita.do("slow", room="dev", seconds=10)
        self.assertEqual(self.acts(self.alice), [("dev", "slow", "dev")])
        self.bob.type("a", "b", "/switch dev", "c", "d")
        self.assertEqual(self.bob.codes, ["slow-mode"])
        self.rita.do("slow", seconds=10).do("slow", room="lobby", seconds=10)
        self.assertEqual(self.rita.codes, ["not-allowed"] * 2)

    def slow(self) -> dict[str, float]:
        """The seconds of each slow room."""
        return {room: slow.seconds for room, slow in self.house.hall.moderation.slow.items()}

    def test_current_room(self) -> None:
        """Without a room the current one is meant, typed and by JSON."""
        self.olga.do("slow", seconds=7)
        self.assertEqual(self.slow(), {"lobby": 7})
        self.olga.session.type("/slow 8")
        self.assertEqual(self.slow(), {"lobby": 8})
        self.olga.session.type("/slow dev 9")
        self.assertEqual(self.slow(), {"lobby": 8, "dev": 9})
        self.olga.session.type("/slow 30s")
        self.olga.session.type("/slow dev 5m")
        self.assertEqual(self.slow(), {"lobby": 30, "dev": 300})

    def test_end(self) -> None:
        """0 ends it; a room that is not slow has nothing to end."""
        self.rita.do("slow", room="dev", seconds=0)
        self.assertEqual(self.rita.codes, ["nothing-to-undo"])
        self.rita.do("slow", room="dev", seconds=10).do("slow", room="dev", seconds=0)
        self.bob.type("/switch dev", "a", "b")
        self.assertEqual(self.bob.codes, [])

    def test_seconds(self) -> None:
        """The seconds are a whole number, up to an hour."""
        for wrong in (SLOWEST_S + 1, -1, "10", 1.5, None):
            self.rita.take()
            self.rita.do("slow", room="dev", seconds=wrong)
            self.assertEqual(self.rita.codes, ["bad-arguments"], wrong)
        self.olga.session.type("/slow forever")
        self.olga.session.type("/slow")
        self.olga.session.type("/slow dev soon")
        self.assertEqual(self.olga.codes, ["bad-arguments"] * 3)


class LockTests(OperatorsCase):
    def test_other_room(self) -> None:
        """A room's operator locks and unlocks the room they name; people in it stay."""
        self.bob.type("/leave dev")
        self.forget()
        self.rita.do("lock", room="dev")
        self.bob.type("/join dev")
        self.assertEqual(self.bob.codes, ["room-locked"])
        self.assertIn("dev", self.alice.connection.rooms)
        self.rita.do("unlock", room="#Dev")
        self.bob.type("/join dev")
        self.assertIn("dev", self.bob.connection.rooms)
        self.assertEqual(self.acts(self.alice), [("dev", "lock", "dev"), ("dev", "unlock", "dev")])

    def test_not_their_room(self) -> None:
        """A room's operator locks no other room, named or current."""
        for verb in ("lock", "unlock"):
            self.rita.take()
            self.rita.do(verb).do(verb, room="lobby").do(verb, room="ops")
            self.assertEqual(self.rita.codes, ["not-allowed"] * 3, verb)

    def test_refused(self) -> None:
        """The lobby is never locked, no room twice, and only a locked one is unlocked."""
        self.olga.do("lock").do("unlock", room="dev").do("lock", room="dev").do("lock", room="dev")
        self.assertEqual(self.olga.codes, ["bad-arguments", "nothing-to-undo", "bad-arguments"])

    def test_invite(self) -> None:
        """Invited people may come into the locked room they were invited to, and are told."""
        self.bob.type("/leave dev")
        self.rita.do("lock", room="dev").do("invite", nick="bob", room="dev")
        self.assertEqual(self.told(self.bob), ["rita invites you to dev: /join dev"])
        self.bob.type("/join dev", "/leave dev")
        self.rita.do("uninvite", nick="bob", room="dev")
        self.bob.take()
        self.bob.type("/join dev")
        self.assertEqual(self.bob.codes, ["room-locked"])
        self.assertEqual(
            self.acts(self.alice), [("dev", "lock", "dev"), ("dev", "invite", "bob"), ("dev", "uninvite", "bob")]
        )

    def test_invite_elsewhere(self) -> None:
        """A room's operator invites to their own room only; nobody uninvites somebody who was not invited."""
        for verb in ("invite", "uninvite"):
            self.rita.do(verb, nick="bob", room="lobby").do(verb, nick="bob")
        self.assertEqual(self.rita.codes, ["not-allowed"] * 4)
        self.rita.take()
        self.rita.do("uninvite", nick="bob", room="dev").do("invite", nick="nobody", room="dev")
        self.assertEqual(self.rita.codes, ["nothing-to-undo", "no-such-account"])

    def test_stranger_to_the_room(self) -> None:
        """An operator can lock a room they are not in, by naming it."""
        self.olga.do("lock", room="ops")
        self.bob.type("/join ops")
        self.assertEqual(self.bob.codes, ["room-locked"])


class ServerTests(OperatorsCase):
    def test_motd(self) -> None:
        """The message of the day is shown, set and cleared; it has a length."""
        self.olga.do("motd").do("motd", text="-").do("motd", text="x" * (MOTD.most + 1)).do("motd", text="Welcome!")
        self.assertEqual(self.told(self.olga), ["There is no message of the day."])
        self.assertEqual(self.olga.codes, ["nothing-to-undo", "bad-arguments"])
        self.assertEqual(self.house.hall.motd, "Welcome!")
        self.olga.do("motd", text="x" * MOTD.most).do("motd", text="Welcome!")
        self.assertEqual(self.house.hall.motd, "Welcome!")
        self.assertEqual(len(self.olga.codes), 2)
        self.olga.take()
        self.olga.do("motd")
        self.assertEqual(self.olga.answers, [Told(("Welcome!",))])
        self.olga.do("motd", text="-")
        self.assertEqual(self.house.hall.motd, "")

    def test_announce(self) -> None:
        """An announcement reaches everybody, in whichever room; it stands in the log."""
        self.bob.type("/leave dev", "/leave lobby")
        self.forget()
        self.olga.do("announce", text="Tea!").do("announce", text="  ")
        for peer in (self.alice, self.bob, self.rita):
            heard = [event.text for event in peer.events if isinstance(event, Announced)]
            self.assertEqual(heard, ["olga to everybody: Tea!"])
        self.assertEqual(self.olga.codes, ["bad-arguments"])

    def test_operators_only(self) -> None:
        """A room's operator neither announces nor changes the message of the day."""
        self.rita.do("announce", text="Tea!").do("motd", text="Tea!").do("motd")
        self.assertEqual(self.rita.codes, ["not-allowed"] * 3)


class LogTests(OperatorsCase):
    def setUp(self) -> None:
        super().setUp()
        self.olga.do("mute", nick="bob", room="dev", duration="1h", reason="loud").do("mute", nick="bob", room="lobby")
        self.olga.do("unmute", nick="bob", room="dev").do("ban", whom="198.51.100.7")
        self.forget()

    def log(self, peer: Peer, **fields: object) -> list[Moderated]:
        """Return what /modlog shows somebody."""
        peer.take()
        peer.do("modlog", **fields)
        (page,) = (answer for answer in peer.answers if isinstance(answer, Replayed))
        return [post for post in page.posts if isinstance(post, Moderated)]

    def test_room(self) -> None:
        """A room's operator is shown what was done in the room they name, as fields and in order."""
        op, mute, unmute = self.log(self.rita, room="dev")
        self.assertEqual([op.act, mute.act, unmute.act], ["op", "mute", "unmute"])
        self.assertEqual((mute.target, mute.until, mute.reason), ("bob", self.house.now() + 3600, "loud"))
        self.rita.take()
        self.rita.do("modlog").do("modlog", room="lobby")
        self.assertEqual(self.rita.codes, ["not-allowed"] * 2)

    def test_everything(self) -> None:
        """An operator who names no room is shown everything, oldest first, or the last few."""
        self.assertEqual([post.act for post in self.log(self.olga)], ["op", "mute", "mute", "unmute", "ban"])
        self.assertEqual([post.act for post in self.log(self.olga, count=2)], ["unmute", "ban"])
        self.assertEqual([post.act for post in self.log(self.olga, room="lobby")], ["mute"])

    def test_many(self) -> None:
        """Twenty are shown unless more are asked for, however many others lie between."""
        for number in range(LOGGED + 5):
            self.olga.do("slow", room="dev", seconds=number + 1).do("slow", room="lobby", seconds=number + 1)
        shown = self.log(self.rita, room="dev")
        self.assertEqual(len(shown), LOGGED)
        self.assertEqual(len(self.log(self.rita, room="dev", count=100)), LOGGED + 5 + 3)

    def test_nothing(self) -> None:
        """Where nothing was done, people read a sentence; programs get an empty list."""
        self.assertEqual(self.log(self.olga, room="ops"), [])
        boss = operator(House(), "boss").type("/modlog")
        self.assertEqual(boss.answers, [Told(("No operator has done anything yet.",))])

    def test_answer(self) -> None:
        """A deed is answered with its number."""
        self.rita.do("lock", room="dev", ref=1)
        (done,) = self.rita.answers
        assert isinstance(done, Done)
        self.assertEqual(done.id, self.house.hall.stream.delivered)


class TypedTests(TypingCase):
    def test_no_duration(self) -> None:
        """Who gives no duration, or one in two words, is told how it is written."""
        self.in_dev(self.rita)
        for line in ("/slow", "/slow dev", "/slow dev 1 min"):
            self.rita.take()
            self.rita.type(line)
            usage = "Usage: /slow [ROOM] DURATION; write the duration like 30, 30s or 5m, or 0 to end it."
            self.assertEqual(self.refused(self.rita), f"bad-arguments: {usage}", line)

    def test_slow(self) -> None:
        """In a slow room each person waits between messages, who keeps order there does not, and 0 ends it."""
        self.in_dev(self.rita, self.bob, self.alice)
        self.rita.type("/slow dev 30", "one", "two")
        self.bob.type("one", "two", "/me three")
        self.alice.type("mine")
        self.assertEqual(self.rita.texts, ["one", "mine"])
        self.assertEqual(self.bob.codes, ["slow-mode"] * 2)
        self.assertEqual(
            self.refused(self.bob), "slow-mode: In dev you can say something every 30 seconds; wait another 30 seconds."
        )
        self.house.pass_time(30)
        self.bob.type("two")
        self.assertEqual(self.rita.texts, ["one", "mine", "two"])
        self.bob.type("/switch lobby", "a", "b")
        self.rita.type("/slow dev 0")
        self.bob.type("/switch dev", "three", "four")
        self.assertEqual(self.rita.texts[-2:], ["three", "four"])
        self.assertEqual(self.house.hall.moderation.curbs, False)
        self.rita.type("/slow dev 3601")
        self.assertEqual(self.rita.codes, ["bad-arguments"])

    def test_lock(self) -> None:
        """A locked room lets in operators and the invited; who is in stays; anybody comes in when it is unlocked."""
        self.in_dev(self.rita, self.alice)
        self.rita.type("/lock")
        self.bob.type("/join dev")
        self.assertEqual(self.refused(self.bob), "room-locked: dev is locked; its operators can /invite you.")
        self.alice.type("still in")
        self.assertEqual(self.rita.texts, ["still in"])
        self.olga.type("/join dev")
        self.assertIn("dev", self.olga.connection.rooms)
        self.rita.type("/invite bob")
        self.assertEqual(self.told(self.bob), ["rita invites you to dev: /join dev"])
        self.bob.type("/join dev", "/leave dev")
        self.rita.type("/uninvite bob")
        self.bob.take()
        self.bob.type("/join dev")
        self.assertEqual(self.bob.codes, ["room-locked"])
        self.rita.type("/lock dev", "/unlock", "/lock lobby")
        self.assertEqual(self.rita.codes, ["bad-arguments", "not-allowed"])
        self.bob.type("/join dev")
        self.assertIn("dev", self.bob.connection.rooms)
        self.olga.type("/lock lobby")
        self.assertEqual(self.olga.codes, ["bad-arguments"])

    def test_op(self) -> None:
        """Only accounts are made operators of rooms; they and the room are told; it ends by /deop."""
        self.olga.type("/op bob dev", "/op nobody dev", "/op rita dev", "/op alice")
        self.assertEqual(self.olga.codes, ["no-such-account", "no-such-account", "bad-arguments"])
        self.assertEqual(self.done(self.bob), ["olga made alice an operator of lobby"])
        self.assertEqual(self.told(self.alice)[0].partition(";")[0], "olga made you an operator of lobby")
        self.assertEqual(self.alice.actor.rank, Rank.ROOM_OPERATOR)
        self.olga.type("/deop alice lobby")
        self.assertEqual(self.alice.actor.rank, Rank.MEMBER)

    def test_motd(self) -> None:
        """The message of the day is shown to who comes from then on, until it is cleared."""
        self.olga.type("/motd", "/motd Be kind.", "/motd")
        self.assertEqual(self.told(self.olga), ["There is no message of the day.", "Be kind."])
        peer = self.house.connect()
        peer.session.greet()
        (greeting,) = (answer for answer in peer.answers if isinstance(answer, Greeted))
        self.assertEqual(greeting.motd, "Be kind.")
        self.olga.type("/motd -")
        self.assertEqual(self.house.hall.motd, "")

    def test_announce(self) -> None:
        """An announcement reaches everybody in every room, and is in the log."""
        self.bob.type("/leave")
        self.olga.type("/announce Tea at five.")
        for peer in (self.alice, self.bob, self.olga):
            (event,) = (event for event in peer.events if isinstance(event, Announced))
            self.assertEqual(event.text, "olga to everybody: Tea at five.")
        self.assertEqual(self.log()[-1], "announced: Tea at five.")

    def test_modlog(self) -> None:
        """Everything is in the log, in order; a room's operator is shown what was done in the room."""
        self.in_dev(self.rita)
        self.olga.type("/mute bob 1h", "/announce hello")
        self.rita.type("/slow dev 5")
        self.olga.type("/unmute bob", "/ban 203.0.113.9")
        whole = [
            "made rita an operator of dev",
            "muted bob for 1 hour",
            "announced: hello",
            "set slow mode in dev: one message every 5 seconds",
            "unmuted bob",
            "banned 203.0.113.9/32 until unbanned",
        ]
        self.assertEqual(self.log(), whole)
        self.assertEqual(self.log(2), whole[-2:])
        self.rita.take()
        self.rita.type("/modlog")
        (answer,) = (answer for answer in self.rita.answers if isinstance(answer, Replayed))
        self.assertEqual([words(post) for post in answer.posts], [whole[0], whole[3]])

    def test_after_restart(self) -> None:
        """After a restart everything is as it was, but what has ended, which the journal is told."""
        self.in_dev(self.rita)
        self.olga.type(
            "/ban carol 1h", "/ban dave", "/mute bob 2h", "/ban 203.0.113.0/24", "/motd Hi.", "/ban 198.51.100.1 1h",
            "/slow dev 7", "/lock dev", "/invite bob dev",
        )  # fmt: skip
        before = self.house.hall.moderation
        self.house.clock.advance(3600)
        hall = self.house.reopened()
        hall.sweep()
        after = hall.moderation
        self.assertEqual([sanction.whom for sanction in after.bans], ["dave"])
        self.assertEqual([*after.mutes], [*before.mutes])
        self.assertEqual(list(after.networks), ["/203.0.113.0/24"])
        self.assertEqual((after.motd, after.slow, after.locked), (before.motd, before.slow, before.locked))
        self.assertEqual((hall.motd, after.slow["dev"].seconds, after.locked["dev"].by), ("Hi.", 7, "olga"))
        self.assertEqual((after.invited, after.operators), (before.invited, before.operators))
        self.assertTrue(after.curbs)
        names = [fact.name for fact in self.successResultOf(self.house.journal.facts("ban"))]
        self.assertEqual(names, ["/dave"])


class ElsewhereTests(TypingCase):
    def answer(self, line: str) -> str:
        """Return the one sentence that answers olga, who is in the lobby only."""
        self.olga.take()
        self.olga.type(line)
        self.assertEqual(self.olga.codes, [])
        (answer,) = [one for one in self.olga.answers if isinstance(one, Done)]
        return answer.text

    def test_answered(self) -> None:
        """Orders about a room the operator is not in, and so is not shown, are answered with a sentence."""
        cases = {
            "/op alice dev": "You made alice an operator of dev.",
            "/deop alice dev": "You made alice no longer an operator of dev.",
            "/lock dev": "You locked dev.",
            "/invite bob dev": "You invited bob to dev.",
            "/uninvite bob dev": "You took back the invitation of bob to dev.",
            "/unlock dev": "You unlocked dev.",
            "/slow dev 30s": "You set slow mode in dev: one message every 30 seconds.",
            "/slow dev 0": "You ended slow mode in dev.",
        }
        for line, sentence in cases.items():
            self.assertEqual(self.answer(line), sentence)

    def test_shown(self) -> None:
        """Who is shown the order with the room is not told of it twice."""
        for line in ("/slow lobby 5", "/op alice", "/mute bob 5m", "/unmute bob"):
            self.assertEqual(self.answer(line), "", line)

    def test_without_end(self) -> None:
        """What has no end by itself says so, and what ends it."""
        self.assertEqual(self.answer("/mute bob"), "It holds until /unmute bob.")
        self.assertEqual(self.answer("/mute bob forever spam"), "It holds until /unmute bob.")
        self.assertEqual(self.answer("/ban 203.0.113.0/24"), "203.0.113.0/24 is banned until unbanned; 0 connections"
                         " put out. It holds until /unban 203.0.113.0/24.")  # fmt: skip
        self.assertEqual(self.answer("/ban 203.0.113.0/24 1h"), "203.0.113.0/24 is banned for 1 hour; 0 connections"
                         " put out.")  # fmt: skip

    def test_new_room(self) -> None:
        """A room can be prepared before anybody came; the answer says that it is new, and how to undo that."""
        self.assertEqual(
            self.answer("/lock nowhere"),
            "You locked nowhere. nowhere is new: there was no such room. To undo it: /unlock nowhere.",
        )
        self.assertIn(
            "staff is new: there was no such room. To undo it: /deop alice staff", self.answer("/op alice staff")
        )
        self.assertEqual(self.answer("/unlock nowhere"), "You unlocked nowhere.")

    def test_no_room(self) -> None:
        """Other orders about a room that does not exist are refused, and make none."""
        for line in ("/slow nowhere 30", "/invite bob nowhere"):
            self.olga.type(line)
            self.assertIn("no-such-room: There is no room nowhere", self.refused(self.olga))
        for line in ("/unlock nowhere", "/deop alice nowhere", "/uninvite bob nowhere"):
            self.olga.type(line)
            self.assertIn("nothing-to-undo", self.refused(self.olga))
        self.assertIsNone(self.house.hall.rooms.find("nowhere"))
