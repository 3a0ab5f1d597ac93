"""The page about HTTP: every line of curl in it does what it says, against a real daemon."""

import contextlib
import json
import os
import re
import subprocess
from pathlib import Path

from tests.functional.harness import LIMIT_S, TREE, Daemon, FunctionalTest, Program, program

PAGE = Path(TREE / "docs" / "HTTP.md")

BLOCKS = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)

EXPECTED = {
    "-d 'build ok'": r'\{"event":"done","id":1\}',
    "curl http://localhost:5000/rooms/lobby": r"\[\d\d:\d\d:\d\d\] #1 ci: build ok",
    "-d 'deployed'": r'\{"event":"done","id":\d+\}',
    "-d 'deployed again'": r'\{"event":"done","id":\d+\}',
    "-d 'one line'": r'"id":\d+\}',
    "a report": r'"id":\d+\}',
    "first message": r'"id":\d+,"ids":\[\d+,\d+\]',
    "so it is": r'"id":\d+\}',
    "said once": r'"id":\d+\}',
    "?count=50'": r"#\d+ ci: a report\n           \|   of several lines\n",
    "?before=100": r"#\d+ ci: said once",
    "/rooms/lobby?since=2'": r'^\{"event":"said","id":3,',
    "--compressed": r"#\d+ ci \(re #1 ci\): so it is",
    "-T README.md": r'"link":"/f/[\w-]{22}/README.md"\}',
    "-T -": r'"link":"/f/[\w-]{22}/table.csv"\}',
    "@README.md": r'"link":"/f/[\w-]{22}/notes.txt"\}',
    "$LINK": "# groupchat",
    "*deployed*": "^ok$",
    "load is high": "^ok$",
    "--data-urlencode 'payload": "^ok$",
    "-G --data-urlencode 'search": r"\A\Z",
}
"""What is answered to each line, by what only this line has."""

FOLLOWING = {
    "-N http://localhost:5000/rooms/lobby/live": r"#\d+ ci: now",
    "/live?since=2": r'^\{"event":"said","id":3,',
    "Last-Event-ID": r"^retry: 3000\n\nid: 3\ndata: \{",
}
"""What comes of each line that follows the room, once somebody has said "now"."""


def lines() -> list[str]:
    """Return the lines of the page that a shell can run."""
    return [line for block in BLOCKS.findall(PAGE.read_text("utf-8")) for line in block.splitlines()]


class PageTest(FunctionalTest):
    def test_every_line(self) -> None:
        """Each line of the page works as it stands, but for the port."""
        program("curl")
        daemon = self.start()
        alice = self.connect(daemon, "alice")
        alice.send("/register correct-horse\n/token ci\n/hook lobby ci\n")
        token = alice.expect(r"(gct_[0-9a-f]{40}) is your access token ci")[1]
        hook = alice.expect(r"http://HOST:PORT(/hooks/gch_[0-9a-f]{40})")[1]
        environment = {**os.environ, "TOKEN": token, "HOOK": hook}
        left, following = dict(EXPECTED), dict(FOLLOWING)
        for line in lines():
            here = line.replace("localhost:5000", f"127.0.0.1:{daemon.port}")
            if "/live" in line:
                (key,) = [key for key in FOLLOWING if key in line]
                follower = self.spawn("sh", "-c", f"exec {here.replace('curl', 'curl -sS')}")
                # Nothing tells when curl has been answered: so it is said until it is shown.
                self.say_until_shown(daemon, follower, following.pop(key, FOLLOWING[key]))
                continue
            (key,) = [key for key in EXPECTED if key in line]
            done = subprocess.run(
                ["sh", "-c", here.replace("curl ", "curl -sS --fail-with-body ", 1)],
                capture_output=True, text=True, env=environment, cwd=TREE, timeout=LIMIT_S, check=False,
            )  # fmt: skip
            self.assertEqual(done.returncode, 0, f"{line}: {done.stdout}{done.stderr}")
            self.assertRegex(done.stdout.replace("\r\n", "\n"), left.pop(key), line)
            if '"link"' in done.stdout:
                environment["LINK"] = json.loads(done.stdout)["link"]
        self.assertEqual((left, following), ({}, {}))
        log = daemon.log
        for secret in (token, hook, "correct-horse"):
            self.assertNotIn(secret, log)

    def say_until_shown(self, daemon: Daemon, follower: Program, pattern: str) -> None:
        """Say something again and again until a program that follows the room shows what is expected."""
        where = f"http://127.0.0.1:{daemon.port}/rooms/lobby?nick=ci"
        for _ in range(int(LIMIT_S)):
            subprocess.run(["curl", "-sS", "-d", "now", where], check=True, capture_output=True)
            with contextlib.suppress(AssertionError):
                follower.expect(pattern, 1.0)
                follower.close()
                return
        self.fail(f"{pattern} was not shown, but {follower.heard}")

    def test_json_of_the_page(self) -> None:
        """What the page shows as JSON is JSON."""
        for found in re.findall(r"`(\{.*?\})`", PAGE.read_text("utf-8")):
            json.loads(found.replace(",…", ""))
