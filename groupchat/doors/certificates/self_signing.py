"""Make a certificate that signs itself, and the key of it."""

import re
import socket
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from groupchat.disk.new_files import new_file
from groupchat.doors.certificates.certificate_files import Unusable
from groupchat.doors.certificates.pem import read_key

OWN_DAYS = 3650
"""Days for which a certificate that we make is valid: it is trusted by its fingerprint, which should not change."""


def make(certificate_path: Path, key_path: Path) -> None:
    """Make a self-signed certificate.  The key is written first: without its certificate it is not used.

    A key that is there is kept: clients have remembered it, and a new one would look like somebody in between.
    """
    key = _kept(key_path) or ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "groupchat")])
    now = datetime.now(UTC)
    hosts = dict.fromkeys((socket.gethostname(), "localhost"))
    alternatives: list[x509.GeneralName] = [
        x509.DNSName(host) for host in hosts if re.fullmatch(r"[A-Za-z0-9.-]{1,253}", host)
    ]
    alternatives += [x509.IPAddress(ip_address(address)) for address in ("127.0.0.1", "::1")]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # for clocks that are slow
        .not_valid_after(now + timedelta(days=OWN_DAYS))
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    _write(key_path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), 0o600)
    _write(certificate_path, certificate.public_bytes(Encoding.PEM), 0o644)


def _kept(path: Path) -> ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | None:
    """Return the key of a certificate that is made anew; None: there is none that can be kept."""
    try:
        key = read_key(path)
    except Unusable:
        return None
    return key if isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) else None


def _write(path: Path, data: bytes, mode: int) -> None:
    """Write a file completely, or leave it as it was."""
    with new_file(path, mode=mode, replace=True) as file:
        file.write(data)
