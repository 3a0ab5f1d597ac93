"""The chat between a client of the library and a surface: what is heard is shown, what is typed is sent."""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, succeed

from groupchat.client.client import Client
from groupchat.client.client_errors import ClientError
from groupchat.client.protocol import Message
from groupchat.stdio.printable import one_line
from groupchat.terminal.display.display import Display
from groupchat.terminal.display.scene import Scene
from groupchat.terminal.flow.secrecy import Secrecy
from groupchat.terminal.flow.sending import Sending
from groupchat.terminal.flow.showing import QUIET_S, Showing
from groupchat.terminal.flow.tastes import Tastes
from groupchat.terminal.surfaces.surface import Surface

REPEAT_S = 3.0
"""Seconds between two announcements that the person is typing; more often changes nothing."""

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
        self.secrecy = Secrecy()
        self.sending = Sending(reactor, surface, display, scene, tastes, self.secrecy, self._moved)
        self._scene = scene
        self._reactor = reactor
        self._surface = surface
        self._display = display
        self._tastes = tastes
        self._left = left
        self._client: Client | None = None
        self._showing = Showing(reactor, self._show, surface.refresh)
        self._typed_at = self._rang_at = float("-inf")
        self._learned = False

    # What the visit calls.

    def join(self, client: Client) -> None:
        """Use this client."""
        self._client = client
        self.sending.use(client)
        self._showing.use(client)

    def settled(self, head: int, room: str) -> None:
        """The connection stands, and we are in."""
        client = self._client
        assert client is not None
        self._scene.be(client.nick)
        self._scene.go(room)
        if type(client.since) is int:
            self._scene.behind(client.since, max(head, client.since))
            self._showing.touch()
            self._reactor.callLater(QUIET_S, self._look_whether_caught_up)
        self._count_people()
        if not self._learned:
            self._ask("help", then=self._learn)

    def heard(self, event: Message) -> None:
        """The client hears this."""
        self._showing.heard(event)

    def drained(self) -> bool:
        """Whether everything heard is shown."""
        return self._showing.drained

    def finish(self) -> list[str]:
        """Show what is left; the lines that were not sent."""
        self._showing.finish()
        return self.sending.finish()

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
            self._typed_at = float("-inf")  # what is typed next is news again
            self.sending.type(line)

    def touched(self) -> None:
        """A key was pressed: what was shown so far is seen."""
        if self._scene.unseen:
            self._scene.unseen = 0
            self._surface.refresh()

    def written(self, text: str) -> None:
        """The half-typed line reads so: tell the others, if the person likes."""
        now = self._reactor.seconds()
        speaks = text and (not text.startswith("/") or text.startswith(("//", "/me ")))
        if speaks and self._tastes.typing and self._connected and self._scene.room and now - self._typed_at >= REPEAT_S:
            self._typed_at = now
            self._ask("typing", room=self._scene.room)

    def complete(self, text: str) -> "Deferred[list[str]]":
        """What the server, and this client, have to complete the last word with."""
        ours = self._tastes.complete(text)
        if not self._connected or self._client is None or self._tastes.knows(text):
            return succeed(ours)
        asked = self._client.request("complete", text=text)

        def listed(answer: Message) -> list[str]:
            items = answer.get("items", [])
            words = {str(item.get("text", "")) for item in items if isinstance(item, dict)}
            return sorted({*ours, *(word for word in words if word and one_line(word) == word)})

        return asked.addCallbacks(listed, lambda failure: failure.trap(ClientError) and ours)

    # Inside.

    @property
    def _connected(self) -> bool:
        """Whether something sent now goes out now."""
        return self._scene.connection == "connected"

    def _show(self, event: Message) -> None:
        rings = self._scene.happened(event, self._reactor.seconds())
        line = self._display.event(event, self._scene.room)
        if line is not None:
            self._surface.write(line)
        if self._scene.progress is None and event.get("event") in ("said", "acted", "whispered"):
            self._ring(rings, event)
        if event.get("event") in ("left", "moderated") and self._scene.reader.mentions(
            f"{event.get('nick')} {event.get('text')}"
        ):
            self._ask("topic", then=self._placed)  # we may have been moved out of the room

    def _ring(self, called: bool, event: Message) -> None:
        wanted = self._tastes.bell == "all" and not self._scene.reader.is_me(event.get("nick"))
        now = self._reactor.seconds()
        if (wanted or (called and self._tastes.bell == "mentions")) and now - self._rang_at >= RING_S:
            self._rang_at = now
            self._surface.ring()

    def _ask(self, do: str, then: Callable[[Message], object] = lambda answer: None, **fields: str) -> None:
        """Ask the server something the person need not know of."""
        if self._client is not None:
            asked = self._client.request(do, **fields)
            asked.addCallback(then).addErrback(lambda failure: failure.trap(ClientError) and None)

    def _moved(self, room: str) -> None:
        """One's lines go to this room now."""
        self._scene.go(room)
        self._count_people()

    def _count_people(self) -> None:
        room = self._scene.room
        if room:
            self._ask("list", then=lambda answer: self._counted(room, answer), room=room)

    def _counted(self, room: str, answer: Message) -> None:
        if room == self._scene.room:
            self._scene.people = len(answer.get("items", ()))
            self._surface.refresh()

    def _placed(self, answer: Message) -> None:
        if "room" in answer and answer["room"] != self._scene.room:
            self._moved(str(answer["room"]))
            self._surface.refresh()

    def _learn(self, answer: Message) -> None:
        """Which commands hold passwords, and what they need."""
        self._learned = True
        self.secrecy.learn(answer.get("items", ()))

    def _look_whether_caught_up(self) -> None:
        if self._scene.progress is None:
            self._scene.caught_up()
        elif self._showing.quiet:
            self._scene.caught_up()
            self._surface.refresh()
        else:
            self._reactor.callLater(QUIET_S / 2, self._look_whether_caught_up)
