"""Check the values of settings, and write them as a settings file has them.

``checked`` takes a setting's type from its default.
A setting that needs more has a function of its own (``multiline``, ``time_zone``, ``network``) as its ``check``.
"""

import json
import re
from dataclasses import Field
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from groupchat.model.errors import BadArguments, CannotStart
from groupchat.model.networks import Network
from groupchat.model.preferences import find_zone
from groupchat.model.text import is_harmless

LONGEST = 1000
"""The most characters of a text, and items of a list, that set nothing else."""


def checked(about: "Field[Any]", value: object) -> object:
    """Return the value in the type of the setting.

    :raises CannotStart: it has another type, or is out of range.
    """
    if isinstance(about.default, bool):
        return _flag(about, value)
    if isinstance(about.default, int | float):
        return _number(about, value)
    if isinstance(about.default, str):
        return _text(about, value)
    return _list(about, value)


def expected(about: "Field[Any]") -> str:
    """Return what a setting takes, such as ``a whole number of seconds``."""
    unit = about.metadata["unit"]
    if isinstance(about.default, bool):
        return "true or false"
    if isinstance(about.default, int | float):
        return f"a {'whole ' * isinstance(about.default, int)}number of {unit}"
    return "text in quotes" if isinstance(about.default, str) else f"a list of {unit}, each in quotes"


def _flag(about: "Field[Any]", value: object) -> bool:
    if not isinstance(value, bool):
        raise CannotStart(f"{about.name} must be {expected(about)}, not {toml(value)}.")
    return value


def _number(about: "Field[Any]", value: object) -> float:
    name, unit, whole = about.name, about.metadata["unit"], isinstance(about.default, int)
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        raise CannotStart(f"{name} must be {expected(about)}, not {toml(value)}.")
    low, high = about.metadata["minimum"], about.metadata["maximum"]
    if not low <= value <= high:  # also refuses nan
        raise CannotStart(f"{name} must be {number(low)} to {number(high)} {unit}, not {number(value)}.")
    return int(value) if whole else float(value)


def _text(about: "Field[Any]", value: object) -> str:
    name, choices, check = about.name, about.metadata["choices"], about.metadata["check"]
    if not isinstance(value, str):
        raise CannotStart(f"{name} must be {expected(about)}, not {toml(value)}.")
    most = about.metadata["maximum"]
    if len(value) > (most or LONGEST):
        raise CannotStart(f"{name} can have {most or LONGEST:,} characters, not {len(value):,}.")
    if choices and value not in choices:
        raise CannotStart(f"{name} must be one of {', '.join(choices)}, not {toml(value)}.")
    if check is not None:
        return str(check(name, value))
    return _line(name, value)


def _list(about: "Field[Any]", value: object) -> tuple[object, ...]:
    name, unit, check = about.name, about.metadata["unit"], about.metadata["check"]
    if not isinstance(value, list | tuple):
        raise CannotStart(f"{name} must be a list of {unit}, not {toml(value)}.")
    if len(value) > LONGEST or any(isinstance(item, str) and len(item) > LONGEST for item in value):
        raise CannotStart(f"{name} can have {LONGEST:,} {unit} with as many characters each.")
    if check is not None:
        return tuple(check(name, item) for item in value)
    if not all(isinstance(item, str) and is_harmless(item) for item in value):
        raise CannotStart(f"{name} must be a list of {unit}, each in quotes.")
    return tuple(value)


def _line(name: str, value: str) -> str:
    if not is_harmless(value):
        raise CannotStart(f"{name} must not have control characters, tabs or line ends.")
    return value


def multiline(name: str, value: str) -> str:
    """Check a text that may have several lines.  Raises CannotStart."""
    for line in value.split("\n"):
        if not is_harmless(line):
            raise CannotStart(f"{name} must not have control characters or tabs.")
    return value


def time_zone(name: str, value: str) -> str:
    """Check the name of a time zone, and return it as it is spelt.  Raises CannotStart."""
    try:
        return find_zone(value)
    except BadArguments as error:
        raise CannotStart(f"{name}: {error}") from error


def network(name: str, item: object) -> Network:
    """Read one network of a list.  Raises CannotStart."""
    try:
        # Without str() a number would be taken for an address.
        return ip_network(str(item))
    except ValueError as error:
        raise CannotStart(f"{name}: {item} is not a network such as 10.0.0.0/8 ({error}).") from error


def proxy(name: str, item: object) -> Network:
    """Read one network of proxies.  Raises CannotStart."""
    found = network(name, item)
    if found.prefixlen == 0:
        raise CannotStart(f"{name}: {found} is everybody, and then everybody could claim any address.")
    return found


def web_origin(name: str, item: object) -> str:
    """Read one origin of pages, as browsers write it.  Raises CannotStart."""
    if not isinstance(item, str) or not re.fullmatch(r"https?://[a-z0-9.:\[\]-]+", item.lower()):
        raise CannotStart(f"{name}: {item} is not an origin such as https://example.org, without a path.")
    return item.lower()


def public_url(name: str, value: str) -> str:
    """Check the address of a server over HTTP, and return it without a slash at the end.  Raises CannotStart."""
    if value and not re.fullmatch(r"https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._~/-]*)?", value):
        raise CannotStart(f"{name}: {value} is not an address such as https://chat.example.org.")
    return value.rstrip("/")


def host_and_port(name: str, value: str) -> str:
    """Check an address such as chat.lab:5000 or [2001:db8::1]:5000.  Raises CannotStart."""
    found = re.fullmatch(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):([0-9]{1,5})", value)
    if value and (found is None or not 1 <= int(found[1]) <= 65535):
        raise CannotStart(f"{name}: {value} is not HOST:PORT, such as chat.lab:5000.")
    return value


def written(name: str, value: object) -> str:
    """Write a value as a settings file has it, but hide a password."""
    return '"…"' if name == "password" and value else toml(value)


def number(value: float) -> str:
    """Write a number with a comma for each thousand."""
    return f"{value:,}" if isinstance(value, int) else f"{value:,g}"


def toml(value: object) -> str:
    """Write a value as a settings file has it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | IPv4Network | IPv6Network):
        return json.dumps(str(value), ensure_ascii=False)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml, value))}]"
    return str(value)
