"""``groupchat settings``: every setting with its default, its unit and the reason for it."""

import argparse

from groupchat.settings import describe, template

FORMATS = {"toml": template, "markdown": describe}
"""How they can be printed."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what stands behind ``groupchat settings``."""
    parser.add_argument(
        "--format", choices=FORMATS, default="toml",
        help="toml: a settings file in which every line is commented out; markdown: the table of the manual",
    )  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    """Print them."""
    print(FORMATS[arguments.format](), end="")
    return 0
