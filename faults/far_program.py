"""A program that uses the library with asyncio: it says the lines of its input, and prints what others say.

``python -m faults.far_program SERVER NICK ROOM``
"""

import asyncio
import sys

import groupchat.client as gc


async def main(server: str, nick: str, room: str) -> None:
    """Take part until the input ends, and all that was read is said."""
    async with gc.connect(server, nick, room=room) as chat:
        hearing = asyncio.create_task(hear(chat, room))
        saying: set[asyncio.Task[int]] = set()
        while line := await asyncio.to_thread(sys.stdin.readline):
            # One line need not wait for the answer to the one before: the library keeps their order.
            saying.add(asyncio.create_task(chat.say(line.rstrip("\n"), room=room)))
            await asyncio.sleep(0)
        await asyncio.gather(*saying)
        hearing.cancel()


async def hear(chat: gc.Chat, room: str) -> None:
    """Print what is said in a room."""
    async for event in chat:
        if isinstance(event, gc.Said) and event.room == room:
            print(f"{event.nick}: {event.text}", flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
