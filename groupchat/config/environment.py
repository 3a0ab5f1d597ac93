"""Read options and settings from the environment, for containers: ``GROUPCHAT_PORT=5000``, ``GROUPCHAT_NICK_MAX=12``.

The command line overrides the environment, and the environment overrides the settings file.
"""

from collections.abc import Mapping
from dataclasses import Field, fields
from difflib import get_close_matches
from typing import Any

from groupchat.config.settings import Settings
from groupchat.model.errors import CannotStart

PREFIX = "GROUPCHAT_"
"""The beginning of the names of our variables."""

OPTIONS = ("data", "etcd_ca", "etcd_cert", "etcd_key", "journal", "metrics", "node", "port", "settings", "tls")
"""The options that are not settings; ``port`` may have several values, separated by spaces."""

ETCD_USER, ETCD_PASSWORD = f"{PREFIX}ETCD_USER", f"{PREFIX}ETCD_PASSWORD"
"""The variables with the name and the password of etcd's user; they are not options: others could read these."""

_ALIKE = 0.8
"""Similarity (0 to 1) from which a name is a misspelt setting, and not a variable of another program."""


def options(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the options that are given, by name."""
    found = {name: environ.get(f"{PREFIX}{name.upper()}", "") for name in OPTIONS}
    # For a service named groupchat, Kubernetes sets GROUPCHAT_PORT to tcp://ADDRESS:PORT.
    return {name: value for name, value in found.items() if value and (name != "port" or "://" not in value)}


def settings(environ: Mapping[str, str]) -> dict[str, object]:
    """Return the settings that are given, by name; their values are not checked yet.

    :raises CannotStart: a name is probably a misspelt setting, or a value cannot be read.
    """
    known = {about.name: about for about in fields(Settings)}
    found: dict[str, object] = {}
    for variable, value in environ.items():
        name = variable.removeprefix(PREFIX).lower()
        if not variable.startswith(PREFIX) or name in OPTIONS or variable in (ETCD_USER, ETCD_PASSWORD):
            continue
        if name in known:
            found[name] = _read(variable, known[name], value)
        elif near := get_close_matches(name, known, n=1, cutoff=_ALIKE):
            raise CannotStart(f"There is no setting {variable}; do you mean {PREFIX}{near[0].upper()}?")
    return found


def _read(variable: str, about: "Field[Any]", text: str) -> object:
    """Read a value in the type of the setting.  Raises CannotStart."""
    kind: type[Any] = type(about.default)
    if kind is str:
        return text
    if kind is tuple:
        return text.replace(",", " ").split()
    try:
        return {"true": True, "false": False}[text.lower()] if kind is bool else kind(text)
    except (KeyError, ValueError) as error:
        expected = "true or false" if kind is bool else f"a number of {about.metadata['unit']}"
        raise CannotStart(f"{variable} must be {expected}, not {text!r}.") from error
