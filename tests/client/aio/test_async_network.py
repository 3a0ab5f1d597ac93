"""Connections with asyncio: on loopback, to servers of the test."""

import asyncio
import contextlib
import errno
import gc
import socket
from collections.abc import AsyncIterator
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.aio.async_network import AsyncClock, AsyncDialer, AsyncWire, no_connection
from groupchat.client.core.client_errors import NoConnection, NoRoute, NothingListens, TimedOut, UnknownHost
from groupchat.client.core.network import Transport
from tests.client.aio.loops import play

Visit = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Receiver:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.transport: Any = None
        self.news = asyncio.Event()

    def opened(self, transport: Transport) -> None:
        self.transport = transport
        self._note("opened")

    def failed(self, error: Exception) -> None:
        self._note(type(error))

    def received(self, data: bytes) -> None:
        self._note(data)

    def congested(self, is_full: bool) -> None:
        self._note(is_full)

    def closed(self, error: Exception) -> None:
        self._note(type(error).__name__)

    def _note(self, news: Any) -> None:
        self.told.append(news)
        self.news.set()

    async def until(self, news: Any) -> None:
        while news not in self.told:
            self.news.clear()
            await self.news.wait()


class AsyncNetworkTest(SynchronousTestCase):
    @contextlib.asynccontextmanager
    async def served(self) -> AsyncIterator[tuple[AsyncDialer, asyncio.Queue[Visit]]]:
        """A server, and who connects to it."""
        visits: asyncio.Queue[Visit] = asyncio.Queue()
        writers: list[asyncio.StreamWriter] = []

        def visited(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writers.append(writer)
            visits.put_nowait((reader, writer))

        server = await asyncio.start_server(visited, "127.0.0.1", 0)
        yield AsyncDialer(asyncio.get_running_loop(), "127.0.0.1", server.sockets[0].getsockname()[1]), visits
        server.close()
        for writer in writers:
            writer.transport.abort()
        await asyncio.sleep(0.01)

    def test_bytes(self) -> None:
        """Bytes go both ways, also when reading is paused meanwhile, and the end is told once."""

        async def scene() -> None:
            async with self.served() as (dialer, visits):
                receiver = Receiver()
                dialer.dial(receiver)
                self.assertEqual(receiver.told, [])
                await receiver.until("opened")
                reader, writer = await visits.get()
                receiver.transport.write(b"ping")
                self.assertEqual(await reader.readexactly(4), b"ping")
                receiver.transport.pause()
                writer.write(b"pong")
                await writer.drain()
                receiver.transport.write(b"more")
                await reader.readexactly(4)
                self.assertEqual(receiver.told, ["opened"])
                receiver.transport.resume()
                await receiver.until(b"pong")
                writer.close()
                await receiver.until("ConnectionEnded")
                for late in (receiver.transport.pause, receiver.transport.resume, receiver.transport.abort):
                    late()
                receiver.transport.write(b"late")
                self.assertEqual(receiver.told.count("ConnectionEnded"), 1)

        play(scene())

    def test_congestion(self) -> None:
        """Whoever writes more than the network takes is told so, and when it takes more again."""

        async def scene() -> None:
            async with self.served() as (dialer, visits):
                receiver = Receiver()
                dialer.dial(receiver)
                await receiver.until("opened")
                reader, writer = await visits.get()
                receiver.transport.write(b"x" * 20_000_000)
                await receiver.until(True)
                receiver.transport.close()
                self.assertEqual(len(await reader.read(-1)), 20_000_000)
                await receiver.until(False)
                writer.close()

        play(scene())

    def test_failing(self) -> None:
        """Why there is no connection is told by the library's errors."""

        async def scene() -> None:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                receiver = Receiver()
                AsyncDialer(asyncio.get_running_loop(), "localhost", probe.getsockname()[1]).dial(receiver)
                await receiver.until(NothingListens)
                for host in (f"{'x' * 70}.invalid", "nul\0.invalid", ".."):
                    receiver = Receiver()
                    AsyncDialer(asyncio.get_running_loop(), host, 5000).dial(receiver)
                    await receiver.until(UnknownHost)

        play(scene())

    def test_cancelling(self) -> None:
        """An attempt that is given up tells nothing; one that was successful stays."""

        async def scene() -> None:
            async with self.served() as (dialer, _):
                for turns in range(8):
                    receiver = Receiver()
                    attempt = dialer.dial(receiver)
                    for _ in range(turns):
                        await asyncio.sleep(0.001)
                    was_open = "opened" in receiver.told
                    attempt.cancel()
                    attempt.cancel()
                    await asyncio.sleep(0.01)
                    self.assertEqual(receiver.told, ["opened"] if was_open else [], turns)
                    if was_open:
                        receiver.transport.abort()

        play(scene())
        # Python 3.11 forgets a socket if an attempt is cancelled in the moment in which it succeeds; that is collected.
        gc.collect()
        self.flushWarnings()

    def test_cancelled_in_the_last_moment(self) -> None:
        """A connection that asyncio tells of after it was given up is closed, and the receiver learns of none."""

        async def scene() -> None:
            async with self.served() as (dialer, visits):
                receiver = Receiver()
                wire = AsyncWire(receiver)
                wire.give_up()
                loop = asyncio.get_running_loop()
                await loop.create_connection(lambda: wire, *dialer.place)
                reader, _ = await visits.get()
                self.assertEqual(await reader.read(), b"")
                await asyncio.sleep(0.01)
                self.assertEqual((receiver.told, wire.is_open), ([], False))

        play(scene())

    def test_errors(self) -> None:
        """Each error of the network has its kind; of several addresses the one that says most is told."""
        refused = ConnectionRefusedError(errno.ECONNREFUSED, "Connect call failed")
        unreachable = OSError(errno.ENETUNREACH, "Network is unreachable")
        several = OSError("Multiple exceptions: [Errno 111] Connect call failed, [Errno 101] …")
        for error, kind in (
            (refused, NothingListens),
            (several, NothingListens),
            (OSError("Multiple exceptions: [Errno 101] Connect call failed ('::1', 1), [Errno 101] …"), NoRoute),
            (unreachable, NoRoute),
            (TimeoutError(), TimedOut),
            (socket.gaierror(-2, "Name or service not known"), UnknownHost),
            (UnicodeError("label too long"), UnknownHost),
            (OSError(errno.EMFILE, "Too many open files"), NoConnection),
        ):
            self.assertIs(type(no_connection(error, "chat.lab", 5000)), kind)
        self.assertEqual(str(no_connection(refused, "chat.lab", 5000)), "nothing listens at chat.lab, port 5000")

    def test_clock(self) -> None:
        """The clock is the loop's; a call in the future can be cancelled."""

        async def scene() -> None:
            clock = AsyncClock(asyncio.get_running_loop())
            called: list[str] = []
            clock.call_later(0.02, called.append, "cancelled").cancel()
            clock.call_later(0.01, called.append, "called")
            before = clock.seconds()
            while not called:
                await asyncio.sleep(0.005)
            self.assertGreaterEqual(clock.seconds() - before, 0.01)
            await asyncio.sleep(0.02)
            self.assertEqual(called, ["called"])

        play(scene())
