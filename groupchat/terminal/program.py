"""Starting of the client on a terminal: the choice of the surface and the reactor."""

import os
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from groupchat.client.address import addresses_of
from groupchat.destinations.command_line import Destination
from groupchat.destinations.configuration import Configuration, folder
from groupchat.lazy.lean_reactor import load_reactor_parts
from groupchat.stdio import running
from groupchat.stdio.complaints import complain
from groupchat.stdio.echo import Echo
from groupchat.terminal.display.chat_state import ChatState
from groupchat.terminal.display.colours import NoPaint, Paint, depth
from groupchat.terminal.display.display import Display, SpokenDisplay, VisualDisplay
from groupchat.terminal.flow.secret_commands import SecretCommands
from groupchat.terminal.saved_login import LoginFile
from groupchat.terminal.surfaces.console import Console
from groupchat.terminal.surfaces.history import HistoryFile
from groupchat.terminal.surfaces.surface import Surface
from groupchat.terminal.terminal_client import TerminalClient


def is_terminal() -> bool:
    """Return whether a person sits at a terminal."""
    return os.isatty(0) and os.isatty(1)


def can_draw(environ: Mapping[str, str]) -> bool:
    """Return whether the terminal can do more than print lines."""
    return environ.get("TERM", "dumb") not in ("", "dumb", "unknown")


def run(
    destination: Destination, configuration: Configuration, color: bool, spoken: bool = False, plain: bool = False
) -> int:
    """Chat on the terminal; return the exit status.

    :param spoken: for a screen reader: without redrawing, and in words instead of colours.
    :param plain: without redrawing, and without colours.
    """
    state_folder = folder(os.environ, "XDG_STATE_HOME", ".local/state")
    file = LoginFile(state_folder, str(addresses_of(destination.server)[0]))  # a list may become longer

    def furnish_console(client: TerminalClient, state: ChatState) -> tuple[Surface, Display]:
        surface = Console(client, Echo(0))
        if spoken:
            return surface, SpokenDisplay(state.reader, _today())
        return surface, VisualDisplay(state.reader, NoPaint(), lambda: surface.width, _today())

    def furnish_editor(client: TerminalClient, state: ChatState) -> tuple[Surface, Display]:
        # Imported here because it takes a tenth of a second to load, and pipes do not need it.
        from prompt_toolkit.input import create_input

        from groupchat.terminal.surfaces.editor.line_editor import LineEditor
        from groupchat.terminal.surfaces.editor.screen import Output

        paint = Paint(depth(os.environ, color and configuration.color), configuration.colors)
        history = HistoryFile(state_folder / "history", SecretCommands().is_secret)
        surface = LineEditor(client, history, loop, create_input(), Output.of_terminal())
        return surface, VisualDisplay(state.reader, paint, lambda: surface.width, _today())

    loop: Any = None
    if not spoken and not plain:
        import asyncio

        load_reactor_parts()
        from twisted.internet import asyncioreactor

        loop = asyncio.SelectorEventLoop()
        asyncio.set_event_loop(loop)
        asyncioreactor.install(loop)
    furnish = furnish_console if spoken or plain else furnish_editor
    client = TerminalClient(destination, configuration, file, furnish, complain)
    return running.run(client.start, client.interrupt, client.suspend, client.proceed)


def _today() -> date:
    return datetime.now().astimezone().date()
