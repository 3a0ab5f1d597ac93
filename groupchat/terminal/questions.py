"""Questions to the person: the next line that is typed is the answer."""

from collections.abc import Callable
from typing import Protocol

from groupchat.terminal.flow.secret_commands import Question

TYPED_MOST = 16
"""So many answers that were typed last are known again."""


class Asker(Protocol):
    """What a question is shown by, such as a surface."""

    def ask(self, label: str, hidden: bool = False) -> None:
        """Take what is typed as the answer to a question; a ``hidden`` answer is neither shown nor kept."""

    def talk(self) -> None:
        """Take what is typed as lines for the chat."""


class Questions:
    """At most one question is open; its answer may lead to the next."""

    def __init__(self, surface: Asker) -> None:
        self._surface = surface
        self._typed: dict[int, None] = {}
        """The answers to questions for passwords, by their hashes: the passwords themselves are not kept."""
        self._answer: Callable[[str], None] | None = None
        self._is_left = False
        """Whether a question for a password was left after something had been typed: the next line may be another."""
        self._held = ""

    def leave(self) -> None:
        """Note that a question for a password was left after something had been typed."""
        self._is_left = True

    def holds(self, line: str) -> bool:
        """Return whether a line is held once, because it may be a password that is typed too late, or once more."""
        line = line.strip()
        if not line or line.startswith("/"):
            return False
        is_held = (self._is_left or hash(line) in self._typed) and line != self._held
        self._is_left = False
        self._held = line if is_held else ""
        return is_held

    @property
    def open(self) -> bool:
        """Return whether an answer is awaited."""
        return self._answer is not None

    def ask(self, label: str, answer: Callable[[str], None], hidden: bool = False) -> None:
        """Take every line as an answer until the question is dropped."""
        self._answer = answer
        self._surface.ask(label, hidden)

    def take(self, line: str) -> bool:
        """Take a line if it is an answer; return whether it is."""
        answer = self._answer
        if answer is None:
            return False
        answer(line)
        return True

    def drop(self) -> None:
        """Take no more answers."""
        self._answer = None

    def talk(self) -> None:
        """Leave the lines that are typed from now on to the chat."""
        self.drop()
        self._surface.talk()

    def ask_secrets(self, given: list[str], missing: list[Question], then: Callable[[list[str]], None]) -> None:
        """Ask for the missing arguments of a command one by one, without echo; an empty answer cancels.

        A new password is asked for until it is typed twice in the same way.

        :param then: is called with ``given`` and the answers.
        """
        question, *others = missing
        self._is_left = False
        has_answers = False

        def answered(word: str) -> None:
            nonlocal has_answers
            if not word:
                if has_answers:
                    self.leave()
                self.talk()
                return
            has_answers = True
            self._note(word)
            if question.repeated:
                self.ask(f"{question.label}, again: ", lambda again: repeated(word, again), hidden=True)
            else:
                go_on(word)

        def repeated(word: str, again: str) -> None:
            if again:
                self._note(again)
            if not again:
                self.leave()
                self.talk()
            elif again == word:
                go_on(word)
            else:
                self.ask(f"That was not the same. {question.label}: ", answered, hidden=True)

        def go_on(word: str) -> None:
            self.talk()
            if others:
                self.ask_secrets([*given, word], others, then)
            else:
                then([*given, word])

        self.ask(f"{question.label}: ", answered, hidden=True)

    def _note(self, answer: str) -> None:
        """Note what was typed for a password: alone in a line, it is not to be said."""
        self._typed[hash(answer.strip())] = None
        if len(self._typed) > TYPED_MOST:
            del self._typed[next(iter(self._typed))]
