"""Files sent and fetched with real curl: any size and name arrives whole, or is refused by name."""

import hashlib
import json
import os
import subprocess
from pathlib import Path
from typing import Any

from tests.functional.harness import LIMIT_S, FunctionalTest, program

NAMES = (
    *("a", "my cat (1).jpg", "мой кот.txt", "\U0001f469\u200d\U0001f467.png", ".profile", "x" * 200, 'quote"d'),
    *("100%.txt", "-rf", "a;b&c=d?e#f"),
)
REFUSED = ("..%2F..%2Fetc%2Fpasswd", "a%0D%0Ab", "x" * 300, "photo%E2%80%AEgpj.exe", "%2E%2E", "a%00b", "a%1B%5B2Jb")


class FilesTest(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        program("curl")
        self.daemon = self.start("--exempt", "127.0.0.0/8")
        alice = self.connect(self.daemon, "alice")
        alice.send("/register correct-horse\n")
        alice.expect("alice")
        self.alice = alice
        self.base = f"http://127.0.0.1:{self.daemon.port}"

    def curl(self, *arguments: str) -> bytes:
        """Return what curl wrote."""
        command = ["curl", "-sS", "--globoff", "--path-as-is", "-u", "alice:correct-horse", *arguments]
        return subprocess.run(command, capture_output=True, timeout=LIMIT_S, check=True).stdout

    def put(self, path: Path | str, target: str = "/rooms/lobby/") -> dict[str, Any]:
        """Send a file; return the answer."""
        answer: dict[str, Any] = json.loads(self.curl("-T", str(path), self.base + target))
        return answer

    def test_sizes(self) -> None:
        """Files of no bytes and of as many as one may have arrive whole, of one more they are refused, not sent."""
        for size in (0, 1, 65536, 16 * 2**20):
            path = self.folder / f"file{size}"
            path.write_bytes(content := os.urandom(size))
            answer = self.put(path)
            self.assertEqual(answer["event"], "done", answer)
            found = self.curl(self.base + answer["link"])
            self.assertEqual(hashlib.sha256(found).digest(), hashlib.sha256(content).digest())
        path.write_bytes(bytes(16 * 2**20 + 1))
        told = self.curl("-w", "%{size_upload}", "-T", str(path), f"{self.base}/rooms/lobby/")
        self.assertIn(b"file-too-large", told)
        self.assertEqual(told.splitlines()[-1], b"0")

    def test_names(self) -> None:
        """A name arrives as it is, or is refused by a sentence about names, and nothing is kept."""
        for name in NAMES:
            path = self.folder / name
            path.write_text(name)
            answer = self.put(path)
            self.assertEqual(answer["event"], "done", (name, answer))
            head = self.curl("-I", self.base + answer["link"]).decode()
            self.assertIn("filename*=UTF-8''", head)
            self.assertEqual(self.curl(self.base + answer["link"]).decode(), name)
        path = self.folder / "other"
        path.write_text("other")
        for name in REFUSED:
            answer = self.put(path, f"/rooms/lobby/{name}")
            self.assertEqual((answer["event"], answer["code"]), ("refused", "bad-arguments"), name)
            self.assertRegex(answer["text"], r"[Nn]ame of a file|needs a name")
        events = self.curl("-H", "Accept: application/x-ndjson", f"{self.base}/rooms/lobby?since=0").splitlines()
        shared = [event["name"] for event in map(json.loads, events) if event["event"] == "shared"]
        self.assertEqual(shared, list(NAMES))
