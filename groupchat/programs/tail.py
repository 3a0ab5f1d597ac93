"""``groupchat tail``: prints what is posted, until its output is closed."""

import argparse
import json
from collections.abc import Callable, Iterable
from datetime import date

from groupchat.client.address import named, reason
from groupchat.client.core.client_core import ClientCore
from groupchat.client.core.client_errors import NotTrusted
from groupchat.client.core.client_state import Change, State
from groupchat.client.core.protocol import Message
from groupchat.client.core.results import Result
from groupchat.client.loop import looping
from groupchat.client.loop.event_loop import Loop
from groupchat.client.loop.standard_streams import StandardStreams
from groupchat.destinations import command_line
from groupchat.destinations.command_line import Destination
from groupchat.programs.transcript import Transcript
from groupchat.stdio.complaints import complain
from groupchat.stdio.phrases import departure
from groupchat.stdio.printable import escaped


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``groupchat tail``."""
    command_line.add_arguments(
        parser, "the nickname to be there under (default: your login name)",
        "follow this room only (default: where the server puts you)",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print each event as a line of JSON")
    parser.add_argument(
        "--since", metavar="N", type=_number, help="begin after message number N (default: the last few)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print until interrupted, or until the output is closed; return 0, or 1 if the server cannot be reached."""
    try:
        to = command_line.destination_of(arguments, is_input_free=True)
    except command_line.BadDestination as error:
        complain(str(error))
        return 1
    transcript = Transcript(date.today(), to.server.url)
    show = as_json if arguments.json else as_text(transcript)
    program = Tail(to, arguments.since, show, complain, connected=transcript.serve)
    return looping.run(program.start, program.interrupt)


class Tail:
    """Follows the chat, over any number of connections; only the first one must succeed at once.

    :param to: with a room it follows that and no other, and ends when that is lost.
    :param show: makes the lines for an event.
    :param make_keyboard: makes standard output.
    :param connected: told the address in a browser of the server that it follows from then on, one of several.
    """

    def __init__(
        self,
        to: Destination,
        since: int | None,
        show: Callable[[Message], Iterable[str]],
        complain: Callable[[str], object],
        make_keyboard: Callable[..., StandardStreams] = StandardStreams,
        connected: Callable[[str], object] = lambda base: None,
    ) -> None:
        self._server = to.server
        self._credentials = to.credentials
        self._login = to.account
        self._nicks = to.nicks()
        self._room = to.room or None
        self._since = since
        self._show = show
        self._complain = complain
        self._connected = connected
        self._status = 0
        self._away = False
        self._output = make_keyboard(lambda line: None, lambda: None, self._broken)
        self._finished: Result[int] = Result()

    def start(self, loop: Loop) -> Result[int]:
        """Begin; the result is the exit status."""
        self._client = ClientCore(
            self._server.dialer(loop), next(self._nicks), loop, looping.raise_,
            alternatives=self._nicks, since=self._since, program=True,
            rooms=None if self._room is None else [self._room], heard=self._heard, changed=self._changed,
            password=self._credentials.password, access=self._credentials.access, login=self._login, patient=True,
        )  # fmt: skip
        self._output.open(loop, reading=False)
        self._output.feed(self._client)
        self._client.start()  # _changed is told how it ends
        return self._finished

    def interrupt(self) -> None:
        """Leave, print what came until then, and end."""
        self._client.resume()
        self._client.leave().then(lambda _: self._output.close(self._closed))

    def _broken(self, why: str) -> None:
        """End, since the output takes no more."""
        if why:
            self._status = 1
            self._complain(f"The output cannot be written: {why}.")
        self.interrupt()

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
        if change.state is State.JOINED:
            self._connected(named(self._server, self._client.server).url)
        if change.state is State.JOINED and self._away:
            self._away = False
            self._complain(f"Connected to {self._client.server or self._server} again.")
        elif change.state is State.WAITING and change.reason is not None:
            if self._client.token is None:
                self._give_up(change.reason)
            elif not self._away:
                self._away = True
                self._complain(f"{reason(self._server, change.reason).rstrip('.')}; trying again until it works.")
        elif change.state is State.CONNECTING and isinstance(change.reason, NotTrusted):
            self._complain(reason(self._server, change.reason))
        elif change.state is State.FAILED and change.reason is not None:
            self._give_up(change.reason)

    def _give_up(self, error: Exception) -> None:
        self._status = 1
        self._complain(reason(self._server, error))
        self.interrupt()

    def _closed(self) -> None:
        if not self._finished.is_settled:
            self._finished.succeed(self._status)


def _is_same(room: object, other: str) -> bool:
    return str(room).casefold() == other.casefold()


def as_json(event: Message) -> Iterable[str]:
    """Return an event as one line of JSON."""
    return [escaped(json.dumps(event, ensure_ascii=False, separators=(",", ":")))]


def as_text(transcript: Transcript) -> Callable[[Message], Iterable[str]]:
    """Return the function for lines for people; each names its room, since there is no current one."""
    return lambda event: () if event.get("event") in ("entered", "departed") else transcript.lines(event)


def _number(text: str) -> int:
    if not text.removeprefix("-").isdecimal() or len(text) > 15:
        raise argparse.ArgumentTypeError(f"{text!r} is not the number of a message")
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError("message numbers begin with 1; 0 means from the beginning")
    return number
