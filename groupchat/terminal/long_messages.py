"""What a person says that has several lines: nothing of it is said if one of them has a password."""

from collections.abc import Callable

from groupchat.stdio.collecting import Collecting, begun
from groupchat.terminal.chat_session import ChatSession
from groupchat.terminal.display.addressees import Place
from groupchat.terminal.display.chat_state import ChatState
from groupchat.terminal.flow.secret_commands import SecretCommands


class LongMessages:
    """Hands what has several lines to the chat of the session, if there is one.

    :param remark: tells the person something.
    """

    def __init__(self, session: ChatSession, state: ChatState, remark: Callable[[str], object]) -> None:
        self._session = session
        self._state = state
        self._remark = remark
        self._collecting: Collecting | None = None
        """The message of several lines that is typed now."""
        self._begun_in = Place()

    @property
    def is_collecting(self) -> bool:
        """Return whether a message of several lines is being typed, line by line."""
        return self._collecting is not None

    @property
    def secret_commands(self) -> SecretCommands:
        """Return the commands that take passwords, with what the server added; without a chat, those known anyway."""
        return self._session.chat.secret_commands if self._session.chat is not None else SecretCommands()

    def is_secret(self, text: str) -> bool:
        """Return whether a line of this may have a password in it."""
        return any(self.secret_commands.is_secret(line) for line in text.split("\n"))

    def gives_away(self, lines: list[str]) -> bool:
        """Return whether one of these lines has a password in it; say that they were not sent then."""
        secret = next((line for line in lines if self.is_secret(line)), None)
        if secret is not None:
            shown = self.secret_commands.shown(secret)
            self._remark(f"Nothing was sent, because this would have been said aloud: {shown}")
        return secret is not None

    def collect(self, line: str) -> bool:
        """Take a line of a message of several lines, or the command that begins one; return whether it is such."""
        if self._collecting is not None:
            self._collecting.take(line)
        else:
            self._collecting, self._begun_in = begun(line), self._state.place
        message = self._collecting
        if message is None:
            return False
        if message.told:
            self._remark(message.told)
        if message.is_done:
            self._collecting = None
            if message.text:
                self.say(message.text, self._begun_in, message.reply)
        return True

    def say(self, text: str, place: Place | None = None, reply: int | None = None) -> None:
        """Say several lines as one message, in this place, or (None) in the one that the person sees."""
        if self._session.chat is not None and not self.gives_away(text.split("\n")):
            self._session.chat.sending.say(text, place, reply)

    def say_singly(self, command: str) -> None:
        """Say the lines of a command one by one."""
        if self._session.chat is not None and not self.gives_away(command.split("\n")):
            self._session.chat.sending.send_singly(command)

    def paste(self, lines: list[str]) -> None:
        """Say pasted lines one by one, but for those with a password."""
        if self._session.chat is None:
            return
        for line in lines:
            if self.is_secret(line):
                shown = self.secret_commands.shown(line)
                self._remark(f"Not sent, because it would have been said aloud: {shown}")
        self._session.chat.sending.send_paste([line for line in lines if not self.is_secret(line)])
