"""A thread with a queue of jobs."""

import threading
from functools import partial

from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase

from groupchat.journals.sqlite.worker import Worker
from tests.journals.sqlite.files import THREADS


class WorkerTest(TestCase):
    timeout = 60

    async def test_worker_survives(self) -> None:
        """A job that fails also fails its Deferred, or is logged when nobody waits for it; the thread goes on."""
        worker = Worker(THREADS, "worker")
        self.addCleanup(worker.join)
        await self.assertFailure(worker.call(int, "x"), ValueError)
        worker.tell(int, "y")
        self.assertEqual(await worker.call(int, "3"), 3)
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)

    async def test_order(self) -> None:
        """Jobs are done in the order in which they were asked for, in a thread of the worker's name."""
        worker = Worker(THREADS, "worker")
        self.addCleanup(worker.join)
        done: list[object] = []
        for number in range(100):
            worker.tell(done.append, number)
        name = await worker.call(lambda: threading.current_thread().name)
        self.assertEqual((done, name), ([*range(100)], "worker"))

    async def test_going_on(self) -> None:
        """What is done behind a job comes after its result, also after a failure, and before the next job."""
        worker = Worker(THREADS, "worker")
        self.addCleanup(worker.join)
        done: list[object] = []

        def after(what: str) -> None:
            done.append(what)
            raise ValueError(what)

        self.assertEqual(await worker.call_and_go_on(lambda: 3, partial(after, "a")), 3)
        await self.assertFailure(worker.call_and_go_on(partial(int, "x"), partial(after, "b")), ValueError)
        self.assertEqual(await worker.call(lambda: [*done]), ["a", "b"])
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 2)

    async def test_idle(self) -> None:
        """An idle worker is called again after the seconds that it asks for, and no more after None."""
        idle: Deferred[None] = Deferred()
        calls: list[float] = []

        def work() -> float | None:
            calls.append(0.0)
            if len(calls) < 3:
                return 0.0
            THREADS.callFromThread(idle.callback, None)
            return None

        worker = Worker(THREADS, "worker", work)
        self.addCleanup(worker.join)
        await idle
        self.assertEqual(len(calls), 3)

    async def test_grace(self) -> None:
        """After each job a worker is idle as soon as it is told to be then."""
        idle: Deferred[None] = Deferred()
        graces = [3600.0, 0.0]

        def work() -> None:
            THREADS.callFromThread(idle.callback, None)

        worker = Worker(THREADS, "worker", work, lambda: graces[0])
        self.addCleanup(worker.join)
        await worker.call(int)
        self.assertFalse(idle.called)
        await worker.call(graces.pop, 0)
        await idle

    def test_join(self) -> None:
        """The end of a worker waits for what was asked before."""
        worker = Worker(THREADS, "worker")
        done: list[int] = []
        for number in range(10):
            worker.tell(done.append, number)
        worker.join()
        self.assertEqual(len(done), 10)
