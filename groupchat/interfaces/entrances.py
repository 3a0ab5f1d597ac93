"""Ways in: what a kind of client has to provide to be let in."""

from typing import Any

from zope.interface import Attribute, Interface


class IDoor(Interface):
    """A kind of client that can come in: how its connections begin, and what serves them."""

    name: str = Attribute("``text``, ``json``, …")
    openings: tuple[bytes, ...] = Attribute("Its clients begin with one of these.")

    def admit(front: Any) -> None:
        """Serve the connection from now on, which began with one of the openings."""
