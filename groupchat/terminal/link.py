"""What the person is told of the connection."""

from groupchat.client.client import Client
from groupchat.client.client_errors import ConnectionDropped
from groupchat.client.client_state import State
from groupchat.terminal.display.display import Display
from groupchat.terminal.display.scene import Scene
from groupchat.terminal.surfaces.surface import Surface

FINAL = ("kicked", "banned")
"""Reasons to end a connection after which none is made by itself: whoever is put out decides whether to come back."""


class Link:
    """One stay's connections: the first, and those after an interruption."""

    def __init__(self, scene: Scene, surface: Surface, display: Display) -> None:
        self._scene = scene
        self._surface = surface
        self._display = display
        self._joined = False
        self._away = False

    def begin(self) -> None:
        """Another stay."""
        self._joined = self._away = False

    def under_way(self, state: State) -> None:
        """A connection is being made."""
        self._scene.connection = state.value if not self._away else "reconnecting"

    def settled(self, client: Client) -> None:
        """The connection stands, and we are in."""
        self._scene.connection = "connected"
        if self._away:
            self._tell("Connected again.")
        elif not self._joined:
            self._tell(f"You are {client.nick}, in {client.room}. /help lists the commands.")
        self._joined, self._away = True, False

    def ends_with(self, error: Exception) -> bool:
        """Whether no other connection is to be tried after this."""
        return not self._joined or (isinstance(error, ConnectionDropped) and str(error).startswith(FINAL))

    def lost(self, sentence: str, delay: float) -> None:
        """The connection is gone, for this reason; another is tried in so many seconds."""
        self._scene.connection = f"reconnecting in {delay:.0f} s"
        if not self._away:
            self._away = True
            self._tell(f"{sentence} What you type is kept, and sent when it is back.")

    def _tell(self, sentence: str) -> None:
        self._surface.write(self._display.remark(sentence))
