"""Half-typed lines: one at a time is in the editor, and each place that lines go to has a draft of its own."""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field

from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document
from prompt_toolkit.history import History

from groupchat.terminal.surfaces.history import HistoryFile

Steps = list[tuple[str, int]]
"""Earlier states of a line, each with the place of the cursor."""


class TypedLines(History):
    """The history that the arrow keys and Ctrl-R look through."""

    def __init__(self, file: HistoryFile) -> None:
        super().__init__()
        self._file = file
        self._kept: list[str] = []

    def keep(self, line: str) -> None:
        """Have a line that was never sent at hand in this session; it is written nowhere."""
        if line not in self._loaded_strings[:1]:
            self._loaded_strings.insert(0, line)
            if not self._loaded:
                self._kept.insert(0, line)

    # prompt_toolkit calls these.

    def load_history_strings(self) -> list[str]:
        return [*self._kept, *self._file.load()[::-1]]

    def store_string(self, string: str) -> None:
        if "\n" not in string:  # the file has a line for each; the rest is at hand in this session
            self._file.add(string)


@dataclass(slots=True)
class Draft:
    """A half-typed line, with what can be undone.

    ``editing``: the number of the message that it changes; ``paste``: several lines about which the person is asked;
    ``is_command``: whether they belong to a command that was typed before them.
    """

    document: Document = field(default_factory=Document)
    editing: int | None = None
    paste: str | None = None
    is_command: bool = False
    undone: Steps = field(default_factory=list)
    redone: Steps = field(default_factory=list)

    @property
    def text(self) -> str:
        """Return everything that would be lost with this draft."""
        return self.document.text if self.paste is None else self.paste


class DraftBuffer(Buffer):
    """The line that is edited now."""

    _searched_from = 1
    """Where in the history a search began, counted from its newest end."""

    def put_aside(self) -> Draft:
        """Return the half-typed line, and begin with an empty one."""
        self.cancel_completion()
        draft = Draft(self.document, undone=self._undo_stack, redone=self._redo_stack)
        self.reset()
        return draft

    def take_up(self, draft: Draft) -> None:
        """Go on with a half-typed line."""
        self.reset(draft.document)
        self._undo_stack, self._redo_stack = draft.undone, draft.redone

    def replace(self, text: str) -> None:
        """Replace the whole line, which can be undone."""
        self.save_to_undo_stack()
        self.document = Document(text)

    def drop(self, is_kept: bool) -> None:
        """Drop the line; undo brings it back.

        :param is_kept: whether it is the newest line of the history from now on.
        """
        self.save_to_undo_stack()
        newest = len(self._working_lines) - 1
        if is_kept:
            # By hand: a reset would have the history read again, and a key may come before that is done.
            self._working_lines.insert(newest, self.text)
            newest += 1
        self.go_to_history(newest)
        self.document = Document()

    def begin_search(self) -> None:
        """Note which line a search in the history begins at."""
        self._searched_from = len(self._working_lines) - self.working_index

    def end_search(self) -> None:
        """Return to the line that a search began at."""
        self.go_to_history(len(self._working_lines) - self._searched_from)


class Drafts:
    """The half-typed lines of the places that lines do not go to now."""

    def __init__(self) -> None:
        self._drafts: dict[Hashable, Draft] = {}

    def __iter__(self) -> Iterator[tuple[Hashable, str]]:
        """Return the places that have a draft, and its text."""
        return iter([(place, draft.text) for place, draft in self._drafts.items()])

    def keep(self, place: Hashable, draft: Draft) -> None:
        """Keep the half-typed line of a place, unless there is nothing in it."""
        if draft.text.strip():
            self._drafts[place] = draft

    def take(self, place: Hashable) -> Draft | None:
        """Hand out the draft of a place, if it has one."""
        return self._drafts.pop(place, None)

    def move(self, old: Hashable, new: Hashable) -> None:
        """Note that a place has another name now."""
        draft = self._drafts.pop(old, None)
        if draft is not None:
            self._drafts.setdefault(new, draft)
