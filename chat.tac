"""Run with ``twistd -ny chat.tac``; ``twistd -n groupchat`` does the same with options on the command line."""

from twisted.application.service import Application

from groupchat.daemon.service import Options, makeService

options = Options()
# As on the command line: ["--port", "5000", "--data", "/var/lib/groupchat"].
options.parseOptions([])

application = Application("groupchat")
makeService(options).setServiceParent(application)
