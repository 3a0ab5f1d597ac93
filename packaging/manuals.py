"""Write the manual pages, from the same tables the program works by: ``python packaging/manuals.py FOLDER``."""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from groupchat.verbs.vocabulary import COMMANDS

from groupchat.admin.main import SUB_COMMANDS
from groupchat.config.checks import written
from groupchat.config.settings import Settings
from groupchat.daemon.options import Options


def pages() -> dict[str, str]:
    """Each page, by the name of its file."""
    return {
        "groupchat.1": program(),
        "groupchat-commands.7": commands(),
        "groupchat.toml.5": settings(),
        "groupchat-daemon.8": daemon(),
    }


def program() -> str:
    """The command line ``groupchat``."""
    body = [
        *_head("groupchat", "1", "chat, and the administration of a chat daemon"),
        ".SH SYNOPSIS", r".B groupchat", r"\fICOMMAND\fP [\fIARGUMENTS\fP]",
        ".SH DESCRIPTION",
        _escaped("Clients for a groupchat server, and commands for who runs one. The daemon is run by twistd."),
        ".SH COMMANDS",
    ]  # fmt: skip
    for name, command in SUB_COMMANDS.items():
        parser = argparse.ArgumentParser(prog=f"groupchat {name}", add_help=False)
        command.load(parser)
        body += [f'.SS "groupchat {name}"', _sentence(command.summary), *_arguments(parser, "")]
    body += [
        ".SH SEE ALSO",
        _see("groupchat-commands", "7"),
        _see("groupchat.toml", "5"),
        _see("groupchat-daemon", "8"),
    ]
    return _joined(body)


def commands() -> str:
    """What one can type in the chat."""
    body = [
        *_head("groupchat-commands", "7", "commands in a chat"),
        ".SH DESCRIPTION",
        _escaped("What one types is said; a line that begins with a slash is a command, and two slashes say one."),
        ".SH COMMANDS",
    ]
    for command in COMMANDS.sorted():
        body += [".TP", rf"\fB{_escaped(command.usage)}\fP", _sentence(command.summary)]
    return _joined([*body, ".SH SEE ALSO", _see("groupchat", "1")])


def settings() -> str:
    """The settings file."""
    body = [
        *_head("groupchat.toml", "5", "settings of the groupchat daemon"),
        ".SH DESCRIPTION",
        _escaped("A TOML file, named to the daemon by --settings; none is needed. Each setting can also stand in"),
        _escaped("the environment, as GROUPCHAT_NAME, which counts more. “groupchat check” tells whether all is good."),
        ".SH SETTINGS",
    ]
    for about in fields(Settings):
        data = about.metadata
        span = "" if data["minimum"] is None else f"; {data['minimum']:g} to {data['maximum']:g}"
        when = "" if data["reload"] else " A change needs a restart."
        unit = _escaped(f"({data['unit']}{span})")
        default = _escaped(written(about.name, about.default))
        body += [".TP", rf"\fB{about.name}\fP = {default} {unit}", _sentence(data["reason"]) + _escaped(when)]
    return _joined([*body, ".SH SEE ALSO", _see("groupchat-daemon", "8")])


def daemon() -> str:
    """The options of the daemon."""
    options = Options()
    valued = {name.removesuffix("=") for name in options.longOpt if name.endswith("=")}
    body = [
        *_head("groupchat-daemon", "8", "the groupchat daemon"),
        ".SH SYNOPSIS", r".B twistd \-n groupchat", r"[\fIOPTIONS\fP]",
        ".SH DESCRIPTION",
        _escaped("One room, one port, whatever client people have. What anyone has seen is on disk."),
        ".SH OPTIONS",
    ]  # fmt: skip
    for name, about in sorted(options.docs.items()):
        value = r" \fIVALUE\fP" if name in valued else ""
        body += [".TP", rf"\fB{_escaped(f'--{name}')}\fP{value}", _sentence(about)]
    body += [
        ".SH SIGNALS",
        ".TP", "SIGTERM, SIGINT", _escaped("Tell everybody, deliver what was said, close the journal, exit with 0."),
        ".TP", "SIGHUP", _escaped("Read settings and certificate again."),
        ".SH EXIT STATUS",
        ".TP", "1", _escaped("It could not start; one line on standard error says why."),
        ".TP", "70", _escaped("The disk failed while a message was written; nothing was acknowledged after that."),
        ".SH SEE ALSO", _see("groupchat", "1"), _see("groupchat.toml", "5"),
    ]  # fmt: skip
    return _joined(body)


def _arguments(parser: argparse.ArgumentParser, prefix: str) -> Iterator[str]:
    """The arguments of a sub-command, and of the actions within it."""
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
    return _escaped(words[:1].upper() + words[1:] + ".")


def _escaped(text: object) -> str:
    """Text in which nothing is a request to roff."""
    escaped = str(text).replace("\\", r"\e").replace("-", r"\-").replace("\n", " ")
    return rf"\&{escaped}" if escaped.startswith((".", "'")) else escaped


def _joined(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in pages().items():
        (folder / name).write_text(page, encoding="utf-8")
