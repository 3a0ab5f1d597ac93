"""A line editor at the bottom of the terminal; the scrollback above it stays the terminal's own."""

import asyncio
from typing import Any

from prompt_toolkit.buffer import Buffer
from prompt_toolkit.clipboard import InMemoryClipboard
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import History
from prompt_toolkit.input import Input
from prompt_toolkit.layout import BufferControl, ConditionalContainer, FormattedTextControl, HSplit, Layout, Window
from prompt_toolkit.layout.dimension import Dimension
from prompt_toolkit.layout.processors import BeforeInput, ConditionalProcessor, PasswordProcessor
from prompt_toolkit.output.color_depth import ColorDepth
from prompt_toolkit.styles import Style
from prompt_toolkit.widgets import SearchToolbar
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall

from groupchat.model.text import LINES_MOST
from groupchat.terminal.surfaces.completion import Choice, complete
from groupchat.terminal.surfaces.history import HistoryFile
from groupchat.terminal.surfaces.keys import bindings
from groupchat.terminal.surfaces.screen import Output, SteadyApplication
from groupchat.terminal.surfaces.surface import Owner

FRAME_S = 0.03
"""Seconds between two writes to the scrollback, so that many messages at once leave time for keys."""

STYLE = Style(
    [("bar", "reverse"), ("label", "bold"), ("question", "bold"), ("chosen", "reverse"), ("waiting", "italic")]
)


LONGEST = 4096
"""Bytes of a message, by the server's usual settings."""


def is_too_long(text: str) -> bool:
    """Return whether a paste is too long for one message."""
    return text.count("\n") >= LINES_MOST or len(text.encode("utf-8", "surrogatepass")) > LONGEST


class TypedLines(History):
    """The history that the arrow keys and Ctrl-R look through."""

    def __init__(self, file: HistoryFile) -> None:
        super().__init__()
        self._file = file

    # prompt_toolkit calls these.

    def load_history_strings(self) -> list[str]:
        return self._file.load()[::-1]

    def store_string(self, string: str) -> None:
        if "\n" not in string:  # the file has a line for each; the rest is at hand in this session
            self._file.add(string)


class LineEditor:
    """A surface for the eye.  It never uses the whole screen: text goes above the line, and scrolls away.

    :param source: where keys come from.
    """

    def __init__(
        self, owner: Owner, history: HistoryFile, loop: asyncio.AbstractEventLoop, source: Input, output: Output
    ) -> None:
        self.owner = owner
        self.editing: int | None = None
        self.paste: str | None = None
        self.choice: Choice | None = None
        self.talking = False
        self._label = ""
        self._given_back = ""
        """The line that was not said; having it back is not typing."""
        self._hidden = False
        self._loop = loop
        self._history = TypedLines(history)
        self._pending: list[str] = []
        self._timer: IDelayedCall | None = None
        self._written_at = 0.0
        self._reactor: Any = None
        self._stopping = False
        self._title = ""
        self.buffer = Buffer(history=self._history, multiline=False, on_text_changed=lambda _: self._changed())
        self.output = output
        self.app = SteadyApplication(
            layout=self._layout(), key_bindings=bindings(self), style=STYLE, input=source,
            output=self.output, erase_when_done=True, color_depth=ColorDepth.DEPTH_1_BIT,
        )  # fmt: skip

    # The client calls these.

    @property
    def width(self) -> int:
        return self.output.get_size().columns

    def start(self, reactor: Any) -> "Deferred[None]":
        self._reactor = reactor
        self.app.key_processor.before_key_press += lambda _: self.owner.touched()
        self.output.write_raw("\x1b[22;0t")  # xterm: remember the title
        future = asyncio.ensure_future(self.app.run_async(handle_sigint=False), loop=self._loop)
        ended: Deferred[None] = Deferred.fromFuture(future)
        return ended.addErrback(lambda failure: failure.trap(EOFError) and None).addBoth(self._ended)

    def stop(self) -> None:
        self._stopping = True
        self._flush()
        if self.app.is_running and not self.app.is_done:
            self.app.exit()

    def write(self, text: str) -> None:
        self._pending.append(text)
        if self._timer is None and self._reactor is not None:
            wait = self._written_at + FRAME_S - self._reactor.seconds()
            self._timer = self._reactor.callLater(max(wait, 0), self._flush)

    def ask(self, label: str, hidden: bool = False, default: str = "") -> None:
        self._forget_killed()
        self._label, self._hidden, self.talking = label, hidden, False
        self.clear()
        self.buffer.document = Document(default)
        self.refresh()

    def talk(self) -> None:
        self._forget_killed()
        self._label, self._hidden = "", False
        if not self.talking:
            self.clear()
        self.talking = True
        self.refresh()

    def give_back(self, line: str) -> bool:
        if not self.talking or self.paste is not None or self.editing is not None or self.buffer.text:
            return False
        self._given_back = line
        self.buffer.document = Document(line)
        self.refresh()
        return True

    def clear(self) -> None:
        self.editing = self.paste = self.choice = None
        self.buffer.reset()
        self.refresh()

    def refresh(self) -> None:
        if not self._stopping:
            self.app.invalidate()

    def ring(self) -> None:
        self.output.bell()
        self.output.flush()

    def title(self, text: str) -> None:
        if text != self._title:
            self._title = text
            self.output.set_title(text)
            self.output.flush()

    # The keys call these.

    def enter(self) -> None:
        """Take the line as finished, or a paste as one message, unless that is too long."""
        if self.paste is not None:
            if not is_too_long(self.paste):
                text, self.paste = self.paste, None
                self.buffer.reset()
                self.owner.said(text)
            return
        line, edited = self.buffer.text, self.editing
        self.editing = self.choice = None
        if self.talking and line.strip() and edited is None and not self.owner.is_secret(line):
            self._history.append_string(line)
        self.buffer.reset()
        if edited is None:
            self.owner.typed(line)
        elif line.strip():
            self.owner.typed(f"/edit #{edited} {line}")

    def send_singly(self) -> None:
        """Send the lines of a paste one by one, but for blank ones."""
        if self.paste is not None:
            lines, self.paste = [line for line in self.paste.split("\n") if line.strip()], None
            self.buffer.reset()
            self.owner.pasted(lines)

    def recall(self, number: int, text: str) -> None:
        """Begin to edit a message of the person's."""
        self.editing = number
        self.buffer.document = Document(text)

    def stop_editing(self) -> None:
        """Edit nothing after all.  The history stays at hand, which ``clear`` would have to load again."""
        self.editing = None
        self.buffer.document = Document("")

    def tab(self, step: int) -> None:
        """Complete the last word; while there are words to choose from, choose the next."""
        if self.choice is not None:
            choice = self.choice = self.choice.next(step)
            self.buffer.document = Document(choice.text)
            self.choice = choice
            self.refresh()
            return
        text = self.buffer.document.text_before_cursor
        self.owner.complete(text).addCallback(self._completed, text)

    def insert_paste(self, text: str) -> None:
        """Insert a paste of one line at the cursor; ask about several lines."""
        document = self.buffer.document
        lines = [line for line in text.split("\n") if line.strip()]
        if len(lines) < 2 or not self.talking:
            self.buffer.insert_text("".join(lines[:1]))
        else:
            # Blanks before its first line are part of its layout.
            whole = document.text_before_cursor + text.lstrip("\n") + document.text_after_cursor
            self.paste = whole.rstrip()
            self.refresh()

    # Inside.

    def _forget_killed(self) -> None:
        """After a hidden answer, forget what Ctrl-U and the like took from it: Ctrl-Y would show it."""
        if self._hidden:
            self.app.clipboard = InMemoryClipboard()

    def _layout(self) -> Layout:
        search = SearchToolbar(text_if_not_searching="")
        hidden = ConditionalProcessor(PasswordProcessor(), Condition(lambda: self._hidden))
        control = BufferControl(
            self.buffer, search_buffer_control=search.control, preview_search=True,
            input_processors=[hidden, BeforeInput(self._labelled)],
        )  # fmt: skip
        pasting = Condition(lambda: self.paste is not None)
        question = Window(
            FormattedTextControl(self._question), height=lambda: Dimension(min=1, max=2 if pasting() else 1),
            wrap_lines=pasting, dont_extend_height=True,
        )  # fmt: skip
        line = Window(control, wrap_lines=True, height=Dimension(min=1, max=8), dont_extend_height=True)
        bar = Window(FormattedTextControl(self._bar), height=1, style="class:bar")
        asked = Condition(lambda: self.paste is not None or self.choice is not None)
        unanswered = Window(FormattedTextControl(self._waiting), dont_extend_height=True, style="class:waiting")
        rows = HSplit(
            [
                ConditionalContainer(unanswered, Condition(lambda: bool(self._waiting()))),
                ConditionalContainer(question, asked),
                line,
                search,
                bar,
            ]
        )
        return Layout(rows, focused_element=line)

    def _waiting(self) -> StyleAndTextTuples:
        return [("", "\n".join(lines))] if (lines := self.owner.waiting(self.width)) else []

    def _labelled(self) -> StyleAndTextTuples:
        label = f"edit #{self.editing}> " if self.editing is not None else self._label
        if self.talking and self.editing is None:
            label = self.owner.prompt(self.buffer.text)
        return [("class:label", label)]

    def _question(self) -> StyleAndTextTuples:
        if self.paste is not None:
            count = self.paste.count("\n") + 1
            if is_too_long(self.paste):
                asked = f"These {count} lines are too long for one message. l: send them line by line, Esc: no"
            else:
                asked = f"Send these {count} lines? Enter: as one message, l: line by line, Esc: no"
            return [("class:question", asked)]
        shown: StyleAndTextTuples = []
        if self.choice is not None:
            first = max(0, self.choice.chosen - 3)
            for number, word in enumerate(self.choice.words[first : first + 40], first):
                shown += [("class:chosen" if number == self.choice.chosen else "", word), ("", "  ")]
        return shown

    def _bar(self) -> StyleAndTextTuples:
        return [("", self.owner.bar(self.width))]

    def _changed(self) -> None:
        self.choice = None
        if self.talking and self.buffer.text != self._given_back:
            self._given_back = ""
            self.owner.written(self.buffer.text)

    def _completed(self, words: list[str], text: str) -> None:
        if self.buffer.document.text_before_cursor != text or not self.talking:
            return  # the person has typed on
        line, choice = complete(text, words)
        self.buffer.document = Document(line + self.buffer.document.text_after_cursor, len(line))
        self.choice = choice
        self.refresh()

    def _flush(self) -> None:
        """Write what has gathered above the line, and draw the line again below it, all at once."""
        timer, self._timer = self._timer, None
        if timer is not None and timer.active():
            timer.cancel()
        text, self._pending = "".join(f"{line}\n" for line in self._pending), []
        if not text:
            return
        self._written_at = self._reactor.seconds()
        self.output.hold()
        self.app.adapt()
        self.app.renderer.erase()
        self.output.write_raw(text.replace("\n", "\r\n"))
        self.app._redraw()
        self.output.release()

    def _ended(self, result: Any) -> Any:
        self._stopping = True
        self.output.write_raw("\x1b[23;0t")
        self.output.flush()
        return result
