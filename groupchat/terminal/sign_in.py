"""Before the chat: the menu, the nickname, the password."""

from collections.abc import Callable

from groupchat.client.core.client_errors import Refused
from groupchat.stdio.nickname import another
from groupchat.terminal.display.display import Display
from groupchat.terminal.questions import Questions
from groupchat.terminal.surfaces.surface import Surface

MENU = "1  join the chat\nq  leave the chat (while you are in it)\n2  exit"
CHOICE = "> "
NICKNAME = "Choose your nickname: "
SUGGESTED = "Choose your nickname [{}]: "
"""The question when an empty answer takes the nickname that it shows."""
PASSWORD = "Password: "
HELP = """\
Type the name that the others are to know you by; with an account: /login NAME PASSWORD. To leave: /exit.
An account is made in the chat, with /register; where guests may not come in, with netcat or telnet."""

LOCKED = frozenset({"password-needed", "password-wrong"})
"""Refusals after which the person is asked for the password."""

POSTPONED = frozenset({"too-many-failures", "busy"})
"""Refusals of a password that was typed, after which the person is asked for it again."""

HELD = "That looks like a password. Type it again to use it as your nickname."

UNAVAILABLE = frozenset({"nick-taken", "nick-invalid", "nick-reserved"})
"""Refusals after which the person can choose another nickname, if they were asked for the first."""


class SignIn:
    """Asks for what is not known yet, and lets the person in.

    :param nick: their nickname; empty: the server knows it; None: they are asked for one.
    :param reach: calls its argument when the server can be connected to, before a nickname is asked for.
    :param enter: joins the chat with a nickname, and a password if there is one.
    :param over: ends the program, with the exit status and a sentence why.
    """

    def __init__(
        self, surface: Surface, display: Display, questions: Questions, nick: str | None,
        reach: Callable[[Callable[[], None]], object],
        enter: Callable[[str, str | None], object], over: Callable[[int, str], object],
    ) -> None:  # fmt: skip
        self._surface = surface
        self._display = display
        self._questions = questions
        self._nick = nick
        self._reach = reach
        self._enter = enter
        self._over = over
        self._default = ""
        self._asked = False
        self._has_tried = False
        """Whether a password was typed at the question for it."""
        self.back: Callable[[], object] | None = None
        """Goes back into the chat that the person was in before; None: they were in none."""

    def show_menu(self, default: str) -> None:
        """Show the menu."""
        self._default = default
        self._surface.write(MENU)
        self._questions.ask(CHOICE, self._chosen)

    def begin(self, default: str) -> None:
        """Join; ask for a nickname first, and suggest ``default``, unless one was given."""
        if self._nick is not None:
            self._enter(self._nick, None)
        else:
            self._reach(lambda: self.ask_nickname(default))

    def ask_nickname(self, suggested: str = "") -> None:
        """Ask for a nickname; an empty answer takes the one that is suggested, if one is."""
        self._asked = True
        self._default = suggested
        self._questions.ask(SUGGESTED.format(suggested) if suggested else NICKNAME, self._named)

    def can_retry(self, error: Exception) -> bool:
        """Return whether another answer of the person can help against this error."""
        if self.is_locked(error) or self._is_postponed(error):
            return True
        return isinstance(error, Refused) and error.code in UNAVAILABLE and self._asked

    def is_locked(self, error: Exception) -> bool:
        """Return whether the nickname needs a password."""
        return isinstance(error, Refused) and error.code in LOCKED

    def asks_for_password(self, error: Exception) -> bool:
        """Return whether the person is asked for the password after this error."""
        return self.is_locked(error) or self._is_postponed(error)

    def _is_postponed(self, error: Exception) -> bool:
        return isinstance(error, Refused) and error.code in POSTPONED and self._has_tried

    def ask_again(self, error: Exception, nick: str) -> None:
        """Show why, and ask for the password of this nickname, or for another nickname."""
        if isinstance(error, Refused) and error.code == "password-needed":
            self._surface.write(self._display.remark(error.text))  # nothing is refused: it is a question
        elif isinstance(error, Refused):
            self._surface.write(self._display.refused(error.code, error.text))
        if self.asks_for_password(error):
            self._ask_password(nick)
        else:
            is_taken = isinstance(error, Refused) and error.code == "nick-taken"
            self.ask_nickname(another(nick) if is_taken else "")

    def _chosen(self, line: str) -> None:
        match line.strip().lower():
            case "1":
                self.begin(self._default)
            case "2":
                self._over(0, "")
            case "" | "q":
                self._questions.ask(CHOICE, self._chosen)
            case _:
                self._surface.write("Type 1 or 2.")
                self._questions.ask(CHOICE, self._chosen)

    def _named(self, line: str) -> None:
        nick, suggested = line.strip() or self._default, self._default
        if self._is_command(line, lambda: self.ask_nickname(suggested)):
            return
        if self._questions.holds(line):
            self._surface.write(HELD)
            self.ask_nickname(suggested)
        elif nick:
            self._has_tried = False
            self._enter(nick, None)
        else:
            self.ask_nickname()

    def _is_command(self, line: str, again: Callable[[], object]) -> bool:
        """Carry out a command that can be typed at a question; return whether it was one.

        :param again: asks the same question once more.
        """
        command, *words = line.split() or [""]
        match command.lower():
            case "/exit" | "/quit":
                self._over(0, "")
            case "/login" if len(words) > 1:
                self._enter(words[0], line.split(None, 2)[2])
            case "/login" | "/register" | "/help":
                self._surface.write(HELP)
                again()
            case _:
                return False
        return True

    def _ask_password(self, nick: str) -> None:
        self._questions.ask(PASSWORD, lambda line: self._unlocked(nick, line), hidden=True)

    def _unlocked(self, nick: str, password: str) -> None:
        if self._is_command(password, lambda: self._ask_password(nick)):
            return
        if password:
            self._has_tried = True
            self._enter(nick, password)
        elif self.back is not None:
            self._questions.leave()
            self.back()
        elif self._asked:
            if self._has_tried:
                self._questions.leave()
            self.ask_nickname()
        else:
            self._over(1, f"{nick} needs a password.")
