"""``groupchat say``: posts one line, or all lines of standard input, exactly once; or these as one message.

Each line goes to the room that was named, or nowhere: what was not said is printed on standard error.
It joins quietly: it is in no room and no list of people, and its coming and going is not announced.
"""

import argparse
import sys
from collections.abc import Callable
from math import ceil

from groupchat.client.address import reason
from groupchat.client.core.client_core import ClientCore
from groupchat.client.core.client_errors import Left, NotTrusted, Refused
from groupchat.client.core.client_state import Change, State
from groupchat.client.core.network import Timer
from groupchat.client.core.results import Result
from groupchat.client.loop import looping
from groupchat.client.loop.event_loop import Loop
from groupchat.client.loop.standard_streams import StandardStreams
from groupchat.client.loop.typed_lines import LONGEST as LONGEST_LINE
from groupchat.destinations import command_line
from groupchat.destinations.command_line import Destination
from groupchat.programs import taken_names
from groupchat.programs.pace import Pace
from groupchat.stdio.complaints import complain
from groupchat.terminal.flow.secret_commands import SecretCommands

WINDOW = 256
"""Lines read ahead of the server's answers."""

LOBBY = "lobby"
"""The room that every server has."""

SECRET_COMMANDS = SecretCommands()
"""Commands that people must not say by mistake, as nothing is taken for a command here."""

LONGEST = 64 * 1024
"""Characters of one message that are read; a server takes far fewer, and says how many."""

MOST_SHOWN = 20
"""Lines that were not said that are shown; of the others the numbers are."""

LONGEST_SHOWN = 200
"""Characters that are shown of a line that was not said."""

PATIENCE = 60.0
"""Seconds without any progress after which the program gives up: a line that is answered is progress.

A connection alone is none: where only large packets are lost, one after the other is made, and no line arrives.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``groupchat say``."""
    command_line.add_arguments(
        parser, "the nickname to say it under (default: your login name)", "the room to say it in (default: lobby)"
    )
    parser.add_argument("text", metavar="TEXT", nargs="*", help="what to say; without it, each line of standard input")
    parser.add_argument("--multiline", action="store_true", help="say all lines as one message, or nothing of them")


def run(arguments: argparse.Namespace) -> int:
    """Post, and return 0 only if every line is on the server's disk."""
    text = " ".join(arguments.text) if arguments.text else None
    try:
        to = command_line.destination_of(arguments, is_input_free=text is not None)
    except command_line.BadDestination as error:
        complain(str(error))
        return 1
    told = complain if sys.stderr.isatty() else lambda sentence: None
    program = Say(to, text, complain, is_one=arguments.multiline, told=told)
    return looping.run(program.start, program.interrupt)


class Say:
    """Posts lines, one after the other, and stops at the first that is refused for longer than a while.

    :param text: what to say (None: the lines of standard input).
    :param make_keyboard: makes standard input.
    :param told: is called with a sentence when the program waits because the server says so.
    :param is_one: whether all lines are one message, which is posted as a whole or not at all.
    """

    def __init__(
        self, to: Destination, text: str | None, complain: Callable[[str], object],
        make_keyboard: Callable[..., StandardStreams] = StandardStreams, is_one: bool = False,
        told: Callable[[str], object] = lambda sentence: None,
    ) -> None:  # fmt: skip
        self._server = to.server
        self._credentials = to.credentials
        self._login = to.account
        self._nicks = to.nicks()
        self._name_wait = taken_names.wait_for(to)
        self._room = to.room or LOBBY
        self._text = text
        self._is_one = is_one
        self._gathered: list[str] = []
        """The lines of the one message."""
        self._size = 0
        self._complain = complain
        self._told = told
        self._make_keyboard = make_keyboard
        self._keyboard: StandardStreams | None = None
        self._read = 0
        self._posted = 0
        self._unanswered: dict[int, str] = {}
        """The lines that are not answered yet, by their numbers."""
        self._unsaid: dict[int, str] = {}
        """The lines that were not said."""
        self._unconfirmed: dict[int, str] = {}
        """The lines that may have been said: their answers were lost."""
        self._was_in = False
        self._ended = False
        self._ending = False
        self._is_stopped = False
        self._problem = ""
        self._last_reason: Exception | None = None
        self._deadline: Timer | None = None
        self._finished: Result[int] = Result()

    def start(self, loop: Loop) -> Result[int]:
        """Begin; the result is the exit status."""
        self._loop = loop
        self._client = ClientCore(
            self._server.dialer(loop), next(self._nicks), loop, looping.raise_,
            alternatives=self._nicks, since="head", room=self._room, quiet=True, changed=self._changed, window=WINDOW,
            password=self._credentials.password, access=self._credentials.access, login=self._login, patient=True,
            name_wait=self._name_wait,
        )  # fmt: skip
        self._pace = Pace(loop, self._send, self._is_held_up, WINDOW)
        self._client.start()  # _changed is told how it ends
        if self._text is None:
            self._keyboard = self._make_keyboard(self._typed, self._no_more, lambda why: None)
            self._keyboard.open(loop, writing=False)
        elif not self._text.strip():
            self._fail("There is nothing to say")
        else:
            for line in self._text.encode("utf-8", "surrogateescape").split(b"\n"):
                self._typed(line)
            self._no_more()
        return self._finished

    def interrupt(self) -> None:
        """End, after Ctrl-C."""
        self._fail("interrupted")

    # The keyboard calls these.

    def _typed(self, line: bytes) -> None:
        self._read += 1
        line = line.removesuffix(b"\r")
        if len(line) > LONGEST_LINE:
            self._unsaid[self._read] = SECRET_COMMANDS.shown(line.decode(errors="replace"))
            self._stop(f"Line {self._read} was not posted: it has more than {LONGEST_LINE:,} bytes")
            return
        try:
            text = line.decode()
        except UnicodeDecodeError as error:
            self._unsaid[self._read] = SECRET_COMMANDS.shown(line.decode(errors="replace"))
            self._stop(f"Line {self._read} is not UTF-8 (at its byte {error.start + 1})")
            return
        if not text.strip() and not self._is_one:
            return
        if SECRET_COMMANDS.holds(text) and len(text.split()) > 1:
            self._unsaid[self._read] = f"{SECRET_COMMANDS.shown(text)} …"
            self._stop(f"Line {self._read} was not posted: it looks like a command with a password")
            return
        if self._is_one:
            self._gather(text)
        elif self._problem:
            self._unsaid[self._read] = text
        else:
            self._post(text)

    def _gather(self, text: str) -> None:
        self._gathered.append(text)
        self._size += len(text) + 1
        if self._size > LONGEST:
            self._stop(f"A message of more than {LONGEST:,} characters is too long")
            if self._keyboard is not None:
                self._keyboard.pause()

    def _post(self, text: str) -> None:
        self._unanswered[self._read] = text
        self._set_deadline()
        self._pace.add(self._read, text)
        if self._keyboard is not None and len(self._unanswered) >= WINDOW:
            self._keyboard.pause()

    def _send(self, line: int, text: str) -> None:
        posted = self._client.say(text, room=self._room)
        posted.then(lambda number: self._is_posted(line), lambda error: self._is_not(line, error))

    def _is_held_up(self, why: str, wait: float) -> None:
        self._drop_deadline()
        self._set_deadline(wait)
        self._told(f"{why.rstrip('.')}. Waiting {ceil(wait)} s")

    def _no_more(self) -> None:
        if self._is_one and not self._problem and not self._ended:
            message = "\n".join(self._gathered).rstrip()
            self._read = 1
            if message:
                self._post(message)
            else:
                self._fail("There is nothing to say")
        self._ended = True
        self._leave_when_done()

    # The client calls these.

    def _changed(self, change: Change) -> None:
        if change.state is State.JOINED:
            self._was_in = True
            if not self._unanswered:
                self._drop_deadline()
        elif change.state is State.WAITING:
            self._last_reason = change.reason
            if self._client.token is None and not taken_names.is_taken(change.reason):
                self._fail(self._why())
            else:
                self._set_deadline()
        elif change.state is State.CONNECTING and isinstance(change.reason, NotTrusted):
            self._complain(reason(self._server, change.reason))
        elif change.state is State.FAILED:
            self._last_reason = change.reason
            self._fail(self._why())

    def _is_posted(self, line: int) -> None:
        self._posted += 1
        self._pace.answered(line)
        self._answered(line)

    def _is_not(self, line: int, error: Exception) -> None:
        if not isinstance(error, Refused):
            self._pace.answered(line)
        elif self._pace.refused(line, error.text, error.wait):
            return
        match error:
            case Left():
                pass  # the program gave up, and has said why
            case Refused(code=code, text=text):
                self._unsaid[line] = self._unanswered[line]
                what = "The message" if self._is_one else f"Line {line}"
                self._stop(f"{what} was refused: {text.rstrip('.')} ({code})")
            case _:
                self._unconfirmed[line] = self._unanswered[line]
                self._stop(f"Line {line}: {error}")
        self._answered(line)

    def _answered(self, line: int) -> None:
        self._unanswered.pop(line, None)
        self._drop_deadline()
        if self._unanswered:
            self._set_deadline()
        if self._keyboard is not None and not self._keyboard.ended and not self._problem:
            self._keyboard.resume()
        self._leave_when_done()

    # Inside.

    def _set_deadline(self, wait: float = 0.0) -> None:
        if self._deadline is None and not self._ending:
            self._deadline = self._loop.call_later(PATIENCE + wait, self._out_of_patience)

    def _drop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _out_of_patience(self) -> None:
        self._deadline = None
        if self._client.state is State.JOINED:
            self._fail(f"{self._server} has answered nothing for {PATIENCE:g} s")
        else:
            self._fail(self._why())

    def _why(self) -> str:
        return taken_names.refusal(self._server, self._last_reason)

    def _leave_when_done(self) -> None:
        if (self._ended or self._problem) and not self._unanswered:
            self._end(1 if self._problem else 0)

    def _stop(self, sentence: str) -> None:
        """Read no further; what was read before is still posted."""
        self._is_stopped = True
        self._problem = self._problem or sentence
        self._leave_when_done()

    def _fail(self, sentence: str) -> None:
        """Give up at once."""
        self._problem = self._problem or sentence
        self._end(1)

    def _end(self, status: int) -> None:
        if self._ending:
            return
        self._ending = True
        self._drop_deadline()
        for line in self._pace.stop():
            self._unsaid[line] = self._unanswered.pop(line)
        if status:
            self._tell_what_was_not_said()
        self._client.leave().then(lambda _: self._finished.succeed(status))

    def _tell_what_was_not_said(self) -> None:
        """Say what went wrong, how much was posted, and which lines were not."""
        unconfirmed = {**self._unconfirmed, **(self._unanswered if self._was_in else {})}
        unsaid = {**self._unsaid, **({} if self._was_in else self._unanswered)}
        parts = [f"{_lines_were(self._posted)} posted"] if self._posted else []
        if self._is_one:
            parts = ["it may have been said all the same" if unconfirmed else "nothing was posted"]
        elif unsaid:
            parts.append(f"{_lines_were(len(unsaid))} not said")
        if not self._is_one and unconfirmed:
            parts.append(f"{_lines_were(len(unconfirmed))} not confirmed, and may have been said")
        self._complain(f"{self._problem.rstrip('.')}; {'; '.join(parts) or 'nothing was posted'}.")
        if not self._is_one:  # otherwise whoever has the lines has them still
            self._list("Not said", unsaid)
            self._list("Not confirmed", unconfirmed)
        if self._is_stopped and not self._is_one and self._keyboard is not None and not self._keyboard.ended:
            self._complain(f"Nothing that follows line {self._read} was read.")

    def _list(self, what: str, lines: dict[int, str]) -> None:
        """Name the first of these lines with their beginnings, and the others by their numbers."""
        numbers = sorted(lines)
        for number in numbers[:MOST_SHOWN]:
            where = "" if self._text is not None and self._read == 1 else f", line {number}"
            text = lines[number]
            self._complain(f"{what}{where}: {text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + '…'}")
        if numbers[MOST_SHOWN:]:
            self._complain(f"{what}: {_ranges(numbers[MOST_SHOWN:])}")


def _lines_were(count: int) -> str:
    return "1 line was" if count == 1 else f"{count} lines were"


def _ranges(numbers: list[int]) -> str:
    """Return numbers of lines, in their order, as words: ``lines 21 to 40, line 43``."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and ranges[-1][-1] == number - 1:
            ranges[-1][1:] = [number]
        else:
            ranges.append([number])
    words = [f"line {one[0]}" if len(one) == 1 else f"lines {one[0]} to {one[1]}" for one in ranges[:MOST_SHOWN]]
    return ", ".join([*words, *(["and so on"] if ranges[MOST_SHOWN:] else [])])
