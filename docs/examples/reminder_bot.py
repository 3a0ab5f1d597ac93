"""Reminds people of things, also after a restart. Usage: python reminder_bot.py HOST[:PORT]"""

import re
import sys
import time

import groupchat.client as gc

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}

bot = gc.Bot("reminder", state="reminder_bot.state")


@bot.command("remind", usage="10m TEXT")
def remind(call):
    """Remind you, here, after so many seconds (s), minutes (m), hours (h) or days (d)."""
    found = re.fullmatch(r"(\d{1,6})([smhd])\s+(.+)", call.text, re.DOTALL)
    if found is None:
        return "Say it like this: !remind 10m tea is ready"
    reminders = bot.memory.setdefault("reminders", [])
    reminders.append({
        "due": time.time() + int(found[1]) * UNITS[found[2]],
        "nick": call.nick, "room": call.room, "text": found[3], "key": f"reminder-{call.event.id}",
    })  # fmt: skip
    return f"I will, in {found[1]}{found[2]}."


@bot.every(1)
async def look():
    """Say what is due; its key makes sure that it is said once, even if the bot is killed just now."""
    for reminder in list(bot.memory.get("reminders", [])):
        if reminder["due"] <= time.time():
            text = f"{reminder['nick']}: {reminder['text']}"
            if reminder["room"]:
                await bot.say(text, room=reminder["room"], key=reminder["key"])
            else:
                await bot.tell(reminder["nick"], text, key=reminder["key"])
            bot.memory["reminders"].remove(reminder)


if __name__ == "__main__":
    bot.run(sys.argv[1])
