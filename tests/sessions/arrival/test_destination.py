"""Where somebody comes in, and what a client is told of it, on every path."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from groupchat.facts.whereabouts import Places
from groupchat.model.events import Departed, Entered, Event, Refused, Said, Welcomed
from groupchat.sessions.arrival.destination import BASE, LOST
from tests.house import House, Peer
from tests.people import member, operator


def told(peer: Peer) -> list[str]:
    """What a peer was told of its rooms: the welcome's, then + entered and - departed, with what is current."""
    found = []
    for event in peer.screen.shown:
        match event[0]:
            case Welcomed(room=room, rooms=rooms):
                found.append(f"{','.join(rooms)} in {room}")
            case Entered(room):
                found.append(f"+{room}")
            case Departed(room, _, code, current):
                found.append(f"-{room} {code} {current}")
    return found


class DestinationCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.house = House()
        self.olga = operator(self.house, "olga", "json")
        self.bot = self.house.connect("json").offer("bot")
        self.token = self.bot.token
        self.bot.do("join", room="dev").do("join", room="ops").do("switch", room="dev")

    def back(self, restart: bool = True, **claim: Any) -> Peer:
        """Return the program that comes back by its token, after a restart."""
        if restart:
            self.house.hall = self.house.reopened()
        return self.house.connect("json").offer("bot", token=self.token, **{"since": "head", **claim})


class ToldTests(DestinationCase):
    """The welcome, ``entered`` and ``departed`` agree, whatever happened."""

    def test_resumed(self) -> None:
        """The rooms are in the order joined, and the current one is told last."""
        for restart in (False, True):
            peer = self.back(restart)
            self.assertEqual(told(peer), ["lobby,dev,ops in dev", "+lobby", "+ops", "+dev"])
            self.assertEqual(peer.connection.places, Places(("lobby", "dev", "ops"), "dev"))

    def test_switched_before_a_cut(self) -> None:
        """A line typed for the lobby is said there after a cut, not in the room joined last."""
        self.bot.do("switch", room="lobby")
        self.bot.vanish()
        self.back(restart=False).say("for the lobby")
        self.assertEqual(self.olga.texts, ["for the lobby"])

    def test_locked_meanwhile(self) -> None:
        """A room that was locked while one was away is not entered, and one is told so, and why."""
        self.bot.vanish()
        self.olga.do("lock", room="dev")
        self.assertEqual(told(self.back()), ["lobby,ops in ops", "-dev room-locked ops", "+lobby", "+ops"])

    def test_banned_meanwhile(self) -> None:
        """Likewise a room from which one was banned, also when it is not the current one."""
        self.bot.vanish()
        self.olga.do("ban", whom="bot", room="ops")
        peer = self.back()
        self.assertEqual(told(peer), ["lobby,dev in dev", "-ops banned dev", "+lobby", "+dev"])
        peer.say("goes to dev")
        self.assertEqual(peer.codes, [])

    def test_kicked_and_killed(self) -> None:
        """Whoever was put out of a room, and then the daemon was killed, is told when they come back."""
        self.olga.do("kick", nick="bot", room="dev")
        self.assertEqual(told(self.back()), ["lobby,ops in ops", f"-dev {LOST} ops", "+lobby", "+ops"])

    def test_asked_for(self) -> None:
        """Of the rooms that are asked for, those that are closed are told; the others are entered."""
        self.bot.vanish()
        self.olga.do("lock", room="dev")
        peer = self.back(rooms=("den", "dev"))
        self.assertEqual(told(peer), ["den in den", "-dev room-locked den", "+den"])
        peer.say("for dev")
        self.assertEqual(peer.codes, ["room-lost"])
        self.assertEqual(self.back(restart=False, rooms=("dev",)).codes, ["room-locked"])

    def test_nothing_left(self) -> None:
        """Who may go into no room of before is in the lobby; who may not go there either is in none."""
        self.bot.do("leave", room="ops").do("leave", room="lobby")
        self.bot.vanish()
        self.olga.do("lock", room="dev")
        self.assertEqual(told(self.back()), ["lobby in lobby", "-dev room-locked lobby", "+lobby"])
        self.bot.vanish()
        self.olga = operator(self.house, "boss", "json")
        self.olga.do("ban", whom="bot", room="lobby")
        self.assertEqual(self.back().connection.places, Places((), "", "lobby"))

    def test_left_all(self) -> None:
        """Who had left every room is in none."""
        for room in ("lobby", "dev", "ops"):
            self.bot.do("leave", room=room)
        self.assertEqual(told(self.back()), [" in "])

    def test_new(self) -> None:
        """Who was nowhere before comes into the lobby."""
        self.assertEqual(self.house.connect("json").offer("new").connection.places, BASE)

    def test_text(self) -> None:
        """A person reads which rooms they are not in any more."""
        alice = member(self.house, "alice")
        alice.type("/join dev")
        alice.vanish()
        self.olga.do("lock", room="dev")
        peer = self.house.connect().type("/login alice correct horse")
        why = "dev is locked; its operators can /invite you."
        self.assertEqual(
            [event for event in peer.answers if isinstance(event, Departed | Refused)],
            [Refused("room-locked", why), Departed("dev", why, "room-locked", "lobby")],
        )

    def test_text_after_a_close(self) -> None:
        """Who said nothing since the room was taken away reads why, as long as one cannot go back."""
        alice = member(self.house, "alice")
        alice.type("/join dev")
        self.olga.do("close", room="dev", reason="done")
        alice.vanish()
        why = "dev was closed by olga: done. Its operators can /reopen it."
        for expected in ([("room-closed", why)], [(LOST, "")]):
            peer = self.house.connect().type("/login alice correct horse")
            found = [(one.code, one.reason) for one in peer.answers if isinstance(one, Departed)]
            refusals = [(one.code, one.text) for one in peer.answers if isinstance(one, Refused)]
            self.assertEqual((found, refusals), (expected, [one for one in expected if one[1]]))
            peer.vanish()
            self.olga.do("reopen", room="dev")


class LostTests(DestinationCase):
    """After an involuntary loss of the current room, the next thing without a room is refused, once."""

    def lose(self) -> None:
        """Put the bot out of its current room."""
        self.olga.do("kick", nick="bot", room="dev")
        self.bot.take()

    def said(self) -> list[str]:
        """What was said and shown in the lobby since this was asked last."""
        events: list[Event] = self.olga.take()
        return [event.text for event in events if isinstance(event, Said)]

    def test_kicked(self) -> None:
        """The next line is refused with the room that is lost and the one that lines go to; the same again is said."""
        self.bot.do("leave", room="ops")
        self.lose()
        self.bot.say("for dev")
        self.assertEqual(self.bot.codes, ["room-lost"])
        self.assertEqual(
            self.bot.answers[-1].text,  # type: ignore[attr-defined]
            "You are no longer in dev; your lines now go to lobby.",
        )
        self.assertEqual(self.said(), [])
        self.bot.say("for the lobby")
        self.assertEqual(self.said(), ["for the lobby"])

    def test_whatever_goes_to_a_room(self) -> None:
        """So is everything else that would be done in another room than the one meant."""
        for name, fields in (
            ("me", {"text": "waves"}), ("topic", {"text": "plans"}), ("edit", {"text": "words"}), ("delete", {}),
            ("leave", {}), ("lock", {}), ("type", {"line": "for dev"}),
        ):  # fmt: skip
            with self.subTest(name):
                self.setUp()
                self.lose()
                if name == "type":
                    self.bot.session.type("for dev")
                else:
                    self.bot.do(name, **fields)
                expected = ["not-allowed"] if name == "lock" else ["room-lost"]
                self.assertEqual(self.bot.codes, expected)

    def test_orders(self) -> None:
        """An operator's order that was meant for the room is not carried out in another."""
        self.olga.do("join", room="dev")
        boss = operator(self.house, "boss", "json")
        boss.do("kick", nick="olga", room="dev")
        self.olga.take()
        self.olga.do("unlock").do("unlock")
        self.assertEqual(self.olga.codes, ["room-lost", "nothing-to-undo"])

    def test_reading_is_not_refused(self) -> None:
        """Reading goes on, and does not use up the refusal; nor does what names its room, or is private."""
        self.lose()
        self.bot.do("history").do("list").do("say", text="in the lobby", room="lobby").do("say", text="x", room="dev")
        self.bot.do("msg", nick="olga", text="psst").do("typing")
        self.assertEqual(self.bot.codes, ["not-in-room"])
        self.bot.say("for dev")
        self.assertEqual(self.bot.codes, ["not-in-room", "room-lost"])

    def test_another_room_is_chosen(self) -> None:
        """Whoever chooses a room knows where they are; whoever loses another one than the current is there still."""
        for name, room in (("switch", "lobby"), ("join", "den"), ("join", "dev")):
            self.setUp()
            self.lose()
            self.bot.do(name, room=room).say("here")
            self.assertEqual(self.bot.codes, [], name)
        self.setUp()
        self.olga.do("kick", nick="bot", room="ops")
        self.bot.take()
        self.bot.say("for dev")
        self.assertEqual(self.bot.codes, [])

    def test_last_room(self) -> None:
        """Who is in no room after it is told that."""
        self.bot.do("leave", room="ops").do("leave", room="lobby")
        self.lose()
        self.bot.say("for dev").say("again")
        self.assertEqual(self.bot.codes, ["room-lost", "not-in-room"])

    def test_banned(self) -> None:
        """So it is with a ban, also by a nickname or from the server's own word."""
        self.olga.do("ban", whom="bot", room="dev")
        self.bot.take()
        self.bot.say("for dev")
        self.assertEqual(self.bot.codes, ["room-lost"])

    def test_locked_while_away(self) -> None:
        """So it is with a room that was locked while one was away."""
        self.bot.vanish()
        self.olga.do("lock", room="dev")
        peer = self.back(restart=False)
        peer.say("for dev").say("for ops")
        self.assertEqual(peer.codes, ["room-lost"])

    def test_after_a_kill(self) -> None:
        """A kill between the kick and the next line changes nothing; once it was told, it is not told again."""
        self.lose()
        for codes in (["room-lost"], []):
            peer = self.back()
            peer.say("for dev")
            self.assertEqual(peer.codes, codes)
            peer.say("more")

    def test_quick_reconnect(self) -> None:
        """Who comes back on another connection while the first one is there has lost the room still."""
        self.lose()
        peer = self.back(restart=False)
        peer.say("for dev")
        self.assertEqual(peer.codes, ["room-lost"])


class SilentTests(DestinationCase):
    """``since`` = ``head``: nothing that was said before, in any room."""

    def test_every_room(self) -> None:
        """Rooms of the claim, rooms that are joined later and those of a later resume are silent alike."""
        for room in ("lobby", "dev", "ops", "den"):
            self.bot.do("join", room=room).say("old", room=room)
        peer = self.house.connect("json").offer("quiet", since="head", rooms=("dev", "lobby"))
        peer.do("join", room="ops")
        self.assertEqual(peer.texts, [])
        again = self.house.connect("json").offer("quiet", since=self.house.journal.head, token=peer.token)
        again.do("join", room="den")
        self.house.hall = self.house.reopened()
        later = self.house.connect("json").offer("quiet", since=self.house.journal.head, token=peer.token)
        later.do("leave", room="den").do("join", room="den")
        for one in (peer, again, later):
            self.assertFalse([event for event in one.answers if type(event).__name__ == "Replayed"])

    def test_others_are_shown_it(self) -> None:
        """Who did not ask for that is shown what was said lately."""
        self.bot.say("old", room="ops")
        peer = self.house.connect("json").offer("loud", rooms=("lobby",))
        peer.do("join", room="ops")
        self.assertEqual([type(event).__name__ for event in peer.answers].count("Replayed"), 1)
