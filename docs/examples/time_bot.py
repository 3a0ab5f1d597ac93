"""Answers !time in the lobby.  Usage: python time_bot.py HOST[:PORT]"""

import sys
from datetime import datetime

from twisted.internet import reactor

from groupchat.client.address import address
from groupchat.client.client import Client


def heard(event):
    if event.get("event") == "said" and event["nick"] != bot.nick and event["text"] == "!time":
        bot.say(f"{event['nick']}: it is {datetime.now():%H:%M:%S} here.", key=f"time-{event['id']}")


bot = Client(address(sys.argv[1]).endpoint(reactor), "time_bot", reactor, heard=heard, since="head")
bot.start().addErrback(lambda failure: (print(failure.getErrorMessage(), file=sys.stderr), reactor.stop()))
reactor.run()
