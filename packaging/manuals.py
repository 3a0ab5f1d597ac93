"""Write the manual pages from the tables of the program: ``python packaging/manuals.py FOLDER``."""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from groupchat.admin.main import SUB_COMMANDS
from groupchat.config.checks import number, written
from groupchat.config.settings import Settings
from groupchat.daemon.options import Options
from groupchat.verbs.commands import COMMANDS


def pages() -> dict[str, str]:
    """Return each page by the name of its file."""
    return {
        "groupchat.1": program(),
        "groupchat-commands.7": commands(),
        "groupchat.toml.5": settings(),
        "groupchat-daemon.8": daemon(),
    }


def program() -> str:
    """Write the page of the command line ``groupchat``."""
    body = [
        *_head("groupchat", "1", "chat, and administer a chat server"),
        ".SH SYNOPSIS", r".B groupchat", r"\fICOMMAND\fP [\fIARGUMENTS\fP]",
        ".SH DESCRIPTION",
        _escaped("Clients for a groupchat server, and commands for its administrator. twistd runs the server."),
        ".SH COMMANDS",
    ]  # fmt: skip
    for name, command in SUB_COMMANDS.items():
        parser = argparse.ArgumentParser(prog=f"groupchat {name}", add_help=False)
        command.load(parser)
        body += [f'.SS "groupchat {name}"', _sentence(command.summary), *_arguments(parser, "")]
    body += [
        ".SH EXIT STATUS",
        ".TP",
        "1",
        _escaped("The command could not do what it was asked to; one line on standard error says why."),
        ".TP",
        "2",
        _escaped("An argument is wrong, or “groupchat verify” could not check anything."),
        ".TP",
        "130",
        _escaped("Ctrl-C."),
        ".SH ENVIRONMENT",
        ".TP",
        "GROUPCHAT_PASSWORD",
        _escaped("The password that “groupchat say” and “tail” give."),
        ".SH SEE ALSO",
        _see("groupchat-commands", "7"),
        _see("groupchat.toml", "5"),
        _see("groupchat-daemon", "8"),
    ]
    return _joined(body)


def commands() -> str:
    """Write the page of the commands in the chat."""
    body = [
        *_head("groupchat-commands", "7", "commands in a chat"),
        ".SH DESCRIPTION",
        _escaped(
            "What you type is said. A line that begins with a slash is a command; two slashes say a line with one."
        ),
    ]
    for topic in COMMANDS.topics():
        body.append(f".SH {_escaped(topic.upper())}")
        for verb in COMMANDS.sorted():
            if verb.topic == topic:
                body += [".TP", rf"\fB{_escaped(verb.usage)}\fP", _sentence(verb.explanation)]
    return _joined([*body, ".SH SEE ALSO", _see("groupchat", "1")])


def settings() -> str:
    """Write the page of the settings file."""
    body = [
        *_head("groupchat.toml", "5", "settings of the groupchat daemon"),
        ".SH DESCRIPTION",
        _escaped("A TOML file that the option --settings names; the daemon runs without one too."),
        _escaped("Each setting can also be given in the environment, as GROUPCHAT_ and its name in capitals,"),
        _escaped("which overrides the file. “groupchat check” checks all settings."),
        ".SH SETTINGS",
    ]
    for about in fields(Settings):
        data = about.metadata
        span = "" if data["minimum"] is None else f"; {number(data['minimum'])} to {number(data['maximum'])}"
        when = "" if data["reload"] else " A change needs a restart."
        unit = _escaped(f"({data['unit']}{span})")
        default = _escaped(written(about.name, about.default))
        body += [".TP", rf"\fB{about.name}\fP = {default} {unit}", _sentence(data["reason"]) + _escaped(when)]
    return _joined([*body, ".SH SEE ALSO", _see("groupchat-daemon", "8")])


def daemon() -> str:
    """Write the page of the options of the daemon."""
    options = Options()
    valued = {name.removesuffix("=") for name in options.longOpt if name.endswith("=")}
    body = [
        *_head("groupchat-daemon", "8", "the groupchat daemon"),
        ".SH SYNOPSIS", r".B twistd \-n groupchat", r"[\fIOPTIONS\fP]",
        ".SH DESCRIPTION",
        _escaped("A group chat on one port, for any client. Every message is on disk before anybody sees it."),
        ".SH OPTIONS",
    ]  # fmt: skip
    for name, about in sorted(options.docs.items()):
        value = r" \fIVALUE\fP" if name in valued else ""
        body += [".TP", rf"\fB{_escaped(f'--{name}')}\fP{value}", _sentence(about)]
    body += [
        ".SH SIGNALS",
        ".TP", "SIGTERM, SIGINT", _escaped("Tell everybody, deliver what was said, and exit with status 0."),
        ".TP", "SIGHUP", _escaped("Read the settings and the certificates again, and open a log file that was moved."),
        ".TP", "SIGUSR1", _escaped("Move the log file to NAME.1 and begin another one."),
        ".SH EXIT STATUS",
        ".TP", "1", _escaped("The daemon could not start; one line on standard error says why."),
        ".TP", "70", _escaped(
            "The disk failed; nothing was acknowledged afterwards. The daemon does not start again, with the same"
            " status, until “groupchat verify --data” has found the journal whole."
        ),
        ".SH SEE ALSO", _see("groupchat", "1"), _see("groupchat.toml", "5"),
    ]  # fmt: skip
    return _joined(body)


def _arguments(parser: argparse.ArgumentParser, prefix: str) -> Iterator[str]:
    """Describe the arguments of a sub-command, and of the actions within it."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, inner in action.choices.items():
                yield from (".TP", rf"\fB{_escaped(prefix + name)}\fP", _sentence(inner.description or name))
                yield from _arguments(inner, f"{prefix}{name} ")
        elif "--help" not in action.option_strings and action.help is not argparse.SUPPRESS:
            value = action.metavar or ("" if action.nargs == 0 else action.dest.upper())
            if action.choices:
                value = "|".join(map(str, action.choices))
            names = ", ".join(action.option_strings)
            shown = " ".join(filter(None, (rf"\fB{_escaped(names)}\fP" if names else "", rf"\fI{_escaped(value)}\fP")))
            about = (action.help or "").replace("%%", "%").replace("%(default)s", str(action.default))
            yield from (".TP", _escaped(prefix) + shown, _sentence(about or action.dest))


def _head(name: str, section: str, about: str) -> list[str]:
    return [f'.TH {name.upper()} {section} "" groupchat', ".SH NAME", rf"{_escaped(name)} \- {_escaped(about)}"]


def _see(name: str, section: str) -> str:
    return f".BR {_escaped(name)} ({section})"


def _sentence(text: object) -> str:
    words = " ".join(str(text).split()).rstrip(".")
    end = "" if words.endswith(".)") else "."
    return _escaped(words[:1].upper() + words[1:] + end)


def _escaped(text: object) -> str:
    """Escape text so that nothing in it is a request to roff."""
    escaped = str(text).replace("\\", r"\e").replace("-", r"\-").replace("\n", " ")
    return rf"\&{escaped}" if escaped.startswith((".", "'")) else escaped


def _joined(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in pages().items():
        (folder / name).write_text(page, encoding="utf-8")
