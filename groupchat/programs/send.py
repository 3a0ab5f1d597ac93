"""``groupchat send``: shares files, one after the other, each exactly once.

It stops at the first that is refused, and says which were not sent.
It joins quietly, as ``groupchat say`` does.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, BinaryIO

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall
from twisted.python.failure import Failure

from groupchat.client.address import reason
from groupchat.client.client import Client
from groupchat.client.core.client_errors import ClientError, NotTrusted, Refused
from groupchat.client.core.client_state import Change, State
from groupchat.destinations import command_line
from groupchat.destinations.command_line import Destination
from groupchat.model.wording import size_words
from groupchat.programs import taken_names
from groupchat.stdio import running as process
from groupchat.stdio.complaints import complain
from groupchat.stdio.printable import one_line
from groupchat.stdio.sendable import NotSendable, opened

LOBBY = "lobby"
"""The room that every server has."""

PATIENCE = 60.0
"""Seconds without any progress after which the program gives up."""

BAR = 30
"""Columns of the bar that shows how much was sent."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``groupchat send``."""
    command_line.add_arguments(parser, "the nickname to share it under (default: your login name)")
    parser.add_argument("files", metavar="FILE", nargs="+", help="a file to share")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--room", metavar="ROOM", help="the room to share it with (default: lobby)")
    where.add_argument("--to", metavar="NICK", help="the one person to share it with")


def run(arguments: argparse.Namespace) -> int:
    """Share the files, and return 0 only if every one is on the server's disk."""
    try:
        to = command_line.destination_of(arguments, is_input_free=True)
    except command_line.BadDestination as error:
        complain(str(error))
        return 1
    program = Send(to, arguments.files, complain, nick=arguments.to, bar=_bar if sys.stderr.isatty() else None)
    return process.run(program.start, program.interrupt)


class Send:
    """Shares files, one after the other, and stops at the first that is refused.

    :param to: the server, and the room (empty: the lobby).
    :param nick: the one person to share them with, instead of a room.
    :param bar: shows one line about how much was sent; an empty line takes it away (None: nothing is shown).
    """

    def __init__(
        self, to: Destination, files: Sequence[str], complain: Callable[[str], object], *,
        nick: str | None = None, bar: Callable[[str], object] | None = None,
    ) -> None:  # fmt: skip
        self._server = to.server
        self._nicks = to.nicks()
        self._name_wait = taken_names.wait_for(to)
        self._files = [*files]
        self._complain = complain
        self._to = nick
        self._room = (to.room or LOBBY) if nick is None else None
        self._credentials = to.credentials
        self._login = to.account
        self._bar = bar
        self._open: BinaryIO | None = None
        self._ending = False
        self._deadline: IDelayedCall | None = None
        self._finished: Deferred[int] = Deferred()

    def start(self, reactor: Any) -> Deferred[int]:
        """Begin; fires with the exit status."""
        self._reactor = reactor
        for path in self._files:
            try:
                opened(path).close()  # before anything is shared, so that a slip of the fingers shares nothing
            except NotSendable as error:
                self._complain(f"{error}; nothing was sent.")
                return succeed(1)
        self._client = Client(
            self._server.endpoint(reactor), next(self._nicks), reactor,
            alternatives=self._nicks, since="head", quiet=True, changed=self._changed,
            password=self._credentials.password, access=self._credentials.access, login=self._login, patient=True,
            name_wait=self._name_wait,
        )  # fmt: skip
        self._client.start().addErrback(self._not_joined)
        self._next()
        return self._finished

    def interrupt(self) -> None:
        """End, after Ctrl-C."""
        self._fail("interrupted")

    def _next(self) -> None:
        if not self._files:
            self._end(0)
            return
        path = self._files[0]
        try:
            self._open = opened(path)
        except NotSendable as error:
            self._fail(str(error))
            return
        self._moved()
        sent = self._client.send_file(
            self._open, os.path.basename(path), room=self._room, nick=self._to,
            progress=lambda sent, size: self._progress(path, sent, size),
        )  # fmt: skip
        sent.addCallbacks(self._is_sent, self._is_not)

    def _progress(self, path: str, sent: int, size: int) -> None:
        self._moved()
        if self._bar is not None:
            done = BAR if not size else BAR * sent // size
            name = one_line(os.path.basename(path))
            self._bar(f"[{'#' * done}{' ' * (BAR - done)}] {size_words(sent)} of {size_words(size)}  {name}")

    def _is_sent(self, number: int) -> None:
        self._close()
        if not self._ending:
            del self._files[0]
            self._next()

    def _is_not(self, failure: Failure) -> None:
        self._close()
        match failure.value:
            case Refused(code=code, text=text):
                self._fail(f"{self._files[0]} was refused: {text.rstrip('.')} ({code})")
            case ClientError() | OSError() as error:
                self._fail(f"{self._files[0]}: {error}")
            case _:
                self._fail(f"{self._files[0]}: {failure.getErrorMessage()}")

    def _close(self) -> None:
        file, self._open = self._open, None
        if file is not None:
            file.close()
        if self._bar is not None:
            self._bar("")

    # The client calls these.

    def _changed(self, change: Change) -> None:
        if change.state in (State.WAITING, State.FAILED):
            is_over = self._client.token is None and not taken_names.is_taken(change.reason)
            if change.state is State.FAILED or is_over:
                self._fail(taken_names.refusal(self._server, change.reason))
        elif change.state is State.CONNECTING and isinstance(change.reason, NotTrusted):
            self._complain(reason(self._server, change.reason))

    def _not_joined(self, failure: Failure) -> None:
        failure.trap(ClientError)  # _changed has said why, or the program ended it itself

    # Inside.

    def _moved(self) -> None:
        """Wait again for as long as patience lasts: there was progress."""
        if self._ending:
            return
        if self._deadline is None:
            self._deadline = self._reactor.callLater(PATIENCE, self._out_of_patience)
        else:
            self._deadline.reset(PATIENCE)

    def _out_of_patience(self) -> None:
        self._deadline = None
        self._fail(f"{self._server} has taken nothing for {PATIENCE:g} s")

    def _fail(self, sentence: str) -> None:
        if self._ending:
            return
        self._complain(f"{sentence.rstrip('.')}; {_files_were(len(self._files))} not sent.")
        for path in self._files:
            self._complain(f"Not sent: {path}")
        self._end(1)

    def _end(self, status: int) -> None:
        if self._ending:
            return
        self._ending = True
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        self._close()
        self._client.leave().addCallback(lambda _: self._finished.callback(status))


def _files_were(count: int) -> str:
    return "1 file was" if count == 1 else f"{count} files were"


def _bar(line: str) -> None:
    """Show a line in the place of the one before, on the terminal."""
    with suppress(OSError):
        os.write(2, f"\r\x1b[K{line}".encode())
