"""``groupchat verify`` against daemons that keep their promises, and against some that are broken on purpose."""

import contextlib
import io
import os
import re
import socket
import sqlite3
import sys
from typing import Any

from faults.power import lose_power
from faults.trial import NotRun, Trial
from groupchat.admin.main import main
from tests.functional.harness import TREE, FunctionalTest, Line
from tests.lacking import lacking

EARLY = [sys.executable, "-m", "faults.broken", "early"]
OFF = [sys.executable, "-m", "faults.broken", "off"]
FORGETFUL = [sys.executable, "-m", "faults.broken", "forgetful"]
WANDERING = [sys.executable, "-m", "faults.broken", "wandering"]
SESSION = "INSERT INTO sessions (author, digest, nick, rooms, position, seen) VALUES"


def verify(*arguments: object) -> tuple[int, dict[str, int], str]:
    """The exit status, the counts, and everything that was printed."""
    with contextlib.redirect_stdout(io.StringIO()) as output:
        status = main(["verify", *map(str, arguments)])
    printed = output.getvalue()
    counts = re.findall(r"^(\w[\w ]*?) +(\d+)(?: \(.*\))?$", printed, re.MULTILINE)
    return status, {name: int(count) for name, count in counts}, printed


class ServerTest(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.trial = Trial(full=False)
        self.addCleanup(self.trial.__exit__, None, None, None)

    def test_sound(self) -> None:
        """A sound server passes, and everything attempted is accounted for."""
        daemon = self.start()
        status, counts, printed = verify(
            f"127.0.0.1:{daemon.port}",
            "--clients",
            5,
            "--rate",
            200,
            "--seconds",
            1,
            "--record",
            self.folder / "record",
        )
        self.assertEqual(status, 0, printed)
        self.assertGreater(counts["attempted"], 50)
        self.assertEqual(counts["acknowledged"], counts["attempted"])
        lines = (self.folder / "record").read_text().splitlines()
        self.assertEqual(len(lines), 1 + counts["attempted"])
        self.assertEqual(verify(f"127.0.0.1:{daemon.port}", "--against", self.folder / "record")[0], 0)

    def test_tidy(self) -> None:
        """Nobody in the lobby hears of a check, and its messages are deleted, also under the limits of everybody."""
        daemon = self.trial.start(exempt="10.0.0.0/8")
        alice = Line(daemon.port)
        self.addCleanup(alice.close)
        alice.send('{"do": "nick", "nick": "alice", "rooms": ["lobby"]}\n')
        alice.expect('"welcome".*\n')
        status, counts, printed = verify(f"127.0.0.1:{daemon.port}", "--clients", 3, "--rate", 20, "--seconds", 1.5)
        self.assertEqual((status, counts["lost"]), (0, 0), printed)
        self.assertGreater(counts["acknowledged"], 15)
        alice.send('{"do": "say", "text": "still here", "ref": 1}\n')
        heard = alice.expect(r'(?s)(.*)"done"')[1]
        self.assertNotRegex(heard, r'"joined|"left|"many|verify-')
        self.assertEqual(daemon.stop(), 0)
        with contextlib.closing(sqlite3.connect(self.trial.folder / "data" / "chat.db")) as database:
            left = database.execute(
                "SELECT room, count(*) FROM posts WHERE kind = 'said' AND gone_by IS NULL GROUP BY room"
            ).fetchall()
            deleted = database.execute("SELECT count(*) FROM posts WHERE kind = 'deleted'").fetchone()[0]
        moved = sum(int(count) for count in re.findall(r"(?:say|msg): (\d+)", printed))
        self.assertEqual((left, deleted), ([("lobby", 1)], counts["acknowledged"] + moved))

    def test_acknowledged_before_the_commit(self) -> None:
        """A server that acknowledges before the commit fails when it is killed; so the sound one's passing counts."""
        losses = 0
        for program in (EARLY, None):
            daemon = self.trial.start(**({"program": program} if program else {}))
            load = self.trial.load(daemon, 5, 500.0)
            load.run(0.8)
            while not any(attempt.id for attempt in load.ledger.attempts):
                load.run(0.1)  # on a busy machine nothing may have been acknowledged yet
            daemon.kill()
            load.run(0.05)
            load.close()
            load.ledger.write(self.folder / "record")
            # The mark of what was shown would keep it from starting without what is lost.
            (self.trial.folder / "data" / "chat.db-head").unlink()
            daemon = self.trial.start()
            status, counts, printed = verify(f"127.0.0.1:{daemon.port}", "--against", self.folder / "record")
            self.assertEqual((status, counts["lost"] > 0), (1, True) if program else (0, False), printed)
            losses += counts["lost"]
            self.assertEqual(daemon.stop(), 0)
        self.assertGreater(losses, 0)

    def moved(self, program: list[str] | None, kills: bool) -> list[str]:
        """What is found wrong where clients move between rooms of a daemon, which is killed meanwhile or not."""
        more: dict[str, Any] = {"program": program} if program else {}
        daemon = self.trial.start(**more)
        load = self.trial.load(daemon, 1, 50.0, movers=6)
        load.run(1.0)
        if kills:
            daemon.kill()
            daemon = self.trial.start(**more)
            load.server = (load.server[0], daemon.port)
            load.run(1.0)
        findings = self.trial.findings(load)
        load.close()
        self.assertEqual(daemon.stop(), 0)
        self.assertEqual([*findings.lost, *findings.duplicated, *findings.out_of_order], [])
        return findings.misplaced

    def test_rooms_are_forgotten(self) -> None:
        """A server that forgets the rooms of people when it is killed fails, and the sound one does not."""
        self.assertEqual(self.moved(None, kills=True), [])
        misplaced = self.moved(FORGETFUL, kills=True)
        self.assertTrue(any("and came back in lobby" in fault for fault in misplaced), misplaced)

    def test_lines_in_wrong_rooms(self) -> None:
        """So does one that says lines in another room than their author saw as current, and the sound one does not."""
        self.assertEqual(self.moved(None, kills=False), [])
        misplaced = self.moved(WANDERING, kills=False)
        self.assertTrue(any("it was said in" in fault for fault in misplaced), misplaced)

    def test_never_flushed(self) -> None:
        """A server that never flushes fails when the power is lost, and the sound one does not."""
        try:
            broken, _ = lose_power(self.trial, OFF)
            sound, figure = lose_power(self.trial)
        except NotRun as lack:
            lacking(str(lack))
        self.assertTrue(broken.lost or broken.unexpected)
        self.assertTrue(sound.good, figure)

    def test_unreachable(self) -> None:
        """Without a server nothing was checked, which is status 2."""
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            status, _, _ = verify(f"127.0.0.1:{nobody.getsockname()[1]}", "--patience", 0.2)
        self.assertEqual(status, 2)


class JournalTest(FunctionalTest):
    """``groupchat verify --data``."""

    def setUp(self) -> None:
        super().setUp()
        self.data = self.folder / "data"

    def stopped(self) -> sqlite3.Connection:
        """The journal of a daemon that had some conversation and stopped."""
        daemon = self.start()
        alice, bob = self.connect(daemon, "alice"), self.connect(daemon, "bob")
        alice.send("one\ntwo\nthree\n/edit 2 zwei\n/delete 3\n/msg bob psst\n/topic ships\n")
        bob.expect("topic of lobby, by alice: ships")
        self.assertEqual(daemon.stop(), 0)
        self.assertEqual(verify("--data", self.data)[0], 0)
        database = sqlite3.connect(self.data / "chat.db", isolation_level=None)
        self.addCleanup(database.close)
        return database

    def test_faults(self) -> None:
        """Whatever is wrong with a journal is told, each fault for itself."""
        database = self.stopped()
        for breaking, complaint in [
            ("DELETE FROM posts WHERE id = 1", "after #0 comes #2"),
            ("DELETE FROM posts WHERE id = 7", "the last post is #6, but #7 was given"),
            ("UPDATE posts SET target = 99 WHERE id = 4", r"#4 \(edited\) changes #99, which is missing"),
            ("UPDATE posts SET target = 6 WHERE id = 4", r"#4 \(edited\) changes #6, which is later"),
            ("UPDATE posts SET room = 'dev' WHERE id = 4", r"#4 \(edited\) changes #2, which is elsewhere"),
            ("UPDATE posts SET revised = 'due' WHERE id = 2", "#2 does not read as its last edit"),
            ("UPDATE posts SET gone_by = NULL WHERE id = 3", "#3 is marked as deleted without a deletion, or "),
            ("UPDATE posts SET text = 'three' WHERE id = 3", "#3 is deleted, but its text is still there"),
            ("UPDATE posts SET kind = 'sung' WHERE id = 7", "#7 is of an unknown kind"),
            ("UPDATE posts SET reader = NULL WHERE id = 6", "#6 is private without a reader"),
            ("INSERT INTO facts VALUES ('account', 'eve', 'x')", "the fact account 'eve' is not a JSON object"),
            (f"{SESSION} (1, 'd', 'eve', '[]', 99, 0)", "the session of eve is said to have read up"),
            (f"{SESSION} (1, 'd', 'eve', 'x', 1, 0)", "the session of eve has no list of rooms"),
            ("UPDATE counters SET value = 9 WHERE name = 'indexed'", "the index is said to reach #9, of #7"),
        ]:  # fmt: skip
            # Undone by putting the file back as it was.
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            whole = (self.data / "chat.db").read_bytes()
            database.execute(breaking)
            status, _, printed = verify("--data", self.data)
            self.assertEqual(status, 1, breaking)
            self.assertRegex(printed, f"! .*{complaint}")
            self.assertIn(".recover", printed)
            database.close()
            for extra in ("-wal", "-shm"):
                (self.data / f"chat.db{extra}").unlink(missing_ok=True)
            (self.data / "chat.db").write_bytes(whole)
            database = sqlite3.connect(self.data / "chat.db", isolation_level=None)
        database.close()
        self.assertEqual(verify("--data", self.data)[0], 0)

    def test_missing_tail(self) -> None:
        """A journal that ends before what was shown is told from one that was never longer."""
        self.stopped().close()
        (self.data / "chat.db-head").write_text(f"{12:020}\n")
        status, _, printed = verify("--data", self.data)
        self.assertEqual(status, 1)
        self.assertRegex(printed, "! #12 was shown already, but the last number given is #7: posts are missing")

    def test_damaged_pages(self) -> None:
        """Bytes that changed on disk are found."""
        self.stopped().close()
        path = self.data / "chat.db"
        content = bytearray(path.read_bytes())
        content[4096 * 3 : 4096 * 4] = os.urandom(4096)
        path.write_bytes(content)
        self.assertEqual(verify("--data", self.data)[0], 1)

    def test_in_use(self) -> None:
        """A journal that a daemon has is left alone, and so is what is none; that is status 2."""
        self.start()
        self.assertEqual(verify("--data", self.data)[0], 2)
        self.assertEqual(verify("--data", TREE)[0], 2)

    def test_after_a_kill(self) -> None:
        """A journal that was left by kill -9 is whole, and looking at it does not make the next start less careful."""
        daemon = self.start()
        alice = self.connect(daemon, "alice")
        bob = self.connect(daemon, "bob")
        alice.send("one\n")
        bob.expect("#1 alice: one")
        daemon.kill()
        left = (self.data / "lock").read_text()
        self.assertNotEqual(left, "")
        status, _, printed = verify("--data", self.data)
        self.assertEqual(status, 0, printed)
        self.assertIn("1 message, up to #1", printed)
        self.assertEqual((self.data / "lock").read_text(), left)
