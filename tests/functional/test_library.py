"""The library with asyncio, and bots made with it, on a real server."""

import asyncio
import hashlib
import io
import json
import os
import re
import signal
import sqlite3
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import trustme

import groupchat.client as gc
from tests.client.aio.loops import play
from tests.functional.harness import LIMIT_S, TREE, TWISTD, Daemon, FunctionalTest, Line, Program, free_port, program

EXAMPLES = TREE / "docs" / "examples"
EIGHT_LINES = re.findall(r"```python\n(.*?)```", (TREE / "docs/LIBRARY.md").read_text("utf-8"), re.DOTALL)[0]


class LibraryTest(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.place = f"127.0.0.1:{free_port()}"
        self.daemon = self.again()

    def again(self, *options: str) -> Daemon:
        """A daemon at the same place, on the same data."""
        (self.folder / "log").unlink(missing_ok=True)
        command = [
            *TWISTD, "-n", "--pidfile=", "groupchat", "--port", f"tcp:{self.place.split(':')[1]}:interface=127.0.0.1",
            "--data", "data", "--exempt", "127.0.0.0/8",
        ]  # fmt: skip
        return self.launch(*options, command=command).ready()

    def start_bot(self, code: str, name: str = "bot.py") -> Program:
        """Run a program in the test's folder."""
        (self.folder / name).write_text(code)
        return self.run_bot(str(self.folder / name), self.place)

    def run_bot(self, *words: str) -> Program:
        bot = Program(sys.executable, *words, env=self.environment, cwd=self.folder)
        self.addCleanup(bot.close)
        return bot

    def talker(self, nick: str) -> Line:
        """Somebody who speaks JSON Lines, and is in the lobby."""
        line = self.connect(self.daemon)
        self.ask(line, do="nick", nick=nick)
        return line

    def ask(self, line: Line, **request: Any) -> str:
        """Send a request, and return its answer."""
        line.send(json.dumps({**request, "ref": "ask"}) + "\n")
        return line.expect(r'^.*"ref":"ask".*\n')[0]

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait until this is so."""
        end = time.monotonic() + LIMIT_S
        while not condition():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.02)

    def await_nick(self, line: Line, nick: str) -> None:
        """Wait until somebody is in the lobby."""
        self.until(lambda: f'"nick":"{nick}"' in self.ask(line, do="list"))

    def answers(self, nick: str) -> list[str]:
        """Everything that somebody has said, as it is on the disk."""

        with closing(sqlite3.connect(f"file:{self.folder / 'data' / 'chat.db'}?mode=ro", uri=True)) as database:
            rows = database.execute("SELECT text FROM posts WHERE nick = ? AND kind = 'said' ORDER BY id", (nick,))
            return [text for (text,) in rows]


class KilledServerTest(LibraryTest):
    def test_eight_lines(self) -> None:
        """The program of eight lines answers each message once, while the server is killed again and again."""
        self.start_bot(EIGHT_LINES.replace("localhost:5000", self.place))
        alice = self.talker("alice")
        self.await_nick(alice, "echo")
        said = []
        for number in range(3):
            for part in range(5):
                said.append(f"{number}.{part}")
                self.ask(alice, do="say", text=said[-1])
            self.daemon.kill()  # some answers are on the disk, some on their way, some not yet made
            self.daemon = self.again()
            alice = self.talker("alice")
            self.await_nick(alice, "echo")
        self.ask(alice, do="say", text="last")
        self.until(lambda: "last" in self.answers("echo"))
        self.assertEqual(self.answers("echo"), [*said, "last"])

    def test_both_killed(self) -> None:
        """A bot with a state file answers each command once, though it and the server are killed in turns."""
        code = (EXAMPLES / "echo_bot.py").read_text().replace('gc.Bot("echo")', 'gc.Bot("echo", state="echo.state")')
        bot = self.start_bot(code)
        alice = self.talker("alice")
        self.await_nick(alice, "echo")
        said = []
        for number in range(4):
            for part in range(4):
                said.append(f"{number}.{part}")
                self.ask(alice, do="say", text=f"!echo {said[-1]}")
            bot.process.kill()
            if number % 2:
                self.daemon.kill()
                self.daemon = self.again()
                alice = self.talker("alice")
            bot.close()
            bot = self.start_bot(code)
            self.await_nick(alice, "echo")
        self.ask(alice, do="say", text="!echo last")
        self.until(lambda: "last" in self.answers("echo"))
        self.assertEqual(self.answers("echo"), [*said, "last"])

    def test_ending(self) -> None:
        """SIGTERM and Ctrl-C leave politely, with status 0; a bot that is kicked says so, with status 1."""
        alice = self.talker("alice")
        for number in (signal.SIGTERM, signal.SIGINT):
            bot = self.run_bot(str(EXAMPLES / "echo_bot.py"), self.place)
            self.await_nick(alice, "echo")
            # The server knows it a moment before it knows so itself; before that, it would leave without a word.
            alice.send('{"do":"say","text":"!echo ready"}\n')
            alice.expect('"nick":"echo".*"text":"ready"')
            bot.process.send_signal(number)
            self.assertEqual((bot.process.wait(LIMIT_S), bot.rest()), (0, ""))
            alice.expect('"event":"program-left","room":"lobby","nick":"echo","reason":""')
            alice.heard = ""
        self.daemon.stop()
        bot = self.run_bot(str(EXAMPLES / "echo_bot.py"), self.place)
        self.assertEqual(bot.process.wait(LIMIT_S), 1)
        self.assertEqual(bot.rest(), f"echo: Nothing listens at 127.0.0.1, port {self.place.split(':')[1]}.\n")


class ExamplesTest(LibraryTest):
    def test_poll(self) -> None:
        """The poll bot counts, over a kill of both."""
        bot = self.run_bot(str(EXAMPLES / "poll_bot.py"), self.place)
        alice = self.talker("alice")
        self.await_nick(alice, "poll")
        alice.send('{"do":"say","text":"!poll Lunch? / pizza / pasta"}\n')
        alice.expect(r"Lunch\?\\n1\. pizza")
        alice.send('{"do":"say","text":"!vote 2"}\n')
        alice.expect("pasta: noted")
        bot.process.kill()
        self.daemon.kill()
        self.daemon = self.again()
        alice = self.talker("alice")
        self.run_bot(str(EXAMPLES / "poll_bot.py"), self.place)
        self.await_nick(alice, "poll")
        alice.send('{"do":"say","text":"!result"}\n')
        alice.expect(r"Lunch\?\\n0 for pizza\\n1 for pasta")

    def test_moderation(self) -> None:
        """The moderation helper, as an operator, mutes who floods the room."""
        guard = self.talker("guard")
        self.assertIn('"done"', self.ask(guard, do="register", password="correct-horse-battery"))
        guard.close()
        user = [sys.executable, "-m", "groupchat.admin", "user", "promote", "guard", "--data", "data"]
        subprocess.run(user, cwd=self.folder, env=self.environment, check=True, capture_output=True, timeout=LIMIT_S)
        (self.folder / "password").write_text("correct-horse-battery\n")
        bot = self.run_bot(str(EXAMPLES / "moderation_bot.py"), self.place, "lobby", "password")
        bob = self.talker("bob")
        self.await_nick(bob, "guard")
        for told in (r"Not so fast.*\n", r"\"act\":\"mute\".*\n"):
            for number in range(6):
                bob.send(json.dumps({"do": "say", "text": str(number)}) + "\n")
            bob.expect(told)
        self.assertIn('"code":"muted"', self.ask(bob, do="say", text="x"))
        self.assertIsNone(bot.process.poll())

    def test_reminder(self) -> None:
        """The reminder bot reminds."""
        self.run_bot(str(EXAMPLES / "reminder_bot.py"), self.place)
        alice = self.talker("alice")
        self.await_nick(alice, "reminder")
        alice.send('{"do":"say","text":"!remind 1s tea"}\n')
        alice.expect("I will, in 1s")
        alice.expect("alice: tea")

    def test_bridge(self) -> None:
        """The bridge carries words between a room and a channel of a real IRC server."""
        port = free_port()
        (self.folder / "ngircd.conf").write_text(
            f"[Global]\nName = irc.test\nInfo = test\nListen = 127.0.0.1\nPorts = {port}\n"
            f"MotdPhrase = hello\nPidFile = {self.folder}/ngircd.pid\n[Options]\nDNS = no\nIdent = no\nPAM = no\n"
        )
        irc = Program(program("ngircd"), "-n", "-f", str(self.folder / "ngircd.conf"))
        self.addCleanup(irc.close)
        irc.expect("Now listening on")
        dan = Line(port)
        self.addCleanup(dan.close)
        dan.send("NICK dan\r\nUSER dan 0 * :dan\r\nJOIN #chat\r\n")
        dan.expect("End of NAMES")
        self.run_bot(str(EXAMPLES / "irc_bridge.py"), self.place, "lobby", "127.0.0.1", str(port), "#chat")
        dan.expect("bridge!.* JOIN :?#chat")
        alice = self.talker("alice")
        self.await_nick(alice, "bridge")
        self.ask(alice, do="say", text="hello\nthere")
        dan.expect(r"PRIVMSG #chat :<alice> hello\r\n.*PRIVMSG #chat :<alice> there\r\n")
        dan.send("PRIVMSG #chat :hi alice\r\n")
        alice.expect('"nick":"bridge","text":"<dan> hi alice"')

    def test_webhook(self) -> None:
        """The relay passes on each message in order, and goes on after it was killed."""
        received: list[str] = []

        class Service(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                received.append(body["text"])
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        service = ThreadingHTTPServer(("127.0.0.1", 0), Service)
        threading.Thread(target=service.serve_forever, daemon=True).start()
        self.addCleanup(service.server_close)
        self.addCleanup(service.shutdown)
        words = str(EXAMPLES / "webhook_bot.py"), self.place, "lobby", f"http://127.0.0.1:{service.server_port}/"
        bot = self.run_bot(*words)
        alice = self.talker("alice")
        self.await_nick(alice, "webhook")
        said = [str(number) for number in range(20)]
        for text in said[:10]:
            self.ask(alice, do="say", text=text)
        bot.process.kill()
        for text in said[10:]:
            self.ask(alice, do="say", text=text)
        self.run_bot(*words)
        self.until(lambda: "19" in received)
        self.assertEqual(list(dict.fromkeys(received)), said)  # one may have been passed on when the bot was killed
        self.assertLessEqual(len(received), len(said) + 1)


class ConnectTest(LibraryTest):
    def scene(self, scene: Coroutine[Any, Any, None]) -> None:
        play(scene)

    def test_verbs(self) -> None:
        """What the library says and shares is on the real server's disk."""

        async def scene() -> None:
            async with (
                gc.connect(self.place, "bot", rooms=["lobby", "dev"]) as bot,
                gc.connect(self.place, "alice") as alice,
            ):
                if True:
                    await bot.request("register", password="correct-horse-battery")
                    number = await bot.say("one\ntwo", room="lobby")
                    await bot.act("waves", room="lobby")
                    await bot.tell("alice", "psst")
                    shared = await bot.send_file(io.BytesIO(b"x" * 300_000), "x.bin", room="lobby")
                    small = await bot.send_file(EXAMPLES / "echo_bot.py", to="alice", reply=None)
                    heard = []
                    async for event in alice:
                        if isinstance(event, gc.Post):
                            heard.append(event)
                        if len(heard) == 5:
                            break
                    self.assertEqual([event.id for event in heard][::3], [number, shared])
                    self.assertEqual((heard[3].size, heard[3].name), (300_000, "x.bin"))  # type: ignore[attr-defined]
                    self.assertEqual((heard[4].id, heard[4].name, heard[4].to), (small, "echo_bot.py", "alice"))  # type: ignore[attr-defined]
                    self.assertEqual([person.nick for person in bot.people("lobby")], ["bot", "alice"])
                    with self.assertRaises(gc.Refused) as raised:
                        await alice.send_file(io.BytesIO(b"x"), "x.bin", to="nobody")
                    self.assertIn(raised.exception.code, ("not-allowed", "no-such-nick"))

        self.scene(scene())

    def test_access(self) -> None:
        """An access token is enough: the nickname is that of its account, also after the server was killed."""

        async def scene() -> None:
            async with gc.connect(self.place, "alice") as alice:
                await alice.request("register", password="correct-horse-battery")
                token = (await alice.request("token", name="bot"))["token"]
            async with gc.connect(self.place, access=token) as bot:
                self.assertEqual((bot.nick, bot.account), ("alice", "alice"))
                self.daemon.kill()
                self.daemon = await asyncio.to_thread(self.again)
                await bot.say("again")
            with self.assertRaises(gc.Refused):
                async with gc.connect(self.place, access=f"{token}x"):
                    self.fail("it is in")

        self.scene(scene())

    def test_errors(self) -> None:
        """What is wrong with the way to the server is told at once, by its kind."""

        async def scene() -> None:
            for place, error in (
                (f"127.0.0.1:{free_port()}", gc.NothingListens),
                (f"localhost:{free_port()}", gc.NothingListens),
                ("no-such-host.invalid:5000", gc.UnknownHost),
                (f"{'x' * 63}.invalid", gc.UnknownHost),
                (f"{'x' * 64}.invalid", ValueError),
            ):
                with self.assertRaises(error, msg=place):
                    async with gc.connect(place, "bot"):
                        self.fail("there is no server")
            with self.assertRaises(gc.NotTrusted):
                async with gc.connect(self.place, "bot", tls=True):
                    self.fail("nobody vouches for it")

        self.scene(scene())

    def test_encrypted(self) -> None:
        """A certificate that is trusted, by its authority, its fingerprint or blindly, lets the program in."""
        authority = trustme.CA()
        authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(self.folder / "both.pem"))
        leaf = authority.issue_cert("127.0.0.1")
        leaf.cert_chain_pems[0].write_to_path(str(self.folder / "cert.pem"))
        leaf.private_key_pem.write_to_path(str(self.folder / "key.pem"))
        authority.cert_pem.write_to_path(str(self.folder / "ca.pem"))
        self.daemon.stop()
        self.daemon = self.again("--tls", str(self.folder))

        async def scene() -> None:
            for options in ({"ca": self.folder / "ca.pem"}, {"insecure": True}, {"fingerprint": self.fingerprint()}):
                async with gc.connect(self.place, "bot", **options) as chat:
                    await chat.say("secret")
                    (me,) = (await chat.request("whoami"))["items"]
                    self.assertTrue(me["connections"][0]["secure"])
            with self.assertRaises(gc.NotTrusted):
                async with gc.connect(self.place, "bot", fingerprint="00" * 32):
                    self.fail("it is another one")

        self.scene(scene())

    def fingerprint(self) -> str:
        """The fingerprint of the server's certificate."""

        der = ssl.PEM_cert_to_DER_cert(Path(self.folder, "cert.pem").read_text())
        return hashlib.sha256(der).hexdigest()

    def test_slow_reader(self) -> None:
        """A program that reads slowly, and answers, has everything once, though thousands of messages wait."""
        count = int(os.environ.get("GROUPCHAT_ROUNDS", "1")) * 1500

        async def scene() -> None:
            async with gc.connect(self.place, "writer") as writer, gc.connect(self.place, "slow", full=50) as slow:
                async with asyncio.TaskGroup() as group:
                    for number in range(count):
                        group.create_task(writer.say(str(number)))
                texts, most = [], 0
                async for event in slow:
                    most = max(most, len(slow._queue))
                    if isinstance(event, gc.Said) and event.nick == "writer":
                        texts.append(event.text)
                        if len(texts) % 100 == 0:
                            await slow.say(f"so far {len(texts)}")
                    if len(texts) == count:
                        break
                self.assertEqual(texts, [str(number) for number in range(count)])
                self.assertLessEqual(most, 500)

        self.scene(scene())
