"""The files that are being sent: each is open once, however many peers are sent it."""

from typing import BinaryIO


class OpenFile:
    """A file that some peers are sent.  ``readers``: how many."""

    def __init__(self, file: BinaryIO) -> None:
        self.readers = 0
        self._file = file

    def read(self, position: int, length: int) -> bytes:
        """Return what is there; the peers take turns, so each says where it is."""
        self._file.seek(position)
        return self._file.read(length)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


class OpenFiles:
    """All files that are being sent, by the hash of their content."""

    def __init__(self) -> None:
        self._files: dict[str, OpenFile] = {}

    def __len__(self) -> int:
        return len(self._files)

    def share(self, sha256: str, file: BinaryIO) -> OpenFile:
        """Return what to read from; ``file`` is closed at once if the same content is open already."""
        found = self._files.get(sha256)
        if found is None:
            found = self._files[sha256] = OpenFile(file)
        else:
            file.close()
        found.readers += 1
        return found

    def release(self, sha256: str) -> None:
        """Note that one peer reads the file no more."""
        found = self._files[sha256]
        found.readers -= 1
        if not found.readers:
            del self._files[sha256]
            found.close()
