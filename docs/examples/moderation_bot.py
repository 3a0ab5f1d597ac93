"""Warns who says too much at once, then mutes them. Usage: python moderation_bot.py HOST[:PORT] ROOM PASSWORD_FILE

The bot's account, guard, must be an operator of the room: /op guard
"""

import sys
from collections import defaultdict, deque
from pathlib import Path

import groupchat.client as gc

MOST, SECONDS = 5, 10
"""How many messages one person may say in how many seconds."""


def guard(room, **options):
    """Return a bot that keeps order in the room."""
    bot = gc.Bot("guard", room=room, **options)
    recent = defaultdict(deque)
    warned = set()

    @bot.on(gc.Said)
    async def watch(event):
        times = recent[event.nick]
        times.append(event.at)
        while (event.at - times[0]).total_seconds() > SECONDS:
            times.popleft()
        if len(times) <= MOST:
            return
        times.clear()
        if event.nick in warned:
            await bot.request("mute", nick=event.nick, duration="10m", reason="too much at once", room=room)
        else:
            warned.add(event.nick)
            await bot.tell(event.nick, f"Not so fast in {room}, please: the next time you are muted for 10 minutes.")

    @bot.on(gc.Joined)
    async def welcome(event):
        await bot.tell(event.nick, f"Welcome to {event.room}! !rules tells what is asked of you here.")

    @bot.command("rules")
    def rules():
        """Tell what is asked of people here."""
        return f"Be kind. No more than {MOST} messages in {SECONDS} seconds."

    return bot


if __name__ == "__main__":
    password = Path(sys.argv[3]).read_text().strip()
    guard(sys.argv[2], password=password).run(sys.argv[1])
