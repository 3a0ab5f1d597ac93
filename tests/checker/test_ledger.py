"""The comparison of what was promised with what exists."""

import tempfile
from pathlib import Path
from shutil import rmtree

from twisted.trial.unittest import SynchronousTestCase

from groupchat.checker.ledger import Findings, Kept, Ledger, Outcome, compare


class CompareTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.ledger = Ledger("cafe0123")

    def post(self, client: int, post: int, id: int = 0, code: str = "") -> None:
        """A post that was sent, and acknowledged or refused, or neither."""
        attempt = self.ledger.attempt(client, post)
        attempt.code = code
        if id:
            self.ledger.acknowledge(attempt, id)

    def found(self, *history: Kept) -> Findings:
        return compare(self.ledger, history)

    def assert_only(self, findings: Findings, kind: str, pattern: str) -> None:
        """One fault, of this kind."""
        kinds = ("lost", "duplicated", "unexpected", "out_of_order")
        self.assertEqual([name for name in kinds if getattr(findings, name)], [kind])
        (sentence,) = getattr(findings, kind)
        self.assertRegex(sentence, pattern)
        self.assertFalse(findings.good)
        self.assertIn(f"! {kind.replace('_', ' ')}: {sentence}", list(findings.lines()))

    def test_good(self) -> None:
        """Acknowledged posts that exist, refused ones that do not, and unknown ones either way are good."""
        self.post(0, 0, 5)
        self.post(1, 0, code="muted")
        self.post(1, 1)
        self.post(2, 0)
        self.post(3, 0, code="journal-unavailable")
        findings = self.found(Kept(5, 0, 0), Kept(6, 2, 0), Kept(7, 3, 0))
        self.assertTrue(findings.good)
        self.assertEqual(findings.recovered, 2)
        self.assertEqual(self.ledger.tally(), {Outcome.ACKNOWLEDGED: 1, Outcome.REFUSED: 1, Outcome.UNKNOWN: 3})

    def test_lost(self) -> None:
        """An acknowledged post that does not exist is lost."""
        self.post(0, 0, 5)
        self.assert_only(self.found(), "lost", r"^cafe0123\.0\.0 was acknowledged as #5: it is not there$")

    def test_another_number(self) -> None:
        """So is one that exists, but under another number."""
        self.post(0, 0, 5)
        self.assert_only(self.found(Kept(6, 0, 0)), "lost", "it stands at #6")

    def test_shown_and_lost(self) -> None:
        """So is one that was shown and does not exist."""
        self.ledger.shown[5] = Kept(5, 0, 0)
        self.post(0, 0)
        self.assert_only(self.found(), "lost", "^#5, .* was shown, and is not there")

    def test_never_shown(self) -> None:
        """So is one that the watcher, who reads everything, was never shown."""
        self.post(0, 0, 5)
        self.ledger.watched = True
        self.assert_only(self.found(Kept(5, 0, 0)), "lost", "^#5 was never shown")

    def test_duplicated(self) -> None:
        """A post that exists twice is duplicated."""
        self.post(0, 0, 5)
        self.assert_only(self.found(Kept(5, 0, 0), Kept(6, 0, 0)), "duplicated", "stands at #5, #6")

    def test_unexpected(self) -> None:
        """A post that was refused, or never sent, and exists is unexpected."""
        self.post(0, 0, code="muted")
        self.assert_only(self.found(Kept(5, 0, 0)), "unexpected", r"was refused \(muted\)")
        self.ledger.attempts.clear()
        self.assert_only(self.found(Kept(5, 0, 0)), "unexpected", "was never sent")

    def test_order_of_a_client(self) -> None:
        """The posts of a client are in the order in which it sent them."""
        self.post(0, 0)
        self.post(0, 1)
        self.assert_only(self.found(Kept(5, 0, 1), Kept(6, 0, 0)), "out_of_order", "stands after")

    def test_order_of_time(self) -> None:
        """A post that was sent after a client knew a number has a higher one."""
        self.post(0, 0, 6)
        self.post(1, 0, 5)
        self.assert_only(self.found(Kept(5, 1, 0), Kept(6, 0, 0)), "out_of_order", "#6 was told before it was sent")

    def test_order_of_the_history(self) -> None:
        """The history rises."""
        self.post(0, 0)
        self.post(1, 0)
        self.assert_only(self.found(Kept(6, 0, 0), Kept(5, 1, 0)), "out_of_order", "^the history has #5 after #6")

    def test_two_numbers(self) -> None:
        """A post that is acknowledged twice has one number."""
        self.post(0, 0, 5)
        self.ledger.acknowledge(self.ledger.attempts[0], 5)
        self.assertTrue(self.found(Kept(5, 0, 0)).good)
        self.ledger.acknowledge(self.ledger.attempts[0], 6)
        self.assertIn("and again as #6", self.found(Kept(6, 0, 0)).out_of_order[0])

    def test_many_faults(self) -> None:
        """Ten of a kind are described, the others counted."""
        for number in range(12):
            self.post(number, 0, number + 1)
        lines = list(self.found().lines())
        self.assertEqual(lines[0].split(), ["lost", "12"])
        self.assertEqual(sum(line.startswith("! lost") for line in lines), 11)
        self.assertEqual(lines[-1], "! lost: and 2 more")

    def test_on_disk(self) -> None:
        """A record is read as it was written; another file is refused."""
        folder = Path(tempfile.mkdtemp())
        self.addCleanup(rmtree, folder)
        self.ledger.after = 3
        self.post(0, 0, 5)
        self.post(1, 0, code="muted")
        self.ledger.write(folder / "record")
        read = Ledger.read(folder / "record")
        self.assertEqual((read.run, read.after, read.attempts), ("cafe0123", 3, self.ledger.attempts))
        (folder / "other").write_text('{"something": "else"}\n')
        self.assertRaisesRegex(ValueError, "not a record of a check", Ledger.read, folder / "other")

    def test_recognised(self) -> None:
        """Only a text of this run is one of its posts, with its filler or without."""
        attempt = self.ledger.attempt(2, 7)
        text = self.ledger.text(attempt)
        for told, kept in (
            (text, Kept(5, 2, 7)), (f"{text} xxx", Kept(5, 2, 7)), (f"{text}x", None), (f"x{text}", None),
            (text.upper(), None), ("", None), ("cafe0123.2", None), ("cafe0124.2.7", None),
        ):  # fmt: skip
            self.assertEqual(self.ledger.kept(5, told), kept, told)

    def test_runs_differ(self) -> None:
        """Two runs have different texts."""
        self.assertNotEqual(Ledger().run, Ledger().run)
