"""``groupchat join``: the chat on a terminal; or line by line, in a pipe, from a file, or on a dumb terminal."""

import argparse
import os
from collections import deque
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import Factory
from twisted.python.failure import Failure

from groupchat.client.address import PORT, Address, add_server, reason, server_of
from groupchat.client.protocol import as_exception
from groupchat.programs.conversation import Conversation
from groupchat.stdio import running as process
from groupchat.stdio.echo import Echo
from groupchat.stdio.keyboard import Keyboard
from groupchat.terminal import program
from groupchat.terminal.configuration import BadConfiguration, Destination, load

MENU = "1  join the chat\nq  leave the chat (while you are in it)\n2  exit\n> "

GOODBYE = 3.0
"""Seconds the server has to say goodbye to a person who pressed Ctrl-C."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what stands behind ``groupchat join``."""
    add_server(parser)
    parser.add_argument("--nick", metavar="NAME", help="answer the question for the nickname with this")
    parser.add_argument("--menu", action="store_true", help="begin with a menu: 1 joins, q leaves, 2 exits")
    parser.add_argument("--plain", action="store_true", help="line by line, whatever the terminal can do")
    parser.add_argument("--plain-screen", action="store_true", help="for screen readers: no redraws, words for colours")
    parser.add_argument("--no-color", action="store_true", help="no colours; so does the variable NO_COLOR")
    parser.add_argument("--room", metavar="ROOM", help="the room to be in, on a terminal (default: where you were)")


def run(arguments: argparse.Namespace) -> int:
    """Chat until the person or the server ends it; 0 when the person did, else 1."""
    try:
        configuration = load()
    except BadConfiguration as error:
        process.complain(str(error))
        return 1
    server = server_of(arguments)
    host = configuration.hosts.get(server.host) if server.port == PORT else None
    try:
        server = server if host is None else host.server(server.encryption)
    except argparse.ArgumentTypeError as error:
        process.complain(str(error))
        return 1
    nick = arguments.nick or (host.nick if host is not None else "") or configuration.nick
    if not arguments.plain and (arguments.plain_screen or program.fits(os.environ)):
        room = arguments.room or (host.room if host is not None else "")
        destination = Destination(server, nick, room, arguments.menu)
        return program.run(destination, configuration, not arguments.no_color, arguments.plain_screen)
    plain = Join(server, nick or None, arguments.menu, os.isatty(0), process.complain)
    return process.run(plain.start, plain.interrupt)


class Join:
    """The person's side: takes lines from the keyboard when the conversation, or the menu, is ready for one.

    :param nick: the answer to the first question for a nickname (None: the person is asked).
    :param terminal: whether a person can be asked again.
    :param complain: says one sentence to the person, outside the conversation.
    """

    def __init__(
        self, address: Address, nick: str | None, menu: bool, terminal: bool, complain: Callable[[str], object]
    ) -> None:
        self._address = address
        self._nick = nick
        self._menu = menu
        self._terminal = terminal
        self._complain = complain
        self._lines: deque[bytes] = deque()
        self._keyboard = Keyboard(self._typed, self._pump, self.interrupt)
        self._echo = Echo(0)
        self._choosing = False
        self._conversation: Conversation | None = None
        self._connecting: Deferred[Any] | None = None
        self._interrupted = False
        self._finishing = False
        self._turned_away = ""
        self._goodbye: IDelayedCall | None = None
        self._finished: Deferred[int] = Deferred()
        self._reactor: Any = None

    def start(self, reactor: Any) -> Deferred[int]:
        """Begin; fires with the exit status."""
        self._reactor = reactor
        self._keyboard.open(reactor)
        if self._menu:
            self._choose()
        else:
            self._connect()
        return self._finished

    def interrupt(self) -> None:
        """Leave now: Ctrl-C, or nobody reads our output any more."""
        self._interrupted = True
        self._lines.clear()
        if self._conversation is not None:
            self._conversation.leave()
            if self._goodbye is None:
                self._goodbye = self._reactor.callLater(GOODBYE, self._conversation.drop)
        elif self._connecting is not None:
            self._connecting.cancel()
        else:
            self._finish(0)

    # The keyboard calls these.

    def _typed(self, line: bytes) -> None:
        self._lines.append(line)
        self._pump()

    # The conversation calls these.

    def shown(self, text: str) -> None:
        self._keyboard.write(text)

    def prompted(self, what: str) -> None:
        if self._conversation is None:
            return
        if what == "nickname" and self._nick is not None:
            nick, self._nick = self._nick, None
            self._keyboard.write(f"{nick}\n" if self._terminal else "")
            self._conversation.send(nick.encode())
            return
        if what == "password":
            self._echo.off()
        self._pump()

    def turned_away(self, sentence: str) -> None:
        if not self._terminal and self._conversation is not None:
            # The next line is not meant as another nickname or password.
            self._turned_away = sentence
            self._conversation.drop()

    def writable(self) -> None:
        self._pump()

    def closed(self, expected: bool, reason: str) -> None:
        self._conversation = None
        self._keyboard.unfeed()
        self._show_typing()
        if self._goodbye is not None and self._goodbye.active():
            self._goodbye.cancel()
        self._goodbye = None
        if self._turned_away:
            self._failed(self._turned_away)
        elif expected:
            self._over(0)
        else:
            self._failed(f"{self._address} closed the connection{': ' + reason if reason else ''}.")

    # Inside.

    def _choose(self) -> None:
        """Show the menu, and take the next line as a choice."""
        self._choosing = True
        self._keyboard.write(MENU)
        self._pump()

    def _connect(self) -> None:
        factory = Factory.forProtocol(lambda: Conversation(self, split=not self._terminal))
        self._connecting = self._address.endpoint(self._reactor).connect(factory)
        self._connecting.addCallbacks(self._connected, self._not_connected)

    def _connected(self, conversation: Any) -> None:
        self._connecting = None
        self._conversation = conversation
        self._keyboard.feed(conversation.transport)
        if self._interrupted:
            self.interrupt()
        self._pump()

    def _not_connected(self, failure: Failure) -> None:
        self._connecting = None
        if self._interrupted:
            self._finish(0)
        else:
            self._failed(reason(self._address, as_exception(failure)))

    def _pump(self) -> None:
        """Hand lines to whoever is ready for one; read no more while some wait."""
        while self._lines and self._takes_lines():
            self._take(self._lines.popleft())
        if self._lines:
            self._keyboard.transport.pauseProducing()
        elif self._keyboard.ended and self._takes_lines():
            self._end_of_input()
        elif not self._keyboard.ended:
            self._keyboard.transport.resumeProducing()

    def _takes_lines(self) -> bool:
        return self._choosing or (self._conversation is not None and self._conversation.ready)

    def _take(self, line: bytes) -> None:
        word = line.strip().lower()
        if self._choosing:
            self._chosen(word)
        elif self._conversation is not None:
            self._show_typing()
            if self._menu and word == b"q":
                self._conversation.leave()
            else:
                self._conversation.send(line)

    def _chosen(self, word: bytes) -> None:
        if word == b"1":
            self._choosing = False
            self._connect()
        elif word == b"2":
            self._finish(0)
        elif word in (b"", b"q"):
            self._keyboard.write("> ")
        else:
            self._keyboard.write("Type 1 or 2.\n> ")

    def _end_of_input(self) -> None:
        if self._conversation is not None:
            self._conversation.leave()
        else:
            self._finish(0)

    def _show_typing(self) -> None:
        """After a password: echo again, and end the line whose Enter was not shown."""
        if self._echo.on():
            self._keyboard.write("\n")

    def _failed(self, sentence: str) -> None:
        self._complain(sentence)
        self._over(1)

    def _over(self, status: int) -> None:
        """The conversation is over: back to the menu, if there is one and somebody to read it."""
        if self._menu and not self._interrupted and (status == 0 or self._terminal):
            self._choose()
        else:
            self._finish(status)

    def _finish(self, status: int) -> None:
        self._choosing = False
        if not self._finishing:
            self._finishing = True
            self._keyboard.close(lambda: self._finished.callback(status))
