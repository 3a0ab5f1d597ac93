"""One run of the client on a terminal: the menu, the nickname, passwords, the chat, and how it ends."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall
from twisted.python.failure import Failure

from groupchat.client.address import Address, reason
from groupchat.client.client import Client
from groupchat.client.errors import ConnectionDropped, Left, Refused
from groupchat.client.nickname import of_this_user
from groupchat.client.protocol import Message
from groupchat.client.state import Change, State
from groupchat.client.terminal.bar import bar, title
from groupchat.client.terminal.chat import Chat
from groupchat.client.terminal.configuration import Configuration
from groupchat.client.terminal.display import Display
from groupchat.client.terminal.memory import Memory, Seat
from groupchat.client.terminal.scene import Scene
from groupchat.client.terminal.surface import Owner, Surface
from groupchat.client.terminal.tastes import Tastes

MENU = "1  join the chat\nq  leave the chat (while you are in it)\n2  exit"
NICKNAME = "Choose your nickname: "
PASSWORD = "Password: "
PREFERENCES = {"echo": "on", "emoji": "on"}
KEEP_S = 10.0
"""Seconds between two notes of how far one has read."""

AGAIN_S = 3.0
"""Seconds within which Ctrl-C twice leaves."""

ANOTHER = frozenset({"nick-taken", "nick-invalid", "nick-reserved"})
"""Refusals after which the person can choose another nickname, if they were asked for one."""

FINAL = ("kicked", "banned")
ELSEWHERE = "You have joined again from elsewhere"
"""How the server says that another client of one's own took one's place."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where to go, and who to be there.  Empty: the person is asked, or it is as the server likes."""

    server: Address
    nick: str = ""
    room: str = ""
    menu: bool = False


class Visit(Owner):
    """Leads the person through, from the first question to the exit status.

    :param furnish: makes the surface, and the display for it, given this and the scene.
    :param complain: says one sentence on standard error, once the terminal is as it was.
    """

    def __init__(
        self, destination: Destination, configuration: Configuration, memory: Memory,
        furnish: Callable[["Visit", Scene], tuple[Surface, Display]], complain: Callable[[str], object],
    ) -> None:  # fmt: skip
        self._to = destination
        self._configuration = configuration
        self._memory = memory
        self._complain = complain
        self._scene = Scene(str(destination.server), destination.nick)
        self._tastes = Tastes(configuration.bell, configuration.typing)
        self._surface, self._display = furnish(self, self._scene)
        self._answer: Callable[[str], None] | None = None
        self._chat: Chat | None = None
        self._client: Client | None = None
        self._asked_nick = False
        self._away = False
        self._joined = False
        self._interrupted_at = float("-inf")
        self._keeping: IDelayedCall | None = None
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
            self._enter()
        return self._finished

    def interrupt(self) -> None:
        """Leave now: a signal."""
        self._leave("")

    # The surface calls these.

    def typed(self, line: str) -> None:
        answer = self._answer
        if answer is not None:
            answer(line)
        elif self._chat is not None and line.strip():
            self._said(line)

    def pasted(self, lines: list[str]) -> None:
        if self._chat is not None:
            self._chat.paste.add(lines)

    def touched(self) -> None:
        if self._chat is not None:
            self._chat.touched()

    def written(self, text: str) -> None:
        if self._chat is not None:
            self._chat.written(text)

    def interrupted(self) -> None:
        now = self._reactor.seconds()
        if self._answer is not None or now - self._interrupted_at < AGAIN_S:
            self._leave("")
        else:
            self._interrupted_at = now
            self._surface.write(self._display.remark("Ctrl-C once more leaves the chat; so does Ctrl-D."))

    def ended(self) -> None:
        self._leave("")

    def complete(self, text: str) -> "Deferred[list[str]]":
        return self._chat.complete(text) if self._chat is not None else succeed([])

    def last(self) -> tuple[int, str] | None:
        return self._scene.last

    def is_secret(self, line: str) -> bool:
        return self._chat is not None and self._chat.is_secret(line)

    def bar(self, width: int) -> str:
        self._surface.title(title(self._scene))
        return bar(self._scene, width, self._reactor.seconds())

    # Coming in.

    def _choose(self) -> None:
        self._surface.write(MENU)
        self._question("> ", self._chosen)

    def _chosen(self, line: str) -> None:
        match line.strip().lower():
            case "1":
                self._enter()
            case "2":
                self._finish(0)
            case "" | "q":
                self._question("> ", self._chosen)
            case _:
                self._surface.write("Type 1 or 2.")
                self._question("> ", self._chosen)

    def _question(self, label: str, answer: Callable[[str], None], hidden: bool = False, default: str = "") -> None:
        self._answer = answer
        self._surface.ask(label, hidden, default)

    def _enter(self) -> None:
        """Find out who to be, and go in."""
        seat = self._memory.seat() if self._memory.hold() else None
        if self._to.nick:
            self._connect(self._to.nick)
        else:
            self._asked_nick = True
            self._question(NICKNAME, self._named, default=seat.nick if seat is not None else next(of_this_user()))

    def _named(self, line: str) -> None:
        nick = line.strip()
        if nick.lower() in ("/exit", "/quit"):
            self._finish(0)
        elif nick:
            self._connect(nick)
        else:
            self._question(NICKNAME, self._named)

    def _connect(self, nick: str, password: str | None = None) -> None:
        """Be this one; with the seat kept from last time where it is the same nickname."""
        self._answer = None
        seat = self._memory.seat() if self._memory.hold() and password is None else None
        mine = seat if seat is not None and seat.nick.casefold() == nick.casefold() else None
        self._joined = self._away = False
        self._scene.be(nick)
        chat = Chat(self._reactor, self._surface, self._display, self._scene, self._tastes, self._leave)
        client = Client(
            self._to.server.endpoint(self._reactor), nick, self._reactor, heard=self._heard, changed=self._changed,
            token=mine.token if mine is not None else None, since=mine.since if mine is not None else None,
            room=self._to.room or None, password=password, preferences=PREFERENCES,
        )  # fmt: skip
        self._chat, self._client = chat, client
        chat.join(client)
        self._surface.talk()
        client.start().addErrback(lambda failure: failure.trap(Refused, Left) and None)

    # The client calls these.

    def _heard(self, event: Message) -> None:
        if event.get("event") == "done":  # the server's last words
            text = str(event.get("text", ""))
            self._surface.write(self._display.answer(text))
            if text.startswith(ELSEWHERE):
                self._over(1, text)
        elif self._chat is not None:
            self._chat.heard(event)

    def _changed(self, change: Change) -> None:
        match change.state:
            case State.JOINED:
                self._settled()
            case State.WAITING if change.reason is not None:
                self._lost(change.reason, change.delay)
            case State.FAILED if change.reason is not None:
                # Only when the client is done with it: it must not be asked for another attempt meanwhile.
                self._reactor.callLater(0, self._failed, change.reason)
            case State.CONNECTING | State.JOINING:
                self._scene.connection = change.state.value if not self._away else "reconnecting"
        self._surface.refresh()

    def _settled(self) -> None:
        client, chat = self._client, self._chat
        if client is None or chat is None:
            return
        self._scene.connection = "connected"
        if self._away:
            self._surface.write(self._display.remark("Connected again."))
        elif not self._joined:
            self._surface.write(
                self._display.remark(f"You are {client.nick}, in {client.room}. /help lists the commands.")
            )
        self._joined, self._away = True, False
        chat.settled(client.head, client.room or "")
        self._keep_on()

    def _lost(self, error: Exception, delay: float) -> None:
        sentence = reason(self._to.server, error)
        if not self._joined or (isinstance(error, ConnectionDropped) and str(error).startswith(FINAL)):
            self._reactor.callLater(0, self._over, 1, sentence)
            return
        self._scene.connection = f"reconnecting in {delay:.0f} s"
        if not self._away:
            self._away = True
            self._surface.write(self._display.remark(f"{sentence} What you type is kept, and sent when it is back."))

    def _failed(self, error: Exception) -> None:
        code = error.code if isinstance(error, Refused) else ""
        nick = self._client.nick if self._client is not None else ""
        if code in ("password-needed", "password-wrong"):
            self._stop_chat()
            self._surface.write(self._display.refused(code, error.text if isinstance(error, Refused) else ""))
            self._memory.forget()
            self._question(PASSWORD, lambda line: self._connect(nick, line) if line else self._over(1, ""), hidden=True)
        elif code in ANOTHER and self._asked_nick:
            self._stop_chat()
            self._surface.write(self._display.refused(code, error.text if isinstance(error, Refused) else ""))
            self._question(NICKNAME, self._named)
        else:
            self._over(1, reason(self._to.server, error))

    # Talking.

    def _said(self, line: str) -> None:
        chat = self._chat
        assert chat is not None
        command, *words = line.split()
        if self._to.menu and line.strip().lower() == "q":
            self._leave("", menu=True)
        elif chat.is_secret(line) and (missing := chat.missing(line)):
            self._ask_secrets(words, missing, lambda given: chat.carry_out(command, given))
        elif command.lower() == "/login" and len(words) > 1:
            password = line.split(None, 2)[2]
            self._change_person(lambda: self._connect(words[0], password))
        elif command.lower() == "/logout":
            self._change_person(lambda: self._question(NICKNAME, self._named))
        else:
            chat.typed(line)

    def _ask_secrets(self, given: list[str], missing: list[str], then: Callable[[list[str]], None]) -> None:
        """Ask for what a command lacks, one after the other, without echo."""

        def answered(word: str) -> None:
            self._answer = None
            self._surface.talk()
            if word and missing[1:]:
                self._ask_secrets([*given, word], missing[1:], then)
            elif word:
                then([*given, word])

        self._question(f"{missing[0].capitalize()}: ", answered, hidden=True)

    def _change_person(self, then: Callable[[], None]) -> None:
        self._asked_nick = True
        self._memory.forget()
        self._next = then
        self._leave_client("")

    # Going.

    def _leave(self, words: str, menu: bool = False) -> None:
        if self._ending:
            return
        self._next = self._choose if menu else None
        if self._client is not None and self._client.state not in (State.LEFT, State.FAILED):
            self._leave_client(words)
        else:
            self._finish(0)

    def _leave_client(self, words: str) -> None:
        client = self._client
        assert client is not None
        client.resumeProducing()
        client.leave(words).addCallback(lambda _: self._gone())

    def _gone(self) -> None:
        then, self._next = self._next, None
        if then is None:
            self._finish(0)
        else:
            self._stop_chat()
            then()

    def _over(self, status: int, sentence: str) -> None:
        """It ends by itself: with a sentence why; back to the menu if there is one."""
        if self._to.menu and not self._ending:
            self._stop_chat()
            self._surface.write(self._display.remark(sentence))
            self._choose()
        elif not self._ending:
            self._sentence = sentence
            self._finish(status)

    def _stop_chat(self) -> None:
        """Show what was heard, keep how far that was, and be in no chat."""
        chat, client = self._chat, self._client
        self._chat = self._client = None
        self._scene.go("")
        self._scene.connection = ""
        if self._keeping is not None and self._keeping.active():
            self._keeping.cancel()
        if chat is None or client is None:
            return
        unsent = chat.finish()
        if unsent:
            self._surface.write(self._display.remark("This was not sent:"))
            self._surface.write(self._display.answer("\n".join(unsent)))
        self._keep(client)
        client.leave()

    def _finish(self, status: int) -> None:
        if self._ending:
            return
        self._ending = True
        self._status = status
        self._stop_chat()
        self._memory.release()
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

    # Keeping.

    def _keep_on(self) -> None:
        if self._keeping is not None and self._keeping.active():
            self._keeping.cancel()
        client, chat = self._client, self._chat
        if client is not None and chat is not None:
            if chat.drained():
                self._keep(client)
            self._keeping = self._reactor.callLater(KEEP_S, self._keep_on)

    def _keep(self, client: Client) -> None:
        if client.token is None or not self._joined or self._next is not None:
            return
        since = client.since if type(client.since) is int else client.head
        try:
            self._memory.keep(Seat(client.nick, client.token, since))
        except OSError as error:
            self._surface.write(self._display.remark(f"How far you have read cannot be kept: {error}"))
            self._memory.release()


def today() -> datetime:
    """Now, here."""
    return datetime.now().astimezone()
