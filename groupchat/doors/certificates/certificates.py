"""All certificates of the server: read at the start, followed when their files change, watched until they expire.

1. What serves goes on serving until something that can be used has taken its place, or its file is removed.
2. A fault of the files is logged once, until they change.
3. The default is the first pair: for clients that ask for no name, or for one that no certificate has.
"""

import math
import ssl
import time
from collections.abc import Callable, Iterable, Mapping

from twisted.logger import Logger, LogLevel

from groupchat.doors.certificates.certificate_files import Unusable, is_there
from groupchat.doors.certificates.pair import Pair, Signature, signature
from groupchat.doors.certificates.places import Files, finder
from groupchat.doors.certificates.self_signed import self_signed
from groupchat.model.errors import CannotStart
from groupchat.model.wording import plural

WARNINGS_DAYS = (14, 7, 3, 1)
"""So many days before a certificate expires it is logged; from the day on which it has expired, each day."""

DAY_S = 86400

MOST_NAMES = 3
"""The most names of a certificate that a line of the log has."""


class Certificates:
    """The present certificates, for new connections; existing connections keep the one they began with.

    :param find: returns the files of all certificates, the default first, or raises Unusable.
    :param now: returns the time in seconds since 1970 UTC.
    """

    log = Logger()

    def __init__(self, find: Callable[[], list[Files]], now: Callable[[], float] = time.time) -> None:
        """:raises CannotStart: one of them cannot be used, or there is none."""
        self._find = find
        self._now = now
        self._pairs: dict[Files, Pair] = {}
        """The pairs that are served, the default first."""
        self._by_name: dict[str, Pair] = {}
        self._seen: dict[Files, Signature] = {}
        """The files as they were when they were last read, whether or not they could be used."""
        self._fault = ""
        """Why the files were not found the last time; empty: they were."""
        self._warned: dict[str, int] = {}
        """By fingerprint: the number of days before the end that was logged last."""
        try:
            for files in find():
                self._load(files)
        except Unusable as error:
            raise CannotStart(f"{error}.") from error
        self._arrange(self._pairs)
        self._warn()

    @property
    def fingerprint(self) -> str:
        """Return the SHA-256 of the default certificate."""
        return self._default.fingerprint

    def validity(self) -> Mapping[str, float]:
        """Return when each certificate expires, in seconds since 1970 UTC, by a name of it."""
        return {pair.name: pair.expires for pair in self._pairs.values()}

    def renew(self) -> None:
        """Load the files that have changed, warn of certificates that expire; keep what serves if they are unusable."""
        try:
            found = self._find()
            self._fault = ""
        except Unusable as error:
            found = []
            if str(error) != self._fault:
                self._fault = str(error)
                self.log.error("The certificates stay as they were: {reason}", reason=self._fault)
        changed = [files for files in found if self._seen.get(files) != signature(files)]
        for files in changed:
            try:
                self._load(files)
            except Unusable as error:
                self.log.error("The renewed certificate was not loaded: {reason}", reason=str(error))
        if found and (changed or list(self._pairs) != found):
            self._seen = {files: seen for files, seen in self._seen.items() if files in found or files in self._pairs}
            self._arrange([*found, *(files for files in self._pairs if self._is_changing(files, found))])
        self._warn()

    def context_for(self, name: bytes) -> ssl.SSLContext:
        """Return OpenSSL's settings with the certificate of the host that a client asks for (RFC 6066, section 3)."""
        asked = name.decode("ascii", "replace").lower()
        # A star stands for one part of a name (RFC 6125, section 6.4.3).
        pair = self._by_name.get(asked) or self._by_name.get(f"*.{asked.partition('.')[2]}") or self._default
        return pair.context

    # How

    def _load(self, files: Files) -> None:
        """:raises Unusable: the files are not what they should be."""
        # Taken before the files are read: what changes meanwhile is read again.
        self._seen[files] = signature(files)
        pair = self._pairs[files] = self_signed(files) or _read_closely(files)
        names = ", ".join(pair.names[:MOST_NAMES]) + (", …" if len(pair.names) > MOST_NAMES else "")
        self.log.info(
            "TLS with {path}, SHA-256 {fingerprint}, valid until {expires}, for {names}",
            path=str(files.certificate), names=names or "no name", fingerprint=pair.fingerprint, expires=pair.until,
        )  # fmt: skip
        if pair.is_lone:
            self.log.info(
                "{path} has one certificate only: if its authority gave others (a chain), append them to it",
                path=str(files.certificate),
            )
        if pair.begins > self._now():
            self.log.warn("{path} is not valid yet: look at the clock of this machine", path=str(files.certificate))

    def _is_changing(self, files: Files, found: list[Files]) -> bool:
        """Tell whether a pair that was not found this time is in the middle of a change."""
        try:
            return files not in found and is_there(files.certificate)
        except Unusable:
            return True

    def _arrange(self, order: Iterable[Files]) -> None:
        """Serve these of the pairs that were loaded, and forget all others."""
        before, self._pairs = self._pairs, {files: self._pairs[files] for files in order if files in self._pairs}
        for files in before.keys() - self._pairs.keys():
            self.log.info("{path} is gone, and no longer served", path=str(files.certificate))
        self._default = next(iter(self._pairs.values()))
        self._by_name = {}
        # Of several for one name, as certbot makes them, the one that is valid longest is served.
        for pair in sorted(self._pairs.values(), key=lambda pair: pair.expires):
            self._by_name.update(dict.fromkeys(pair.names, pair))
        if len(self._pairs) > 1:
            self.log.info("The default certificate is {path}", path=str(self._default.files.certificate))

    def _warn(self) -> None:
        """Log each certificate that expires soon, once for each of WARNINGS_DAYS; an expired one each day."""
        warned = {}
        for pair in self._pairs.values():
            left = math.ceil((pair.expires - self._now()) / DAY_S)
            stage = left if left <= 0 else min((days for days in WARNINGS_DAYS if left <= days), default=None)
            if stage is None:
                continue
            warned[pair.fingerprint] = stage
            if self._warned.get(pair.fingerprint) == stage:
                continue
            self.log.emit(
                LogLevel.error if left <= 1 else LogLevel.warn,
                "The certificate {path} has expired on {expires}; renew it" if left <= 0 else
                "The certificate {path} is valid for {left} only, until {expires}; renew it",
                path=str(pair.files.certificate), left=plural(left, "more day"), expires=pair.until,
            )  # fmt: skip
        self._warned = warned


def _read_closely(files: Files) -> Pair:
    """:raises Unusable: the files are not what they should be."""
    from groupchat.doors.certificates.chains import read_pair  # most daemons need nothing of cryptography

    return read_pair(files)


def given(place: str) -> Certificates:
    """Return the certificates an administrator names: a folder, a file with both certificate and key, or CERT,KEY.

    :raises CannotStart: there are none, or one of them cannot be used.
    """
    return Certificates(finder(place))
