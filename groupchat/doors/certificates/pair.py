"""A certificate with its chain and its key, ready to be served."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509.oid import NameOID
from OpenSSL import SSL
from twisted.internet.ssl import CertificateOptions, TLSVersion

from groupchat.doors.certificates.pem import Unusable, fingerprint, is_there, read_chain, read_key
from groupchat.doors.certificates.places import Files

HTTP = b"http/1.1"

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

    def __init__(self, files: Files, choose: Callable[[SSL.Connection], None]) -> None:
        """:param choose: called in a handshake when the client has told which name it wants.

        :raises Unusable: the files are not what they should be.
        """
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
        self.context.set_tlsext_servername_callback(choose)

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


def _context(chain: list[x509.Certificate], key: Any) -> SSL.Context:
    """:raises Unusable: OpenSSL does not accept this certificate."""
    context: SSL.Context = CertificateOptions(raiseMinimumTo=TLSVersion.TLSv1_2).getContext()
    try:
        context.use_certificate(chain[0])
        for certificate in chain[1:]:
            context.add_extra_chain_cert(certificate)
        context.use_privatekey(key)
    except (SSL.Error, TypeError, ValueError) as error:
        raise Unusable(f"OpenSSL does not accept the certificate: {error}") from error
    # Renegotiation again and again would cost the server much more than the client.
    context.set_options(SSL.OP_NO_RENEGOTIATION)
    context.set_alpn_select_callback(_language)
    return context


def _language(connection: SSL.Connection, offered: list[bytes]) -> Any:
    """Choose a protocol of those a client offers (ALPN, RFC 7301); Twisted's own choice cuts browsers off."""
    return HTTP if HTTP in offered else SSL.NO_OVERLAPPING_PROTOCOLS
