"""Sentences about a server that does not answer."""

from groupchat.model.wording import plural

ANSWERS = "The server answers again."


def no_answer(seconds: float, lines: int) -> str:
    """Say for how long the server has not answered, and how many lines wait."""
    waiting = f"; {plural(lines, 'line')} {'waits' if lines == 1 else 'wait'}" if lines else ""
    return f"No answer from the server for {seconds:.0f} s{waiting}."
