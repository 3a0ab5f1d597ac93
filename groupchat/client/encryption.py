"""The options about TLS."""

import argparse
import re

from groupchat.client.tls.trust import Encryption

_CERTIFICATE = re.compile("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options about TLS."""
    parser.add_argument("--tls", action="store_true", help="encrypt the connection (the options below do, too)")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--ca", metavar="FILE", type=read_authorities, help="trust the certificates in this file only")
    which.add_argument(
        "--fingerprint", metavar="SHA256", type=read_fingerprint, help="trust the one certificate with this fingerprint"
    )
    which.add_argument("--insecure", action="store_true", help="encrypt, but accept every certificate")


def chosen(arguments: argparse.Namespace) -> Encryption | None:
    """Return the encryption that the arguments ask for; None: no encryption."""
    given = Encryption(arguments.ca or (), arguments.fingerprint or b"", arguments.insecure)
    return given if arguments.tls or given != Encryption() else None


def read_authorities(path: str) -> tuple[bytes, ...]:
    """Read certificates in PEM from a file; return them in DER.

    :raises ArgumentTypeError: the file cannot be read, or contains no certificate.
    """
    import ssl  # most connections need none

    try:
        with open(path, encoding="ascii", errors="replace") as file:
            certificates = tuple(map(ssl.PEM_cert_to_DER_cert, _CERTIFICATE.findall(file.read())))
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=b"".join(certificates))
    except (ssl.SSLError, ValueError) as error:  # it is none, or not even base64
        raise argparse.ArgumentTypeError(f"{path} has no certificate in PEM") from error
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{path}: {error.strerror}") from error
    return certificates


def read_fingerprint(text: str) -> bytes:
    """Read a fingerprint: its digits, or the whole line that openssl prints.

    :raises ArgumentTypeError: the text is not a SHA-256 fingerprint.
    """
    digits = text.rpartition("=")[2].strip().replace(":", "")
    if not re.fullmatch("[0-9A-Fa-f]{64}", digits):
        raise argparse.ArgumentTypeError("a SHA-256 fingerprint has 64 hexadecimal digits, with or without colons")
    return bytes.fromhex(digits)
