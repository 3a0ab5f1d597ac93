"""Lines typed at our clients go to the room they were typed in, whatever happens to the server meanwhile."""

import json
import re

from tests.functional.harness import LIMIT_S, Daemon, Program, free_port
from tests.functional.pane import COMMAND, PaneTest


class RightPlaceTest(PaneTest):
    def setUp(self) -> None:
        super().setUp()
        self.port = free_port()
        self.place = ("--port", f"tcp:{self.port}:interface=127.0.0.1")
        self.daemon = self.start(*self.place)

    def while_away(self, *banned: str) -> Daemon:
        """Ban people from the room board where no client sees the server, then start it where they look for it."""
        elsewhere = self.start()
        self.order(elsewhere, *({"do": "ban", "whom": nick, "room": "board"} for nick in banned))
        elsewhere.kill()
        return self.start(*self.place)

    def order(self, daemon: Daemon, *orders: dict[str, str]) -> None:
        """Let the operator give these orders as a program, which can name rooms."""
        olga = self.connect(daemon)
        claim = {"do": "nick", "nick": "olga", "password": "correct-horse-battery"}
        for number, request in enumerate((claim, *orders)):
            olga.send(f"{json.dumps({**request, 'ref': number})}\n")
            olga.expect(rf'"event":"(welcome|done)","ref":{number}\b')
        olga.close()

    def test_room_is_lost_meanwhile(self) -> None:
        """A line typed for a room that is lost during a kill -9 is kept, and said elsewhere only on demand."""
        olga = self.operator(self.daemon)
        pane = self.open("join", f"127.0.0.1:{self.port}", "--nick", "alice", "--room", "board")
        pane.expect("│ board │ 1 person │ connected")
        pane.type("for the board")
        pane.keys("Enter")
        pane.expect(r"#\d+ alice: for the board$")
        olga.close()
        self.daemon.kill()
        pane.expect("reconnecting")
        pane.type("secret one")
        pane.keys("Enter")
        pane.type("half a sec")
        self.daemon = self.while_away("alice")
        bob = self.connect(self.daemon, "bob")
        pane.expect(r"✗ not said to board: secret one")
        pane.expect(r"Say it in lobby\? /yes says")
        shown = re.sub(r"\s+", " ", pane.everything())
        self.assertIn("What you have typed for board is kept until you are there again.", shown)
        pane.type("secret two")
        pane.expect("^> secret two$")
        pane.keys("Enter")
        pane.expect(r"✗ not said to board: secret two")
        pane.expect(r"Say these 2 lines in lobby\?")
        pane.type("/no")
        pane.keys("Enter")
        pane.expect(r"^\* Dropped\.$")
        pane.type("hello, lobby")
        pane.keys("Enter")
        bob.expect(r": hello, lobby\r\n")
        self.assertNotIn("secret", bob.heard)
        bob.send("/history\n/exit\n")
        self.assertNotIn("secret", bob.rest())

    def test_private_conversation(self) -> None:
        """Lines of a private conversation reach that person only, also over a kill -9; a reply shows whom it is for."""
        self.daemon.kill()
        self.daemon = self.start(*self.place)
        bob, carol = (self.connect(self.daemon, nick) for nick in ("bob", "carol"))
        pane = self.join(self.port)
        pane.type("/query bob")
        pane.keys("Enter")
        pane.expect("to bob, in private")
        pane.expect(r"^to bob> *$")
        pane.type("psst one")
        pane.keys("Enter")
        bob.expect(r"#(\d+) alice -> bob: psst one\r\n")
        pane.expect(r"#\d+ alice -> bob: psst one$")  # only then is its number known, which Up needs
        pane.keys("Up")
        pane.expect(r"^edit #\d+> psst one$")
        pane.type("!")
        pane.keys("Enter")
        bob.expect(r"alice -> bob \(edited\): psst one!\r\n")
        bob.send("/msg alice hi\n")
        pane.expect("bob -> alice: hi")
        pane.type("/reply hey")
        pane.expect("^reply to bob> /reply hey$")
        carol.send("/msg alice me, too\n")
        pane.expect("^reply to carol> /reply hey$")
        pane.keys("Enter")
        pane.expect("bob and carol have both written to you just now")
        pane.keys("C-c")
        self.daemon.kill()
        pane.expect("reconnecting")
        pane.type("psst two")
        pane.keys("Enter")
        self.daemon = self.start(*self.place)
        carol = self.connect(self.daemon, "carol")
        pane.expect("Connected again")
        pane.expect(r"bob cannot be reached\. Say it in lobby\?")
        pane.type("/change")
        pane.keys("Enter")
        pane.expect("^> psst two$")
        pane.keys("C-c")
        pane.type("hello")
        pane.keys("Enter")
        carol.expect(r": hello\r\n")
        carol.send("/history\n/exit\n")
        self.assertNotIn("psst", carol.heard + carol.rest())

    def program(self, *words: str) -> Program:
        """Start one of the programs for scripts, with the server's address as its first argument."""
        started = Program(*COMMAND, words[0], f"127.0.0.1:{self.port}", *words[1:], env=self.pane_environment)
        self.addCleanup(started.close)
        return started

    def test_programs(self) -> None:
        """Over a kill -9 programs are in their room again; when they are banned there, they end and say so.

        What they have said is said, whether its answer arrived or not.
        """
        olga = self.operator(self.daemon)
        olga.close()
        bob = self.connect(self.daemon, "bob")
        tail = self.program("tail", "--nick", "reader", "--room", "board")
        say = self.program("say", "--nick", "writer", "--room", "board")
        say.send("one\n")
        tail.expect(r"\(board\) #\d+ writer: one$")
        bob.send("aloud\n")
        self.daemon.kill()
        say.send("two\n")
        self.daemon = self.while_away()
        tail.expect(r"\(board\) #\d+ writer: two$")
        self.daemon.kill()
        say.send("three\nfour\n")
        self.daemon = self.while_away("writer", "reader")
        told = say.rest()
        self.assertRegex(told, r"Line 3 was refused: .*; 2 lines were posted; 2 lines were not said\.")
        self.assertRegex(told, r"(?s)Not said, line 3: three.*Not said, line 4: four")
        self.assertEqual((say.process.wait(LIMIT_S), tail.process.wait(LIMIT_S)), (1, 1))
        self.assertRegex(tail.rest(), r"refused: .*\(banned\)")
        self.assertNotIn("aloud", tail.heard)
        bob = self.connect(self.daemon, "bob")
        bob.send("/history\n/exit\n")
        self.assertNotRegex(bob.heard + bob.rest(), "one|two|three|four")

    def test_asked_again(self) -> None:
        """What was said before a ban is answered as the first time when it is asked for again, over a kill -9, too."""
        olga = self.operator(self.daemon)
        olga.close()
        writer = self.connect(self.daemon)
        writer.send('{"do":"nick","nick":"writer","rooms":["board"],"ref":1}\n')
        token = writer.expect(r'"event":"welcome","ref":1\b.*?"token":"([^"]+)"')[1]
        said = '{"do":"say","text":"one","room":"board","key":"k","ref":2}\n'
        writer.send(said)
        number = writer.expect(r'"event":"done","ref":2,"id":(\d+)[,}]')[1]
        self.daemon.kill()
        self.daemon = self.while_away("writer")
        writer = self.connect(self.daemon)
        writer.send(json.dumps({"do": "nick", "nick": "writer", "token": token, "ref": 1}) + "\n")
        writer.expect(r'"event":"welcome","ref":1\b')
        writer.send(said.replace('"k"', '"new"') + said)
        writer.expect(r'"event":"refused","ref":2\b')
        self.assertEqual(writer.expect(r'"event":"done","ref":2,"id":(\d+)[,}]')[1], number)

    def test_plain_in_a_pipe(self) -> None:
        """In a pipe nothing is said elsewhere after a kick, and the status says so."""
        olga = self.operator(self.daemon)
        plain = self.program("join", "--nick", "alice", "--room", "board")
        plain.send("one\n")
        plain.expect("You are alice, in lobby")
        olga.send("/join board\n")
        olga.expect("alice: one\r\n")
        self.order(self.daemon, {"do": "kick", "nick": "alice", "room": "board"})
        plain.expect("You are no longer in board")
        plain.send("two\n/switch lobby\nthree\n")
        plain.finish()
        told = plain.rest()
        self.assertRegex(told, r"(?s)not-in-room.*1 line was refused:\ngroupchat: two\n")
        self.assertEqual(plain.process.wait(LIMIT_S), 1)
        olga.send("/switch lobby\n/history\n/exit\n")
        self.assertRegex(heard := olga.heard + olga.rest(), "three")
        self.assertNotIn("two", heard)

    def test_current_room(self) -> None:
        """Who has switched is in that room again after a kill -9, and so is what they typed meanwhile."""
        bob = self.connect(self.daemon, "bob")
        bob.send("/join dev\n/switch lobby\n")
        bob.expect("Your lines now go to lobby")
        pane = self.join(self.port)
        for command, told in (("/join dev", "^──── dev ─"), ("/switch lobby", "^──── lobby ─")):
            pane.type(command)
            pane.keys("Enter")
            pane.expect(told)
        self.daemon.kill()
        pane.expect("reconnecting")
        for line in ("one", "two"):
            pane.type(line)
            pane.keys("Enter")
        self.daemon = self.start(*self.place)
        pane.expect("alice: two$")
        pane.expect(r"│ lobby │ .* │ connected|│ lobby │ connected")
        pane.type("three")
        pane.keys("Enter")
        pane.expect("alice: three$")
        bob = self.connect(self.daemon, "bob")
        bob.send("/history\n/join dev\n/history\n/exit\n")
        told = bob.heard + bob.rest()
        lobby, _, dev = told.partition("You are in dev now")
        self.assertRegex(lobby, "(?s)alice: one.*alice: two.*alice: three")
        self.assertNotIn("alice: ", dev)
