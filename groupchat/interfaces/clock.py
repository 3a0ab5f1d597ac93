"""Time as the core is given it."""

from collections.abc import Callable
from typing import Protocol


class Clock(Protocol):
    """Time as the core is given it: a reactor, or a test's clock."""

    def seconds(self) -> float:
        """Seconds on a clock that never jumps."""

    def callLater(self, delay: float, callable: Callable[..., object], *args: object) -> object:
        """Call the function after this many seconds."""
