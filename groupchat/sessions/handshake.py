"""A connection until it has a nickname, and whenever it wants another: what it is shown, and how it ends."""

from enum import Enum
from typing import TYPE_CHECKING

from twisted.logger import Logger
from twisted.python.failure import Failure

from groupchat.interfaces.screens import Hold, IScreen
from groupchat.model.claims import Claim, Logout
from groupchat.model.errors import PasswordWrong, Refusal, ServerError, TooManyAttempts
from groupchat.model.events import Answer, Asked, Done, Greeted, Ref, Refused, Told
from groupchat.sessions.joining import Arrival
from groupchat.sessions.prompt import Prompt

if TYPE_CHECKING:
    from groupchat.hall.hall import Hall
    from groupchat.verbs.member import Member

log = Logger()


class State(Enum):
    """Where a connection is in its life."""

    NAMELESS = "nameless"
    ASKED = "asked for a password"
    CLAIMING = "claiming"
    CHATTING = "chatting"
    GONE = "gone"


MOVES = {
    State.NAMELESS: {State.ASKED, State.CLAIMING, State.GONE},
    State.ASKED: {State.NAMELESS, State.CLAIMING, State.GONE},
    State.CLAIMING: {State.NAMELESS, State.ASKED, State.CHATTING, State.GONE},
    State.CHATTING: {State.NAMELESS, State.GONE},
    State.GONE: set(),
}
"""From each state, where it may go."""


class Handshake:
    """What a session is before anything can be said.

    ``member``: None as long as there is no nickname.
    """

    __slots__ = ("_arrival", "_hall", "_prompt", "_refused", "door", "member", "screen", "state")

    def __init__(self, hall: "Hall", screen: IScreen, door: str) -> None:
        self._hall = hall
        self.screen = screen
        self.door = door
        self.state = State.NAMELESS
        self.member: Member | None = None
        self._arrival: Arrival | None = None
        self._prompt = Prompt(hall.gate)
        self._refused = 0
        if hall.sparing.allows("connections"):
            log.info("Connection opened from {address}", address=screen.address)

    # What a door calls

    def greet(self) -> None:
        """Say who we are, and ask for a nickname."""
        settings = self._hall.settings
        self._show(Greeted(self._hall.version, settings.name, len(self._hall.roster), self._hall.motd))
        self._show(Asked("nickname"))

    def refuse(self, refusal: Refusal, ref: Ref = None) -> None:
        """The door itself refuses something."""
        if self.state is not State.GONE:
            self._hall.refusals[refusal.code] += 1
            self._show(Refused(refusal.code, str(refusal)), ref)

    def hangup(self, refusal: Refusal | None = None) -> None:
        """Cut the connection off, after telling why."""
        if self.state is State.GONE:
            return
        if refusal is not None:
            self.refuse(refusal)
            if self._hall.sparing.allows("connections that are cut off"):
                log.info("Cut off {address}: {code}", address=self.screen.address, code=refusal.code)
        self._end(refusal.code.replace("-", " ") if refusal is not None else "connection lost")
        self.screen.close()

    def close(self) -> None:
        """The server stops: the nickname is kept until the process ends, nobody is told of a leave."""
        if self.member is not None:
            self._hall.attendance.remember(self.member)
        self._give_up()
        self.state = State.GONE
        self.screen.close()

    # How one comes to a nickname

    def _introduce(self, line: str) -> None:
        """What was typed at a prompt."""
        is_password = self._prompt.asked is not None
        prompt = self._prompt
        wish = prompt.answered(self.screen, line) if is_password else prompt.read(line)
        if isinstance(wish, Logout):
            self._show(Done(text="Goodbye."))
            self._end("")
            self.screen.close()
        elif wish is None:
            self._ask("nickname")
        elif wish.password is None and self._prompt.needs_password(wish.nick):
            self._ask_password(wish.nick)
        else:
            self._claim(wish, None)

    def _ask(self, what: str) -> None:
        """Show a prompt."""
        state = State.ASKED if what == "password" else State.NAMELESS
        if self.state is not state:
            self._move(state)
        self._show(Asked(what))

    def _ask_password(self, nick: str) -> None:
        try:
            self._show(Told(self._prompt.ask(self.screen, nick)))
        except Refusal:
            self._turned_away(Failure(), None)
        else:
            self._ask("password")

    def _claim(self, claim: Claim, ref: Ref) -> None:
        """Try to come in; who is in already leaves for it."""
        if self.member is None:
            self._move(State.CLAIMING)
        self.screen.hold(Hold.ANSWER)
        arrival = self._arrival = Arrival(self._hall, self.screen, self.door, claim, ref, self._arrived, self.member)
        failed = self._turned_away if self.member is None else self._excuse
        arrival.begin().addErrback(failed, ref).addBoth(self._answered)

    def _arrived(self, member: "Member") -> None:
        """Called as soon as there is a member, before it is shown anything."""
        self.member = member
        self._refused = 0
        self._prompt.forget()
        if self.state is not State.CHATTING:
            self._move(State.CHATTING)

    def _turned_away(self, failure: Failure, ref: Ref) -> None:
        self._excuse(failure, ref)
        if self.state is State.GONE:
            return
        if self._prompt.asked_again(failure.check(PasswordWrong) is not None):
            self.screen.conceal()
            self._ask("password")
            return
        if self.state is not State.NAMELESS:
            self._move(State.NAMELESS)
        self._refused += 1
        most = self._hall.settings.handshake_refusals
        if self._refused >= most:
            self.hangup(TooManyAttempts(f"{most} nicknames were refused; connect again to go on."))
        else:
            self._show(Asked("nickname"))

    def _answered(self, _: object) -> None:
        self._arrival = None
        self._hall.commits.pump()
        self.screen.release(Hold.ANSWER)

    # How one is answered, and how it ends

    def _show(self, answer: Answer, ref: Ref = None) -> None:
        current = self.member.current if self.member is not None else ""
        self.screen.write(self.screen.style.answer(answer, ref, current))

    def _excuse(self, failure: Failure, ref: Ref) -> None:
        """Say what went wrong: the person's fault by its code; ours is logged."""
        if isinstance(failure.value, Refusal):
            self.refuse(failure.value, ref)
            return
        if self._hall.sparing.allows("requests that failed"):
            log.failure("A request from {address} failed", failure=failure, address=self.screen.address)
        self.refuse(ServerError("Something went wrong here; it has been logged."), ref)

    def _end(self, reason: str) -> None:
        if self.state is State.GONE:
            return
        self._move(State.GONE)
        self._give_up()
        if self.member is not None:
            self._hall.attendance.leave(self.member, reason)
            self._hall.commits.pump()

    def _give_up(self) -> None:
        """Whoever is just coming in here does not."""
        if self._arrival is not None:
            self._arrival.given_up = True

    def _move(self, state: State) -> None:
        if state not in MOVES[self.state]:
            raise AssertionError(f"A session never goes from {self.state.value} to {state.value}.")
        self.state = state
