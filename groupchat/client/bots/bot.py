"""A bot: functions that are called for commands, for events, and from time to time."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Mapping
from contextlib import asynccontextmanager, closing
from contextvars import ContextVar
from itertools import count
from typing import Any, TypeVar, Unpack

from groupchat.client.aio.async_chat import Answerable, Chat
from groupchat.client.aio.connecting import Options, Places, check_alternatives, connect, names_of, sentence
from groupchat.client.bots.bot_running import patiently, until_terminated
from groupchat.client.bots.bot_state import BotState
from groupchat.client.bots.calls import Call, Function, check_arity
from groupchat.client.bots.command_book import CommandBook
from groupchat.client.client_events import Event, Person, Post, Said, Whispered
from groupchat.client.core.client_errors import ClientError, Refused
from groupchat.client.core.protocol import Message

F = TypeVar("F", bound=Function)

_log = logging.getLogger("groupchat.bot")

TOO_LONG = frozenset({"too-long", "line-too-long"})
"""The refusals of an answer of which whoever gave the command is told: a shorter one can be said."""

_origin: ContextVar[tuple[str, "count[int]"] | None] = ContextVar("origin", default=None)
"""The origin of the running call, and a count of its posts: together they are the key of the next post."""


class Bot:
    """A program that answers people.

    Its functions are called one after the other, in the order of the events; they may be ``async``.
    What they return, if it is a string, is the answer.  An exception is logged, and does not end the bot.
    It never hears itself.
    It is shown to people as a program, and they read no line when it comes and goes (``program=False`` changes that).

    Each answer is bound to the message that it answers: it is posted once, whatever is killed meanwhile,
    the server, or, with a ``state`` file, the bot.

    :param nick: the bot's nickname; it may be left out with ``access``, an access token of its account.
    :param room: the room to be in; by default the server's.
    :param rooms: several rooms.
    :param prefix: what commands begin with.
    :param state: a file for what the bot keeps between two runs; it goes on where it was, and misses nothing.
        Without it, it begins anew each time, with what is said from then on.
    :param options: further arguments of ``connect``, such as ``password`` and ``tls``.
    """

    def __init__(
        self,
        nick: str = "",
        *,
        room: str | None = None,
        rooms: Iterable[str] | None = None,
        prefix: str = "!",
        state: str | os.PathLike[str] | None = None,
        **options: Unpack[Options],
    ) -> None:
        self._nick = nick
        if isinstance(rooms, str):
            raise ValueError("rooms are several names; give one as room")
        _check_options(options)
        named = None if rooms is None else tuple(rooms)
        self._options = {"room": room, "rooms": named, "program": True, **options}
        self._path = state
        self._commands = CommandBook(prefix)
        self._listeners: list[tuple[tuple[type[Event], ...], Function]] = []
        self._clocks: list[tuple[float, Function]] = []
        self._starters: list[Function] = []
        self._chat: Chat | None = None
        self._posted = 0
        """The number of the bot's last post."""
        self._state = BotState(None, "")
        self._turn = asyncio.Lock()
        """Held while a function runs: what it changes in ``memory`` is saved together with its event, or not at all."""

    # What the bot does: decorators.

    def command(self, name: str, *aliases: str, usage: str = "") -> Callable[[F], F]:
        """Call the function when somebody gives this command: ``!name``, or ``name`` in private.

        It is given a `Call`, or nothing if it takes no argument.

        :param usage: what stands after the command, for the help, such as ``"TEXT"``.
        """

        if callable(name):
            raise TypeError('@bot.command needs the name of the command: @bot.command("roll")')
        self._commands.check_names((name, *aliases))

        def declare(function: F) -> F:
            self._commands.add((name, *aliases), usage, function)
            return function

        return declare

    def on(self, *kinds: type[Event]) -> Callable[[F], F]:
        """Call the function with every event of these kinds, but for the bot's own."""
        if not kinds or not all(isinstance(kind, type) and issubclass(kind, Event) for kind in kinds):
            raise TypeError("@bot.on needs kinds of events: @bot.on(gc.Said)")

        def declare(function: F) -> F:
            check_arity(function)
            self._listeners.append((kinds, function))
            return function

        return declare

    def every(self, seconds: float) -> Callable[[F], F]:
        """Call the function, without an argument, each time so many seconds have passed."""
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            raise TypeError("@bot.every needs a number of seconds: @bot.every(60)")
        if not 0 < seconds < float("inf"):
            raise ValueError(f"@bot.every needs a number of seconds above 0, not {seconds}")

        def declare(function: F) -> F:
            self._clocks.append((seconds, function))
            return function

        return declare

    def on_start(self, function: F) -> F:
        """Call the function, without an argument, once the bot is in."""
        self._starters.append(function)
        return function

    # What its functions use.

    @property
    def chat(self) -> Chat:
        """The chat that the bot is in.

        :raises RuntimeError: it does not run.
        """
        if self._chat is None:
            raise RuntimeError("the bot is not running")
        return self._chat

    @property
    def nick(self) -> str:
        """The nickname that the bot has."""
        return self._nick if self._chat is None else self._chat.nick

    @property
    def memory(self) -> dict[str, Any]:
        """The bot's own data, of types that JSON has; saved to the ``state`` file after each event."""
        return self._state.memory

    def people(self, room: str | None = None) -> tuple[Person, ...]:
        """Return who is in a room that the bot is in."""
        return self.chat.people(room)

    async def say(self, text: str, *, room: str | None = None, key: str | None = None) -> int:
        """Say something in a room, by default the bot's; return its number.

        :param key: tells this post from all others of the bot; what is said again with it is not posted again.
            Usually the bot makes one, from the message that its function was called for.
        """
        key = key or self._key()
        return await self._post(lambda: self.chat.say(text, room=room, key=key))

    async def reply(self, event: Answerable, text: str, *, key: str | None = None) -> int:
        """Answer a message where it was said."""
        key = key or self._key()
        return await self._post(lambda: self.chat.reply(event, text, key=key))

    async def tell(self, nick: str, text: str, *, key: str | None = None) -> int:
        """Say something to one person only."""
        key = key or self._key()
        return await self._post(lambda: self.chat.tell(nick, text, key=key))

    async def request(self, do: str, **fields: Any) -> Message:
        """Ask the server for any command of its ``/help``, by the names of its fields; return the answer."""
        return await self.chat.request(do, **fields)

    # Running it.

    def run(self, address: Places, **options: Any) -> None:
        """Run the bot, until it is ended by Ctrl-C or SIGTERM: the whole program.

        If the server cannot be reached, or does not let it in any more, the program ends with a sentence and status 1.

        :param address: ``HOST:PORT``; several servers of one chat with commas, or as a list.
        :param options: further arguments of ``connect``, or another ``state``.
        """
        logging.basicConfig(format="%(asctime)s %(name)s: %(message)s")
        try:
            asyncio.run(until_terminated(self.serve(address, **options)))
        except KeyboardInterrupt:
            pass
        except (ClientError, ValueError) as error:
            raise SystemExit(f"{self._nick or 'bot'}: {sentence(address, error)}") from error

    async def serve(self, address: Places, **options: Any) -> None:
        """Run the bot until it is cancelled, within a program with asyncio of your own; otherwise as `run`.

        :raises ClientError: the server cannot be reached, or does not let it in any more.
        """
        async with self._joined(address, options) as chat:
            async for event in chat:
                async with self._turn:
                    await self._handle(event)
                    self._state.note(chat.token, _position(event, chat), chat.nick)
                    self._save()

    @asynccontextmanager
    async def running(self, address: Places, **options: Any) -> AsyncIterator["Bot"]:
        """Run the bot beside the block, once it is in; for tests, and for programs that do more than that."""
        is_in = asyncio.Event()
        started = self._starters
        self._starters = [*started, is_in.set]
        task = asyncio.create_task(self.serve(address, **options))
        waiting = asyncio.create_task(is_in.wait())
        try:
            await asyncio.wait((task, waiting), return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                await task
            yield self
        finally:
            self._starters = started
            waiting.cancel()
            task.cancel()
            await asyncio.gather(task, waiting, return_exceptions=True)

    # Inside.

    @asynccontextmanager
    async def _joined(self, address: Places, options: dict[str, Any]) -> AsyncIterator[Chat]:
        _check_options(options, "state", "room", "rooms")
        options = {"state": self._path, **self._options, **options}
        self._turn = asyncio.Lock()
        tasks: list[asyncio.Task[None]] = []
        with closing(BotState(options.pop("state"), names_of(address))) as state:
            self._state = state
            kept = {"token": state.token, "since": "head" if state.since is None else state.since}
            async with connect(address, self._nick, **{**kept, **options}) as chat:
                self._chat = chat
                state.note(chat.token, chat.since, chat.nick)
                try:
                    state.save()
                except OSError as error:
                    raise ValueError(f"The state file cannot be written: {error.strerror or error}") from error
                try:
                    for function in self._starters:
                        await self._call(function, "on starting")
                    tasks += [asyncio.create_task(self._repeat(*clock)) for clock in self._clocks]
                    yield chat
                finally:
                    for task in tasks:
                        task.cancel()
                    await asyncio.gather(*tasks, return_exceptions=True)
                    self._chat = None

    async def _handle(self, event: Event) -> None:
        """Call the functions that were declared for an event."""
        self._state.names.add(self.chat.nick)
        if getattr(event, "nick", "") in self._state.names:
            return
        for number, (kinds, function) in enumerate(self._listeners):
            if isinstance(event, kinds):
                await self._call(function, f"on {type(event).__name__}", event, number)
        if isinstance(event, Said | Whispered):
            await self._obey(event)

    async def _obey(self, event: Said | Whispered) -> None:
        """Carry out a command, if it is one."""
        called = self._commands.called(event)
        if called is not None:
            command, rest = called
            name = command.names[0]
            await self._call(command.function, f"on {self._commands.prefix}{name}", Call(self, event, name, rest))
        elif self._commands.asks_for_help(event):
            await self._call(self._help, "on a call for help", event)

    async def _help(self, event: Said | Whispered) -> None:
        """Tell somebody, in private, which commands there are."""
        await self.tell(event.nick, self._commands.help_for(event.nick))

    async def _call(self, function: Function, when: str, subject: Any = None, number: int | None = None) -> None:
        """Call one of the functions, and answer with what it returns; its exceptions are logged."""
        event = subject.event if isinstance(subject, Call) else subject
        origin = f"{event.id}-{'c' if number is None else number}" if isinstance(event, Post) else None
        token = _origin.set((origin, count(1)) if origin is not None else None)
        try:
            answer = function(subject) if subject is not None and check_arity(function) else function()
            if isinstance(answer, Awaitable):
                answer = await answer
            if isinstance(answer, str) and isinstance(event, Answerable):
                await self.reply(event, answer)
            elif isinstance(answer, str):
                await self.say(answer, room=getattr(event, "room", None) or None)
            elif answer not in (None, self._posted):  # `return await call.reply(…)` is no slip
                name = getattr(function, "__name__", "a function")
                _log.warning(
                    "%s: %s returned %r %s, which is not a string: it is not said", self.nick, name, answer, when
                )
        except Refused as error:
            _log.warning("%s was refused %s: %s", self.nick, when, error)
            if isinstance(subject, Call) and error.code in TOO_LONG:
                await self._tell_of_failure(subject)
        except Exception:
            _log.exception("%s failed %s", self.nick, when)
            if isinstance(subject, Call):
                await self._tell_of_failure(subject)
        finally:
            _origin.reset(token)

    async def _tell_of_failure(self, call: Call) -> None:
        """Answer a command that failed, so that people see that the bot lives."""
        try:
            await call.reply(f"{self._commands.prefix}{call.name} failed; the bot's log says why.")
        except Exception as error:
            _log.warning("%s cannot say that %s failed: %s", self.nick, call.name, error)

    async def _repeat(self, seconds: float, function: Function) -> None:
        while True:
            await asyncio.sleep(seconds)
            async with self._turn:
                await self._call(function, f"every {seconds:g} s")
                self._save()

    def _key(self) -> str | None:
        """Return the key of the next post of the function that runs; None: it was not called for a message."""
        origin = _origin.get()
        return None if origin is None else f"bot-{origin[0]}-{next(origin[1])}"

    async def _post(self, post: Callable[[], Coroutine[Any, Any, int]]) -> int:
        self._posted = await patiently(post)
        return self._posted

    def _save(self) -> None:
        try:
            self._state.save()
        except (OSError, TypeError, ValueError):
            _log.exception("%s cannot keep its state", self.nick)


def _check_options(options: Mapping[str, object], *others: str) -> None:
    """See that all arguments exist.

    :raises TypeError: one does not.
    """
    for name in options:
        if name not in Options.__annotations__ and name not in others:
            raise TypeError(f"a bot has no argument {name}")
    check_alternatives(options.get("alternatives"))


def _position(event: Event, chat: Chat) -> object:
    """Return how far the bot has come, now that this event is handled."""
    return max(event.id, chat.since) if isinstance(event, Post) and type(chat.since) is int else chat.since
