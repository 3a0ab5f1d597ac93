"""Lines on their way to the server, and what it answers."""

import secrets
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from groupchat.client.client import Client
from groupchat.client.client_errors import Left, Refused, Unanswered
from groupchat.client.protocol import Message
from groupchat.terminal.display.display import Display
from groupchat.terminal.display.scene import Scene
from groupchat.terminal.flow.pasting import Paste
from groupchat.terminal.flow.secrecy import Secrecy
from groupchat.terminal.flow.tastes import Tastes
from groupchat.terminal.surfaces.surface import Surface


class Sending:
    """Sends lines, each that is said once, over however many connections; keeps those that were not answered.

    :param moved: is called with the room, when an answer says that lines go to another one now.
    """

    def __init__(
        self, reactor: Any, surface: Surface, display: Display, scene: Scene, tastes: Tastes, secrecy: Secrecy,
        moved: Callable[[str], object],
    ) -> None:  # fmt: skip
        self.paste = Paste(reactor, self._say, lambda line, refused: self._refused(refused))
        self._surface = surface
        self._display = display
        self._scene = scene
        self._tastes = tastes
        self._secrecy = secrecy
        self._moved = moved
        self._client: Client | None = None
        self._key = secrets.token_hex(8)
        self._keys = 0
        self._lines = 0
        self._unsent: dict[int, str] = {}

    def use(self, client: Client) -> None:
        """Send by this client."""
        self._client = client

    def type(self, line: str) -> None:
        """A line as a person types it: something to say, or a command."""
        assert self._client is not None
        # A command is not carried out twice because it has no key: it fails when its answer is lost.
        spoken = not line.startswith("s/") and (not line.startswith("/") or line.startswith("//"))
        key = {"key": self._new_key()} if spoken else {}
        self._await(self._client.request("type", line=line, **key), line)

    def carry_out(self, command: str, words: list[str]) -> None:
        """A secret command with what was asked for."""
        assert self._client is not None
        fields = self._secrecy.fields(command, words)
        self._await(self._client.request(command[1:].lower(), **fields), command)

    def finish(self) -> list[str]:
        """Send no more; the lines that were not sent."""
        return [*self._unsent.values(), *self.paste.stop()]

    def _say(self, line: str) -> "Deferred[Any]":
        assert self._client is not None
        return self._client.say(line, self._new_key())

    def _new_key(self) -> str:
        self._keys += 1
        return f"{self._key}-{self._keys}"

    def _await(self, answer: "Deferred[Message]", line: str) -> None:
        self._lines += 1
        number = self._lines
        self._unsent[number] = self._secrecy.shown(line)
        self._scene.pending = len(self._unsent)
        answer.addCallback(self._answered, line).addErrback(self._failed, line)
        answer.addBoth(self._settled, number)
        self._surface.refresh()

    def _settled(self, failure: object, number: int) -> None:
        if not (isinstance(failure, Failure) and failure.check(Left)):
            self._unsent.pop(number, None)
        self._scene.pending = len(self._unsent)
        self._surface.refresh()

    def _answered(self, answer: Message, line: str) -> None:
        """What the server says to a line: its events come by themselves, in their order."""
        if answer.get("event") == "listed":
            self._listed(answer)
        elif answer.get("text"):
            self._surface.write(self._display.answer(str(answer["text"])))
            self._tastes.changed(line, str(answer["text"]), self._display.times, self._client)
        if "room" in answer and answer["room"] != self._scene.room:
            self._moved(str(answer["room"]))

    def _listed(self, answer: Message) -> None:
        shown: list[str] = []
        if "heading" in answer:
            shown.append(self._display.answer(str(answer["heading"])))
            for item in answer.get("items", []):
                line = self._display.event(item, self._scene.room) if isinstance(item, dict) else None
                shown += [line] if line is not None else []
            shown.append(self._display.answer(str(answer.get("ending", ""))))
        else:
            shown.append(self._display.answer(str(answer.get("text", ""))))
        self._surface.write("\n".join(shown))

    def _failed(self, failure: Failure, line: str) -> Failure | None:
        if isinstance(failure.value, Refused):
            self._refused(failure.value)
        elif failure.check(Unanswered):
            done = self._secrecy.shown(line)
            sentence = f"The connection was lost before the answer came; look whether this is done: {done}"
            self._surface.write(self._display.remark(sentence))
        else:
            return failure if failure.check(Left) else None
        return None

    def _refused(self, refused: Refused) -> None:
        self._surface.write(self._display.refused(refused.code, refused.text))
