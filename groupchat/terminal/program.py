"""Starting the client on a terminal: which surface, which reactor."""

import os
from collections.abc import Mapping
from typing import Any

from groupchat.stdio import running as process
from groupchat.terminal.configuration import Configuration, folder
from groupchat.terminal.destination import Destination
from groupchat.terminal.display.colours import Paint, depth
from groupchat.terminal.display.display import Display, Sight, Sound
from groupchat.terminal.display.scene import Scene
from groupchat.terminal.memory import Lines, Memory
from groupchat.terminal.surfaces.console import Console
from groupchat.terminal.surfaces.surface import Surface
from groupchat.terminal.visit import Visit, today


def fits(environ: Mapping[str, str]) -> bool:
    """Whether there is a person before a terminal that can do more than print lines."""
    return os.isatty(0) and os.isatty(1) and environ.get("TERM", "dumb") not in ("", "dumb", "unknown")


def run(destination: Destination, configuration: Configuration, color: bool, spoken: bool) -> int:
    """Chat on the terminal; the exit status.

    :param spoken: for a screen reader: no redraws, and words instead of colours.
    """
    state = folder(os.environ, "XDG_STATE_HOME", ".local/state")
    memory = Memory(state, str(destination.server))

    def console(visit: Visit, scene: Scene) -> tuple[Surface, Display]:
        return Console(visit), Sound(scene.reader, today().date())

    def prompt(visit: Visit, scene: Scene) -> tuple[Surface, Display]:
        # Only here: it takes a tenth of a second to load, and pipes do not need it.
        from groupchat.terminal.surfaces.prompt import Prompt

        paint = Paint(depth(os.environ, color and configuration.color), configuration.colors)
        surface = Prompt(visit, Lines(state / "history"), loop)
        return surface, Sight(scene.reader, paint, lambda: surface.width, today().date())

    loop: Any = None
    if not spoken:
        import asyncio

        from twisted.internet import asyncioreactor

        loop = asyncio.SelectorEventLoop()
        asyncio.set_event_loop(loop)
        asyncioreactor.install(loop)
    visit = Visit(destination, configuration, memory, console if spoken else prompt, process.complain)
    return process.run(visit.start, visit.interrupt)
