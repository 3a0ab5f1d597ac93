"""Faults: the verdict of a soak."""

import random

from twisted.trial.unittest import SynchronousTestCase

from faults.soak import Sample, growth, is_flat


class SoakTest(SynchronousTestCase):
    """The growth that counts as flat."""

    def samples(self, leak: float, connections: int, noise: float = 0.0) -> list[Sample]:
        """Return samples of a daemon that leaks so many bytes with each connection."""
        chance = random.Random(connections)
        return [
            Sample(made, 90.0 + leak * made / 2**20 + chance.uniform(-noise, noise), 20)
            for made in range(100_000, 100_000 + connections, connections // 60)
        ]

    def slope(self, samples: list[Sample]) -> float:
        return growth(samples, lambda sample: sample.memory)

    def test_growth(self) -> None:
        """Growth is measured in MiB per million connections."""
        self.assertAlmostEqual(self.slope(self.samples(100, 500_000)), 100e6 / 2**20)
        self.assertAlmostEqual(self.slope(self.samples(0, 500_000)), 0)
        self.assertEqual(growth(self.samples(0, 500_000)[:1], lambda sample: sample.memory), 0)

    def test_leaks(self) -> None:
        """A leak of 15 bytes is found in half a million connections, one of 100 in 50,000; noise is not a leak."""
        for leak, connections, flat in ((15, 500_000, False), (100, 50_000, False), (0, 500_000, True)):
            slope = self.slope(self.samples(leak, connections, 1.0))
            self.assertEqual(is_flat(slope, connections / 1e6), flat, (leak, slope))

    def test_short(self) -> None:
        """After few connections less than a MiB is noise, whatever it would be after a million."""
        self.assertTrue(is_flat(40.0, 0.02))
        self.assertFalse(is_flat(40.0, 0.03))
