"""Deleting what others said: one message, or all of somebody's."""

from groupchat.model.drafts import Draft, Kind
from groupchat.model.events import (
    AuthorId,
    Deleted,
    Replayed,
    Said,
    Whispered,
)
from groupchat.verbs import erasing
from tests.fakes import HeldJournal
from tests.house import House, Peer
from tests.people import member, operator
from tests.verbs.cases import OperatorsCase, TypingCase, words


def deleted(peer: Peer) -> list[int]:
    """Return the numbers of the messages somebody was shown to be deleted."""
    return [event.target for event in peer.events if isinstance(event, Deleted)]


class PurgeTests(OperatorsCase):
    def setUp(self) -> None:
        super().setUp()
        self.first = self.house.hall.stream.delivered
        self.bob.type("here", "/switch dev", "there", "/me there", "/switch lobby")
        self.alice.type("mine")
        self.forget()

    def numbers(self, *offsets: int) -> list[int]:
        """Return the numbers of the messages said in setUp, counted from 1."""
        return [self.first + offset for offset in offsets]

    def test_other_room(self) -> None:
        """A room's operator purges the room they name, and nothing in another."""
        self.rita.do("purge", nick="bob", room="dev", ref=1)
        self.assertEqual(deleted(self.alice), self.numbers(2, 3))
        (deed,) = self.deeds(self.alice)
        self.assertEqual((deed.room, deed.act, deed.target), ("dev", "purge", "bob"))
        self.assertEqual(deed.text, "deleted everything bob said in dev in the last hour: 2 messages")

    def test_not_their_room(self) -> None:
        """A room's operator purges no other room."""
        self.rita.do("purge", nick="bob", room="lobby").do("purge", nick="bob")
        self.assertEqual(self.rita.codes, ["not-allowed"] * 2)
        self.assertEqual(deleted(self.alice), [])

    def test_everywhere(self) -> None:
        """An operator who names no room purges all of them, room by room; private messages stay."""
        self.bob.type("/msg alice psst")
        self.olga.do("purge", nick="bob")
        self.assertEqual(deleted(self.alice), self.numbers(2, 3, 1))
        self.alice.take()
        self.alice.type("/search psst")
        (page,) = (answer for answer in self.alice.answers if isinstance(answer, Replayed))
        self.assertEqual([type(post) for post in page.posts], [Whispered])

    def test_last_hour(self) -> None:
        """Without a duration the last hour is meant; with one, that; with "forever", everything."""
        self.house.clock.advance(3601)
        self.olga.do("purge", nick="bob", room="dev")
        self.assertEqual(self.refused(self.olga), ["no-such-message: bob said nothing in dev in the last hour."])
        self.olga.do("purge", nick="bob", duration="2h", room="dev")
        text = "deleted everything bob said in dev in the last 2 hours: 2 messages"
        self.assertEqual(self.deeds(self.alice)[-1].text, text)
        self.olga.do("purge", nick="bob", duration="forever", room="lobby")
        self.assertEqual(self.deeds(self.alice)[-1].text, "deleted everything bob said in lobby until now: 1 message")
        self.bob.type("again")
        self.olga.do("purge", nick="bob", duration="1h30m", room="lobby")
        words = "deleted everything bob said in lobby in the last 1 hour 30 minutes: 1 message"
        self.assertEqual(self.deeds(self.alice)[-1].text, words)

    def test_ranks(self) -> None:
        """A room's operator purges no other operator, and nobody themselves."""
        self.rita.do("purge", nick="olga", room="dev").do("purge", nick="rita", room="dev")
        self.assertEqual(self.rita.codes, ["not-allowed", "bad-arguments"])

    def test_edited(self) -> None:
        """What was edited is deleted too, and what is deleted already is not counted."""
        self.bob.type("/switch dev", f"/edit #{self.first + 2} changed", f"/delete #{self.first + 3}")
        self.forget()
        self.rita.do("purge", nick="bob", room="dev")
        self.assertEqual(deleted(self.alice), self.numbers(2))
        self.assertTrue(self.deeds(self.alice)[0].text.endswith(": 1 message"))

    def test_departed_guest(self) -> None:
        """What a guest said who has left is purged by their nickname; what an account of that name said is not."""
        self.bob.vanish()
        self.olga.do("purge", nick="bob", room="dev")
        self.assertEqual(deleted(self.alice), self.numbers(2, 3))
        self.olga.take()
        self.olga.do("purge", nick="carol")
        self.assertEqual(self.olga.codes, ["no-such-message"])


class PagesTests(OperatorsCase):
    def test_many_pages(self) -> None:
        """All pages of the journal are looked through: more messages than are read at a time are all deleted."""
        count = erasing.PAGE + 5
        self.bob.type(*["spam"] * count)
        self.forget()
        self.olga.do("purge", nick="bob")
        self.assertEqual(len(deleted(self.alice)), count)

    def test_too_many(self) -> None:
        """More messages than one transaction should delete are refused, and all of them stay."""
        house = House()
        drafts = [Draft(Kind.SAID, AuthorId(5), "bob", house.now(), "lobby", "spam")] * (erasing.MOST + 1)
        self.successResultOf(house.journal.append(drafts))
        house.hall = house.reopened()
        boss = operator(house, "boss", "json")
        boss.do("purge", nick="bob", duration="forever")
        self.assertEqual(boss.codes, ["bad-arguments"])
        self.assertEqual(house.hall.stream.delivered, erasing.MOST + 1)


class EraseTests(OperatorsCase):
    def setUp(self) -> None:
        super().setUp()
        self.alice.type("/switch dev", "there", "/switch lobby", "here")
        self.here = self.house.hall.stream.delivered
        self.there = self.here - 1
        self.forget()

    def test_own_room(self) -> None:
        """A room's operator deletes what others said in their room, wherever they are; it stands in the log."""
        self.rita.do("delete", id=self.there, ref=1)
        self.assertEqual(deleted(self.bob), [self.there])
        (deed,) = self.deeds(self.bob)
        self.assertEqual((deed.room, deed.act, deed.target), ("dev", "delete", "alice"))
        self.assertEqual(deed.text, f"deleted #{self.there} of alice")
        self.assertEqual(len(self.rita.answers), 1)

    def test_other_room(self) -> None:
        """In another room they delete their own only."""
        self.rita.do("delete", id=self.here)
        self.assertEqual(self.rita.codes, ["not-yours"])
        self.assertEqual(deleted(self.bob), [])

    def test_operators(self) -> None:
        """An operator deletes everybody's; a room's operator no operator's."""
        self.olga.do("delete", id=self.here).do("delete", id=self.there).say("mine", room="dev")
        self.assertEqual(deleted(self.bob), [self.here, self.there])
        self.rita.do("delete", id=self.house.hall.stream.delivered)
        self.assertEqual(self.rita.codes, ["not-yours"])

    def test_room_operators_message(self) -> None:
        """An operator deletes a message of a room's operator, which another room operator may not."""
        self.olga.do("op", nick="alice", room="dev")
        self.rita.do("delete", id=self.there)
        self.assertEqual(self.rita.codes, ["not-yours"])
        self.olga.do("delete", id=self.there)
        self.assertEqual(deleted(self.bob), [self.there])

    def test_no_message(self) -> None:
        """A topic and a deed are no messages: nobody deletes them."""
        self.alice.type("/topic weather")
        topic = self.house.hall.stream.delivered
        self.rita.do("lock", room="dev")
        self.olga.take()
        self.olga.do("delete", id=topic).do("delete", id=topic + 1)
        self.assertEqual(len(self.olga.codes), 2)
        self.assertEqual(deleted(self.bob), [])
        self.assertEqual([deed.act for deed in self.deeds(self.bob)], ["lock"])

    def test_own(self) -> None:
        """An operator's own message is deleted as anybody's: there is no deed."""
        self.olga.say("mine", room="dev")
        self.olga.do("delete", id=self.house.hall.stream.delivered)
        self.assertEqual(len(deleted(self.bob)), 1)
        self.assertEqual(self.deeds(self.bob), [])

    def test_old(self) -> None:
        """An operator deletes others' messages of any age."""
        self.house.clock.advance(48 * 3600)
        self.olga.do("delete", id=self.here)
        self.assertEqual(deleted(self.bob), [self.here])

    def test_nothing(self) -> None:
        """A message that is not there cannot be deleted; a private one of others neither."""
        self.alice.type("/msg bob psst")
        self.olga.do("delete", id=9999).do("delete", id=self.house.hall.stream.delivered)
        self.assertEqual(self.olga.codes, ["no-such-message"] * 2)


class AccountTests(OperatorsCase):
    def test_account_with_a_guests_nickname(self) -> None:
        """What a guest said under a nickname that is an account's by now is not purged with the account's words."""
        house = House()
        (guest, other) = house.come("carol", "other")
        guest.type("as a guest")
        guest.vanish()
        carol = member(house, "carol")
        carol.type("as an account")
        boss = operator(house, "boss", "json")
        other.take()
        boss.do("purge", nick="carol")
        self.assertEqual(deleted(other), [2])


class TypedTests(TypingCase):
    def test_purge(self) -> None:
        """All that somebody said in the time goes, in every room, also what another connection said by the nickname."""
        self.bob.type("/join dev", "one", "/switch lobby", "two", "/msg alice private")
        self.bob.vanish()
        (again,) = self.house.come("bob")
        again.type("three", "/me four")
        self.alice.type("kept")
        self.forget()
        self.olga.type("/purge bob")
        self.assertEqual(self.done(self.alice), ["olga deleted everything bob said in the last hour: 4 messages"])
        self.assertEqual([event.target for event in self.alice.events if isinstance(event, Deleted)], [3, 5, 6])
        self.olga.take()
        self.olga.type("/history 50")
        (answer,) = (answer for answer in self.olga.answers if isinstance(answer, Replayed))
        self.assertEqual([words(post) for post in answer.posts if isinstance(post, Said)], ["kept"])
        self.alice.take()
        self.alice.type("/search private")
        (answer,) = (answer for answer in self.alice.answers if isinstance(answer, Replayed))
        self.assertEqual(len(answer.posts), 1)

    def test_purge_time(self) -> None:
        """Older messages stay; when there are none the operator is told so; an account's are told from a guest's."""
        self.alice.type("old")
        self.house.pass_time(2 * 3600)
        self.alice.type("new")
        self.forget()
        self.olga.type("/purge alice 1h", "/purge alice 1h", "/purge alice forever")
        self.assertEqual(self.olga.codes, ["no-such-message"])
        self.assertEqual([event.target for event in self.bob.events if isinstance(event, Deleted)], [3, 2])

    def test_purge_in_room(self) -> None:
        """A room's operator purges the room only."""
        self.in_dev(self.rita, self.bob)
        self.bob.type("one", "/switch lobby", "two")
        self.rita.type("/purge bob")
        self.assertEqual(self.done(self.rita), ["rita deleted everything bob said in dev in the last hour: 1 message"])
        self.assertEqual([type(event) for event in self.alice.events], [Said])

    def test_purge_many(self) -> None:
        """A thousand messages go in one transaction."""
        for number in range(1000):
            self.bob.type(f"{number}")
        held = HeldJournal(self.house.journal)
        self.house.hall.stream.journal = self.house.hall.commits._journal = held
        self.olga.type("/purge bob")
        (operations,) = held.pending
        self.assertEqual(len(operations), 1001)
        held.commit()
        self.assertEqual(len([event for event in self.alice.events if isinstance(event, Deleted)]), 1000)

    def test_delete(self) -> None:
        """Operators delete anybody's message by its number where they keep order; a room's operator no operator's."""
        self.in_dev(self.rita, self.bob, self.olga)
        self.bob.type("one", "/switch lobby", "two")
        self.olga.type("three")
        self.rita.type("/delete 2", "/delete 3", "/delete 4", "/delete 99")
        self.assertEqual(self.rita.codes, ["not-yours", "not-yours", "no-such-message"])
        self.assertEqual(self.done(self.rita), ["rita deleted #2 of bob"])
        self.olga.type("/delete 3", "/delete")
        self.assertEqual(self.log()[-2:], ["deleted #2 of bob", "deleted #3 of bob"])
        (deleted,) = (event for event in self.alice.events if isinstance(event, Deleted))
        self.assertEqual((deleted.target, deleted.nick), (3, "olga"))
