"""The chat line by line: in a pipe, from a file, or on a terminal that can do no more than print.

`plain_states` draws its states.
"""

from collections import deque
from collections.abc import Callable
from datetime import date
from typing import Any

from twisted.internet.defer import Deferred

from groupchat.client.core.protocol import JsonLines, Message
from groupchat.client.core.pulse import PING
from groupchat.client.twisted_network import TwistedClock
from groupchat.destinations.command_line import Destination
from groupchat.programs.plain_lines import Lines, is_spoken, shown
from groupchat.programs.plain_silence import Silence
from groupchat.programs.plain_states import Chatting, Connecting, Entering, Finished, Leaving, Menu, Online, State
from groupchat.programs.transcript import Transcript
from groupchat.stdio.echo import Echo
from groupchat.stdio.keyboard import Keyboard
from groupchat.stdio.printable import one_line


class PlainJoin:
    """Passes lines to the state, and what the states say to standard output.

    :param to: its nickname answers the first question for one, its password the first for that.
    :param terminal: whether a person can be asked again.
    :param complain: prints one sentence on standard error.
    :param suggested: the nickname that an empty answer takes (empty: it takes none).
    :param make_keyboard: makes standard input and output.
    """

    def __init__(
        self, to: Destination, terminal: bool, complain: Callable[[str], object], suggested: str = "",
        make_keyboard: Callable[..., Keyboard] = Keyboard,
    ) -> None:  # fmt: skip
        self.address = self.server = to.server
        self.nick = to.answer
        self.suggested = suggested
        self.credentials = to.credentials
        self.account = to.nick if to.account else ""
        self.room = to.room
        self.terminal = terminal
        self.menu = to.menu
        self.transcript = Transcript(date.today(), to.server.url)
        self.lines = Lines(not terminal)
        self.keyboard = make_keyboard(self._typed, self.pump, self.interrupt)
        self.echo = Echo(0)
        self.reactor: Any = None
        self.state: State = Finished(self)
        self._complain = complain
        self._lines: deque[bytes] = deque()
        self._is_in = False
        """True once lines are no answers to questions, such as passwords."""
        self._finished: Deferred[int] = Deferred()

    def start(self, reactor: Any) -> "Deferred[int]":
        """Begin; fires with the exit status."""
        self.reactor = reactor
        self.silence = Silence(TwistedClock(reactor), lambda: self.waiting, self._complain, self._give_up)
        self.keyboard.open(reactor)
        self.go(Menu(self) if self.menu else Connecting(self))
        return self._finished

    def interrupt(self) -> None:
        """Leave now, after Ctrl-C, or when the output is closed."""
        self._lines.clear()
        self.menu = False
        self.state.interrupt()

    # The states call these.

    @property
    def waiting(self) -> int:
        """Return how many lines that were read are not sent, or not answered."""
        return len(self._lines) + len(self.lines.unanswered)

    def go(self, state: "State") -> None:
        """Change to this state."""
        if not isinstance(state, Online):
            self.silence.stop()
        self.state = state
        self._is_in = isinstance(state, Entering | Chatting | Leaving)
        state.begin()
        self.pump()

    def write(self, text: str) -> None:
        """Print text that is safe for a terminal."""
        self.keyboard.write(text)

    def show(self, message: Message) -> None:
        """Print what the server sends."""
        refused = self.lines.received(message, self.transcript.room)
        self.write("".join(f"{line}\n" for line in self.transcript.lines(message)))
        if refused and self.terminal:
            self.write(f"-- Not said: {one_line(shown(refused))}\n")

    def show_typing(self) -> None:
        """Turn the terminal's echo on after a password, and end the line whose Enter was not shown."""
        if self.echo.on():
            self.write("\n")

    def pump(self) -> None:
        """Give lines to the state while it is ready for one; read no more while some wait (rule 1)."""
        while self._lines and self.state.ready:
            self.state.take(self._lines.popleft().removesuffix(b"\r"))
        if isinstance(self.state, Finished):
            return
        if self._lines:
            self.keyboard.transport.pauseProducing()
        elif not self.keyboard.ended:
            self.keyboard.transport.resumeProducing()
        elif self.state.ready:
            self.state.end_input()

    def fail(self, sentence: str) -> None:
        """End the conversation, or the program, and say why."""
        if self.menu and self.terminal:
            self._complain(sentence)
            self._tell_what_was_not_said([], self.lines.unanswered, [])
            self.lines = Lines(not self.terminal)
            self.go(Menu(self))
        else:
            self.finish(1, sentence)

    def over(self) -> None:
        """Return to the menu, if there is one; otherwise finish."""
        if self.menu:
            self.go(Menu(self))
        else:
            self.finish(0)

    def finish(self, status: int, sentence: str = "") -> None:
        """End the program, once everything is printed; the sentence comes after it, and what was not said.

        A person at a terminal was told of each refusal; in a pipe one line that was refused makes the status 1.
        """
        waiting = [line.decode("utf-8", "replace") for line in self._lines] if self._is_in else []
        refused = [] if self.terminal else self.lines.refused
        unsaid = [] if self.terminal else [*filter(is_spoken, waiting)]
        unconfirmed = self.lines.unanswered if status or not self.terminal else []

        def closed() -> None:
            if sentence:
                self._complain(sentence)
            self._tell_what_was_not_said(unsaid, unconfirmed, refused)
            self._finished.callback(1 if refused or unsaid or unconfirmed else status)

        if not isinstance(self.state, Finished):
            self.silence.stop()
            self.state = Finished(self)
            self.keyboard.close(closed)

    def _tell_what_was_not_said(self, unsaid: list[str], unconfirmed: list[str], refused: list[str]) -> None:
        for what, lines in (
            ("refused", refused), ("not said", unsaid), ("not confirmed, and may have been said", unconfirmed),
        ):  # fmt: skip
            if lines:
                self._complain(f"{'1 line was' if len(lines) == 1 else f'{len(lines)} lines were'} {what}:")
            for line in lines:
                self._complain(shown(line))

    def _give_up(self, seconds: float) -> None:
        if isinstance(self.state, Online):
            self.state.give_up(seconds)

    # The keyboard and the connection call these.

    def _typed(self, line: bytes) -> None:
        self._lines.append(line)
        self.pump()

    def wire_opened(self, wire: JsonLines) -> None:
        if isinstance(self.state, Connecting) and self.state.wire is wire:
            self.state.connected()

    def wire_received(self, wire: JsonLines, message: Message) -> None:
        if isinstance(self.state, Online) and self.state.wire is wire and message.get("ref") != PING:
            self.state.receive(message)

    def wire_closed(self, wire: JsonLines, reason: Exception) -> None:
        if isinstance(self.state, Online) and self.state.wire is wire:
            self.keyboard.unfeed()
            self.show_typing()
            self.state.closed(reason)
