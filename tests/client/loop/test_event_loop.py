"""One thread that waits for descriptors, for time, and for calls of other threads."""

import os
import select
import tempfile
from threading import Thread

from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.loop.event_loop import READ, WRITE, Loop


class LoopCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.loop = Loop()
        self.addCleanup(self.loop.close)
        self.told: list[object] = []

    def stop_after(self, *told: object) -> None:
        """Note this, and end the loop."""
        self.told.extend(told)
        self.loop.stop()

    def pipe(self) -> tuple[int, int]:
        read, write = os.pipe()
        for descriptor in (read, write):
            self.addCleanup(os.close, descriptor)
        return read, write


class TimeTest(LoopCase):
    def test_order(self) -> None:
        """Calls come in the order of their times, and those of one time in the order they were asked for."""
        before = self.loop.seconds()
        self.loop.call_later(0.02, self.stop_after, "last")
        self.loop.call_later(0.01, self.told.append, "second")
        for name in ("first", "then"):
            self.loop.call_later(0, self.told.append, name)
        self.loop.run()
        self.assertEqual(self.told, ["first", "then", "second", "last"])
        self.assertGreaterEqual(self.loop.seconds() - before, 0.02)

    def test_cancelled(self) -> None:
        """A call that is cancelled does not come, also when it was due; to cancel it again does nothing."""
        first = self.loop.call_later(0, lambda: second.cancel())
        second = self.loop.call_later(0, self.told.append, "cancelled")
        self.loop.call_later(0.001, self.stop_after)
        for _ in range(2):
            self.loop.call_later(0.0, self.told.append, "cancelled too").cancel()
        self.loop.run()
        first.cancel()
        second.cancel()
        self.assertEqual(self.told, [])


class CallsTest(LoopCase):
    def test_soon(self) -> None:
        """A call soon comes after what happens now; what it asks for comes after others."""
        self.loop.call_soon(lambda: self.loop.call_soon(self.stop_after, "second"))
        self.loop.call_soon(self.told.append, "first")
        self.loop.run()
        self.assertEqual(self.told, ["first", "second"])

    def test_threads(self) -> None:
        """A call of another thread wakes the loop, however many there are."""

        def call() -> None:
            for number in range(100_000):
                self.loop.call_soon(self.told.append, number)
            self.loop.call_soon(self.stop_after)

        thread = Thread(target=call)
        self.loop.call_soon(thread.start)
        self.loop.run()
        thread.join()
        self.assertEqual(self.told, [*range(100_000)])

    def test_exception(self) -> None:
        """An exception of a call ends the loop."""
        self.loop.call_soon(lambda: 1 // 0)
        self.assertRaises(ZeroDivisionError, self.loop.run)


class WatchTest(LoopCase):
    def test_readable(self) -> None:
        """What can be read is told again and again, until nobody waits for it."""
        read, write = self.pipe()
        os.write(write, b"x")
        watch = self.loop.watch(read, lambda event: take(event))

        def take(event: int) -> None:
            self.told.append(event & READ)
            if len(self.told) == 3:
                watch.stop()
                watch.stop()
                self.loop.call_later(0.01, self.loop.stop)

        watch.want(READ)
        self.loop.run()
        self.assertEqual(self.told, [select.POLLIN] * 3)

    def test_hung_up(self) -> None:
        """A reader that goes away is told of, though nothing is to be written."""
        read, write = os.pipe()
        self.addCleanup(os.close, write)
        self.loop.watch(write, self.stop_after).want(0)
        self.loop.call_soon(os.close, read)
        self.loop.run()
        self.assertEqual(self.told, [select.POLLERR])

    def test_stopped_by_another(self) -> None:
        """A descriptor that another one's call has stopped is not told of any more."""
        (one, first), (two, second) = self.pipe(), self.pipe()
        watches = [self.loop.watch(descriptor, self.told.append) for descriptor in (one, two)]

        def stop_both(event: int) -> None:
            for watch in watches:
                watch.stop()
            self.loop.stop()

        watches[0] = self.loop.watch(one, stop_both)
        watches[1] = self.loop.watch(two, stop_both)
        for watch, write in zip(watches, (first, second), strict=True):
            watch.want(READ)
            os.write(write, b"x")
        self.loop.run()
        self.assertEqual(self.told, [])

    def test_files(self) -> None:
        """Files and /dev/null are always ready, as they never let anybody wait."""
        with tempfile.TemporaryFile() as file, open(os.devnull, "r+b") as null:
            for descriptor in (file.fileno(), null.fileno()):
                self.loop.watch(descriptor, self.told.append).want(READ | WRITE)
            self.loop.call_later(0, self.loop.stop)
            self.loop.run()
        self.assertEqual({event & (select.POLLIN | select.POLLOUT) for event in self.told if isinstance(event, int)},
                         {select.POLLIN | select.POLLOUT})  # fmt: skip
        self.assertGreaterEqual(len(self.told), 2)
