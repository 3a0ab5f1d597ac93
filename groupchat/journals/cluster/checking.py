"""Compare what the nodes have, some rows, facts and sessions each minute: one that is not equal is found and stops.

Rules:

1. A check is an entry: every node computes digests at the same place of the log, whatever it has carried out besides.
2. What each found stands on its card.  The check after that states what its proposer had found, and whoever found
   something else stops.
3. A proposer first looks at the cards: when most nodes found something else than itself, it stops and states nothing.
"""

from collections import Counter
from collections.abc import Callable, Mapping

from groupchat.interfaces.shared_log import LiveNode
from groupchat.journals.cluster.cards import read_card
from groupchat.lazy.records import record
from groupchat.model.errors import JournalBroken
from groupchat.model.node_operations import Check, Checked

ROWS = 5000
"""Rows that are compared at a time."""

CHECK_S = 60.0
"""Seconds between two checks."""


@record
class Found:
    """What this node found at the last check: the number of its entry, the chain up to it, and the digests."""

    number: int
    chain: str
    checked: Checked

    @property
    def digest(self) -> str:
        """All of it in short, as it stands on the card."""
        return f"{self.checked.rows[:16]}{self.checked.facts[:16]}{self.chain[:16]}"


class Checking:
    """Checks, by this node and by others.

    :param differs: called with JournalBroken when this node is not equal to the others.

    ``found``: at the last check; None: there was none since the start.
    """

    def __init__(self, differs: Callable[[JournalBroken], None]) -> None:
        self._differs = differs
        self._upto = 0
        self.found: Found | None = None

    def next(self, head: int, others: Mapping[str, LiveNode]) -> Check | None:
        """Return the check to propose now; None: this node is not equal to the others, and has stopped.

        :param head: the highest number here.  :param others: the other nodes that live.
        """
        found = self.found
        if found is not None and self._is_outvoted(found, others):
            self._fail(found)
            return None
        first = self._upto + 1 if self._upto < head else 1
        upto = first + ROWS - 1
        if found is None:
            return Check(first, upto)
        checked = found.checked
        return Check(first, upto, found.number, checked.rows, checked.facts, found.chain, checked.kind, checked.name)

    def note(self, number: int, chain: str, check: Check, outcome: Checked) -> None:
        """Note that a check is carried out here.  :param chain: up to its entry."""
        known, self.found = self.found, Found(number, chain, outcome)
        self._upto = check.upto
        if known is None or check.before != known.number:
            return
        if (check.rows, check.facts, check.chain) != (known.checked.rows, known.checked.facts, known.chain):
            self._fail(known)

    def _is_outvoted(self, found: Found, others: Mapping[str, LiveNode]) -> bool:
        cards = map(read_card, others.values())
        votes = Counter(card.digest for card in cards if card.check == found.number)
        votes[found.digest] += 1
        return max(votes.values()) > votes[found.digest]

    def _fail(self, found: Found) -> None:
        self._differs(
            JournalBroken(
                f"what stands in this journal is not what the other nodes have, as of entry {found.number:,}: it needs"
                " a copy of another one’s, by “groupchat backup” there and “groupchat seed” here"
            )
        )
