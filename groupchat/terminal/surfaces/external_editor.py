"""The person's own editor, which changes what they type in a private file."""

import asyncio
import os
import shlex
import shutil
import signal
import tempfile
from asyncio.subprocess import Process
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

USUAL = ("editor", "nano", "vi")
"""Programs to be used where neither VISUAL nor EDITOR names one."""

LONGEST = 256 * 1024
"""Bytes of a file that is read; a message is far shorter."""


class EditorFailed(Exception):
    """The edit failed; the sentence says why, and where the person finds what they wrote."""


def command(environ: Mapping[str, str]) -> list[str]:
    """Return the program that the person prefers, and its arguments.

    :raises EditorFailed: there is none.
    """
    for variable in "VISUAL", "EDITOR":
        wanted = environ.get(variable, "").strip()
        if not wanted:
            continue
        try:
            words = shlex.split(wanted)
        except ValueError:
            raise EditorFailed(f"{variable} has a quote that does not end: {wanted}") from None
        if shutil.which(words[0], path=environ.get("PATH")) is None:
            raise EditorFailed(f"{words[0]}, which {variable} names, is not installed.")
        return words
    for program in USUAL:
        if shutil.which(program, path=environ.get("PATH")) is not None:
            return [program]
    raise EditorFailed("There is no editor: set the variable VISUAL or EDITOR to the name of one.")


@dataclass(slots=True)
class PrivateFile:
    """A file in a folder of its own, where editors put theirs; nobody else can look into it."""

    path: Path

    @classmethod
    def holding(cls, text: str) -> "PrivateFile":
        """Write a file.

        :raises OSError: it cannot be written.
        """
        file = cls(Path(tempfile.mkdtemp(prefix="groupchat-")) / "message.txt")
        try:
            with open(os.open(file.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as opened:
                opened.write((f"{text}\n" if text else "").encode("utf-8", "replace"))
        except OSError:
            file.delete()
            raise
        return file

    def read(self) -> str:
        """Return the text, without the end of its last line.

        :raises ValueError: it is no text, or too long.
        :raises OSError: it cannot be read.
        """
        with self.path.open("rb") as opened:
            contents = opened.read(LONGEST + 1)
        if len(contents) > LONGEST:
            raise ValueError(f"it has more than {LONGEST:,} bytes")
        try:
            return contents.decode().replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
        except UnicodeDecodeError:
            raise ValueError("it is not in UTF-8") from None

    def delete(self) -> None:
        """Delete the file, and whatever the editor has put beside it."""
        shutil.rmtree(self.path.parent, ignore_errors=True)


class ExternalEditor:
    """One run of the editor, which has the terminal meanwhile.

    As a shell does, this program leaves Ctrl-C to the editor while that runs.
    """

    def __init__(self, words: list[str]) -> None:
        self._words = words
        self._name = os.path.basename(words[0])
        self._process: Process | None = None

    async def edit(self, text: str) -> str:
        """Return the text as the person saved it last.

        :raises EditorFailed: nothing was edited.
        """
        try:
            file = PrivateFile.holding(text)
            with _interrupts_left_to_others():
                status = await self._run(str(file.path))
        except OSError as error:
            raise EditorFailed(f"{self._name} cannot be started: {error}.") from None
        try:
            edited = file.read()
        except FileNotFoundError:
            file.delete()
            raise EditorFailed("The editor has left no file, so the line is as it was.") from None
        except (OSError, ValueError) as error:
            raise EditorFailed(f"What you wrote cannot be used: {error}. It is in {file.path}") from None
        if status and edited != text:
            raise EditorFailed(f"{self._name} failed, so the line is as it was. What you wrote is in {file.path}")
        file.delete()
        if status:
            raise EditorFailed(f"{self._name} failed, so the line is as it was.")
        return edited

    async def _run(self, path: str) -> int:
        # Not by the reactor, which is not told of children: the line editor's loop has the signals.
        self._process = await asyncio.create_subprocess_exec(*self._words, path)
        try:
            return await self._process.wait()
        finally:
            self._process = None

    def stop(self) -> None:
        """End the editor."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.terminate()


@contextmanager
def _interrupts_left_to_others() -> Iterator[None]:
    before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGQUIT)}
    try:
        yield
    finally:
        for number, action in before.items():
            signal.signal(number, action)
