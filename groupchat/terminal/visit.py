"""One run of the client on a terminal: from the first question to the exit status."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.python.failure import Failure

from groupchat.client.address import reason
from groupchat.client.resumption import Since
from groupchat.stdio.nickname import of_this_user
from groupchat.terminal.chat import Chat
from groupchat.terminal.configuration import Configuration
from groupchat.terminal.destination import Destination
from groupchat.terminal.display.bar import bar, title
from groupchat.terminal.display.display import Display
from groupchat.terminal.display.scene import Scene
from groupchat.terminal.entrance import Entrance
from groupchat.terminal.flow.tastes import Tastes
from groupchat.terminal.memory import Memory
from groupchat.terminal.questions import Questions
from groupchat.terminal.stay import Stay
from groupchat.terminal.surfaces.surface import Owner, Surface

AGAIN_S = 3.0
"""Seconds within which Ctrl-C twice leaves."""


class Visit(Owner):
    """Leads the person from the entrance into a stay, and out again.

    :param furnish: makes the surface, and the display for it, given this and the scene.
    :param complain: says one sentence on standard error, once the terminal is as it was.
    """

    def __init__(
        self, destination: Destination, configuration: Configuration, memory: Memory,
        furnish: Callable[["Visit", Scene], tuple[Surface, Display]], complain: Callable[[str], object],
    ) -> None:  # fmt: skip
        self._to = destination
        self._complain = complain
        self._scene = Scene(str(destination.server), destination.nick)
        self._surface, self._display = furnish(self, self._scene)
        self._questions = Questions(self._surface)
        self._entrance = Entrance(
            self._surface, self._display, self._questions, destination.nick, self._enter, self._over
        )
        self._stay = Stay(
            destination.server, memory, self._scene, self._surface, self._display,
            Tastes(configuration.bell, configuration.typing), self._leave, self._over, self._failed,
        )  # fmt: skip
        self._room = destination.room
        self._since: Since = None
        self._interrupted_at = float("-inf")
        self._next: Callable[[], None] | None = None
        self._finished: Deferred[int] = Deferred()
        self._status = 0
        self._sentence = ""
        self._ending = False

    def start(self, reactor: Any) -> "Deferred[int]":
        """Begin; fires with the exit status."""
        self._reactor = reactor
        self._surface.start(reactor).addBoth(self._surface_ended)
        if self._to.menu:
            self._choose()
        else:
            self._entrance.come(self._usual_nick())
        return self._finished

    def interrupt(self) -> None:
        """Leave now: a signal."""
        self._leave("")

    # The surface calls these.

    def typed(self, line: str) -> None:
        chat = self._stay.chat
        if not self._questions.take(line) and chat is not None and line.strip():
            self._said(line, chat)

    def pasted(self, lines: list[str]) -> None:
        if self._stay.chat is not None:
            self._stay.chat.sending.paste.add(lines)

    def touched(self) -> None:
        if self._stay.chat is not None:
            self._stay.chat.touched()

    def written(self, text: str) -> None:
        if self._stay.chat is not None:
            self._stay.chat.written(text)

    def interrupted(self) -> None:
        now = self._reactor.seconds()
        if self._questions.open and self._stay.chat is not None:
            self._questions.talk()
        elif self._questions.open or now - self._interrupted_at < AGAIN_S:
            self._leave("")
        else:
            self._interrupted_at = now
            self._tell("Ctrl-C once more leaves the chat; so does Ctrl-D.")

    def ended(self) -> None:
        self._leave("")

    def complete(self, text: str) -> "Deferred[list[str]]":
        return self._stay.chat.complete(text) if self._stay.chat is not None else succeed([])

    def last(self) -> tuple[int, str] | None:
        return self._scene.last

    def is_secret(self, line: str) -> bool:
        return self._stay.chat is not None and self._stay.chat.secrecy.holds(line)

    def bar(self, width: int) -> str:
        self._surface.title(title(self._scene))
        return bar(self._scene, width, self._reactor.seconds())

    # Coming in.

    def _choose(self) -> None:
        self._entrance.choose(self._usual_nick())

    def _usual_nick(self) -> str:
        seat = self._stay.keeping.seat()
        return seat.nick if seat is not None else next(of_this_user())

    def _enter(self, nick: str, password: str | None) -> None:
        self._questions.drop()
        self._stay.begin(self._reactor, nick, password, self._room, self._since)

    def _failed(self, error: Exception) -> None:
        nick = self._stay.nick
        if self._entrance.offers(error):
            self._stay.end()
            if self._entrance.is_locked(error) and self._stay.keeping.seat_of(nick) is not None:
                self._stay.keeping.forget()  # its token opens the door no more
            self._entrance.ask_again(error, nick)
        else:
            self._over(1, reason(self._to.server, error))

    # Talking.

    def _said(self, line: str, chat: Chat) -> None:
        command, *words = line.split()
        name = command.lower()
        if self._to.menu and line.strip().lower() == "q":
            self._leave("", menu=True)
        elif name in ("/login", "/logout") and not self._stay.connected:
            self._tell(f"{name} needs a connection.")
        elif chat.secrecy.holds(line) and (missing := chat.secrecy.missing(line)):
            self._questions.ask_secrets(words, missing, lambda given: self._trusted(command, given))
        elif name == "/login" and len(words) > 1:
            self._log_in(words[0], line.split(None, 2)[2])
        elif name == "/logout":
            self._become(self._ask_anew)
        else:
            chat.typed(line)

    def _trusted(self, command: str, given: list[str]) -> None:
        """The person has told what a secret command needs."""
        if command.lower() == "/login":
            self._log_in(*given)
        elif self._stay.chat is not None:
            self._stay.chat.sending.carry_out(command, given)

    def _log_in(self, nick: str, password: str) -> None:
        """Come in again, from an account, where one is, and read on from there."""
        room = self._scene.room

        def come() -> None:
            self._room, self._since = room, self._stay.since
            self._enter(nick, password)

        self._become(come)

    def _ask_anew(self) -> None:
        """As at the beginning."""
        self._room, self._since = self._to.room, None
        self._entrance.ask_nickname()

    def _become(self, then: Callable[[], None]) -> None:
        """Leave, and be somebody else."""
        self._stay.keeping.forget()
        self._next = then
        self._go("")

    def _tell(self, sentence: str) -> None:
        self._surface.write(self._display.remark(sentence))

    # Going.

    def _leave(self, words: str, menu: bool = False) -> None:
        if not self._ending:
            self._next = self._choose if menu else None
            self._go(words)

    def _go(self, words: str) -> None:
        left = self._stay.leave(words)
        if left is None:
            self._finish(0)
        else:
            left.addCallback(lambda _: self._gone())

    def _gone(self) -> None:
        then, self._next = self._next, None
        if then is None:
            self._finish(0)
        else:
            self._stay.end()
            then()

    def _over(self, status: int, sentence: str) -> None:
        """It ends by itself, with a sentence why: back to the menu, if there is one."""
        if self._to.menu and not self._ending and status:
            self._stay.end()
            self._tell(sentence)
            self._choose()
        elif not self._ending:
            self._sentence = sentence
            self._finish(status)

    def _finish(self, status: int) -> None:
        if self._ending:
            return
        self._ending = True
        self._status = status
        self._stay.end()
        self._stay.keeping.release()
        self._surface.stop()

    def _surface_ended(self, result: object) -> None:
        if isinstance(result, Failure):
            self._finished.errback(result)
            return
        if not self._ending:  # the terminal is gone
            self._finish(0)
        if self._sentence:
            self._complain(self._sentence)
        self._finished.callback(self._status)


def today() -> datetime:
    """Now, here."""
    return datetime.now().astimezone()
