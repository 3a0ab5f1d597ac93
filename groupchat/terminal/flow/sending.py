"""Sending of lines to the server, and showing of its answers.

Rules:

1. A line goes to the place that the person sees when they press Enter, or nowhere, however long it waits.
2. What cannot be said there any more is kept in `Unsaid`, and said elsewhere only when the person agrees.
3. Where the client knows which message is meant, it names its number, and where it knows whom, the nickname.
"""

import secrets
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, fail
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.python.failure import Failure

from groupchat.client.client import Client
from groupchat.client.core.client_errors import ClientError, Left, Refused, Unanswered
from groupchat.client.core.client_state import State
from groupchat.client.core.protocol import Message
from groupchat.client.core.requests import goes_elsewhere
from groupchat.lazy.expressions import expression
from groupchat.terminal.display.addressees import Place
from groupchat.terminal.display.bar import REPLIES
from groupchat.terminal.display.chat_state import SOON_S, ChatState
from groupchat.terminal.display.display import Display
from groupchat.terminal.flow.file_sending import SEND, FileSending
from groupchat.terminal.flow.local_settings import LocalSettings
from groupchat.terminal.flow.pasting import Paste
from groupchat.terminal.flow.secret_commands import SecretCommands
from groupchat.terminal.flow.several_lines import several
from groupchat.terminal.flow.slow_rooms import SlowRooms
from groupchat.terminal.flow.unsaid import Unsaid
from groupchat.terminal.surfaces.surface import Surface

MISPLACED = frozenset({"not-in-room", "room-lost", "no-such-room", "no-such-nick"})
"""Refusals of a line that cannot be said where it was meant to."""

SHUT = frozenset({"room-locked", "banned"})
"""Refusals that are such if the person is elsewhere by then; else they may speak there again later."""

ALOUD = ("/me ", "/say ", "/re ")
"""Commands that say something in the current room."""

LEAVES = frozenset({"/leave", "/part"})
"""The commands that leave a room, or a private conversation."""

NUMBER = expression(r"#?[+−.,-]*\d")
"""The beginning of a word that is meant as the number of a message."""

CORRECTION = expression(r"[sS][^\w\s]")
"""The beginning of a line that the server may take for a correction of the last message."""


class Sending:
    """Sends lines over however many connections, says each of them once, and keeps those that are not answered.

    :param moved: is called when an answer says where lines go now: with that place, and how often the person had
        gone to another view when they asked.
    """

    def __init__(
        self, clock: IReactorTime, client: Client, surface: Surface, display: Display, state: ChatState,
        settings: LocalSettings, secret_commands: SecretCommands,
        moved: Callable[[Place, int], object],
    ) -> None:  # fmt: skip
        self.weak: Callable[[str, list[str]], object] = lambda command, words: None
        """Is called with a command and its words when the server finds the new password among them too weak."""
        self._clock = clock
        self._soon: IDelayedCall | None = None
        """The time at which lines are looked at again: those that still wait are shown."""
        self._slow = SlowRooms(clock, state, surface.refresh)
        self.unsaid = Unsaid(clock, surface, display, state, self._say_again)
        self._files = FileSending(client, self._remark, self._show_sending)
        self._paste = Paste(clock, self._say_pasted, self._paste_failed)
        self._client = client
        self._surface = surface
        self._display = display
        self._state = state
        self._settings = settings
        self._secret_commands = secret_commands
        self._moved = moved
        self._key = secrets.token_hex(8)
        self._keys = 0
        self._lines = 0
        self._ended = False
        self._begun = 0
        """The newest line that can have been sent; those after it wait for a connection."""
        self._is_paste_sent = False
        """Whether the pasted line that is under way can have been sent."""

    def joined(self) -> None:
        """Note that there is a connection: everything that waits is sent."""
        self._begun, self._is_paste_sent = self._lines, True

    def type(self, line: str) -> None:
        """Send a line as a person types it: something to say, or a command.

        A command fails when its answer is lost, so that it is never carried out twice.
        """
        place, command = self._state.place, line.split(None, 1)[0].lower()
        if "\n" in line and not is_spoken(line) and command not in REPLIES:
            self._command_lines(self._numbered(line), place)
        elif is_spoken(line):
            if not self._keeps(line):
                self._say_again(line, place)
        elif command in REPLIES and self._state.correspondents.last:
            self._reply(line)
        elif command == SEND and len(line.split()) > 1 and (self._keeps(line) or self._files.send(line, place)):
            return
        else:
            typed = self._numbered(line)
            name, *words = typed.split()
            if place.nick and name.lower() == "/history" and "with" not in words:
                typed = f"{typed.rstrip()} with {place.nick}"
            self._await(self._request(name, words, "type", line=typed, **self._bound(place)), line, place)

    def say(self, text: str, place: Place | None = None, reply: int | None = None) -> None:
        """Say several lines as one message, in the place where it was begun, or (None) that the person sees now."""
        line = _literal(text)
        if place is not None or not self._keeps(line):
            place = place or self._state.place
            self._await(self._say_literally(text, place, reply), line, place)

    def _keeps(self, *lines: str) -> bool:
        """Keep lines that may be meant for a place that was lost, the first time after that; return whether."""
        lost, self._state.lost = self._state.lost, Place()
        for line in lines if lost else ():
            self.unsaid.keep(line, lost)
        return bool(lost)

    def _command_lines(self, line: str, place: Place) -> None:
        """Send a command whose last argument has several lines, if it can have them."""
        fields = several(line)
        if fields is None:
            self._remark("Not done: only what is said and edited can have several lines.")
            self._surface.give_back(line)
            return
        do = fields.pop("do")
        if do == "edit":
            fields |= {} if "id" in fields else self._bound(place)
        else:
            fields["key"] = self._new_key()
            if do != "msg":
                fields |= {"room": place.room} if place.room else {}
        self._await(self._client.request(do, **fields), line, place)

    def carry_out(self, command: str, words: list[str]) -> None:
        """Send a secret command with the answers of the person."""
        fields = self._secret_commands.fields(command, words)
        self._await(self._request(command, words, command[1:].lower(), **fields), command, self._state.place)

    def send_singly(self, line: str) -> None:
        """Send the lines of a command that says several one by one."""
        fields = several(line) or {}
        lines = [text for text in str(fields.get("text", "")).split("\n") if text.strip()]
        self.send_paste(lines, Place(nick=str(fields["nick"])) if "nick" in fields else None)

    def send_paste(self, lines: list[str], place: Place | None = None) -> None:
        """Send pasted lines one by one, to this place, or (None) to the one that the person sees now."""
        if place is not None or not self._keeps(*map(_literal, lines)):
            self._paste.add(lines, place or self._state.place)
            self._state.queued = len(self._paste)
            self._surface.refresh()

    def finish(self) -> tuple[list[str], list[str]]:
        """Send no more; return the lines that may have been said, as they were sent and not answered, and the others.

        The others were not sent, or refused.
        """
        self._ended = True
        unanswered = {number: line for number, (_, line) in self._state.unanswered.items()}
        unsure = [line for number, line in unanswered.items() if number <= self._begun]
        unsent = [line for number, line in unanswered.items() if number > self._begun]
        self._state.unanswered.clear()
        self._state.headed.clear()
        soon, self._soon = self._soon, None
        if soon is not None and soon.active():
            soon.cancel()
        self._slow.finish()
        pasted, waiting = [line for line in (self._paste.under_way,) if line], self._paste.stop()
        if self._is_paste_sent:
            return [*unsure, *pasted], [*self.unsaid.finish(), *unsent, *waiting]
        return unsure, [*self.unsaid.finish(), *unsent, *pasted, *waiting]

    def _request(self, command: str, words: list[str], do: str, **fields: str) -> "Deferred[Any]":
        """Make a request; if its new password is too weak, say so to ``weak``."""

        def failed(failure: Failure) -> Failure:
            if isinstance(failure.value, Refused) and failure.value.code == "password-weak":
                self._clock.callLater(0, self.weak, command, words)  # after the refusal is shown
            return failure

        return self._client.request(do, **fields).addErrback(failed)

    def _say_again(self, line: str, place: Place) -> None:
        """Say a line that `is_spoken` in this place."""
        command, _, words = line.partition(" ")
        if command.lower() == "/say":
            self._await(self._say_literally(words.lstrip(), place), line, place)
        elif command.lower() == SEND:
            self._files.send(line, place)
        elif command.lower() == "/re" and "\n" in line:
            self._command_lines(line, place)
        elif command.lower() == "/re":
            asked = self._client.request("type", line=line, key=self._new_key(), **self._bound(place))
            self._await(asked, line, place)
        else:
            self._await(self._say(line, place), line, place)

    def _say(self, line: str, place: Place) -> "Deferred[Any]":
        command, _, words = line.partition(" ")
        is_act = command.lower() == "/me"
        is_correction = "\n" not in line and CORRECTION.match(line) is not None
        if place.nick and is_correction:
            what = "To correct what you wrote in private, press ↑; /query leads back to the room."
            return fail(Refused("bad-arguments", what))
        if is_act and place.nick and "acts" not in self._client.features:
            what = "This server shows what you do to rooms only; /query leads back to the room."
            return fail(Refused("bad-arguments", what))
        if is_act:
            fields = {"room": place.room} if place.room and "rooms" in self._client.features else {}
            if place.nick:
                fields = {"nick": place.nick}
            return self._client.request("me", text=words.strip(), key=self._new_key(), **fields)
        if is_correction:
            # A correction that was made cannot be made again: it would be refused.
            fields = {} if line[1] == "/" else {"key": self._new_key()}
            return self._client.request("type", line=line, **fields, **self._bound(place))
        return self._say_literally(line.removeprefix("/") if line.startswith("//") else line, place)

    def _say_literally(self, text: str, place: Place, reply: int | None = None) -> "Deferred[Any]":
        """Say a text, whatever it looks like."""
        if place.nick:
            answered = {} if reply is None else {"reply": reply}
            return self._client.request("msg", nick=place.nick, text=text, key=self._new_key(), **answered)
        return self._client.say(text, self._new_key(), place.room or None, reply)

    def _say_pasted(self, line: str, place: Place) -> "Deferred[Any]":
        self._state.queued = len(self._paste)
        self._surface.refresh()
        self._is_paste_sent = self._client.state is State.JOINED
        return self._say_literally(line, place)

    def _reply(self, line: str) -> None:
        """Answer the person whose name the prompt shows, unless another one has written just before."""
        people, text = self._state.correspondents, line.split(None, 1)[1:]
        rival = people.rival(self._clock.seconds())
        if rival:
            self._remark(
                f"Not sent, because {rival} and {people.last} have both written to you just now:"
                f" type /msg {people.last} or /msg {rival}, or wait ten seconds."
            )
            self._surface.give_back(line)
        else:
            asked = self._client.request("msg", nick=people.last, text="".join(text), key=self._new_key())
            self._await(asked, line, Place(nick=people.last))

    def _numbered(self, line: str) -> str:
        """Return a command to edit or delete the last message with its number, if that is known for certain."""
        command, _, words = line.partition(" ")
        if command.lower() not in ("/edit", "/delete", "/del") or NUMBER.match(words.lstrip()):
            return line
        if command.lower() != "/edit" and words.strip():
            return line
        last = self._state.last
        is_certain = last is not None and not self._state.pending and not len(self._paste)
        return f"{command} #{last[0]} {words}".rstrip() if last is not None and is_certain else line

    def _bound(self, place: Place) -> dict[str, str]:
        """Return the field that binds a command to the room it was typed in, if the server knows it.

        Of somebody who has just lost their room that is not known; the server refuses what is about a room, once.
        """
        room = "" if self._state.lost else place.room or self._state.room
        return {"room": room} if room and "type-room" in self._client.features else {}

    def _new_key(self) -> str:
        self._keys += 1
        return f"{self._key}-{self._keys}"

    def _await(self, answer: "Deferred[Any]", line: str, place: Place) -> None:
        self._lines += 1
        number = self._lines
        if self._client.state is State.JOINED:
            self._begun = number
        self._state.unanswered[number] = (self._clock.seconds(), self._secret_commands.shown(line))
        self._state.headed[number] = place
        if self._soon is None:
            self._soon = self._clock.callLater(SOON_S, self._is_soon)
        answer.addCallback(self._answered, line, place, self._state.views.moves)
        answer.addErrback(self._failed, line, place)
        answer.addBoth(self._settled, number)
        self._surface.refresh()

    def _is_soon(self) -> None:
        self._soon = self._clock.callLater(SOON_S, self._is_soon) if self._state.unanswered else None
        self._surface.refresh()

    def _settled(self, failure: object, number: int) -> None:
        if not (isinstance(failure, Failure) and failure.check(Left)):
            self._state.unanswered.pop(number, None)
            self._state.headed.pop(number, None)
        self._surface.refresh()

    def _answered(self, answer: Message | int, line: str, place: Place, moves: int) -> None:
        """Show the answer to a line, unless it is the number of what was said, which comes as an event."""
        if isinstance(answer, int) or (is_spoken(line) and "id" in answer):
            self._slow.spoke(place)
        if isinstance(answer, int):
            return
        if answer.get("event") == "listed":
            self._listed(answer)
        elif answer.get("text") and answer["text"] != f"You are in {answer.get('room')} now.":  # as the view says
            self._surface.write(self._display.answer(str(answer["text"])))
        self._settings.follow(line, answer, self._display.timestamps, self._client)
        if answer.get("event") == "done":
            self._follow(answer, line, moves)

    def _follow(self, answer: Message, line: str, moves: int) -> None:
        """Go where an answer says that lines go now.  What leaving leads to is told by ``departed``, if it is at all.

        Answers to other requests name the room that the server knows of, which can lag behind.
        """
        tells = "entered" in self._client.features
        is_move = goes_elsewhere({"do": "type", "line": line})
        if tells and (not (is_move or "query" in answer) or line.split(None, 1)[0].lower() in LEAVES):
            return
        query, room = str(answer.get("query") or ""), str(answer.get("room", self._state.room))
        if is_move or "query" in answer:
            self._state.lost = Place()
            self.unsaid.ask_soon()
            self._moved(Place(nick=query) if query else Place(room), moves)
        elif room != self._state.room:
            self._moved(Place(room), moves)

    def _listed(self, answer: Message) -> None:
        shown: list[str] = []
        if "heading" in answer and not answer.get("items"):
            nothing = "Nothing was found." if answer.get("what") == "search" else "There is nothing to show."
            shown.append(self._display.answer(nothing))
        elif "heading" in answer:
            shown.append(self._display.answer(str(answer["heading"])))
            for item in answer.get("items", []):
                line = self._display.event(item, self._state.room) if isinstance(item, dict) else None
                shown += [line] if line is not None else []
            shown.append(self._display.answer(str(answer.get("ending", ""))))
        else:
            shown.append(self._display.answer(str(answer.get("text", ""))))
        self._surface.write("\n".join(shown))

    def _failed(self, failure: Failure, line: str, place: Place) -> Failure | None:
        if isinstance(failure.value, Refused):
            self._refused(line, place, failure.value)
        elif failure.check(Unanswered):
            self._unanswered(line)
        else:
            return failure if failure.check(Left) else None
        return None

    def _unanswered(self, line: str) -> None:
        if self._ended:  # it is among those that ``finish`` has returned
            return
        sentence = "The connection was lost before the answer came. Check whether this was done:"
        self._remark(f"{sentence} {self._secret_commands.shown(line)}")

    def _paste_failed(self, line: str, place: Place, error: ClientError) -> None:
        if isinstance(error, Refused):
            self._refused(_literal(line), place, error, is_pasted=True)
        else:
            self._unanswered(_literal(line))

    def _refused(self, line: str, place: Place, refused: Refused, is_pasted: bool = False) -> None:
        """Show a refusal, and which line it is about: others may have been sent since, or the connection lost."""
        self._surface.write(self._display.refused(refused.code, refused.text))
        if not self._secret_commands.is_secret(line):
            self._remark(f"Not {'said' if is_spoken(line) else 'done'}: {line}")
        if refused.code == "slow-mode" and refused.wait:
            self._slow.refused(place, refused.wait)
        is_unknown = refused.code == "unknown-command" and not self._secret_commands.is_secret(line)
        if not is_spoken(line) and not is_unknown:
            if several(line) is not None and place == self._state.place and not is_pasted:
                self._surface.give_back(line)
            return
        if refused.code in MISPLACED or (refused.code in SHUT and place != self._state.place):
            if place.nick and place.nick == self._state.query:
                self._state.lose(place, self._state.room)
                self._state.lost = Place()  # they are asked about this line anyway
            self.unsaid.keep(line, place)
        elif place == self._state.place and not is_pasted:
            # In another place than it was typed for, one key more would say it to the wrong people.
            self._surface.give_back(line)

    def _show_sending(self, words: str) -> None:
        self._state.sending = words
        self._surface.refresh()

    def _remark(self, sentence: str) -> None:
        self._surface.write(self._display.remark(sentence))


def is_spoken(line: str) -> bool:
    """Return whether a line is something to say, or may be taken for it, and no command."""
    return line.startswith("//") or not line.startswith("/") or line.lower().startswith(ALOUD)


def _literal(line: str) -> str:
    """Return the line to type for saying this, whatever it looks like."""
    return f"/{line}" if line.startswith("/") else line
