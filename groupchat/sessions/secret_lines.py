"""Keep what may be a password from being said aloud, or taken for a nickname, by mistake.

Four kinds of lines are not said:

1. A command with a password after a blank, or after another kind of slash: it is typed at the beginning of the line.
2. Such a command without its slash, with as many words as it takes, the last of which could be a password.
3. The first line within HELD_S after such a command was refused, for whatever reason, or after its question was left:
   it may be the next try.
4. What was typed at a question for a password, or at the end of a line of the second kind, within HELD_S.

Lines of the last two kinds are not taken for a nickname either.
Whoever means a line of the last three kinds types it once more.
"""

from groupchat.model import text
from groupchat.model.errors import BadArguments, HeldLine
from groupchat.verbs.commands import COMMANDS

HELD_S = 60.0
"""Seconds after which people have noticed that something was refused."""

SECRET = {
    name: verb for verb in COMMANDS.sorted() if verb.secret for name in (verb.name, *verb.aliases)
}  # fmt: skip
"""The commands that take a password, by each of their names."""

TRIED_MOST = 16
"""So many passwords that were typed last are known again."""

_AGAIN = "The same line once more says it."


class SecretLines:
    """Remembers what one person was refused lately, and the passwords they typed.

    ``is_alert``: the next line is to be checked, whatever it is.
    """

    __slots__ = ("_again", "_failed", "_failed_at", "_tried", "is_alert")

    def __init__(self) -> None:
        self.is_alert = False
        self._failed = ""
        self._failed_at = 0.0
        self._again = ""
        """The line that was held last; the same is taken as it is meant."""
        self._tried: dict[int, float] = {}
        """When passwords were typed, by their hashes: the passwords themselves are not kept."""

    def typed(self, password: str, now: float) -> None:
        """Note what was typed at a question for a password.  :param now: seconds that never go back."""
        known = hash(_compared(password))
        self._tried.pop(known, None)
        self._tried[known] = now
        if len(self._tried) > TRIED_MOST:
            del self._tried[next(iter(self._tried))]
        self.is_alert = True

    def failed(self, command: str, now: float) -> None:
        """Note that a command with a password was refused, or that its question was left."""
        self._failed, self._failed_at = command, now
        self.is_alert = True

    def passed(self) -> None:
        """Note that the next try is made, or that a line was held."""
        self._failed = self._again = ""
        self.is_alert = bool(self._tried)

    def check_nickname(self, line: str, now: float) -> None:
        """See that a line can be taken for a nickname.

        :raises HeldLine: it may be a password.
        """
        if self._reason(line, now):
            raise HeldLine("That looks like a password. Type it again to use it as your nickname.")

    def _reason(self, line: str, now: float) -> str:
        """Return why this line may be a password, and hold it; empty: it may not, or comes again."""
        failed, again, compared = self._failed, self._again, _compared(line)
        self.passed()
        if compared and compared == again:
            return ""
        while self._tried and now - next(iter(self._tried.values())) >= HELD_S:
            del self._tried[next(iter(self._tried))]
        self.is_alert = bool(self._tried)
        if hash(compared) in self._tried:
            why = "you typed it for one just before"
        elif failed and now - self._failed_at < HELD_S:
            why = f"/{failed} was refused or left just before"
        else:
            return ""
        self._again, self.is_alert = compared, True
        return why

    def check(self, spoken: str, now: float, least: int) -> None:
        """Check that a line may be said aloud.

        :param least: the fewest characters of a password.
        :raises HeldLine: it may have a password in it, or be one; the same line once more is said.
        :raises BadArguments: it is a command with a password that does not begin the line, and is never said.
        """
        if self._failed or self._again or self._tried:
            if self._again and _compared(spoken) == self._again:
                self.passed()
                return
            if why := self._reason(spoken, now):
                raise HeldLine(f"That was not said: it may be a password, because {why}. {_AGAIN}")
        first = spoken[:1]
        if not first.isascii() or first.isspace():
            # What follows a blank or another slash is said, even a command; not so a password.
            words = text.like_a_command(spoken).split(None, 1)
            if words and words[0][1:].lower() in SECRET:
                raise BadArguments(
                    "That was not said, because it may have a password in it: "
                    f"type {words[0].lower()} at the beginning."
                )
        elif (command := _without_slash(spoken, least)) is not None:
            self.typed(spoken.split()[-1], now)
            self._again = _compared(spoken)
            raise HeldLine(
                f"That was not said: with a slash before it, it would be /{command}, and may have a password in it."
                f" {_AGAIN}"
            )


def _compared(line: str) -> str:
    """Return what of a line makes it the same as another: neither blanks around it nor what nobody sees do."""
    return text.harmless(line).strip()


def _without_slash(spoken: str, least: int) -> str | None:
    """Return the command that a line would be with a slash before it, if it could have a password in it."""
    name, blank, rest = spoken.partition(" ")
    if not blank or name.lower() not in SECRET:
        return None
    verb = SECRET[name.lower()]
    words = rest.split()
    needed = [parameter for parameter in verb.parameters if not parameter.optional]
    return verb.name if len(words) == len(needed) and len(words[-1]) >= least else None
