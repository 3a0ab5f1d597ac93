"""Sessions: the requests of one connection and their answers; ``handshake`` has what comes before there is a nickname.

Nothing that a session does raises into the door: what the person did wrong is answered,
and what we did wrong is logged and answered, and everybody lives on.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import ParamSpec

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from groupchat.config.settings import Settings
from groupchat.delivery.queue import Receipt
from groupchat.facts.account_facts import Account
from groupchat.hall.hall import Hall
from groupchat.interfaces.screens import Hold, IScreen
from groupchat.limits.buckets import TokenBucket
from groupchat.model import names, text
from groupchat.model.claims import Claim, Logout
from groupchat.model.drafts import Revoke
from groupchat.model.errors import BadArguments, Flooding, NotJoined, PasswordWeak, Refusal
from groupchat.model.events import SERVER, Answer, Done, Ref
from groupchat.model.ranks import Rank
from groupchat.sessions.asking import Asking, Command
from groupchat.sessions.composing import LINE_COST, Composer
from groupchat.sessions.handshake import Handshake
from groupchat.sessions.handshake import State as State
from groupchat.sessions.secret_lines import SECRET
from groupchat.state.people import SERVER_NICK, Connection, Person
from groupchat.verbs.actor import Actor, Composing, Reply
from groupchat.verbs.commands import COMMANDS
from groupchat.verbs.general import depart
from groupchat.verbs.grammar import corrections
from groupchat.verbs.grammar.verb import Parameter, Verb
from groupchat.verbs.presence import nick as take_nickname
from groupchat.verbs.talking import msg, say, substitute

P = ParamSpec("P")

ALOUD = (say, msg)
"""The verbs that programs ask for when a person types words: in a room, or in a conversation with somebody."""


class Session(Handshake):
    """Takes lines and requests from a door; the answers go to its screen."""

    __slots__ = ("_asking", "_bucket", "_calm_at", "_command", "_composer")

    def __init__(self, hall: Hall, screen: IScreen) -> None:
        super().__init__(hall, screen)
        self._bucket: TokenBucket | None = None
        self._calm_at = 0.0
        self._asking = Asking(screen, self._show)
        self._command = ""
        """The command with a password that is being carried out; empty: that is none."""
        self._composer: Composer | None = None
        hall.sessions[self] = None

    # What a door calls

    def typed(self, line: str) -> None:
        """Take one line from a keyboard."""
        self._guard(None, LINE_COST if self._composer and self._composer.is_open else 1, self._type, line)

    def offer(self, claim: Claim, ref: Ref = None) -> None:
        """Let a program ask for a nickname."""
        self._guard(ref, 1, self._offer, claim, ref)

    def reject(self, refusal: Refusal, ref: Ref = None) -> None:
        """Refuse a line that the door cannot read; it is charged like one that it can."""
        if self.charge(1):
            self.refuse(refusal, ref)
            if self._composer and self._composer.is_open:
                self._composer.spoil()

    def charge(self, cost: float) -> bool:
        """Charge the peer for something else than a request; False: it was cut off for it."""
        return self.state is not State.GONE and self._charge(cost)

    def serve(self) -> None:
        """Make this the connection of the server itself: in no room, in no list, with every right."""
        hall = self._hall
        key = names.key(SERVER_NICK)
        account = Account(SERVER_NICK, key, SERVER, "", hall.now())
        person = Person(SERVER_NICK, key, SERVER, hall.now(), account)
        connection = Connection(person, self.screen, hall.now())
        connection.program = connection.quiet = True
        person.connections = (connection,)
        self._move(State.CLAIMING)
        self._joined(connection)

    def type(self, line: str, ref: Ref = None, key: str | None = None, room: str | None = None) -> None:
        """Take what a person typed at a program; what that posts is posted once with the ``key``.

        :param room: the room it was typed in, which stands for the current one (None: the current one).
        """
        self._guard(ref, 1, lambda: self._speak(self._typist(ref, key, room), text.clean(line)))

    def do(self, name: str, arguments: Mapping[str, object], ref: Ref = None, key: str | None = None) -> None:
        """Call a verb for a program, with its arguments by name; what that posts is posted once with the ``key``."""
        self._guard(ref, 1, self._do, name, arguments, ref, key)

    def ended(self) -> None:
        """Leave as soon as the peer has its answers: it sends no more, and all it sent was taken."""
        if self.connection is None:
            self._end("")
            self.screen.close("exit")
        elif not self.connection.gone:  # else its goodbye is on the way, and closes
            if self._composer and self._composer.is_open:
                self.refuse(BadArguments("Your message did not end with a line that has only a dot: it was not said."))
            depart(Actor(self._hall, self.connection), "connection lost")

    def lost(self, reason: str) -> None:
        """Note that the connection is gone."""
        self._end(reason)
        self._hall.sessions.pop(self, None)

    def paused(self) -> None:
        """Take no lines from a connection that takes nothing more just now."""
        self.screen.hold(Hold.OUTBOUND)
        if self.connection is not None and not self.connection.gone:
            self._hall.readers.pause(self.connection)

    def drained(self) -> None:
        """Go on: the connection takes something again."""
        if self.connection is not None and not self.connection.gone:
            self._hall.readers.resume(self.connection)
        self.screen.release(Hold.OUTBOUND)

    def restyled(self) -> None:
        """Show everything in the style that the screen has now."""
        if self.connection is not None and not self.connection.gone:
            self._hall.readers.review(self.connection)

    def follow(self, settings: Settings) -> None:
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

    def _me(self) -> Connection:
        if self.connection is None:
            raise NotJoined('Choose a nickname first: {"do": "nick", "nick": "…"}.')
        return self.connection

    def _typist(self, ref: Ref, key: str | None, room: str | None) -> Actor:
        bound = "" if room is None else names.room(room)
        return Actor(self._hall, self._me(), ref, key, bound)

    def _type(self, line: str) -> None:
        if self.connection is None:
            self._introduce(line)
            return
        if self._composer and self._composer.is_open:
            receipt = self._composer.take(Actor(self._hall, self.connection), line)
            if receipt is not None:
                # What comes next may depend on whether it was said: else its lines are kept.
                self.screen.hold(Hold.ANSWER)
                receipt.when_settled(lambda: self.screen.release(Hold.ANSWER))
            return
        spoken = text.clean(line)
        if self._asking.command is not None:
            if self._asking.lacking and self._answer(spoken):
                return
            self._asking.settled()
        if spoken and not spoken.isspace():
            self._speak(Actor(self._hall, self.connection), spoken, is_typed=self.screen.style.attended)

    def _answer(self, spoken: str) -> bool:
        """Take a line where a password is asked for; return False if it is no answer, but a command.

        Whoever leaves the question may not know, and type the password still.
        """
        answer = spoken.strip()
        if answer.startswith("/") or (not answer and self._asking.has_answers):
            self._failed()
        elif answer:
            self._secrets.typed(answer, self._hall.clock.seconds())
        return self._asking.take(spoken)

    def _excuse(self, failure: Failure, ref: Ref) -> None:
        """Tell what went wrong, and ask again for a new password that is too weak."""
        super()._excuse(failure, ref)
        if self.state is not State.CHATTING:
            return
        if self._asking.lacking and not failure.check(PasswordWeak):
            self._asking.ask_again()
        elif not (failure.check(PasswordWeak) and self._asking.too_weak()):
            self._asking.settled()
            self._failed()

    def _failed(self) -> None:
        """Note that what was asked for is refused: what is typed next may be another try of a password."""
        if self._command and self._me().attended:
            self._secrets.failed(self._command, self._hall.clock.seconds())

    def _speak(self, me: Actor, spoken: str, is_typed: bool = False) -> None:
        """Carry out a cleaned line from a keyboard: a command, a correction, or something to say.

        :param is_typed: a person types here, and can be asked for something.
        """
        self._command = ""
        if spoken.startswith("/") and not spoken.startswith("//"):
            self._obey(me, spoken[1:], is_typed)
        elif spoken[:1] in ("s", "S") and (correction := corrections.read(spoken)) is not None:
            call: Callable[[], Reply] = partial(substitute, me, correction)
            self._reply(call() if me.key is None else me.once(me.key, call), me.ref)
        else:
            first = spoken[:1]
            word = spoken.partition(" ")[0].lower()
            is_checked = self._secrets.is_alert or not first.isascii() or first.isspace() or word in SECRET
            said = spoken.removeprefix("/") if spoken.startswith("//") else spoken
            if me.key is not None:
                call = partial(say, me, said, me.bound)
                self._reply(me.once(me.key, self._checked(call, spoken) if is_checked else call), me.ref)
                return
            if is_checked:
                self._check_aloud(spoken)
            self._reply(say(me, said, me.bound), me.ref)

    def _check_aloud(self, spoken: str) -> None:
        """:raises HeldLine, BadArguments: what is about to be said may have a password in it, or be one."""
        self._secrets.check(spoken, self._hall.clock.seconds(), self._hall.settings.password_min)

    def _checked(self, call: Callable[[], Reply], spoken: str) -> Callable[[], Reply]:
        """Return a function that says something, but for what may have a password in it."""

        def checked() -> Reply:
            self._check_aloud(spoken)
            return call()

        return checked

    def _obey(self, me: Actor, line: str, is_typed: bool) -> None:
        """Carry out a command that was typed after a slash.

        :param is_typed: a person types here, and can be asked for something.
        """
        name = line.partition(" ")[0].lower()
        self._command = SECRET[name].name if name in SECRET else ""
        if self._command:
            self._secrets.passed()  # it is the next try
        lacking: list[Parameter] = []
        verb, arguments = COMMANDS.read_line(me, line, lacking if is_typed else None)

        def carry_out(given: Mapping[str, object]) -> None:
            if self._charge_verb(verb.cost):
                call = self._call if verb.cost <= 1 else partial(self._call_in_turn, verb.cost)
                call(verb, me, given)

        def check(given: Mapping[str, object], password: str) -> None:
            self._hall.admission.check_new(str(given.get("name", me.person.nick)), password, self.screen)

        if not (is_typed and verb.secret):
            carry_out(arguments)
            return
        command = Command(verb.parameters, arguments, carry_out, check)
        if lacking:
            self._hall.admission.check_line(self.screen)
            if self._hall.settings.registration == "invite":
                lacking += [one for one in verb.parameters if one.optional and one.argument.secret]
            self._asking.begin(command, lacking)
        else:
            self._asking.note(command)
            carry_out(arguments)

    def _offer(self, claim: Claim, ref: Ref) -> None:
        if self.connection is None:
            self._come_in(claim, ref)
        elif claim != Claim(claim.nick):
            raise BadArguments("You are in already; the other fields are for coming in.")
        else:
            self._reply(take_nickname(Actor(self._hall, self.connection, ref), claim.nick), ref)

    def _log_out(self, ref: Ref) -> None:
        """Leave the hall, and stay connected; first the token is made worthless, on disk."""
        connection = self._me()
        digest, author = connection.digest, connection.person.author
        if not digest:
            self._logged_out(connection, ref)
            return

        def settled(refusal: Refusal | None) -> None:
            if not connection.gone:
                if refusal is None:
                    self._logged_out(connection, ref)
                else:
                    connection.digest = digest
                    self.refuse(refusal, ref)
            self.screen.release(Hold.ANSWER)

        connection.digest = ""  # another connection that comes in by the token now is put out with it
        self.screen.hold(Hold.ANSWER)
        try:
            receipt = self._hall.registration.amend(author, Revoke(author, only=digest))
        except Refusal as refusal:
            settled(refusal)
        else:
            receipt.when_settled(lambda: settled(receipt.refusal))

    def _logged_out(self, connection: Connection, ref: Ref) -> None:
        self._hall.attendance.tell_all_departed(connection, "logged-out")
        self._hall.attendance.leave(connection, "logged out")
        self.connection = self._composer = None
        self._show(Done(text=f"You have left; {connection.person.nick} is yours when you log in again."), ref)
        self._ask("nickname")

    def _do(self, name: str, arguments: Mapping[str, object], ref: Ref, key: str | None) -> None:
        if self.connection is None and name == "ping":
            self._show(Done(), ref)  # nothing was posted before
            return
        if self.connection is None and name == "hello":
            self._show(self.introduction(), ref)
            return
        if self.connection is None and name == "exit":
            self._say_goodbye(ref)
            return
        me = Actor(self._hall, self._me(), ref, key)
        if name != "ping":  # which may be taken before its turn, while a command with a password is not answered yet
            self._command = SECRET[name].name if name in SECRET else ""
            if self._command:
                self._secrets.passed()  # it is the next try
        verb, given = COMMANDS.read_fields(me, name, arguments)
        cost = verb.cost_of(given)
        if self._charge_verb(cost):
            aloud = given["text"] if verb.function in ALOUD and me.connection.attended else ""
            call = self._call if cost <= 1 else partial(self._call_in_turn, cost)
            call(verb, me, given, aloud)

    def _call_in_turn(self, cost: float, verb: Verb, me: Actor, given: Mapping[str, object], aloud: str = "") -> None:
        """Call a costly verb; when others have had all of this turn's share, in one of the next turns.

        So of a crowd that asks for the same at once few are under way, and what each needs meanwhile is not kept for
        all of them.
        """
        shares = self._hall.requests
        if shares.over:
            self.screen.hold(Hold.ANSWER)
            shares.next_turn().addCallback(lambda _: self._call_late(cost, verb, me, given, aloud))
        else:
            shares.spend(cost)
            self._call(verb, me, given, aloud)

    def _call_late(self, cost: float, verb: Verb, me: Actor, given: Mapping[str, object], aloud: str) -> None:
        self._hall.requests.spend(cost)
        self.screen.release(Hold.ANSWER)
        self._guard(me.ref, 0, self._call, verb, me, given, aloud)

    def _call(self, verb: Verb, me: Actor, given: Mapping[str, object], aloud: str = "") -> None:
        """Call a verb; once more if what it built on was changed by somebody else just before.

        :param aloud: the words that a person is about to say, which may have a password in them; empty: none.
        """
        call: Callable[[], Reply] = partial(verb.function, me, **given)
        if aloud:
            call = self._checked(call, aloud)
        if me.key is not None and verb.posts:
            call = partial(me.once, me.key, call)
        self._reply(call(), me.ref, call)

    def _reply(self, reply: Reply, ref: Ref, verb: Callable[[], Reply] | None = None) -> None:
        """See that a request gets exactly one answer.

        :param verb: what to call once more when the reply turns out to be outdated; None: that is the answer.
        """
        if reply is None:
            return  # the answer comes through the queue
        if isinstance(reply, Receipt):
            if reply.changes:
                if verb is not None:
                    reply.again = partial(self._repeat, reply, verb, ref)
                # What comes next may depend on what is true then.
                self.screen.hold(Hold.ANSWER)
                reply.when_settled(lambda: self.screen.release(Hold.ANSWER))
        elif isinstance(reply, Answer):
            self._show(reply, ref)
        elif isinstance(reply, Claim):
            self._come_in(reply, ref)
        elif isinstance(reply, Logout):
            self._log_out(ref)
        elif isinstance(reply, Composing):
            self._compose(reply)
        else:
            self._await(reply, ref, verb)

    def _repeat(self, first: Receipt, verb: Callable[[], Reply], ref: Ref) -> None:
        """Make a request once more; its first receipt is settled when that is answered."""

        def settle(refusal: Refusal | None = None) -> None:
            for function in first.settle(refusal):
                function()

        if self.state is State.GONE:
            settle()
            return
        try:
            reply = verb()
        except Exception:
            self._excuse(Failure(), ref)
            settle()
            return
        if isinstance(reply, Receipt):
            reply.when_settled(lambda: settle(reply.refusal))
            return
        if isinstance(reply, Deferred):
            self._await(reply, ref)
            reply.addBoth(lambda _: settle())
            return
        self._reply(reply, ref)
        settle()

    def _await(
        self,
        reply: "Deferred[Receipt] | Deferred[Answer]",
        ref: Ref,
        verb: Callable[[], Reply] | None = None,
    ) -> None:
        self.screen.hold(Hold.ANSWER)
        reply.addCallback(self._settled, ref, verb)
        reply.addErrback(self._excuse, ref)
        reply.addBoth(self._answered)

    def _settled(
        self, reply: "Receipt | Answer", ref: Ref, verb: Callable[[], Reply] | None
    ) -> "Deferred[None] | None":
        """Answer what was waited for; return a Deferred if there is more to wait for before the next line."""
        if not isinstance(reply, Receipt) or not reply.changes:
            self._reply(reply, ref)
            return None
        if verb is not None:
            reply.again = partial(self._repeat, reply, verb, ref)
        if self._command:
            reply.when_settled(lambda: self._failed() if reply.refusal is not None else None)
        waiting: Deferred[None] = Deferred()
        reply.when_settled(lambda: waiting.callback(None))
        return waiting

    def _compose(self, to: Composing) -> None:
        if not self.screen.style.attended:
            raise BadArguments("/paste is for people who type. Programs send all lines as one text.")
        if self._composer is None:
            self._composer = Composer(self._hall, self._show, self.refuse)
        self._composer.begin(to)

    def _guard(self, ref: Ref, cost: float, action: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> None:
        """Do this for the peer; nothing it raises goes further than here."""
        if self.state is State.GONE or (self.connection is not None and self.connection.gone):
            return
        try:
            if self._charge(cost):
                action(*args, **kwargs)
        except Exception:
            self._excuse(Failure(), ref)
        commits = self._hall.commits
        if commits.congested:
            commits.make_wait(self)

    def _charge_verb(self, cost: float) -> bool:
        """Charge what a verb costs beyond its line; after a costly one others have their turn, whoever asked for it."""
        if cost > 1:
            self.screen.yield_turn()
        return self._charge(cost - 1)

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
        if not delay or self._is_operator():
            return True  # operators who fight a flood are not held up
        if self._bucket.in_excess(now) > settings.flood_patience_s:
            self.hangup(Flooding("You send faster than this server takes it. Send less, and come back."))
            return False
        self.screen.hold(Hold.FLOOD)
        self._calm_at = now + delay
        self._hall.clock.callLater(delay, self._calm)
        return True

    def _is_operator(self) -> bool:
        connection = self.connection
        if connection is None:
            return False
        return self._hall.moderation.rank(connection.person.account, connection.current) >= Rank.OPERATOR

    def _calm(self) -> None:
        """Listen again, unless something that was charged later is to be waited for."""
        if self._hall.clock.seconds() >= self._calm_at:
            self.screen.release(Hold.FLOOD)
