"""Joins a room and a channel of IRC. Usage: python irc_bridge.py HOST[:PORT] ROOM IRC_HOST IRC_PORT CHANNEL"""

import asyncio
import sys

import groupchat.client as gc

NICK = "bridge"


async def bridge(server, room, irc_host, irc_port, channel):
    """Say in each of the two what is said in the other one, until one of them ends."""
    reader, writer = await asyncio.open_connection(irc_host, irc_port)
    send(writer, f"NICK {NICK}", f"USER {NICK} 0 * :{NICK}", f"JOIN {channel}")
    try:
        async with gc.connect(server, NICK, room=room) as chat, asyncio.TaskGroup() as group:
            group.create_task(to_irc(chat, writer, channel))
            group.create_task(from_irc(reader, writer, chat, channel))
    finally:
        writer.close()


async def to_irc(chat, writer, channel):
    """Say in the channel what is said in the room."""
    async for event in chat:
        match event:
            case gc.Said(nick=nick, text=text):
                send(writer, *(f"PRIVMSG {channel} :<{nick}> {line}" for line in text.split("\n")))
            case gc.Acted(nick=nick, text=text):
                send(writer, f"PRIVMSG {channel} :* {nick} {text}")
            case gc.Joined(nick=nick) | gc.Left(nick=nick):
                verb = "joined" if isinstance(event, gc.Joined) else "left"
                send(writer, f"NOTICE {channel} :{nick} {verb} {event.room}")
        await writer.drain()


async def from_irc(reader, writer, chat, channel):
    """Say in the room what is said in the channel."""
    while line := (await reader.readline()).decode("utf-8", "replace").rstrip("\r\n"):
        source, _, rest = line[1:].partition(" ") if line.startswith(":") else ("", "", line)
        command, _, rest = rest.partition(" ")
        target, _, text = rest.partition(" :")
        if command == "PING":
            send(writer, f"PONG {rest}")
        elif command == "PRIVMSG" and target.casefold() == channel.casefold() and text.strip():
            nick = source.partition("!")[0]
            if text.startswith("\x01ACTION "):
                await chat.say(f"* {nick} {text[8:-1]}")
            else:
                await chat.say(f"<{nick}> {text}")
    raise ConnectionError("IRC has closed the connection")


def send(writer, *lines):
    """Send lines to IRC."""
    writer.write("".join(f"{line}\r\n" for line in lines).encode())


if __name__ == "__main__":
    asyncio.run(bridge(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5]))
