"""A screen that shows nothing, for connections with which nobody converses here."""

from zope.interface import implementer

from groupchat.interfaces.screens import Hold, IScreen, IStyle, Rendered
from groupchat.model.events import Answer, Ref
from groupchat.model.preferences import Preferences

NOTHING = Rendered(b"")


@implementer(IScreen)
class SilentScreen:
    """Shows nothing, and holds nobody up; what a kind of connection can do more, its own screen adds."""

    address = ""
    base = ""
    terminal = ""
    secure = False
    exempt = False

    def __init__(self, style: IStyle) -> None:
        self.style = style

    def answer(self, answer: Answer, ref: Ref, nick: str, current: str) -> Rendered:
        """Show nothing."""
        return NOTHING

    def write(self, rendered: Rendered) -> None:
        """Do nothing."""

    def prefer(self, preferences: Preferences) -> None:
        """Do nothing: the style stays."""

    def hold(self, reason: Hold) -> None:
        """Do nothing: no lines are read."""

    def release(self, reason: Hold) -> None:
        """Do nothing."""

    def yield_turn(self) -> None:
        """Do nothing."""

    def answer_pings(self) -> None:
        """Do nothing, likewise."""

    def silence(self) -> float:
        """Return 0.0: nothing is known of its network."""
        return 0.0

    def conceal(self) -> None:
        """Do nothing: nobody types here."""

    def reveal(self) -> None:
        """Do nothing."""

    def close(self, code: str) -> None:
        """Do nothing."""

    def abort(self) -> None:
        """Do nothing."""
