"""Following the log: a stream of entries from one server, and from the next one when it ends or falls silent.

Each watch has a connection of its own, begun only after the server has shown, with a quorum behind it, that the log is
the one that was read so far: one that was made anew or restored would keep a watch waiting without a word.
"""

from collections import deque
from collections.abc import Callable, Sequence

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.python.failure import Failure
from zope.interface import implementer

from groupchat.interfaces.shared_log import Closed, Compacted, ForeignLog, ILogWatch, LogEntry
from groupchat.journals.logs.etcd.etcd_connections import Server
from groupchat.journals.logs.etcd.gateway import ATTEMPT_S, Refused, Unanswered
from groupchat.journals.logs.etcd.log_stream import Created, Entries, Erased, Gone, Lines, Message, messages
from groupchat.journals.logs.etcd.requests.etcd_requests import Requests, View, cluster_of
from groupchat.journals.logs.etcd.rounds import Rounds
from groupchat.outgoing.http_answers import NoHttp
from groupchat.outgoing.http_stream import HttpStream, Open

FIRST_PAUSE_S = 0.02
LONGEST_PAUSE_S = 0.5
"""Seconds between two attempts to watch, doubled each time."""

DELAY_S = 0.002
"""Seconds that something is delayed at most: about what an append and a transaction of the journal take."""

MOVE_BYTES = 4096
"""Bytes of a long line that are as good as something said: what brings less in half a second has as good as stopped."""

MOST_DELAYED_BYTES = 64 * 1024
"""The most bytes that are delayed."""


class Stream:
    """The body of a watch's answer.

    ``begun`` fires when the watch has begun or ended; ``done`` when it has ended, with a sentence, or with the error
    that ends all.
    """

    def __init__(self, take: Callable[[bytes], None]) -> None:
        self.begun: Deferred[None] = Deferred()
        self.done: Deferred[str] = Deferred()
        self._take = take
        self._answer: HttpStream | None = None
        self._is_held = False

    def answered(self, answer: HttpStream) -> None:
        """Note that it comes from there."""
        self._answer = answer

    def begin(self) -> None:
        """Note that the watch has begun."""
        if not self.begun.called:
            self.begun.callback(None)

    def end(self, result: "str | Failure") -> None:
        """Take nothing more."""
        if not self.done.called:
            self.done.callback(result)
        self.begin()
        if self._answer is not None:
            self._answer.drop()

    def hold(self) -> None:
        """Read nothing more from the connection."""
        if self._answer is not None and not self._is_held:
            self._is_held = True
            self._answer.pause()

    def release(self) -> None:
        """Read again."""
        if self._answer is not None and self._is_held:
            self._is_held = False
            self._answer.resume()

    # The answer calls these.

    def came(self, data: bytes) -> None:
        if not self.done.called:
            self._take(data)

    def ended(self, failure: Failure | None) -> None:
        error = failure.value if failure is not None else None
        self.end(f"it {error}" if isinstance(error, NoHttp) else "the connection has ended")


@implementer(ILogWatch)
class LogWatch:
    """Delivers entries.

    ``position`` and ``number`` are those of the newest entry that was delivered; the number is 0 until there is one.
    ``moves`` counts what came, so that it can be seen whether anything does: what was said, not the bytes that trickle.
    """

    def __init__(
        self,
        open_stream: Open,
        rounds: Rounds,
        requests: Requests,
        cluster: str,
        after: int,
        entries: Callable[[Sequence[LogEntry]], object],
    ) -> None:
        self.position = after
        self.number = 0
        self.moves = 0
        self._begun_bytes = 0
        self.trouble = ""
        self._open_stream = open_stream
        self._rounds = rounds
        self._requests = requests
        self._cluster = cluster
        self._entries = entries
        self._stream: Stream | None = None
        self._lines = Lines()
        self._waiting: deque[Message] = deque()
        self._paused = False
        self._delayed: bytearray | None = None
        """What has come while it is delayed; None: nothing is delayed."""
        self._late: IDelayedCall | None = None
        self.is_stopped = False
        self._task: Deferred[None] | None = None

    @property
    def server(self) -> Server:
        """Return the server that is watched."""
        return self._rounds.server

    @property
    def is_following(self) -> bool:
        """Whether entries should come as soon as they are there."""
        return self._stream is not None and self._stream.begun.called and not self._paused

    def start(self, ended: Callable[[Failure], object]) -> None:
        """Begin to watch; call the function if that ends by itself."""

        def failed(failure: Failure) -> None:
            self.is_stopped = True
            if not failure.check(Closed, CancelledError):
                # In a turn of its own: whoever is told may close everything.
                self._rounds.gateway.clock.callLater(0, ended, failure)

        if self.is_stopped:
            return
        self._task = Deferred.fromCoroutine(self._run())
        self._task.addErrback(failed)

    def pause(self) -> None:
        self._paused = True
        self._hold()

    def resume(self) -> None:
        if self._paused:
            self._paused = False
            self._rounds.gateway.clock.callLater(0, self._go_on)

    def delay(self) -> None:
        if self._delayed is None:
            self._delayed = bytearray()

    def catch_up(self) -> None:
        delayed, self._delayed = self._delayed, None
        if self._late is not None:
            self._late.cancel()
            self._late = None
        if delayed:
            self._read(bytes(delayed))

    def stop(self) -> None:
        self._drop_delayed()
        self._paused = self.is_stopped = True
        self._waiting.clear()
        if self._task is not None:
            self._task.cancel()

    def again(self) -> None:
        """Watch from another server: this one has fallen silent."""
        if self._stream is not None:
            self._stream.end("it has fallen silent")

    def fail(self, error: Exception) -> None:
        """End with an error that was found elsewhere."""
        if self._stream is not None:
            self._stream.end(Failure(error))

    def verify(self, view: View, position: int, number: int) -> None:
        """See that what a server shows is the log that was read up to this place before it was asked.

        :raises ForeignLog: it is another one.
        """
        newest = view.newest
        if cluster_of(view.form) != self._cluster:
            raise ForeignLog("The log in etcd is another one than before: it was made anew.")
        if (
            newest.revision < position
            or newest.number < number
            or (newest.revision == position and number > 0 and number != newest.number)
        ):
            raise ForeignLog(
                f"The log in etcd ends at {newest.number:,} (revision {newest.revision:,}), but was read up to "
                f"{number:,} (revision {position:,}): it is an older copy, or was changed by others."
            )

    async def _run(self) -> None:
        wait = FIRST_PAUSE_S
        gateway = self._rounds.gateway
        while not self.is_stopped:
            server, before = self.server, self.moves
            try:
                view = await gateway.call(server, self._requests.look())
                self.verify(view, self.position, self.number)
                self.trouble = f"{server} has ended the watch: {await self._follow(server, view.first)}."
            except Unanswered as error:
                self.trouble = str(error)
            except Refused as error:
                self.trouble = f"{server} refuses to be watched: {error}."
            self._rounds.turn()
            wait = FIRST_PAUSE_S if self.moves != before else min(wait * 2, LONGEST_PAUSE_S)
            await gateway.pause(wait)

    async def _follow(self, server: Server, first: int) -> str:
        """Take what comes from a server, from this revision or the position on, until it ends; return why.

        :raises Unanswered: it has not even begun.
        """
        self._drop_delayed()
        self._lines, self._waiting = Lines(), deque()
        stream = self._stream = Stream(self._take)
        try:
            start = max(self.position + 1, first)
            await self._rounds.gateway.within(
                server, lambda: Deferred.fromCoroutine(self._open(server, stream, start)), ATTEMPT_S
            )
            return await stream.done
        finally:
            self._stream = None
            stream.end("it is not wanted any more")
            stream.done.addErrback(lambda _: None)

    async def _open(self, server: Server, stream: Stream, start: int) -> None:
        gateway = self._rounds.gateway
        answer = await gateway.send(self._open_stream, server, self._requests.watch(start), stream)
        stream.answered(answer)
        if answer.status != 200:
            gateway.forget_token(server)
            stream.end(f"it answers {answer.status}")
        await stream.begun

    def _take(self, data: bytes) -> None:
        self._begun_bytes += len(data)
        if self._begun_bytes >= MOVE_BYTES:
            self._note_move()
        if self._delayed is None:
            self._read(data)
            return
        self._delayed += data
        if len(self._delayed) > MOST_DELAYED_BYTES:
            self.catch_up()
        elif self._late is None:
            self._late = self._rounds.gateway.clock.callLater(DELAY_S, self._end_delay)

    def _note_move(self) -> None:
        self.moves += 1
        self._begun_bytes = 0

    def _end_delay(self) -> None:
        self._late = None
        self.catch_up()

    def _drop_delayed(self) -> None:
        """Forget what has come and was not read: it comes again from the next server, if anybody wants it."""
        if self._delayed is not None:
            self._delayed.clear()
        self.catch_up()

    def _read(self, data: bytes) -> None:
        stream = self._stream
        if stream is None:
            return
        try:
            for line in self._lines.feed(data):
                self._waiting.extend(messages(line))
                self._note_move()
        except ValueError as error:
            stream.end(f"it sends what no watch sends ({error})")
            return
        self._go_on()

    def _go_on(self) -> None:
        """Heed what has come; entries only while they are wanted."""
        while self._waiting and not (self._paused and isinstance(self._waiting[0], Entries)):
            self._heed(self._waiting.popleft())
        if not self._paused and self._stream is not None:
            self._stream.release()

    def _heed(self, message: Message) -> None:
        stream = self._stream
        if stream is None:
            return
        if isinstance(message, Entries):
            self._deliver(stream, message.entries)
        elif isinstance(message, Created):
            self.trouble = ""
            stream.begin()
            if self._paused:
                self._hold()
        elif isinstance(message, Gone):
            stream.end(Failure(Compacted(message.revision - 1)))
        elif isinstance(message, Erased):
            stream.end(Failure(ForeignLog("Somebody has removed the log from etcd.")))
        else:
            stream.end(message.reason)

    def _deliver(self, stream: Stream, entries: Sequence[LogEntry]) -> None:
        number, position = self.number, self.position
        for entry in entries:
            if entry.revision <= position or number not in (0, entry.number - 1):
                stream.end(Failure(ForeignLog(f"The log in etcd goes on with {entry.number:,} after {number:,}.")))
                return
            number, position = entry.number, entry.revision
        self.number, self.position = number, position
        try:
            self._entries(entries)
        except Exception:
            stream.end(Failure())

    def _hold(self) -> None:
        if self._stream is not None:
            self._stream.hold()
