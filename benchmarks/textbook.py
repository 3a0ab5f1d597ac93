"""The chat of every Twisted tutorial: one write per line and member.  The argument is the port."""

import sys
from typing import Any

from twisted.internet import protocol, reactor
from twisted.protocols.basic import LineReceiver


class Chat(LineReceiver):
    delimiter = b"\n"
    factory: Any

    def connectionMade(self) -> None:
        self.factory.members.add(self)
        self.sendLine(b"welcome")

    def lineReceived(self, line: bytes) -> None:
        for member in self.factory.members:
            if member is not self:
                member.sendLine(line)

    def connectionLost(self, reason: Any = None) -> None:
        self.factory.members.discard(self)


factory: Any = protocol.Factory.forProtocol(Chat)
factory.members = set()
reactor.listenTCP(int(sys.argv[1]), factory, backlog=1024, interface="127.0.0.1")
reactor.run()
