"""``groupchat tail``: the lines that it prints, and the ends after which it gives up."""

import gc
import json
from argparse import ArgumentError, ArgumentParser
from collections.abc import Iterable
from datetime import date

from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.address import Server
from groupchat.client.core.client_errors import NothingListens, NotTrusted
from groupchat.client.core.protocol import Message
from groupchat.client.loop.standard_streams import Source
from groupchat.client.twisted_network import deferred_of
from groupchat.programs.tail import Tail, add_arguments, as_json, as_text
from groupchat.programs.transcript import Transcript
from groupchat.stdio.printable import printable
from tests.client.core.fakes import FakeTransport
from tests.client.fakes import said
from tests.programs.fakes import REFUSED_BEFORE_THE_CLAIM, FakeLoop, FakeStreams, place, refusals, to, two_places


def numbers(event: Message) -> Iterable[str]:
    """Return an event's number, if it has one."""
    return [str(event["id"])] if "id" in event else []


def feeding(output: FakeStreams) -> Source:
    """Return what the output comes from."""
    assert output.fed is not None
    return output.fed


class TailCase(SynchronousTestCase):
    def begin(
        self, nick: str | None = "tail", room: str | None = None, since: int | None = None, two: bool = False
    ) -> None:
        server: Server
        if two:
            server, self.network, self.second, _, _ = two_places()
        else:
            server, self.network = place()
        self.loop = FakeLoop()
        self.clock = self.loop.clock
        self.complaints: list[str] = []
        self.keyboards: list[FakeStreams] = []

        def keep(*calls: object) -> FakeStreams:
            self.keyboards.append(FakeStreams(*calls))  # type: ignore[arg-type]
            return self.keyboards[0]

        self.followed: list[str] = []
        self.tail = Tail(to(server, nick, room), since, numbers, self.complaints.append, keep, self.followed.append)
        self.status = deferred_of(self.tail.start(self.loop))

    def accept(self) -> FakeTransport:
        server = self.network.accept()
        self.claim = server.welcome(room="dev", rooms=["dev"])
        return server

    def test_prints(self) -> None:
        """It prints what its form makes of each event; the output can pause the client."""
        self.begin()
        server = self.accept()
        server.send(said(1), {"event": "entered", "room": "dev"}, said(2))
        (output,) = self.keyboards
        self.assertEqual((output.text, output.opened), ("1\n2\n", (False, True)))
        feeding(output).pause()
        self.assertTrue(server.is_paused)
        self.assertNotIn("quiet", self.claim)

    def test_claim(self) -> None:
        """It follows the room asked for and no other, from the number asked for."""
        self.begin(room="dev", since=7)
        self.accept()
        self.assertEqual((self.claim["rooms"], self.claim["since"]), (["dev"], 7))
        self.begin()
        self.accept()
        self.assertNotIn("rooms", self.claim)
        self.assertNotIn("since", self.claim)

    def test_interrupt(self) -> None:
        """Ctrl-C leaves, prints what comes until the server closes, and ends with status 0."""
        self.begin()
        server = self.accept()
        (output,) = self.keyboards
        feeding(output).pause()
        self.tail.interrupt()
        self.assertFalse(server.is_paused)
        server.send(said(1))
        server.cut()
        self.assertEqual((self.successResultOf(self.status), output.text, output.closed), (0, "1\n", True))

    def test_one_room(self) -> None:
        """With a room it prints that room only, and what concerns no room, whatever the server sends."""
        self.begin(room="Dev")
        server = self.accept()
        server.send(
            {**said(1), "room": "dev"}, said(2), {**said(3), "event": "whispered", "room": "", "to": "tail"},
            {**said(4), "event": "edited", "room": "", "to": "tail"}, {"event": "polled", "id": 5, "room": "lobby"},
            {"event": "announced", "id": 6}, {"event": "renamed", "id": 7, "room": ""},
        )  # fmt: skip
        self.assertEqual(self.keyboards[0].text, "1\n6\n7\n")

    def test_one_room_again(self) -> None:
        """It asks for that room on every connection; if it may not be there any more, that is an error."""
        self.begin(room="dev")
        self.accept().cut()
        self.clock.advance(40)
        self.accept().cut()
        self.assertEqual((self.claim["rooms"], self.claim["token"]), (["dev"], "t"))
        self.clock.advance(40)
        self.network.accept().refuse("room-locked", "dev is locked.")
        self.assertEqual(self.successResultOf(self.status), 1)
        self.assertEqual(self.complaints[-1], "example.org refused: dev is locked (room-locked)")

    def test_lost_its_room(self) -> None:
        """It ends with status 1 when it is put out of its room: there is nothing more to follow."""
        lost = {"event": "departed", "room": "dev", "reason": "spam", "code": "kicked", "current": ""}
        self.begin(room="dev")
        server = self.accept()
        server.send({**lost, "room": "ops"})
        self.assertNoResult(self.status)
        server.send({**said(1), "room": "dev"}, lost)
        server.cut()
        self.assertEqual((self.successResultOf(self.status), self.keyboards[0].text), (1, "1\n"))
        self.assertEqual(self.complaints[-1], "You are no longer in dev: spam. You are in no room now.")

    def test_closed_pipe(self) -> None:
        """So does a reader that goes away."""
        self.begin()
        server = self.accept()
        self.keyboards[0].break_off("")
        server.cut()
        self.assertEqual((self.successResultOf(self.status), self.complaints), (0, []))

    def test_full_disk(self) -> None:
        """An output that takes no more, though somebody wants it, is an error."""
        self.begin()
        server = self.accept()
        self.keyboards[0].break_off("No space left on device")
        server.cut()
        self.assertEqual(self.successResultOf(self.status), 1)
        self.assertEqual(self.complaints, ["The output cannot be written: No space left on device."])

    def test_unreachable(self) -> None:
        """A server that was never reached ends it with status 1 and one sentence."""
        self.begin()
        self.network.refuse(NothingListens())
        self.assertEqual(self.successResultOf(self.status), 1)
        self.assertEqual(self.complaints, ["Nothing listens at example.org, port 5000."])

    def test_refused(self) -> None:
        """So does one that refuses it."""
        self.begin()
        self.network.accept().refuse("banned", "You are banned.")
        self.assertEqual(self.successResultOf(self.status), 1)
        self.assertEqual(self.complaints, ["example.org refused: You are banned (banned)"])

    def test_refused_before_the_claim(self) -> None:
        """So does a refusal before the server has read anything, in words or as JSON."""
        for code in REFUSED_BEFORE_THE_CLAIM:
            for refusal in refusals(code):
                self.begin()
                server = self.network.accept()
                server.receive(refusal)
                server.cut()
                self.assertEqual(self.successResultOf(self.status), 1)
                (complaint,) = self.complaints
                self.assertRegex(complaint, f"^example.org .*({code}.*Go away|Go away.*{code})")
                self.assertEqual(self.clock.getDelayedCalls(), [])
                del self.tail
                gc.collect()  # an error that nobody has handled is logged now
                self.assertEqual(self.flushLoggedErrors(), [], code)

    def test_lost(self) -> None:
        """A lost connection is told once, and made again, until it is back."""
        self.begin()
        self.accept().cut()
        for _ in range(3):
            self.clock.advance(40)
            self.network.refuse(NothingListens())
        self.assertEqual(self.complaints, ["example.org closed the connection; trying again until it works."])
        self.clock.advance(40)
        self.accept()
        self.assertEqual(self.complaints[1:], ["Connected to example.org again."])
        self.assertNoResult(self.status)

    def test_replaced(self) -> None:
        """A client that another one has replaced, or that was logged out, does not come back."""
        for code in ("replaced", "logged-out"):
            self.begin()
            server = self.accept()
            server.send({"event": "closing", "code": code, "text": "You have joined again from elsewhere."})
            server.cut()
            self.assertEqual(self.successResultOf(self.status), 1)
            self.assertEqual(len(self.complaints), 1)
            self.assertEqual(self.network.attempts, [])

    def test_lost_room(self) -> None:
        """The loss of a room is told; leaving one is not."""
        self.begin()
        lost = {"event": "departed", "room": "dev", "reason": "spam", "code": "kicked", "current": ""}
        self.accept().send({**lost, "code": "left"}, lost)
        self.assertEqual(self.complaints, ["You are no longer in dev: spam. You are in no room now."])


class FormTest(SynchronousTestCase):
    def test_wrong_number(self) -> None:
        """What is no number is refused in words for people."""
        parser = ArgumentParser(exit_on_error=False)
        add_arguments(parser)
        for wrong in "zzz", "", "1.5", "9" * 5000, "\N{SUPERSCRIPT TWO}":
            with self.assertRaises(ArgumentError) as raised:
                parser.parse_args(["localhost", "--since", wrong])
            self.assertIn("is not the number of a message", str(raised.exception))

    def test_json(self) -> None:
        """As JSON an event is one line that says the same, with nothing in it that a terminal obeys."""
        event = {**said(1), "text": "h\u00e9 \x1b[2J \u202e"}
        (line,) = as_json(event)
        self.assertNotRegex(line, '[:,] "')
        self.assertEqual((json.loads(line), printable(line)), (event, line))

    def test_text(self) -> None:
        """As text every line names its room; what concerns this client only makes no line."""
        show = as_text(Transcript(date(2026, 11, 21)))
        entered = {"event": "entered", "room": "lobby", "topic": ""}
        departed = {"event": "departed", "room": "dev", "code": "kicked", "current": "lobby"}
        self.assertEqual([*show(entered), *show(departed)], [])
        (line,) = show({**said(1), "at": "nonsense"})
        self.assertEqual(line, "[--:--] (lobby) #1 bob: hi")

    def test_links(self) -> None:
        """The link of a file leads to the server that is followed just then, which may be the only one alive."""
        transcript = Transcript(date(2026, 11, 21), "http://a.org:5000")
        show = as_text(transcript)
        shared = {
            **said(1),
            "event": "shared",
            "name": "plan.txt",
            "size": 5,
            "type": "text/plain",
            "link": "/files/x/plan.txt",
        }
        self.assertIn("http://a.org:5000/files/x/plan.txt", "".join(show(shared)))
        transcript.serve("http://b.org:5001")
        self.assertIn("http://b.org:5001/files/x/plan.txt", "".join(show({**shared, "id": 2})))


class ArgumentsTest(SynchronousTestCase):
    def test_since(self) -> None:
        """The number to begin after is not negative."""
        parser = ArgumentParser(exit_on_error=False)
        add_arguments(parser)
        self.assertEqual(parser.parse_args(["localhost", "--since", "0"]).since, 0)
        self.assertRaises(ArgumentError, parser.parse_args, ["localhost", "--since", "-1"])


class SeveralTest(TailCase):
    """Two servers of one chat."""

    def test_goes_on_elsewhere(self) -> None:
        """It follows the chat at the next server, and says which one that is."""
        self.begin(two=True)
        server = self.accept()
        server.send(said(1))
        server.cut()
        self.clock.advance(0)
        again = self.second.accept()
        claim = again.welcome(room="dev", rooms=["dev"])
        again.send(said(2))
        self.assertEqual((claim["since"], self.keyboards[0].text), (1, "1\n2\n"))
        self.assertEqual(self.complaints, [
            "a.org closed the connection; trying again until it works.", "Connected to b.org:5001 again.",
        ])  # fmt: skip
        self.assertEqual(self.followed, ["http://a.org:5000", "http://b.org:5001"])

    def test_none_is_there(self) -> None:
        """If none answers at first, it ends with one sentence that names each."""
        self.begin(two=True)
        self.network.refuse(NothingListens())
        self.clock.advance(0)
        self.second.refuse(NothingListens())
        self.assertEqual(self.complaints, [
            "No server answers: nothing listens at a.org, port 5000; nothing listens at b.org, port 5001.",
        ])  # fmt: skip
        self.assertEqual(self.successResultOf(self.status), 1)

    def test_not_trusted(self) -> None:
        """A server that is not trusted is told of, though it goes on at the other."""
        self.begin(two=True)
        self.network.refuse(NotTrusted("its key is another one"))
        self.clock.advance(0)
        self.second.accept().welcome()
        self.assertEqual(self.complaints, ["No encrypted connection to a.org: its key is another one."])
