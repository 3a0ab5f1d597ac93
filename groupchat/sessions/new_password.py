"""Ask again for a new password that is too weak, so that the next try is not said aloud."""

from collections.abc import Callable, Mapping

from groupchat.interfaces.screens import IScreen

ARGUMENTS = ("new", "password")
"""The name of the argument that is a new password, of verbs that have one."""

ASKED = "Type another password. An empty line, or a command, leaves everything as it is."
GIVEN_UP = "Nothing was changed."


class NewPassword:
    """The new password in the last command that a person typed, if there was one.

    A line that begins with a slash is never taken for a password: whoever changes their mind can do something else.

    ``repeat``: carries out the command once more, with another password; None: there was none.
    """

    __slots__ = ("_is_asked", "repeat")

    def __init__(self) -> None:
        self.repeat: Callable[[str], None] | None = None
        self._is_asked = False

    def note(self, arguments: Mapping[str, object], carry_out: Callable[[Mapping[str, object]], None]) -> None:
        """Note that a command with secrets is carried out, with these arguments."""
        name = next((name for name in ARGUMENTS if name in arguments), None)
        if name is not None:
            self.repeat = lambda password: carry_out({**arguments, name: password})

    def too_weak(self, screen: IScreen) -> bool:
        """Ask for another password; return whether there is a command that it is for."""
        if self.repeat is None:
            return False
        self._is_asked = True
        screen.conceal()
        return True

    def settled(self) -> None:
        """Forget the command: it was refused for another reason."""
        self._is_asked, self.repeat = False, None

    def take(self, screen: IScreen, line: str) -> bool | None:
        """Take the next line that is typed; it needs to be asked only while there is ``repeat``.

        :return: True: it was the password, and the command is carried out; False: the person gave up;
            None: it is none.
        """
        was_asked, repeat = self._is_asked, self.repeat
        self._is_asked, self.repeat = False, None
        if not was_asked or repeat is None:
            return None
        screen.reveal()
        password = line.strip()
        if password.startswith("/"):
            return None
        if not password:
            return False
        self.repeat = repeat
        repeat(password)
        return True
