"""The command line ``groupchat``: its sub-commands, each of which is imported only when it is asked for."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version


@dataclass(frozen=True, slots=True)
class SubCommand:
    """A word after ``groupchat``: the module that has ``add_arguments(parser)`` and ``run(arguments) -> int``."""

    module: str
    summary: str


SUB_COMMANDS = {
    "user": SubCommand("groupchat.user", "the accounts of a daemon on this machine"),
    "join": SubCommand("groupchat.client.join", "chat, from a terminal or between pipes"),
    "say": SubCommand("groupchat.client.say", "say one thing, or each line of standard input, and be told its number"),
    "tail": SubCommand("groupchat.client.tail", "print what is said, until stopped"),
    "top": SubCommand("groupchat.top", "how a daemon is, live: needs its --metrics"),
    "settings": SubCommand("groupchat.tunables", "all settings, with defaults, units and reasons"),
    "check": SubCommand("groupchat.check", "whether settings are good, without starting a daemon"),
    "export": SubCommand("groupchat.export", "what was said, as JSON Lines, text, or a page to be read in a browser"),
    "import": SubCommand("groupchat.intake", "take in what was exported; the daemon must be stopped"),
    "backup": SubCommand("groupchat.backup", "a copy of all messages and accounts, also while the daemon runs"),
    "forget": SubCommand("groupchat.forget", "erase what a person said, and their account; the daemon must be stopped"),
    "verify": SubCommand("groupchat.verify", "check that a server keeps its promises, or a stopped one's messages"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a sub-command; returns the exit status.  Mistakes in the arguments end the process with status 2."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    wanted = next((word for word in words if not word.startswith("-")), None)
    parser = argparse.ArgumentParser(
        prog="groupchat",
        description=__doc__.partition(":")[0],
        epilog="The daemon itself is run by twistd: twistd -n groupchat --help",
    )
    parser.add_argument("--version", action="version", version=f"groupchat {version('groupchat')}")
    parsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, command in SUB_COMMANDS.items():
        sub = parsers.add_parser(name, help=command.summary, description=command.summary)
        if name == wanted:
            module = import_module(command.module)
            module.add_arguments(sub)
            sub.set_defaults(run=module.run)
    parsed = parser.parse_args(words)
    return int(parsed.run(parsed))


if __name__ == "__main__":
    sys.exit(main())
