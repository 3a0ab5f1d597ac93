"""The scenario of the terminal client."""

from twisted.trial.unittest import SynchronousTestCase

from benchmarks.client import KEYS, check, client, text
from benchmarks.load import Broken
from benchmarks.targets import judged


def written(numbers: list[int], shares: list[int]) -> bytes:
    """Return what a client writes that shows these messages and these states of the bar."""
    bars = "".join(f"█░ {share} % │ 1,234 of 5,000 messages" for share in shares).encode()
    return bars + b"".join(text(1).replace(b"0", b"%d" % number) for number in numbers)


class ClientTest(SynchronousTestCase):
    def test_run(self) -> None:
        """A real client catches up at a real daemon: every message is shown, the bar moves, keys are echoed."""
        told: list[str] = []
        (row,) = client(2000, told.append)
        self.assertEqual((row["scenario"], row["posts"], len(told)), ("client", 2000, 2))
        self.assertGreater(row["bar_steps"], 1)
        self.assertGreater(row["keys"], 0)
        self.assertGreater(row["p50_ms"], 0)
        self.assertLessEqual(row["p99_ms"], row["max_ms"])

    def test_check(self) -> None:
        """A message that is missing, repeated or too early is a failure, and so is a bar that goes back."""
        self.assertEqual(check(written([0, 1, 2], [5, 5, 40, 90]), 3), 3)
        for numbers, shares in (([0, 2], [5]), ([0, 1, 1, 2], [5]), ([1, 0, 2], [5]), ([0, 1, 2], [50, 40])):
            self.assertRaises(Broken, check, written(numbers, shares), 3)

    def test_keys(self) -> None:
        """No key is pressed twice, and no message contains one."""
        self.assertEqual(len(set(KEYS)), len(KEYS))
        self.assertFalse(set(KEYS) & set(text(20_000).decode()))

    def test_targets(self) -> None:
        """The time and the echo of 20,000 messages are judged; those of fewer are not."""
        row = {"scenario": "client", "peer": "groupchat", "posts": 20_000, "seconds": 11.0, "p50_ms": 99.0}
        self.assertEqual([(target.limit, target.met) for target in judged([row])], [(10.0, False), (100.0, True)])
        self.assertEqual(judged([{**row, "posts": 5000}]), [])
