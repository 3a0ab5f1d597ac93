"""The prompts before somebody is in: a nickname, a password, or a command that gives both at once."""

from dataclasses import replace

from groupchat.hall.admission import Admission
from groupchat.interfaces.screens import IScreen
from groupchat.model import text
from groupchat.model.claims import Claim, Logout
from groupchat.model.errors import BadArguments
from groupchat.model.events import Told

LEAVING = frozenset({"/exit", "/quit"})
"""Commands that close the connection."""

HERE = frozenset({"/login", "/register", "/help"}) | LEAVING
"""Commands that can be typed at a prompt.  No other line is taken for a command where a password is asked for."""

ATTEMPTS = 3
"""After so many wrong passwords the nickname is asked for again."""

UNENCRYPTED = "This connection is not encrypted: others may be able to read the password on its way."


class Prompt:
    """The conversation before somebody is in.

    ``asked``: the nickname whose password was asked for; None: the nickname is asked for.
    """

    __slots__ = ("_admission", "_failures", "_last", "_registering", "asked")

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self._failures = 0
        self._last = ""
        """The nickname whose password was typed last; empty: that was none."""
        self._registering: Claim | None = None
        """The last request to make an account; its password is asked for again if it is too weak."""
        self.asked: str | None = None

    def read(self, line: str) -> Claim | Logout | Told | None:
        """Read what was typed at the nickname prompt; None: nothing.

        :raises BadArguments: /login or /register without what they need.
        """
        read = self._read(line)
        self._last = ""
        self._registering = read if isinstance(read, Claim) and read.register else None
        return read

    def _read(self, line: str) -> Claim | Logout | Told | None:
        """:raises BadArguments: /login or /register without what they need."""
        words = text.clean(line).split()
        match [word.lower() for word in words[:1]]:
            case []:
                return None
            case [word] if word in LEAVING:
                return Logout()
            case ["/help"]:
                return Told(self._help())
            case ["/login"]:
                if len(words) < 3:
                    raise BadArguments("Usage: /login NAME PASSWORD")
                return Claim(words[1], password=text.clean(line).strip().split(None, 2)[2], login=True)
            case ["/register"]:
                if not 3 <= len(words) <= 4:
                    raise BadArguments("Usage: /register NAME PASSWORD [CODE]")
                code = words[3] if len(words) > 3 else None
                return Claim(words[1], password=words[2], register=True, code=code)
        return Claim(line.strip())

    def _help(self) -> tuple[str, ...]:
        """Return what can be done at the prompt."""
        if self.asked is not None:
            first = f"Type the password of {self.asked}, or nothing to choose another nickname."
        else:
            first = "Type the name that the others are to know you by, such as alice."
        commands = "With an account: /login NAME PASSWORD. To leave: /exit."
        return first, f"{commands} {self._admission.way_in()}"

    def needs_password(self, nick: str) -> bool:
        """Say whether this nickname needs a password; one that nobody can have does not."""
        return self._admission.is_possible(nick) and self._admission.asks_for_password(nick)

    def ask(self, screen: IScreen, nick: str) -> tuple[str, ...]:
        """Begin to ask for a password; return what is told before.

        :raises NotEncrypted: passwords are not taken on this connection.
        """
        self._admission.check_line(screen)
        self._failures = 0
        self.asked = nick
        screen.conceal()
        whose = self._admission.why_password(nick)
        return (whose,) if screen.secure else (whose, UNENCRYPTED)

    def answered(self, screen: IScreen, line: str) -> Claim | Logout | Told | None:
        """Read what was typed at the password prompt; nothing: another nickname is wanted after all.

        A command that can be typed here is no password.

        :raises BadArguments: /login or /register without what they need; the password is still asked for.
        """
        screen.reveal()
        nick, registering = self.asked, self._registering
        assert nick is not None
        if _is_command(line) or (registering is not None and line.startswith("/")):
            read = self._read(line)
            if isinstance(read, Told):
                return read
            self.asked = None
            return self.read(line)
        self.asked = self._registering = None
        if not line:
            return None
        if registering is not None:
            self._registering = replace(registering, password=line)
            return self._registering
        self._last = nick
        return Claim(nick, password=line)

    def asked_again(self, is_wrong: bool, is_weak: bool) -> bool:
        """Say whether to ask once more for the password that was wrong, or too weak for a new account."""
        if is_weak and self._registering is not None:
            self.asked = self._registering.nick
            return True
        self._registering = None
        nick, self._last = self._last, ""
        if not (nick and is_wrong):
            return False
        self._failures += 1
        if self._failures >= ATTEMPTS:
            return False
        self.asked = nick
        return True

    def forget(self) -> None:
        """Forget it all: somebody is in."""
        self.asked = None
        self._last = ""
        self._registering = None


def _is_command(line: str) -> bool:
    """Say whether a line begins with a command that can be typed here."""
    return "".join(text.clean(line).split(None, 1)[:1]).lower() in HERE
