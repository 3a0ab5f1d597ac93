"""OpenSSL's settings, by the certificates that a client accepts."""

import os
import re
import ssl
from collections.abc import Mapping

from groupchat.client.tls.trust import Encryption

_HASHED = re.compile(r"[0-9a-f]{8}\.[0-9]+")
"""The name of a certificate that OpenSSL finds when it looks for the authority of another one."""


def context_of(encryption: Encryption) -> ssl.SSLContext:
    """Return the settings that verify a certificate as this asks for."""
    if not encryption.asks_authorities:
        return credulous()
    context = _new()
    if encryption.authorities:
        context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN  # what is named is trusted, root or not
        context.load_verify_locations(cadata=b"".join(encryption.authorities))
    else:
        _trust_the_machines(context)
    return context


def credulous() -> ssl.SSLContext:
    """Return settings that accept every certificate; the caller judges it afterwards."""
    context = _new()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _new() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.hostname_checks_common_name = False  # RFC 6125: only the names meant for it count
    return context


def _trust_the_machines(context: ssl.SSLContext) -> None:
    """Trust the authorities of this machine."""
    paths = ssl.get_default_verify_paths()
    if has_all(paths, os.environ):
        context.load_verify_locations(capath=paths.capath)
    else:
        context.set_default_verify_paths()


def has_all(paths: ssl.DefaultVerifyPaths, environ: Mapping[str, str]) -> bool:
    """Return whether the machine's folder of authorities is enough.

    Nearly every machine has them twice: in one file, which takes OpenSSL 30 ms to read, and in a folder
    in which it finds the one that it needs.
    """
    is_usual = environ.keys().isdisjoint((paths.openssl_cafile_env, paths.openssl_capath_env))
    return is_usual and paths.capath is not None and _certificates_in(paths.cafile) <= _hashed_in(paths.capath)


def _certificates_in(file: str | None) -> int:
    if file is None:
        return 1  # a folder with nothing in it is no reason to look no further
    try:
        with open(file, "rb") as opened:
            return opened.read().count(b"-----BEGIN ")
    except OSError:
        return 1


def _hashed_in(folder: str) -> int:
    try:
        return sum(1 for name in os.listdir(folder) if _HASHED.fullmatch(name))
    except OSError:
        return 0
