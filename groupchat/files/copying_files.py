"""Copy and check the contents on a shelf without a daemon: for backups, exports and checks."""

import contextlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from groupchat.disk.new_files import flush_folder, new_file
from groupchat.files.objects import hash_of, objects, place
from groupchat.model.drafts import StoredFile


def beside(file: Path) -> Path:
    """Return the folder of the contents that go with a backup or an export."""
    return file.with_name(f"{file.name}.files")


def copy_contents(
    files: Iterable[StoredFile],
    source: Path,
    target: Path,
    progress: Callable[[int, int], object] = lambda done, total: None,
) -> list[StoredFile]:
    """Copy contents from one folder to another, as links if that can be; those that are there already are left.

    The new ones belong to the owner of the folder that the target is in.

    :return: those that are missing in the source, or have another size there.
    :raises OSError: the target cannot be written.
    """
    wanted = sorted(set(files), key=lambda file: file.sha256)
    missing: list[StoredFile] = []
    touched: set[Path] = set()
    for done, file in enumerate(wanted, 1):
        progress(done, len(wanted))
        here, there = place(source, file.sha256), place(target, file.sha256)
        if _size(there) == file.size:
            continue
        if _size(here) != file.size:
            missing.append(file)
            continue
        for folder in (target, there.parent):
            _make(folder, target.parent)
        with contextlib.suppress(FileNotFoundError):
            there.unlink()
        try:
            os.link(here, there)
        except OSError:  # another disk, or one without links
            with here.open("rb") as reading, new_file(there) as writing:
                shutil.copyfileobj(reading, writing)
        _own(there, target.parent)
        touched.add(there.parent)
    for folder in (*touched, *([target] if touched else [])):
        flush_folder(folder)
    return missing


def copy_named(files: Mapping[str, StoredFile], source: Path, target: Path) -> list[StoredFile]:
    """Copy contents under names of their own; return those that are missing.

    :raises OSError: the target cannot be written.
    """
    missing: list[StoredFile] = []
    for name, file in files.items():
        here = place(source, file.sha256)
        if _size(here) != file.size:
            missing.append(file)
            continue
        _make(target, target.parent)
        with here.open("rb") as reading, new_file(target / name, replace=True) as writing:
            shutil.copyfileobj(reading, writing)
    return missing


def without(files: Iterable[StoredFile], folder: Path) -> int:
    """Remove the contents that none of these files has; return how many.  Raises OSError."""
    known = {file.sha256 for file in files}
    removed = 0
    for sha256, path in objects(folder):
        if sha256 not in known:
            path.unlink()
            removed += 1
    return removed


def faults(files: Iterable[StoredFile], folder: Path) -> Iterator[str]:
    """Read every content, and give a sentence for each that is missing or damaged.  Raises OSError."""
    for file in sorted(set(files), key=lambda file: file.sha256):
        path = place(folder, file.sha256)
        try:
            if path.stat().st_size != file.size or hash_of(path) != file.sha256:
                yield f"{path} is damaged: it is not what was shared"
        except FileNotFoundError:
            yield f"{path} is missing: a message shares it"


def left_over(files: Iterable[StoredFile], folder: Path) -> int:
    """Return how many contents no message shares any more: the next start removes them.  Raises OSError."""
    known = {file.sha256 for file in files}
    return sum(1 for sha256, _ in objects(folder) if sha256 not in known)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1


def _make(folder: Path, owner: Path) -> None:
    if not folder.is_dir():
        folder.mkdir(0o700, exist_ok=True)
        _own(folder, owner)


def _own(path: Path, owner: Path) -> None:
    """Give what root has made to the owner of a folder."""
    if os.geteuid() == 0:
        found = owner.stat()
        if path.stat().st_uid != found.st_uid:
            os.chown(path, found.st_uid, found.st_gid)
