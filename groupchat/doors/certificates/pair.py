"""A certificate with its chain and its key, ready to be served."""

import os
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from groupchat.doors.certificates.pem import Unusable, fingerprint, is_there, read_chain, read_key
from groupchat.doors.certificates.places import Files
from groupchat.model.wording import encryption_error

HTTP = "http/1.1"
"""The protocol that is chosen of those a client offers (ALPN, RFC 7301); with others it comes in all the same."""

CHAIN = "chain.pem"
"""The file beside a lone certificate that has those which lead from it to its authority, as certbot names it."""

Signature = tuple[tuple[int, ...], ...]
"""A value that changes whenever the files do."""


class Pair:
    """A certificate and its key as they were read.

    ``name``: the name to show it by.
    ``names``: the names in lower case for which it is valid; a ``*`` may stand for the first part of one.
    ``begins``, ``expires``: when it begins and ends to be valid, in seconds since 1970 UTC.
    ``is_lone``: whether clients need to know another certificate than their authorities', which is not sent.
    """

    def __init__(self, files: Files) -> None:
        """:raises Unusable: the files are not what they should be."""
        chain = read_chain(files.certificate)
        try:
            key = read_key(files.key)
        except Unusable as error:
            raise Unusable(f"{error}{'; give CERT,KEY' if files.key == files.certificate else ''}") from error
        try:
            self.chain = _ordered(chain, key.public_key())
        except StopIteration as error:
            raise Unusable(f"{files.key} is not the key of {files.certificate}") from error
        if len(self.chain) == 1:
            self.chain += _chain_beside(files.certificate, self.chain[0])
        first = self.chain[0]
        self.files = files
        self.is_lone = len(self.chain) == 1 and first.issuer != first.subject
        self.fingerprint = fingerprint(first)
        self.names = _names(first)
        self.name = next(iter(self.names), str(files.certificate))
        self.begins = first.not_valid_before_utc.timestamp()
        self.expires = first.not_valid_after_utc.timestamp()
        self.context = _context(self.chain, key)

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


def _ordered(chain: list[x509.Certificate], public_key: Any) -> list[x509.Certificate]:
    """Put the certificate of this key first, and after each the one that issued it, as TLS 1.2 wants it.

    :raises StopIteration: none is of this key.
    """
    rest = list(chain)
    ordered = [next(certificate for certificate in rest if certificate.public_key() == public_key)]
    rest.remove(ordered[0])
    while issuer := next((other for other in rest if _issued(other, ordered[-1])), None):
        rest.remove(issuer)
        ordered.append(issuer)
    return ordered + rest


def _chain_beside(path: Path, certificate: x509.Certificate) -> list[x509.Certificate]:
    """Return the certificates that lead from a lone one to its authority, if they are in a file beside it."""
    beside = path.with_name(CHAIN)
    if beside == path or not is_there(beside):
        return []
    chain = read_chain(beside)
    return chain if _issued(chain[0], certificate) else []


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    """Return the names of hosts in a certificate, in lower case."""
    try:
        alternatives = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names = alternatives.get_values_for_type(x509.DNSName)
    except (x509.ExtensionNotFound, ValueError):
        names = [str(about.value) for about in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    return tuple(name.lower() for name in names)


def _context(chain: list[x509.Certificate], key: Any) -> ssl.SSLContext:
    """:raises Unusable: OpenSSL does not accept this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # Renegotiation again and again would cost the server much more than the client.
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.set_alpn_protocols([HTTP])
    pem = b"".join(certificate.public_bytes(Encoding.PEM) for certificate in chain)
    try:
        pem += key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        with _file_of(pem) as path:
            context.load_cert_chain(path)
    except (OSError, TypeError, ValueError) as error:  # errors of OpenSSL are OSErrors
        raise Unusable(f"OpenSSL does not accept the certificate: {encryption_error(error)}") from error
    return context


@contextmanager
def _file_of(pem: bytes) -> Iterator[str]:
    """Give the path of a file with this: OpenSSL reads keys from files only.  It is in memory where that can be."""
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
