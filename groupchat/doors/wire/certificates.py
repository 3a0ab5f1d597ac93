"""The server's certificate: read from files, made when there is none, and followed when the files are renewed."""

import contextlib
import os
import re
import socket
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from OpenSSL import SSL
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator
from twisted.internet.ssl import CertificateOptions, TLSVersion
from twisted.logger import Logger
from zope.interface import implementer

from groupchat.model.errors import CannotStart

PAIRS = (("fullchain.pem", "privkey.pem"), ("tls.crt", "tls.key"), ("cert.pem", "key.pem"))
"""The names of certificate and key in a folder: those of certbot, of Kubernetes, and ours."""

OWN_DAYS = 3650
"""How many days a certificate that we make is valid: it is trusted by its fingerprint, which should not change."""

SOON = timedelta(days=14)
"""How long before a certificate expires the administrator is warned when it is read."""


HTTP = b"http/1.1"


class Unusable(Exception):
    """A certificate or its key cannot be used; the message is a sentence without its full stop."""


@implementer(IOpenSSLServerConnectionCreator)
class Certificates:
    """Makes TLS connections with the present certificate; existing connections keep the one they began with.

    :param certificate: a PEM file with the certificate and those that lead up to its authority.
    :param key: a PEM file with its private key.
    """

    log = Logger()

    def __init__(self, certificate: Path, key: Path) -> None:
        """:raises CannotStart: they cannot be used."""
        self._paths = (certificate, key)
        self._seen: list[tuple[int, ...]] = []
        self.fingerprint = ""
        try:
            self._load()
        except Unusable as error:
            raise CannotStart(f"{error}.") from error

    def renew(self) -> None:
        """Load the files if they have changed; if they cannot be used, keep what was loaded."""
        if self._signature() == self._seen:
            return
        try:
            self._load()
        except Unusable as error:
            self.log.error("The renewed certificate was not loaded: {reason}", reason=str(error))

    # Twisted calls these.

    def serverConnectionForTLS(self, tlsProtocol: object) -> SSL.Connection:
        return SSL.Connection(self._context, None)

    def _load(self) -> None:
        """:raises Unusable: the files are not what they should be."""
        # Taken before the files are read: what changes meanwhile is read again.
        # Files that cannot be used are reported once, until they change.
        self._seen = self._signature()
        chain, key = _chain(self._paths[0]), _key(self._paths[1])
        if chain[0].public_key() != key.public_key():
            raise Unusable(f"{self._paths[1]} is not the key of {self._paths[0]}")
        self._context = _context(chain, key)
        self.fingerprint = fingerprint(chain[0])
        expires = chain[0].not_valid_after_utc
        about = {"path": str(self._paths[0]), "fingerprint": self.fingerprint, "expires": f"{expires:%Y-%m-%d}"}
        self.log.info("TLS with {path}, SHA-256 {fingerprint}, valid until {expires}", **about)
        if expires < datetime.now(UTC) + SOON:
            self.log.warn("The certificate {path} is valid until {expires} only; renew it", **about)

    def _signature(self) -> list[tuple[int, ...]]:
        """Return a value that changes whenever the files do."""
        found: list[tuple[int, ...]] = []
        for path in self._paths:
            try:
                stat = path.stat()
            except OSError as error:
                found.append((error.errno or 0,))
            else:
                found.append((stat.st_dev, stat.st_ino, stat.st_ctime_ns, stat.st_size))
        return found


def given(place: str) -> Certificates:
    """Return the certificates an administrator names: a folder, or CERT,KEY.

    :raises CannotStart: there are none.
    """
    if "," in place:
        certificate, _, key = place.partition(",")
        return Certificates(Path(certificate.strip()), Path(key.strip()))
    folder = Path(place)
    for pair in PAIRS:
        certificate_path, key_path = (folder / name for name in pair)
        if certificate_path.exists():
            return Certificates(certificate_path, key_path)
    known = ", ".join(" and ".join(pair) for pair in PAIRS)
    raise CannotStart(f"There is no certificate in {folder}; a folder has {known}; else give CERT,KEY.")


def own(folder: Path) -> Certificates:
    """Return the certificate in this folder; make a self-signed one if there is none, or if it has expired.

    :raises CannotStart: it cannot be stored there.
    """
    folder = folder.absolute()
    certificate, key = (folder / name for name in PAIRS[-1])
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
    return Certificates(certificate, key)


def fingerprint(certificate: x509.Certificate) -> str:
    """Return the SHA-256 of a certificate as ``openssl x509 -fingerprint -sha256`` shows it."""
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


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


def _chain(path: Path) -> list[x509.Certificate]:
    """:raises Unusable: the file has no certificate."""
    try:
        return x509.load_pem_x509_certificates(_read(path))
    except ValueError as error:
        raise Unusable(f"{path} has no certificate in PEM") from error


def _key(path: Path) -> Any:
    """:raises Unusable: the file has no key, or one with a password."""
    try:
        return load_pem_private_key(_read(path), None)
    except TypeError as error:
        raise Unusable(f"{path} has a password, and a daemon cannot ask for it") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Unusable(f"{path} has no private key in PEM") from error


def _read(path: Path) -> bytes:
    """:raises Unusable: it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise Unusable(f"{path}: {error.strerror}") from error


def _has_expired(path: Path) -> bool:
    """Return whether the certificate in this file has expired; False if there is none to be read."""
    try:
        return _chain(path)[0].not_valid_after_utc < datetime.now(UTC)
    except Unusable:
        return False


def _make(certificate_path: Path, key_path: Path) -> None:
    """Make a self-signed certificate.  The key is written first: without its certificate it is not used."""
    key = ec.generate_private_key(ec.SECP256R1())
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


def _write(path: Path, data: bytes, mode: int) -> None:
    """Write a file completely, or leave it as it was."""
    new = path.with_name(f"{path.name}.new")
    with contextlib.suppress(FileNotFoundError):
        new.unlink()  # left by a process that was stopped halfway
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
