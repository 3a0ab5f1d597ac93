"""Values that nobody changes, as cheap as objects can be: what passes through the hall by the thousand a second."""

from dataclasses import dataclass
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True)
def record(cls: type[T]) -> type[T]:
    """Make a dataclass with slots, equality and a hash, whose fields the type checker lets nobody assign.

    A frozen dataclass refuses at run time too, and for that calls a function for each field of each object:
    to make one of five fields costs several times as much as here, and each line of the chat makes three.
    """
    return dataclass(slots=True, unsafe_hash=True)(cls)
