"""What one connection says and asks for, and its answers; how it comes to a nickname is told in ``handshake``.

Nothing that a session does raises into the door: what the person did wrong is answered,
and what we did wrong is logged and answered, and everybody lives on.
"""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from groupchat.delivery.queue import Entry, once
from groupchat.interfaces.screens import Hold, IScreen
from groupchat.limits.buckets import TokenBucket
from groupchat.model import text
from groupchat.model.claims import Claim, Logout
from groupchat.model.errors import BadArguments, Flooding, NotJoined
from groupchat.model.events import Answer, Done, Ref
from groupchat.model.ranks import Rank
from groupchat.sessions.handshake import Handshake
from groupchat.sessions.handshake import State as State
from groupchat.verbs.vocabulary import COMMANDS

if TYPE_CHECKING:
    from groupchat.config.settings import Settings
    from groupchat.hall.hall import Hall
    from groupchat.verbs.member import Member, Reply

SUBSTITUTION = re.compile(r"s/((?:[^/\\]|\\.)+)/((?:[^/\\]|\\.)*)/?")
"""``s/typo/fix/``: in one's own last message, the first ``typo`` becomes ``fix``; ``\\/`` is a slash."""


class Session(Handshake):
    """What a door drives: lines and requests in; the answers go to its screen."""

    __slots__ = ("_bucket", "_calm_at")

    def __init__(self, hall: "Hall", screen: IScreen, door: str) -> None:
        super().__init__(hall, screen, door)
        self._bucket: TokenBucket | None = None
        self._calm_at = 0.0

    # What a door calls

    def typed(self, line: str) -> None:
        """One line from a keyboard."""
        self._guard(None, lambda: self._type(line))

    def offer(self, claim: Claim, ref: Ref = None) -> None:
        """A program asks for a nickname."""
        self._guard(ref, lambda: self._offer(claim, ref))

    def serve(self) -> None:
        """This connection is the server itself: in no room, in no list, with every right."""
        self._move(State.CLAIMING)
        self._arrived(self._hall.admit_server(self.screen, self.door))

    def say(self, words: str, ref: Ref = None, key: str | None = None, room: str = "") -> None:
        """A program says something, whatever it looks like."""
        self._guard(ref, lambda: self._reply(self._me().say(words, key, room), ref))

    def type(self, line: str, ref: Ref = None, key: str | None = None) -> None:
        """A program passes on what a person typed; what that posts is posted once with the ``key``."""
        self._guard(ref, lambda: self._speak(self._me(), text.clean(line), ref, key))

    def do(self, name: str, arguments: Mapping[str, object], ref: Ref = None, key: str | None = None) -> None:
        """A program asks for a command, with its arguments by name; what that posts is posted once with the ``key``."""
        self._guard(ref, lambda: self._do(name, arguments, ref, key))

    def ended(self) -> None:
        """The peer sends no more, and all it sent was taken: leave as soon as it has its answers."""
        if self.member is None:
            self._end("")
            self.screen.close()
        elif not self.member.gone:  # else its goodbye is on the way, and closes
            self.member.exit("connection lost").awaited = True
            self._hall.commits.pump()

    def lost(self, reason: str) -> None:
        """The connection is gone."""
        self._end(reason)
        self._hall.sessions.pop(self, None)

    def paused(self) -> None:
        """The connection takes nothing more just now: neither do we take its lines."""
        self.screen.hold(Hold.OUTBOUND)
        if self.member is not None and not self.member.gone:
            self._hall.readers.pause(self.member)

    def drained(self) -> None:
        """The connection takes something again."""
        if self.member is not None and not self.member.gone:
            self._hall.readers.resume(self.member)
        self.screen.release(Hold.OUTBOUND)

    def follow(self, settings: "Settings") -> None:
        """Go by these settings from now on."""
        if self._bucket is not None:
            self._bucket.burst, self._bucket.rate = settings.flood_burst, settings.flood_rate

    # What the queue before the journal calls

    def wait_for_journal(self) -> None:
        """Take no more lines from this peer."""
        self.screen.hold(Hold.JOURNAL)

    def go_on(self) -> None:
        """Take lines again."""
        self.screen.release(Hold.JOURNAL)

    # How

    def _me(self) -> "Member":
        if self.member is None:
            raise NotJoined('Choose a nickname first: {"do": "nick", "nick": "…"}.')
        return self.member

    def _type(self, line: str) -> None:
        if self.member is None:
            self._introduce(line)
            return
        me = self._me()
        spoken = text.clean(line)
        if not spoken or spoken.isspace():
            return
        self._speak(me, spoken, None, None)

    def _speak(self, me: "Member", spoken: str, ref: Ref, key: str | None) -> None:
        """Carry out a line from a keyboard, cleaned: a command, a correction, or something to say."""
        if spoken.startswith("/") and not spoken.startswith("//"):
            command, run = COMMANDS.read_line(me, spoken[1:], key)
            if self._charge(command.cost - 1):
                self._reply(run(), ref)
        elif spoken.startswith("s/") and (change := SUBSTITUTION.fullmatch(spoken)) is not None:
            self._reply(once(me.substitute(change[1], change[2]), key), ref)
        else:
            self._reply(me.say(spoken.removeprefix("/") if spoken.startswith("//") else spoken, key), ref)

    def _offer(self, claim: Claim, ref: Ref) -> None:
        if self.member is None:
            self._claim(claim, ref)
        elif claim != Claim(claim.nick):
            raise BadArguments("You are in already; a password, a token and since are for coming in.")
        else:
            self._reply(self._me().rename(claim.nick), ref)

    def _log_out(self, ref: Ref) -> None:
        """Leave the hall, and stay connected."""
        me = self._me()
        self._hall.attendance.leave(me, "logged out")
        self.member = None
        self._show(Done(text=f"You have left; {me.person.nick} is yours when you log in again."), ref)
        self._ask("nickname")

    def _do(self, name: str, arguments: Mapping[str, object], ref: Ref, key: str | None) -> None:
        if name == "ping":
            self._show(Done(), ref)
            return
        command, run = COMMANDS.read_fields(self._me(), name, arguments, key)
        if self._charge(command.cost - 1):
            self._reply(run(), ref)

    def _reply(self, reply: "Reply", ref: Ref) -> None:
        """See that whoever asked gets exactly one answer."""
        if isinstance(reply, Entry):
            reply.awaited = True
            reply.ref = ref
            if reply.facts:
                # What comes next may depend on what is true then.
                self.screen.hold(Hold.ANSWER)
                reply.afterwards(lambda: self.screen.release(Hold.ANSWER))
        elif isinstance(reply, Answer):
            self._show(reply, ref)
        elif isinstance(reply, Claim):
            self._claim(reply, ref)
        elif isinstance(reply, Logout):
            self._log_out(ref)
        else:
            self._await(reply, ref)

    def _await(self, reply: "Deferred[Entry] | Deferred[Answer]", ref: Ref) -> None:
        self.screen.hold(Hold.ANSWER)
        reply.addCallback(self._reply, ref)
        reply.addErrback(self._excuse, ref)
        reply.addBoth(self._answered)

    def _guard(self, ref: Ref, action: Callable[[], None]) -> None:
        """Do this for the peer; nothing it raises goes further than here."""
        if self.state is State.GONE or (self.member is not None and self.member.gone):
            return
        try:
            if self._charge(1):
                action()
        except Exception:
            self._excuse(Failure(), ref)
        commits = self._hall.commits
        commits.pump()
        if commits.congested:
            commits.make_wait(self)

    def _charge(self, cost: float) -> bool:
        """Take this from the peer's allowance; beyond it the peer is not read for a while, and at last cut off.

        True: go on.
        """
        if cost <= 0 or self.screen.exempt:
            return True
        settings = self._hall.settings
        now = self._hall.clock.seconds()
        if self._bucket is None:
            self._bucket = TokenBucket(settings.flood_burst, settings.flood_rate)
        delay = self._bucket.spend(now, cost)
        if not delay or (self.member is not None and self.member.rank >= Rank.OPERATOR):
            return True  # who fights a flood is not held up
        if self._bucket.in_excess(now) > settings.flood_patience_s:
            self.hangup(Flooding("You send faster than this server takes it. Come back when you have calmed down."))
            return False
        self.screen.hold(Hold.FLOOD)
        self._calm_at = now + delay
        self._hall.clock.callLater(delay, self._calm)
        return True

    def _calm(self) -> None:
        """Listen again, unless something that was charged later is to be waited for."""
        if self._hall.clock.seconds() >= self._calm_at:
            self.screen.release(Hold.FLOOD)
