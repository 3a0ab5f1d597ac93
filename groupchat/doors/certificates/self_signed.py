"""Read a certificate that signed itself, as the daemon's own did, by what Python's ``ssl`` can tell.

``cryptography``, which can read every other one, takes 14 MiB and a tenth of a second of processor time at the start.
"""

import hashlib
import ssl
from typing import Any

from groupchat.doors.certificates.certificate_files import Unusable, is_there, read
from groupchat.doors.certificates.pair import CHAIN, Pair, context_of, file_of
from groupchat.doors.certificates.places import Files

try:
    from _ssl import _test_decode_cert as decode  # type: ignore[attr-defined]
except ImportError:  # it is Python's own, for its tests
    decode = None

_BEGINNING, _END = b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----"


def self_signed(files: Files) -> Pair | None:
    """Return the certificate and the key of these files; None: look more closely whether they can be used at all."""
    try:
        certificate, key = read(files.certificate), read(files.key)
        is_one = certificate.count(_BEGINNING) == 1 and (files.key == files.certificate or _BEGINNING not in key)
        if decode is None or not is_one or is_there(files.certificate.with_name(CHAIN)):
            return None
        pem = certificate[certificate.index(_BEGINNING) : certificate.index(_END) + len(_END)]
        der = ssl.PEM_cert_to_DER_cert(pem.decode("ascii"))
        with file_of(certificate) as path:
            about = decode(path)
        if about["issuer"] != about["subject"]:
            return None
        begins, expires = (ssl.cert_time_to_seconds(about[end]) for end in ("notBefore", "notAfter"))
        whole = certificate if files.key == files.certificate else key + b"\n" + certificate
        shown = hashlib.sha256(der).digest().hex(":").upper()
        return Pair(files, shown, _names(about), begins, expires, False, context_of(whole))
    except (Unusable, OSError, ValueError, KeyError):
        return None


def _names(about: dict[str, Any]) -> tuple[str, ...]:
    """Return the names of hosts in a certificate, in lower case."""
    if "subjectAltName" in about:
        names = [name for kind, name in about["subjectAltName"] if kind == "DNS"]
    else:
        names = [value for part in about["subject"] for kind, value in part if kind == "commonName"]
    return tuple(name.lower() for name in names)
