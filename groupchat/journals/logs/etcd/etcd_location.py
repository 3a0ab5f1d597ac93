"""Where a log in etcd is: ``etcd://HOST:PORT[,HOST:PORT…][/PREFIX]``, or ``etcds:`` with TLS."""

import re
from pathlib import Path
from typing import Any

from twisted.logger import Logger

from groupchat.interfaces.shared_log import ILog
from groupchat.journals.logs.etcd.etcd_connections import Encryption, Server, connections
from groupchat.journals.logs.etcd.etcd_log import EtcdLog
from groupchat.journals.logs.etcd.gateway import MAX_ANSWER_BYTES, Gateway
from groupchat.lazy.records import record
from groupchat.model.errors import CannotStart

PORT = 2379
"""The port of a server that is given without one."""
PREFIX = "groupchat"
"""What stands before all keys if nothing else is given."""

_log = Logger()


@record
class Location:
    """The servers of an etcd, and what stands before all keys."""

    servers: tuple[Server, ...]
    prefix: str


def parse(location: str) -> Location:
    """Read a location.

    :raises CannotStart: it is none; the sentence says what is wrong with it.
    """
    scheme, _, rest = location.partition("://")
    if scheme not in ("etcd", "etcds"):
        raise CannotStart(f"“{location}” is not a log in etcd; give etcd://HOST:PORT,HOST:PORT/PREFIX.")
    hosts, _, prefix = rest.partition("/")
    if "@" in hosts:
        raise CannotStart("A user and a password of etcd are not given in the location, where others can read them.")
    prefix = prefix.strip("/") or PREFIX
    if not re.fullmatch(r"[A-Za-z0-9._/-]+", prefix):
        raise CannotStart(f"“{prefix}” cannot stand before keys of etcd: letters, digits and . _ - / can.")
    servers = tuple(_server(host, scheme == "etcds") for host in hosts.split(","))
    if len(set(servers)) < len(servers):
        raise CannotStart(f"“{location}” names a server twice.")
    return Location(servers, prefix)


def _server(text: str, is_encrypted: bool) -> Server:
    found = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::([0-9]{1,5}))?", text)
    if found is None:
        raise CannotStart(f"“{text}” is not a server of etcd; give HOST:PORT.")
    port = int(found[3] or PORT)
    if not 0 < port < 65536:
        raise CannotStart(f"“{text}” has no port between 1 and 65535.")
    return Server(found[1] or found[2], port, is_encrypted)


def opened(
    location: str,
    reactor: Any,
    *,
    authority: Path | None = None,
    certificate: Path | None = None,
    key: Path | None = None,
    login: tuple[str, str] | None = None,
) -> ILog:
    """Open the log at a location; nothing is asked before ``begin``.

    :param authority: a file with the certificates of whom to trust; None: of whom this machine trusts.
    :param certificate: a file with the certificate to show; ``key``: one with its key.
    :param login: the name and the password of etcd's user.
    :raises CannotStart: the location or a file cannot be used.
    """
    where = parse(location)
    files = (authority, certificate, key)
    if where.servers[0].is_encrypted:
        encryption = Encryption(authority, certificate, key)
        if encryption.warning:
            _log.warn("{warning}", warning=encryption.warning)
    elif any(file is not None for file in files):
        raise CannotStart("--etcd-ca, --etcd-cert and --etcd-key are for etcds:, not for etcd:.")
    else:
        encryption = None
    client, streams = connections(reactor, encryption, MAX_ANSWER_BYTES)
    gateway = Gateway(client.ask, reactor, login, where.prefix, encryption)
    return EtcdLog(gateway, streams.open, where.servers, where.prefix, client.close)
