"""Closing rooms and their settings: who may, what becomes of the people, and what is not there any more."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.journals.memory import MemoryJournal
from groupchat.model.events import Departed, Listed
from tests.fakes import HeldJournal
from tests.house import House, Peer
from tests.people import member, operator


def rooms(peer: Peer) -> list[str]:
    """Return the names of the rooms that somebody is listed."""
    peer.take()
    peer.type("/rooms")
    (listed,) = (answer for answer in peer.answers if isinstance(answer, Listed))
    peer.take()
    return [str(item["room"]) for item in listed.items]


class CloseTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.house = House()
        self.olga = operator(self.house, "olga")
        self.rita = member(self.house, "rita")
        self.olga.type("/join dev", "/op rita dev", "/topic plans", "/switch lobby")
        self.rita.type("/join dev")
        (self.bob,) = self.house.come("bob")
        (self.rob,) = self.house.come("rob", door="json")
        self.bob.type("/join dev", "words")
        self.rob.do("join", room="dev")
        for peer in (self.olga, self.rita, self.bob, self.rob):
            peer.take()

    def test_close(self) -> None:
        """Everybody is put out with the reason; the room is in no list, nobody comes back or says anything there."""
        self.rita.type("/close dev no longer needed")
        self.assertEqual(self.rita.told[-1], "dev is closed; 4 people put out. /reopen dev undoes it.")
        self.assertIn(Departed("dev", "no longer needed", "room-closed", "lobby"), self.rob.answers)
        self.assertIn("room-closed", self.rob.codes)
        self.assertEqual([peer.connection.rooms for peer in (self.olga, self.bob, self.rob)], [("lobby",)] * 3)
        self.assertEqual(rooms(self.bob), ["lobby"])
        quiet = self.house.connect("json").offer("quiet", quiet=True)
        quiet.do("say", text="x", room="dev")
        self.bob.type("/join dev", "/list dev")
        self.rita.take()
        self.rita.type("/join dev")
        self.assertEqual(self.bob.codes, ["room-closed", "no-such-room"])
        self.assertEqual((quiet.codes, self.rita.codes), (["room-closed"], ["room-closed"]))
        told = "dev was closed by rita: no longer needed. Its operators can /reopen it."
        self.assertEqual(self.rita.answers[-1].text, told)  # type: ignore[attr-defined]

    def test_reopen(self) -> None:
        """Operators of the room or the server open it again, with what was said there; nobody is back in it by that."""
        self.olga.type("/close dev")
        self.bob.type("/reopen dev")
        self.assertEqual(self.bob.codes[-1], "not-allowed")
        self.rita.take()
        self.rita.type("/reopen dev")
        self.assertEqual(self.rita.told, ["dev is open again: /join dev"])
        self.assertEqual(self.house.hall.rooms.open("dev").members, {})
        self.bob.take()
        self.bob.type("/join dev", "/history")
        self.assertIn("words", repr(self.bob.answers))
        self.rita.take()
        self.rita.type("/reopen dev", "/close lobby", "/close attic", "/reopen attic")
        self.assertEqual(self.rita.codes, ["nothing-to-undo", *["not-allowed"] * 3])
        self.olga.take()
        self.olga.type("/close lobby", "/close attic", "/close dev", "/close dev")
        self.assertEqual(self.olga.codes, ["bad-arguments", "no-such-room", "no-such-room"])

    def test_purge(self) -> None:
        """What somebody said in a room that was closed is purged with everything else of theirs."""
        self.olga.type("/close dev", "/purge bob")
        self.assertIn("deleted everything bob said in the last hour: 1 message", repr(self.olga.events))

    def test_restart(self) -> None:
        """It stays closed over a restart, and is not loaded."""
        self.olga.type("/close dev")
        hall = self.house.reopened()
        self.assertIsNone(hall.rooms.find("dev"))
        self.assertIn("dev", hall.moderation.closed)

    def test_on_its_way(self) -> None:
        """What somebody says when the room is just being closed is refused, and said nowhere."""
        journal = HeldJournal(MemoryJournal())
        house = House(journal)
        olga = operator(house, "olga")
        (bob,) = house.come("bob")
        for peer in (bob, olga):
            peer.type("/join dev")
        while journal.pending:
            journal.commit()
        olga.take()
        olga.type("/close dev")
        bob.take()
        bob.type("too late")
        while journal.pending:
            journal.commit()
        self.assertIn("room-closed", bob.codes)
        self.assertEqual(olga.texts, [])


class SettingTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.house = House()
        self.olga = operator(self.house, "olga")
        self.rita = member(self.house, "rita")
        self.olga.type("/op rita lobby")
        self.bob, self.carol = self.house.come("bob", "carol")
        for peer in (self.olga, self.rita, self.bob, self.carol):
            peer.take()

    def topic(self, room: str = "lobby") -> str:
        """Return the topic of a room."""
        return self.house.hall.rooms.open(room).topic

    def test_room_lost(self) -> None:
        """Whoever was put out of a room does not change the settings of another by the next line."""
        self.olga.do("op", nick="rita", room="dev")
        self.rita.do("join", room="dev")
        self.olga.do("kick", nick="rita", room="dev")
        self.rita.type("/set-room topic operators")
        self.assertEqual(self.rita.codes[-1:], ["room-lost"])
        self.assertEqual(self.house.hall.moderation.setting("lobby", "topic"), "anybody")
        self.rita.type("/set-room topic operators")
        self.assertEqual(self.house.hall.moderation.setting("lobby", "topic"), "operators")

    def test_topic(self) -> None:
        """The topic is anybody's, unless the room's operators keep it to operators."""
        self.bob.type("/topic mine")
        self.rita.type("/set-room topic operators")
        self.bob.type("/topic again", "/topic -", "/topic")
        self.assertEqual(self.bob.codes, ["not-allowed"] * 2)
        self.assertIn("Only operators set the topic of lobby.", repr(self.bob.answers))
        self.assertEqual(self.topic(), "mine")
        self.rita.type("/topic ours")
        self.olga.type("/topic theirs")
        self.assertEqual(self.topic(), "theirs")
        self.bob.type("/join dev", "/topic free")
        self.assertEqual(self.topic("dev"), "free")
        self.rita.type("/set-room topic anybody")
        self.assertEqual(self.house.hall.moderation.settings, {})
        self.bob.type("/switch lobby", "/topic mine")
        self.assertEqual(self.topic(), "mine")

    def test_shown(self) -> None:
        """Alone it shows the settings to anybody in the room; who may not change them is told so."""
        self.rita.type("/set-room topic operators")
        self.bob.take()
        self.bob.type("/set-room", "/set-room topic anybody", "/set-room topic", "/set-room tpoic anybody")
        self.bob.type("/set-room topic x").do("set-room", room="dev")
        listed = self.bob.answers[0]
        assert isinstance(listed, Listed)
        self.assertEqual((listed.what, listed.items), ("room-settings", ({"name": "topic", "value": "operators"},)))
        self.assertEqual(self.bob.codes, ["not-allowed", *["bad-arguments"] * 3, "not-in-room"])
        self.rita.take()
        self.rita.type("/set-room topic operators")
        self.assertEqual(self.rita.codes, ["bad-arguments"])

    def test_restart(self) -> None:
        """It holds after a restart."""
        self.rita.do("set-room", name="topic", value="operators", room="lobby")
        self.house.hall = self.house.reopened()
        (dave,) = self.house.come("dave")
        dave.type("/topic mine")
        self.assertEqual(dave.codes, ["not-allowed"])

    def test_modlog(self) -> None:
        """The operator of a room reads what was done in it, and nothing of other rooms."""
        self.olga.type("/join dev", "/slow dev 3", "/switch lobby", "/slow lobby 3", "/motd hi")
        self.rita.take()
        self.rita.type("/modlog")
        self.rita.do("modlog", room="dev")
        shown = repr(self.rita.answers)
        self.assertIn("set slow mode in lobby", shown)
        self.assertNotIn("set slow mode in dev", shown)
        self.assertNotIn("message of the day", shown)
        self.assertEqual(self.rita.codes, ["not-allowed"])


class NetworkMuteTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.house = House()
        self.olga = operator(self.house, "olga")
        self.bob, self.carol, *_ = self.house.come("bob", "carol", "dave", "erin", "fred", "gina")
        self.bob.screen.address = "198.51.100.7"
        for peer in (self.olga, self.bob, self.carol):
            peer.take()

    def test_mute(self) -> None:
        """Nobody from the address says anything others read, under whichever nickname, until it ends."""
        self.olga.type("/mute 198.51.100.7 10m flooding")
        told = "198.51.100.7/32 is muted for 10 minutes; 1 connection from there."
        self.assertEqual(self.olga.told, [f"{told} Operators of the server can still speak."])
        self.assertIn("Your address is muted for 10 minutes, by olga: flooding", repr(self.bob.answers))
        self.bob.take()
        self.bob.type("x", "/me x", "/msg carol x", "/topic x", "/nick rob", "/away x", "/leave lobby words")
        self.assertEqual(self.bob.codes, ["muted"] * 6)
        self.carol.type("hello")
        self.assertNotIn("words", repr(self.carol.events))
        self.assertEqual(self.carol.codes, [])
        self.house.pass_time(601)
        self.assertIn("You can speak again.", repr(self.bob.answers))
        self.bob.take()
        self.bob.type("/join lobby", "thanks")
        self.assertEqual(self.bob.codes, [])
        self.assertFalse(self.house.hall.moderation.curbs)

    def test_unmute(self) -> None:
        """It is listed to operators of the server, holds over restarts, and is undone by the same network."""
        self.olga.type("/mute 198.51.100.0/24", "/mutes")
        self.assertIn("It holds until /unmute 198.51.100.0/24.", self.olga.told[0])
        self.assertIn("198.51.100.0/24 is muted, since", repr(self.olga.answers))
        self.assertIn("/198.51.100.0/24", self.house.reopened().moderation.muted_networks)
        self.olga.take()
        self.olga.type("/unmute 198.51.100.7", "/unmute 203.0.113.1", "/unmute 198.51.100.0/24")
        self.assertEqual(self.olga.codes, ["nothing-to-undo"] * 2)
        self.assertIn("198.51.100.7/32 is not muted by itself, but 198.51.100.0/24", repr(self.olga.answers[0]))
        self.bob.take()
        self.bob.type("hello")
        self.assertEqual(self.bob.codes, [])

    def test_rights(self) -> None:
        """It is for operators of the server, who are not muted by it; a large network has to be typed twice."""
        rita = member(self.house, "rita")
        self.olga.type("/op rita lobby")
        rita.type("/mute 198.51.100.7", "/unmute 198.51.100.7", "/mute 300.1.1.1")
        self.assertEqual(rita.codes, ["not-allowed"] * 2 + ["bad-arguments"])
        self.olga.take()
        self.olga.type("/mute ::/0")
        self.assertEqual(self.olga.codes, ["confirmation-needed"])
        self.olga.take()
        self.olga.do("mute", nick="0.0.0.0/0", yes=True).type("still here")
        self.assertEqual(self.olga.codes, [])
        self.bob.take()
        self.bob.type("x")
        self.assertEqual(self.bob.codes, ["muted"])

    def test_covering(self) -> None:
        """To undo the ban of a part of a network is refused by naming the whole."""
        self.olga.type("/ban 203.0.113.0/24", "/ban 2001:db8::/32")
        self.olga.take()
        self.olga.type("/unban 203.0.113.7", "/unban 2001:db8::1", "/unban 192.0.2.99")
        texts = [answer.text for answer in self.olga.answers]  # type: ignore[attr-defined]
        self.assertIn("but 203.0.113.0/24, of which it is a part, is: /unban 203.0.113.0/24", texts[0])
        self.assertIn("/unban 2001:db8::/32", texts[1])
        self.assertEqual(texts[2], "192.0.2.99/32 is not banned. /bans lists the bans.")
