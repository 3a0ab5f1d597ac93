"""The library under asyncio, over the core without I/O."""
