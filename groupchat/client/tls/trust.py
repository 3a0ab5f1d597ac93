"""Which certificates a client accepts, and sentences for those that it does not."""

from dataclasses import dataclass
from ipaddress import ip_address

SELF_SIGNED = 18
UNKNOWN_AUTHORITIES = frozenset({19, 20, 21})
"""OpenSSL's numbers for a certificate that stands for itself, or that nobody known here has issued."""

FAULTS = {
    9: "is not valid yet",
    10: "is no longer valid",
    SELF_SIGNED: "is self-signed; name it with --fingerprint or --ca if it is the right one",
    19: "was issued by an authority that is not trusted here; --ca names one",
    20: "was issued by an authority that is not known here; --ca names one",
    21: "was issued by an authority that is not known here; --ca names one",
}
"""OpenSSL's error numbers (X509_verify_cert_error_string) in words; the subject is the certificate."""

OTHER_NAMES = frozenset({62, 64})
"""The numbers for a certificate of another host."""


@dataclass(frozen=True, slots=True)
class Encryption:
    """The certificates to accept: those of authorities that the machine trusts, unless a field is set.

    ``authorities``: only these certificates, in DER, and those they have issued.
    ``fingerprint``: only the certificate with this SHA-256, in bytes.
    ``insecure``: every certificate.
    """

    authorities: tuple[bytes, ...] = ()
    fingerprint: bytes = b""
    insecure: bool = False

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
    address, _, zone = host.partition("%")
    if not zone:
        return host
    try:
        ip_address(address)
    except ValueError:
        return host
    return address
