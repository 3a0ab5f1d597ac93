"""The library under asyncio."""
