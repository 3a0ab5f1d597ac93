"""Commands that were typed without their passwords: the plain client asks for these, for new ones twice.

Rules:

1. What answers a question is never said, printed or kept; what may be a password typed too late is held once.
2. A line that begins with a slash is no answer, but a command: the question is left.
3. What was asked for and not answered was not done, and counts as a refused line.
4. After an answer no line is taken before the server has said whether the password will do.
"""

from collections.abc import Callable

from groupchat.client.core.protocol import Message
from groupchat.programs.plain_lines import MAY_BE_SECRET, Lines
from groupchat.stdio.echo import Echo
from groupchat.terminal.flow.secret_commands import SecretCommands
from groupchat.terminal.questions import Questions

NOT_SAID = "!! held-line: That was not said: it may be a password. The same line once more says it.\n"
NOT_UTF8 = "!! not-utf8: The answer is not UTF-8.\n"
TOO_LONG = "!! line-too-long: The answer is too long.\n"
NOTHING_DONE = "-- Nothing was changed.\n"


class PlainSecrets:
    """The questions of one connection.

    :param send: sends a request.
    :param write: prints text.
    :param show_typing: turns the terminal's echo on after a password.
    :param newline: what ends the line of a question where no Enter does.
    """

    def __init__(
        self, lines: Lines, send: Callable[[Message], object], write: Callable[[str], object], echo: Echo,
        show_typing: Callable[[], object], newline: str,
    ) -> None:  # fmt: skip
        self._lines = lines
        self._send = send
        self._write = write
        self._echo = echo
        self._show_typing = show_typing
        self._newline = newline
        self._commands = SecretCommands()
        self._questions = Questions(self)
        self._asked_for = ""
        """The command whose passwords are asked for, or that is being carried out."""
        self._words: list[str] = []
        self._ref: object = None

    @property
    def is_pending(self) -> bool:
        """Return whether the server has not said yet whether a password will do (rule 4)."""
        return self._ref is not None

    def take(self, line: bytes) -> bool:
        """Take a line if it answers a question, makes one necessary, or is held; return whether it is taken."""
        try:
            text = line.decode()
        except UnicodeDecodeError:
            return self.cancel(NOT_UTF8)
        if self._questions.open:
            return self._answer(text.strip())
        if self._questions.holds(text):
            self._lines.refuse(MAY_BE_SECRET)
            self._write(NOT_SAID)
            return True
        missing = self._commands.missing(text) if text.startswith("/") and not text.startswith("//") else []
        if missing:
            command, *words = text.split()
            self._asked_for = command
            asked = [self._commands.question(command, name) for name in missing]
            self._questions.ask_secrets(words, asked, self._carry_out)
        return bool(missing)

    def receive(self, message: Message) -> None:
        """Ask for another password where the server finds one too weak."""
        if self._ref is None or message.get("ref") != self._ref:
            return
        self._ref = None
        words, self._words = self._words, []
        found = self._commands.new_password(self._asked_for)
        if message.get("event") == "refused" and message.get("code") == "password-weak" and found is not None:
            number, name = found
            before, after = words[:number], words[number + 1 :]
            question = self._commands.question(self._asked_for, name)
            self._questions.ask_secrets(before, [question], lambda given: self._carry_out([*given, *after]))

    def cancel(self, why: str = "") -> bool:
        """Leave the question, if one is open; return whether one was.  ``why``: what is wrong with the answer."""
        is_open = self._questions.open
        if is_open:
            self._show_typing()
            self._write(why)
            self._give_up()
        return is_open

    # The questions call these.

    def ask(self, label: str, hidden: bool = False) -> None:
        """Print a question; what answers it is not shown."""
        self._write(label + self._newline)
        if hidden:
            self._echo.off()

    def talk(self) -> None:
        """Do nothing: the echo is on again after each answer."""

    # Inside.

    def _answer(self, answer: str) -> bool:
        self._show_typing()
        if not answer or answer.startswith("/"):
            self._give_up()
            return not answer
        self._questions.take(answer)
        return True

    def _give_up(self) -> None:
        self._questions.leave()
        self._questions.drop()
        self._lines.refuse(self._asked_for)
        self._write(NOTHING_DONE)

    def _carry_out(self, words: list[str]) -> None:
        request = self._lines.command(self._asked_for, words)
        self._words, self._ref = words, request["ref"]
        self._send(request)
