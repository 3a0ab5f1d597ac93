"""``groupchat settings``: every setting with its default, its unit and the reason for it."""

import argparse
from dataclasses import fields

from groupchat.config.checks import number, toml, written
from groupchat.config.settings import Settings


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


def describe() -> str:
    """A Markdown table of all settings, for the manual."""
    rows = ["| setting | default | unit | range | why | on reload |", "|---|---|---|---|---|---|"]
    for about in fields(Settings):
        data = about.metadata
        span = "" if data["minimum"] is None else f"{number(data['minimum'])} to {number(data['maximum'])}"
        when = "followed" if data["reload"] else "needs a restart"
        rows.append(
            f"| `{about.name}` | `{toml(about.default)}` | {data['unit']} | {span} | {data['reason']} | {when} |"
        )
    return "\n".join(rows) + "\n"


def template() -> str:
    """A settings file that has every setting with its default, commented out, and the reason for it."""
    lines = ["# Settings of groupchat.  A line without its # changes one; “groupchat check --settings FILE” tells."]
    for about in fields(Settings):
        data = about.metadata
        span = "" if data["minimum"] is None else f", {number(data['minimum'])} to {number(data['maximum'])}"
        when = "" if data["reload"] else "; needs a restart"
        lines += ["", f"# {data['reason']}", f"# ({data['unit']}{span}{when})"]
        lines.append(f"#{about.name} = {written(about.name, about.default)}")
    return "\n".join(lines) + "\n"


FORMATS = {"toml": template, "markdown": describe}
"""How they can be printed."""
