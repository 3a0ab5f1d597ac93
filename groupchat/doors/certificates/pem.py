"""Read certificates and private keys from PEM files."""

import errno
import os
import pwd
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from groupchat.disk.small_files import read_small


class Unusable(Exception):
    """A certificate or its key cannot be used; the message is a sentence without its full stop."""


def read_chain(path: Path) -> list[x509.Certificate]:
    """Return all certificates of a file.

    :raises Unusable: the file has no certificate.
    """
    try:
        return x509.load_pem_x509_certificates(read(path))
    except ValueError as error:
        raise Unusable(f"{path} has no certificate in PEM") from error


def read_key(path: Path) -> Any:
    """Return the private key of a file, which may have certificates too.

    :raises Unusable: the file has no key, or one with a password.
    """
    try:
        return load_pem_private_key(read(path), None)
    except TypeError as error:
        raise Unusable(f"{path} has a password, and a daemon cannot ask for it") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Unusable(f"{path} has no private key in PEM") from error


def read(path: Path) -> bytes:
    """Return the content of a file.

    :raises Unusable: it cannot be read, is no regular file or too large.
    """
    try:
        return read_small(path)
    except OSError as error:
        raise unreadable(path, error) from error


def is_there(path: Path) -> bool:
    """Tell whether there is a file or a folder.

    :raises Unusable: nobody can tell, because a folder above it cannot be entered.
    """
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise unreadable(path, error) from error
    return True


def unreadable(path: Path, error: OSError) -> Unusable:
    """Return the error that says why a file cannot be read, and by whom."""
    if error.errno in (errno.EACCES, errno.EPERM):
        return Unusable(f"{path} cannot be read by {_user()}: {error.strerror}")
    return Unusable(f"{path}: {error.strerror}")


def fingerprint(certificate: x509.Certificate) -> str:
    """Return the SHA-256 of a certificate as ``openssl x509 -fingerprint -sha256`` shows it."""
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def _user() -> str:
    """Return the name of the user this process runs as; containers may have none for their number."""
    try:
        return f"the user {pwd.getpwuid(os.geteuid()).pw_name}"
    except KeyError:
        return f"the user {os.geteuid()}"
