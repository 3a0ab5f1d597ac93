"""Says again what people say after !echo. Usage: python echo_bot.py HOST[:PORT]"""

import sys

import groupchat.client as gc

bot = gc.Bot("echo")


@bot.command("echo", usage="TEXT")
def echo(call):
    """Say the same."""
    return call.text


if __name__ == "__main__":
    bot.run(sys.argv[1])
