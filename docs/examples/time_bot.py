"""Answers !time in the lobby. Usage: python time_bot.py HOST[:PORT][,…]"""

import sys
from datetime import datetime

from twisted.internet import reactor

from groupchat.client import Client, State, events
from groupchat.client.address import servers


def on_event(event):
    match event:
        case events.Said(id=id, room=room, nick=nick, text="!time") if nick != bot.nick:
            bot.say(f"{nick}: it is {datetime.now():%H:%M:%S} here.", room=room, key=f"time-{id}")


def changed(change):
    if change.state is State.FAILED:
        print(change.reason, file=sys.stderr)
        reactor.stop()


server = servers(sys.argv[1]).endpoint(reactor)
bot = Client(server, "time_bot", reactor, on_event=on_event, changed=changed, since="head")
bot.start().addErrback(lambda failure: None)  # changed() has told why
reactor.run()
sys.exit(1 if bot.state is State.FAILED else 0)
