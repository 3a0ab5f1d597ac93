"""Read a certificate with its chain and its key, in whatever form and order administrators have them."""

from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from groupchat.doors.certificates.certificate_files import Unusable, is_there
from groupchat.doors.certificates.pair import CHAIN, Pair, context_of
from groupchat.doors.certificates.pem import fingerprint, read_chain, read_key
from groupchat.doors.certificates.places import Files
from groupchat.model.wording import encryption_error


def read_pair(files: Files) -> Pair:
    """Return the certificate and the key of these files.

    :raises Unusable: the files are not what they should be.
    """
    chain = read_chain(files.certificate)
    try:
        key = read_key(files.key)
    except Unusable as error:
        raise Unusable(f"{error}{'; give CERT,KEY' if files.key == files.certificate else ''}") from error
    try:
        chain = _ordered(chain, key.public_key())
    except StopIteration as error:
        raise Unusable(f"{files.key} is not the key of {files.certificate}") from error
    if len(chain) == 1:
        chain += _chain_beside(files.certificate, chain[0])
    first = chain[0]
    try:
        pem = b"".join(certificate.public_bytes(Encoding.PEM) for certificate in chain)
        context = context_of(pem + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    except (OSError, TypeError, ValueError) as error:  # errors of OpenSSL are OSErrors
        raise Unusable(f"OpenSSL does not accept the certificate: {encryption_error(error)}") from error
    return Pair(
        files, fingerprint(first), _names(first), first.not_valid_before_utc.timestamp(),
        first.not_valid_after_utc.timestamp(), len(chain) == 1 and first.issuer != first.subject, context,
    )  # fmt: skip


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
