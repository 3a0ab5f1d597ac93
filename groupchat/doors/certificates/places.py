"""Find certificates and their keys where an administrator says they are."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from groupchat.doors.certificates.certificate_files import Unusable, is_there, read, unreadable

PAIRS = (
    ("fullchain.pem", "privkey.pem"), ("tls.crt", "tls.key"), ("cert.pem", "key.pem"), ("cert.pem", "privkey.pem")
)  # fmt: skip
"""The names of certificate and key in a folder of one pair: those of certbot, of Kubernetes, and ours."""

DEFAULT = "default"
"""The pair of this name is for clients that ask for no name, or for one that no certificate has."""


class Files(NamedTuple):
    """A certificate and its key; both may be in one file."""

    certificate: Path
    key: Path


def finder(place: str) -> Callable[[], list[Files]]:
    """Return a function that finds the files at a place, each time anew.

    The first pair is the default.  The function raises Unusable if there is none, or a folder cannot be read.

    :param place: a folder, a file with both certificate and key, or ``CERT,KEY``.
    """
    if "," in place:
        certificate, _, key = place.partition(",")
        pair = Files(Path(certificate.strip()), Path(key.strip()))
        return lambda: [pair]
    return lambda: _at(Path(place))


def _at(path: Path) -> list[Files]:
    if not is_there(path):
        raise Unusable(f"There is no certificate in {path}: there is no such file or folder")
    return _in_folder(path) if path.is_dir() else [Files(path, path)]


def _in_folder(folder: Path) -> list[Files]:
    """Return the pair of a folder, or else all pairs by name, with the default first."""
    own = _own_pair(folder)
    if own is not None:
        return [own]
    found = dict(_named_pairs(folder))
    if not found:
        known = ", ".join(" and ".join(pair) for pair in PAIRS[:3])
        raise Unusable(
            f"There is no certificate in {folder}; a folder has {known}, or NAME.pem for each name; else give CERT,KEY"
        )
    return [found[name] for name in sorted(found, key=lambda name: (name != DEFAULT, name))]


def _own_pair(folder: Path) -> Files | None:
    """Return the pair of a folder for one certificate, complete if there is a complete one; None: there is none."""
    begun = [Files(folder / certificate, folder / key) for certificate, key in PAIRS if is_there(folder / certificate)]
    return next((pair for pair in begun if is_there(pair.key)), begun[0] if begun else None)


def _named_pairs(folder: Path) -> Iterator[tuple[str, Files]]:
    """Give each pair of a folder for several certificates: a folder, or one or two files, by their name."""
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise unreadable(folder, error) from error
    for path in entries:
        if path.name.startswith("."):
            continue
        if os.path.isdir(path):  # Path.is_dir may raise
            pair = _own_pair(path)
            if pair is not None:
                yield path.name, pair
        elif path.suffix == ".crt":
            yield path.stem, Files(path, path.with_suffix(".key"))
        elif path.suffix == ".pem" and not path.stem.endswith("-key"):
            beside = (path.with_suffix(".key"), path.with_name(f"{path.stem}-key.pem"))
            key = next((key for key in beside if is_there(key)), None)
            # A file without any key, such as an authority's, is not one of ours to serve.
            if key is not None or b" PRIVATE KEY-----" in read(path):
                yield path.stem, Files(path, key or path)
