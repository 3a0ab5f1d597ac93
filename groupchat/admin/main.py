"""The command line ``groupchat``: its sub-commands, each of which is imported only when it is asked for."""

import argparse
import contextlib
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, NamedTuple, TextIO


class SubCommand(NamedTuple):
    """A sub-command: a module with a function that declares its arguments, and one that runs it.

    ``words``: the argument, if any, that takes any number of words: options may stand between them, but not after --.
    """

    module: str
    summary: str
    words: str = ""
    declare: str = "add_arguments"
    run: str = "run"

    def load(self, parser: argparse.ArgumentParser) -> Callable[[argparse.Namespace], int]:
        """Import the module, declare the arguments to the parser, and return the function that runs the command."""
        module = import_module(self.module)
        getattr(module, self.declare)(parser)
        run: Callable[[argparse.Namespace], int] = getattr(module, self.run)
        return run


FAILED = 1
"""The exit status of a command that could not do what it was asked to do."""

INTERRUPTED = 130
"""The exit status after Ctrl-C, as shells give it."""

_SETTINGS = "groupchat.admin.settings_commands"

SUB_COMMANDS = {
    "user": SubCommand("groupchat.admin.user", "manage the accounts of a daemon on this machine"),
    "join": SubCommand("groupchat.programs.join", "chat, from a terminal or between pipes"),
    "say": SubCommand("groupchat.programs.say", "say one thing, or each line of standard input, from a script", "text"),
    "send": SubCommand("groupchat.programs.send", "share files, from a script", "files"),
    "tail": SubCommand("groupchat.programs.tail", "print what is said, until stopped"),
    "top": SubCommand("groupchat.admin.top", "show the figures of a daemon, live; the daemon needs --metrics"),
    "settings": SubCommand(_SETTINGS, "print all settings, with defaults, units and reasons"),
    "check": SubCommand(
        _SETTINGS, "check settings without starting a daemon", declare="add_check_arguments", run="check"
    ),
    "export": SubCommand("groupchat.admin.export", "print what was said, as JSON Lines, text, or a page for a browser"),
    "import": SubCommand("groupchat.admin.importing", "import what was exported; the daemon must be stopped"),
    "backup": SubCommand("groupchat.admin.copies.backup", "copy all messages and accounts, also while the daemon runs"),
    "restore": SubCommand("groupchat.admin.copies.restore", "put a backup in place; the daemon must be stopped"),
    "seed": SubCommand("groupchat.admin.nodes.seed", "make the data folder of a new node from a backup"),
    "cluster": SubCommand("groupchat.admin.nodes.clusters", "show the nodes of a cluster, or leave it"),
    "reindex": SubCommand("groupchat.admin.copies.reindex", "rebuild the search index; the daemon must be stopped"),
    "forget": SubCommand(
        "groupchat.admin.forget",
        "erase what a person said, their account and their nickname, also while the daemon runs",
    ),
    "verify": SubCommand("groupchat.checker.verify", "check a server's promises, or the messages of a stopped one"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a sub-command, and return its exit status; why it failed is one line on standard error.

    A mistake in the arguments ends the process with status 2.
    """
    if sys.stderr is None:  # Python has none if it was started without
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115  # for the rest of the process
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words and words[0] in SUB_COMMANDS:
        try:
            return explained(lambda: run_command(words[0], SUB_COMMANDS[words[0]], words[1:]))
        finally:
            _flush(sys.stdout)
    parser = argparse.ArgumentParser(
        prog="groupchat",
        description="Chat, and administer a chat server.",
        epilog="The daemon itself is run by twistd: twistd -n groupchat --help",
    )
    parser.add_argument("--version", action=_Version, help="show the version")
    parsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, command in SUB_COMMANDS.items():
        parsers.add_parser(name, help=command.summary)
    parser.parse_args(words)  # prints the help or the version, or complains: each ends the process
    return parser.error("the command comes first")


class _Formatter(argparse.HelpFormatter):
    """Lays out help for the width of the terminal; argparse would import a lot to learn it, even without --help."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_width() - 2)


def _width() -> int:
    """Return the columns of the terminal, by the variable COLUMNS first; 80 where there is none."""
    try:
        return max(int(os.environ["COLUMNS"]), 20)
    except (KeyError, ValueError):
        pass
    try:
        return os.get_terminal_size(1).columns or 80
    except OSError:
        return 80


class _Version(argparse.Action):
    """Prints the version, which is looked up only then: that takes long."""

    def __init__(self, option_strings: Sequence[str], dest: str, **more: Any) -> None:
        super().__init__(option_strings, argparse.SUPPRESS, nargs=0, default=argparse.SUPPRESS, **more)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        print(f"groupchat {version('groupchat')}")
        parser.exit()


def explained(run: Callable[[], int]) -> int:
    """Run a command, and return its exit status; why it failed is one line on standard error, never a traceback."""
    try:
        status = run()
        if sys.stdout is not None:  # Python has none if it was started without
            sys.stdout.flush()
    except BrokenPipeError:
        return FAILED  # the reader of the output, such as head, has closed its end
    except KeyboardInterrupt:
        _complain("Interrupted.")
        return INTERRUPTED
    except Exception as error:
        from groupchat.admin.explaining import sentence_for  # it takes long to import, and most commands do not fail

        sentence = sentence_for(error)
        if not sentence:
            raise
        _complain(sentence)
    else:
        return status
    return FAILED


def _complain(sentence: str) -> None:
    from groupchat.daemon.log.streams import StreamOutput  # most commands have nothing to complain about

    with contextlib.suppress(OSError):
        StreamOutput(sys.stderr).write("error", [f"groupchat: {sentence}"])


def _flush(stream: TextIO | None) -> None:
    """Flush the output, or drop what nobody takes: Python would complain about it when it ends."""
    if stream is None:
        return
    try:
        stream.flush()
    except OSError:
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def run_command(name: str, command: SubCommand, words: list[str]) -> int:
    """Run a sub-command with these words as its arguments, and return its exit status."""
    parser = argparse.ArgumentParser(
        prog=f"groupchat {name}", description=command.summary, formatter_class=_Formatter
    )  # fmt: skip
    run = command.load(parser)
    if not command.words or not any(word.startswith("-") for word in words):
        return int(run(parser.parse_args(words)))
    # argparse gives all words before an option to the first argument that takes any number, and later words to none.
    before, after = (words[: words.index("--")], words[words.index("--") + 1 :]) if "--" in words else (words, [])
    parsed = parser.parse_intermixed_args(before)
    getattr(parsed, command.words).extend(after)
    return int(run(parsed))
