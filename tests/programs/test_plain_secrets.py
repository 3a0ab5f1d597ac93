"""Passwords that are left out are asked for, also in a pipe, and are never said, printed or counted as lines."""

from groupchat.client.core.protocol import Message
from groupchat.programs.plain_lines import MAY_BE_SECRET
from tests.client.fakes import FakeConnection
from tests.programs.plain_case import NAME, PlainCase

NEW, AGAIN = "New password: \n", "New password, again: \n"
DIFFERENT = "That was not the same. New password: \n"
NOTHING = "-- Nothing was changed.\n"


class SecretsCase(PlainCase):
    def pipe(self) -> FakeConnection:
        """Join in a pipe."""
        server = self.chat(terminal=False)
        server.requests()
        return server

    def refuse_command(self, server: FakeConnection, code: str) -> Message:
        """Refuse the only request, and return it."""
        (request,) = server.requests()
        server.send({"event": "refused", "ref": request["ref"], "code": code, "text": "No."})
        return request

    def assert_secret(self, *secrets: str) -> None:
        """See that nothing of these was printed."""
        printed = "".join([self.keyboard.text, *self.complaints])
        for secret in secrets:
            self.assertNotIn(secret, printed)

    def leave(self, server: FakeConnection, status: int, *complaints: str) -> None:
        self.keyboard.end()
        self.assertEqual(server.requests()[-1]["do"], "exit")
        server.cut()
        self.assert_ended(status, *complaints)


class ChatTest(SecretsCase):
    def test_register(self) -> None:
        """/register alone asks twice; the next line waits for the answer, and is said then."""
        server = self.pipe()
        self.keyboard.type("/register", "correct horse", "correct horse", "hello")
        self.assertEqual(self.keyboard.text, NEW + AGAIN)
        request = server.done(text="alice is yours now.")
        self.assertEqual((request["do"], request["password"]), ("register", "correct horse"))
        self.assertEqual([request["line"] for request in server.requests()], ["hello"])
        self.assert_secret("horse")
        server.send({"event": "done", "ref": request["ref"] + 1, "id": 7})
        self.leave(server, 0)

    def test_each_command(self) -> None:
        """So does each command with passwords, for those that are left out."""
        for line, answers, fields in (
            ("/password", ["old", "new one", "new one"], {"do": "password", "old": "old", "new": "new one"}),
            ("/password old", ["new", "new"], {"do": "password", "old": "old", "new": "new"}),
            ("/UNREGISTER", ["old"], {"do": "unregister", "password": "old"}),
            ("/login bob", ["old"], {"do": "login", "name": "bob", "password": "old"}),
            ("/adduser bob", ["new", "new"], {"do": "adduser", "name": "bob", "password": "new"}),
        ):
            server = self.pipe()
            self.keyboard.type(line, *answers)
            (request,) = server.requests()
            del request["ref"]
            self.assertEqual(request, fields)
            self.assert_secret("old", "new one")

    def test_given(self) -> None:
        """A command that has its password, or lacks something else, goes to the server as it is."""
        server = self.pipe()
        self.keyboard.type("/register secret", "/login")
        self.assertEqual([request["line"] for request in server.requests()], ["/register secret", "/login"])

    def test_different(self) -> None:
        """Two that are not the same are asked for again, and none of them is said."""
        server = self.pipe()
        self.keyboard.type("/register", "one", "two", "three", "three")
        self.assertEqual(self.keyboard.text, NEW + AGAIN + DIFFERENT + AGAIN)
        self.assertEqual(server.done()["password"], "three")
        self.leave(server, 0)

    def test_left(self) -> None:
        """An empty line, a command or the end leaves it: that is a refused line, and what is typed next is held."""
        for last in ("", "/list", "end"):
            server = self.pipe()
            self.keyboard.type("/register", "secret")
            if last == "end":
                self.leave(server, 1, "1 line was refused:", "/register")
            else:
                self.keyboard.type(last, "secret2")
                self.assertEqual([request["line"] for request in server.requests()], [last] if last else [])
                self.assertIn("!! held-line: ", self.keyboard.text)
                self.keyboard.type("secret2")
                self.assertEqual([request["line"] for request in server.requests()], ["secret2"])
                self.assertIn(NOTHING, self.keyboard.text)
                server.send(*({"event": "done", "ref": ref} for ref in range(1, 4)))
                self.leave(server, 1, "2 lines were refused:", "/register", MAY_BE_SECRET)
            self.assert_secret("secret")

    def test_once_more(self) -> None:
        """A password that is typed once too often is held, and listed without its letters."""
        server = self.pipe()
        self.keyboard.type("/register", "secret", "secret")
        server.done()
        self.keyboard.type("secret", "hello")
        self.assertEqual([request["line"] for request in server.requests()], ["hello"])
        server.send({"event": "done", "ref": 2})
        self.leave(server, 1, "1 line was refused:", MAY_BE_SECRET)
        self.assert_secret("secret")

    def test_weak(self) -> None:
        """One that the server finds too weak is asked for again, and counts."""
        server = self.pipe()
        self.keyboard.type("/password", "old", "weak", "weak", "stronger", "stronger")
        self.refuse_command(server, "password-weak")
        request = server.done()
        self.assertEqual((request["do"], request["old"], request["new"]), ("password", "old", "stronger"))
        self.leave(server, 1, "1 line was refused:", "/password")
        self.assert_secret("weak\n", "stronger")

    def test_refused(self) -> None:
        """After another refusal the server decides what is said; what it holds is listed without its letters."""
        server = self.pipe()
        self.keyboard.type("/register", "secret", "secret", "sceret", "hello")
        self.refuse_command(server, "account-exists")
        held, hello = server.requests()
        server.send(
            {"event": "refused", "ref": held["ref"], "code": "held-line", "text": "It may be a password."},
            {"event": "done", "ref": hello["ref"]},
        )
        self.leave(server, 1, "2 lines were refused:", "/register", MAY_BE_SECRET)
        self.assert_secret("secret", "sceret")

    def test_refused_login(self) -> None:
        """What follows a refused /login is not sent; the first line may be another try of the password."""
        for lines in (["/login bob guess"], ["/login bob", "guess"]):
            server = self.pipe()
            self.keyboard.type(*lines, "secret", "hello")
            self.refuse_command(server, "password-wrong")
            self.leave(server, 1, "3 lines were refused:", "/login", MAY_BE_SECRET, "hello")
            self.assert_secret("guess", "secret")

    def test_not_utf8(self) -> None:
        """An answer that is not UTF-8, or too long, is none, and is not printed."""
        for answer, why in (
            (b"secr\xe9t\n", "not-utf8: The answer is not UTF-8."),
            (b"secret" * 1000000 + b"\n", "line-too-long: The answer is too long."),
        ):
            server = self.pipe()
            self.keyboard.type("/register")
            self.keyboard.dataReceived(answer)
            self.assertEqual(self.keyboard.text, f"{NEW}!! {why}\n{NOTHING}")
            self.leave(server, 1, "1 line was refused:", "/register")

    def test_terminal(self) -> None:
        """Where a person types, Enter ends the line of the question, and the status is theirs."""
        server = self.chat()
        self.keyboard.type("/register")
        self.assertEqual(self.read(), NEW.rstrip("\n"))
        self.join.interrupt()
        self.assertEqual(server.requests()[-1]["do"], "exit")
        server.cut()
        self.assert_ended(0)

    def test_lines_of_a_message(self) -> None:
        """In a message of several lines it is a line like any other."""
        server = self.pipe()
        self.keyboard.type("/paste", "/register", ".")
        self.assertEqual([request["text"] for request in server.requests()], ["/register"])


class NamingTest(SecretsCase):
    """At the question for a nickname."""

    def test_register(self) -> None:
        """/register NAME asks twice, until both are the same."""
        self.begin(terminal=False)
        server = self.network.accept()
        self.keyboard.type("/register alice", "one", "two", "/odd", "three", "/help", "three", "hello")
        self.assertTrue(
            self.read().startswith(f"{NAME}\n{NEW}{AGAIN}-- That was not the same.\n{NEW}!! password-weak:")
        )
        claim = server.welcome()
        self.assertEqual((claim["nick"], claim["password"], claim["register"]), ("alice", "three", True))
        self.assertEqual([request["line"] for request in server.requests()], ["hello"])

    def test_login(self) -> None:
        """/login NAME asks once, and only the account will do; also when it is asked for again."""
        self.begin()
        server = self.network.accept()
        self.keyboard.type("/login alice", "guess")
        server.refuse("password-wrong")
        self.keyboard.type("secret")
        claim = server.welcome()
        self.assertEqual((claim["nick"], claim["password"], claim["login"]), ("alice", "secret", True))

    def test_left(self) -> None:
        """An empty line leaves it for a nickname; in a pipe that, and the end, count as a refusal."""
        for command in ("/register alice", "/login alice"):
            self.begin(terminal=False)
            self.network.accept()
            self.keyboard.type(command, "")
            self.assertTrue(self.read().endswith(f"{NAME}\n"))
            self.keyboard.type(command)
            self.keyboard.end()
            name = command.split()[0]
            self.assert_ended(1, "2 lines were refused:", name, name)

    def test_weak(self) -> None:
        """A person is asked for another one; in a pipe the program ends."""
        for terminal in (True, False):
            self.begin(terminal=terminal)
            server = self.network.accept()
            self.keyboard.type("/register alice", "weak", "weak", "better")
            server.refuse("password-weak", "Too short.")
            if terminal:
                self.assertTrue(self.read().endswith(AGAIN.rstrip("\n")))
            else:
                self.assert_ended(1, "password-weak: Too short.")
            self.assert_secret("better")
