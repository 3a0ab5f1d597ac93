"""The session of who asks how the server stands before its hall is open: nothing else is known by then."""

from collections.abc import Mapping

from groupchat.model.errors import JournalUnavailable
from groupchat.model.events import Ref
from groupchat.sessions.session import Session

STANDING = frozenset({"status", "nodes"})
"""The requests whose answers do not come from what the hall learns when it is opened."""


class EarlySession(Session):
    """A session of the control socket on a hall that is not open; it stays one, also if the hall is opened."""

    __slots__ = ()

    def do(self, name: str, arguments: Mapping[str, object], ref: Ref = None, key: str | None = None) -> None:
        """Tell how the server stands, and refuse everything else."""
        if name in STANDING:
            super().do(name, arguments, ref, key)
        else:
            self.refuse(JournalUnavailable("The server is still starting. Ask again when it has started."), ref)

    def type(self, line: str, ref: Ref = None, key: str | None = None, room: str | None = None) -> None:
        """Refuse what a person typed."""
        self.do("type", {}, ref, key)
