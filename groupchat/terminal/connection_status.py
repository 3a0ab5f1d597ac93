"""Remarks about the connection: the first one, an interruption, and its end."""

from groupchat.client.client import Client
from groupchat.client.core.client_state import State
from groupchat.terminal.display.chat_state import ChatState
from groupchat.terminal.display.display import Display
from groupchat.terminal.surfaces.surface import Surface


class ConnectionStatus:
    """Follows the connections of one session: the first, and those after an interruption."""

    def __init__(self, state: ChatState, surface: Surface, display: Display) -> None:
        self._state = state
        self._surface = surface
        self._display = display
        self.has_joined = False
        """True once the client has joined in this session."""
        self._interrupted = False

    def begin(self) -> None:
        """Begin another session."""
        self.has_joined = self._interrupted = False

    def progress(self, state: State) -> None:
        """Show that a connection is being made."""
        self._state.connection = state.value if not self._interrupted else "reconnecting"

    def joined(self, client: Client) -> None:
        """Show that the client has joined."""
        self._state.connection = "connected"
        if self._interrupted:
            self._remark("Connected again.")
        elif not self.has_joined:
            where = f"in {client.room}" if client.room else "in no room"
            self._remark(f"You are {client.nick}, {where}. /help lists the commands, /keys the keys.")
            for line in client.motd.splitlines():
                self._surface.write(self._display.answer(line))
        self.has_joined, self._interrupted = True, False

    def lost(self, sentence: str, delay: float) -> None:
        """Show why a connection was lost, once for each interruption, and when the next is tried.

        :param sentence: why; empty: the person was told.
        """
        self._state.disconnected()
        self._state.connection = f"reconnecting in {delay:.0f} s"
        if not self._interrupted:
            self._interrupted = True
            stop = "" if sentence.endswith((".", "!", "?")) else "."
            why = f"{sentence}{stop} " if sentence else ""
            self._remark(f"{why}What you type is kept, and sent when the connection is back.")

    def _remark(self, sentence: str) -> None:
        self._surface.write(self._display.remark(sentence))
