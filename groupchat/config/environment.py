"""Options and settings from the environment, for containers: ``GROUPCHAT_PORT=5000``, ``GROUPCHAT_NICK_MAX=12``.

An option of the command line counts more than the environment, and the environment more than the settings file.
"""

from collections.abc import Mapping
from dataclasses import Field, fields
from difflib import get_close_matches
from typing import Any

from groupchat.config.settings import Settings
from groupchat.model.errors import CannotStart

PREFIX = "GROUPCHAT_"
"""What names of ours begin with."""

OPTIONS = ("data", "journal", "metrics", "port", "settings", "tls")
"""Options of the command line that are no settings; several ports have spaces between them."""

_ALIKE = 0.8
"""How like one of ours (0 to 1) a name is that must be a mistake, and not another program's."""


def options(environ: Mapping[str, str]) -> dict[str, str]:
    """The options that are given, by name."""
    found = {name: environ.get(f"{PREFIX}{name.upper()}", "") for name in OPTIONS}
    # Kubernetes has its own idea of what GROUPCHAT_PORT means, for each service of this name.
    return {name: value for name, value in found.items() if value and "://" not in value}


def settings(environ: Mapping[str, str]) -> dict[str, object]:
    """The settings that are given, by name; they still have to be checked.

    :raises CannotStart: a name is nearly one of a setting, or a value cannot be read.
    """
    known = {about.name: about for about in fields(Settings)}
    found: dict[str, object] = {}
    for variable, value in environ.items():
        name = variable.removeprefix(PREFIX).lower()
        if not variable.startswith(PREFIX) or name in OPTIONS:
            continue
        if name in known:
            found[name] = _read(variable, known[name], value)
        elif near := get_close_matches(name, known, n=1, cutoff=_ALIKE):
            raise CannotStart(f"There is no setting for {variable}; do you mean {PREFIX}{near[0].upper()}?")
    return found


def _read(variable: str, about: "Field[Any]", text: str) -> object:
    """:raises CannotStart: the text is not of the setting's kind."""
    kind: type[Any] = type(about.default)
    if kind is str:
        return text
    if kind is tuple:
        return text.replace(",", " ").split()
    try:
        return {"true": True, "false": False}[text.lower()] if kind is bool else kind(text)
    except (KeyError, ValueError) as error:
        expected = "true or false" if kind is bool else f"a number of {about.metadata['unit']}"
        raise CannotStart(f"{variable} is {expected}, not {text!r}.") from error
