"""The command line ``groupchat``: its sub-commands, each of which is imported only when it is asked for."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version


@dataclass(frozen=True, slots=True)
class SubCommand:
    """A word after ``groupchat``: the module that has ``add_arguments(parser)`` and ``run(arguments) -> int``.

    ``words``: the argument, if any, that takes any number of words: options may stand between them, but not after --.
    """

    module: str
    summary: str
    words: str = ""


SUB_COMMANDS = {
    "user": SubCommand("groupchat.admin.user", "the accounts of a daemon on this machine"),
    "join": SubCommand("groupchat.programs.join", "chat, from a terminal or between pipes"),
    "say": SubCommand("groupchat.programs.say", "say one thing, or each line of standard input, from a script", "text"),
    "tail": SubCommand("groupchat.programs.tail", "print what is said, until stopped"),
    "top": SubCommand("groupchat.admin.top", "how a daemon is, live: needs its --metrics"),
    "settings": SubCommand("groupchat.admin.settings_commands", "all settings, with defaults, units and reasons"),
    "check": SubCommand("groupchat.admin.check", "whether settings are good, without starting a daemon"),
    "export": SubCommand(
        "groupchat.admin.export", "what was said, as JSON Lines, text, or a page to be read in a browser"
    ),
    "import": SubCommand("groupchat.admin.importing", "take in what was exported; the daemon must be stopped"),
    "backup": SubCommand("groupchat.admin.backup", "a copy of all messages and accounts, also while the daemon runs"),
    "forget": SubCommand(
        "groupchat.admin.forget", "erase what a person said, and their account (with the daemon stopped)"
    ),
    "verify": SubCommand("groupchat.checker.verify", "check a server's promises, or the messages of a stopped one"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a sub-command; returns the exit status.  Mistakes in the arguments end the process with status 2."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words and words[0] in SUB_COMMANDS:
        return _run(words[0], words[1:])
    parser = argparse.ArgumentParser(
        prog="groupchat",
        description=__doc__.partition(":")[0],
        epilog="The daemon itself is run by twistd: twistd -n groupchat --help",
    )
    parser.add_argument("--version", action="version", version=f"groupchat {version('groupchat')}")
    parsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, command in SUB_COMMANDS.items():
        parsers.add_parser(name, help=command.summary)
    parser.parse_args(words)  # asks for help or the version, or is a mistake: each ends the process
    return parser.error("the command comes first")


def _run(name: str, words: list[str]) -> int:
    command = SUB_COMMANDS[name]
    module = import_module(command.module)
    parser = argparse.ArgumentParser(prog=f"groupchat {name}", description=command.summary)
    module.add_arguments(parser)
    if not command.words:
        return int(module.run(parser.parse_args(words)))
    # argparse gives all words that stand before an option to the first argument that takes any, and then no more.
    before, after = (words[: words.index("--")], words[words.index("--") + 1 :]) if "--" in words else (words, [])
    parsed = parser.parse_intermixed_args(before)
    getattr(parsed, command.words).extend(after)
    return int(module.run(parsed))
