"""Completion of the last word of a half-typed line: what to insert, and which words to offer."""

from groupchat.lazy.records import record


@record
class Choice:
    """Words that the last word could become; ``line`` is what precedes it."""

    line: str
    words: tuple[str, ...]
    chosen: int = -1

    @property
    def text(self) -> str:
        """Return the line with the chosen word."""
        return f"{self.line}{self.words[self.chosen]}{self._end(self.words[self.chosen])}"

    def next(self, step: int = 1) -> "Choice":
        """Return the same choice with the next word chosen."""
        start = self.chosen if self.chosen >= 0 or step > 0 else 0
        return Choice(self.line, self.words, (start + step) % len(self.words))

    def _end(self, word: str) -> str:
        """Return what follows a word: a colon after a nickname that begins the line, and nothing after a folder."""
        if self.line and word.endswith("/"):
            return ""
        return ": " if not self.line and word[0] not in "/:" else " "


def complete(text: str, words: list[str]) -> tuple[str, Choice | None]:
    """Return the line completed as far as all words agree, and the words to choose from, if there are several."""
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
    """Return the beginning that all words share."""
    first, last = min(words), max(words)
    same = next((at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return first[:same]
