"""``groupchat check``: whether a daemon would start with these settings, without starting one."""

import argparse
import os
from dataclasses import fields

from groupchat.config import environment
from groupchat.config.checks import written
from groupchat.config.settings import Settings
from groupchat.config.settings_file import load
from groupchat.daemon.process import complain
from groupchat.model.errors import CannotStart

WRONG = 1
"""The exit status when something is wrong with them."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what stands behind ``groupchat check``."""
    parser.add_argument("--settings", metavar="FILE", help="the settings file (default: $GROUPCHAT_SETTINGS, if any)")


def run(arguments: argparse.Namespace) -> int:
    """Read the file and the environment as the daemon would; print what differs from the defaults."""
    path = arguments.settings or environment.options(os.environ).get("settings")
    try:
        settings = (load(path) if path else Settings()).replaced(**environment.settings(os.environ))
    except CannotStart as error:
        complain(str(error))
        return WRONG
    for about in fields(Settings):
        value = getattr(settings, about.name)
        if value != about.default:
            print(f"{about.name} = {written(about.name, value)}")
    print(f"# {path or 'The environment'} is good.")
    return 0
