"""The seams: what the core asks of a screen, a style, a journal, a roster and a door.

Core code knows these and nothing behind them, so that a door or a journal can be added without touching it.
"""

from collections.abc import Sequence
from enum import IntFlag
from typing import NewType

from zope.interface import Attribute, Interface

from groupchat.model.events import Answer, Event, Ref
from groupchat.model.preferences import Preferences

Rendered = NewType("Rendered", bytes)
"""What a style made of events, ready for the wire.  The core passes it on and never looks inside."""


class Hold(IntFlag):
    """Why a peer's input is not being taken just now; it is again when no reason is left."""

    ANSWER = 1
    """Its last request must be answered first."""
    FLOOD = 2
    """It sends faster than allowed."""
    JOURNAL = 4
    """The journal does not keep up."""
    OUTBOUND = 8
    """It does not read what it is sent."""
    TURN = 16
    """It had its share of this reactor turn."""


class IStyle(Interface):
    """One way of showing events: a door's form with one set of preferences.

    Styles are interned: one object per way of showing, so that the core can group members by it.
    """

    door: str = Attribute("The name of the door whose style it is: ``text``, ``json``, …")
    preferences: Preferences = Attribute("The preferences it follows.")

    def render(events: Sequence[Event], previous: Sequence[float], marked: bool) -> list[Rendered]:
        """Turn posts and notices into one rendering each (empty: nothing to show), in the same order.

        :param previous: for each event, the ``at`` of what was shown before it in its room (for day lines).
        :param marked: whether each is marked with its room, because the reader's lines go to another one.
        """

    def answer(answer: Answer, ref: Ref, current: str) -> Rendered:
        """Turn an answer for one person into its rendering, which may be empty.

        :param current: the room the person's lines go to; posts of other rooms in the answer are marked.
        """

    def echoes(event: Event) -> bool:
        """Whether the person who caused this event is shown it too."""


class IScreen(Interface):
    """One connection as the core sees it."""

    style: IStyle = Attribute("How things are shown there now.")
    address: str = Attribute("The peer's IP address, for logs and limits; empty when there is none.")
    secure: bool = Attribute("Whether the connection is encrypted.")
    exempt: bool = Attribute("Whether flood limits do not apply to its address.")

    def write(rendered: Rendered) -> None:
        """Hand this to the transport now.  Never raises, also when the connection is gone."""

    def prefer(preferences: Preferences) -> None:
        """Set ``style`` to this door's style with these preferences."""

    def hold(reason: Hold) -> None:
        """Take no more lines from the peer until ``release(reason)``."""

    def release(reason: Hold) -> None:
        """One reason fewer to hold; with none left, go on with lines that wait, in order."""

    def conceal() -> None:
        """Ask the peer not to show what is typed, as far as it can."""

    def reveal() -> None:
        """Ask the peer to show again what is typed; what follows stands on a new line."""

    def close() -> None:
        """Close once everything written is sent; take no more lines."""

    def abort() -> None:
        """Drop the connection and everything unsent at once."""
