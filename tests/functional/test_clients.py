"""People with netcat and telnet, and programs that speak JSON Lines."""

import contextlib
import json
import os
import socket

from tests.functional.harness import LIMIT_S, FunctionalTest

ROUNDS = int(os.environ.get("GROUPCHAT_ROUNDS", "100" if os.environ.get("CI") == "true" else "10"))
"""Rounds in which two hundred people want the same nickname."""


class NetcatTest(FunctionalTest):
    def test_two_chat(self) -> None:
        """Two people with netcat read each other, with time, number and name, and not themselves."""
        daemon = self.start()
        alice = self.spawn("nc", "127.0.0.1", daemon.port)
        alice.expect(r"^groupchat \S+ at \S+: 0 people are here\.\r\nChoose your nickname: ")
        alice.send("alice\n")
        alice.expect(r"Connected to the server! You are alice, in lobby\. /help lists the commands\.\r\n")
        bob = self.spawn("nc", "127.0.0.1", daemon.port)
        bob.expect("1 person is here")
        bob.send("bob\n")
        bob.expect("You are bob")
        alice.expect(r"^\[\d\d:\d\d:\d\d\] \* bob joined lobby\r\n")
        alice.send("Hello bob! :)\n")
        bob.expect(r"^\[\d\d:\d\d:\d\d\] #1 alice: Hello bob! 😊\r\n")
        bob.send("Hi\n/exit\n")
        alice.expect(r"^\[\d\d:\d\d:\d\d\] #2 bob: Hi\r\n\[\d\d:\d\d:\d\d\] \* bob left lobby\r\n")
        bob.finish()  # netcat waits for its input, though the server is gone
        self.assertEqual(bob.rest(), "-- Goodbye, bob.\r\n")
        self.assertNotIn("Hello", alice.heard)

    def test_taken_name(self) -> None:
        """A nickname that differs by case only is refused with its code, and the prompt comes again."""
        daemon = self.start()
        self.connect(daemon, "alice")
        other = self.spawn("nc", "127.0.0.1", daemon.port)
        other.expect("Choose your nickname: ")
        other.send("ALICE\n")
        other.expect(r"^!! nick-taken: .*\r\nChoose your nickname: ")
        other.send("bob\n")
        other.expect("You are bob")

    def test_everything_in_one_piece(self) -> None:
        """Name, words and /exit from printf all count, and netcat ends by itself with the answers."""
        daemon = self.start()
        bob = self.connect(daemon, "bob")
        for options in ([], ["-N"]):
            nc = self.spawn("nc", *options, "127.0.0.1", daemon.port)
            nc.send("alice\nhello\n/exit\n")
            nc.finish()
            bob.expect(r"alice joined lobby\r\n.*alice: hello\r\n.*alice left lobby\r\n")
            self.assertTrue(nc.rest().endswith("-- Goodbye, alice.\r\n"))

    def test_pipe_without_exit(self) -> None:
        """A pipe that only closes has said everything, too."""
        daemon = self.start()
        bob = self.connect(daemon, "bob")
        nc = self.spawn("nc", "-N", "127.0.0.1", daemon.port)
        nc.send("alice\n" + "".join(f"line {number}\n" for number in range(5)) + "no line end")
        nc.finish()
        bob.expect(r"line 4\r\n.*alice: no line end\r\n.*alice left lobby")
        nc.rest()


class RegisteringTest(FunctionalTest):
    def test_never_aloud(self) -> None:
        """With netcat a password is asked for twice, and no try of it is said, whatever is refused."""
        daemon = self.start()
        bob = self.connect(daemon, "bob")
        nc = self.spawn("nc", "127.0.0.1", daemon.port)
        for sent, told in (
            ("alice", "You are alice"), ("/register", "New password: "), ("short", "password-weak.*New password: "),
            ("seagull-by-night", "The same once more: "), ("seagull-by-nigth", "not the same.*New password: "),
            ("seagull-by-night", "The same once more: "), ("seagull-by-night", "is yours from now on"),
            ("/register seagull-again", "account-exists"), ("seagull-again", "That was not said"),
            ("password seagull seagull-again", "That was not said"), ("/etc/hosts is broken", "//etc/hosts"),
        ):  # fmt: skip
            nc.send(f"{sent}\n")
            nc.expect(f"(?s){told}")
        nc.send("//etc/hosts is broken\n")
        bob.expect("alice: /etc/hosts is broken")
        self.assertNotIn("seagull", bob.heard)
        nc.send("/logout\n/login alice\n")
        nc.expect("Password: ")
        nc.send("seagull-by-night\n")
        nc.expect("You are alice")


class TelnetTest(FunctionalTest):
    def test_control_c(self) -> None:
        """After Ctrl-C a person with telnet still reads and can still write."""
        daemon = self.start()
        bob = self.connect(daemon, "bob")
        telnet = self.spawn("telnet", "127.0.0.1", daemon.port, terminal=True)
        telnet.expect("Choose your nickname: ")
        telnet.send("alice\r")
        telnet.expect("You are alice")
        bob.expect("alice joined")
        telnet.send(b"half a li\x03")
        for _ in range(int(LIMIT_S)):
            # After Ctrl-C telnet throws away what comes until the server has answered it; nothing tells when that is.
            bob.send("still there?\n")
            with contextlib.suppress(AssertionError):
                telnet.expect(r"bob: still there\?", 1.0)
                break
        else:
            self.fail(f"Nothing is shown after Ctrl-C: {telnet.heard!r}")
        telnet.send("yes\r")
        bob.expect("alice: .*yes\r\n")

    def test_letters(self) -> None:
        """Letters of which telnet takes a byte for a key arrive; a word is erased, and a password is hidden."""
        daemon = self.start()
        bob = self.connect(daemon, "bob")
        telnet = self.spawn("telnet", "-E", "127.0.0.1", daemon.port, terminal=True)
        telnet.expect("Choose your nickname: ")
        telnet.send("Зоя\r")
        telnet.expect("(?s)You are Зоя, in lobby.*With you in lobby: bob")
        bob.expect("Зоя joined")
        telnet.send("у Кости МАЯК\r")
        bob.expect("Зоя: у Кости МАЯК\r\n")
        telnet.send("/register\r")
        telnet.expect("New password: ")
        telnet.send("seagull-by-night\r")
        telnet.expect("The same once more: ")
        telnet.send("seagull-by-night\r")
        telnet.expect("is yours from now on")
        telnet.send("done\r")
        bob.expect("Зоя: done\r\n")
        self.assertNotIn("seagull", bob.heard)
        self.assertNotIn("seagull", telnet.heard, "telnet has negotiated by then, and hides what is typed")

    def test_only_who_speaks_telnet_hears_it(self) -> None:
        """No byte of telnet goes to a peer that sent none."""
        daemon = self.start()
        line = self.connect(daemon, "alice")
        line.send("/help\n/exit\n")
        self.assertNotIn("\udcff", line.rest())


class SafetyTest(FunctionalTest):
    def test_harmless_text(self) -> None:
        """Escapes, bells and reversed words arrive as the plain words they stand in."""
        daemon = self.start()
        bob, alice = self.connect(daemon, "bob"), self.connect(daemon, "alice")
        alice.send("\x1b[31mred\x1b[0m \x07bell \x9b2Jcsi \u202eevil\u202c\n")
        bob.expect(r"#1 alice: red bell csi evil\r\n")

    def test_one_line_stays_one(self) -> None:
        """A return within a line is refused, so that nothing makes a second line on another screen."""
        daemon = self.start()
        bob, alice = self.connect(daemon, "bob"), self.connect(daemon, "alice")
        for end in ("\r", "\x0b", "\x85", "\u2028"):
            alice.send(f"a{end}[00:00:00] #9 root: send me money\n")
            alice.expect(r"^!! bad-character: .*\r\n")
        alice.send("then\r\n")
        bob.expect(r"alice joined lobby\r\n\[.*\] #1 alice: then\r\n")

    def test_emoji(self) -> None:
        """A shortcut alone becomes an emoji; within an address or a word it stays."""
        daemon = self.start()
        bob, alice = self.connect(daemon, "bob"), self.connect(daemon, "alice")
        alice.send("see http://host:3000/ and a<3\nhi :3\n")
        bob.expect(r"alice: see http://host:3000/ and a<3\r\n")
        bob.expect(r"alice: hi 😺\r\n")

    def test_one_name_for_two_hundred(self) -> None:
        """Of two hundred people who want one nickname at the same instant, exactly one gets it."""
        daemon = self.start()
        for number in range(ROUNDS):
            lines = [self.connect(daemon) for _ in range(200)]
            for line in lines:
                line.expect("Choose your nickname: ")
            for line in lines:
                line.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for line in lines:
                line.send(f"same{number}\n")
            answers = [line.expect(r"^(Connected to the server!|!! nick-taken:).*\r\n")[1] for line in lines]
            self.assertEqual(answers.count("Connected to the server!"), 1)
            self.assertEqual(answers.count("!! nick-taken:"), 199)
            for line in lines:
                line.close()

    def test_lost_connection(self) -> None:
        """When a connection dies, the others are told, and its nickname is free at once."""
        daemon = self.start()
        alice, bob = self.connect(daemon, "alice"), self.connect(daemon, "bob")
        bob.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")  # a reset, no farewell
        bob.close()
        alice.expect(r"^\[\d\d:\d\d:\d\d\] \* bob left lobby \(connection lost\)\r\n")
        self.connect(daemon, "bob")


class JsonTest(FunctionalTest):
    def test_program_and_person(self) -> None:
        """A program in the same room as a person: one object a line, one answer to each request."""
        daemon = self.start()
        bob, bot = self.connect(daemon, "bob"), self.connect(daemon)
        bot.expect("nickname: ")
        bot.send('{"do": "nick", "nick": "bot", "ref": 1}\n{"do": "say", "text": "build ok", "ref": 2}\n')
        welcome = json.loads(bot.expect(r'^\{.*"welcome".*\}\r\n')[0])
        self.assertEqual((welcome["ref"], welcome["nick"], welcome["room"]), (1, "bot", "lobby"))
        self.assertEqual(json.loads(bot.expect(r'^\{.*"done".*\}\r\n')[0]), {"event": "done", "ref": 2, "id": 1})
        bob.expect("#1 bot: build ok\r\n")
        bob.send("thanks\n")
        said = json.loads(bot.expect(r'^\{.*"said".*\}\r\n', LIMIT_S)[0])
        self.assertEqual((said["id"], said["nick"], said["text"]), (2, "bob", "thanks"))
