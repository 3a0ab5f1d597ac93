"""Questions to the person: the next line that is typed is the answer."""

from collections.abc import Callable

from groupchat.terminal.surfaces.surface import Surface


class Questions:
    """At most one question is open; its answer may lead to the next."""

    def __init__(self, surface: Surface) -> None:
        self._surface = surface
        self._answer: Callable[[str], None] | None = None

    @property
    def open(self) -> bool:
        """Return whether an answer is awaited."""
        return self._answer is not None

    def ask(self, label: str, answer: Callable[[str], None], hidden: bool = False, default: str = "") -> None:
        """Take every line as an answer until the question is dropped."""
        self._answer = answer
        self._surface.ask(label, hidden, default)

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

    def ask_secrets(self, given: list[str], missing: list[str], then: Callable[[list[str]], None]) -> None:
        """Ask for the missing arguments of a command one by one, without echo; an empty answer cancels.

        :param missing: their names.
        :param then: is called with ``given`` and the answers.
        """

        def answered(word: str) -> None:
            self.talk()
            if word and missing[1:]:
                self.ask_secrets([*given, word], missing[1:], then)
            elif word:
                then([*given, word])

        self.ask(f"{missing[0].capitalize()}: ", answered, hidden=True)
