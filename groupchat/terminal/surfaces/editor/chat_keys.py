"""Keys of the line editor beside those of every shell: Ctrl-R, Ctrl-A, Ctrl-W and the like are prompt_toolkit's.

`surfaces.key_list` describes them for people.
"""

from typing import Protocol

from prompt_toolkit.application import get_app
from prompt_toolkit.filters import Condition, is_searching
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.key_binding.key_processor import KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.search import SearchDirection, start_search, stop_search

from groupchat.terminal.surfaces.editor.completion import Choice
from groupchat.terminal.surfaces.editor.draft_buffer import DraftBuffer
from groupchat.terminal.surfaces.editor.view_keys import add_view_keys
from groupchat.terminal.surfaces.editor.word_keys import add_word_keys
from groupchat.terminal.surfaces.surface import Owner

UNUSED = "/*-0et"
"""Keys that prompt_toolkit would take for something of its own after Escape: they are just typed."""


class Editor(Protocol):
    """A line editor, as far as the keys use it."""

    owner: Owner
    buffer: DraftBuffer
    editing: int | None
    """The number of the message that is edited."""
    paste: str | None
    """A paste of several lines, about which the person is asked."""
    choice: Choice | None
    """Words to complete with."""
    talking: bool
    """True while lines go to the chat and do not answer a question."""
    hidden: bool
    """True while what is typed is not shown."""
    is_cleared: bool
    """True from when a line was cleared until another one is begun."""

    @property
    def is_typed_over(self) -> bool:
        """True for the first key after a line was given back: a character replaces it."""

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
        """Drop the half-typed line, an edit or a question about a paste; the line is still in the history."""

    def edit_elsewhere(self) -> None:
        """Edit the line in the person's own editor."""

    def suspend(self) -> None:
        """Go back to the shell, until it continues this program."""

    def redraw(self) -> None:
        """Draw the whole screen again."""


def bindings(editor: Editor) -> KeyBindings:
    """Return the keys of this line editor."""
    keys = KeyBindings()
    # Alt and a letter come as Escape and that letter, at once.
    lone = Condition(lambda: not get_app().key_processor.input_queue)
    pasting = Condition(lambda: editor.paste is not None)
    editing = Condition(lambda: editor.editing is not None)
    choosing = Condition(lambda: editor.choice is not None)
    empty = Condition(lambda: not editor.buffer.text)
    talking = Condition(lambda: editor.talking)
    recallable = Condition(lambda: not editor.is_cleared and editor.editing is None and editor.owner.last() is not None)
    writing = ~is_searching & ~pasting
    add_word_keys(keys, writing)
    add_view_keys(keys, editor.owner, writing & talking)

    @keys.add("enter", filter=~is_searching)
    @keys.add("c-j", filter=~is_searching)
    def _(event: KeyPressEvent) -> None:
        editor.enter()

    @keys.add("escape", "enter", filter=writing & talking)
    @keys.add("escape", "c-j", filter=writing & talking)
    def _(event: KeyPressEvent) -> None:
        """Begin another line of the same message."""
        editor.buffer.insert_text("\n")

    @keys.add(Keys.Any, filter=writing & talking & Condition(lambda: editor.is_typed_over))
    def _(event: KeyPressEvent) -> None:
        if event.data.isprintable():
            editor.buffer.replace(event.data)

    def types(key: str) -> None:
        @keys.add("escape", key, filter=writing)
        def _(event: KeyPressEvent) -> None:
            editor.buffer.insert_text(key)

    for key in UNUSED:
        types(key)

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

    @keys.add("up", filter=writing & empty & talking & recallable)
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

    @keys.add("up", filter=~talking)
    @keys.add("down", filter=~talking)
    @keys.add("c-p", filter=~talking)
    @keys.add("c-n", filter=~talking)
    @keys.add("c-r", filter=~talking)
    @keys.add("c-s", filter=~talking)
    def _(event: KeyPressEvent) -> None:
        """Offer no history for answers."""

    @keys.add("escape", filter=(pasting | choosing | editing) & ~is_searching & lone, eager=True)
    def _(event: KeyPressEvent) -> None:
        """Cancel a question, and the half-typed line stays; else cancel an edit."""
        if editor.editing is not None and editor.paste is None:
            editor.clear()
        editor.paste = editor.choice = None

    @keys.add("c-r", filter=writing & talking)
    @keys.add("c-s", filter=writing & talking)
    def _(event: KeyPressEvent) -> None:
        editor.buffer.begin_search()
        is_back = event.key_sequence[0].key == Keys.ControlR
        start_search(direction=SearchDirection.BACKWARD if is_back else SearchDirection.FORWARD)

    @keys.add("c-g", filter=is_searching)
    @keys.add("c-c")
    def _(event: KeyPressEvent) -> None:
        if event.app.layout.is_searching:
            stop_search()
            editor.buffer.end_search()
        elif editor.paste is not None:
            editor.paste = None
        elif (editor.buffer.text and not editor.hidden) or editor.editing is not None:
            editor.clear()
        else:
            editor.owner.interrupted()

    @keys.add("c-d", filter=~is_searching & empty)
    def _(event: KeyPressEvent) -> None:
        editor.owner.ended()

    @keys.add(Keys.BracketedPaste, filter=~is_searching)
    def _(event: KeyPressEvent) -> None:
        editor.insert_paste(event.data.replace("\r\n", "\n").replace("\r", "\n"))

    @keys.add("c-x", "c-e", filter=writing & talking)
    def _(event: KeyPressEvent) -> None:
        editor.edit_elsewhere()

    @keys.add("c-x", "c-r", filter=writing, save_before=lambda event: False)
    def _(event: KeyPressEvent) -> None:
        """Make again what was undone."""
        editor.buffer.redo()

    @keys.add("c-z")
    def _(event: KeyPressEvent) -> None:
        editor.suspend()

    @keys.add("c-l")
    def _(event: KeyPressEvent) -> None:
        editor.redraw()

    @keys.add("c-o")
    @keys.add("escape", "#")
    def _(event: KeyPressEvent) -> None:
        """Do nothing: prompt_toolkit would take the line as finished in a way of its own, and lose it."""

    @keys.add(Keys.Any, filter=pasting)
    def _(event: KeyPressEvent) -> None:
        """Ignore other keys while the person is asked about a paste."""

    return keys
