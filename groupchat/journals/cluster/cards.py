"""The card of a node: the small JSON object by which the others know it as long as it lives."""

import json
from collections.abc import Callable
from dataclasses import field
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred

from groupchat.interfaces.shared_log import LiveNode
from groupchat.interfaces.storage import NodeCard
from groupchat.lazy.records import record

NEVER = 2**62
"""The revision on the card of a node that takes no messages any more: the log need keep nothing for it."""


@record
class Card:
    """What a node says of itself.

    ``version``, ``rules``: what it runs, and the newest rules it knows.  ``address``: where its people connect.
    ``applied``, ``revision``: the last entry that it has carried out.
    ``secret``, ``fingerprint``: with which other nodes may fetch files there, and the certificate that they find.
    ``check``, ``digest``: the number of the last check that it has carried out, and what it found; 0: none yet.
    """

    version: str = ""
    rules: int = 1
    address: str = ""
    applied: int = 0
    revision: int = 0
    check: int = 0
    digest: str = ""
    secret: str = field(default="", repr=False)
    fingerprint: str = ""

    def encode(self) -> bytes:
        """Return the card as it is shown."""
        fields = {name: getattr(self, name) for name in _FIELDS}
        return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


_FIELDS: dict[str, type[Any]] = {
    "version": str, "rules": int, "address": str, "applied": int, "revision": int, "check": int, "digest": str,
    "secret": str, "fingerprint": str,
}  # fmt: skip


MOST_CHARACTERS = 512
"""The most characters of a text on a card; the longest has about 300, an address."""


def read_card(live: LiveNode) -> Card:
    """Read the card of a living node; what another version does not say is as usual, what it says besides is left.

    So is what no node says: whoever can write to etcd may have put anything there, and people are shown it.
    """
    try:
        fields = json.loads(live.card)
    except ValueError:
        fields = {}
    if not isinstance(fields, dict):
        fields = {}
    return Card(**{name: fields[name] for name, form in _FIELDS.items() if _is_said(fields.get(name), form)})


def _is_said(found: object, form: type[Any]) -> bool:
    """Return whether a node can have said this on its card."""
    if isinstance(found, str):
        return form is str and len(found) <= MOST_CHARACTERS and found.isprintable()
    return type(found) is form and isinstance(found, int) and 0 <= found < 2**63


def node_card(live: LiveNode) -> NodeCard:
    """Return what the card of a living node says to whoever asks how the cluster stands."""
    card = read_card(live)
    return NodeCard(
        live.epoch, card.version, card.rules, card.applied, card.address, card.check, card.digest,
        secret=card.secret, fingerprint=card.fingerprint, is_stopped=card.revision == NEVER,
    )  # fmt: skip


class Showing:
    """Shows the card of a node to the others, one at a time: an older one must not arrive after it.

    :param show: shows a card in the log.
    """

    def __init__(self, show: "Callable[[bytes], Deferred[None]]") -> None:
        self._show = show
        self._shown = self._to_show = b""
        self._is_busy = False

    def begin(self) -> None:
        """Note that none is shown: another epoch has begun."""
        self._shown = b""

    def show(self, card: bytes) -> None:
        """Show a card instead of the one before."""
        self._to_show = card
        self._go_on()

    def _go_on(self) -> None:
        if self._is_busy or self._to_show == self._shown:
            return
        showing, self._is_busy = self._to_show, True

        def shown(_: object) -> None:
            self._is_busy, self._shown = False, showing
            self._go_on()

        def failed(_: object) -> None:
            # Its epoch has ended, as will be noticed, or it has none; the next one begins with another card.
            self._is_busy, self._shown = False, b""

        maybeDeferred(self._show, showing).addCallbacks(shown, failed)
