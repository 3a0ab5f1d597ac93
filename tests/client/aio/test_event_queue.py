"""Events that a program has not read yet."""

import asyncio

from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.aio.event_queue import EventQueue
from groupchat.client.core.protocol import Message
from tests.client.aio.loops import play


class EventQueueTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.flow: list[bool] = []
        self.again: list[int] = []
        self.queue: EventQueue[Message] = EventQueue(self.flow.append, self.again.append, 4, 8)

    def put(self, *numbers: int) -> None:
        for number in numbers:
            self.queue.put({"event": "said", "id": number}, number - 1)

    def take(self, count: int) -> list[int]:
        async def scene() -> list[int]:
            messages = [await self.queue.get() for _ in range(count)]
            return [message["id"] for message in messages if message is not None]

        taken: list[int] = play(scene())
        return taken

    def test_flow(self) -> None:
        """Reading pauses when it is full, and goes on when half of it is taken."""
        self.put(1, 2, 3)
        self.assertEqual(self.flow, [])
        self.put(4)
        self.assertEqual(self.flow, [True])
        self.assertEqual(self.take(2), [1, 2])
        self.assertEqual(self.flow, [True])
        self.assertEqual(self.take(1), [3])
        self.assertEqual(self.flow, [True, False])

    def test_answer_needed(self) -> None:
        """While an answer is waited for, reading goes on, whatever waits."""
        self.put(1, 2, 3, 4)
        self.queue.needed(1)
        self.put(5)
        self.assertEqual(self.flow, [True, False])
        self.queue.needed(-1)
        self.assertEqual(self.flow, [True, False, True])

    def test_overfull(self) -> None:
        """What is too much is left out, and read again from there once the rest is taken."""
        self.queue.needed(1)
        self.put(*range(1, 13))
        self.queue.put({"event": "joined"}, 12)
        self.assertEqual(len(self.queue), 8)
        self.assertEqual(self.take(7), list(range(1, 8)))
        self.assertEqual(self.again, [])
        self.put(13)
        self.assertEqual(self.take(1), [8])
        self.assertEqual(self.again, [8])
        self.put(9)
        self.assertEqual(self.take(1), [9])

    def test_no_position(self) -> None:
        """Before there is any position nothing is left out: it could not be asked for again."""
        self.queue.needed(1)
        for _ in range(20):
            self.queue.put({"event": "joined", "id": 0}, None)
        self.assertEqual(len(self.queue), 20)

    def test_end(self) -> None:
        """What is there can be taken at the end, unless it is cleared; then nothing comes any more."""
        self.put(1)
        self.queue.end()
        self.put(2)
        self.assertEqual(self.take(3), [1])
        self.put(3)
        self.queue.end(clear=True)
        self.assertEqual(self.take(1), [])

    def test_waiting(self) -> None:
        """A task that waits is woken by a message and by the end, and may be cancelled."""

        async def scene() -> None:
            task = asyncio.create_task(self.queue.get())
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
            task = asyncio.create_task(self.queue.get())
            await asyncio.sleep(0)
            self.put(7)
            message = await task
            assert message is not None
            self.assertEqual(message["id"], 7)
            task = asyncio.create_task(self.queue.get())
            await asyncio.sleep(0)
            self.queue.end()
            self.assertIsNone(await task)

        play(scene())
