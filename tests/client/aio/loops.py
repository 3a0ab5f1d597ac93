"""Event loops of asyncio within tests of trial."""

import asyncio
from collections.abc import Coroutine
from typing import Any

LIMIT_S = 60.0
"""How long a test may take that waits for something that is expected to happen."""


def play(scene: Coroutine[Any, Any, Any]) -> Any:
    """Run a scene to its end."""

    async def limited() -> Any:
        async with asyncio.timeout(LIMIT_S):
            return await scene

    return asyncio.run(limited())
