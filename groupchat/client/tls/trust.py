"""Which certificates a client accepts, and sentences for those that it does not."""

from typing import NamedTuple

from groupchat.client.core.client_errors import NotTrusted

SELF_SIGNED = 18
"""OpenSSL's number for a certificate that stands for itself."""

FAULTS = {
    9: "is not valid yet",
    10: "is no longer valid",
    SELF_SIGNED: "is self-signed",
    19: "was issued by an authority that is not trusted here; --ca names one",
    20: "was issued by an authority that is not known here; --ca names one",
    21: "was issued by an authority that is not known here; --ca names one",
}
"""OpenSSL's error numbers (X509_verify_cert_error_string) in words; the subject is the certificate."""

OTHER_NAMES = frozenset({62, 64})
"""The numbers for a certificate of another host."""


class Encryption(NamedTuple):
    """The certificates to accept: those of authorities that the machine trusts, unless a field is set.

    ``authorities``: only these certificates, in DER, and those they have issued.
    ``fingerprint``: only the certificate with this SHA-256, in bytes.
    ``insecure``: every certificate.
    ``key``: also the certificates with this public key, by its SHA-256, whoever has issued them and for whom.

    ``remembered``: the fingerprint of the certificate with which the key was remembered, for people.
    ``vouched``: an authority vouched for the server before, so anything less now is told as a change.
    """

    authorities: tuple[bytes, ...] = ()
    fingerprint: bytes = b""
    insecure: bool = False
    key: bytes = b""
    remembered: str = ""
    vouched: bool = False

    @property
    def is_usual(self) -> bool:
        """True if nothing else was asked for than the authorities that the machine trusts."""
        return not (self.authorities or self.fingerprint or self.insecure)

    @property
    def asks_authorities(self) -> bool:
        """True if the certificate must be issued by somebody, for this host, and valid."""
        return not self.insecure and not self.fingerprint


def fault_of(error: int, host: str) -> str:
    """Return what is wrong with a certificate, by OpenSSL's number."""
    if error in OTHER_NAMES:
        return f"is not for {host}"
    return FAULTS.get(error, f"cannot be verified (OpenSSL's error {error})")


def name_of(host: str) -> str:
    """Return a host's name or address as certificates have it: without the zone of an IPv6 address."""
    return host.partition("%")[0] if ":" in host else host


def advice(server: str, encryption: Encryption, error: NotTrusted) -> str:
    """Return why a server is not trusted, and what the person can do about it."""
    shown = error.fingerprint
    if not shown or encryption.fingerprint:
        return f"{error}."
    if encryption.key:
        return (
            f"THE KEY OF THE SERVER HAS CHANGED. Somebody may be in between, or the server was set up anew. "
            f"Remembered: SHA-256 {encryption.remembered}. Now: SHA-256 {shown}. "
            f"If the new one is right, forget the old one: groupchat join --forget-host {server}"
        )
    if encryption.vouched:
        return (
            f"{error}, and an authority vouched for the one before. Somebody may be in between. "
            f"Its fingerprint is SHA-256 {shown}. "
            f"If it is right, forget that there was another one: groupchat join --forget-host {server}"
        )
    told = f"{error}. Its fingerprint is SHA-256 {shown}. If it is the right one, name it by --fingerprint"
    return f"{told}, or run groupchat join --tls {server} once, which remembers it." if encryption.is_usual else told
