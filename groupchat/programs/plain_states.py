"""The states of the plain client, each with the data that it needs and that no other state sees.

                 ┌─────────────────────────── with --menu ────────────────────────────┐
                 ▼                                                                    │
    start ──▶ Menu ──1──▶ Connecting ──▶ Naming ──welcome──▶ Chatting ──/exit──▶ Leaving
      │         │ 2        ▲     │       │    ▲                 │                     │
      └─────────┼──────────┘     │       │    └─────/logout─────┤                     │
                ▼                ▼       ▼                      ▼                     ▼
             Finished ◀──────────────────────────────────────────────────────────────┘

Rules:

1. Lines wait in `Join` until the state is ready for one.  While some wait, no more are read.
2. Before the welcome one line answers one question: a line that is meant for everybody is never taken for a nickname.
   For the same reason a refused nickname or password ends the program, unless a person can be asked again.
3. With a room of its own it is in `Entering` between the welcome and `Chatting`: nothing is said before it is there.
4. After the request to leave nothing is sent: what arrives at a closed socket makes the kernel discard
   what the server said last.
"""

from collections.abc import Callable
from typing import Any, Protocol

from twisted.internet.interfaces import IDelayedCall

from groupchat.client.address import Server, named, reason
from groupchat.client.core.client_errors import ConnectionDropped
from groupchat.client.core.network import Attempt
from groupchat.client.core.protocol import JsonLines, Message, Owner
from groupchat.client.loop.typed_lines import LONGEST
from groupchat.client.twisted_network import SeveralEndpoints, Source, TwistedDialer
from groupchat.destinations.credentials import Credentials
from groupchat.model.wording import plural
from groupchat.programs.plain_lines import Lines, shown
from groupchat.programs.plain_secrets import TOO_LONG, PlainSecrets
from groupchat.programs.plain_silence import Silence
from groupchat.programs.transcript import Transcript
from groupchat.stdio.collecting import Collecting, begun
from groupchat.stdio.echo import Echo
from groupchat.stdio.keyboard import Keyboard
from groupchat.stdio.nickname import another
from groupchat.stdio.printable import one_line

MENU = "1  join the chat\nq  leave the chat (while you are in it)\n2  exit\n> "
PROMPTS = {
    "nickname": "Choose your nickname: ", "password": "Password: ",
    "new password": "New password: ", "same again": "New password, again: ",
}  # fmt: skip
NEW, AGAIN = "new password", "same again"
"""The two questions for the password of a new account."""
SUGGESTED = "Choose your nickname [{}]: "
"""The question where an empty answer takes the nickname that it shows: on a terminal."""

GOODBYE = 3.0
"""Seconds the server has to close the connection after Ctrl-C."""

SHOWN = 200
"""Bytes that are shown of a line that is too long."""

LOCKED = frozenset({"password-needed", "password-wrong"})
"""Refusals after which the password is asked for."""

EXIT = frozenset({"/exit", "/quit"})
HERE = frozenset({"/login", "/register", "/help"}) | EXIT
"""Commands that can be typed at a question.  No other line is taken for a command where a password is asked for."""

HELP = {
    "nickname": "Type the name that the others are to know you by, such as alice.",
    "password": "Type the password of this nickname, or nothing to choose another.",
    NEW: "Type the password that the account is to have, or nothing to make none.",
    AGAIN: "Type the new password once more, or nothing to make no account.",
}
COMMANDS = (
    "Or: /login NAME [PASSWORD], if you have an account; /register NAME [PASSWORD [CODE]] makes one; /exit leaves."
    " Passwords that are left out are asked for."
)
"""The second line of the help at both questions."""

LOGOUT = "logout"
"""The ``ref`` of a request after which the connection has no nickname."""


class Join(Owner, Protocol):
    """The program as its states use it."""

    address: Server
    server: Server
    nick: str | None
    credentials: Credentials
    account: str
    suggested: str
    room: str
    terminal: bool
    menu: bool
    keyboard: Keyboard
    echo: Echo
    lines: Lines
    transcript: Transcript
    silence: Silence
    reactor: Any
    state: "State"

    @property
    def waiting(self) -> int:
        """Return how many lines that were read are not sent, or not answered."""

    def go(self, state: "State") -> None:
        """Change to this state."""

    def write(self, text: str) -> None:
        """Print text that is safe for a terminal."""

    def show(self, message: Message) -> None:
        """Print what the server sends."""

    def show_typing(self) -> None:
        """Turn the terminal's echo on after a password."""

    def pump(self) -> None:
        """Give lines to the state while it is ready for one (rule 1)."""

    def fail(self, sentence: str) -> None:
        """End the conversation, or the program, and say why."""

    def over(self) -> None:
        """Return to the menu, if there is one; otherwise finish."""

    def finish(self, status: int, sentence: str = "") -> None:
        """End the program, once everything is printed; the sentence comes after it."""


class State:
    """Base class of the states: takes lines, the end of the input, and Ctrl-C."""

    ready = False
    """True while a line can be taken."""

    def __init__(self, join: Join) -> None:
        self._join = join

    def begin(self) -> None:
        """Do what is done on coming into this state."""

    def take(self, line: bytes) -> None:
        """Take a line, when ``ready``."""

    def end_input(self) -> None:
        """There will be no more lines, and this state is ready for one."""
        self._join.finish(0)

    def interrupt(self) -> None:
        """The person wants to leave."""
        self._join.finish(0)


class Finished(State):
    """Not begun, or over."""


class Menu(State):
    """Asks whether to join or to exit."""

    ready = True

    def begin(self) -> None:
        self._join.write(MENU)

    def take(self, line: bytes) -> None:
        match line.strip().lower():
            case b"1":
                self._join.go(Connecting(self._join))
            case b"2":
                self._join.finish(0)
            case b"" | b"q":
                self._join.write("> ")
            case _:
                self._join.write("Type 1 or 2.\n> ")


class Connecting(State):
    """Has an attempt to connect."""

    def __init__(self, join: Join) -> None:
        super().__init__(join)
        self.wire = JsonLines(join, failed=self._failed, congested=self._congested)
        self._attempt: Attempt | None = None
        self._endpoint: Any = None

    def begin(self) -> None:
        self._endpoint = self._join.address.endpoint(self._join.reactor)
        self._attempt = TwistedDialer(self._endpoint).dial(self.wire)

    def interrupt(self) -> None:
        self._join.finish(0)
        if self._attempt is not None:
            self._attempt.cancel()

    def connected(self) -> None:
        """The connection is established: links lead to this server, if there are several."""
        server = self._endpoint.server if isinstance(self._endpoint, SeveralEndpoints) else ""
        connected = self._join.server = named(self._join.address, server)
        self._join.transcript.serve(connected.url)
        self._join.keyboard.feed(Source(self.wire))
        self._join.go(Naming(self._join, self.wire))

    def _failed(self, error: Exception) -> None:
        if self._join.state is self:
            self._join.fail(reason(self._join.address, error))

    def _congested(self, is_full: bool) -> None:
        if isinstance(self._join.state, Chatting):
            self._join.state.congested(is_full)


class Online(State):
    """Base class of the states with a connection, ``wire``."""

    def __init__(self, join: Join, wire: JsonLines) -> None:
        super().__init__(join)
        self.wire = wire

    def receive(self, message: Message) -> None:
        """Take what the server sends."""
        self._join.show(message)

    def closed(self, why: Exception) -> None:
        """The connection is gone."""
        if isinstance(why, ConnectionDropped) and why.code == "exit":
            self._join.over()
        else:
            self._join.fail(reason(self._join.server, why))

    def give_up(self, seconds: float) -> None:
        """Leave a server that has answered nothing for so long."""
        sentence = f"{self._join.server} has answered nothing for {seconds:.0f} s."
        self._hang_up(lambda: self._join.fail(sentence + self._not_sent()))

    def _not_sent(self) -> str:
        """Return a sentence about the lines that are not listed; empty: there are none."""
        return ""

    def _hang_up(self, end: Callable[[], None]) -> None:
        """Go on with ``end``, then close the connection, which belongs to no state any more."""
        self._join.keyboard.unfeed()
        self._join.show_typing()
        end()
        self.wire.drop(ConnectionDropped("not joined"))


class Naming(Online):
    """Asks for a nickname, and for a password when the server wants one; has the open question."""

    def __init__(self, join: Join, wire: JsonLines) -> None:
        super().__init__(join, wire)
        self._question = ""
        self._nick = ""
        self._command = ""
        """The command whose password is asked for; empty: that is none."""
        self._first = ""
        """A new password that was typed once."""
        self._tried: frozenset[str] = frozenset()
        """What the last claim was made with."""
        self._suggested = join.suggested

    @property
    def ready(self) -> bool:  # type: ignore[override]
        return bool(self._question)

    def begin(self) -> None:
        nick, self._join.nick = self._join.nick, None
        if nick is None:
            self._ask("nickname")
        else:
            self._claim(nick)

    def take(self, line: bytes) -> None:
        question, self._question = self._question, ""
        self._join.show_typing()
        answer = line.decode("utf-8", "replace")
        command = "".join(answer.split(None, 1)[:1]).lower()
        if not command and question == "nickname" and self._suggested:
            self._claim(self._suggested)
        elif not command:
            self._give_up()
            self._ask("nickname")
        elif question == "password" and command not in HERE:
            proof = {"login": True} if self._command else {}
            self._claim(self._nick, password=answer, **proof)
        elif question in (NEW, AGAIN) and not command.startswith("/"):
            self._choose(question, answer.strip())
        elif command in EXIT:
            self._give_up()
            self._hang_up(lambda: self._join.over())
        elif question in (NEW, AGAIN) and command not in HERE:
            self._join.write("!! password-weak: A new password does not begin with a slash here.\n")
            self._ask(NEW)
        elif command == "/help":
            self._join.show({"event": "done", "text": f"{HELP[question]}\n{COMMANDS}"})
            self._ask(question)
        else:
            self._give_up()
            self._name(answer.strip())

    def end_input(self) -> None:
        self._give_up()
        self._hang_up(lambda: self._join.finish(0))

    def interrupt(self) -> None:
        self.end_input()

    def receive(self, message: Message) -> None:
        if message.get("event") == "refused" and message.get("ref") is not None:
            self._refused(message)
        else:
            self._join.show(message)
            if message.get("event") == "welcome":
                is_there = self._join.room.casefold() in ("", str(message.get("room")).casefold())
                self._join.go((Chatting if is_there else Entering)(self._join, self.wire))

    def _not_sent(self) -> str:
        """Lines that wait here may be passwords, and are only counted."""
        lines = self._join.waiting
        return f" {plural(lines, 'line')} {'was' if lines == 1 else 'were'} not sent." if lines else ""

    def _name(self, answer: str) -> None:
        """Claim what was typed for a nickname; the two commands that are possible here give a password, or ask for it.

        An account is asked for as such, so that a guest's nickname is not taken for one.
        """
        command, *words = answer.split()
        match [command.lower(), *words]:
            case ["/login", nick]:
                self._nick, self._command = nick, "/login"
                self._ask("password")
            case ["/register", nick]:
                self._nick, self._command = nick, "/register"
                self._ask(NEW)
            case ["/login", nick, _, *_]:
                self._claim(nick, password=answer.split(None, 2)[2])
            case ["/register", nick, password, *code] if len(code) < 2:
                self._claim(nick, password=password, register=True, **({"code": code[0]} if code else {}))
            case _:
                self._claim(answer)

    def _choose(self, question: str, answer: str) -> None:
        """Take a new password, the first time or the second; it is asked for until both are the same."""
        first, self._first = self._first, answer
        if question == NEW:
            self._ask(AGAIN)
        elif first == answer:
            self._claim(self._nick, password=answer, register=True)
        else:
            self._join.write("-- That was not the same.\n")
            self._ask(NEW)

    def _give_up(self) -> None:
        """Count a command whose password was not given: it is not carried out."""
        command, self._command, self._first = self._command, "", ""
        if command:
            self._join.lines.refuse(command)

    def _claim(self, nick: str, **proof: str | bool) -> None:
        self._nick, self._command, self._first = nick, "", ""
        given, self._join.credentials = self._join.credentials, Credentials()  # for the first try only
        if not proof and given.password is not None:
            proof = {"password": given.password}
        elif not proof and given.access is not None:
            proof = {"access": given.access}
        name: dict[str, str | bool] = {"nick": nick} if nick else {}
        if nick and nick == self._join.account:
            name["login"] = True
        self._tried = frozenset(proof)
        self._join.silence.watch(self.wire)
        self.wire.send({"do": "nick", **name, "attended": True, **proof, "ref": "nick"})

    def _refused(self, refused: Message) -> None:
        if refused.get("code") == "password-needed":
            self._join.show({"event": "done", "text": refused.get("text")})
            self._ask("password")
            return
        self._join.show(refused)
        if self._join.terminal:
            self._suggested = another(self._nick) if refused.get("code") == "nick-taken" else ""
            is_weak = refused.get("code") == "password-weak" and "register" in self._tried
            is_locked = refused.get("code") in LOCKED
            self._command = "/register" if is_weak else "/login" if is_locked and "login" in self._tried else ""
            self._ask("password" if is_locked else NEW if is_weak else "nickname")
        else:  # the next line is not meant as another nickname or password (rule 2)
            self._hang_up(lambda: self._join.fail(f"{refused.get('code')}: {refused.get('text')}"))

    def _ask(self, question: str) -> None:
        self._join.silence.stop()  # the server waits for the person now
        self._question = question
        suggests = question == "nickname" and self._suggested
        label = SUGGESTED.format(self._suggested) if suggests else PROMPTS[question]
        self._join.write(label + ("" if self._join.terminal else "\n"))
        if question != "nickname":
            self._join.echo.off()
        self._join.pump()


class Entering(Online):
    """Waits until the room of the command line is joined; without it the program ends (rule 3)."""

    def begin(self) -> None:
        self.wire.send({"do": "join", "room": self._join.room, "ref": "join"})

    def end_input(self) -> None:
        self._hang_up(lambda: self._join.finish(0))

    def interrupt(self) -> None:
        self.end_input()

    def receive(self, message: Message) -> None:
        if message.get("ref") == "join" and message.get("event") == "refused":
            self._hang_up(lambda: self._join.fail(f"{message.get('code')}: {message.get('text')}"))
            return
        super().receive(message)
        if message.get("ref") == "join":
            self._join.go(Chatting(self._join, self.wire))


class Chatting(Online):
    """Sends lines, as long as the server reads them, and it is certain where they go."""

    def __init__(self, join: Join, wire: JsonLines) -> None:
        super().__init__(join, wire)
        self._is_read = True
        self._collecting: Collecting | None = None
        """The message of several lines that is typed now."""
        self._begun_in = ""
        self._secrets = PlainSecrets(
            join.lines, wire.send, join.write, join.echo, join.show_typing, "" if join.terminal else "\n"
        )

    @property
    def ready(self) -> bool:  # type: ignore[override]
        return self._is_read and not self._join.lines.is_choosing and not self._secrets.is_pending

    def take(self, line: bytes) -> None:
        if self._collecting is None and len(line) <= LONGEST and self._secrets.take(line):
            return
        if len(line) > LONGEST:
            self._refuse_long(line)
            return
        command, _, rest = line.strip().partition(b" ")
        name = command.decode("utf-8", "replace").lower()
        if self._collecting is not None or (begun(line.decode("utf-8", "replace")) is not None):
            self._collect(line)
            return
        if name in EXIT or (self._join.menu and name == "q" and not rest):
            self._leave(rest.decode("utf-8", "replace").strip())
            return
        try:
            text = line.decode()
        except UnicodeDecodeError:
            self._join.lines.refuse(line.decode("utf-8", "replace"))
            self._join.write("!! not-utf8: The line is not UTF-8, and was not sent.\n")
            return
        if not self._is_certain(text):
            return
        request = self._join.lines.request(text, self._join.transcript.room)
        if name == "/logout" and not rest.strip():
            request["ref"] = LOGOUT
        self.wire.send(request)

    def _refuse_long(self, line: bytes) -> None:
        """Send nothing of a line of which the end was not read."""
        why = f"has more than {LONGEST:,} bytes"
        if self._collecting is not None:
            self._collecting.refuse(f"A line of your message {why}")
            self._join.write(f"-- {self._collecting.told}\n")
            return
        if self._secrets.cancel(TOO_LONG):
            return
        self._join.lines.refuse(f"{shown(line[:SHOWN].decode('utf-8', 'replace'))}…")
        self._join.write(f"!! line-too-long: The line {why}, and was not sent.\n")

    def _collect(self, line: bytes) -> None:
        """Take a line of a message of several lines, or the command that begins one."""
        if self._collecting is None:
            self._collecting, self._begun_in = begun(line.decode()), self._join.transcript.room
        else:
            try:
                self._collecting.take(line.decode())
            except UnicodeDecodeError:
                self._collecting.refuse("A line of your message is not UTF-8")
        message = self._collecting
        if message is not None and message.told:
            self._join.write(f"-- {message.told}\n")
        if message is not None and message.is_done:
            self._collecting = None
            if message.is_refused:
                self._join.lines.refuse("a message of several lines")
            elif message.text and self._is_certain(message.text):
                self.wire.send(self._join.lines.message(message.text, message.reply, self._begun_in))

    def _is_certain(self, text: str) -> bool:
        """Return whether a line goes where it was meant to go; otherwise it goes nowhere, and is counted."""
        is_certain = self._join.lines.may_be_sent(text)
        if not is_certain and text.strip():
            line = self._join.lines.unsent(text)
            self._join.lines.refuse(line)
            self._join.write(f"!! not-in-room: Not sent, as what it follows was refused: {one_line(line)}\n")
        return is_certain

    def end_input(self) -> None:
        if self._collecting is not None:
            self._join.lines.refuse("a message of several lines, without its end")
            self._join.write("-- Your message did not end with a line that has only a dot: it was not said.\n")
        self._secrets.cancel()
        self._leave("")

    def interrupt(self) -> None:
        self._secrets.cancel()
        self._leave("").interrupt()

    def receive(self, message: Message) -> None:
        super().receive(message)
        self._secrets.receive(message)
        if message.get("ref") == LOGOUT and message.get("event") == "done":
            self._join.suggested = ""  # somebody else may come now
            self._join.go(Naming(self._join, self.wire))
        else:
            self._join.pump()

    def _leave(self, words: str) -> "Leaving":
        leaving = Leaving(self._join, self.wire, words)
        self._join.go(leaving)
        return leaving

    def congested(self, is_full: bool) -> None:
        """The server reads nothing for the moment, or reads again."""
        self._is_read = not is_full
        if not is_full:
            self._join.pump()


class Leaving(Online):
    """Waits until the server has answered everything and closes; after Ctrl-C not for long."""

    def __init__(self, join: Join, wire: JsonLines, words: str) -> None:
        super().__init__(join, wire)
        self._words = words
        self._timer: IDelayedCall | None = None

    def begin(self) -> None:
        self.wire.send({"do": "exit", **({"reason": self._words} if self._words else {}), "ref": "exit"})

    def interrupt(self) -> None:
        if self._timer is None:
            self._join.silence.stop()
            self._timer = self._join.reactor.callLater(
                GOODBYE, self.wire.drop, ConnectionDropped("the server did not say goodbye")
            )

    def closed(self, why: Exception) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._join.over()
