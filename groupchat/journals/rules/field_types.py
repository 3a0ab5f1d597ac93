"""What the fields of a record may be: a test of each, made once from its annotation.

What a journal is asked to do may come from elsewhere, as JSON; a value of another type than its field has would fail
in the middle of a transaction, or come to something else at one node than at another.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from math import isfinite
from types import NoneType, UnionType
from typing import Any, NewType, TypeAlias, Union, get_args, get_origin, get_type_hints

Test: TypeAlias = Callable[[Any], bool]
"""Says whether a value may stand in a field."""

_INTEGERS = 2**63
"""A table takes whole numbers below this one, and none below its negative."""


def tests_of(form: type[Any]) -> Mapping[str, Test]:
    """Return a test for each field of a class of records."""
    found = _TESTS.get(form)
    if found is None:
        hints = get_type_hints(form)
        found = _TESTS[form] = {field.name: _test(hints[field.name]) for field in fields(form)}
    return found


_TESTS: dict[type[Any], Mapping[str, Test]] = {}


def is_proper(record: Any) -> bool:
    """Say whether every field of a record may be what it is."""
    return all(test(getattr(record, name)) for name, test in tests_of(type(record)).items())


def _test(hint: Any) -> Test:
    """Make the test of an annotation.

    :raises TypeError: there is none for such a one.
    """
    if isinstance(hint, NewType):
        return _test(hint.__supertype__)
    if hint in _PLAIN:
        return _PLAIN[hint]
    origin, within = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return _any_of([_test(one) for one in within])
    if origin is tuple and within[1:] == (...,):
        return _each(_test(within[0]))
    if origin is tuple:
        return _in_turn([_test(one) for one in within])
    if origin is Mapping:
        return _is_object if within[1] is Any else _named(_test(within[1]))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return lambda value: type(value) is hint
    if isinstance(hint, type) and is_dataclass(hint):
        return lambda value: type(value) is hint and is_proper(value)
    raise TypeError(f"there is no test for {hint}")


def _is_integer(value: Any) -> bool:
    return type(value) is int and -_INTEGERS <= value < _INTEGERS


def _is_number(value: Any) -> bool:
    return isfinite(value) if type(value) is float else _is_integer(value)


_PLAIN: dict[Any, Test] = {
    str: lambda value: type(value) is str,
    bool: lambda value: type(value) is bool,
    int: _is_integer,
    float: _is_number,
    NoneType: lambda value: value is None,
}


def _any_of(tests: list[Test]) -> Test:
    if len(tests) == 2 and tests[1] is _PLAIN[NoneType]:
        test = tests[0]
        return lambda value: value is None or test(value)  # nearly all are such, and most of those None
    return lambda value: any(test(value) for test in tests)


def _each(test: Test) -> Test:
    return lambda value: type(value) is tuple and all(map(test, value))


def _in_turn(tests: list[Test]) -> Test:
    def is_proper(value: Any) -> bool:
        return (
            type(value) is tuple
            and len(value) == len(tests)
            and all(test(one) for test, one in zip(tests, value, strict=True))
        )

    return is_proper


def _named(test: Test) -> Test:
    return lambda value: type(value) is dict and all(map(test, value.values()))


def _is_object(value: Any) -> bool:
    return type(value) is dict and _is_json(value)


def _is_json(value: Any) -> bool:
    """Say whether all numbers in a JSON value can be stored."""
    if isinstance(value, dict):
        return all(map(_is_json, value.values()))
    if isinstance(value, list):
        return all(map(_is_json, value))
    return value is None or isinstance(value, str | bool) or _is_number(value)
