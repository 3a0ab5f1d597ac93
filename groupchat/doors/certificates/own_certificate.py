"""The certificate that the daemon makes for itself when none is given."""

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
from groupchat.doors.certificates.certificates import Certificates
from groupchat.doors.certificates.pem import Unusable, read_chain, read_key
from groupchat.doors.certificates.places import Files
from groupchat.model.errors import CannotStart

NAMES = ("cert.pem", "key.pem")
"""The names of certificate and key in the data folder's ``tls``; ``places`` finds them there too."""

OWN_DAYS = 3650
"""Days for which a certificate that we make is valid: it is trusted by its fingerprint, which should not change."""


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
        if not (certificate.exists() and key.exists()) or _has_expired(certificate):
            _make(certificate, key)
    except OSError as error:
        hint = "name another certificate with --tls, or another folder with --data"
        raise CannotStart(f"A certificate cannot be stored in {folder}: {error.strerror}; {hint}.") from error
    return Certificates(lambda: [Files(certificate, key)])


def _has_expired(path: Path) -> bool:
    """Return whether the certificate in this file has expired; False if there is none to be read."""
    try:
        return read_chain(path)[0].not_valid_after_utc < datetime.now(UTC)
    except Unusable:
        return False


def _make(certificate_path: Path, key_path: Path) -> None:
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
