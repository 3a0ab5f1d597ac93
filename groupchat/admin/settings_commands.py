"""``groupchat settings`` prints every setting; ``groupchat check`` checks the settings without starting a daemon."""

import argparse
import os
from collections.abc import Mapping
from dataclasses import fields

from groupchat.config import environment
from groupchat.config.checks import number, toml, written
from groupchat.config.settings import Settings
from groupchat.config.settings_file import load
from groupchat.daemon.options import Options
from groupchat.doors.certificates.certificates import given
from groupchat.journals.opening import check_encryption, check_location, check_node, is_shared
from groupchat.model.times import iso
from groupchat.model.wording import listed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``groupchat settings``."""
    parser.add_argument(
        "--format", choices=FORMATS, default="toml",
        help="toml: a settings file in which every line is commented out; markdown: the table of the manual",
    )  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    """Print the settings, and return the exit status."""
    print(FORMATS[arguments.format](), end="")
    return 0


def describe() -> str:
    """Return a Markdown table of all settings, for the manual."""
    rows = ["| setting | default | unit | range | meaning | on reload |", "|---|---|---|---|---|---|"]
    for about in fields(Settings):
        data = about.metadata
        span = "" if data["minimum"] is None else f"{number(data['minimum'])} to {number(data['maximum'])}"
        if not span and data["maximum"] is not None:
            span = f"at most {number(data['maximum'])} characters"
        when = "applied" if data["reload"] else "needs a restart"
        rows.append(
            f"| `{about.name}` | `{toml(about.default)}` | {data['unit']} | {span} | {data['reason']} | {when} |"
        )
    return "\n".join(rows) + "\n"


def template() -> str:
    """Return a settings file with the default and the reason of every setting, all commented out."""
    lines = ["# Settings of groupchat.  Remove the # before a setting to change it; “groupchat check” checks the file."]
    for about in fields(Settings):
        data = about.metadata
        span = "" if data["minimum"] is None else f", {number(data['minimum'])} to {number(data['maximum'])}"
        when = "" if data["reload"] else "; needs a restart"
        lines += ["", f"# {data['reason']}", f"# ({data['unit']}{span}{when})"]
        lines.append(f"#{about.name} = {written(about.name, about.default)}")
    return "\n".join(lines) + "\n"


FORMATS = {"toml": template, "markdown": describe}
"""The formats in which settings can be printed."""


def add_check_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``groupchat check``."""
    parser.add_argument("--settings", metavar="FILE", help="the settings file (default: $GROUPCHAT_SETTINGS, if any)")
    parser.add_argument("--tls", metavar="CERT", help="a certificate to check too, as it is given to the daemon")


def check(arguments: argparse.Namespace) -> int:
    """Read settings and certificates as the daemon would, print what differs from the defaults, return the exit status.

    :raises CannotStart: a setting is wrong, or a certificate cannot be used.
    """
    given_there = environment.options(os.environ)
    path = arguments.settings or given_there.get("settings")
    settings = (load(path) if path else Settings()).replaced(**environment.settings(os.environ))
    unchecked, warning = _check_journal(given_there)
    if "tls" in given_there and not arguments.tls:
        unchecked.append("the certificate that GROUPCHAT_TLS names (--tls CERT checks one)")
    # Not also $GROUPCHAT_TLS: what systemd starts for a reload cannot read the service's credentials.
    certificates = given(arguments.tls).validity() if arguments.tls else {}
    for about in fields(Settings):
        value = getattr(settings, about.name)
        if value != about.default:
            print(f"{about.name} = {written(about.name, value)}")
    for name, expires in certificates.items():
        print(f"# The certificate of {name} is valid until {iso(expires)}.")
    print(f"# {path or 'The environment'} is good.")
    if warning:
        print(f"# Warning: {warning}")
    if unchecked:
        print(f"# Not checked: {'; '.join(unchecked)}.")
    return 0


def _check_journal(given_there: Mapping[str, str]) -> tuple[list[str], str]:
    """Check where the environment says that messages are kept, without opening it.

    :return: what was not checked, and what is warned of.

    :raises CannotStart: it makes no sense, or the options of a node do not fit together.
    """
    journal, name = given_there.get("journal", ""), given_there.get("node", "")
    if journal:
        check_location(journal)
    if name:
        check_node(name)
    if not (journal and name):
        # The others may stand on the daemon's command line, as in a unit of systemd whose reload runs this.
        lacking = [f"GROUPCHAT_{other.upper()}" for other in ("journal", "node") if not given_there.get(other)]
        is_node = name or is_shared(journal) or any(other.startswith("etcd_") for other in given_there)
        return [f"what belongs to a node, without {listed(lacking)}"] if is_node else [], ""
    options = Options(os.environ)
    options.take_environment()
    node = options.node
    assert node is not None
    unchecked = [f"whether etcd answers, and takes this node ({node.node})"]
    files = [file for file in (node.authority, node.certificate, node.key) if file is not None]
    # What systemd starts for a reload cannot read the service's credentials.
    hidden = [str(file) for file in files if file.exists() and not os.access(file, os.R_OK)]
    if hidden:
        return [*unchecked, f"{listed(hidden)}, which cannot be read by this user"], ""
    return unchecked, check_encryption(node)
