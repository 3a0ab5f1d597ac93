"""Sending of lines to the server, and showing of its answers."""

import secrets
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.python.failure import Failure

from groupchat.client.client import Client
from groupchat.client.client_errors import Left, Refused, Unanswered
from groupchat.client.protocol import Message
from groupchat.terminal.display.chat_state import SOON_S, ChatState
from groupchat.terminal.display.display import Display
from groupchat.terminal.flow.local_settings import LocalSettings
from groupchat.terminal.flow.pasting import Paste
from groupchat.terminal.flow.secret_commands import SecretCommands
from groupchat.terminal.surfaces.surface import Surface


class Sending:
    """Sends lines over however many connections, says each of them once, and keeps those that are not answered.

    :param switched: is called with a room when an answer says that lines go to this one now.
    """

    def __init__(
        self, clock: IReactorTime, client: Client, surface: Surface, display: Display, state: ChatState,
        settings: LocalSettings, secret_commands: SecretCommands, switched: Callable[[str], object],
    ) -> None:  # fmt: skip
        self.weak: Callable[[str, list[str]], object] = lambda command, words: None
        """Is called with a command and its words when the server finds the new password among them too weak."""
        self._clock = clock
        self._soon: IDelayedCall | None = None
        """The time at which lines are looked at again: those that still wait are shown."""
        self._paste = Paste(clock, self._say, self._refused)
        self._client = client
        self._surface = surface
        self._display = display
        self._state = state
        self._settings = settings
        self._secret_commands = secret_commands
        self._switched = switched
        self._key = secrets.token_hex(8)
        self._keys = 0
        self._lines = 0

    def type(self, line: str) -> None:
        """Send a line as a person types it: something to say, or a command.

        What is said goes to the room that the person sees, or nowhere, however long it waits for a connection.
        A command fails when its answer is lost, so that it is never carried out twice.
        """
        if line.startswith("//"):
            self._await(self._say(line[1:], self._state.room), line)
        elif line.startswith(("/", "s/")):
            command, *words = line.split()
            self._await(self._request(command, words, "type", line=line), line)
        else:
            self._await(self._say(line, self._state.room), line)

    def carry_out(self, command: str, words: list[str]) -> None:
        """Send a secret command with the answers of the person."""
        fields = self._secret_commands.fields(command, words)
        self._await(self._request(command, words, command[1:].lower(), **fields), command)

    def send_paste(self, lines: list[str]) -> None:
        """Send pasted lines one by one, to the room that the person sees now."""
        self._paste.add(lines, self._state.room)

    def finish(self) -> list[str]:
        """Send no more; return the lines that were not sent."""
        unsent = [line for _, line in self._state.unanswered.values()]
        self._state.unanswered.clear()
        timer, self._soon = self._soon, None
        if timer is not None:
            timer.cancel()
        return [*unsent, *self._paste.stop()]

    def _request(self, command: str, words: list[str], do: str, **fields: str) -> "Deferred[Any]":
        """Make a request; if its new password is too weak, say so to ``weak``."""

        def failed(failure: Failure) -> Failure:
            if isinstance(failure.value, Refused) and failure.value.code == "password-weak":
                self._clock.callLater(0, self.weak, command, words)  # after the refusal is shown
            return failure

        return self._client.request(do, **fields).addErrback(failed)

    def _say(self, line: str, room: str) -> "Deferred[Any]":
        return self._client.say(line, self._new_key(), room or None)

    def _new_key(self) -> str:
        self._keys += 1
        return f"{self._key}-{self._keys}"

    def _await(self, answer: "Deferred[Any]", line: str) -> None:
        self._lines += 1
        number = self._lines
        self._state.unanswered[number] = (self._clock.seconds(), self._secret_commands.shown(line))
        if self._soon is None:
            self._soon = self._clock.callLater(SOON_S, self._is_soon)
        answer.addCallback(self._answered, line).addErrback(self._failed, line, self._state.room)
        answer.addBoth(self._settled, number)
        self._surface.refresh()

    def _is_soon(self) -> None:
        self._soon = self._clock.callLater(SOON_S, self._is_soon) if self._state.unanswered else None
        self._surface.refresh()

    def _settled(self, failure: object, number: int) -> None:
        if not (isinstance(failure, Failure) and failure.check(Left)):
            self._state.unanswered.pop(number, None)
        self._surface.refresh()

    def _answered(self, answer: Message | int, line: str) -> None:
        """Show the answer to a line, unless it is the number of what was said, which comes as an event."""
        if isinstance(answer, int):
            return
        if answer.get("event") == "listed":
            self._listed(answer)
        elif answer.get("text"):
            self._surface.write(self._display.answer(str(answer["text"])))
        self._settings.follow(line, answer, self._display.timestamps, self._client)
        if answer.get("event") == "done" and "room" in answer and answer["room"] != self._state.room:
            self._switched(str(answer["room"]))

    def _listed(self, answer: Message) -> None:
        shown: list[str] = []
        if "heading" in answer:
            shown.append(self._display.answer(str(answer["heading"])))
            for item in answer.get("items", []):
                line = self._display.event(item, self._state.room) if isinstance(item, dict) else None
                shown += [line] if line is not None else []
            shown.append(self._display.answer(str(answer.get("ending", ""))))
        else:
            shown.append(self._display.answer(str(answer.get("text", ""))))
        self._surface.write("\n".join(shown))

    def _failed(self, failure: Failure, line: str, room: str) -> Failure | None:
        if isinstance(failure.value, Refused):
            self._refused(line, failure.value)
            # In another room than it was typed for, one key more would say it to the wrong people.
            if _is_said(line) and room == self._state.room and failure.value.code != "not-in-room":
                self._surface.give_back(line)
        elif failure.check(Unanswered):
            sentence = "The connection was lost before the answer came. Check whether this was done:"
            self._surface.write(self._display.remark(f"{sentence} {self._secret_commands.shown(line)}"))
        else:
            return failure if failure.check(Left) else None
        return None

    def _refused(self, line: str, refused: Refused) -> None:
        """Show a refusal, and which line it is about: others may have been sent since, or the connection lost."""
        self._surface.write(self._display.refused(refused.code, refused.text))
        if not self._secret_commands.is_secret(line):
            self._surface.write(self._display.remark(f"Not {'said' if _is_said(line) else 'done'}: {line}"))


def _is_said(line: str) -> bool:
    """Return whether a line is something to say, and no command or correction."""
    return line.startswith("//") or not line.startswith(("/", "s/"))
