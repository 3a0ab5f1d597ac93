"""The load: send lines and count what is received, in C if there is a compiler, else in Python."""

import ctypes
import hashlib
import os
import select
import shutil
import socket
import subprocess
import tempfile
import time
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from benchmarks.secured import Secured, entries

SOURCES = Path(__file__).parent
SAMPLES = 2_000_000
"""The most delays that are kept of one span."""
DIGITS = 10
RING = 65536
READ = 1 << 18


class Broken(Exception):
    """A server closed a connection of the load, or accepted no more lines from it."""


class State(ctypes.Structure):
    """``struct load`` of load.c, which explains the fields."""

    _fields_ = (
        ("epoll", ctypes.c_int32),
        ("senders", ctypes.POINTER(ctypes.c_int32)),
        ("sender_count", ctypes.c_int32),
        ("before", ctypes.c_char_p),
        ("before_size", ctypes.c_int32),
        ("between", ctypes.c_char_p),
        ("between_size", ctypes.c_int32),
        ("after", ctypes.c_char_p),
        ("after_size", ctypes.c_int32),
        ("fanout", ctypes.c_int32),
        ("window", ctypes.c_int32),
        ("rate", ctypes.c_double),
        ("stride", ctypes.c_int32),
        ("delays", ctypes.POINTER(ctypes.c_float)),
        ("delays_size", ctypes.c_int64),
        ("lasts", ctypes.POINTER(ctypes.c_float)),
        ("lasts_size", ctypes.c_int64),
        ("stopped", ctypes.c_int32),
        ("delay_count", ctypes.c_int64),
        ("last_count", ctypes.c_int64),
        ("sent", ctypes.c_int64),
        ("delivered", ctypes.c_int64),
        ("completed", ctypes.c_int64),
        ("reads", ctypes.c_int64),
        ("bytes", ctypes.c_int64),
        ("origin", ctypes.c_int64),
        ("sender", ctypes.c_int64),
        ("failed", ctypes.c_int32),
        ("sent_at", ctypes.c_int64 * RING),
        ("sessions", ctypes.POINTER(ctypes.c_void_p)),
        ("tls_read", ctypes.c_void_p),
        ("tls_write", ctypes.c_void_p),
    )


def compiled(source: str, *options: str) -> Path | None:
    """Return a program or library compiled from one of the C files here; None without a compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    path = SOURCES / source
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    made = Path(tempfile.gettempdir()) / f"groupchat-{path.stem}-{os.getuid()}-{digest}"
    if not made.exists():
        with tempfile.TemporaryDirectory() as folder:
            built = Path(folder, "built")
            subprocess.run([compiler, "-O2", *options, "-o", built, path], check=True)
            built.replace(made)  # atomically: another process may look for it meanwhile
    return made


@cache
def library() -> ctypes.CDLL | None:
    """Return the load in C, if there is a compiler."""
    path = compiled("load.c", "-shared", "-fPIC")
    if path is None:
        return None
    loaded = ctypes.CDLL(str(path), use_errno=True)
    loaded.load_run.argtypes = (ctypes.POINTER(State), ctypes.c_double)
    return loaded


@dataclass(frozen=True)
class Span:
    """The counts of a span of time.

    ``delays``: milliseconds from sending to receiving, sampled; ``lasts``: until all members must have received it.
    ``cpu``: the share of one processor that the load itself used.
    """

    seconds: float
    sent: int
    delivered: int
    reads: int
    bytes: int
    cpu: float
    delays: Sequence[float]
    lasts: Sequence[float]


class Load:
    """Senders and receivers on connected sockets that have joined.

    ``speech``: what a message contains before and after the stamp, and between two of them if it has two.
    ``fanout``: how often each message is delivered.
    """

    def __init__(
        self,
        receivers: Sequence[socket.socket],
        senders: Sequence[socket.socket],
        speech: Sequence[bytes],
        fanout: int,
        *,
        compiled: bool = True,
    ) -> None:
        self._library = library() if compiled else None
        self._sockets = {one.fileno(): one for one in (*receivers, *senders)}
        self._epoll = select.epoll()
        for descriptor in self._sockets:
            self._epoll.register(descriptor, select.EPOLLIN)
        numbers = [one.fileno() for one in senders]
        (before, *middle, after) = speech
        between = b"".join(middle)
        self._state = State(
            epoll=self._epoll.fileno(), senders=(ctypes.c_int32 * len(numbers))(*numbers), sender_count=len(numbers),
            before=before, before_size=len(before), between=between, between_size=len(between),
            after=after, after_size=len(after), fanout=fanout,
        )  # fmt: skip
        if any(isinstance(one, Secured) for one in self._sockets.values()):
            sessions = [getattr(self._sockets.get(number), "session", None) for number in range(max(self._sockets) + 1)]
            self._state.sessions = (ctypes.c_void_p * len(sessions))(*sessions)
            self._state.tls_read, self._state.tls_write = entries()

    def run(self, seconds: float, *, window: int = 0, rate: float = 0.0, stride: int = 1) -> Span:
        """Send for so long, and count; with neither window nor rate, wait for what is outstanding.

        :param window: how many messages are outstanding at any time (closed loop).
        :param rate: how many messages are sent a second, whatever comes back (open loop).
        :param stride: one delay is kept of every so many messages received.
        :raises Broken: a connection was closed, or accepted no more.
        """
        state = self._state
        delays, lasts = (ctypes.c_float * SAMPLES)(), (ctypes.c_float * SAMPLES)()
        state.window, state.rate, state.stride = window, rate, stride
        state.delays, state.delays_size, state.delay_count = delays, SAMPLES, 0
        state.lasts, state.lasts_size, state.last_count = lasts, SAMPLES, 0
        before = (state.sent, state.delivered, state.reads, state.bytes)
        begun, cpu = time.monotonic(), time.process_time()
        failed = self._library.load_run(state, seconds) if self._library is not None else self._run(seconds)
        took, used = time.monotonic() - begun, time.process_time() - cpu
        if failed:
            raise Broken("The server closed a connection." if failed < 0 else os.strerror(failed))
        after = (state.sent, state.delivered, state.reads, state.bytes)
        sent, delivered, reads, size = (late - early for early, late in zip(before, after, strict=True))
        return Span(
            took, sent, delivered, reads, size, used / took,
            array("f", delays[: state.delay_count]), array("f", lasts[: state.last_count]),
        )  # fmt: skip

    def stop(self) -> None:
        """End a run that is going on in another thread, within the time until the next message arrives."""
        self._state.stopped = 1

    def close(self) -> None:
        """Close the selector; the sockets are closed by those who made them."""
        self._epoll.close()

    # The same as load_run in C.

    def _run(self, seconds: float) -> int:
        state = self._state
        begun = now = time.monotonic_ns()
        end = begun + int(seconds * 1e9)
        state.origin = state.origin or begun
        paced = 0

        def due() -> int:
            return begun + int(paced / state.rate * 1e9)

        while now < end and not state.failed and not state.stopped:
            until = end
            if state.window:
                while state.sent - state.delivered // state.fanout < state.window and not state.failed:
                    self._send_one(time.monotonic_ns())
            elif state.rate > 0:
                while due() <= now and not state.failed:
                    self._send_one(due())
                    paced += 1
                until = min(due(), end)
            elif state.delivered >= state.sent * state.fanout:
                break
            for descriptor, _ in self._epoll.poll(max(0, until - now) / 1e9):
                self._receive(descriptor)
            now = time.monotonic_ns()
        # If this process did not run at the end, it sends what was due.
        while not state.window and state.rate > 0 and due() < end and not state.failed and not state.stopped:
            self._send_one(due())
            paced += 1
        return int(state.failed)

    def _send_one(self, at: int) -> None:
        state = self._state
        mark = b"`%0*d" % (DIGITS, (at - state.origin) // 1000)
        second = state.between + mark if state.between else b""
        message = b"%b%b%b%b" % (state.before, mark, second, state.after)
        sender = self._sockets[state.senders[state.sender % state.sender_count]]
        state.sender += 1
        try:
            if sender.send(message) != len(message):
                state.failed = 11
        except OSError as error:
            state.failed = error.errno or -1
        state.sent_at[state.sent % RING] = at
        state.sent += 1

    def _receive(self, descriptor: int) -> None:
        state, one = self._state, self._sockets[descriptor]
        if state.window == 1:
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        try:
            data = one.recv(READ)
        except BlockingIOError:
            return
        except OSError as error:
            state.failed = error.errno or -1
            return
        if not data:
            state.failed = -1
            return
        now = time.monotonic_ns()
        state.reads += 1
        state.bytes += len(data)
        first = -state.delivered % state.stride
        pieces = data.split(b"`")[1:]
        state.delivered += len(pieces)
        for piece in pieces[first :: state.stride]:
            if len(piece) >= DIGITS and state.delay_count < state.delays_size:
                stamp = int(piece[:DIGITS]) * 1000
                state.delays[state.delay_count] = (now - state.origin - stamp) / 1e6
                state.delay_count += 1
        while state.completed < state.delivered // state.fanout:
            if state.last_count < state.lasts_size:
                state.lasts[state.last_count] = (now - state.sent_at[state.completed % RING]) / 1e6
                state.last_count += 1
            state.completed += 1
