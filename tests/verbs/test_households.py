"""Guests who come again as others: mutes, bans from rooms and the pace of slow rooms hold for where they come from.

So do they for everything that others are shown, whichever way it takes.
"""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from groupchat.model.events import Event, Joined, Left, Renamed, Told, Typing
from tests.house import House, Peer
from tests.people import member, operator

HOME, ELSEWHERE = "198.51.100.1", "203.0.113.9"


class HouseholdCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.house = House()
        self.olga, self.alice = operator(self.house, "olga", "json"), member(self.house, "alice", "json")
        for peer in (self.olga, self.alice):
            peer.do("join", room="dev")
        self.mal = self.come("mal")
        self.house.pass_time(1)

    def come(self, nick: str, address: str = HOME, door: str = "text", **claim: Any) -> Peer:
        """Let a guest come in from an address."""
        peer = self.house.connect(door)
        peer.screen.address = address
        peer.offer(nick, **claim) if door == "json" else peer.type(nick)
        return peer

    def again(self, nick: str, door: str = "text", **claim: Any) -> Peer:
        """Let the guest go, and come back under another nickname a little later."""
        self.mal.vanish()
        self.house.pass_time(1)
        return self.come(nick, door=door, **claim)

    def tried(self, peer: Peer, *lines: str) -> list[str]:
        """Return the codes of what each of these lines is refused with."""
        peer.take()
        peer.type(*lines)
        return peer.codes

    def shown(self) -> list[Event]:
        """Return what alice was shown of others since this was asked last, without who comes and goes."""
        return [event for event in self.alice.take() if not isinstance(event, Joined | Left)]


class MuteTests(HouseholdCase):
    def setUp(self) -> None:
        super().setUp()
        self.olga.do("mute", nick="mal")
        self.alice.take()

    def test_every_way(self) -> None:
        """No words of a muted guest are shown, nor of the same guest who comes again, whichever way they take."""
        for nick in ("", "malory"):
            peer = self.again(nick) if nick else self.mal
            for line in (
                "BUY", "/me BUY", "/msg alice BUY", "/topic BUY", "/nick buypills", "/away BUY", "/join buypills",
                "//BUY", "/re 1 BUY",
            ):  # fmt: skip
                self.assertEqual(self.tried(peer, line), ["muted"], line)
            self.assertEqual(self.tried(peer, "/leave lobby BUY", "/join lobby", "/exit BUY"), [])
            left = [event.reason for event in self.alice.take() if isinstance(event, Left)]
            self.assertEqual(set(left), {""})

    def test_programs(self) -> None:
        """Nor does a program of theirs show anything: quiet or not, by rooms of its claim, or by typing."""
        peer = self.again("bot", "json", rooms=("buypills", "lobby"))
        self.assertEqual(peer.connection.rooms, ("lobby",))
        self.alice.do("typing")
        self.alice.take()
        peer.do("typing")
        self.assertEqual([event for event in self.shown() if isinstance(event, Typing)], [])
        quiet = self.come("quiet", door="json", quiet=True)
        quiet.say("BUY", room="lobby").say("BUY", room="buypills")
        self.assertEqual(quiet.codes, ["muted", "muted"])

    def test_sentence(self) -> None:
        """They read why."""
        peer = self.again("malory").type("BUY")
        (refused,) = (answer for answer in peer.answers if getattr(answer, "code", "") == "muted")
        self.assertEqual(
            refused.text,  # type: ignore[attr-defined]
            "Guests from your address are muted until unmuted, by olga.",
        )

    def test_others_speak(self) -> None:
        """Guests who were there before, who come from elsewhere, and people with an account are not concerned."""
        self.setUp()
        self.olga.do("unmute", nick="mal")
        neighbour = self.come("neighbour", door="json")
        self.house.pass_time(1)
        self.olga.do("mute", nick="mal")
        self.house.pass_time(1)
        member(self.house, "carla").vanish()
        known = self.house.connect()
        known.screen.address = HOME
        known.type("/login carla correct horse")
        for peer in (neighbour, self.come("far", ELSEWHERE), known):
            self.assertEqual(self.tried(peer, "hello"), [])

    def test_token(self) -> None:
        """Who had come before the mute is known by the token, also after a restart, and so is who came after it."""
        house = self.house
        self.olga.do("unmute", nick="mal")
        before = self.come("before", door="json")
        tokens = [before.token]
        house.pass_time(1)
        self.olga.do("mute", nick="mal")
        house.pass_time(1)
        tokens.append(self.come("after", door="json").token)
        house.hall = house.reopened()
        for nick, token, codes in zip(("before", "after"), tokens, ([], ["muted"]), strict=True):
            peer = self.come(nick, door="json", token=token, since="head")
            peer.say("hello")
            self.assertEqual(peer.codes, codes, nick)

    def test_restart(self) -> None:
        """It holds after a restart."""
        self.house.hall = self.house.reopened()
        self.assertEqual(self.tried(self.again("malory"), "BUY"), ["muted"])

    def test_unmuted(self) -> None:
        """An operator ends it by either nickname."""
        for nick in ("mal", "malory"):
            peer = self.again("malory")
            self.olga.do("unmute", nick=nick)
            self.assertEqual(self.tried(peer, "sorry"), [])
            peer.vanish()
            self.mal = self.come("mal")
            self.olga.do("mute", nick="mal")

    def test_told_that_it_ended(self) -> None:
        """Each guest for whom it held is told that it ended, and nobody else."""
        neighbour = self.come("neighbour")
        self.olga.do("unmute", nick="mal").do("mute", nick="mal")
        self.house.pass_time(1)
        malory, far = self.come("malory"), self.come("far", ELSEWHERE)
        peers = {"mal": self.mal, "malory": malory, "far": far, "neighbour": neighbour, "alice": self.alice}
        for peer in peers.values():
            peer.take()
        self.olga.do("unmute", nick="malory")
        found = {
            nick: [line for answer in peer.answers if isinstance(answer, Told) for line in answer.lines]
            for nick, peer in peers.items()
        }
        self.assertEqual(
            found,
            {
                "mal": ["You can speak again; olga unmuted you."],
                "malory": ["You can speak again; the mute of guests from your address has ended."],
                "far": [],
                "neighbour": [],
                "alice": [],
            },
        )

    def test_renamed_by_token(self) -> None:
        """Nobody who is muted is renamed by coming back with a token and another nickname."""
        bot = self.come("bot", ELSEWHERE, "json")
        self.olga.do("mute", nick="bot")
        self.alice.take()
        again = self.come("buypills", ELSEWHERE, "json", token=bot.token)
        self.assertEqual(again.connection.person.nick, "bot")
        self.assertEqual([event for event in self.alice.take() if isinstance(event, Renamed)], [])


class RoomBanTests(HouseholdCase):
    def setUp(self) -> None:
        super().setUp()
        rita = member(self.house, "rita", "json")
        self.olga.do("op", nick="rita", room="dev")
        rita.do("join", room="dev")
        self.mal.type("/join dev")
        rita.take()
        rita.do("ban", whom="mal", room="dev")
        self.rita = rita

    def test_comes_again(self) -> None:
        """A room's operator keeps a guest out of the room who comes under another nickname, and sees no address."""
        peer = self.again("davex")
        self.assertEqual(self.tried(peer, "/join dev"), ["banned"])
        self.assertEqual(self.tried(peer, "hello lobby", "/join ops"), [])
        self.rita.do("bans")
        told = [str(event) for event in self.rita.take()]
        self.assertFalse([words for words in told if HOME in words])
        quiet = self.come("quiet", door="json", quiet=True)
        quiet.say("x", room="dev")
        self.assertEqual(quiet.codes, ["banned"])

    def test_renamed_inside(self) -> None:
        """Nobody in the room takes a nickname that is kept out of it, by /nick or with a token; elsewhere they do."""
        self.mal.vanish()
        self.house.pass_time(1)
        peer = self.come("davex", ELSEWHERE, "json", rooms=("lobby", "dev"))
        self.assertEqual(peer.connection.rooms, ("lobby", "dev"))
        peer.do("nick", nick="mal")
        self.assertEqual((peer.codes, peer.connection.person.nick), (["banned"], "davex"))
        again = self.come("mal", ELSEWHERE, "json", token=peer.token)
        self.assertEqual((again.connection.person.nick, again.connection.rooms), ("davex", ("lobby", "dev")))
        again.do("leave", room="dev")
        again.do("nick", nick="mal")
        self.assertEqual(again.connection.person.nick, "mal")
        again.do("join", room="dev")
        self.assertEqual(again.codes, ["banned"])

    def test_others_come_in(self) -> None:
        """Others from there who were here already come in, and people with an account."""
        self.rita.do("unban", whom="mal", room="dev")
        neighbour = self.come("neighbour")
        self.house.pass_time(1)
        self.rita.do("ban", whom="mal", room="dev")
        self.assertEqual(self.tried(neighbour, "/join dev"), [])


class SlowTests(HouseholdCase):
    def setUp(self) -> None:
        super().setUp()
        self.olga.do("slow", room="lobby", seconds=60)
        self.alice.take()

    def test_comes_again(self) -> None:
        """A guest who leaves and comes again as another waits as long; others from there who were here do not."""
        neighbour = self.come("neighbour")
        self.house.pass_time(1)
        self.assertEqual(self.tried(self.mal, "one"), [])
        peer = self.again("malory")
        self.assertEqual(self.tried(peer, "two", "/me two", "/topic two"), ["slow-mode"] * 3)
        self.assertEqual(self.tried(neighbour, "mine"), [])
        self.assertEqual(self.tried(self.come("far", ELSEWHERE), "mine"), [])
        self.house.pass_time(61)
        self.assertEqual(self.tried(peer, "two"), [])

    def test_every_way(self) -> None:
        """Nicknames and words of being away are held to the pace, as words are, and words after these."""
        for first, *others in (
            ("one", "two", "/nick mallory", "/away two", "/topic two", "/leave lobby", "/join lobby", "again"),
            ("/nick mallory", "one", "/nick mal", "/away two"),
            ("/away one", "two", "/nick mallory"),
        ):
            with self.subTest(first):
                self.setUp()
                self.assertEqual(self.tried(self.mal, first), [])
                for line in others:
                    codes = [] if line in ("/leave lobby", "/join lobby") else ["slow-mode"]
                    self.assertEqual(self.tried(self.mal, line), codes, line)

    def test_order_is_kept_at_once(self) -> None:
        """Who keeps order there does not wait."""
        self.olga.take()
        self.olga.say("one").say("two").do("away", text="tea")
        self.assertEqual(self.olga.codes, [])

    def test_forgotten(self) -> None:
        """Nothing is kept of anybody longer than a room can be slow."""
        self.mal.type("one")
        self.again("malory")
        self.house.clock.advance(3700)
        self.house.pass_time(1)
        paces = self.house.hall.moderation.paces
        self.assertEqual((paces._shown, paces._left), ({}, {}))
