"""What a bot keeps between two runs."""

import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.bots.bot_state import BotState


class BotStateTest(SynchronousTestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "state"

    def test_kept(self) -> None:
        """Everything is there again, and only its owner can read it."""
        state = BotState(self.path, "host")
        state.memory["a"] = [1, "é"]
        state.note("token", 7, "bot")
        state.note("token", None, "bot2")
        state.save()
        again = BotState(self.path, "host")
        self.assertEqual(
            (again.token, again.since, again.names, again.memory), ("token", 7, {"bot", "bot2"}, {"a": [1, "é"]})
        )
        self.assertEqual(self.path.stat().st_mode & 0o777, 0o600)

    def test_unchanged(self) -> None:
        """What has not changed is not written again."""
        state = BotState(self.path, "host")
        state.save()
        before = self.path.stat().st_ino
        state.save()
        BotState(self.path, "host").save()
        self.assertEqual(self.path.stat().st_ino, before)

    def test_whole_or_not(self) -> None:
        """What cannot be written leaves the file as it was."""
        state = BotState(self.path, "host")
        state.save()
        before = self.path.read_text()
        state.memory["a"] = object()
        self.assertRaises(TypeError, state.save)
        self.assertEqual(self.path.read_text(), before)

    def test_not_its_own(self) -> None:
        """The file of another server, and one that is no state, are refused by name and left as they are."""
        BotState(self.path, "host").save()
        with self.assertRaisesRegex(ValueError, "belongs to the server host, not to other"):
            BotState(self.path, "other")
        for text in ("", "{", "[]", '{"server":"host"}', "7"):
            self.path.write_text(text)
            with self.assertRaisesRegex(ValueError, "is damaged"):
                BotState(self.path, "host")
            self.assertEqual(self.path.read_text(), text)

    def test_no_file(self) -> None:
        """Without a file everything works, and nothing is written."""
        state = BotState(None, "host")
        state.memory["a"] = object()
        state.save()
