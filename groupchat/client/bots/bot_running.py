"""Wait when the server says so, and leave when the process is asked to end."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any

from groupchat.client.core.client_errors import Refused

LONGEST_WAIT = 60.0
"""The longest time, in seconds, that a bot waits to post something again."""


async def patiently(post: Callable[[], Coroutine[Any, Any, int]]) -> int:
    """Post something, and once more if the server says how long to wait for that."""
    try:
        return await post()
    except Refused as refused:
        if not 0 < refused.wait <= LONGEST_WAIT:
            raise
        await asyncio.sleep(refused.wait)
        return await post()


async def until_terminated(running: Coroutine[Any, Any, None]) -> None:
    """Leave politely when the process is asked to end."""
    task = asyncio.create_task(running)
    asked: list[bool] = []
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, lambda: asked.append(task.cancel()))
    try:
        await task
    except asyncio.CancelledError:
        if not asked:
            raise
