"""One run of the client on a terminal: from the first question to the exit status."""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.python.failure import Failure

from groupchat.client.address import addresses_of, reason
from groupchat.client.core.client_errors import ClientError, Refused
from groupchat.client.core.client_state import State
from groupchat.client.core.resumption import Since
from groupchat.client.twisted_network import neutral
from groupchat.destinations.command_line import Destination
from groupchat.destinations.configuration import Configuration
from groupchat.model.text import like_a_command
from groupchat.stdio.nickname import of_this_user
from groupchat.terminal.attention.quiet_times import QuietTimes
from groupchat.terminal.chat import Chat
from groupchat.terminal.chat_session import NONE, ChatSession
from groupchat.terminal.display.addressees import Place
from groupchat.terminal.display.bar import bar, prompt, title, waiting
from groupchat.terminal.display.chat_state import ChatState
from groupchat.terminal.display.display import Display
from groupchat.terminal.flow.local_settings import LocalSettings
from groupchat.terminal.flow.several_lines import aim
from groupchat.terminal.long_messages import LongMessages
from groupchat.terminal.questions import Questions
from groupchat.terminal.reaching import reach
from groupchat.terminal.saved_login import LoginFile
from groupchat.terminal.sign_in import SignIn
from groupchat.terminal.surfaces.key_list import COMMAND as KEYS
from groupchat.terminal.surfaces.key_list import shown
from groupchat.terminal.surfaces.surface import Owner, Surface

AGAIN_S = 3.0
"""Seconds within which a second Ctrl-C leaves the chat."""


class TerminalClient(Owner):
    """Leads the person through signing in, the chat, and out again.

    :param furnish: makes the surface and the display, given this client and the state of the chat.
    :param complain: prints a sentence on standard error, once the terminal is as it was found.
    """

    def __init__(
        self, destination: Destination, configuration: Configuration, file: LoginFile,
        furnish: Callable[["TerminalClient", ChatState], tuple[Surface, Display]],
        complain: Callable[[str], object],
    ) -> None:  # fmt: skip
        self._to = destination
        self._complain = complain
        self._state = ChatState(str(addresses_of(destination.server)[0]), destination.nick)
        self._state.reader.base = destination.server.url
        self._surface, self._display = furnish(self, self._state)
        self._questions = Questions(self._surface)
        self._sign_in = SignIn(
            self._surface, self._display, self._questions, destination.answer, self._reach, self._enter, self._over
        )
        self._session = ChatSession(
            destination.server, file, self._state, self._surface, self._display,
            _settings(configuration, not self._surface.echoes), self._leave, self._over, self._failed,
        )  # fmt: skip
        self._session.welcomed = self._welcomed
        self._long_messages = LongMessages(self._session, self._state, self.remark)
        self._is_veiled = False
        """Whether what is typed is hidden because the server may want a password, and has not answered yet."""
        self._veiled: list[str] = []
        """Lines that were typed meanwhile."""
        self._room = destination.room
        self._given = destination.credentials
        self._since: Since = None
        self._interrupted_at = float("-inf")
        self._next: Callable[[], None] | None = None
        self._attempt: Deferred[Any] | None = None
        """The first connection, which is made before anything is asked."""
        self._early: list[str] = []
        """Lines that were typed before anything was asked."""
        self._finished: Deferred[int] = Deferred()
        self._status = 0
        self._sentence = ""
        self._ending = False

    def start(self, reactor: Any) -> "Deferred[int]":
        """Begin; fires with the exit status."""
        self._reactor = reactor
        self._surface.start(reactor).addBoth(self._surface_ended)
        if self._to.menu:
            self._show_menu()
        else:
            self._sign_in.begin(self._usual_nick())
        return self._finished

    def interrupt(self) -> None:
        """Leave now, because of a signal."""
        self._leave("")

    def suspend(self) -> None:
        """Go back to the shell for a while, because of a signal."""
        self._surface.suspend()

    def proceed(self) -> None:
        """Go on after the process was stopped and continued."""
        self._surface.proceed()

    # The surface calls these.

    def place(self) -> Place:
        return self._state.place

    def typed(self, line: str) -> None:
        chat = self._session.chat
        if self._questions.take(line):
            return
        if chat is None:
            self._early.append(line)
            return
        if self._questions.holds(line):
            self.remark("That was not sent: it may be a password, as you were asked for one. The same line again is.")
            return
        if (
            not self._long_messages.collect(line)
            and line.strip()
            and not self._long_messages.gives_away(line.split("\n")[1:])
        ):
            self._take_line(line, chat)

    def pasted(self, lines: list[str]) -> None:
        self._long_messages.paste(lines)

    def aim(self, command: str) -> tuple[str, bool]:
        return aim(command, self._state.correspondents.last)

    def typed_singly(self, command: str) -> None:
        self._long_messages.say_singly(command)

    def said(self, text: str) -> None:
        self._long_messages.say(text)

    def touched(self) -> None:
        if self._session.chat is not None:
            self._session.chat.touched()

    def written(self, text: str) -> None:
        if self._session.chat is not None:
            self._session.chat.written(text)

    def go(self, way: str) -> None:
        if self._long_messages.is_collecting:
            self.remark("First say your message, with a line with only a dot, or drop it, with /cancel.")
        elif self._session.chat is not None:
            self._session.chat.viewing.go(way)

    def mark_read(self) -> None:
        if self._session.chat is not None:
            self._session.chat.viewing.mark_read()

    def remark(self, sentence: str) -> None:
        self._surface.write(self._display.remark(sentence))

    def interrupted(self) -> None:
        now = self._reactor.seconds()
        can_cancel = self._session.chat is not None or self._sign_in.back is not None
        if self._questions.open and can_cancel and not self._is_veiled:
            self._questions.take("")
        elif self._is_veiled or self._session.chat is None or now - self._interrupted_at < AGAIN_S:
            self._leave("")
        else:
            self._interrupted_at = now
            self.remark("Press Ctrl-C again to leave the chat, or Ctrl-D.")

    def ended(self) -> None:
        self._leave("")

    def complete(self, text: str) -> "Deferred[list[str]]":
        if self._session.chat is None or (self.is_secret(text) and len(text.split()) > 1):
            return succeed([])
        return self._session.chat.complete(text)

    def last(self) -> tuple[int, str] | None:
        return self._state.last

    def is_secret(self, line: str) -> bool:
        return self._long_messages.is_secret(line)

    def prompt(self, text: str) -> str:
        return prompt(self._state, text)

    def waiting(self, width: int) -> list[str]:
        return waiting(self._state, width, self._reactor.seconds())

    def bar(self, width: int) -> str:
        self._surface.title(title(self._state))
        return bar(self._state, width, self._reactor.seconds())

    # Signing in.

    def _show_menu(self) -> None:
        self._sign_in.back = None
        self._state.connection = ""
        self._sign_in.show_menu(self._usual_nick())

    def _usual_nick(self) -> str:
        saved = self._session.autosave.login()
        return saved.nick if saved is not None else next(of_this_user())

    def _reach(self, then: Callable[[], None]) -> None:
        """Connect once, so that nobody is asked anything for a server that is not there; then go on."""

        def reached(_: object) -> None:
            self._attempt = None
            self._state.connection = ""  # the question says what is awaited
            then()
            early, self._early = self._early, []
            for line in early:
                self.typed(line)

        def failed(failure: Failure) -> None:
            self._attempt = None
            if not self._ending:
                self._over(1, reason(self._to.server, neutral(failure)))

        self._early.clear()
        self._state.connection = State.CONNECTING.value
        self._attempt = reach(self._to.server.endpoint(self._reactor))
        self._attempt.addCallbacks(reached, failed)

    def _enter(self, nick: str, password: str | None, token: str | None = None) -> None:
        self._questions.drop()
        given, self._given = self._given, NONE  # for the first try only
        is_account = self._to.account and nick == self._to.nick
        self._session.begin(self._reactor, nick, password, self._room, self._since, given, is_account, token)
        if self._session.chat is not None:
            self._session.chat.sending.weak = self._ask_again
        if is_account and password is None and token is None and given == NONE:
            self._is_veiled = True
            self._questions.ask("", self._veiled.append, hidden=True)

    def _welcomed(self) -> None:
        """Show what is typed from now on; what was typed before may be a password, and is said to nobody."""
        self._veiled.clear()
        if self._is_veiled:
            self._is_veiled = False
            self._questions.talk()

    def _failed(self, error: Exception) -> None:
        nick = self._session.nick
        if self._session.has_joined:
            self._sign_in.back = None
        back = self._sign_in.back
        if back is not None and isinstance(error, Refused) and not self._sign_in.asks_for_password(error):
            self._surface.write(self._display.refused(error.code, error.text))
            self._session.end()
            back()
        elif self._sign_in.can_retry(error):
            self._session.end()
            # A password that is wrong says nothing of the token of the chat that the person can go back to.
            if back is None and self._sign_in.is_locked(error) and self._session.autosave.login_of(nick) is not None:
                self._session.autosave.forget()  # its token is no longer valid
            self._is_veiled = False
            self._sign_in.ask_again(error, nick)
            veiled, self._veiled[:] = self._veiled[:1], []
            for line in veiled if self._sign_in.is_locked(error) else ():
                self.typed(line)
        else:
            self._over(1, reason(self._to.server, error))

    # Talking.

    def _take_line(self, line: str, chat: Chat) -> None:
        if self.is_secret(line):
            # What follows blanks or another slash is said, even a command; not so a password.
            line = like_a_command(line)
        command, *words = line.split()
        name = command.lower()
        if self._to.menu and line.strip().lower() == "q":
            self._leave("", menu=True)
        elif name == KEYS and not words:
            self._surface.write(self._display.answer(shown(self._surface.keys)))
        elif name in ("/login", "/logout") and not self._session.connected:
            self.remark(f"{name} needs a connection.")
        elif chat.secret_commands.holds(line) and (missing := chat.secret_commands.missing(line)):
            asked = [chat.secret_commands.question(command, name) for name in missing]
            self._questions.ask_secrets(words, asked, lambda given: self._carry_out(command, given))
        elif name == "/login" and len(words) > 1:
            self._log_in(words[0], line.split(None, 2)[2])
        elif name == "/logout" and not words:
            self._log_out()
        else:
            chat.typed(line)

    def _ask_again(self, command: str, words: list[str]) -> None:
        """Ask for another new password, because that in these words is too weak: the next try is not to be said."""
        chat = self._session.chat
        found = chat.secret_commands.new_password(command) if chat is not None else None
        if chat is None or found is None or self._questions.open:
            return
        number, name = found
        question = chat.secret_commands.question(command, name)
        before, after = words[:number], words[number + 1 :]
        self._questions.ask_secrets(before, [question], lambda given: self._carry_out(command, [*given, *after]))

    def _carry_out(self, command: str, given: list[str]) -> None:
        """Carry out a secret command with all that it needs."""
        if command.lower() == "/login":
            self._log_in(*given)
        elif self._session.chat is not None:
            self._session.chat.sending.carry_out(command, given)

    def _log_in(self, nick: str, password: str) -> None:
        """Join again as an account, in the same room and from the same message on; else go back to what was before."""
        room, before, token = self._state.room, self._session.nick, self._session.token

        def go_back() -> None:
            self._sign_in.back = None
            self._enter(before, None, token)

        def enter() -> None:
            self._room, self._since = room, self._session.since
            self._sign_in.back = go_back
            self._enter(nick, password)

        # The saved login is kept until another one takes its place.
        self._next = enter
        self._go("")

    def _log_out(self) -> None:
        """Let the server forget the token, then ask for a nickname; if it cannot just now, nothing has changed."""

        def refused(failure: Failure) -> None:
            failure.trap(ClientError)
            error = failure.value
            # A guest has nothing to log out of, and leaves; so does who has lost the connection meanwhile.
            if isinstance(error, Refused) and error.code != "not-allowed":
                self._surface.write(self._display.refused(error.code, error.text))
            else:
                self._sign_in_again(self._ask_anew)

        self._session.log_out().addCallbacks(lambda _: self._sign_in_again(self._ask_anew), refused)

    def _ask_anew(self) -> None:
        """Ask for a nickname, as at the beginning."""
        self._room, self._since = self._to.room, None
        self._sign_in.back = None
        self._sign_in.ask_nickname()

    def _sign_in_again(self, then: Callable[[], None]) -> None:
        """Leave the chat, forget the saved login, and call ``then``."""
        self._session.autosave.forget()
        self._next = then
        self._go("")

    # Leaving.

    def _leave(self, words: str, menu: bool = False) -> None:
        if not self._ending:
            self._next = self._show_menu if menu else None
            self._go(words)

    def _go(self, words: str) -> None:
        left = self._session.leave(words)
        if left is None:
            self._finish(0)
        else:
            left.addCallback(lambda _: self._gone())

    def _gone(self) -> None:
        then, self._next = self._next, None
        if then is None:
            self._finish(0)
        else:
            self._session.end()
            then()

    def _over(self, status: int, sentence: str) -> None:
        """End with a sentence why; if there is a menu, return to it unless the person chose to exit."""
        if self._to.menu and not self._ending and status:
            self._session.end()
            self.remark(sentence)
            self._show_menu()
        elif not self._ending:
            self._sentence = sentence
            self._finish(status)

    def _finish(self, status: int) -> None:
        if self._ending:
            return
        self._ending = True
        self._status = status
        if self._attempt is not None:
            self._attempt.cancel()
        try:
            self._session.end()
            self._session.autosave.release()
        except Exception as error:  # whatever fails, the person gets out
            self._status = self._status or 1
            self._sentence = self._sentence or f"Something failed on leaving: {type(error).__name__}: {error}"
        self._surface.stop()

    def _surface_ended(self, result: object) -> None:
        if isinstance(result, Failure):
            self._finished.errback(result)
            return
        if not self._ending:  # the terminal is gone
            self._finish(0)
        if self._sentence:
            self._complain(self._sentence)
        for place, text in self._surface.drafts():
            if not self.is_secret(text):
                self._complain(f"Not sent{f' to {place}' if place else ''}: {text}")
        self._finished.callback(self._status)


def _settings(configuration: Configuration, shows_own: bool) -> LocalSettings:
    """Return the settings as the configuration has them, at the beginning."""
    return LocalSettings(
        configuration.bell, configuration.typing, configuration.others, configuration.joins,
        dnd=QuietTimes(configuration.quiet_hours), notify=configuration.notify,
        shows_own=shows_own,
    )  # fmt: skip
