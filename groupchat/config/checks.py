"""What a setting may be, and how it is written in a settings file."""

import json
from dataclasses import Field
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from groupchat.model.errors import BadArguments, CannotStart
from groupchat.model.networks import Network
from groupchat.model.preferences import find_zone
from groupchat.model.text import is_harmless


def checked(about: "Field[Any]", value: object) -> object:
    """The value in the setting's type.

    :raises CannotStart: it cannot be, or is out of range.
    """
    default, name = about.default, about.name
    low, high = about.metadata["minimum"], about.metadata["maximum"]
    if isinstance(default, bool):
        if not isinstance(value, bool):
            raise CannotStart(f"{name} is true or false, not {toml(value)}.")
    elif isinstance(default, int | float):
        whole = isinstance(default, int)
        if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
            raise CannotStart(f"{name} is a {'whole ' * whole}number of {about.metadata['unit']}, not {toml(value)}.")
        if not low <= value <= high:  # also refuses nan
            raise CannotStart(
                f"{name} is {number(low)} to {number(high)} {about.metadata['unit']}, not {number(value)}."
            )
        return type(default)(value)
    elif isinstance(default, str):
        return _checked_text(about, value)
    elif not isinstance(value, list | tuple):
        raise CannotStart(f"{name} is a list of {about.metadata['unit']}, not {toml(value)}.")
    elif name == "exempt":
        return tuple(_network(item) for item in value)
    elif not all(isinstance(item, str) and is_harmless(item) for item in value):
        raise CannotStart(f"{name} is a list of {about.metadata['unit']}, each in quotes.")
    else:
        return tuple(value)
    return value


def _checked_text(about: "Field[Any]", value: object) -> str:
    """A setting that is text, as it may be shown.

    :raises CannotStart: it is not text, or has characters that no line may have; or it is no time zone.
    """
    name, choices = about.name, about.metadata["choices"]
    if not isinstance(value, str):
        raise CannotStart(f"{name} is text in quotes, not {toml(value)}.")
    if name == "zone":
        try:
            return find_zone(value)
        except BadArguments as error:
            raise CannotStart(f"zone: {error}") from error
    if choices and value not in choices:
        raise CannotStart(f"{name} is one of {', '.join(choices)}, not {toml(value)}.")
    lines = value.split("\n") if name == "motd" else [value]
    if not all(map(is_harmless, lines)):
        raise CannotStart(f"{name} has characters that must not be shown, such as controls, tabs or line ends.")
    return value


def _network(item: object) -> Network:
    """One exempt network.

    :raises CannotStart: it is none.
    """
    try:
        # A number would be taken for an address.
        return ip_network(str(item))
    except ValueError as error:
        raise CannotStart(f"exempt: {item} is not a network such as 10.0.0.0/8 ({error}).") from error


def written(name: str, value: object) -> str:
    """A value as a settings file has it; passwords are not shown."""
    return '"…"' if name == "password" and value else toml(value)


def number(value: float) -> str:
    """A number with a comma for each thousand."""
    return f"{value:,}" if isinstance(value, int) else f"{value:,g}"


def toml(value: object) -> str:
    """A value as it stands in a settings file."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | IPv4Network | IPv6Network):
        return json.dumps(str(value), ensure_ascii=False)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml, value))}]"
    return str(value)
