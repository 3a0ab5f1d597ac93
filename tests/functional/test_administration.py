"""What administrators do while the daemon runs."""

import contextlib
import json
import re
import sqlite3
import subprocess
import sys
import time

from tests.functional.harness import LIMIT_S, FunctionalTest


class AdministrationTest(FunctionalTest):
    def administer(self, *arguments: object, status: int = 0, typed: str = "") -> str:
        """What a sub-command of ``groupchat`` prints."""
        done = subprocess.run(
            [sys.executable, "-m", "groupchat.admin", *map(str, arguments)],
            cwd=self.folder, env=self.environment, input=typed, capture_output=True, text=True,
            timeout=LIMIT_S, check=False,
        )  # fmt: skip
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stdout + done.stderr

    def test_backup_under_load(self) -> None:
        """A backup made while people talk is a whole journal in another folder, with all said before it began."""
        daemon = self.start("--settings", self.settings("flood_burst = 100000\n"))
        bot = self.connect(daemon)
        bot.send('{"do": "nick", "nick": "bot"}\n')
        bot.expect("welcome")
        bot.send("".join(f'{{"do": "say", "text": "word{number}", "ref": {number}}}\n' for number in range(3000)))
        for _ in range(500):
            bot.expect('"done"')
        self.administer("backup", "copy.db", "--data", "data")
        transcript = self.administer("export", "--data", "data").splitlines()
        self.administer("restore", "copy.db", "--data", "other")
        found = re.search(r"is whole: ([\d,]+) messages?", self.administer("verify", "--data", "other"))
        assert found is not None
        kept = int(found[1].replace(",", ""))
        self.assertGreaterEqual(kept, 500)
        words = [line["text"] for line in map(json.loads, transcript) if line["kind"] == "said"]
        self.assertGreaterEqual(len(words), kept)
        self.assertEqual(words[:500], [f"word{n}" for n in range(500)])
        said = self.administer("import", "settings.toml", "--data", "data", status=1)
        self.assertRegex(said, r"in use by another groupchat|is no|Expecting|nothing was imported")
        self.assertEqual(daemon.stop(), 0)
        restored = self.launch("--data", "other").ready()
        reader = self.connect(restored)
        reader.send('{"do": "nick", "nick": "reader", "since": 0}\n')
        reader.expect(r'"text": ?"word499"')

    def test_forget(self) -> None:
        """A person is erased while the daemon runs: nobody is shown a word any more, and no file has one."""
        daemon = self.start()
        alice = self.connect(daemon, "zebra")
        alice.send("quagga business\n/msg bob gnu secret\n/topic okapi topic\n")
        bob = self.connect(daemon, "bob")
        bob.send("innocent words\n")
        alice.expect("innocent")
        printed = self.administer("forget", "Zebra", "--yes", "--data", "data")
        self.assertRegex(printed, r"Erased 1 message and 1 topic\. .* forgotten-[0-9a-f]{8} stands for them")
        alice.expect("kicked")
        self.administer("backup", "copy.db", "--data", "data")
        self.assertIn("has said nothing", self.administer("forget", "zebra", "--yes", "--data", "data", status=1))
        bob.send("/history\n/search quagga\n/exit\n")
        shown = bob.rest().partition("left lobby")[2]
        self.assertIn("innocent words", shown)
        self.assertNotIn("quagga business", shown)
        self.assertEqual(daemon.stop(), 0)
        self.administer("verify", "--data", "data")
        copied = (self.folder / "copy.db").read_bytes()
        kept = b"".join(file.read_bytes() for file in (self.folder / "data").iterdir() if file.is_file())
        for word in (b"quagga", b"okapi topic", b"zebra"):
            self.assertFalse(word in copied.lower(), word)
            self.assertFalse(word in kept.lower(), word)
        self.assertIn(b"innocent", copied)

    def test_retention(self) -> None:
        """With retain_days, what is older is removed at the start; what is newer stays."""
        daemon = self.start()
        alice = self.connect(daemon, "alice")
        alice.send("one\ntwo\n/exit\n")
        alice.rest()
        self.assertEqual(daemon.stop(), 0)
        with sqlite3.connect(self.folder / "data" / "chat.db") as database:
            database.execute("UPDATE posts SET at = at - 90000000 WHERE text = 'one'")
            database.execute("UPDATE spans SET at = (SELECT at FROM posts ORDER BY id LIMIT 1)")
        database.close()
        daemon = self.start("--settings", self.settings("retain_days = 1\n"))
        daemon.logged("Messages up to #1 have expired, and count as removed$")
        self.assertEqual(daemon.stop(), 0)
        kinds = [json.loads(line)["kind"] for line in self.administer("export", "--data", "data").splitlines()]
        self.assertEqual(kinds, ["export", "origin", "said"])
        self.assertIn("is whole: 1 message, up to #2", self.administer("verify", "--data", "data"))

    def test_moving(self) -> None:
        """An evening is carried to another daemon; its people may go on editing, and doing it again changes nothing."""
        daemon = self.start()
        self.administer("user", "add", "alice", "--data", "data", typed="correct horse\n")
        self.administer("user", "promote", "alice", "--data", "data")
        alice, bob = self.connect(daemon), self.connect(daemon, "bob")
        alice.send('{"do": "nick", "nick": "alice", "password": "correct horse"}\n')
        alice.expect("welcome")
        bob.send("rude words\n")
        alice.expect("rude words")
        for verb in (
            {"do": "say", "text": "good morn"}, {"do": "edit", "text": "good morning"}, {"do": "topic", "text": "tea"},
            {"do": "delete", "id": 3}, {"do": "mute", "nick": "bob", "reason": "rude"},
        ):  # fmt: skip
            alice.send(json.dumps({**verb, "ref": "x"}) + "\n")
            alice.expect('"done","ref":"x"')
        self.administer("export", "--data", "data", "--output", "chat.jsonl")
        self.assertIn("in use by another", self.administer("import", "chat.jsonl", "--data", "data", status=1))
        self.assertEqual(daemon.stop(), 0)
        printed = self.administer("import", "chat.jsonl", "--data", "other")
        self.assertIn("No password was imported for alice: ", printed)
        for data in ("data", "other"):
            self.assertIn("imported 0, ", self.administer("import", "chat.jsonl", "--data", data))
            self.assertIn("is whole", self.administer("verify", "--data", data))
        daemon = self.launch("--data", "other").ready()
        for password, code in (("", "password-wrong"), ("correct horse", "password-wrong")):
            line = self.connect(daemon)
            line.send(json.dumps({"do": "nick", "nick": "alice", "password": password}) + "\n")
            line.expect(code)
        self.administer("user", "password", "alice", "--data", "other", typed="battery staple\n")
        line = self.connect(daemon)
        line.send('{"do": "nick", "nick": "alice", "password": "battery staple", "since": 0}\n')
        line.expect("good morning")
        line.send('{"do": "edit", "text": "good evening", "ref": "edit"}\n')
        line.expect('"done".*"edit"')
        line.send('{"do": "unmute", "nick": "bob", "ref": "unmute"}\n')
        line.expect('"done".*"unmute"')

    def test_tokens(self) -> None:
        """A token works for ``session_days`` after it was last here, and is then forgotten."""
        daemon = self.start("--settings", self.settings("session_days = 40\n"))
        bots = [self.connect(daemon) for _ in range(2)]
        for number, bot in enumerate(bots):
            bot.send(f'{{"do": "nick", "nick": "bot{number}"}}\n')
            bot.expect('"welcome".*\n')
        self.assertEqual(daemon.stop(), 0)
        with sqlite3.connect(self.folder / "data" / "chat.db") as database:
            database.execute("UPDATE sessions SET seen = seen - 86400 * iif(nick = 'bot0', 39, 41)")
        database.close()
        daemon = self.start("--settings", self.settings("session_days = 40\n"))
        daemon.logged("Started with the messages")
        end = time.monotonic() + LIMIT_S
        with contextlib.closing(sqlite3.connect(self.folder / "data" / "chat.db")) as database:
            # What counts as forgotten goes when the writer has nothing else to do.
            while (found := database.execute("SELECT nick FROM sessions").fetchall()) != [("bot0",)]:
                self.assertLess(time.monotonic(), end, found)
                time.sleep(0.02)
        self.assertEqual(daemon.stop(), 0)

    def settings(self, text: str) -> str:
        path = self.folder / "settings.toml"
        path.write_text(text)
        return str(path)
