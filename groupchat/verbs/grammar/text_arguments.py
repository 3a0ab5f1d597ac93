"""Arguments that are text: words to say, what is searched for, names of files, passwords."""

import re
from collections.abc import Iterable
from typing import Annotated, Any

from groupchat.lazy.expressions import expression
from groupchat.model import names, text
from groupchat.model.errors import BadArguments
from groupchat.model.message import emoji
from groupchat.model.message.sought import THINGS
from groupchat.model.text import Length
from groupchat.verbs.grammar.arguments import Argument, Choices, NickArgument, RoomArgument
from groupchat.verbs.grammar.search_terms import KEYS, Terms, terms

SHORTCODES_MAX = 40
"""The most emoji that are offered for one beginning: there are thousands."""


class RestArgument(Argument):
    """Everything to the end of the line, with its spacing."""

    label = "TEXT"
    length: Length | None = None
    pattern = expression(r"(.+)()", re.DOTALL)

    def value(self, word: str) -> str:
        """Return the text without long runs of blanks: it stands in lines with others' words, in answers too.

        :raises SecretInLine: nobody may be shown it.
        """
        text.check_secrets(word)
        return text.shown(word)

    def complete(self, choices: Choices, start: str) -> Iterable[str]:
        """Complete what may stand in a message: nicknames, and ``:shortcodes:`` after a colon."""
        if start.startswith(":"):
            return emoji.shortcodes(start.lower(), SHORTCODES_MAX) if len(start) > 1 else ()
        return NickArgument().complete(choices, start) if start else ()

    def from_json(self, given: object) -> str:
        if not isinstance(given, str):
            raise BadArguments("The text must be a string.")
        return self.value(text.clean(self.bounded(given)))


class MessageArgument(RestArgument):
    """Words to say, which may have several lines when a program sends them; their blanks are kept."""

    def value(self, word: str) -> str:
        return word

    def from_json(self, given: object) -> str:
        if not isinstance(given, str):
            raise BadArguments("The text must be a string.")
        return text.clean_lines(given)


class SearchArgument(RestArgument):
    """What is searched for: words, and conditions."""

    length = text.SEARCH

    def value(self, word: str) -> Any:
        return terms(word)

    def complete(self, choices: Choices, start: str) -> Iterable[str]:
        """Complete conditions, and the names in them."""
        minus, word = "-" if start.startswith("-") else "", start.removeprefix("-")
        key, colon, value = word.lower().partition(":")
        if not colon:
            return [f"{minus}{key}:" for key in KEYS if word and key.startswith(word.lower())]
        if key in ("from", "with"):
            found = NickArgument().complete(choices, value.removeprefix("@"))
        elif key == "in":
            found = RoomArgument().complete(choices, value)
        else:
            found = [thing for thing in THINGS if key == "has" and thing.startswith(value)]
        return [f"{minus}{key}:{name}" for name in found]


class ReasonArgument(RestArgument):
    """A reason, to the end of the line."""

    label = "REASON"


class FileNameArgument(Argument):
    """The name of a file; one with blanks stands in quotes."""

    label = "NAME"
    length = text.FILE_NAME
    pattern = expression(r'(?:"([^"]*)"|(\S+))(?:\s+|$)')

    def take(self, line: str) -> tuple[Any, str] | None:
        found = self.pattern.match(line)
        if found is None:
            return None
        return self.value(self.bounded(found[1] if found[1] is not None else found[2])), line[found.end() :]

    def value(self, word: str) -> str:
        return names.file_name(word)

    def from_json(self, given: object) -> str:
        if not isinstance(given, str):
            raise BadArguments("The name of a file must be a string.")
        return self.value(given)


class PasswordArgument(Argument):
    """A password among other arguments: without spaces, as it is; how long it may be is said when it is checked."""

    label = "PASSWORD"
    secret = True
    length: Length | None = None

    def from_json(self, given: object) -> str:
        if not isinstance(given, str):
            raise BadArguments(f"{self.label} must be a string.")
        return self.bounded(given)


class ChosenPasswordArgument(PasswordArgument):
    """A new password among other arguments."""

    is_new = True


class OldPasswordArgument(PasswordArgument):
    """The present password."""

    label = "OLD"


class PassphraseArgument(PasswordArgument):
    """A password at the end: spaces and all."""

    pattern = expression(r"(.+)()", re.DOTALL)


class NewPasswordArgument(PassphraseArgument):
    """The password wanted from now on."""

    label = "NEW"
    is_new = True


class ChosenPassphraseArgument(PassphraseArgument):
    """A new password at the end."""

    is_new = True


class CodeArgument(PasswordArgument):
    """An invitation."""

    label = "CODE"
    length = text.CODE


Rest = Annotated[str, RestArgument()]
Message = Annotated[str, MessageArgument()]
Search = Annotated[Terms, SearchArgument()]
Reason = Annotated[str, ReasonArgument()]
FileName = Annotated[str, FileNameArgument()]
Password = Annotated[str, ChosenPasswordArgument()]
OldPassword = Annotated[str, OldPasswordArgument()]
NewPassword = Annotated[str, NewPasswordArgument()]
Passphrase = Annotated[str, PassphraseArgument()]
ChosenPassphrase = Annotated[str, ChosenPassphraseArgument()]
Code = Annotated[str, CodeArgument()]
