"""Records: dataclasses that are cheap to declare and cheap to make.

A dataclass writes the source of four or six methods and has Python compile it: half a millisecond for each class, and
a program that starts declares more than a hundred, of which it uses a few.
A record shares three of these methods with all others; its ``__init__``, which has to be fast, is written and compiled
when the first one is made.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, fields, make_dataclass
from operator import attrgetter
from reprlib import recursive_repr
from typing import Any, TypeVar, cast, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(cls: type[T]) -> type[T]:
    """Make a dataclass with slots, equality and a hash, whose fields the type checker lets nobody assign.

    A frozen dataclass refuses at run time too, and for that calls a function for each field of each object:
    to make one of five fields costs several times as much as here, and each line of the chat makes three.
    """
    made: Any = dataclass(init=False, repr=False, eq=False, slots=True)(cls)
    values = _values([one.name for one in fields(made) if one.compare])

    def equal(self: Any, other: object) -> bool:
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    def hashed(self: Any) -> int:
        return hash(values(self))

    made.__init__, made.__repr__, made.__eq__, made.__hash__ = _first_init, _shown, equal, hashed
    return cast(type[T], made)


def _values(names: list[str]) -> Callable[[Any], Any]:
    """Return the function that takes what is compared out of a record."""
    return attrgetter(*names) if names else lambda _: ()


def _first_init(self: Any, *args: Any, **kwargs: Any) -> None:
    """Initialise the first object of a class: write the class's own ``__init__``, which takes the place of this one."""
    cls: Any = next(one for one in type(self).__mro__ if vars(one).get("__init__") is _first_init)
    written = make_dataclass(
        cls.__qualname__, [(one.name, one.type, _again(one)) for one in fields(cls)], repr=False, eq=False,
        namespace={"__post_init__": cls.__post_init__} if hasattr(cls, "__post_init__") else {},
    )  # fmt: skip
    cls.__init__ = vars(written)["__init__"]
    cls.__init__(self, *args, **kwargs)


def _again(one: Any) -> Any:
    """Declare a field as another one was."""
    return field(default=one.default, default_factory=one.default_factory, init=one.init, kw_only=one.kw_only)


@recursive_repr()
def _shown(self: Any) -> str:
    shown = ", ".join(f"{one.name}={getattr(self, one.name)!r}" for one in fields(self) if one.repr)
    return f"{type(self).__qualname__}({shown})"
