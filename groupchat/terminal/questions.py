"""Questions to the person: what is typed next is the answer."""

from collections.abc import Callable

from groupchat.terminal.surfaces.surface import Surface


class Questions:
    """At most one of them is open; an answer may be followed by the next."""

    def __init__(self, surface: Surface) -> None:
        self._surface = surface
        self._answer: Callable[[str], None] | None = None

    @property
    def open(self) -> bool:
        """Whether an answer is awaited."""
        return self._answer is not None

    def ask(self, label: str, answer: Callable[[str], None], hidden: bool = False, default: str = "") -> None:
        """What is typed from now on is an answer, until the question is dropped."""
        self._answer = answer
        self._surface.ask(label, hidden, default)

    def take(self, line: str) -> bool:
        """Whether this line was an answer."""
        answer = self._answer
        if answer is None:
            return False
        answer(line)
        return True

    def drop(self) -> None:
        """What is typed from now on is no answer."""
        self._answer = None

    def talk(self) -> None:
        """What is typed from now on is the chat's."""
        self.drop()
        self._surface.talk()

    def ask_secrets(self, given: list[str], missing: list[str], then: Callable[[list[str]], None]) -> None:
        """Ask for what a command lacks, one after the other, without echo; an empty answer is the end of it.

        :param then: is called with ``given`` and the answers.
        """

        def answered(word: str) -> None:
            self.talk()
            if word and missing[1:]:
                self.ask_secrets([*given, word], missing[1:], then)
            elif word:
                then([*given, word])

        self.ask(f"{missing[0].capitalize()}: ", answered, hidden=True)
