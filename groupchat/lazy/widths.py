"""How wide a text is on a terminal, by ``wcwidth``, whose tables are loaded with the first text that is not ASCII."""

from collections.abc import Iterator


def columns(text: str) -> int:
    """Return how many columns a terminal shows a text in; 0: nobody can tell."""
    from wcwidth import wcswidth

    return max(wcswidth(text), 0)


def letters(text: str) -> Iterator[str]:
    """Give what stands in one place, such as a letter with its accents."""
    from wcwidth import iter_graphemes

    return iter_graphemes(text)
