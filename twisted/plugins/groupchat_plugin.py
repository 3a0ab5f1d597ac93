"""Make ``twistd groupchat`` available."""

from twisted.application.service import ServiceMaker

groupchat = ServiceMaker(
    "groupchat", "groupchat.daemon.loading", "A group chat for netcat, telnet and programs", "groupchat"
)
