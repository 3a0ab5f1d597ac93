"""Bans, mutes and invitations: who may undo them, what they mean for operators, and under which nickname they are."""

from groupchat.journals.memory import MemoryJournal
from tests.fakes import HeldJournal, SlowJournal
from tests.house import House
from tests.people import operator
from tests.verbs.cases import OperatorsCase


class SanctionedOperatorTests(OperatorsCase):
    def test_own(self) -> None:
        """A room's operator who is muted or banned there does not end that, whether it was decided there or not."""
        for verb, field, code in (("mute", "nick", "muted"), ("ban", "whom", "banned")):
            self.olga.do(verb, room="dev", **{field: "rita"})
            self.rita.take()
            self.rita.do(f"un{verb}", room="dev", **{field: "rita"})
            self.assertEqual(self.rita.codes, [code], verb)
            self.olga.do(f"un{verb}", room="dev", **{field: "rita"})
            self.assertEqual(self.olga.codes, [], verb)

    def test_own_everywhere(self) -> None:
        """An operator does not end what another one decided about them."""
        otto = operator(self.house, "otto", "json")
        self.olga.do("mute", nick="otto")
        otto.do("unmute", nick="otto")
        self.assertEqual(otto.codes, ["muted"])
        self.olga.do("ban", whom="bob").do("mute", nick="otto", room="dev").do("unmute", nick="otto")
        otto.take()
        otto.do("unban", whom="bob").do("unmute", nick="otto", room="dev")
        self.assertEqual(otto.codes, ["muted"])
        self.assertTrue(self.house.hall.moderation.mutes)

    def test_equals(self) -> None:
        """A room's operator does not end what was decided about another one there."""
        self.olga.do("op", nick="alice", room="dev").do("mute", nick="alice", room="dev")
        self.olga.do("ban", whom="alice", room="dev")
        self.rita.do("unmute", nick="alice", room="dev").do("unban", whom="alice", room="dev")
        self.assertEqual(self.refused(self.rita), [
            "not-allowed: alice keeps order here too; only operators of the server can do that."
        ] * 2)  # fmt: skip
        self.olga.do("deop", nick="alice", room="dev")
        self.rita.take()
        self.rita.do("unmute", nick="alice", room="dev").do("unban", whom="alice", room="dev")
        self.assertEqual(self.rita.codes, [])

    def test_keeps_no_order(self) -> None:
        """Whoever is muted or banned in a room keeps no order there, shows nobody a reason, and does elsewhere."""
        self.olga.do("op", nick="rita", room="ops")
        self.bob.type("/join ops", "mine", "/switch dev", "mine")
        second = self.house.hall.stream.delivered
        first = second - 1
        for verb, field, code in (("mute", "nick", "muted"), ("ban", "whom", "banned")):
            self.olga.do(verb, room="dev", duration=60, **{field: "rita"})
            self.forget()
            self.rita.do("kick", nick="bob", room="dev", reason="read this").do("slow", room="dev", seconds=9)
            self.rita.do("ban", whom="read-this", room="dev").do("modlog", room="dev").do("bans", room="dev")
            self.rita.do("purge", nick="bob", room="dev").do("unlock", room="dev")
            self.assertEqual(self.rita.codes, [code] * 7, verb)
            self.rita.take()
            self.rita.do("delete", id=second)
            self.assertEqual(self.rita.codes, ["not-yours"])
            self.assertFalse([event for peer in (self.bob, self.alice) for event in peer.events])
            self.rita.take()
            self.rita.do("mute", nick="bob", room="ops").do("unmute", nick="bob", room="ops")
            self.assertEqual(self.rita.codes, [])
            self.house.clock.advance(61)
            self.rita.do("mute", nick="bob", room="dev").do("unmute", nick="bob", room="dev")
            self.assertEqual(self.rita.codes, [])
        self.rita.do("delete", id=first)
        self.assertEqual(self.rita.codes, [])


class AwayTests(OperatorsCase):
    """Carol is a guest who is away while something is decided about her nickname, and has a token."""

    def setUp(self) -> None:
        super().setUp()
        carol = self.house.connect("json").offer("carol").do("join", room="dev").do("switch", room="lobby")
        self.token = carol.token
        carol.vanish()
        self.house.pass_time(60)

    def test_renamed_afterwards(self) -> None:
        """A mute and a ban from a room go with the guest who comes back by the token and takes another nickname."""
        self.olga.do("mute", nick="carol", room="ops").do("ban", whom="carol", room="dev")
        carol = self.house.connect("json").offer("carol", token=self.token)
        self.assertEqual(carol.connection.rooms, ("lobby",))
        carol.do("nick", nick="caroline").do("join", room="ops").say("words").do("join", room="dev")
        self.assertEqual(carol.codes, ["muted", "banned"])
        other = self.house.connect("json").offer("carol").do("join", room="ops").say("words")
        self.assertEqual(other.codes, ["muted"])
        self.olga.do("unmute", nick="caroline", room="ops").do("unban", whom="carol", room="dev")
        carol.take()
        carol.say("words").do("join", room="dev").say("words")
        self.assertEqual((self.olga.codes, carol.codes), ([], []))

    def test_with_another_nickname(self) -> None:
        """They go with the guest who comes back by the token under another nickname, also after a restart."""
        self.olga.do("mute", nick="carol").do("ban", whom="carol", room="dev")
        carol = self.house.connect("json").offer("caroline", token=self.token)
        self.assertEqual((carol.connection.person.nick, carol.connection.rooms), ("caroline", ("lobby",)))
        carol.say("words").do("join", room="dev")
        self.assertEqual(carol.codes, ["muted", "banned"])
        author = carol.connection.person.author
        for hall in (self.house.hall, self.house.reopened()):
            books = (hall.moderation.mutes, hall.moderation.bans)
            self.assertEqual([(one.author, one.named) for book in books for one in book], [(author, True)] * 2)

    def test_undone_meanwhile(self) -> None:
        """What an operator undoes at that very moment keeps nobody from coming in, and holds no more."""
        journal = HeldJournal(MemoryJournal())
        house = House(journal)
        olga = operator(house, "olga", "json")
        carol = house.connect("json").offer("carol")

        def land() -> None:
            while journal.pending:
                journal.commit()

        land()
        token = carol.token
        carol.vanish()
        olga.do("mute", nick="carol")
        land()
        olga.say("a line").do("unmute", nick="carol")
        again = house.connect("json").offer("caroline", token=token)
        land()
        again.say("words")
        land()
        self.assertEqual((again.connection.person.nick, again.codes, again.told), ("caroline", [], [""]))

    def test_meanwhile(self) -> None:
        """They do so too when they are decided while the guest is just coming in."""
        journal = SlowJournal(MemoryJournal())
        house = House(journal)
        olga = operator(house, "olga", "json")
        carol = house.connect("json").offer("carol")
        token = carol.token
        carol.vanish()
        journal.slow = True
        again = house.connect("json").offer("caroline", token=token)
        journal.answer()  # the session
        self.assertTrue(journal.reads)
        olga.do("mute", nick="carol")
        journal.answer_all()
        again.say("words")
        self.assertEqual((again.connection.person.nick, again.codes), ("caroline", ["muted"]))

    def test_others(self) -> None:
        """They do not go with a guest who just takes the nickname, nor with one who already stands for another."""
        self.olga.do("mute", nick="carol", room="ops")
        other = self.house.connect("json").offer("carol")
        other.do("nick", nick="dora").do("join", room="ops").say("words").do("leave", room="ops")
        self.assertEqual(other.codes, [])
        self.house.connect("json").offer("carla", token=self.token)
        (mute,) = self.house.hall.moderation.mutes
        self.assertIsNotNone(mute.author)
        other.do("nick", nick="carol")
        token = other.token
        other.vanish()
        self.house.pass_time(60)
        again = self.house.connect("json").offer("dora", token=token).do("join", room="ops").say("words")
        self.assertEqual(again.codes, [])
        self.assertEqual(list(self.house.hall.moderation.mutes), [mute])


class NicknameTests(OperatorsCase):
    def setUp(self) -> None:
        super().setUp()
        self.carol = self.house.connect("json").offer("carol")

    def test_invited_guest(self) -> None:
        """The invitation of a guest who is away, or has another nickname now, is taken back by the nickname."""
        token = self.carol.token
        self.rita.do("lock", room="dev").do("invite", nick="carol", room="dev")
        self.carol.vanish()
        self.house.pass_time(60)
        self.rita.do("uninvite", nick="Carol", room="dev")
        self.assertEqual(self.rita.codes, [])
        again = self.house.connect("json").offer("carol", token=token).do("join", room="dev")
        self.assertEqual(again.codes, ["room-locked"])
        self.rita.do("invite", nick="carol", room="dev")
        again.do("nick", nick="caroline")
        self.rita.do("uninvite", nick="carol", room="dev")
        left = [one.nick for one in self.house.hall.moderation.invited["dev"].values() if not one.staying]
        self.assertEqual((self.rita.codes, left), ([], []))

    def test_renamed_guest(self) -> None:
        """What was decided about a guest is undone under the nickname of then, and that of today."""
        for verb, field in (("mute", "nick"), ("ban", "whom")):
            for old, new in (("carol", "carla"), ("carla", "carol")):
                self.rita.do(verb, room="dev", **{field: old})
                self.carol.do("nick", nick=new)
                self.rita.do(f"un{verb}", room="dev", **{field: new})
        self.assertEqual(self.rita.codes, [])
        self.assertFalse(self.house.hall.moderation.curbs)

    def test_invalid_today(self) -> None:
        """What was decided about a nickname is undone when nobody can have that nickname any more."""
        self.olga.do("mute", nick="longnickname").do("ban", whom="longnickname").do("lock", room="dev")
        self.carol.do("nick", nick="longnicknames")
        self.olga.do("invite", nick="longnicknames", room="dev")
        self.carol.vanish()
        hall = self.house.hall
        hall.follow(hall.settings.replaced(nick_max=8))
        self.olga.do("unmute", nick="longnickname").do("unban", whom="LongNickname")
        self.olga.do("uninvite", nick="longnicknames", room="dev").do("unlock", room="dev")
        self.assertEqual(self.olga.codes, [])
        self.assertEqual((hall.moderation.curbs, hall.moderation.invited), (False, {}))
        self.olga.do("mute", nick="longnickname").do("unmute", nick="longnickname")
        self.assertEqual(self.olga.codes, ["nick-invalid", "nothing-to-undo"])

    def test_account_removed(self) -> None:
        """What was decided about an account holds for its nickname when the account is gone, until it is undone."""
        self.olga.do("mute", nick="alice").do("ban", whom="alice", room="dev").do("removeuser", name="alice")
        (guest,) = self.house.come("alice")
        guest.type("words", "/join dev")
        self.assertEqual(guest.codes, ["muted", "banned"])
        hall = self.house.reopened()
        for one in (hall.moderation, self.house.hall.moderation):
            self.assertEqual([mute.named for mute in one.mutes], [True])
        self.olga.do("unmute", nick="alice").do("unban", whom="alice", room="dev")
        guest.take()
        guest.type("words", "/join dev")
        self.assertEqual((self.olga.codes, guest.codes), ([], []))
