"""Regular expressions that are compiled when they are first used.

One with the letters of many scripts takes several milliseconds to compile, and hardly any program needs all of its own.
"""

import re
from typing import Any, AnyStr, cast

_METHODS = ("search", "match", "fullmatch", "split", "findall", "finditer", "sub", "subn")


def expression(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """Return what ``re.compile`` would, except that a fault of the pattern is found when it is first used."""
    return cast("re.Pattern[AnyStr]", Expression(pattern, flags))


class Expression:
    """A regular expression that compiles itself when it is first asked for something, and costs nothing more then."""

    def __init__(self, pattern: str | bytes, flags: int) -> None:
        self.pattern = pattern
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        """Compile it, and keep its methods where Python finds them first."""
        if name.startswith("__"):
            raise AttributeError(name)
        compiled: Any = re.compile(self.pattern, self._flags)
        vars(self).update((method, getattr(compiled, method)) for method in _METHODS)
        return getattr(compiled, name)
