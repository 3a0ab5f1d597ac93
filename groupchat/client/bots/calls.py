"""Commands that people give to a bot."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from groupchat.client.client_events import Said, Whispered

Function = Callable[..., Any]


class Speaker(Protocol):
    """The part of a bot that a call uses."""

    async def reply(self, event: Any, text: str) -> int:
        """Answer a message where it was said."""

    async def say(self, text: str, *, room: str | None = None) -> int:
        """Say something in a room."""

    async def tell(self, nick: str, text: str) -> int:
        """Say something to one person only."""


@dataclass(frozen=True, slots=True)
class Call:
    """A command that somebody gave.

    ``name``: the command, as the bot calls it.
    ``text``: what stood after it; ``words``: the same, word by word.
    ``event``: the message.
    """

    bot: Speaker
    event: Said | Whispered
    name: str
    text: str

    @property
    def nick(self) -> str:
        """The nickname of the person who gave it."""
        return self.event.nick

    @property
    def room(self) -> str:
        """The room in which it was given; empty: in private."""
        return self.event.room

    @property
    def words(self) -> list[str]:
        """The words that stood after the command."""
        return self.text.split()

    async def reply(self, text: str) -> int:
        """Answer, where the command was given; return the number of the post."""
        return await self.bot.reply(self.event, text)

    async def say(self, text: str) -> int:
        """Say something in the same room, or to the same person, that is no reply."""
        if self.room:
            return await self.bot.say(text, room=self.room)
        return await self.bot.tell(self.nick, text)


def check_arity(function: Function) -> int:
    """Return how many arguments a function is called with: 0 or 1.

    :raises TypeError: it needs more.
    """
    parameters = inspect.signature(function).parameters.values()
    placed = [each for each in parameters if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    needed = [each for each in placed if each.default is each.empty]
    if len(needed) > 1:
        raise TypeError(f"{function.__name__} is called with one argument, and takes {len(needed)}")
    return min(len(placed), 1)
