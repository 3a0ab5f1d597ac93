"""A queue for what is costly: fair by household, with room for who has not had much of it."""

from collections import OrderedDict, deque
from typing import Generic, TypeVar

Item = TypeVar("Item")


class FairQueue(Generic[Item]):
    """Items that wait, by urgency and by household.

    1. What is more urgent (0 is most) is taken first.
    2. Among equally urgent items households take turns, and each has its own in order.
       So somebody with one item waits for one of each other household, however many these have.
    3. When the queue is full, the newest item of the household with most of the least urgent kind has to go.

    :param limit: how many items may wait.
    """

    def __init__(self, limit: int, urgencies: int = 2) -> None:
        self._limit = limit
        self._waiting: tuple[OrderedDict[str, deque[Item]], ...] = tuple(OrderedDict() for _ in range(urgencies))
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def put(self, item: Item, household: str, urgency: int) -> Item | None:
        """Let an item wait; return the one that has to go for it, which may be the same, or None."""
        self._waiting[urgency].setdefault(household, deque()).append(item)
        self._size += 1
        return self._shed() if self._size > self._limit else None

    def take(self, least_urgent: int = 1) -> Item | None:
        """Return the next item; None: nothing waits that is at least so urgent."""
        for households in self._waiting[: least_urgent + 1]:
            if households:
                household, items = next(iter(households.items()))
                item = items.popleft()
                self._size -= 1
                households.move_to_end(household)
                if not items:
                    del households[household]
                return item
        return None

    def _shed(self) -> Item:
        households = next(households for households in reversed(self._waiting) if households)
        # Of several with as many it is the one that came last.
        greediest = max(reversed(households), key=lambda household: len(households[household]))
        item = households[greediest].pop()
        self._size -= 1
        if not households[greediest]:
            del households[greediest]
        return item
