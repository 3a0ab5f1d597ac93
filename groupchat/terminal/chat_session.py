"""A session in the chat under one nickname: the client of the library, the chat, and what is saved of them."""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, fail

from groupchat.client.address import Server, named, reason
from groupchat.client.client import Client
from groupchat.client.core.client_errors import ClientError, ConnectionDropped, Left, NotTrusted
from groupchat.client.core.client_state import Change, State
from groupchat.client.core.protocol import Message
from groupchat.client.core.resumption import Since
from groupchat.destinations.credentials import Credentials
from groupchat.terminal.autosave import Autosave
from groupchat.terminal.chat import Chat
from groupchat.terminal.connection_status import ConnectionStatus
from groupchat.terminal.display.chat_state import ChatState
from groupchat.terminal.display.display import Display
from groupchat.terminal.display.saved_views import restored, saved
from groupchat.terminal.flow.local_settings import LocalSettings
from groupchat.terminal.saved_login import LoginFile
from groupchat.terminal.surfaces.surface import Surface

NONE = Credentials()
"""No proofs."""


class ChatSession:
    """One session at a time; ``chat`` is None while there is none.

    :param leave: is called when the person wants to leave, with the reason they give.
    :param over: is called when the session has ended by itself, with the exit status and a sentence why.
    :param failed: is called when the server refuses to let the person in, with its refusal.
    """

    def __init__(
        self, server: Server, file: LoginFile, state: ChatState, surface: Surface, display: Display,
        settings: LocalSettings, leave: Callable[[str], object], over: Callable[[int, str], object],
        failed: Callable[[Exception], object],
    ) -> None:  # fmt: skip
        self.chat: Chat | None = None
        self.welcomed: Callable[[], object] = lambda: None
        """Is called when the person has been let in."""
        self.since: Since = None
        """The number of the last message that was shown when the last session ended."""
        self._kept: list[dict[str, Any]] = []
        """What was kept of the views of the last session."""
        self.autosave = Autosave(file, surface, display, lambda: saved(state.views))
        self._server = server
        self._state = state
        self._surface = surface
        self._display = display
        self._settings = settings
        self._leave = leave
        self._over = over
        self._failed = failed
        self._status = ConnectionStatus(state, surface, display)
        self._client: Client | None = None
        self._reactor: Any = None

    def begin(
        self, reactor: Any, nick: str, password: str | None, room: str, since: Since, given: Credentials = NONE,
        is_account: bool = False, token: str | None = None,
    ) -> None:  # fmt: skip
        """Join under this nickname; without a password, resume the saved login if it is of this nickname.

        :param given: proofs from elsewhere, beside the saved login.
        :param is_account: whether only an account with this nickname will do.
        :param since: the number of the last message that was shown, if there is no saved login that says it.
        :param token: the token of an earlier session of this run, instead of the saved one.
        """
        login = self.autosave.login_of(nick) if password is None else None
        if token is None and login is not None:
            token = login.token
        self._reactor = reactor
        self._status.begin()
        self._state.rename(nick)
        client = self._client = Client(
            self._server.endpoint(reactor), nick, reactor, heard=self._heard, changed=self._changed,
            token=token, since=login.since if login is not None else since,
            room=room or None, password=given.password if password is None else password,
            access=given.access if password is None else None, login=is_account,
            attended=True, marks=True, preferences={"echo": "off" if self._surface.echoes else "on"},
            silent=self._silent, patient=True,
        )  # fmt: skip
        if type(client.since) is int:
            self._state.views = restored(self._kept if login is None else login.views, client.since)
        self.chat = Chat(
            reactor, client, self._surface, self._display, self._state, self._settings, self._leave
        )  # fmt: skip
        self._surface.talk()
        client.start().addErrback(lambda failure: failure.trap(ClientError) and None)

    @property
    def nick(self) -> str:
        """Return the nickname that the person has, or asks for."""
        return self._client.nick if self._client is not None else ""

    @property
    def token(self) -> str | None:
        """Return what resumes this session; None: nothing does."""
        return self._client.token if self._client is not None else None

    @property
    def has_joined(self) -> bool:
        """Return whether the server has let the person in, in this session."""
        return self._status.has_joined

    @property
    def connected(self) -> bool:
        """Return whether requests are sent at once."""
        return self._state.connection == "connected"

    def leave(self, words: str) -> "Deferred[None] | None":
        """Say goodbye; fires when the connection is closed.  None: there is no connection to close."""
        client = self._client
        if client is None or client.state in (State.LEFT, State.FAILED):
            return None
        if self.chat is not None:
            self.chat.viewing.leave()
        self._state.connection = "leaving"
        client.resumeProducing()
        return client.leave(words)

    def log_out(self) -> "Deferred[Message]":
        """Ask the server to log out; fires when the token works no longer, and fails with a ClientError."""
        return self._client.request("logout") if self._client is not None else fail(Left("there is no session"))

    def end(self) -> None:
        """End the session: show what was heard, and save how far that was."""
        chat, client = self.chat, self._client
        self.chat = self._client = None
        if chat is None or client is None:
            return
        try:
            unsure, unsent = chat.finish()
            self._state.connection = ""
            for what, lines in (("not confirmed, and may have been said", unsure), ("not sent", unsent)):
                if lines:
                    self._surface.write(self._display.remark(f"This was {what}:"))
                    self._surface.write(self._display.answer("\n".join(lines)))
            self.since = client.since
            self.autosave.end(client)
            self._kept = saved(self._state.views)
            self._state.end()
        finally:
            client.leave()

    # The client calls these.

    def _heard(self, event: Message) -> None:
        if self.chat is not None:
            self.chat.heard(event)

    def _silent(self, seconds: float) -> None:
        self._status.silent(seconds)
        if not seconds:
            self._reactor.callLater(0, self._status.answers)  # unless the connection is just being given up
        self._surface.refresh()

    def _changed(self, change: Change) -> None:
        match change.state:
            case State.JOINED:
                self._joined()
            case State.WAITING if change.reason is not None:
                self._lost(change.reason, change.delay)
            # Not before the client is done with it: it must not be asked for another attempt meanwhile.
            case State.FAILED if change.reason is not None:
                self._reactor.callLater(0, self._failed, change.reason)
            case State.LEFT if change.reason is not None:  # the server understood a line as a wish to leave
                self._reactor.callLater(0, self._over, 0, "")
            case State.CONNECTING | State.JOINING:
                if isinstance(change.reason, NotTrusted):  # another server is tried, but this may be an attack
                    self._surface.write(self._display.remark(reason(self._server, change.reason)))
                self._status.progress(change.state)
        self._surface.refresh()

    def _joined(self) -> None:
        client, chat = self._client, self.chat
        if client is None or chat is None:
            return
        server = named(self._server, client.server)
        self._state.host, self._state.reader.base = str(server), server.url
        self.welcomed()
        self._status.joined(client)
        chat.joined()
        self.autosave.begin(self._reactor, client, chat.drained)

    def _lost(self, error: Exception, delay: float) -> None:
        """Wait for the next attempt; a server that could not be joined even once is not tried again."""
        sentence = reason(self._server, error)
        if self._status.has_joined:
            # A server that stops has announced it just before, and said whether it restarts.
            is_told = isinstance(error, ConnectionDropped) and error.code == "stopping"
            self._status.lost("" if is_told else sentence, delay)
        else:
            self._reactor.callLater(0, self._over, 1, sentence)
