"""What is drawn at the bottom of the terminal: lines that wait, a question, the line that is typed, the bar."""

from typing import Protocol

from prompt_toolkit.filters import Condition, is_searching
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.layout import BufferControl, ConditionalContainer, FormattedTextControl, HSplit, Layout, Window
from prompt_toolkit.layout.dimension import Dimension
from prompt_toolkit.layout.processors import (
    BeforeInput,
    ConditionalProcessor,
    PasswordProcessor,
    Processor,
    Transformation,
    TransformationInput,
)
from prompt_toolkit.styles import Style
from prompt_toolkit.widgets import SearchToolbar

from groupchat.model.text import LINES_MOST
from groupchat.stdio.printable import one_line
from groupchat.terminal.surfaces.editor.completion import Choice
from groupchat.terminal.surfaces.editor.draft_buffer import DraftBuffer
from groupchat.terminal.surfaces.surface import Owner

STYLE = Style(
    [("bar", "reverse"), ("label", "bold"), ("question", "bold"), ("chosen", "reverse"), ("waiting", "italic")]
)

LONGEST = 4096
"""Bytes of a message, by the server's usual settings."""

ROWS = 8
"""Most rows of the line that is typed."""


class Line(Protocol):
    """The line that is typed, as far as it is drawn."""

    owner: Owner
    buffer: DraftBuffer
    editing: int | None
    paste: str | None

    @property
    def command(self) -> str | None:
        """The command that the paste belongs to, with the paste."""

    choice: Choice | None
    talking: bool
    hidden: bool

    @property
    def is_marked(self) -> bool:
        """True while the line is one that was given back, and the next character replaces it."""

    label: str
    """The question that is answered."""

    @property
    def width(self) -> int:
        """Columns of the terminal."""

    @property
    def rows(self) -> int:
        """Rows of the terminal."""


class _Marked(Processor):
    """Shows the whole line as chosen."""

    def apply_transformation(self, transformation_input: TransformationInput) -> Transformation:
        return Transformation([("class:chosen", text) for _, text, *_ in transformation_input.fragments])


def is_too_long(text: str) -> bool:
    """Return whether a paste is too long for one message."""
    return text.count("\n") >= LINES_MOST or len(text.encode("utf-8", "surrogatepass")) > LONGEST


def bottom(line: Line) -> Layout:
    """Return the layout; it asks ``line`` each time it is drawn."""
    search = SearchToolbar(text_if_not_searching="")
    hidden = ConditionalProcessor(PasswordProcessor(), Condition(lambda: line.hidden))
    marked = ConditionalProcessor(_Marked(), Condition(lambda: line.is_marked))
    control = BufferControl(
        line.buffer, search_buffer_control=search.control, preview_search=True,
        input_processors=[hidden, marked, BeforeInput(lambda: [("class:label", _label(line))])],
    )  # fmt: skip
    pasting = Condition(lambda: line.paste is not None)
    asking = pasting | Condition(lambda: line.choice is not None)
    asked = Window(
        FormattedTextControl(lambda: question(line)), height=lambda: Dimension(min=1, max=_rows_of_question(line)),
        wrap_lines=pasting, dont_extend_height=True,
    )  # fmt: skip
    typed = Window(control, wrap_lines=True, height=Dimension(min=1, max=ROWS), dont_extend_height=True)
    bar = Window(FormattedTextControl(lambda: [("", line.owner.bar(line.width))]), height=1, style="class:bar")
    waiting = Window(FormattedTextControl(lambda: _waiting(line)), dont_extend_height=True, style="class:waiting")
    # On a terminal of very few rows only what has to be seen is drawn.
    is_single = Condition(lambda: line.rows < 2)
    rows = HSplit(
        [
            ConditionalContainer(waiting, Condition(lambda: line.rows > 4 and bool(_waiting(line)))),
            ConditionalContainer(asked, asking),
            ConditionalContainer(typed, ~(is_single & (asking | is_searching))),
            search,
            ConditionalContainer(bar, Condition(lambda: line.rows > 2) | (~is_single & ~asking & ~is_searching)),
        ]
    )
    return Layout(rows, focused_element=typed)


def _waiting(line: Line) -> StyleAndTextTuples:
    return [("", "\n".join(lines))] if (lines := line.owner.waiting(line.width)) else []


def _label(line: Line) -> str:
    if line.editing is not None:
        return f"edit #{line.editing}> "
    return line.owner.prompt(line.buffer.text) if line.talking else line.label


def _rows_of_question(line: Line) -> int:
    """Return the most rows of the question: what is to be answered must be seen."""
    if line.paste is None:
        return 1
    length = sum(len(text) for _, text, *_ in question(line))
    return max(1, min(-(-length // line.width), line.rows - 2))


def question(line: Line) -> StyleAndTextTuples:
    """Return the question about a paste, or the words to choose from."""
    if line.paste is not None:
        count = line.paste.count("\n") + 1
        where, is_divisible = line.owner.aim(line.command) if line.command is not None else ("", True)
        goes = f" {one_line(where)}" if where else ""
        if is_too_long(line.paste):
            singly = f" l: send them line by line{goes}," if is_divisible else ""
            asked = f"These {count} lines are too long for one message.{singly} Esc: no"
        else:
            choices = "Enter: as one message, l: line by line" if is_divisible else "Enter: yes"
            asked = f"Send these {count} lines{goes}? {choices}, Esc: no"
        return [("class:question", asked)]
    shown: StyleAndTextTuples = []
    if line.choice is not None:
        first = max(0, line.choice.chosen - 3)
        for number, word in enumerate(line.choice.words[first : first + 40], first):
            shown += [("class:chosen" if number == line.choice.chosen else "", word), ("", "  ")]
    return shown
