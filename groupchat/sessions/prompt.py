"""The prompts before somebody is in: a nickname, a password, or a command that gives both at once."""

from dataclasses import replace

from groupchat.hall.admission import Admission
from groupchat.interfaces.screens import IScreen
from groupchat.model import text
from groupchat.model.claims import Claim, Logout
from groupchat.model.errors import BadArguments, Busy, PasswordWeak, PasswordWrong, TooManyFailures
from groupchat.model.events import Told
from groupchat.sessions.asking import AGAIN, CODE, DIFFERENT, NEW, PRESENT
from groupchat.sessions.secret_lines import SecretLines

LEAVING = frozenset({"/exit", "/quit"})
"""Commands that close the connection."""

HERE = frozenset({"/login", "/register", "/help"}) | LEAVING
"""Commands that can be typed at a prompt.  No other line is taken for a command where a password is asked for."""

ATTEMPTS = 3
"""So many wrong passwords count as one refused nickname, after several of which the connection is closed."""

UNENCRYPTED = "This connection is not encrypted: others may be able to read the password on its way."


NICKNAME = "nickname"
LOGIN, REGISTER = "login", "register"

REPEATED = frozenset({PasswordWrong, TooManyFailures, Busy})
"""Refusals after which the same password is asked for until the person leaves the question: they may be typing it."""


class Again:
    """The next question of several is asked."""


class Prompt:
    """The conversation before somebody is in.

    ``asked``: the nickname whose password was asked for; None: the nickname is asked for.
    ``question``: what is asked for, as in ``Asked``.
    ``is_exhausted``: the last answer completes ATTEMPTS.
    """

    __slots__ = (
        "_admission",
        "_failures",
        "_first",
        "_has_answers",
        "_is_login",
        "_last",
        "_registering",
        "_secrets",
        "asked",
        "is_exhausted",
        "question",
    )

    def __init__(self, admission: Admission, secrets: SecretLines) -> None:
        self._admission = admission
        self._secrets = secrets
        self._failures = 0
        self._has_answers = False
        """Whether something was typed at the questions for passwords since the first of them."""
        self._last = ""
        """The nickname whose password was typed last; empty: that was none."""
        self._registering: Claim | None = None
        """The last request to make an account; its password is asked for if there is none, or it is too weak."""
        self._first: str | None = None
        """A new password that was typed once."""
        self._is_login = False
        """Whether only the account will do whose password is asked for, as after /login."""
        self.asked: str | None = None
        self.is_exhausted = False
        self.question = "nickname"

    def read(self, line: str, now: float) -> Claim | Logout | Told | None:
        """Read what was typed at the nickname prompt; None: nothing.

        :param now: seconds that never go back.
        :raises BadArguments: /login or /register without what they need.  HeldLine: the line may be a password.
        """
        read = self._read(line)
        self._last = ""
        self._registering = read if isinstance(read, Claim) and read.register else None
        if isinstance(read, Claim):
            if read.login or read.register:
                self._secrets.passed()  # it is the next try
            elif not self.needs_password(read):
                self._secrets.check_nickname(line, now)
            if read.password is not None:
                self._secrets.typed(read.password, now)
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
                if len(words) < 2:
                    raise BadArguments("Usage: /login NAME [PASSWORD]; what is left out is asked for.")
                if len(words) == 2:
                    return Claim(words[1], login=True)
                return Claim(words[1], password=text.clean(line).strip().split(None, 2)[2], login=True)
            case ["/register"]:
                if not 2 <= len(words) <= 4:
                    raise BadArguments("Usage: /register NAME [PASSWORD [CODE]]; what is left out is asked for.")
                password, code = (*words[2:], None, None)[:2]
                return Claim(words[1], password=password, register=True, code=code)
        return Claim(line.strip())

    def _help(self) -> tuple[str, ...]:
        """Return what can be done at the prompt."""
        if self.asked is not None:
            first = f"Type the password of {self.asked}, or nothing to choose another nickname."
        else:
            first = "Type the name that the others are to know you by, such as alice."
        commands = "With an account: /login NAME. To leave: /exit."
        return first, f"{commands} {self._admission.way_in()}"

    def needs_password(self, claim: Claim) -> bool:
        """Say whether a password is asked for; not for a nickname that nobody can have."""
        if claim.login:
            return True
        return self._admission.is_possible(claim.nick) and (
            claim.register or self._admission.asks_for_password(claim.nick)
        )

    def ask(self, screen: IScreen, claim: Claim) -> tuple[str, ...]:
        """Begin to ask for the password of a claim; return what is told before.

        :raises NotEncrypted: passwords are not taken on this connection.
        :raises RegistrationClosed: nobody makes an account here.
        """
        self._admission.check_line(screen)
        self._failures = 0
        self._has_answers = False
        self._is_login = claim.login
        if claim.register:
            self._admission.check_open()
            told = f"Choose a password for {claim.nick}. An empty line leaves everything as it is."
        elif claim.login:
            told = f"Give the password of {claim.nick}, or nothing to choose a nickname."
        else:
            told = self._admission.why_password(claim.nick)
        self._ask(claim.nick, NEW if claim.register else PRESENT)
        screen.conceal()
        return (told,) if screen.secure else (told, UNENCRYPTED)

    def _ask(self, nick: str | None, question: str) -> None:
        self.asked, self.question, self._first = nick, question, None

    def answered(self, screen: IScreen, line: str, now: float) -> Claim | Logout | Told | Again | None:
        """Read what was typed at the password prompt; nothing: another nickname is wanted after all.

        A command that can be typed here is no password.

        :raises BadArguments: /login or /register without what they need, or two new passwords that are not the same;
            the password is still asked for.
        :raises PasswordWeak: a new password cannot be one; it is still asked for.
        """
        screen.reveal()
        nick, registering = self.asked, self._registering
        assert nick is not None
        command = REGISTER if registering is not None else LOGIN
        if _is_command(line):
            read = self._read(line)
            if isinstance(read, Told):
                return read
            self._ask(None, NICKNAME)
            read = self.read(line, now)
            self._secrets.failed(command, now)
            return read
        if registering is not None and line.startswith("/"):
            raise BadArguments("Only /login, /register, /help and /exit can be typed here, and no such password.")
        if not line:
            if self._has_answers:
                self._secrets.failed(command, now)
            self._ask(None, NICKNAME)
            self._registering = None
            return None
        self._has_answers = True
        self._secrets.typed(line, now)
        if registering is not None:
            return self._registered(screen, registering, line)
        self._ask(None, NICKNAME)
        self._last = nick
        return Claim(nick, password=line, login=self._is_login)

    def _registered(self, screen: IScreen, registering: Claim, line: str) -> Claim | Again:
        """Take an answer of somebody who makes an account: a new password, the same once more, or a code."""
        if self.question == CODE:
            claim = replace(registering, code=line.strip())
        elif self.question == NEW:
            self._admission.check_new(registering.nick, line, screen)
            self.question, self._first = AGAIN, line
            return Again()
        else:
            first, self.question, self._first = self._first, NEW, None
            if first != line:
                raise BadArguments(DIFFERENT)
            claim = replace(registering, password=line)
            if claim.code is None and self._admission.needs_code:
                self._registering, self.question = claim, CODE
                return Again()
        self._ask(None, NICKNAME)
        self._registering = claim
        return claim

    def asked_again(self, claim: Claim, refusal: type[BaseException] | None, now: float) -> bool:
        """Say whether to ask once more for a password that was not taken, or was too weak for a new account.

        :param refusal: why not.
        """
        if refusal is PasswordWeak and self._registering is not None:
            self._ask(self._registering.nick, NEW)
            self._has_answers = True
            return True
        self._registering = None
        self.is_exhausted = False
        nick, self._last = self._last, ""
        if nick and refusal in REPEATED:
            self._failures += refusal is not Busy
            self.is_exhausted = refusal is not Busy and self._failures % ATTEMPTS == 0
            self._ask(nick, PRESENT)
            return True
        if claim.password is not None:
            self._secrets.failed(REGISTER if claim.register else LOGIN, now)
        return False

    def forget(self) -> None:
        """Forget it all: somebody is in."""
        self._ask(None, NICKNAME)
        self._last = ""
        self._registering = None


def _is_command(line: str) -> bool:
    """Say whether a line begins with a command that can be typed here."""
    return "".join(text.clean(line).split(None, 1)[:1]).lower() in HERE
