"""The chat between a client of the library and a surface: events are shown, lines are sent."""

import secrets
from collections import deque
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall
from twisted.python.failure import Failure

from groupchat.client.client import Client
from groupchat.client.errors import ClientError, Left, Refused, Unanswered
from groupchat.client.protocol import Message
from groupchat.client.terminal.display import Display
from groupchat.client.terminal.pasting import Paste
from groupchat.client.terminal.scene import Scene
from groupchat.client.terminal.surface import Surface
from groupchat.client.terminal.tastes import Tastes

SLICE_S = 0.008
"""Seconds of showing events in one go; then keys have their turn."""

MANY, FEW = 2000, 500
"""Events that wait to be shown until no more are read, and until more are read again."""

REPEAT_S = 3.0
"""Seconds between two announcements that the person is typing; more often changes nothing."""

QUIET_S = 1.0
"""Seconds without an event after which all there is has come."""

RING_S = 1.0
"""Seconds between two bells."""


class Chat:
    """One stay in the chat, over any number of connections.

    :param left: is called when the person wants to leave, with the reason they give.
    """

    def __init__(
        self, reactor: Any, surface: Surface, display: Display, scene: Scene, tastes: Tastes,
        left: Callable[[str], object],
    ) -> None:  # fmt: skip
        self.scene = scene
        self.secrets: dict[str, list[str]] = {"login": ["NAME", "PASSWORD"], "register": ["PASSWORD"]}
        """Commands whose arguments hold a password, with what they need; the server tells of more."""
        self._reactor = reactor
        self._surface = surface
        self._display = display
        self._tastes = tastes
        self._left = left
        self._client: Client | None = None
        self._queue: deque[Message] = deque()
        self._timer: IDelayedCall | None = None
        self._paused = False
        self._heard_at = self._typed_at = self._rang_at = float("-inf")
        self._key = secrets.token_hex(8)
        self._keys = 0
        self._unsent: dict[int, str] = {}
        self._lines = 0
        self._learned = False
        self.paste = Paste(reactor, self._say, lambda line, refused: self._refused(refused))

    # What the visit calls.

    def join(self, client: Client) -> None:
        """Use this client."""
        self._client = client

    def settled(self, head: int, room: str) -> None:
        """The connection stands, and we are in."""
        client = self._client
        assert client is not None
        self.scene.be(client.nick)
        self.scene.go(room)
        if type(client.since) is int:
            self.scene.behind(client.since, max(head, client.since))
            self._heard_at = self._reactor.seconds()
            self._reactor.callLater(QUIET_S, self._look_whether_caught_up)
        self._count_people()
        if not self._learned:
            self._ask("help", then=self._learn)

    def heard(self, event: Message) -> None:
        """The client hears this."""
        self._queue.append(event)
        self._heard_at = self._reactor.seconds()
        if len(self._queue) > MANY and not self._paused and self._client is not None:
            self._paused = True
            self._client.pauseProducing()
        if self._timer is None:
            self._timer = self._reactor.callLater(0, self._show)

    def drained(self) -> bool:
        """Whether everything heard is shown."""
        return not self._queue

    def finish(self) -> list[str]:
        """Show what is left; the lines that were not sent."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._queue:
            self._show_one(self._queue.popleft())
        return [*self._unsent.values(), *self.paste.stop()]

    # What the person does.

    def typed(self, line: str) -> None:
        """A line, as a person types it."""
        if not line.strip():
            return
        command, _, rest = line.strip().partition(" ")
        if command.lower() in ("/exit", "/quit"):
            self._left(rest.strip())
        elif command.lower() == "/set" and (told := self._tastes.typed(rest)) is not None:
            self._surface.write(self._display.answer(told))
        else:
            self._type(line)

    def carry_out(self, command: str, words: list[str]) -> None:
        """A secret command with what was asked for: by name, so that a password can have spaces."""
        assert self._client is not None
        name = command[1:].lower()
        fields = dict(zip((label.lower() for label in self.secrets[name]), words, strict=False))
        self._await(self._client.request(name, **fields), command)

    def touched(self) -> None:
        """A key was pressed: what was shown so far is seen."""
        if self.scene.unseen:
            self.scene.unseen = 0
            self._surface.refresh()

    def written(self, text: str) -> None:
        """The half-typed line reads so: tell the others, if the person likes."""
        now = self._reactor.seconds()
        speaks = text and (not text.startswith("/") or text.startswith(("//", "/me ")))
        if speaks and self._tastes.typing and self.connected and self.scene.room and now - self._typed_at >= REPEAT_S:
            self._typed_at = now
            self._ask("typing", room=self.scene.room)

    def complete(self, text: str) -> "Deferred[list[str]]":
        """What the server, and this client, have to complete the last word with."""
        ours = self._tastes.complete(text)
        if not self.connected or self._client is None:
            return succeed(ours)
        asked = self._client.request("complete", text=text)

        def listed(answer: Message) -> list[str]:
            items = answer.get("items", [])
            return sorted({*ours, *(str(item.get("text", "")) for item in items if isinstance(item, dict))} - {""})

        return asked.addCallbacks(listed, lambda failure: failure.trap(ClientError) and ours)

    @property
    def connected(self) -> bool:
        """Whether something sent now goes out now."""
        return self.scene.connection == "connected"

    # Inside.

    def _type(self, line: str) -> None:
        assert self._client is not None
        self._typed_at = float("-inf")  # what is typed next is news again
        # A command is not carried out twice because it has no key: it fails when its answer is lost.
        spoken = not line.startswith("s/") and (not line.startswith("/") or line.startswith("//"))
        key = {"key": self._new_key()} if spoken else {}
        self._await(self._client.request("type", line=line, **key), line)

    def _say(self, line: str) -> "Deferred[Any]":
        assert self._client is not None
        return self._client.say(line, self._new_key())

    def _new_key(self) -> str:
        self._keys += 1
        return f"{self._key}-{self._keys}"

    def _await(self, answer: "Deferred[Message]", line: str) -> None:
        self._lines += 1
        number = self._lines
        self._unsent[number] = line.partition(" ")[0] if self.is_secret(line) else line  # it may be shown again
        self.scene.pending = len(self._unsent)
        answer.addCallback(self._answered, line).addErrback(self._failed, line)
        answer.addBoth(self._settled, number)
        self._surface.refresh()

    def _settled(self, failure: object, number: int) -> None:
        if not (isinstance(failure, Failure) and failure.check(Left)):
            self._unsent.pop(number, None)
        self.scene.pending = len(self._unsent)
        self._surface.refresh()

    def _answered(self, answer: Message, line: str) -> None:
        """What the server says to a line: its events come by themselves, in their order."""
        if answer.get("event") == "listed":
            self._listed(answer)
        elif answer.get("text"):
            self._surface.write(self._display.answer(str(answer["text"])))
            self._tastes.changed(line, str(answer["text"]), self._display.times, self._client)
        if "room" in answer and answer["room"] != self.scene.room:
            self.scene.go(str(answer["room"]))
            self._count_people()

    def _listed(self, answer: Message) -> None:
        shown: list[str] = []
        if "heading" in answer:
            shown.append(self._display.answer(str(answer["heading"])))
            for item in answer.get("items", []):
                line = self._display.event(item, self.scene.room) if isinstance(item, dict) else None
                shown += [line] if line is not None else []
            shown.append(self._display.answer(str(answer.get("ending", ""))))
        else:
            shown.append(self._display.answer(str(answer.get("text", ""))))
        self._surface.write("\n".join(shown))

    def _failed(self, failure: Failure, line: str) -> Failure | None:
        if isinstance(failure.value, Refused):
            self._refused(failure.value)
        elif failure.check(Unanswered):
            command = line.partition(" ")[0] if self.is_secret(line) else line
            self._surface.write(
                self._display.remark(
                    f"The connection was lost before the answer came; look whether this is done: {command}"
                )
            )
        else:
            return failure if failure.check(Left) else None
        return None

    def _refused(self, refused: Refused) -> None:
        self._surface.write(self._display.refused(refused.code, refused.text))

    def is_secret(self, line: str) -> bool:
        """Whether what is typed has a password in it."""
        command = line.strip().partition(" ")[0].lower()
        return command.startswith("/") and command[1:] in self.secrets

    def missing(self, line: str) -> list[str]:
        """What a line with a secret command lacks, if all of it is secret: to be asked for without echo."""
        command, *words = line.split()
        lacking = self.secrets.get(command[1:].lower(), [])[len(words) :]
        return [] if {"NAME", "NICK", "WORD"} & {*lacking} else lacking

    def _show(self) -> None:
        """Show events for a moment, then let keys have their turn."""
        self._timer = None
        end = self._reactor.seconds() + SLICE_S
        while self._queue and self._reactor.seconds() < end:
            self._show_one(self._queue.popleft())
        if self._queue:
            self._timer = self._reactor.callLater(0, self._show)
        if self._paused and len(self._queue) < FEW and self._client is not None:
            self._paused = False
            self._client.resumeProducing()
        self._surface.refresh()

    def _show_one(self, event: Message) -> None:
        rings = self.scene.happened(event, self._reactor.seconds())
        line = self._display.event(event, self.scene.room)
        if line is not None:
            self._surface.write(line)
        if self.scene.progress is None and event.get("event") in ("said", "acted", "whispered"):
            self._ring(rings, event)
        if event.get("event") in ("left", "moderated") and self.scene.reader.mentions(
            f"{event.get('nick')} {event.get('text')}"
        ):
            self._ask("topic", then=self._placed)  # we may have been moved out of the room

    def _ring(self, called: bool, event: Message) -> None:
        wanted = self._tastes.bell == "all" and not self.scene.reader.is_me(event.get("nick"))
        now = self._reactor.seconds()
        if (wanted or (called and self._tastes.bell == "mentions")) and now - self._rang_at >= RING_S:
            self._rang_at = now
            self._surface.ring()

    def _ask(self, do: str, then: Callable[[Message], object] = lambda answer: None, **fields: str) -> None:
        """Ask the server something the person need not know of."""
        if self._client is not None:
            asked = self._client.request(do, **fields)
            asked.addCallback(then).addErrback(lambda failure: failure.trap(ClientError) and None)

    def _count_people(self) -> None:
        room = self.scene.room
        if room:
            self._ask("list", then=lambda answer: self._counted(room, answer), room=room)

    def _counted(self, room: str, answer: Message) -> None:
        if room == self.scene.room:
            self.scene.people = len(answer.get("items", ()))
            self._surface.refresh()

    def _placed(self, answer: Message) -> None:
        if "room" in answer:
            self.scene.go(str(answer["room"]))
            self._surface.refresh()

    def _learn(self, answer: Message) -> None:
        """Which commands hold passwords, and what they need."""
        self._learned = True
        for item in answer.get("items", ()):
            if isinstance(item, dict) and item.get("secret"):
                words = [word for word in str(item.get("usage", "")).split()[1:] if not word.startswith("[")]
                for name in (str(item.get("command")), *map(str, item.get("aliases", ()))):
                    self.secrets[name] = [word.rstrip("…") for word in words]

    def _look_whether_caught_up(self) -> None:
        if self.scene.progress is None:
            self.scene.caught_up()
        elif not self._queue and self._reactor.seconds() - self._heard_at >= QUIET_S:
            self.scene.caught_up()
            self._surface.refresh()
        else:
            self._reactor.callLater(QUIET_S / 2, self._look_whether_caught_up)
