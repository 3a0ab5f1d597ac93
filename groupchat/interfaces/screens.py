"""Screens and styles: a connection as the core sees it, and the form in which things are shown there."""

from collections.abc import Sequence
from enum import IntFlag
from typing import NewType

from zope.interface import Attribute, Interface

from groupchat.model.events import Answer, Event, Ref
from groupchat.model.preferences import Preferences

Rendered = NewType("Rendered", bytes)
"""Bytes that a style made of events, ready for the wire.  The core passes them on and never looks inside."""


class Hold(IntFlag):
    """A reason why a peer's input is not being taken just now; it is again when no reason is left."""

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

    Styles are interned: there is one object per way of showing, so that the core can group connections by it,
    and what it renders is made once for all of them.
    """

    door: str = Attribute("The name of the door whose style it is: ``text``, ``json``, …")
    preferences: Preferences = Attribute("The preferences it follows.")
    resumes: bool = Attribute("Whether its clients are given a token, with which they can come back as who they were.")
    attended: bool = Attribute("Whether a person always sits at its clients.")
    prose: bool = Attribute("Whether its readers want a sentence where a list would be empty.")

    def render(events: Sequence[Event], previous: Sequence[float], marked: bool) -> list[Rendered]:
        """Turn posts and notices into one rendering each (empty: nothing to show), in the same order.

        Renderings are joined as they are: a style whose protocol has frames returns whole frames.
        What is made of one event depends on nothing else here, so that it can be used again; but of many deletions in
        a row, one rendering may be made.

        :param previous: for each event, the ``at`` of what was shown before it in its room (for day lines).
        :param marked: whether each is marked with its room, because the reader's lines go to another one.
        """

    def echoes(event: Event) -> bool:
        """Say whether the person who caused this event is shown it too."""


class IScreen(Interface):
    """One connection as the core sees it."""

    style: IStyle = Attribute("How things are shown there now.")
    address: str = Attribute("The peer's IP address, for logs and limits; empty when there is none.")
    secure: bool = Attribute("Whether the connection is encrypted.")
    base: str = Attribute("Where the peer reaches this server over HTTP, such as ``http://192.0.2.1:5000``; or empty.")
    terminal: str = Attribute("The kind of terminal, such as ``xterm``, as the peer says; empty: it is not known.")
    exempt: bool = Attribute("Whether flood limits do not apply to its address.")

    def answer(answer: Answer, ref: Ref, nick: str, current: str) -> Rendered:
        """Turn an answer for this connection into its rendering, which may be empty.

        :param nick: the reader's nickname; empty before there is one.
        :param current: the room the reader's lines go to; posts of other rooms in the answer are marked.
        """

    def write(rendered: Rendered) -> None:
        """Hand this to the transport now.  Never raises, also when the connection is gone."""

    def prefer(preferences: Preferences) -> None:
        """Set ``style`` to this door's style with these preferences."""

    def hold(reason: Hold) -> None:
        """Take no more lines from the peer until ``release(reason)``."""

    def release(reason: Hold) -> None:
        """Drop one reason to hold; with none left, go on with lines that wait, in order."""

    def yield_turn() -> None:
        """Take no more lines from the peer in this turn of the reactor: the last one cost as much as many."""

    def answer_pings() -> None:
        """Take the pings among the lines that wait for an earlier answer; the other lines go on waiting, in order.

        To be called now and then while that answer may be long in coming, as when nothing can be stored.
        """

    def silence() -> float:
        """Return for how many seconds nothing at all has come from the peer's side although it owes an answer.

        0.0: it owes none, or that is not known.
        """

    def conceal() -> None:
        """Ask the peer not to show what is typed, as far as it can."""

    def reveal() -> None:
        """Ask the peer to show again what is typed; what follows stands on a new line."""

    def close(code: str) -> None:
        """Close once everything written is sent, and take no more lines.

        :param code: why, as a stable code: ``exit``, ``kicked``, ``replaced``, ``stopping`` …
        """

    def abort() -> None:
        """Drop the connection and everything unsent at once."""
