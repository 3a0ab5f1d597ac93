"""Servers whose keys a person has accepted, in a file that only they can read, as ssh has one.

1. A line is about one server, by its host and port; the last one counts.
2. It has the key and not the certificate: a server that renews a certificate of its own keeps the key, and nobody must
   get used to saying yes.
3. Of a server for which an authority vouched, that is noted: less is a change from then on.
4. Only ``groupchat join`` on a terminal adds lines; all programs read them.
"""

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from groupchat.client.address import Address
from groupchat.client.core.client_errors import fingerprint_of
from groupchat.destinations.hosts import BadConfiguration, folder_name
from groupchat.disk.new_files import new_file
from groupchat.disk.small_files import read_small
from groupchat.lazy.expressions import expression

HEADER = """\
# Servers that groupchat trusts, and their keys. To forget one: groupchat join --forget-host HOST[:PORT]
"""

AUTHORITY = "authority"
"""Stands for the key of a server for which an authority vouched."""

_LINE = expression(rf"(\S+) ({AUTHORITY}|key=([0-9a-f]{{64}}) certificate=([0-9A-F:]{{95}})) since=(\d{{4}}-\d\d-\d\d)")


class UnreadableHosts(BadConfiguration):
    """The file cannot be used; one sentence."""


class KnownHost(NamedTuple):
    """What is known of a server: its key and the fingerprint of its certificate, both empty if an authority vouched."""

    key: str = ""
    certificate: str = ""
    since: str = ""


class KnownHosts:
    """The file with all known servers.

    :param path: it need not be there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @classmethod
    def of_person(cls, environ: Mapping[str, str]) -> "KnownHosts":
        """Return those of the person who runs the program."""
        return cls(Path(folder_name(environ, "XDG_STATE_HOME", ".local/state"), "known_hosts"))

    def find(self, server: Address) -> KnownHost | None:
        """Return what is known of a server; None: nothing.

        :raises UnreadableHosts: the file cannot be read.
        """
        return self._read().get(_name(server))

    def applied(self, server: Address) -> Address:
        """Return the address, with what is known of the server, if nothing else was asked for.

        :raises UnreadableHosts: the file cannot be read.
        """
        encryption = server.encryption
        if encryption is None or not encryption.is_usual:
            return server
        known = self.find(server)
        if known is None:
            return server
        applied = encryption._replace(
            key=bytes.fromhex(known.key), remembered=known.certificate, vouched=not known.key
        )  # fmt: skip
        return server._replace(encryption=applied)

    def remember(self, server: Address, certificate: bytes, today: str) -> None:
        """Remember the key of a server; with an empty certificate, that an authority vouched for it.

        :raises OSError, UnreadableHosts: it cannot be written.
        """
        from groupchat.client.tls.public_keys import key_of  # programs that only read the file need none of it

        known = KnownHost(since=today)
        if certificate:
            known = KnownHost(key_of(certificate).hex(), fingerprint_of(certificate), today)
        with self._changing() as hosts:
            hosts[_name(server)] = known

    def forget(self, server: Address) -> KnownHost | None:
        """Forget a server; return what was known of it.

        :raises OSError, UnreadableHosts: the file cannot be read or written.
        """
        if self.find(server) is None:
            return None
        with self._changing() as hosts:
            return hosts.pop(_name(server), None)

    @contextmanager
    def _changing(self) -> Iterator[dict[str, KnownHost]]:
        """Lock the file, give its contents to be changed, and write them back."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(self._path.with_name("known_hosts.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            hosts = self._read()
            yield hosts
            with new_file(self._path, replace=True) as file:
                file.write((HEADER + "".join(f"{name} {_shown(known)}\n" for name, known in hosts.items())).encode())
        finally:
            os.close(lock)

    def _read(self) -> dict[str, KnownHost]:
        """:raises UnreadableHosts: it cannot be read, or has a line that makes no sense."""
        try:
            text = read_small(self._path).decode()
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError) as error:
            why = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else error.strerror
            raise UnreadableHosts(f"{self._path} cannot be used: {why}.") from None
        hosts = {}
        for number, line in enumerate(text.splitlines(), 1):
            if not line.strip() or line.startswith("#"):
                continue
            found = _LINE.fullmatch(line.strip())
            if found is None:
                raise UnreadableHosts(f"{self._path} cannot be used: line {number} makes no sense; delete it.")
            hosts[found[1]] = KnownHost(found[3] or "", found[4] or "", found[5])
        return hosts


def _name(server: Address) -> str:
    host = server.host.lower()
    return f"[{host}]:{server.port}" if ":" in host else f"{host}:{server.port}"


def _shown(known: KnownHost) -> str:
    what = f"key={known.key} certificate={known.certificate}" if known.key else AUTHORITY
    return f"{what} since={known.since}"
