"""Ask for the passwords of a command that was typed without them, or with one that cannot be; for new ones twice.

The answers are hidden where the terminal can be told so, and never said aloud.
A line that begins with a slash is never taken for an answer: whoever changes their mind can do something else.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from groupchat.interfaces.screens import IScreen
from groupchat.lazy.records import record
from groupchat.model.errors import BadArguments
from groupchat.model.events import Answer, Asked, Done, Told
from groupchat.verbs.grammar.verb import Parameter

HOW = "An empty line, or a command, leaves everything as it is."
ANOTHER = f"Type another password. {HOW}"
GIVEN_UP = "Nothing was changed."
DIFFERENT = "These two were not the same. Type the new password once more."

NEW, AGAIN, PRESENT, CODE = "new password", "same again", "password", "code"
"""What is asked for."""

CarryOut = Callable[[Mapping[str, Any]], None]
Check = Callable[[Mapping[str, Any], str], None]
"""Takes the arguments so far and a new password; raises PasswordWeak if it cannot be one."""


@record
class Command:
    """A command with passwords.

    ``given``: the arguments that are known.
    ``carry_out`` does it, with all of them; ``check`` looks at a new password.
    """

    parameters: Sequence[Parameter]
    given: Mapping[str, Any]
    carry_out: CarryOut
    check: Check


class Asking:
    """The questions to one person about one command.

    ``command``: the last command, with its passwords; it is to be forgotten when something else is typed.
    ``lacking``: what is asked for; as long as there is any, the next line is an answer.
    ``has_answers``: whether a password was typed for it already.
    """

    __slots__ = ("_first", "_screen", "_show", "command", "has_answers", "lacking")

    def __init__(self, screen: IScreen, show: Callable[[Answer], object]) -> None:
        self._screen = screen
        self._show = show
        self.command: Command | None = None
        self.has_answers = False
        self.lacking: list[Parameter] = []
        self._first: str | None = None
        """A new password that was typed once."""

    def begin(self, command: Command, lacking: Sequence[Parameter]) -> None:
        """Ask for arguments that were left out, and carry out the command with them."""
        self.command, self.lacking, self._first = command, list(lacking), None
        self.has_answers = False
        self._show(Told((HOW,)))
        self._ask()

    def note(self, command: Command) -> None:
        """Note that a command is carried out that was typed with its passwords."""
        self.command, self.lacking = command, []

    def too_weak(self) -> bool:
        """Ask for another new password; return whether there is a command that it is for."""
        new = [one for one in self.command.parameters if one.argument.is_new] if self.command is not None else []
        if not new:
            return False
        self.lacking, self._first = [*new, *(one for one in self.lacking if one not in new)], None
        self.has_answers = True
        self._show(Told((ANOTHER,)))
        self._ask()
        return True

    def settled(self) -> None:
        """Forget the command: it was refused for another reason, or carried out."""
        self.command, self.lacking, self._first = None, [], None

    def take(self, line: str) -> bool:
        """Take a line while something is asked for; return False if it is no answer, but a command.

        :raises PasswordWeak: it is a new password that cannot be one.
        :raises BadArguments: it is not what was typed first, or too long.
        """
        command, answer = self.command, line.strip()
        assert command is not None
        self._screen.reveal()
        if answer.startswith("/") or not answer:
            self.settled()
            if not answer:
                self._show(Done(text=GIVEN_UP))
            return not answer
        self.has_answers = True
        asked = self.lacking[0]
        if asked.argument.is_new:
            if self._first is None:
                command.check(command.given, answer)
                self._first = answer
                self._ask()
                return True
            first, self._first = self._first, None
            if first != answer:
                raise BadArguments(DIFFERENT)
        given = {**command.given, asked.name: asked.argument.from_json(answer)}
        self.command = Command(command.parameters, given, command.carry_out, command.check)
        del self.lacking[0]
        if self.lacking:
            self._ask()
        else:
            command.carry_out(given)
        return True

    def ask_again(self) -> None:
        """Repeat the question, after an answer was refused."""
        self._ask()

    def _ask(self) -> None:
        self._screen.conceal()
        asked = self.lacking[0]
        if asked.optional:
            what = CODE
        elif not asked.argument.is_new:
            what = PRESENT
        else:
            what = NEW if self._first is None else AGAIN
        self._show(Asked(what))
