"""Being in the chat as somebody: the client of the library, the chat it carries, and what is kept of both."""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred

from groupchat.client.address import Address, reason
from groupchat.client.client import Client
from groupchat.client.client_errors import Left, Refused
from groupchat.client.client_state import Change, State
from groupchat.client.protocol import Message
from groupchat.client.resumption import Since
from groupchat.terminal.chat import Chat
from groupchat.terminal.display.display import Display
from groupchat.terminal.display.scene import Scene
from groupchat.terminal.flow.tastes import Tastes
from groupchat.terminal.keeping import Keeping
from groupchat.terminal.link import Link
from groupchat.terminal.memory import Memory
from groupchat.terminal.surfaces.surface import Surface

PREFERENCES = {"echo": "on"}

ELSEWHERE = "You have joined again from elsewhere"
"""How the server says that another client of one's own took one's place."""


class Stay:
    """One at a time; ``chat`` is None while there is none.

    :param left: is called when the person wants to leave, with the reason they give.
    :param over: is called when it is over by itself, with the exit status and a sentence why.
    :param failed: is called when the server will not have the person, with its refusal.
    """

    def __init__(
        self, server: Address, memory: Memory, scene: Scene, surface: Surface, display: Display, tastes: Tastes,
        left: Callable[[str], object], over: Callable[[int, str], object], failed: Callable[[Exception], object],
    ) -> None:  # fmt: skip
        self.chat: Chat | None = None
        self.since: Since = None
        """The number of the last message that was shown, when the last stay ended."""
        self.keeping = Keeping(memory, surface, display)
        self._server = server
        self._scene = scene
        self._surface = surface
        self._display = display
        self._tastes = tastes
        self._left = left
        self._over = over
        self._failed = failed
        self._link = Link(scene, surface, display)
        self._client: Client | None = None
        self._reactor: Any = None

    def begin(self, reactor: Any, nick: str, password: str | None, room: str, since: Since) -> None:
        """Be this one; without a password with the seat kept from last time, if it was the same nickname's.

        :param since: the number of the last message that was shown, when no seat says it.
        """
        seat = self.keeping.seat_of(nick) if password is None else None
        self._reactor = reactor
        self._link.begin()
        self._scene.be(nick)
        self.chat = Chat(reactor, self._surface, self._display, self._scene, self._tastes, self._left)
        self._client = Client(
            self._server.endpoint(reactor), nick, reactor, heard=self._heard, changed=self._changed,
            token=seat.token if seat is not None else None, since=seat.since if seat is not None else since,
            room=room or None, password=password, attended=True, preferences=PREFERENCES,
        )  # fmt: skip
        self.chat.join(self._client)
        self._surface.talk()
        self._client.start().addErrback(lambda failure: failure.trap(Refused, Left) and None)

    @property
    def nick(self) -> str:
        """What one is called, or asks to be called."""
        return self._client.nick if self._client is not None else ""

    @property
    def connected(self) -> bool:
        """Whether something sent now goes out now."""
        return self._scene.connection == "connected"

    def leave(self, words: str) -> "Deferred[None] | None":
        """Say goodbye; fires when the connection is closed.  None: there is nobody to say it to."""
        client = self._client
        if client is None or client.state in (State.LEFT, State.FAILED):
            return None
        self._scene.connection = "leaving"
        client.resumeProducing()
        return client.leave(words)

    def end(self) -> None:
        """Show what was heard, keep how far that was, and be in no chat."""
        chat, client = self.chat, self._client
        self.chat = self._client = None
        self._scene.go("")
        self._scene.connection = ""
        if chat is None or client is None:
            return
        unsent = chat.finish()
        if unsent:
            self._surface.write(self._display.remark("This was not sent:"))
            self._surface.write(self._display.answer("\n".join(unsent)))
        self.since = client.since
        self.keeping.end(client)
        client.leave()

    # The client calls these.

    def _heard(self, event: Message) -> None:
        if event.get("event") == "done":  # the server's last words
            text = str(event.get("text", ""))
            self._surface.write(self._display.answer(text))
            if text.startswith(ELSEWHERE):
                self._over(1, text)
        elif self.chat is not None:
            self.chat.heard(event)

    def _changed(self, change: Change) -> None:
        match change.state:
            case State.JOINED:
                self._settled()
            case State.WAITING if change.reason is not None:
                self._lost(change.reason, change.delay)
            case State.FAILED if change.reason is not None:
                # Only when the client is done with it: it must not be asked for another attempt meanwhile.
                self._reactor.callLater(0, self._failed, change.reason)
            case State.CONNECTING | State.JOINING:
                self._link.under_way(change.state)
        self._surface.refresh()

    def _settled(self) -> None:
        client, chat = self._client, self.chat
        if client is None or chat is None:
            return
        self._link.settled(client)
        chat.settled(client.head, client.room or "")
        self.keeping.begin(self._reactor, client, chat.drained)

    def _lost(self, error: Exception, delay: float) -> None:
        sentence = reason(self._server, error)
        if self._link.ends_with(error):
            self._reactor.callLater(0, self._over, 1, sentence)
        else:
            self._link.lost(sentence, delay)
