"""Passes on what is said in a room, as JSON, to a web service. Usage: python webhook_bot.py HOST[:PORT] ROOM URL"""

import asyncio
import json
import sys
import urllib.request

import groupchat.client as gc


def relay(room, url):
    """Return a bot that passes on what is said in the room."""
    bot = gc.Bot("webhook", room=room, state="webhook_bot.state")

    @bot.on(gc.Said, gc.Acted)
    async def passed_on(event):
        message = {"id": event.id, "room": event.room, "nick": event.nick, "text": event.text, "at": event.raw["at"]}
        for attempt in range(8):
            try:
                await asyncio.to_thread(post, url, message)
                break
            except OSError as error:
                print(f"#{event.id} is not passed on yet: {error}", file=sys.stderr)
                await asyncio.sleep(2**attempt)

    return bot


def post(url, message):
    """Post an object to the web service."""
    data = json.dumps(message).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10):
        pass


if __name__ == "__main__":
    relay(sys.argv[2], sys.argv[3]).run(sys.argv[1])
