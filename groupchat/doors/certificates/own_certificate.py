"""The certificate that the daemon makes for itself when none is given."""

import contextlib
import fcntl
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from groupchat.doors.certificates.certificate_files import Unusable
from groupchat.doors.certificates.certificates import Certificates
from groupchat.doors.certificates.places import Files
from groupchat.doors.certificates.self_signed import self_signed
from groupchat.model.errors import CannotStart

NAMES = ("cert.pem", "key.pem")
"""The names of certificate and key in the data folder's ``tls``; ``places`` finds them there too."""


def own(folder: Path) -> Certificates:
    """Return the certificate in this folder; make a self-signed one if there is none, or if it has expired.

    :raises CannotStart: it cannot be stored there.
    """
    folder = folder.absolute()
    certificate, key = (folder / name for name in NAMES)
    try:
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise CannotStart(f"The data folder {folder.parent} cannot be used: {error.strerror}.") from error
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        with _one_at_a_time(folder):
            if not (certificate.exists() and key.exists()) or _has_expired(Files(certificate, key)):
                _make(certificate, key)
    except OSError as error:
        hint = "name another certificate with --tls, or another folder with --data"
        raise CannotStart(f"A certificate cannot be stored in {folder}: {error.strerror}; {hint}.") from error
    return Certificates(lambda: [Files(certificate, key)])


@contextlib.contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Wait for another daemon that begins there at the same time.  Raises OSError.

    Of two that make one at once, the key of one and the certificate of the other could stay.
    """
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _has_expired(files: Files) -> bool:
    """Return whether the certificate in these files has expired; False if there is none to be read."""
    pair = self_signed(files)
    if pair is not None:
        return pair.expires < time.time()
    from groupchat.doors.certificates.pem import read_chain

    try:
        return read_chain(files.certificate)[0].not_valid_after_utc.timestamp() < time.time()
    except Unusable:
        return False


def _make(certificate: Path, key: Path) -> None:
    """Make a certificate and its key.  Raises OSError.

    What is needed for it once would take 15 MiB for as long as the daemon runs; so another process makes them, where
    one can be had without copying other threads' locks.
    """
    if "cryptography" not in sys.modules and threading.active_count() == 1 and _made_apart(certificate, key):
        return
    from groupchat.doors.certificates.self_signing import make

    make(certificate, key)


def _made_apart(certificate: Path, key: Path) -> bool:
    """Make them in a process that ends with it; False: it could not, and whoever tries again will be told why.

    There may be no room for another process; and where whoever started the daemon has ended processes forgotten
    (SIGCHLD ignored, which is inherited), nobody is told how this one ended.
    """
    try:
        process = os.fork()
    except OSError:
        return False
    if process == 0:
        try:
            from groupchat.doors.certificates.self_signing import make

            make(certificate, key)
            os._exit(0)
        finally:
            os._exit(1)
    try:
        return os.waitpid(process, 0)[1] == 0
    except ChildProcessError:
        return self_signed(Files(certificate, key)) is not None
