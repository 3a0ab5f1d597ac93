"""Stand-ins for what a door works with."""

from collections.abc import Callable, Mapping
from typing import Any

from twisted.internet.interfaces import IDelayedCall
from twisted.internet.task import Clock

from groupchat.config.settings import Settings
from groupchat.interfaces.screens import IScreen, Rendered
from groupchat.model.claims import Claim
from groupchat.model.errors import Refusal
from groupchat.model.events import Ref
from groupchat.sessions.session import State

SETTINGS = Settings(line_limit_bytes=256, json_limit_bytes=1024, json_limit_depth=4)
"""Small limits, so that tests reach them."""

TURN_S = 0.001


class TurnClock(Clock):
    """A clock on which "at once" is the next turn, as on a reactor."""

    def callLater(self, delay: float, callable: Callable[..., object], *args: object, **kw: object) -> IDelayedCall:
        return super().callLater(max(delay, TURN_S), callable, *args, **kw)


class FakeSession:
    """Writes down what it is called with; closes its screen when told to leave."""

    def __init__(self, screen: IScreen) -> None:
        self.screen = screen
        self.state = State.CHATTING
        self.calls: list[Any] = []
        self.charged = 0.0

    def greet(self) -> None:
        self.screen.write(Rendered(b"? "))

    def typed(self, line: str) -> None:
        self.calls.append(line)

    def offer(self, claim: Claim, ref: Ref = None) -> None:
        self.calls.append(("offer", claim, ref))

    def type(self, line: str, ref: Ref = None, key: str | None = None, room: str | None = None) -> None:
        self.calls.append(("type", line, ref, key, *([] if room is None else [room])))

    def do(self, name: str, arguments: Mapping[str, object], ref: Ref = None, key: str | None = None) -> None:
        self.calls.append(("do", name, dict(arguments), ref, key))

    def refuse(self, refusal: Refusal, ref: Ref = None) -> None:
        self.calls.append(("refuse", refusal.code, ref))

    def reject(self, refusal: Refusal, ref: Ref = None) -> None:
        self.charge(1)
        self.refuse(refusal, ref)

    def charge(self, cost: float) -> bool:
        self.charged += cost
        return True

    def hangup(self, refusal: Refusal | None = None) -> None:
        self.calls.append(("hangup", refusal and refusal.code))
        if refusal is not None:
            self.screen.write(Rendered(f"!! {refusal.code}: {refusal}\r\n".encode()))
        self.screen.close(refusal.code if refusal is not None else "connection-lost")

    def ended(self) -> None:
        self.calls.append("ended")
        self.screen.close("exit")

    def lost(self, reason: str) -> None:
        self.calls.append(("lost", reason))

    def paused(self) -> None:
        self.calls.append("paused")

    def drained(self) -> None:
        self.calls.append("drained")
