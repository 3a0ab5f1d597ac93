"""Remarks about the connection: the first one, an interruption, and its end."""

from groupchat.client.client import Client
from groupchat.client.core.client_state import State
from groupchat.stdio.silence import ANSWERS, no_answer
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
        self._has_told_silence = False

    def begin(self) -> None:
        """Begin another session."""
        self.has_joined = self._interrupted = self._has_told_silence = False

    def progress(self, state: State) -> None:
        """Show that a connection is being made."""
        self._state.connection = state.value if not self._interrupted else "reconnecting"

    def silent(self, seconds: float) -> None:
        """Show for how long the server has not answered; 0.0: it has, or the connection was given up.

        Where there is no bar to show it, it is said once.
        """
        self._state.silence = seconds
        if seconds and self._surface.echoes and not self._has_told_silence:
            self._has_told_silence = True
            self._remark(no_answer(seconds, self._state.pending))

    def answers(self) -> None:
        """Say that the server answers again, if it was said that it did not, and there is a connection."""
        if self._has_told_silence and not self._state.silence and self._state.connection == "connected":
            self._has_told_silence = False
            self._remark(ANSWERS)

    def joined(self, client: Client) -> None:
        """Show that the client has joined."""
        self._state.connection = "connected"
        self.answers()
        if self._interrupted:
            self._remark(f"Connected again, to {client.server}." if client.server else "Connected again.")
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
        self._has_told_silence = False
        self._state.disconnected()
        self._state.connection = f"reconnecting in {delay:.0f} s" if delay else "reconnecting"
        if not self._interrupted:
            self._interrupted = True
            stop = "" if sentence.endswith((".", "!", "?")) else "."
            why = f"{sentence}{stop} " if sentence else ""
            self._remark(f"{why}What you type is kept, and sent when the connection is back.")

    def _remark(self, sentence: str) -> None:
        self._surface.write(self._display.remark(sentence))
