"""What a person can change with /set: each a field, with what it is for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Preferences:
    """How one person wants things shown.  Equal preferences share one style, and so one rendering."""

    echo: bool = False
    emoji: bool = True
    joins: bool = True
    time: str = "seconds"
    zone: str = ""
