"""Keep what may be a password from being said aloud by mistake.

Three kinds of lines are not said:

1. A command with a password after a blank, or after another kind of slash: it is typed at the beginning of the line.
2. Such a command without its slash, with as many words as it takes, the last of which could be a password.
3. The first line within HELD_S after such a command was refused, for whatever reason: it may be the next try.

Whoever means to say a line of the last two kinds types it once more.
"""

from groupchat.model import text
from groupchat.model.errors import BadArguments
from groupchat.verbs.commands import COMMANDS

HELD_S = 60.0
"""Seconds after which people have noticed that something was refused."""

SECRET = {
    name: verb for verb in COMMANDS.sorted() if verb.secret for name in (verb.name, *verb.aliases)
}  # fmt: skip
"""The commands that take a password, by each of their names."""

_AGAIN = "The same line once more says it."


class SecretLines:
    """Remembers what one person was refused lately.

    ``is_alert``: the next line is to be checked, whatever it is.
    """

    __slots__ = ("_again", "_failed", "_failed_at", "is_alert")

    def __init__(self) -> None:
        self.is_alert = False
        self._failed = ""
        self._failed_at = 0.0
        self._again = ""
        """The line that was not said last; the same is said."""

    def failed(self, command: str, now: float) -> None:
        """Note that a command with a password was refused.  :param now: seconds that never go back."""
        self._failed, self._failed_at = command, now
        self.is_alert = True

    def passed(self) -> None:
        """Note that something else was typed, such as another command."""
        self._failed = self._again = ""
        self.is_alert = False

    def check(self, spoken: str, now: float, least: int) -> None:
        """Check that a line may be said aloud.

        :param least: the fewest characters of a password.
        :raises BadArguments: it may have a password in it, or be one.
        """
        failed, again = self._failed, self._again
        if failed or again:
            self.passed()
            if spoken == again:
                return
            if failed and now - self._failed_at < HELD_S:
                self._again, self.is_alert = spoken, True
                raise BadArguments(
                    f"That was not said: it may be a password, because /{failed} was refused just before. {_AGAIN}"
                )
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
            self._again, self.is_alert = spoken, True
            raise BadArguments(
                f"That was not said: with a slash before it, it would be /{command}, and may have a password in it."
                f" {_AGAIN}"
            )


def _without_slash(spoken: str, least: int) -> str | None:
    """Return the command that a line would be with a slash before it, if it could have a password in it."""
    name, blank, rest = spoken.partition(" ")
    if not blank or name.lower() not in SECRET:
        return None
    verb = SECRET[name.lower()]
    words = rest.split()
    needed = [parameter for parameter in verb.parameters if not parameter.optional]
    return verb.name if len(words) == len(needed) and len(words[-1]) >= least else None
