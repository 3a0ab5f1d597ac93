"""The names of files on the shelf: ``files/ab/SHA256``, with the first two digits of the hash as the folder."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from groupchat.lazy.expressions import expression

FOLDER = "files"
"""The folder of all shared files, in the data folder."""

INCOMING = "incoming"
"""The folder, in that, of files that are coming in."""

_HASH = expression("[0-9a-f]{64}")
_PART = expression("[0-9a-f]{2}")
_PIECE = 2**20


def place(folder: Path, sha256: str) -> Path:
    """Return where a file with this hash is.

    :param folder: the folder of all shared files.
    :raises ValueError: this is no hash, and must not become part of a path.
    """
    if not _HASH.fullmatch(sha256):
        raise ValueError(f"{sha256[:80]!r} is not a hash")
    return folder / sha256[:2] / sha256


def objects(folder: Path) -> Iterator[tuple[str, Path]]:
    """Return the hash and the path of each file that is kept, in the order of their hashes; all else is left out.

    Links and folders are none, whatever they are called.

    :raises OSError: the folder cannot be read.
    """
    if not folder.is_dir():
        return
    for part in sorted(folder.iterdir()):
        if _PART.fullmatch(part.name) and part.is_dir() and not part.is_symlink():
            for path in sorted(part.iterdir()):
                is_name = _HASH.fullmatch(path.name) and path.name.startswith(part.name)
                if is_name and path.is_file() and not path.is_symlink():
                    yield path.name, path


def hash_of(path: Path) -> str:
    """Return the hex SHA-256 of a file.  Raises OSError."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while data := file.read(_PIECE):
            found.update(data)
    return found.hexdigest()
