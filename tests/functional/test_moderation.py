"""Keeping order with a real daemon: the evening of docs/MODERATION.md, and what flooders and crowds meet."""

import re
import sys
from collections.abc import Iterator

from tests.functional.harness import TREE, TWISTD, FunctionalTest, Program

PAGE = TREE / "docs" / "MODERATION.md"
PROMPTS = ("Choose your nickname:", "Password:")
CLOSED = "(the connection is closed)"


def blocks(page: str) -> Iterator[tuple[str, list[str]]]:
    """Whose terminal each transcript on the page is from, and its lines."""
    for block in re.findall(r"^```text\n(.*?)^```$", page, re.MULTILINE | re.DOTALL):
        first, *lines = block.splitlines()
        yield first.strip("[]"), lines


def pattern(line: str) -> str:
    """What matches a line that was shown, at whatever time."""
    if line in PROMPTS:
        return re.escape(line) + " "
    exact = re.sub(r"\d\d:\d\d:\d\d", "TIME", line)
    exact = re.escape(re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "DATE", exact))
    return exact.replace("TIME", r"\d\d:\d\d:\d\d").replace("DATE", r"\d{4}-\d\d-\d\d \d\d:\d\d") + r"\r?\n"


class EveningTest(FunctionalTest):
    def test_transcript(self) -> None:
        """Every line docs/MODERATION.md shows is shown, in that order, with nothing between the lines of a block."""
        daemon = self.launch(
            command=[
                *TWISTD, "-n", "--pidfile=", "groupchat", "--port", "tcp:0:interface=127.0.0.1", "--data", "data",
            ]
        ).ready()  # fmt: skip
        commands = {
            "nc": ["nc", "127.0.0.1", str(daemon.port)],
            "groupchat": [sys.executable, "-m", "groupchat.admin"],
        }
        terminals: dict[str, Program] = {}
        steps = 0
        for who, lines in blocks(PAGE.read_text(encoding="utf-8")):
            adjacent = False
            for line in lines:
                kind, _, rest = line.partition(" ")
                steps += 1
                if kind == "$":
                    name, *words = rest.split()
                    words = [] if name == "nc" else [*words, "--data", str(self.folder / "data")]
                    terminals[who] = self.spawn(*commands[name], *words)
                elif kind == "→":
                    terminals[who].send(f"{rest}\n")
                elif rest == CLOSED:
                    terminals[who].finish()  # netcat ends only when nothing more can be typed
                    self.assertEqual(terminals[who].rest(), "")
                    adjacent = False
                else:
                    self.assertEqual(kind, "←", line)
                    terminals[who].expect(("\\A" if adjacent else "^") + pattern(rest))
                    adjacent = rest not in PROMPTS
                    continue
                adjacent = adjacent and kind == "→"
        self.assertGreater(steps, 100)
        self.assertEqual(daemon.stop(), 0)
        self.assertEqual(daemon.errors, "")
