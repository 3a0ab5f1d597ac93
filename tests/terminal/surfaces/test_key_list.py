"""The list of keys."""

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from groupchat.terminal.surfaces.key_list import KEYS, PLAIN_KEYS, shown

PAGE = Path(__file__).parents[3] / "docs/CLIENTS.md"


class KeyListTest(SynchronousTestCase):
    def test_documented(self) -> None:
        """The documentation has the same keys, with the same words."""
        rows = "".join(f"| {keys} | {does} |\n" for keys, does in KEYS)
        self.assertIn(f"\n| key | what it does |\n|---|---|\n{rows}\n", PAGE.read_text("utf-8"))

    def test_shown(self) -> None:
        """Each key has a line of its own, and what it does stands in a column; there are no marks of Markdown."""
        for keys in KEYS, PLAIN_KEYS:
            lines = shown(keys).split("\n")
            self.assertEqual(len(lines), len(keys))
            self.assertNotIn("`", shown(keys))
            column = lines[0].index(keys[0][1].replace("`", ""))
            for line, (_, does) in zip(lines, keys, strict=True):
                self.assertEqual(line[column:], does.replace("`", ""))
