"""Read certificates and private keys from PEM files."""

from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from groupchat.doors.certificates.certificate_files import Unusable, read


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


def fingerprint(certificate: x509.Certificate) -> str:
    """Return the SHA-256 of a certificate as ``openssl x509 -fingerprint -sha256`` shows it."""
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()
