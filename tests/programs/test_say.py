"""``groupchat say``: the lines that it posts, and its complaints about those it cannot post."""

import gc
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.address import Server
from groupchat.client.core.client_errors import NothingListens, NotTrusted
from groupchat.client.loop.typed_lines import LONGEST as LONGEST_LINE
from groupchat.client.twisted_network import deferred_of
from groupchat.destinations.credentials import Credentials
from groupchat.programs.say import LONGEST, LONGEST_SHOWN, MOST_SHOWN, PATIENCE, WINDOW, Say
from groupchat.programs.taken_names import NAME_WAIT
from tests.client.core.fakes import FakeTransport
from tests.programs.fakes import REFUSED_BEFORE_THE_CLAIM, FakeLoop, FakeStreams, place, refusals, to, two_places

NONE = "No server answers: nothing listens at a.org, port 5000; nothing listens at b.org, port 5001"
UNCONFIRMED = "1 line was not confirmed, and may have been said."


class SayCase(SynchronousTestCase):
    def begin(
        self, text: str | None = None, nick: str | None = "ci", room: str | None = None, password: str | None = None,
        is_one: bool = False, two: bool = False,
    ) -> None:  # fmt: skip
        server: Server
        if two:
            server, self.network, self.second, _, _ = two_places()
        else:
            server, self.network = place()
        self.loop = FakeLoop()
        self.clock = self.loop.clock
        self.complaints: list[str] = []
        self.told: list[str] = []
        self.keyboard: FakeStreams

        def keep(*calls: Any) -> FakeStreams:
            self.keyboard = FakeStreams(*calls)
            return self.keyboard

        self.say = Say(
            to(server, nick, room, credentials=Credentials(password)),
            text,
            self.complaints.append,
            keep,
            is_one,
            self.told.append,
        )
        self.status = deferred_of(self.say.start(self.loop))

    def accept(self) -> FakeTransport:
        """Let it in, quietly."""
        server = self.network.accept()
        self.claim = server.welcome(room="", rooms=[])
        return server

    def answer(self, server: FakeTransport, *numbers: int) -> list[str]:
        """Answer one request after the other, each with the next number; return what was said."""
        said: list[str] = []
        waiting: list[dict[str, Any]] = []
        for number in numbers:
            waiting = waiting or server.requests()
            request = waiting.pop(0)
            said.append(request["text"])
            server.send({"event": "done", "ref": request["ref"], "id": number})
        self.assertEqual(waiting, [])
        return said

    def assert_ended(self, server: FakeTransport, status: int, *complaints: str) -> None:
        self.assertEqual([request["do"] for request in server.requests()], ["exit"])
        server.cut()
        self.assertEqual((self.successResultOf(self.status), self.complaints), (status, [*complaints]))
        self.assertEqual(self.clock.getDelayedCalls(), [])


class PostingTest(SayCase):
    def test_password(self) -> None:
        """The password is given with the nickname."""
        self.begin("hello", password="open sesame")
        self.accept()
        self.assertEqual(self.claim["password"], "open sesame")

    def test_text(self) -> None:
        """A text is posted, quietly, in the lobby, and the program leaves when it is on disk."""
        self.begin("hello")
        server = self.accept()
        self.assertTrue(self.claim["quiet"])
        self.assertEqual(self.claim["since"], "head")
        (request,) = server.requests()
        self.assertEqual((request["do"], request["text"], request["room"]), ("say", "hello", "lobby"))
        self.assertNoResult(self.status)
        server.send({"event": "done", "ref": request["ref"], "id": 1})
        self.assert_ended(server, 0)

    def test_no_number(self) -> None:
        """An answer without the number of a post is no success: the line may have been posted, or not."""
        self.begin("hello", is_one=True)
        server = self.accept()
        (request,) = server.requests()
        server.send({"event": "done", "ref": request["ref"]})
        server.cut()
        self.assertEqual(self.successResultOf(self.status), 1)
        self.assertIn("the server answered without the number of the post", self.complaints[0])

    def test_lines_of_a_text(self) -> None:
        """Each line of a text is one post, and bytes that are not UTF-8 are refused."""
        self.begin("one\n\ntwo")
        server = self.accept()
        self.assertEqual(self.answer(server, 1, 2), ["one", "two"])
        self.assert_ended(server, 0)
        self.begin("caf\udce9")
        self.assertEqual(
            self.complaints,
            ["Line 1 is not UTF-8 (at its byte 4); 1 line was not said.", "Not said: caf\ufffd"],
        )

    def test_nothing(self) -> None:
        """An empty text is a mistake."""
        self.begin(" ")
        self.assertEqual(self.successResultOf(self.status), 1)
        self.assertEqual(self.complaints, ["There is nothing to say; nothing was posted."])

    def test_input(self) -> None:
        """Lines of standard input that are not empty are posted as they come, whatever they look like."""
        self.begin()
        self.assertEqual(self.keyboard.opened, (True, False))
        server = self.accept()
        self.keyboard.type("one", " ", "/exit", "three\r")
        self.assertEqual(self.answer(server, 1, 2, 3), ["one", "/exit", "three"])
        self.assertNoResult(self.status)
        self.keyboard.end()
        self.assert_ended(server, 0)

    def test_line_with_a_password(self) -> None:
        """A line that looks like a command with a password is not posted, nor are those that follow it."""
        for line in ("/login alice secret", " /REGISTER secret", "\uff0flogin alice secret"):
            self.begin()
            server = self.accept()
            self.keyboard.type("/login", "//login a b", line, "next")
            self.assertEqual(self.answer(server, 1, 2), ["/login", "//login a b"])
            self.assert_ended(
                server, 1, "Line 3 was not posted: it looks like a command with a password; 2 lines were posted; "
                "2 lines were not said.", f"Not said, line 3: {line.strip().split()[0].replace(chr(0xff0f), '/')} …",
                "Not said, line 4: next", "Nothing that follows line 4 was read.",
            )  # fmt: skip

    def test_room(self) -> None:
        """The room goes with each post; a server that does not know quiet clients is asked to join it."""
        self.begin("hello", room="dev")
        server = self.accept()
        self.assertEqual(server.done(id=1)["room"], "dev")
        self.assert_ended(server, 0)
        self.begin("hello", room="dev")
        server = self.network.accept()
        server.welcome(room="lobby")
        self.assertEqual(server.done()["do"], "join")
        self.assertEqual(server.done(id=1)["room"], "dev")
        self.assert_ended(server, 0)

    def test_back_pressure(self) -> None:
        """With many lines unanswered no more are read, until one is answered."""
        self.begin()
        server = self.accept()
        self.keyboard.type(*(f"line {number}" for number in range(WINDOW)))
        self.assertTrue(self.keyboard.paused)
        request, *_ = server.requests()
        server.send({"event": "done", "ref": request["ref"], "id": 1})
        self.assertFalse(self.keyboard.paused)

    def test_alternatives(self) -> None:
        """Without a nickname of its own it takes another one; a named one is not changed."""
        self.begin("hello", nick=None)
        server = self.network.accept()
        server.refuse("nick-taken", "Taken.")
        server.welcome(room="", rooms=[])
        self.assertEqual(self.answer(server, 1), ["hello"])
        self.begin("hello")
        self.refuse_the_name(NAME_WAIT + 10)
        self.assertEqual(self.successResultOf(self.status), 1)
        why, which = self.complaints
        self.assertTrue(why.startswith("example.org refused: Taken (nick-taken). Two runs at the same time need two "))
        self.assertTrue(why.endswith("; 1 line was not said."))
        self.assertEqual(which, "Not said: hello")

    def refuse_the_name(self, seconds: float) -> None:
        """Refuse every claim of the next seconds, because somebody has the nickname."""
        for _ in range(int(seconds * 2)):
            while self.network.attempts:
                self.network.accept().refuse("nick-taken", "Taken.")
            self.clock.advance(0.5)

    def test_two_runs(self) -> None:
        """While another run has the name, it waits for it: that one ends in a moment."""
        self.begin("hello")
        self.refuse_the_name(1)
        self.assertNoResult(self.status)
        self.clock.advance(5)
        server = self.accept()
        self.assertEqual(self.claim["nick"], "ci")
        self.assertEqual(self.answer(server, 1), ["hello"])
        self.assert_ended(server, 0)


class FailingTest(SayCase):
    def test_many(self) -> None:
        """Of many lines the numbers are told, and of long ones the beginning."""
        self.begin("x" * 5000 + "\na" * 29)
        self.network.refuse(NothingListens())
        first, long, *others = self.complaints
        self.assertEqual(first, "Nothing listens at example.org, port 5000; 30 lines were not said.")
        self.assertEqual(long, f"Not said, line 1: {'x' * LONGEST_SHOWN}…")
        self.assertEqual((len(others), others[-1]), (MOST_SHOWN, "Not said: lines 21 to 30"))

    def test_refused(self) -> None:
        """A refused line stops the reading; what was read before is still posted, and counted."""
        self.begin()
        server = self.accept()
        self.keyboard.type("one", "two", "three")
        self.answer(server, 1)
        (two,) = server.requests()
        server.send({"event": "refused", "ref": two["ref"], "code": "muted", "text": "You are muted."})
        self.keyboard.type("four")
        self.assertEqual(self.answer(server, 2), ["three"])
        self.assert_ended(
            server, 1, "Line 2 was refused: You are muted (muted); 2 lines were posted; 2 lines were not said.",
            "Not said, line 2: two", "Not said, line 4: four", "Nothing that follows line 4 was read.",
        )  # fmt: skip

    def test_room_is_lost(self) -> None:
        """Lines for a room that it may not use any more are said nowhere else, and it tells which they are."""
        for code in ("room-locked", "not-in-room", "room-lost", "banned"):
            self.begin(room="board")
            server = self.accept()
            self.keyboard.type("one", "two", "three")
            self.keyboard.end()
            self.answer(server, 1)
            server.cut()
            self.clock.advance(5)
            server = self.accept()
            for _ in range(2):
                (request,) = [one for one in server.requests() if one["do"] == "say"]
                self.assertEqual(request["room"], "board")
                server.send({"event": "refused", "ref": request["ref"], "code": code, "text": "No."})
            self.assert_ended(
                server, 1, f"Line 2 was refused: No ({code}); 1 line was posted; 2 lines were not said.",
                "Not said, line 2: two", "Not said, line 3: three",
            )  # fmt: skip

    def test_banned_from_the_chat(self) -> None:
        """Where the server does not let it in again, lines that were sent may have been said."""
        self.begin()
        server = self.accept()
        self.keyboard.type("one", "two")
        self.answer(server, 1)
        self.assertEqual(len(server.requests()), 1)
        server.cut()
        self.clock.advance(5)
        self.network.accept().refuse("banned")
        self.assertRegex(self.complaints[0], f"; 1 line was posted; {UNCONFIRMED}$")
        self.assertEqual(self.complaints[1:], ["Not confirmed, line 2: two"])

    def test_unconfirmed(self) -> None:
        """A line whose answer was lost, with the token by which it could be repeated, may have been said."""
        self.begin("hello")
        self.accept().cut()
        self.clock.advance(5)
        server = self.network.accept()
        server.refuse("token-invalid")
        (why, which) = self.complaints
        self.assertRegex(why, "^Line 1: .*; 1 line was not confirmed, and may have been said.$")
        self.assertEqual(which, "Not confirmed: hello")

    def test_not_utf8(self) -> None:
        """So does a line that is not UTF-8."""
        self.begin()
        server = self.accept()
        self.keyboard.received(b"one\ncaf\xe9\nthree\n")
        self.assertEqual(self.answer(server, 1), ["one"])
        self.assert_ended(
            server, 1, "Line 2 is not UTF-8 (at its byte 4); 1 line was posted; 2 lines were not said.",
            "Not said, line 2: caf\ufffd", "Not said, line 3: three", "Nothing that follows line 3 was read.",
        )  # fmt: skip

    def test_too_long(self) -> None:
        """Of a line that is too long nothing is said, neither its beginning nor its tail, and no line after it."""
        for size in (1000, LONGEST_LINE + 500):
            for is_one in (False, True):
                self.begin(is_one=is_one)
                server = self.accept()
                text = b"one\n" + "é".encode() * LONGEST_LINE + b" tail\nthree\n"
                for at in range(0, len(text), size):
                    self.keyboard.received(text[at : at + size])
                why = f"Line 2 was not posted: it has more than {LONGEST_LINE:,} bytes"
                if is_one:
                    self.keyboard.end()
                    self.assert_ended(server, 1, f"{why}; nothing was posted.")
                    continue
                self.assertEqual(self.answer(server, 1), ["one"])
                self.assert_ended(
                    server, 1, f"{why}; 1 line was posted; 2 lines were not said.",
                    f"Not said, line 2: {'é' * LONGEST_SHOWN}…", "Not said, line 3: three",
                    "Nothing that follows line 3 was read.",
                )  # fmt: skip

    def test_password_in_a_bad_line(self) -> None:
        """A password is not shown, also if its line is too long, or not UTF-8."""
        for rest in (b"\xff", b"x" * LONGEST_LINE):
            self.begin()
            self.accept()
            self.keyboard.received(b"/login alice sesame" + rest + b"\n")
            self.assertNotIn("sesame", str(self.complaints))
            self.assertEqual(self.complaints[1], "Not said, line 1: /login")

    def test_unreachable(self) -> None:
        """A server that was never reached is not tried again."""
        self.begin("hello")
        self.network.refuse(NothingListens())
        self.assertEqual(self.successResultOf(self.status), 1)
        self.assertEqual(
            self.complaints,
            ["Nothing listens at example.org, port 5000; 1 line was not said.", "Not said: hello"],
        )

    def test_lost_before_the_welcome(self) -> None:
        """A connection that is lost before the server lets it in ends it at once."""
        self.begin("hello")
        self.network.accept().cut()
        self.assertEqual(self.successResultOf(self.status), 1)
        self.assertEqual(
            self.complaints,
            ["example.org closed the connection; 1 line was not said.", "Not said: hello"],
        )

    def test_refused_before_the_claim(self) -> None:
        """So does a refusal before the server has read anything, in words or as JSON."""
        for code in REFUSED_BEFORE_THE_CLAIM:
            for refusal in refusals(code):
                self.begin("hello")
                server = self.network.accept()
                server.receive(refusal)
                server.cut()
                self.assertEqual(self.successResultOf(self.status), 1)
                complaint, which = self.complaints
                self.assertRegex(complaint, f"^example.org .*({code}.*Go away|Go away.*{code}).*; 1 line ")
                self.assertEqual(which, "Not said: hello")
                self.assertEqual(self.clock.getDelayedCalls(), [])
                del self.say
                gc.collect()  # an error that nobody has handled is logged now
                self.assertEqual(self.flushLoggedErrors(), [], code)

    def test_patience(self) -> None:
        """A connection that was lost is made again for a minute."""
        self.begin("hello")
        self.accept().cut()
        waited = 0.0
        while waited < PATIENCE:
            self.assertNoResult(self.status)
            self.clock.advance(0.5)
            waited += 0.5
            while self.network.attempts:
                self.network.refuse(NothingListens())
        self.assertEqual(self.successResultOf(self.status), 1)
        self.assertEqual(
            self.complaints,
            [f"Nothing listens at example.org, port 5000; {UNCONFIRMED}", "Not confirmed: hello"],
        )
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_back_in_time(self) -> None:
        """One that is back in time goes on where it was, and nothing is posted twice."""
        self.begin("hello")
        server = self.accept()
        (first,) = server.requests()
        server.cut()
        self.clock.advance(5)
        server = self.accept()
        (again,) = server.requests()
        self.assertEqual((again["key"], again["room"]), (first["key"], "lobby"))
        self.clock.advance(PATIENCE - 5.5)
        self.assertNoResult(self.status)
        server.send({"event": "done", "ref": again["ref"], "id": 1})
        requests = [request["do"] for request in server.requests()]
        self.assertEqual(requests[-1], "exit")
        server.cut()
        self.assertEqual((self.successResultOf(self.status), self.complaints), (0, []))

    def test_only_connections(self) -> None:
        """Connections that come and go without an answer, as where large packets are lost, end it after a minute."""
        self.begin("hello")
        for _ in range(5):
            self.accept().cut()
            self.clock.advance(PATIENCE / 6)
            self.assertNoResult(self.status)
        server = self.accept()
        self.clock.advance(PATIENCE / 6)
        server.cut()
        self.assertEqual(self.successResultOf(self.status), 1)
        why = f"example.org has answered nothing for 60 s; {UNCONFIRMED}"
        self.assertEqual(self.complaints, [why, "Not confirmed: hello"])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_progress(self) -> None:
        """As long as one line after the other is answered, it may take any time; and so may who types."""
        self.begin()
        server = self.accept()
        self.keyboard.type(*(f"line {number}" for number in range(5)))
        waiting: list[dict[str, Any]] = []
        for number in range(5):
            for _ in range(5):
                self.clock.advance(PATIENCE / 5 - 1)
                for request in server.requests():
                    if request["do"] == "say":
                        waiting.append(request)
                    else:
                        server.send({"event": "done", "ref": request["ref"]})
            server.send({"event": "done", "ref": waiting.pop(0)["ref"], "id": number + 1})
            self.clock.advance(1)
        for _ in range(3):
            self.clock.advance(PATIENCE)
            for ping in server.requests():
                server.send({"event": "done", "ref": ping["ref"]})
        self.assertNoResult(self.status)
        self.keyboard.end()
        self.assert_ended(server, 0)

    def slow(self, server: FakeTransport, wait: float) -> None:
        """Refuse the line that is under way for a while."""
        (request,) = server.requests()
        refused = {"event": "refused", "ref": request["ref"], "code": "slow-mode", "text": "In lobby it is slow."}
        server.send({**refused, "wait": wait})

    def test_slow_mode(self) -> None:
        """In a slow room it waits as long as the server says, tells so, and goes on; the lines keep their order."""
        self.begin("one\ntwo\nthree")
        server = self.accept()
        self.answer(server, 1)
        self.slow(server, 5)
        self.assertEqual((server.requests(), self.told), ([], ["In lobby it is slow. Waiting 5 s"]))
        self.clock.advance(5.1)
        self.answer(server, 2)
        self.slow(server, 59)
        self.clock.advance(59.1)
        self.assertEqual(self.answer(server, 3), ["three"])
        self.assert_ended(server, 0)

    def test_too_slow(self) -> None:
        """It waits for no line longer than its patience; what it was waiting with was not said."""
        self.begin("one\ntwo")
        server = self.accept()
        self.answer(server, 1)
        self.slow(server, PATIENCE + 1)
        self.assert_ended(
            server, 1, "Line 2 was refused: In lobby it is slow (slow-mode); 1 line was posted; 1 line was not said.",
            "Not said, line 2: two",
        )  # fmt: skip

    def test_interrupted_while_it_waits(self) -> None:
        """Lines that were not sent yet were not said: nobody has to look whether they were."""
        self.begin("one\ntwo\nthree")
        server = self.accept()
        self.answer(server, 1)
        self.slow(server, 50)
        self.say.interrupt()
        self.assert_ended(
            server, 1, "interrupted; 1 line was posted; 2 lines were not said.", "Not said, line 2: two",
            "Not said, line 3: three",
        )  # fmt: skip

    def test_put_out(self) -> None:
        """Being put out, or logged out, ends it at once."""
        for code in ("banned", "logged-out"):
            self.begin()
            server = self.accept()
            server.send({"event": "closing", "code": code, "text": "You are out."})
            server.cut()
            self.assertEqual(self.successResultOf(self.status), 1)
            self.assertEqual(
                self.complaints[-1:],
                [f"example.org closed the connection: {code}: You are out; nothing was posted."],
            )

    def test_interrupt(self) -> None:
        """Ctrl-C gives up at once, and says how much was posted."""
        self.begin()
        server = self.accept()
        self.keyboard.type("one")
        self.answer(server, 1)
        self.say.interrupt()
        self.assert_ended(server, 1, "interrupted; 1 line was posted.")


class OneMessageTest(SayCase):
    """All lines of standard input as one message."""

    def test_posted(self) -> None:
        """Blank lines inside and leading blanks are part of it; it is posted when the input ends."""
        self.begin(is_one=True)
        server = self.accept()
        self.keyboard.type("  one", "", "/exit", "two\r", "", "")
        self.assertEqual(server.requests(), [])
        self.keyboard.end()
        self.assertEqual(self.answer(server, 1), ["  one\n\n/exit\ntwo"])
        self.assert_ended(server, 0)

    def test_text(self) -> None:
        """A text with several lines is one message, too."""
        self.begin("one\n two", is_one=True)
        server = self.accept()
        self.assertEqual(self.answer(server, 1), ["one\n two"])
        self.assert_ended(server, 0)

    def test_refused(self) -> None:
        """It is refused as a whole, in one sentence."""
        self.begin(is_one=True)
        server = self.accept()
        self.keyboard.type("one", "two")
        self.keyboard.end()
        (request,) = server.requests()
        text = "A message has at most 60 lines; this one has 61."
        server.send({"event": "refused", "ref": request["ref"], "code": "too-long", "text": text})
        self.assert_ended(server, 1, f"The message was refused: {text.rstrip('.')} (too-long); nothing was posted.")

    def test_endless(self) -> None:
        """An endless input is not read for ever, and nothing of it is said."""
        self.begin(is_one=True)
        server = self.accept()
        self.keyboard.type(*["x" * 1000] * 66)
        self.assertTrue(self.keyboard.paused)
        self.assert_ended(server, 1, f"A message of more than {LONGEST:,} characters is too long; nothing was posted.")

    def test_nothing(self) -> None:
        """An empty input is nothing to say."""
        for lines in ((), ("", " ")):
            self.begin(is_one=True)
            server = self.accept()
            self.keyboard.type(*lines)
            self.keyboard.end()
            self.assert_ended(server, 1, "There is nothing to say; nothing was posted.")

    def test_bad_lines(self) -> None:
        """A line that is not UTF-8, or looks like a password, keeps all of it from being said."""
        for line, why in ((b"\xff", "Line 2 is not UTF-8"), (b"/login al sesame", "Line 2 was not posted: it looks")):
            self.begin(is_one=True)
            server = self.accept()
            self.keyboard.received(b"one\n" + line + b"\n")
            self.keyboard.end()
            (request,) = server.requests()
            self.assertEqual(request["do"], "exit")
            server.cut()
            (complaint,) = self.complaints
            self.assertTrue(complaint.startswith(why), complaint)
            self.assertTrue(complaint.endswith("; nothing was posted."), complaint)
            self.assertNotIn("sesame", complaint)

    def test_unconfirmed(self) -> None:
        """When no answer comes, it may have been said."""
        self.begin("one\ntwo", is_one=True)
        server = self.accept()
        server.requests()
        self.clock.advance(PATIENCE)
        self.assertIn("it may have been said all the same", self.complaints[0])


class SeveralTest(SayCase):
    """Two servers of one chat."""

    def test_next(self) -> None:
        """What was sent and not answered is said once more at the next server, with the same key."""
        self.begin("hello", two=True)
        self.network.refuse(NotTrusted("its key is another one"))
        self.clock.advance(0)
        server = self.second.accept()
        server.welcome(room="", rooms=[])
        (request,) = server.requests()
        server.cut()
        self.clock.advance(2)
        again = self.network.accept()
        again.welcome(room="", rooms=[])
        (repeated,) = again.requests()
        self.assertEqual((repeated["key"], repeated["room"]), (request["key"], "lobby"))
        again.send({"event": "done", "ref": repeated["ref"], "id": 1})
        again.cut()
        self.assertEqual(self.successResultOf(self.status), 0)
        self.assertEqual(self.complaints, ["No encrypted connection to a.org: its key is another one."])

    def test_none(self) -> None:
        """If none answers, one sentence names each, and nothing was posted."""
        self.begin("hello", two=True)
        self.network.refuse(NothingListens())
        self.clock.advance(0)
        self.second.refuse(NothingListens())
        self.assertEqual(self.successResultOf(self.status), 1)
        self.assertEqual(self.complaints, [
            f"{NONE}; 1 line was not said.", "Not said: hello",
        ])  # fmt: skip
