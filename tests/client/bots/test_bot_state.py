"""What a bot keeps between two runs."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.bots.bot_state import BotState
from tests.client.aio.loops import LIMIT_S


class BotStateTest(SynchronousTestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "state"

    def state(self, server: str = "host") -> BotState:
        """Return the bot's state; it is closed at the end of the test, unless it was before."""
        state = BotState(self.path, server)
        self.addCleanup(state.close)
        return state

    def test_kept(self) -> None:
        """Everything is there again, and only its owner can read it."""
        state = self.state()
        state.memory["a"] = [1, "é"]
        state.note("token", 7, "bot")
        state.note("token", None, "bot2")
        state.save()
        state.close()
        again = self.state()
        self.assertEqual(
            (again.token, again.since, again.names, again.memory), ("token", 7, {"bot", "bot2"}, {"a": [1, "é"]})
        )
        self.assertEqual(self.path.stat().st_mode & 0o777, 0o600)

    def test_unchanged(self) -> None:
        """What has not changed is not written again."""
        state = self.state()
        state.save()
        before = self.path.stat().st_ino
        state.save()
        state.close()
        self.state().save()
        self.assertEqual(self.path.stat().st_ino, before)

    def test_whole_or_not(self) -> None:
        """What cannot be written leaves the file as it was."""
        state = self.state()
        state.save()
        before = self.path.read_text()
        state.memory["a"] = object()
        self.assertRaises(TypeError, state.save)
        self.assertEqual(self.path.read_text(), before)

    def test_not_its_own(self) -> None:
        """The file of another server, and one that is no state, are refused by name and left as they are."""
        state = self.state()
        state.save()
        state.close()
        with self.assertRaisesRegex(ValueError, "belongs to the server host, not to other"):
            self.state("other")
        for content in (b"", b"{", b"[]", b'{"server":"host"}', b"7", b"\xff", b"[" * 100_000):
            self.path.write_bytes(content)
            with self.assertRaisesRegex(ValueError, "is damaged"):
                self.state()
            self.assertEqual(self.path.read_bytes(), content)

    def test_in_use(self) -> None:
        """A second bot cannot use the file, by whatever name, until the first one is done with it."""
        state = self.state()
        state.save()
        linked = self.path.with_name("link")
        linked.symlink_to("state")
        for path in (self.path, linked):
            with self.assertRaisesRegex(ValueError, "state is in use by another bot"):
                BotState(path, "host")
        state.close()
        self.state().close()
        with self.assertRaisesRegex(ValueError, "belongs to the server host"):
            self.state("other")
        self.state()  # what could not be used is not in use

    def test_other_process(self) -> None:
        """Neither can one of another process."""
        program = "import sys; from groupchat.client.bots.bot_state import BotState; BotState(sys.argv[1], 'host')"
        state = self.state()
        for is_refused in (True, False):
            ended = subprocess.run(
                [sys.executable, "-c", program, self.path], cwd=Path(__file__).parents[3],
                capture_output=True, text=True, timeout=LIMIT_S, check=False,
            )  # fmt: skip
            self.assertEqual("is in use by another bot" in ended.stderr, is_refused, ended.stderr)
            self.assertEqual(ended.returncode != 0, is_refused)
            state.close()

    def test_symbolic_link(self) -> None:
        """A link to the file stays a link, and the file that it leads to is written."""
        folder = self.path.with_name("elsewhere")
        folder.mkdir()
        self.path.symlink_to("elsewhere/real")
        state = self.state()
        state.note("token", 7, "bot")
        state.save()
        state.close()
        self.assertTrue(self.path.is_symlink())
        self.assertIn("token", (folder / "real").read_text())
        self.assertEqual(self.state().since, 7)

    def test_what_lies_in_the_way(self) -> None:
        """What others put where the new file is written is not written to, and no token is readable for others."""
        part, other = self.path.with_name("state.part"), self.path.with_name("other")
        other.write_text("precious")
        state = self.state()
        part.symlink_to(other)
        state.note("token", 7, "bot")
        self.assertRaises(OSError, state.save)
        self.assertEqual(other.read_text(), "precious")
        part.unlink()
        part.write_text("left by a run that was killed")
        part.chmod(0o644)
        self.path.touch(0o644)
        state.save()
        self.assertEqual(self.path.stat().st_mode & 0o777, 0o600)
        self.assertIn("token", self.path.read_text())
        self.assertFalse(part.exists())

    def test_not_readable(self) -> None:
        """A pipe or a folder is refused in words, without waiting for anybody."""
        os.mkfifo(self.path)
        with self.assertRaisesRegex(ValueError, "state cannot be read: it is not a regular file"):
            self.state()
        self.path.unlink()
        self.path.mkdir()
        with self.assertRaisesRegex(ValueError, "state cannot be read: it is not a regular file"):
            self.state()
        with self.assertRaisesRegex(ValueError, "state.lock cannot be written: No such file"):
            BotState(self.path.with_name("missing") / "state", "host")

    def test_no_file(self) -> None:
        """Without a file everything works, and nothing is written."""
        state = BotState(None, "host")
        state.memory["a"] = object()
        state.save()
