"""Following a room over HTTP: nothing is missing and nothing comes twice, in each form, and how it ends."""

import json
from typing import Any

from twisted.internet.address import IPv4Address

from groupchat.doors.reception import BEAT_S
from groupchat.doors.requests.live import EVENT_STYLE
from groupchat.model.events import Entered, Listed, Told
from tests.doors.connections import Visit
from tests.doors.requests.cases import HERE, RequestsCase, bearer
from tests.doors.web.clients import request
from tests.people import account

EVENTS, NDJSON = "text/event-stream", "application/x-ndjson"


class Follower(Visit):
    """A connection that follows a room."""

    def __init__(self, case: RequestsCase, target: str = "/rooms/lobby/live", **headers: str) -> None:
        super().__init__(case.port, address=IPv4Address("TCP", HERE, 4321))
        self.send(request(target, "GET", b"", host="chat:5000", **headers))
        self.head, _, self._rest = self.read().partition(b"\r\n\r\n")

    def heard(self) -> str:
        """Return what came since last time, without CR."""
        rest, self._rest = self._rest, b""
        return (rest + self.read()).decode().replace("\r", "")

    def posts(self) -> list[int]:
        """Return the numbers of the events of a stream that came since last time."""
        return [int(line[4:]) for line in self.heard().splitlines() if line.startswith("id: ")]


class LiveTest(RequestsCase):
    def setUp(self) -> None:
        super().setUp()
        self.follow(exempt=[HERE])

    def test_events(self) -> None:
        """A browser's EventSource is sent each post with its number, as the JSON that programs are sent."""
        follower = Follower(self, accept=EVENTS)
        self.assertIn(b"content-type: text/event-stream\r\n", follower.head + b"\r\n")
        self.assertIn(b"cache-control: no-store", follower.head)
        self.assertEqual(follower.heard(), "retry: 3000\n\n")
        self.alice.say("hi\nthere")
        number, data, *rest = follower.heard().split("\n")
        self.assertEqual((number, rest), ("id: 1", ["", ""]))
        self.assertEqual(json.loads(data.removeprefix("data: "))["text"], "hi\nthere")
        self.bob.say("elsewhere")
        self.assertEqual(follower.heard(), "")

    def test_text(self) -> None:
        """With nothing said of the form, lines come as people read them."""
        follower = Follower(self)
        self.alice.say("hi")
        self.assertEqual(follower.heard(), "[12:00:00] #1 alice: hi\n")

    def test_json(self) -> None:
        """JSON Lines are those of programs."""
        follower = Follower(self, accept=NDJSON)
        self.alice.say("hi")
        self.assertEqual(json.loads(follower.heard())["id"], 1)

    def test_resumed(self) -> None:
        """From the last number that came one goes on without a gap, by header or query."""
        for number in range(5):
            self.alice.say(f"{number}")
        first, second = (
            Follower(self, accept=EVENTS, last_event_id="2"),
            Follower(self, "/rooms/lobby/live?since=3", accept=EVENTS),
        )
        self.alice.say("live")
        self.assertEqual((first.posts(), second.posts()), ([3, 4, 5, 6], [4, 5, 6]))
        self.assertEqual(Follower(self, accept=EVENTS, last_event_id="99").posts(), [])
        for wrong in ("x", "-1", "9" * 40):
            self.assertIn(b" 400 ", Follower(self, accept=EVENTS, last_event_id=wrong).head)

    def test_private(self) -> None:
        """What is private is not shown, also when it is caught up on, nor to whoever's it is."""
        headers = {"accept": EVENTS, "authorization": bearer(self.token())}
        live = Follower(self, **headers)
        self.bob.do("msg", nick="alice", text="secret").do("msg", nick="olga", text="secret")
        late = Follower(self, "/rooms/lobby/live?since=0", **headers)
        self.assertEqual((live.posts(), late.posts()), ([], []))

    def test_nobody_reads_unseen(self) -> None:
        """Who follows a room is listed among its programs, or counted, and newcomers are told; until they go."""
        account(self.hall, "mia")
        followers = [Follower(self), Follower(self)]
        for nick, label in (("mia", "one"), ("mia", "two"), ("alice", "own")):
            followers.append(Follower(self, authorization=bearer(self.token(nick, label))))
        self.alice.do("list")
        (listed,) = [one for one in self.alice.answers if isinstance(one, Listed)]
        self.assertEqual(
            listed.lines[2:],
            ("Programs that read here: mia", "2 programs without a nickname read here over HTTP."),
        )
        self.assertEqual(
            [(item["nick"], item["program"]) for item in listed.items],
            [("alice", False), ("mia", True), ("olga", False)],
        )
        self.assertEqual(listed.unnamed, 2)
        text = self.house.connect("text").type("tina")
        words = [line for one in text.answers if isinstance(one, Told) for line in one.lines]
        self.assertEqual(
            words[1:], ["Programs read here, too: mia.", "2 programs without a nickname read here over HTTP."]
        )
        self.assertEqual(self.told_program("first"), (["mia"], 2))
        for follower in followers:
            follower.server.connectionLost()
        self.alice.take()
        self.alice.do("list")
        (listed,) = [one for one in self.alice.answers if isinstance(one, Listed)]
        self.assertEqual((len(listed.lines), listed.unnamed), (2, 0))
        self.assertEqual(self.told_program("second"), ([], 0))

    def told_program(self, nick: str) -> tuple[list[str], int]:
        """Let a program come in; return who follows the room, as it is told, and how many do without a nickname."""
        program = self.house.connect("json").offer(nick)
        (entered,) = [one for one in program.answers if isinstance(one, Entered)]
        return [one["nick"] for one in entered.followers], entered.unnamed

    def test_nobody_is_told(self) -> None:
        """Who follows a room is in it for nobody, and no line is read that they come and go."""
        for headers in ({}, {"authorization": bearer(self.token())}):
            follower = Follower(self, **headers)
            self.alice.do("list")
            room = self.hall.rooms.find("lobby")
            assert room is not None
            self.assertEqual([person.nick for person in room.people], ["olga", "alice"])
            follower.server.connectionLost()
        self.assertEqual([type(event).__name__ for event in self.alice.events], [])
        self.assertEqual((len(self.hall.sessions), len(self.port.reception.beats)), (3, 0))

    def test_bytes_are_shared(self) -> None:
        """Whoever follows a room in the same form is handed the same bytes, made once."""
        rendered: list[int] = []
        render = EVENT_STYLE.render

        def counted(events: Any, previous: Any, marked: bool) -> Any:
            rendered.append(len(events))
            return render(events, previous, marked)

        self.patch(EVENT_STYLE, "render", counted)
        followers = [Follower(self, accept=EVENTS) for _ in range(10)]
        self.alice.say("hi")
        self.assertEqual((rendered, {tuple(follower.posts()) for follower in followers}), ([1], {(1,)}))

    def test_slow_reader(self) -> None:
        """Who reads slowly misses nothing, and delays nobody."""
        slow, quick = Follower(self, accept=EVENTS), Follower(self, accept=EVENTS)
        self.alice.say("1")
        slow.server.pauseProducing()
        for number in range(2, 40):
            self.alice.say(f"{number}")
        self.assertEqual((slow.posts(), len(quick.posts())), ([1], 39))
        slow.server.resumeProducing()
        self.house.turn()
        self.alice.say("40")
        self.assertEqual(slow.posts(), list(range(2, 41)))

    def test_stuck_reader(self) -> None:
        """Who reads nothing for a minute is cut off."""
        stuck = Follower(self)
        stuck.server.pauseProducing()
        self.house.pass_time(62)
        self.assertIn("!! too-slow: ", stuck.heard())
        self.assertTrue(stuck.transport.disconnecting)
        stuck.server.connectionLost()
        self.assertEqual(len(self.hall.sessions), 3)

    def test_signs_of_life(self) -> None:
        """While nothing happens, a comment or a blank line comes in time, but not to those who read nothing."""
        followers = {form: Follower(self, accept=form) for form in (EVENTS, NDJSON, "*/*")}
        for follower in followers.values():
            follower.heard()
        self.pass_beat()
        self.assertEqual([follower.heard() for follower in followers.values()], [":\n\n", "\n", "\n"])
        followers[EVENTS].server.pauseProducing()
        self.pass_beat()
        self.assertEqual([follower.heard() for follower in followers.values()], ["", "\n", "\n"])

    def pass_beat(self) -> None:
        """Let so much time pass that signs of life are due once."""
        for _ in range(int(BEAT_S) + 1):
            self.port.clock.advance(1)
            self.port.clock.advance(0)

    def test_put_out(self) -> None:
        """Who may not come in any more is shown why, and nothing after that."""
        token = self.token()
        for order, fields, code in (
            ("ban", {"whom": "alice", "room": "lobby"}, "banned"),
            ("kick", {"nick": "alice", "room": "lobby"}, "kicked"),
        ):
            follower = Follower(self, accept=NDJSON, authorization=bearer(token))
            other = Follower(self, accept=NDJSON)
            self.olga.do(order, **fields)
            last = json.loads(follower.heard().splitlines()[-1])
            self.assertEqual((last["event"], last["code"]), ("closing", code))
            self.assertFalse(other.transport.disconnecting)
            self.olga.do("unban", whom="alice", room="lobby")
            self.alice.do("join", room="lobby")

    def test_locked(self) -> None:
        """When a room is locked, nobody goes on following who could not come in."""
        token = self.token("olga")
        stranger, keeper = (
            Follower(self, "/rooms/dev/live"),
            Follower(self, "/rooms/dev/live", authorization=bearer(token)),
        )
        self.olga.do("lock", room="dev")
        self.bob.say("among us")
        self.assertNotIn("among us", stranger.heard())
        self.assertTrue(stranger.transport.disconnecting)
        self.assertIn("among us", keeper.heard())
        self.assertIn(b" 404 ", Follower(self, "/rooms/dev/live").head)

    def test_forgotten(self) -> None:
        """A room in which nothing was said for long can be followed again, from where one was."""
        self.bob.say("old words")
        self.bob.vanish()
        self.house.clock.advance(31 * 86400)
        self.hall.sweep()
        self.assertIsNone(self.hall.rooms.find("dev"))
        self.assertIn("old words", Follower(self, "/rooms/dev/live?since=0").heard())

    def test_revoked(self) -> None:
        """With a token ends what it let in."""
        by_token = Follower(self, authorization=bearer(self.token()))
        other = Follower(self, authorization=bearer(self.token(label="cd")))
        self.alice.do("revoke", name="ci").say("after")
        self.assertIn("!! logged-out: The access token ci was revoked.", by_token.heard())
        self.assertIn("after", other.heard())
        self.alice.do("unregister", password="correct horse")
        self.assertTrue(other.transport.disconnecting)

    def test_banned_address(self) -> None:
        """A ban of the address ends it, too."""
        follower = Follower(self)
        self.olga.do("ban", whom=HERE)
        self.assertIn("!! banned: ", follower.heard())

    def test_stop(self) -> None:
        """When the server stops, it says so."""
        follower = Follower(self, accept=NDJSON)
        self.hall.stop("The server stops.")
        events = [json.loads(line) for line in follower.heard().splitlines()]
        self.assertEqual(
            [(event["event"], event.get("code")) for event in events], [("announced", None), ("closing", "stopping")]
        )

    def test_head(self) -> None:
        """HEAD tells the form, and ends."""
        reply = self.ask("/rooms/lobby/live", "HEAD", accept=EVENTS)
        self.assertEqual((reply.status, reply.headers["content-type"], len(self.hall.sessions)), (200, EVENTS, 3))

    def test_refused(self) -> None:
        """Who may not read is told so, and a room that is none is 404."""
        self.assertIn(b" 404 ", Follower(self, "/rooms/nothing/live").head)
        self.assertIn(b" 400 ", Follower(self, "/rooms/lobby/live?count=1").head)
        self.follow(guests=False)
        self.assertIn(b" 401 ", Follower(self).head)

    def test_what_the_peer_sends_after(self) -> None:
        """A peer that closes its half goes on to be shown things; what it sends besides is thrown away."""
        follower = Follower(self)
        follower.send(b"GET / HTTP/1.1\r\n\r\n" * 10)
        follower.server.readConnectionLost()
        self.alice.say("hi")
        self.assertIn("alice: hi", follower.heard())
