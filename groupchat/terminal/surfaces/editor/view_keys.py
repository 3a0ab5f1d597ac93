"""Keys that lead from view to view.  Alt and a key come as Escape and that key, so both can be pressed."""

from prompt_toolkit.filters import Filter
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.key_binding.key_processor import KeyPressEvent

from groupchat.terminal.surfaces.surface import Owner

NUMBERED = 9
"""The most views that have a key of their own."""


def add_view_keys(keys: KeyBindings, owner: Owner, talking: Filter) -> None:
    """Add the keys; they work while ``talking``, also in the middle of a line."""

    def leads(way: str, *pressed: str) -> None:
        @keys.add(*pressed, filter=talking)
        def _(event: KeyPressEvent) -> None:
            owner.go(way)

    for number in range(1, NUMBERED + 1):
        leads(str(number), "escape", str(number))
    leads("urgent", "escape", "a")
    leads("back", "escape", "q")
    leads("next", "c-n")
    leads("previous", "c-p")

    @keys.add("escape", "escape", filter=talking)
    def _(event: KeyPressEvent) -> None:
        owner.mark_read()
