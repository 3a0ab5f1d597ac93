"""``groupchat tail``: prints what is posted, until its output is closed."""

import argparse
import json
import os
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from groupchat.client.address import Address, add_server, reason, server_of
from groupchat.client.client import Client
from groupchat.client.core.client_errors import ClientError
from groupchat.client.core.client_state import Change, State
from groupchat.client.core.protocol import Message
from groupchat.programs.credentials import Unreadable, add_password, password_of
from groupchat.programs.transcript import Transcript
from groupchat.stdio import running as process
from groupchat.stdio.keyboard import Keyboard
from groupchat.stdio.nickname import of_this_user
from groupchat.stdio.phrases import departure
from groupchat.stdio.printable import escaped


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``groupchat tail``."""
    add_server(parser)
    add_password(parser)
    parser.add_argument("--json", action="store_true", help="print each event as a line of JSON")
    parser.add_argument(
        "--since", metavar="N", type=_number, help="begin after message number N (default: the last few)"
    )
    parser.add_argument("--nick", metavar="NAME", help="the nickname to be there under (default: your login name)")
    parser.add_argument("--room", metavar="ROOM", help="follow this room only (default: where the server puts you)")


def run(arguments: argparse.Namespace) -> int:
    """Print until interrupted, or until the output is closed; return 0, or 1 if the server cannot be reached."""
    show = as_json if arguments.json else as_text(Transcript(date.today(), server_of(arguments).url))
    try:
        password = password_of(arguments.password_file, os.environ)
    except Unreadable as error:
        process.complain(str(error))
        return 1
    server, nick, room, since = server_of(arguments), arguments.nick, arguments.room, arguments.since
    program = Tail(server, nick, room, since, show, process.complain, password=password)
    return process.run(program.start, program.interrupt)


class Tail:
    """Follows the chat, over any number of connections; only the first one must succeed at once.

    :param room: the room to follow, and no other; it ends when that is lost (None: where the server puts it).
    :param show: makes the lines for an event.
    :param make_keyboard: makes standard output.
    :param password: the account's, or the server's (None: there is none).
    """

    def __init__(
        self,
        server: Address,
        nick: str | None,
        room: str | None,
        since: int | None,
        show: Callable[[Message], Iterable[str]],
        complain: Callable[[str], object],
        make_keyboard: Callable[..., Keyboard] = Keyboard,
        password: str | None = None,
    ) -> None:
        self._server = server
        self._password = password
        self._nicks = iter([nick]) if nick is not None else of_this_user()
        self._room = room
        self._since = since
        self._show = show
        self._complain = complain
        self._status = 0
        self._away = False
        self._output = make_keyboard(lambda line: None, lambda: None, self.interrupt)
        self._finished: Deferred[int] = Deferred()

    def start(self, reactor: Any) -> Deferred[int]:
        """Begin; fires with the exit status."""
        self._client = Client(
            self._server.endpoint(reactor), next(self._nicks), reactor,
            alternatives=self._nicks, since=self._since,
            rooms=None if self._room is None else [self._room], heard=self._heard, changed=self._changed,
            password=self._password,
        )  # fmt: skip
        self._output.open(reactor, reading=False)
        self._output.feed(self._client)
        self._client.start().addErrback(self._not_joined)
        return self._finished

    def interrupt(self) -> None:
        """Leave, print what came until then, and end."""
        self._client.resumeProducing()
        self._client.leave().addCallback(lambda _: self._output.close(self._closed))

    def _heard(self, event: Message) -> None:
        if self._is_of_room(event):
            for line in self._show(event):
                self._output.write(f"{line}\n")
        lost = departure(event)
        if lost is not None:
            self._complain(lost)
            if self._room is not None and _is_same(event.get("room"), self._room):
                self._status = 1
                self.interrupt()

    def _is_of_room(self, event: Message) -> bool:
        """Return whether an event is to be printed: with a room of its own, no other one and nothing private is."""
        if self._room is None:
            return True
        if event.get("to") or event.get("event") == "whispered":
            return False
        return not event.get("room") or _is_same(event.get("room"), self._room)

    def _changed(self, change: Change) -> None:
        if change.state is State.JOINED and self._away:
            self._away = False
            self._complain(f"Connected to {self._server} again.")
        elif change.state is State.WAITING and change.reason is not None:
            if self._client.token is None:
                self._give_up(change.reason)
            elif not self._away:
                self._away = True
                self._complain(f"{reason(self._server, change.reason).rstrip('.')}; trying again until it works.")
        elif change.state is State.FAILED and change.reason is not None:
            self._give_up(change.reason)

    def _not_joined(self, failure: Failure) -> None:
        failure.trap(ClientError)  # _changed has said why, or the program ended it itself

    def _give_up(self, error: Exception) -> None:
        self._status = 1
        self._complain(reason(self._server, error))
        self.interrupt()

    def _closed(self) -> None:
        if not self._finished.called:
            self._finished.callback(self._status)


def _is_same(room: object, other: str) -> bool:
    return str(room).casefold() == other.casefold()


def as_json(event: Message) -> Iterable[str]:
    """Return an event as one line of JSON."""
    return [escaped(json.dumps(event, ensure_ascii=False))]


def as_text(transcript: Transcript) -> Callable[[Message], Iterable[str]]:
    """Return the function for lines for people; each names its room, since there is no current one."""
    return lambda event: () if event.get("event") in ("entered", "departed") else transcript.lines(event)


def _number(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError("message numbers begin with 1; 0 means from the beginning")
    return number
