"""The echo of a terminal: whether it shows what is typed."""

import os
import termios


class Echo:
    """Turns the echo of a terminal off while a password is typed.  On other descriptors it does nothing."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._before: list[int | list[bytes | int]] | None = None

    def off(self) -> None:
        """Show nothing that is typed from now on."""
        if self._before is not None or not os.isatty(self._descriptor):
            return
        self._before = termios.tcgetattr(self._descriptor)
        silent = list(self._before)
        silent[3] &= ~termios.ECHO  # type: ignore[operator]
        termios.tcsetattr(self._descriptor, termios.TCSADRAIN, silent)

    def on(self) -> bool:
        """Show again what is typed; return whether it was hidden."""
        if self._before is None:
            return False
        termios.tcsetattr(self._descriptor, termios.TCSADRAIN, self._before)
        self._before = None
        return True
