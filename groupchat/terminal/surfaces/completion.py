"""Completing the last word of a half-typed line: what to insert, and what there is to choose from."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Choice:
    """The words that the last word could become; ``line`` is what stands before it."""

    line: str
    words: tuple[str, ...]
    chosen: int = -1

    @property
    def text(self) -> str:
        """The line with the chosen word."""
        return f"{self.line}{self.words[self.chosen]}{self._end(self.words[self.chosen])}"

    def next(self, step: int = 1) -> "Choice":
        """The same with the next word chosen."""
        start = self.chosen if self.chosen >= 0 or step > 0 else 0
        return Choice(self.line, self.words, (start + step) % len(self.words))

    def _end(self, word: str) -> str:
        """A nickname that begins a line is spoken to."""
        return ": " if not self.line and word[0] not in "/:" else " "


def complete(text: str, words: list[str]) -> tuple[str, Choice | None]:
    """The line with what is sure inserted, and what there is to choose from, if anything."""
    line, space, start = text.rpartition(" ")
    line += space
    if not words:
        return text, None
    choice = Choice(line, tuple(words))
    if len(words) == 1:
        return choice.next().text, None
    lowered = _beginning([word.lower() for word in words])
    if len(lowered) > len(start) and lowered.startswith(start.lower()):
        return f"{line}{words[0][: len(lowered)]}", choice
    return text, choice


def _beginning(words: list[str]) -> str:
    """What all words begin with."""
    first, last = min(words), max(words)
    same = next((at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return first[:same]
