"""Quotas: how often something may be done within a time, by name.

``now`` is always an argument, in seconds on a clock that never goes back.
"""

from collections import OrderedDict

REMEMBERED = 16384
"""Most names that are remembered; beyond that the least recently used are forgotten."""


class Quota:
    """Lets a name do something ``most`` times within ``window`` seconds.

    ``most`` may be changed at any time.
    """

    def __init__(self, most: int, window: float) -> None:
        self.most = most
        self.window = window
        self._used: OrderedDict[str, list[float]] = OrderedDict()

    def __len__(self) -> int:
        """Return how many names are remembered."""
        return len(self._used)

    def wait(self, name: str, now: float, times: int = 1) -> float:
        """Return how many seconds the name has to wait until it may do it once more; 0.0: not at all.

        :param times: how many times as often this name may do it.
        """
        recent = [at for at in self._used.get(name, ()) if now - at < self.window]
        most = self.most * times
        return recent[-most] + self.window - now if len(recent) >= most else 0.0

    def use(self, name: str, now: float) -> None:
        """Count that the name does it now."""
        recent = [at for at in self._used.get(name, ()) if now - at < self.window]
        self._used[name] = [*recent, now]
        self._used.move_to_end(name)
        if len(self._used) > REMEMBERED:
            self._used.popitem(last=False)

    def give_back(self, name: str, at: float) -> None:
        """Do not count what was counted at this moment: it was not done."""
        used = self._used.get(name, [])
        if at in used:
            used.remove(at)
        if not used:
            self._used.pop(name, None)
