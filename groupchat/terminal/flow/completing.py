"""Completion of the last word of a line: by the server, by what is known here, and in the order that helps."""

from twisted.internet.defer import Deferred, succeed

from groupchat.client.client import Client
from groupchat.client.core.client_errors import ClientError
from groupchat.client.core.protocol import Message
from groupchat.stdio.printable import one_line
from groupchat.terminal.display.chat_state import ChatState
from groupchat.terminal.flow.local_settings import LocalSettings
from groupchat.terminal.flow.path_completion import complete_path
from groupchat.terminal.flow.unsaid import ANSWERS
from groupchat.terminal.surfaces.key_list import COMMAND as KEYS

FOR_ROOMS = frozenset({"/switch", "/s", "/join", "/j", "/leave", "/part"})
"""Commands whose first argument is a room."""

FOR_PEOPLE = frozenset({"/query", "/msg", "/tell", "/w", "/whois", "/ignore", "/last", "/invite", "/kick", "/mute"})
"""Commands whose first argument is a person."""

COMMANDS = ("/next", "/back", "/views", KEYS)
"""Commands of the client itself, of which the server knows nothing."""


class Completing:
    """Finds words, and puts rooms that the person is in, and people who spoke lately, before others."""

    def __init__(self, client: Client, state: ChatState, settings: LocalSettings) -> None:
        self._client = client
        self._state = state
        self._settings = settings

    def complete(self, text: str) -> "Deferred[list[str]]":
        """Find what the last word could become."""
        paths = complete_path(text)
        if paths:
            return succeed(paths)
        ours = [*self._settings.complete(text), *self._commands(text), *self._known(text)]
        if self._state.connection != "connected" or self._settings.owns(text):
            return succeed(self._in_order(ours))

        def listed(answer: Message) -> list[str]:
            items = answer.get("items", [])
            words = {str(item.get("text", "")) for item in items if isinstance(item, dict)}
            return self._in_order([*ours, *(word for word in words if word and one_line(word) == word)])

        asked = self._client.request("complete", text=text)
        return asked.addCallbacks(listed, lambda failure: failure.trap(ClientError) and self._in_order(ours))

    def _commands(self, text: str) -> list[str]:
        """Return the commands of this client that the text could become."""
        if not text.startswith("/"):
            return []
        return [name for name in (*COMMANDS, *(ANSWERS if self._state.unsaid else ())) if name.startswith(text)]

    def _known(self, text: str) -> list[str]:
        """Return rooms and people that are known without asking, where they can stand."""
        words = text.split(" ")
        command, start = words[0].lower(), words[-1].casefold()
        if len(words) == 2 and command in FOR_ROOMS:
            names = [view.place.room for view in self._state.views.rooms if not view.is_over]
        elif (len(words) == 2 and command in FOR_PEOPLE) or (not command.startswith("/") and start):
            names = self._speakers
        else:
            names = []
        return [name for name in names if name.casefold().startswith(start) and one_line(name) == name]

    @property
    def _speakers(self) -> list[str]:
        """Return who spoke lately where the person is, the last one first, and then elsewhere."""
        views, here = self._state.views, self._state.views.current
        all_views = [*([here] if here is not None else []), *(view for view in views if view is not here)]
        return [*dict.fromkeys(nick for view in all_views for nick in reversed(view.speakers))]

    def _in_order(self, words: list[str]) -> list[str]:
        rooms = [view.place.room for view in self._state.views.rooms]
        order = {name: number for number, name in reversed([*enumerate([*rooms, *self._speakers])])}
        return sorted(set(words), key=lambda word: (order.get(word, len(order)), word))
