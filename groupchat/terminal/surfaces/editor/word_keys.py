"""Keys that move by, cut and change letters and words as people see them: `naïve` is one word, an emoji one letter."""

from collections.abc import Callable, Iterable

from prompt_toolkit.clipboard import ClipboardData, InMemoryClipboard
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Filter
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.key_binding.key_processor import KeyPressEvent
from wcwidth import iter_graphemes

LETTER_MOST = 64
"""The most characters of a letter: only so many are looked at for each key, however long the text is."""


class Cuttings(InMemoryClipboard):
    """What was cut, the last one first."""

    def drop(self) -> None:
        """Forget what was cut last."""
        self._ring.popleft()


def word_before(text: str) -> int:
    """Return how many characters there are from the beginning of the last word in a text to the text's end."""
    return _through_word(reversed([*iter_graphemes(text)]))


def word_after(text: str) -> int:
    """Return how many characters there are from a text's beginning to the end of the first word in it."""
    return _through_word(iter_graphemes(text))


def letter_before(text: str) -> int:
    """Return how many characters the last letter of a text has."""
    return len(([*iter_graphemes(text[-LETTER_MOST:])] or [""])[-1])


def letter_after(text: str) -> int:
    """Return how many characters the first letter of a text has."""
    return len(next(iter_graphemes(text[:LETTER_MOST]), ""))


def _through_word(letters: Iterable[str]) -> int:
    count, is_within = 0, False
    for letter in letters:
        is_word = letter[0].isalnum() or letter[0] == "_"
        if is_within and not is_word:
            break
        is_within = is_word
        count += len(letter)
    return count


def add_word_keys(keys: KeyBindings, writing: Filter) -> None:
    """Add the keys; they work while ``writing``."""

    def moves(*pressed: str, by: Callable[[str], int], back: bool) -> None:
        @keys.add(*pressed, filter=writing)
        def _(event: KeyPressEvent) -> None:
            document = event.current_buffer.document
            step = by(document.text_before_cursor if back else document.text_after_cursor)
            event.current_buffer.cursor_position += -step if back else step

    def deletes(*pressed: str, by: Callable[[str], int], back: bool, cuts: bool = False) -> None:
        @keys.add(*pressed, filter=writing, save_before=lambda event: cuts or not event.is_repeat)
        def _(event: KeyPressEvent) -> None:
            before, after = (
                event.current_buffer.document.text_before_cursor,
                event.current_buffer.document.text_after_cursor,
            )
            step = by(before if back else after)
            gone = before[len(before) - step :] if back else after[:step]
            if back:
                before = before[: len(before) - step]
            else:
                after = after[step:]
            event.current_buffer.document = Document(before + after, len(before))
            if cuts and gone:
                ring = event.app.clipboard
                kept = ring.get_data().text if event.is_repeat else ""
                if kept and isinstance(ring, Cuttings):
                    ring.drop()
                ring.set_data(ClipboardData(gone + kept if back else kept + gone))

    def changes(*pressed: str, into: Callable[[str], str]) -> None:
        @keys.add(*pressed, filter=writing)
        def _(event: KeyPressEvent) -> None:
            document = event.current_buffer.document
            end = word_after(document.text_after_cursor)
            text = document.text_before_cursor + into(document.text_after_cursor[:end])
            event.current_buffer.document = Document(text + document.text_after_cursor[end:], len(text))

    for left in ("left",), ("c-b",):
        moves(*left, by=letter_before, back=True)
    for right in ("right",), ("c-f",):
        moves(*right, by=letter_after, back=False)
    for back in ("escape", "b"), ("c-left",), ("escape", "left"):
        moves(*back, by=word_before, back=True)
    for forth in ("escape", "f"), ("c-right",), ("escape", "right"):
        moves(*forth, by=word_after, back=False)
    deletes("backspace", by=letter_before, back=True)
    deletes("delete", by=letter_after, back=False)
    deletes("escape", "backspace", by=word_before, back=True, cuts=True)
    deletes("escape", "d", by=word_after, back=False, cuts=True)
    deletes("c-delete", by=word_after, back=False, cuts=True)
    changes("escape", "u", into=str.upper)
    changes("escape", "l", into=str.lower)
    changes("escape", "c", into=str.capitalize)
