"""Keys of the line editor beside those of every shell: Ctrl-R, Ctrl-A, Ctrl-W and the like are prompt_toolkit's."""

from typing import Protocol

from prompt_toolkit.buffer import Buffer
from prompt_toolkit.filters import Condition, is_searching
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.key_binding.key_processor import KeyPressEvent
from prompt_toolkit.keys import Keys

from groupchat.terminal.surfaces.completion import Choice
from groupchat.terminal.surfaces.surface import Owner
from groupchat.terminal.surfaces.view_keys import add_view_keys


class Editor(Protocol):
    """A line editor, as far as the keys use it."""

    owner: Owner
    buffer: Buffer
    editing: int | None
    """The number of the message that is edited."""
    paste: str | None
    """A paste of several lines, about which the person is asked."""
    choice: Choice | None
    """Words to complete with."""
    talking: bool
    """True while lines go to the chat and do not answer a question."""

    def enter(self) -> None:
        """Take the line as finished, or a paste as one message."""

    def send_singly(self) -> None:
        """Send the lines of a paste one by one."""

    def tab(self, step: int) -> None:
        """Complete the last word, or choose the next completion."""

    def recall(self, number: int, text: str) -> None:
        """Begin to edit a message."""

    def stop_editing(self) -> None:
        """Edit nothing after all."""

    def insert_paste(self, text: str) -> None:
        """Take a paste."""

    def clear(self) -> None:
        """Drop the half-typed line, an edit or a question about a paste."""


def bindings(editor: Editor) -> KeyBindings:
    """Return the keys of this line editor."""
    keys = KeyBindings()
    pasting = Condition(lambda: editor.paste is not None)
    editing = Condition(lambda: editor.editing is not None)
    choosing = Condition(lambda: editor.choice is not None)
    empty = Condition(lambda: not editor.buffer.text)
    recallable = Condition(lambda: editor.talking and editor.editing is None and editor.owner.last() is not None)
    answering = Condition(lambda: not editor.talking)
    writing = ~is_searching & ~pasting
    add_view_keys(keys, editor.owner, writing & ~answering)

    @keys.add("enter", filter=~is_searching)
    @keys.add("c-j", filter=~is_searching)
    def _(event: KeyPressEvent) -> None:
        editor.enter()

    @keys.add("escape", "enter", filter=writing & ~answering)
    @keys.add("escape", "c-j", filter=writing & ~answering)
    def _(event: KeyPressEvent) -> None:
        """Begin another line of the same message."""
        editor.buffer.insert_text("\n")

    @keys.add("l", filter=pasting)
    def _(event: KeyPressEvent) -> None:
        editor.send_singly()

    @keys.add("tab", filter=writing)
    def _(event: KeyPressEvent) -> None:
        if editor.talking:
            editor.tab(1)

    @keys.add("s-tab", filter=writing & choosing)
    def _(event: KeyPressEvent) -> None:
        editor.tab(-1)

    @keys.add("up", filter=writing & empty & recallable)
    def _(event: KeyPressEvent) -> None:
        found = editor.owner.last()
        if found is not None:
            editor.recall(*found)

    @keys.add("up", filter=writing & editing & Condition(lambda: editor.buffer.document.on_first_line))
    @keys.add("down", filter=writing & editing & Condition(lambda: editor.buffer.document.on_last_line))
    def _(event: KeyPressEvent) -> None:
        editor.stop_editing()
        if event.key_sequence[0].key == Keys.Up:
            editor.buffer.history_backward()

    @keys.add("up", filter=answering)
    @keys.add("down", filter=answering)
    @keys.add("c-p", filter=answering)
    @keys.add("c-n", filter=answering)
    @keys.add("c-r", filter=answering)
    def _(event: KeyPressEvent) -> None:
        """Offer no history for answers."""

    @keys.add("escape", filter=pasting | choosing | editing, eager=True)
    def _(event: KeyPressEvent) -> None:
        """Cancel a question; the half-typed line stays, unless it is an edit."""
        if editor.editing is not None:
            editor.clear()
        editor.paste = editor.choice = None

    @keys.add("c-c")
    def _(event: KeyPressEvent) -> None:
        if event.app.layout.is_searching:
            event.app.layout.focus(editor.buffer)
        if editor.paste is not None:
            editor.paste = None
        elif editor.buffer.text or editor.editing is not None:
            editor.clear()
        else:
            editor.owner.interrupted()

    @keys.add("c-d", filter=~is_searching & empty)
    def _(event: KeyPressEvent) -> None:
        editor.owner.ended()

    @keys.add(Keys.BracketedPaste, filter=~is_searching)
    def _(event: KeyPressEvent) -> None:
        editor.insert_paste(event.data.replace("\r\n", "\n").replace("\r", "\n"))

    @keys.add("c-l")
    def _(event: KeyPressEvent) -> None:
        event.app.renderer.clear()

    @keys.add(Keys.Any, filter=pasting)
    def _(event: KeyPressEvent) -> None:
        """Ignore other keys while the person is asked about a paste."""

    return keys
