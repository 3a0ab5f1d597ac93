"""What the keys do beside what they do in every shell: Ctrl-R, Ctrl-A, Ctrl-W and the others are prompt_toolkit's."""

from typing import TYPE_CHECKING

from prompt_toolkit.filters import Condition, is_searching
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.key_binding.key_processor import KeyPressEvent
from prompt_toolkit.keys import Keys

if TYPE_CHECKING:
    from groupchat.terminal.surfaces.prompt import Prompt


def bindings(prompt: "Prompt") -> KeyBindings:
    """The keys of this prompt."""
    keys = KeyBindings()
    pasting = Condition(lambda: prompt.paste is not None)
    editing = Condition(lambda: prompt.editing is not None)
    choosing = Condition(lambda: prompt.choice is not None)
    empty = Condition(lambda: not prompt.buffer.text)
    recallable = Condition(lambda: prompt.talking and prompt.editing is None and prompt.owner.last() is not None)
    writing = ~is_searching & ~pasting

    @keys.add("enter", filter=~is_searching)
    @keys.add("c-j", filter=~is_searching)
    def _(event: KeyPressEvent) -> None:
        prompt.enter()

    @keys.add("tab", filter=writing)
    def _(event: KeyPressEvent) -> None:
        if prompt.talking:
            prompt.tab(1)

    @keys.add("s-tab", filter=writing & choosing)
    def _(event: KeyPressEvent) -> None:
        prompt.tab(-1)

    @keys.add("up", filter=writing & empty & recallable)
    def _(event: KeyPressEvent) -> None:
        found = prompt.owner.last()
        if found is not None:
            prompt.recall(*found)

    @keys.add("up", filter=writing & editing)
    @keys.add("down", filter=writing & editing)
    def _(event: KeyPressEvent) -> None:
        prompt.put_off()
        if event.key_sequence[0].key == Keys.Up:
            prompt.buffer.history_backward()

    @keys.add("escape", filter=pasting | choosing | editing, eager=True)
    def _(event: KeyPressEvent) -> None:
        """Leave what is asked; the half-typed line stays, unless it is an edit."""
        if prompt.editing is not None:
            prompt.clear()
        prompt.paste = prompt.choice = None

    @keys.add("c-c")
    def _(event: KeyPressEvent) -> None:
        if event.app.layout.is_searching:
            event.app.layout.focus(prompt.buffer)
        if prompt.paste is not None:
            prompt.paste = None
        elif prompt.buffer.text or prompt.editing is not None:
            prompt.clear()
        else:
            prompt.owner.interrupted()

    @keys.add("c-d", filter=~is_searching & empty)
    def _(event: KeyPressEvent) -> None:
        prompt.owner.ended()

    @keys.add(Keys.BracketedPaste, filter=~is_searching)
    def _(event: KeyPressEvent) -> None:
        prompt.insert_paste(event.data.replace("\r\n", "\n").replace("\r", "\n"))

    @keys.add("c-l")
    def _(event: KeyPressEvent) -> None:
        event.app.renderer.clear()

    @keys.add(Keys.Any, filter=pasting)
    def _(event: KeyPressEvent) -> None:
        """Whatever else is pressed while a paste waits for its answer is no answer."""

    return keys
