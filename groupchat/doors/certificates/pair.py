"""A certificate with its chain and its key, ready to be served."""

import os
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from groupchat.doors.certificates.places import Files
from groupchat.lazy.records import record

HTTP = "http/1.1"
"""The protocol that is chosen of those a client offers (ALPN, RFC 7301); with others it comes in all the same."""

CHAIN = "chain.pem"
"""The file beside a lone certificate that has those which lead from it to its authority, as certbot names it."""

Signature = tuple[tuple[int, ...], ...]
"""A value that changes whenever the files do."""


@record
class Pair:
    """A certificate and its key as they were read.

    ``names``: the names in lower case for which it is valid; a ``*`` may stand for the first part of one.
    ``begins``, ``expires``: when it begins and ends to be valid, in seconds since 1970 UTC.
    ``is_lone``: whether clients need to know another certificate than their authorities', which is not sent.
    """

    files: Files
    fingerprint: str
    names: tuple[str, ...]
    begins: float
    expires: float
    is_lone: bool
    context: ssl.SSLContext

    @property
    def name(self) -> str:
        """Return the name to show it by."""
        return next(iter(self.names), str(self.files.certificate))

    @property
    def until(self) -> str:
        """Return the date on which it expires."""
        return f"{datetime.fromtimestamp(self.expires, UTC):%Y-%m-%d}"


def signature(files: Files) -> Signature:
    """Return a value that changes whenever the files of a pair do."""
    found: list[tuple[int, ...]] = []
    for path in (*files, files.certificate.with_name(CHAIN)):
        try:
            stat = path.stat()
        except OSError as error:
            found.append((error.errno or 0,))
        else:
            found.append((stat.st_dev, stat.st_ino, stat.st_ctime_ns, stat.st_size))
    return tuple(found)


def context_of(pem: bytes) -> ssl.SSLContext:
    """Return OpenSSL's settings with these certificates and their key.  Raises OSError or ValueError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # Renegotiation again and again would cost the server much more than the client.
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.set_alpn_protocols([HTTP])
    # A connection is kept for hours, and clients rarely come back while a ticket can be used; two make a handshake
    # dearer by a sixth, and one that is resumed spares no more than a fifth.
    context.num_tickets = 0
    with file_of(pem) as path:
        context.load_cert_chain(path, password=_refuse)
    return context


def _refuse() -> str:
    """Be asked for the password of a key.

    :raises ValueError: always; else OpenSSL would ask at the terminal.
    """
    raise ValueError("the key has a password")


@contextmanager
def file_of(pem: bytes) -> Iterator[str]:
    """Give the path of a file with this: OpenSSL reads them from files only.  It is in memory where that can be."""
    if hasattr(os, "memfd_create") and os.path.isdir("/proc/self/fd"):
        descriptor = os.memfd_create("certificate")
        try:
            os.write(descriptor, pem)
            yield f"/proc/self/fd/{descriptor}"
        finally:
            os.close(descriptor)
    else:
        with tempfile.NamedTemporaryFile() as file:  # of which only the owner can read
            file.write(pem)
            file.flush()
            yield file.name
