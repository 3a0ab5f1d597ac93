"""``/send PATH [NICK]``: the client sends a file of this computer by itself."""

import os
import shlex
from collections.abc import Callable
from typing import BinaryIO

from twisted.python.failure import Failure

from groupchat.client.client import Client
from groupchat.client.core.client_errors import ClientError, Left, Refused
from groupchat.model.wording import size_words
from groupchat.stdio.printable import one_line
from groupchat.stdio.sendable import NotSendable, opened
from groupchat.terminal.display.addressees import Place

SEND = "/send"


class FileSending:
    """Sends files, and tells how far each of them is.

    :param remark: shows a sentence of the client.
    :param going: is called with what is being sent, for the bar; empty: nothing is.
    """

    def __init__(self, client: Client, remark: Callable[[str], object], going: Callable[[str], object]) -> None:
        self._client = client
        self._remark = remark
        self._going = going
        self._under_way: dict[str, str] = {}
        """What is shown of each file, by its path."""

    def send(self, line: str, place: Place) -> bool:
        """Send the file that the command names; return whether it names one, as the server explains it otherwise.

        :param place: where the person was when they pressed Enter: a file goes there, or to the person named.
        """
        try:
            words = shlex.split(line)[1:]
        except ValueError:
            self._remark(f"Not sent: a quotation mark is open: {line}")
            return True
        if not 1 <= len(words) <= 2:
            return False
        path = os.path.expanduser(words[0])
        nick = words[1] if len(words) == 2 else (place.nick or None)
        if path in self._under_way:
            self._remark(f"{path} is being sent already.")
            return True
        try:
            file = opened(path)
        except NotSendable as error:
            self._remark(f"Not sent: {error}.")
            return True
        self._show(path, "0 %")
        sent = self._client.send_file(
            file, os.path.basename(path), room=place.room or None, nick=nick,
            progress=lambda done, size: self._show(path, f"{100 * done // size} % of {size_words(size)}"),
        )  # fmt: skip
        sent.addErrback(self._failed, path).addBoth(self._over, file, path)
        return True

    def _show(self, path: str, words: str) -> None:
        self._under_way[path] = f"sending {one_line(os.path.basename(path))}: {words}"
        self._going(", ".join(self._under_way.values()))

    def _failed(self, failure: Failure, path: str) -> None:
        match failure.value:
            case Left():
                return
            case Refused(text=text):
                self._remark(f"{path} was not sent: {text}")
            case ClientError() | OSError() as error:
                self._remark(f"{path} was not sent: {error}.")
            case _:
                self._remark(f"{path} was not sent: {failure.getErrorMessage()}")

    def _over(self, outcome: object, file: BinaryIO, path: str) -> None:
        file.close()
        del self._under_way[path]
        self._going(", ".join(self._under_way.values()))
