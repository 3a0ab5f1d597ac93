"""Regular saving of how far the person has read, so that the next run begins there."""

from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IDelayedCall

from groupchat.client.client import Client
from groupchat.terminal.display.display import Display
from groupchat.terminal.saved_login import LoginFile, SavedLogin
from groupchat.terminal.surfaces.surface import Surface

INTERVAL_S = 10.0
"""Seconds between two times that the login is saved."""


class Autosave:
    """Saves the login of the client that has joined.

    :param views: returns what is to be kept of the views.
    """

    def __init__(
        self, file: LoginFile, surface: Surface, display: Display,
        views: Callable[[], list[dict[str, Any]]] = list,
    ) -> None:  # fmt: skip
        self._file = file
        self._surface = surface
        self._display = display
        self._views = views
        self._timer: IDelayedCall | None = None
        self._wanted = False

    def login(self) -> SavedLogin | None:
        """Return the saved login; None if there is none, or another client on this computer uses it."""
        return self._file.load() if self._file.lock() else None

    def login_of(self, nick: str) -> SavedLogin | None:
        """Return the saved login if it is of this nickname."""
        saved = self.login()
        return saved if saved is not None and saved.nick.casefold() == nick.casefold() else None

    def begin(self, reactor: Any, client: Client, drained: Callable[[], bool]) -> None:
        """Save the login of a client now and then.

        :param drained: says whether everything that the client heard is shown.
        """
        self._wanted = True
        self._stop_timer()
        self._save_regularly(reactor, client, drained)

    def end(self, client: Client) -> None:
        """Save the login a last time, when everything is shown."""
        self._stop_timer()
        self._save(client)
        self._wanted = False

    def forget(self) -> None:
        """Delete the saved login, and save no more of this client."""
        self._stop_timer()
        self._wanted = False
        self._file.delete()

    def release(self) -> None:
        """Let other clients on this computer use the saved login."""
        self._file.unlock()

    def _save_regularly(self, reactor: Any, client: Client, drained: Callable[[], bool]) -> None:
        if drained():
            self._save(client)
        self._timer = reactor.callLater(INTERVAL_S, self._save_regularly, reactor, client, drained)

    def _save(self, client: Client) -> None:
        if client.token is None or not self._wanted:
            return
        since = client.since if type(client.since) is int else client.head
        try:
            self._file.save(SavedLogin(client.nick, client.token, since, self._views()))
        except OSError as error:
            self._surface.write(self._display.remark(f"Your place in the chat cannot be saved: {error}"))
            self._file.unlock()

    def _stop_timer(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None and timer.active():
            timer.cancel()
