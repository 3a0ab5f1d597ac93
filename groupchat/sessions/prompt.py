"""What people type before they are in: a nickname, a password, or a way to give both at once."""

from typing import TYPE_CHECKING

from groupchat.model import text
from groupchat.model.claims import Claim, Logout
from groupchat.model.errors import BadArguments

if TYPE_CHECKING:
    from groupchat.hall.admission import Gate
    from groupchat.interfaces.screens import IScreen

LEAVING = frozenset({"/exit", "/quit"})
"""What one may type instead of a nickname."""

ATTEMPTS = 3
"""After so many wrong passwords one is asked for the nickname again."""

UNENCRYPTED = "This connection is not encrypted: others may be able to read the password on its way."


class Prompt:
    """The conversation before one is in.  ``asked``: whose password was asked for; None: it is the nickname's turn."""

    __slots__ = ("_failures", "_gate", "_last", "asked")

    def __init__(self, gate: "Gate") -> None:
        self._gate = gate
        self._failures = 0
        self._last = ""
        """Whose password was typed last; empty: it was none."""
        self.asked: str | None = None

    def read(self, line: str) -> Claim | Logout | None:
        """What was typed at the nickname prompt; None: nothing.

        :raises BadArguments: /login or /register without what they need.
        """
        self._last = ""
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
                return Claim(words[1], password=words[2], register=True, code=words[3] if len(words) > 3 else None)
        return Claim(line.strip())

    def needs_password(self, nick: str) -> bool:
        """Whether who wants to be called so is asked for a password; not when they cannot be called so at all."""
        return self._gate.is_possible(nick) and self._gate.asks_for_password(nick)

    def ask(self, screen: "IScreen", nick: str) -> tuple[str, ...]:
        """Begin to ask for a password; gives what is told before.

        :raises NotEncrypted: passwords are not taken on this connection.
        """
        self._gate.check_line(screen)
        self._failures = 0
        self.asked = nick
        screen.conceal()
        whose = f"{nick} belongs to an account." if self._gate.belongs_to_account(nick) else "This hall has a password."
        return (whose,) if screen.secure else (whose, UNENCRYPTED)

    def answered(self, screen: "IScreen", line: str) -> Claim | Logout | None:
        """What was typed at the password prompt; nothing: another nickname is wanted after all."""
        screen.reveal()
        nick, self.asked = self.asked, None
        assert nick is not None
        if not line:
            return None
        self._last = nick
        return Claim(nick, password=line)

    def asked_again(self, is_wrong: bool) -> bool:
        """Whether to ask once more for the password that was wrong."""
        nick, self._last = self._last, ""
        if not (nick and is_wrong):
            return False
        self._failures += 1
        if self._failures >= ATTEMPTS:
            return False
        self.asked = nick
        return True

    def forget(self) -> None:
        """Somebody is in."""
        self.asked = None
        self._last = ""
