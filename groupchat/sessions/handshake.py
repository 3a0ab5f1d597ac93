"""A connection until it has a nickname, and whenever it wants another: what it is shown, and how it ends.

::

    Nameless ⇄ Asked (for a password)       Any state ─→ Gone
        ↘        ↙
         Claiming ──→ Chatting ──→ Nameless (after /logout)
"""

from enum import Enum

from twisted.logger import Logger
from twisted.python.failure import Failure

from groupchat.hall.hall import Hall
from groupchat.interfaces.screens import Hold, IScreen
from groupchat.model.claims import Claim, Logout
from groupchat.model.errors import Refusal, ServerError, TooManyAttempts
from groupchat.model.events import Answer, Asked, Done, Greeted, Listed, Ref, Refused, Told
from groupchat.model.networks import origin
from groupchat.sessions.arrival.joining import Joining
from groupchat.sessions.prompt import Again, Prompt
from groupchat.sessions.secret_lines import SecretLines
from groupchat.state.people import Connection

log = Logger()


class State(Enum):
    """The stages of a connection's life."""

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
"""From each state, the states it may move to."""


class Handshake:
    """A session as long as nothing can be said.

    ``connection``: None as long as there is no nickname.
    """

    __slots__ = ("_hall", "_joining", "_prompt", "_refused", "_secrets", "connection", "screen", "state")

    def __init__(self, hall: Hall, screen: IScreen) -> None:
        self._hall = hall
        self.screen = screen
        self.state = State.NAMELESS
        self.connection: Connection | None = None
        self._joining: Joining | None = None
        self._secrets = SecretLines()
        self._prompt = Prompt(hall.admission, self._secrets)
        self._refused = 0
        if hall.log_limits.allows("connections"):
            log.info("Connection opened from {address}", address=origin(screen.address))

    @property
    def door(self) -> str:
        """The name of the door it came through."""
        return self.screen.style.door

    # What a door calls

    def greet(self) -> None:
        """Say who we are, and ask for a nickname."""
        hall = self._hall
        self._show(Greeted(hall.version, hall.settings.name, len(hall.roster), hall.motd))
        self._show(Asked("nickname"))

    def introduction(self) -> Listed:
        """Return what a greeting tells, for a program that shows it to a person."""
        hall = self._hall
        item = {
            "version": hall.version, "name": hall.settings.name, "people": len(hall.roster),
            "rooms": hall.rooms.occupied(hall.moderation.hidden_from(None)), "motd": hall.motd,
        }  # fmt: skip
        return Listed("hello", (), (item,))

    def refuse(self, refusal: Refusal, ref: Ref = None) -> None:
        """Refuse something on behalf of the door."""
        if self.state is not State.GONE:
            self._hall.health.refusals[refusal.code] += 1
            self._show(Refused(refusal.code, str(refusal), refusal.wait), ref)

    def hangup(self, refusal: Refusal | None = None) -> None:
        """Cut the connection off, after telling why, and what of its requests nobody can answer any more."""
        if self.state is State.GONE:
            return
        if refusal is not None:
            if self.connection is not None:
                self._hall.tell_unknown("", self.connection)
            self.refuse(refusal)
            if self._hall.log_limits.allows("connections that are cut off"):
                log.info("Cut off {address}: {code}", address=origin(self.screen.address), code=refusal.code)
        self._end(refusal.code.replace("-", " ") if refusal is not None else "connection lost")
        self.screen.close(refusal.code if refusal is not None else "connection-lost")

    def close(self) -> None:
        """Close because the server stops: the nickname is kept until the process ends, no leave is announced."""
        if self.connection is not None:
            self._hall.persistence.remember(self.connection)
        self._give_up()
        self.state = State.GONE
        self.screen.close("stopping")

    # How a connection comes to a nickname

    def _introduce(self, line: str) -> None:
        """Take what was typed at a prompt."""
        prompt, now = self._prompt, self._hall.clock.seconds()
        try:
            claim = prompt.answered(self.screen, line, now) if prompt.asked is not None else prompt.read(line, now)
        except Refusal as refusal:
            self.refuse(refusal)
            self._ask_again()
            return
        if isinstance(claim, Told):
            self._show(claim)
            self._ask_again()
        elif isinstance(claim, Logout):
            self._say_goodbye(None)
        elif isinstance(claim, Again):
            self._ask_again()
        elif claim is None:
            self._ask("nickname")
        elif claim.password is None and prompt.needs_password(claim):
            self._ask_password(claim)
        else:
            self._come_in(claim, None)

    def _say_goodbye(self, ref: Ref) -> None:
        """Close at the wish of somebody who has no nickname."""
        self._show(Done(text="Goodbye."), ref)
        self._end("")
        self.screen.close("exit")

    def _ask(self, what: str) -> None:
        """Show a prompt."""
        state = State.NAMELESS if what == "nickname" else State.ASKED
        if self.state is not state:
            self._move(state)
        self._show(Asked(what))

    def _ask_again(self) -> None:
        """Show the same prompt once more."""
        if self._prompt.asked is not None:
            self.screen.conceal()
        self._ask(self._prompt.question)

    def _ask_password(self, claim: Claim) -> None:
        try:
            self._show(Told(self._prompt.ask(self.screen, claim)))
        except Refusal:
            self._turned_away(Failure(), None, claim)
        else:
            self._ask(self._prompt.question)

    def _come_in(self, claim: Claim, ref: Ref) -> None:
        """Try to come in; somebody who is in already leaves for it."""
        if self.connection is None:
            self._move(State.CLAIMING)
        self.screen.hold(Hold.ANSWER)
        joining = self._joining = Joining(self._hall, self.screen, claim, ref, self._joined, self.connection)
        if self.connection is None:
            coming = joining.begin().addErrback(self._turned_away, ref, claim)
        else:
            coming = joining.begin().addErrback(self._excuse, ref)
        coming.addBoth(self._answered)

    def _joined(self, connection: Connection) -> None:
        """Take the new connection, before it is shown anything."""
        self.connection = connection
        self._refused = 0
        self._prompt.forget()
        self._secrets.passed()
        if self.state is not State.CHATTING:
            self._move(State.CHATTING)

    def _turned_away(self, failure: Failure, ref: Ref, claim: Claim) -> None:
        self._excuse(failure, ref)
        if self.state is State.GONE:
            return
        is_asked = self._prompt.asked_again(claim, failure.type, self._hall.clock.seconds())
        if is_asked and not self._prompt.is_exhausted:
            self._ask_again()
            return
        if self.state is not State.NAMELESS:
            self._move(State.NAMELESS)
        self._refused += 1
        most = self._hall.settings.handshake_refusals
        if self._refused >= most:
            self.hangup(TooManyAttempts(f"{most} attempts were refused. Connect again to go on."))
        elif is_asked:
            self._ask_again()
        else:
            self._show(Asked("nickname"))

    def _answered(self, _: object) -> None:
        self._joining = None
        self.screen.release(Hold.ANSWER)

    # How it is answered, and how it ends

    def _show(self, answer: Answer, ref: Ref = None) -> None:
        if self.connection is not None:
            self.connection.show(answer, ref)
        elif shown := self.screen.answer(answer, ref, "", ""):
            self.screen.write(shown)

    def _excuse(self, failure: Failure, ref: Ref) -> None:
        """Tell what went wrong: the person's fault by its code; ours is logged."""
        if isinstance(failure.value, Refusal):
            self.refuse(failure.value, ref)
            return
        if self._hall.log_limits.allows("requests that failed"):
            log.failure("A request from {address} failed", failure=failure, address=origin(self.screen.address))
        self.refuse(ServerError("Something went wrong here; it has been logged."), ref)

    def _end(self, reason: str) -> None:
        if self.state is State.GONE:
            return
        self._move(State.GONE)
        self._give_up()
        if self.connection is not None:
            self._hall.attendance.leave(self.connection, reason)

    def _give_up(self) -> None:
        """Abort a login in progress."""
        if self._joining is not None:
            self._joining.is_given_up = True

    def _move(self, state: State) -> None:
        if state not in MOVES[self.state]:
            raise AssertionError(f"A session never goes from {self.state.value} to {state.value}.")
        self.state = state
