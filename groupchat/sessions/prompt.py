"""The prompts before somebody is in: a nickname, a password, or a command that gives both at once."""

from dataclasses import replace

from groupchat.hall.admission import Admission
from groupchat.interfaces.screens import IScreen
from groupchat.model import text
from groupchat.model.claims import Claim, Logout
from groupchat.model.errors import BadArguments

LEAVING = frozenset({"/exit", "/quit"})
"""Commands that can be typed instead of a nickname."""

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

    def read(self, line: str) -> Claim | Logout | None:
        """Read what was typed at the nickname prompt; None: nothing.

        :raises BadArguments: /login or /register without what they need.
        """
        self._last = ""
        self._registering = None
        words = text.clean(line).split()
        match [word.lower() for word in words[:1]]:
            case []:
                return None
            case [word] if word in LEAVING and len(words) == 1:
                return Logout()
            case ["/login"]:
                if len(words) < 3:
                    raise BadArguments("Usage: /login NAME PASSWORD")
                return Claim(words[1], password=text.clean(line).strip().split(None, 2)[2], login=True)
            case ["/register"]:
                if not 3 <= len(words) <= 4:
                    raise BadArguments("Usage: /register NAME PASSWORD [CODE]")
                code = words[3] if len(words) > 3 else None
                self._registering = Claim(words[1], password=words[2], register=True, code=code)
                return self._registering
        return Claim(line.strip())

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

    def answered(self, screen: IScreen, line: str) -> Claim | Logout | None:
        """Read what was typed at the password prompt; nothing: another nickname is wanted after all."""
        screen.reveal()
        nick, self.asked = self.asked, None
        assert nick is not None
        registering, self._registering = self._registering, None
        if not line:
            return None
        if registering is not None and line.startswith("/"):
            return self.read(line)
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
