"""``groupchat verify`` on servers that keep their promises, and on some that do not."""

import argparse
import contextlib
import io
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from shutil import rmtree

from twisted.trial.unittest import SynchronousTestCase

from groupchat.checker.drain import Drain, Unreachable
from groupchat.checker.ledger import Kept, Ledger
from groupchat.checker.verify import BROKEN, UNCHECKED, add_arguments, check_journal, check_server, report, run, tell
from groupchat.journals.tools.archive import Archive
from tests.checker.fakes import FakeServer, Hall, Message
from tests.journals.contract import said
from tests.journals.sqlite.files import DataFolderCase


class Forgetful(Hall):
    """Acknowledges every third post without storing it."""

    def post(self, request: Message) -> int:
        number = super().post(request)
        if number % 3 == 0:
            self.posts[-1] = {**self.posts[-1], "text": "nothing"}
        return number


class Muting(Hall):
    """Refuses every second post."""

    def __init__(self, code: str = "muted") -> None:
        super().__init__()
        self.code = code

    def carry_out(self, request: Message) -> list[Message] | None:
        if request["do"] == "say" and request["ref"] % 2:
            return [{"event": "refused", "code": self.code, "text": "You are muted."}]
        return super().carry_out(request)


class Rooms(Hall):
    """Notes in which rooms something is done."""

    def __init__(self) -> None:
        super().__init__()
        self.rooms: set[str] = set()

    def carry_out(self, request: Message) -> list[Message] | None:
        self.rooms |= {request["room"]} if "room" in request else set(request.get("rooms", ()))
        return super().carry_out(request)


class VerifyCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(rmtree, self.folder)

    def verify(self, *words: object) -> tuple[int, str]:
        """Return the exit status, and everything that was printed."""
        with contextlib.redirect_stdout(io.StringIO()) as output:
            status = run(self.parsed(*words))
        return status, output.getvalue()

    def parsed(self, *words: object) -> argparse.Namespace:
        """Return what these words mean on a command line."""
        parser = argparse.ArgumentParser(exit_on_error=False)
        add_arguments(parser)
        return parser.parse_args([str(word) for word in words])

    def serve(self, hall: Hall) -> str:
        server = FakeServer(hall.answer, hall.news)
        self.addCleanup(server.close)
        return "{}:{}".format(*server.address)

    def load(self, hall: Hall, *more: object) -> tuple[int, str]:
        return self.verify(self.serve(hall), "--clients", 2, "--movers", 0, "--rate", 200, "--seconds", 0.3, *more)


class VerifyTest(VerifyCase):
    def test_forgetful(self) -> None:
        """A server that loses what it acknowledged is found out."""
        status, printed = self.load(Forgetful())
        self.assertEqual(status, BROKEN, printed)
        self.assertRegex(printed, r"! lost: \w+\.\d+\.\d+ was acknowledged as #3: it is not there")

    def test_refusals(self) -> None:
        """Refusals are no fault when their posts are not there; they are counted by code, and recorded."""
        hall = Muting()
        record = self.folder / "record"
        _, printed = self.load(hall, "--record", record)
        ledger = Ledger.read(record)
        refused = [attempt for attempt in ledger.attempts if attempt.code]
        self.assertTrue(refused)
        self.assertRegex(printed, rf"refused +{len(refused)} \(muted: {len(refused)}\)")
        self.assertNotIn("! unexpected", printed)
        self.assertEqual(len(hall.posts), len(ledger.attempts) - len(refused))

    def test_other_refusals(self) -> None:
        """What was refused beside posts is told apart from what became of them."""
        ledger = Ledger()
        ledger.attempt(0, 0).code = "muted"
        with contextlib.redirect_stdout(io.StringIO()) as output:
            tell(ledger, {"muted": 1, "no-such-nick": 2}, None)
        self.assertIn("refused      1 (muted: 1)\n", output.getvalue())
        self.assertTrue(output.getvalue().endswith("of moves or with an unknown end: no-such-nick: 2\n"))

    def test_hostile_refusals(self) -> None:
        """Codes of a hostile server are printed, too, but no terminal obeys them."""
        _, printed = self.load(Muting("muted\x1b[2J\nlost         0"))
        self.assertRegex(printed, r"refused +[0-9]+ \(muted.\[2J lost +0: [0-9]+\)")
        self.assertNotIn("\x1b", printed)

    def test_tidied(self) -> None:
        """Everything posted goes to a room of its own, and is deleted at the end, unless it is recorded."""
        hall = Rooms()
        status, printed = self.load(hall)
        self.assertEqual(status, 0, printed)
        self.assertEqual(len(hall.rooms), 1)
        self.assertRegex(hall.rooms.pop(), r"^verify-[0-9a-f]{8}$")
        self.assertEqual(sorted(hall.deleted), list(range(1, len(hall.posts) + 1)))
        hall = Rooms()
        self.load(hall, "--record", self.folder / "record")
        self.assertEqual(hall.deleted, [])
        self.verify(self.serve(hall), "--against", self.folder / "record")
        self.assertEqual(len(hall.rooms), 1)

    def test_strange_server(self) -> None:
        """A server that answers something else is unchecked, without a traceback."""
        for answer in ({"event": "welcome"}, {"event": "welcome", "token": "t", "head": []}, {"event": "done"}):
            server = FakeServer(lambda request, answer=answer: [{**answer, "ref": request["ref"]}], list)  # type: ignore[misc]
            self.addCleanup(server.close)
            words = ("--clients", 1, "--movers", 0, "--seconds", 0.1, "--patience", 0.2)
            self.assertEqual(self.verify("{}:{}".format(*server.address), *words)[0], UNCHECKED, answer)

    def test_against(self) -> None:
        """A record is compared with a server without load: what is gone since is lost."""
        hall, record = Hall(), self.folder / "record"
        self.load(hall, "--record", record)
        status, printed = self.verify(self.serve(hall), "--against", record)
        self.assertEqual(status, 0, printed)
        hall.posts.pop()
        status, printed = self.verify(self.serve(hall), "--against", record)
        self.assertEqual(status, BROKEN)
        self.assertRegex(printed, r"lost +1\n")

    def test_unchecked(self) -> None:
        """A server that is away and a file that is not a record have a status of their own: unchecked."""
        self.assertEqual(self.verify("127.0.0.1:1", "--patience", 0.1, "--clients", 1)[0], UNCHECKED)
        (self.folder / "other").write_text("{}\n")
        self.assertEqual(self.verify("127.0.0.1:1", "--against", self.folder / "other")[0], UNCHECKED)
        self.assertEqual(self.verify("127.0.0.1:1", "--against", self.folder / "none")[0], UNCHECKED)
        self.assertEqual(self.verify("--data", self.folder / "none")[0], UNCHECKED)

    def test_reader_gone(self) -> None:
        """When the reader of the output is gone, as with ``head``, it ends in silence: no server is to blame."""
        code = "import sys; from groupchat.admin.main import main; sys.exit(main())"
        words = ["verify", self.serve(Hall()), "--clients", "1", "--movers", "0", "--seconds", "0.1"]
        read, write = os.pipe()
        os.close(read)
        try:
            done = subprocess.run(
                [sys.executable, "-u", "-c", code, *words],
                stdout=write,
                stderr=subprocess.PIPE,
                timeout=60,
                check=False,
            )
        finally:
            os.close(write)
        self.assertEqual((done.returncode, done.stderr), (1, b""))

    def test_arguments(self) -> None:
        """A server or a data folder is needed, not both, and numbers have their ranges."""
        parser = argparse.ArgumentParser(exit_on_error=False)
        add_arguments(parser)
        for words in (
            ["localhost", "--data", "x"], ["localhost", "--clients", "0"], ["localhost", "--rate", "1.5"],
            ["localhost", "--size", "4001"],
        ):  # fmt: skip
            self.assertRaises(argparse.ArgumentError, parser.parse_args, words)


class Strict(Hall):
    """Has short nicknames, and lets nobody read the history: it refuses the reader."""

    def __init__(self, code: str = "nick-invalid") -> None:
        super().__init__()
        self.code = code
        self.nicks: list[str] = []
        self.refusals = 0

    def carry_out(self, request: Message) -> list[Message] | None:
        if request["do"] == "nick":
            self.nicks.append(request["nick"])
            if not request["nick"].startswith("v"):
                self.refusals += 1
                return [{"event": "refused", "code": self.code, "text": "Not here."}]
        return super().carry_out(request)


class RefusalTest(VerifyCase):
    """A server that does not let the check in."""

    def test_nicknames(self) -> None:
        """Nicknames are short, so that every usual server takes them."""
        hall = Strict()
        self.load(hall)
        self.assertEqual({len(nick) for nick in hall.nicks if nick.startswith("v")}, {8})
        self.assertLessEqual(max(map(len, hall.nicks)), 8)

    def test_reader(self) -> None:
        """When the reader is refused, that is told at once, and what was posted is deleted all the same."""
        hall = Strict()
        words = (self.serve(hall), "--clients", 2, "--movers", 0, "--rate", 200, "--seconds", 0.3)
        self.assertRaisesRegex(Unreachable, r"Not here\. \(nick-invalid\)", check_server, self.parsed(*words))
        self.assertEqual(hall.refusals, 1)
        self.assertEqual(sorted(hall.deleted), list(range(1, len(hall.posts) + 1)))
        self.assertTrue(hall.posts)

    def test_no_storm(self) -> None:
        """A refusal that may end is met ever more rarely."""
        hall = Strict("server-full")
        self.load(hall, "--patience", 1)
        self.assertIn(hall.refusals, range(2, 7))

    def test_joining(self) -> None:
        """Clients that are refused end it with the server's sentence, whether it is in JSON or in words."""
        closing = b'{"event":"closing","code":"banned","text":"Away."}\r\n'
        refused = closing.replace(b"closing", b"refused")
        for said_ in (b"!! banned: Away.\r\n", closing, refused + closing):
            with socket.create_server(("127.0.0.1", 0)) as server:
                calls: list[int] = []

                def serve(server: socket.socket = server, said_: bytes = said_, calls: list[int] = calls) -> None:
                    with contextlib.suppress(OSError):
                        while True:
                            with server.accept()[0] as connection, contextlib.suppress(OSError):
                                calls.append(1)
                                connection.sendall(said_)
                                connection.shutdown(socket.SHUT_WR)
                                connection.recv(10000)

                thread = threading.Thread(target=serve, daemon=True)
                thread.start()
                address = "{}:{}".format(*server.getsockname()[:2])
                words = self.parsed(address, "--clients", 1, "--movers", 0, "--patience", 20)
                self.assertRaisesRegex(Unreachable, r"client in: Away\. \(banned\)$", check_server, words)
                reading = server.getsockname()[:2]
                self.assertRaisesRegex(Unreachable, r"reader in: Away\. \(banned\)$", Drain, reading, 20)
                self.assertLessEqual(len(calls), 3)
                server.shutdown(socket.SHUT_RDWR)
            thread.join()


class Hostile(Hall):
    """Answers one kind of request with something else."""

    def __init__(self, do: str, answer: Message) -> None:
        super().__init__()
        self.do, self.instead = do, answer

    def carry_out(self, request: Message) -> list[Message] | None:
        is_it = request["do"] == self.do and not (self.do == "nick" and request["nick"].startswith("d"))
        return [self.instead] if is_it else super().carry_out(request)


class HostileServerTest(VerifyCase):
    """A server that answers with anything: one sentence, and the status of something that could not be checked."""

    def test_answers(self) -> None:
        """Each malformed answer is one sentence that says so."""
        for do, answer in (
            ("nick", {"event": "welcome"}),
            ("nick", {"event": "welcome", "token": "t", "head": "x"}),
            ("nick", {"event": "welcome", "token": "t", "head": [1]}),
            ("say", {"event": "done"}),
            ("say", {"event": "done", "id": "x"}),
            ("say", {"event": "refused"}),
            ("history", {"event": "listed"}),
            ("history", {"event": "listed", "items": 7}),
            ("history", {"event": "listed", "items": [7]}),
            ("history", {"event": "listed", "items": [{"id": None}]}),
            ("history", {"event": "listed", "items": [{"id": 1, "text": ["x"]}]}),
            ("history", {"event": "listed", "items": [{"id": 0, "text": "again"}]}),
            ("history", {}),
        ):
            with self.subTest(do=do, answer=answer):
                status, printed = self.load(Hostile(do, answer))
                self.assertEqual((status, printed), (UNCHECKED, ""))
                words = (
                    self.serve(Hostile(do, answer)),
                    "--clients",
                    2,
                    "--movers",
                    0,
                    "--rate",
                    200,
                    "--seconds",
                    0.3,
                )
                self.assertRaisesRegex(Unreachable, r"^The [^\n]{20,200}$", check_server, self.parsed(*words))

    def test_lines(self) -> None:
        """A line that is not JSON, or never ends, is one sentence too."""
        for line, words in ((b'{"event":"welcome\n', "not JSON"), (b"{" * 100_000 + b"\n", "not JSON"), (b"{x", "end")):
            with socket.create_server(("127.0.0.1", 0)) as server:

                def serve(server: socket.socket = server, line: bytes = line) -> None:
                    with server.accept()[0] as connection:
                        connection.recv(1000)
                        connection.sendall(line)

                thread = threading.Thread(target=serve)
                thread.start()
                self.assertRaisesRegex(Unreachable, words, Drain, server.getsockname()[:2], 0)
                thread.join()


class JournalTest(DataFolderCase):
    """``groupchat verify --data`` on the journal of a stopped daemon."""

    def setUp(self) -> None:
        super().setUp()
        with Archive(self.path) as archive:
            archive.append([said("one"), said("two"), said("three")])

    def check(self) -> tuple[int, str]:
        with contextlib.redirect_stdout(io.StringIO()) as output:
            status = check_journal(self.folder)
        return status, output.getvalue()

    def test_whole(self) -> None:
        """A whole journal passes, with its numbers."""
        self.assertEqual(self.check(), (0, f"{self.path} is whole: 3 messages, up to #3.\n"))

    def test_damaged(self) -> None:
        """Each fault of a damaged one is told, and then how to save what can be read of it."""
        with contextlib.closing(sqlite3.connect(self.path, isolation_level=None)) as database:
            database.execute("DELETE FROM posts WHERE id = 2")
        status, printed = self.check()
        self.assertEqual(status, BROKEN)
        *faults, damaged, recover, _ = printed.splitlines()
        self.assertEqual(faults[0], "! after #1 comes #3")
        self.assertTrue(all(fault.startswith("! ") for fault in faults))
        self.assertTrue(damaged.startswith(f"{self.path} is damaged."), printed)
        self.assertIn(f"sqlite3 {self.path} .recover", recover)


class ReportTest(SynchronousTestCase):
    def test_counts(self) -> None:
        """The report counts attempts by outcome, then the faults, and its status is 0 only without any."""
        ledger = Ledger("cafe")
        ledger.acknowledge(ledger.attempt(0, 0), 5)
        ledger.attempt(0, 1)
        for found, status in (([Kept(5, 0, 0)], 0), ([], BROKEN)):
            with contextlib.redirect_stdout(io.StringIO()) as output:
                self.assertEqual(report(ledger, found), status)
            self.assertIn("attempted    2\nacknowledged 1\nrefused      0\nunknown      1\n", output.getvalue())
