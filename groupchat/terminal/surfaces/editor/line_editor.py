"""A line editor at the bottom of the terminal; the scrollback above it stays the terminal's own.

Rules:

1. Each place that lines go to has a half-typed line of its own.  Before every key, and before anything is drawn,
   the line becomes that of the place that lines go to then: what is on the screen is what Enter sends there.
2. While a question is answered, no place has its line in the editor.
"""

import asyncio
from collections.abc import Hashable
from typing import Any

from prompt_toolkit.document import Document
from prompt_toolkit.input import Input
from prompt_toolkit.output.color_depth import ColorDepth
from twisted.internet.defer import Deferred

from groupchat.terminal.surfaces.editor.bottom import STYLE, bottom, is_too_long
from groupchat.terminal.surfaces.editor.chat_keys import bindings
from groupchat.terminal.surfaces.editor.completion import Choice, complete
from groupchat.terminal.surfaces.editor.draft_buffer import Draft, DraftBuffer, Drafts, TypedLines
from groupchat.terminal.surfaces.editor.lending import Lending
from groupchat.terminal.surfaces.editor.screen import Output, SteadyApplication
from groupchat.terminal.surfaces.editor.scrollback import Scrollback
from groupchat.terminal.surfaces.editor.word_keys import Cuttings
from groupchat.terminal.surfaces.history import HistoryFile
from groupchat.terminal.surfaces.key_list import KEYS, Keys
from groupchat.terminal.surfaces.surface import Owner

ESCAPE_S = 0.15
"""Seconds after which an Escape is the key and not the beginning of another one, which a terminal sent."""

ALT_S = 0.35
"""Seconds from then on in which a person can press another key for Alt and that key."""


class LineEditor:
    """A surface for the eye.  It never uses the whole screen: text goes above the line, and scrolls away.

    :param source: where keys come from.
    """

    keys: Keys = KEYS
    echoes = False

    def __init__(
        self, owner: Owner, history: HistoryFile, loop: asyncio.AbstractEventLoop, source: Input, output: Output
    ) -> None:
        self.owner = owner
        self.editing: int | None = None
        self.paste: str | None = None
        self._is_command = False
        """Whether a command was typed before the paste; what is pasted alone never is one."""
        self.choice: Choice | None = None
        self.talking = self.hidden = self.is_cleared = False
        self.label = ""
        self._given_back = ""
        """The line that was not said; having it back is not typing."""
        self._pressed = 0
        self._given_at = -1
        """How many keys had been pressed when it was given back."""
        self._loop = loop
        self._history = TypedLines(history)
        self._drafts = Drafts()
        self._place: Hashable = None
        """The place whose half-typed line is in the editor while the person talks."""
        self._place_elsewhere: Hashable = None
        """The place whose half-typed line is in the person's own editor."""
        self._stopping = False
        self._title = ""
        self.buffer = DraftBuffer(history=self._history, multiline=False, on_text_changed=lambda _: self._changed())
        self.output = output
        self.app = SteadyApplication(
            layout=bottom(self), key_bindings=bindings(self), style=STYLE, input=source,
            output=self.output, erase_when_done=True, clipboard=Cuttings(), color_depth=ColorDepth.DEPTH_1_BIT,
        )  # fmt: skip
        self.app.ttimeoutlen, self.app.timeoutlen = ESCAPE_S, ALT_S
        self._scrollback = Scrollback(self.app, output)
        self._lending = Lending(self.app, output, self._scrollback.hold, self._returned)

    # The client calls these.

    @property
    def width(self) -> int:
        return self.output.get_size().columns

    @property
    def rows(self) -> int:
        return self.output.get_size().rows

    def drafts(self) -> list[tuple[Hashable, str]]:
        drafts = [*self._drafts]
        text = self.paste or self.buffer.text
        return [*drafts, (self._place, text)] if self.talking and text.strip() else drafts

    def start(self, reactor: Any) -> "Deferred[None]":
        self._scrollback.start(reactor)
        self.app.key_processor.before_key_press += lambda _: self._key_pressed()
        self.app.before_render += lambda _: self._follow()
        self.output.keep_title()
        future = asyncio.ensure_future(self.app.run_async(handle_sigint=False), loop=self._loop)
        ended: Deferred[None] = Deferred.fromFuture(future)
        return ended.addErrback(lambda failure: failure.trap(EOFError) and None).addBoth(self._ended)

    def stop(self) -> None:
        self._stopping = True
        self._scrollback.flush()
        self._lending.stop()
        if self.app.is_running and not self.app.is_done:
            self.app.exit()

    def write(self, text: str) -> None:
        self._scrollback.add(text)

    def ask(self, label: str, hidden: bool = False) -> None:
        self._turn_to(talking=False)
        self.label, self.hidden = label, hidden
        self.refresh()

    def talk(self) -> None:
        self._turn_to(talking=True)
        self.label, self.hidden = "", False
        self.refresh()

    def give_back(self, line: str) -> bool:
        self._follow()
        if not self.talking or self.paste is not None or self.editing is not None or self.buffer.text:
            return False
        self._given_back, self._given_at = line, self._pressed
        self.buffer.document = Document(line)
        self.refresh()
        return True

    def moved(self, old: Hashable, new: Hashable) -> None:
        self._drafts.move(old, new)
        if self._place == old:
            self._place = new
        if self._place_elsewhere == old:
            self._place_elsewhere = new

    def proceed(self) -> None:
        self._lending.take_again()

    def refresh(self) -> None:
        if not self._stopping:
            self.app.invalidate()

    def ring(self) -> None:
        if not self._lending.is_lent:
            self.output.bell()
            self.output.flush()

    def title(self, text: str) -> None:
        if text != self._title and not self._lending.is_lent:
            self._title = text
            self.output.set_title(text)
            self.output.flush()

    # The keys call these, and the client one of them, for a signal.

    @property
    def command(self) -> str | None:
        """Return the command that a paste belongs to, with the paste; None: it belongs to none."""
        if self.editing is not None:
            return f"/edit #{self.editing} {self.paste}"
        return self.paste if self._is_command else None

    def enter(self) -> None:
        """Take the line as finished, or a paste as one message, unless that is too long."""
        if self.paste is not None:
            if not is_too_long(self.paste):
                text, command = self.paste, self.command
                self.editing = self.paste = None
                self.buffer.reset()
                if command is None:
                    self.owner.said(text)
                else:
                    self.owner.typed(command)
            return
        line, edited = self.buffer.text, self.editing
        self.editing = self.choice = None
        if self.talking and line.strip() and edited is None and not self.owner.is_secret(line):
            self._history.append_string(line)
        self.is_cleared = False
        self.buffer.reset()
        if edited is None:
            self.owner.typed(line)
        elif line.strip():
            self.owner.typed(f"/edit #{edited} {line}")

    def send_singly(self) -> None:
        """Send the lines of a paste one by one, but for blank ones, unless its command takes them as one only."""
        command = self.command
        if self.paste is None or (command is not None and not self.owner.aim(command)[1]):
            return
        lines, self.paste = [line for line in self.paste.split("\n") if line.strip()], None
        self.buffer.reset()
        if command is None:
            self.owner.pasted(lines)
        else:
            self.owner.typed_singly(command)

    def clear(self) -> None:
        """Drop the half-typed line or an edit; the line is still in the history."""
        text = self.buffer.text
        is_kept = self.talking and bool(text.strip()) and not self.owner.is_secret(text)
        if is_kept:
            self._history.keep(text)
        self.editing = self.paste = self.choice = None
        self.buffer.drop(is_kept)
        self.is_cleared = is_kept
        self.refresh()

    def recall(self, number: int, text: str) -> None:
        """Begin to edit a message of the person's."""
        self.editing = number
        self.buffer.replace(text)

    def stop_editing(self) -> None:
        """Edit nothing after all.  The history stays at hand, which ``clear`` would have to load again."""
        self.editing = None
        self.buffer.replace("")

    @property
    def is_marked(self) -> bool:
        return self._given_at == self._pressed

    @property
    def is_typed_over(self) -> bool:
        """Return whether the key that is pressed is the first one after a line was given back."""
        return self._given_at == self._pressed - 1

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
        if self.is_typed_over:
            document = Document()
        if len(lines) < 2 or not self.talking:
            if self.is_typed_over:
                self.buffer.replace("".join(lines[:1]))
            else:
                self.buffer.insert_text("".join(lines[:1]))
        else:
            # Blanks before its first line are part of its layout.
            whole = document.text_before_cursor + text.lstrip("\n") + document.text_after_cursor
            self.paste = whole.rstrip()
            before = document.text_before_cursor
            # Commands with passwords are left to the check of what is said.
            is_command = before.startswith("/") and not before.startswith("//")
            self._is_command = is_command and not self.owner.is_secret(before)
            self.refresh()

    def redraw(self) -> None:
        """Draw the whole screen again."""
        self._scrollback.flush()
        self._scrollback.redraw()

    def suspend(self) -> None:
        """Go back to the shell, until it continues this program."""
        self._lending.suspend()

    def edit_elsewhere(self) -> None:
        """Edit the line in the person's own editor; what comes back is the draft of the place it was typed for."""
        if not self._lending.is_lent:
            self._place_elsewhere = self._place
            self._lending.edit(self.buffer.text, self._bring_back, self.owner.remark)

    # Inside.

    def _key_pressed(self) -> None:
        self._pressed += 1
        self._follow()
        self.owner.touched()

    def _follow(self) -> None:
        """Change to the half-typed line of the place that lines go to now (rule 1)."""
        place = self.owner.place()
        if not self.talking or place == self._place:
            return
        before, draft = self._place, self._put_aside()
        self._place = place
        found = self._drafts.take(place)
        if not before and found is None:
            self._take_up(draft)  # it was typed before there was a place to send it to
        else:
            self._drafts.keep(before, draft)
            self._take_up(found)

    def _turn_to(self, talking: bool) -> None:
        """Change between talking and answering a question (rule 2)."""
        if self.hidden:
            # Forget what Ctrl-U and the like took from a hidden answer: Ctrl-Y would show it.
            self.app.clipboard = Cuttings()
        draft = self._put_aside()
        if self.talking:
            self._drafts.keep(self._place, draft)
        elif not self.label:
            self._take_up(draft)  # it was typed before there was a question
        self.talking = talking
        if talking:
            self._place = self.owner.place()
            self._take_up(self._drafts.take(self._place))

    def _put_aside(self) -> Draft:
        self._given_at = -1
        draft = self.buffer.put_aside()
        draft.editing, draft.paste, draft.is_command = self.editing, self.paste, self._is_command
        self.editing = self.paste = self.choice = None
        return draft

    def _take_up(self, draft: Draft | None) -> None:
        draft = draft or Draft()
        self.buffer.take_up(draft)
        self.editing, self.paste, self.is_cleared = draft.editing, draft.paste, False
        self._is_command = draft.is_command
        self._given_back = draft.text

    def _bring_back(self, text: str) -> None:
        if self.talking and self._place_elsewhere == self._place:
            self.buffer.replace(text)
        else:
            self._drafts.keep(self._place_elsewhere, Draft(Document(text)))

    def _returned(self) -> None:
        self._title = ""
        self._scrollback.release()
        self.refresh()

    def _changed(self) -> None:
        self.choice = None
        if self.buffer.text:
            self.is_cleared = False
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

    def _ended(self, result: Any) -> Any:
        self._stopping = True
        self.output.give_title_back()
        return result
