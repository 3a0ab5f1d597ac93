"""Open the journal that an option names."""

import time
from dataclasses import dataclass, field
from pathlib import Path

from twisted.internet.interfaces import IReactorFromThreads, IReactorTime

from groupchat.interfaces.storage import IJournal
from groupchat.journals.memory import MemoryJournal
from groupchat.journals.sqlite.folder import DATABASE
from groupchat.journals.sqlite.sqlite_journal import SqliteJournal
from groupchat.lazy.expressions import expression
from groupchat.model.errors import CannotStart

_NODE = expression("[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeOptions:
    """How a node takes part in a cluster.

    ``data``: its data folder.  ``node``: its name.  ``version``, ``address``: what it tells the others.
    ``keep_h``: for how many hours the log keeps what nodes need that come back.
    ``authority``, ``certificate``, ``key``: files for TLS; ``login``: the name and password of the log's user.
    """

    data: Path
    node: str
    version: str = ""
    address: str = ""
    keep_h: float = 24.0
    authority: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    login: tuple[str, str] | None = field(default=None, repr=False)


def is_shared(location: str) -> bool:
    """Say whether a location is that of a log which the nodes of a cluster share."""
    return location.partition(":")[0] in ("etcd", "etcds")


def check_node(name: str) -> str:
    """Return the name of a node.

    :raises CannotStart: it is none.
    """
    if not name:
        raise CannotStart("A node of a cluster needs a name, which no other has: --node NAME.")
    if not _NODE.fullmatch(name):
        shown = name if len(name) <= 40 else f"{name[:40]}…"
        raise CannotStart(f"“{shown}” is not the name of a node: 1 to 32 of a-z, 0-9 and, inside, hyphens.")
    return name


def check_location(location: str) -> None:
    """:raises CannotStart: there is no such kind of journal, or the location makes no sense.  Nothing is opened."""
    scheme, _, rest = location.partition(":")
    if is_shared(location):
        check_shared(location)
    elif (scheme, bool(rest)) not in (("memory", False), ("sqlite", True)):
        raise CannotStart(f"“{location}” is not a journal; give memory:, sqlite:PATH or etcd://HOST:PORT,HOST:PORT.")


def check_shared(location: str) -> None:
    """:raises CannotStart: the location of a log makes no sense."""
    from groupchat.journals.logs.etcd.etcd_location import parse  # a server that is alone imports none of this

    parse(location)


def check_encryption(options: NodeOptions) -> str:
    """Return what is warned of in the files for TLS with etcd; empty: nothing is.

    :raises CannotStart: one of them cannot be used.
    """
    if options.authority is not None or options.certificate is not None:
        from groupchat.journals.logs.etcd.etcd_connections import Encryption  # as above

        return Encryption(options.authority, options.certificate, options.key).warning
    return ""


def open_journal(location: str, reactor: IReactorFromThreads, options: NodeOptions | None = None) -> IJournal:
    """Open the journal at ``memory:``, or at ``sqlite:PATH``, whose folder is the data folder.

    Or that of a node at ``etcd:`` or ``etcds:``, which is to be started; its file is in the data folder.
    To be called after the process has become a daemon: threads do not survive a fork.

    :param options: how this node takes part in a cluster.
    :raises CannotStart: there is no such kind of journal, or the file cannot be used.
    """
    check_location(location)
    scheme, _, rest = location.partition(":")
    if scheme == "memory":
        return MemoryJournal()
    if scheme == "sqlite":
        return SqliteJournal(reactor, Path(rest).absolute())
    if options is None:
        raise CannotStart("A node of a cluster needs a name, which no other has: --node NAME.")
    return _open_node(location, reactor, options)


def _open_node(location: str, reactor: IReactorFromThreads, options: NodeOptions) -> IJournal:
    # A server that is alone imports none of this.
    from groupchat.journals.cluster.cluster_journal import ClusterJournal
    from groupchat.journals.cluster.log_ages import NAME as LOG_AGES
    from groupchat.journals.cluster.log_ages import LogAges
    from groupchat.journals.logs.etcd.etcd_location import opened

    node = check_node(options.node)
    shared = opened(
        location, reactor, authority=options.authority, certificate=options.certificate, key=options.key,
        login=options.login,
    )  # fmt: skip
    inner = SqliteJournal(reactor, options.data.absolute() / DATABASE, is_shared=True)
    clock = IReactorTime(reactor)
    return ClusterJournal(
        shared, inner, node, clock, version=options.version, address=options.address, keep_h=options.keep_h,
        ages=LogAges(options.data.absolute() / LOG_AGES, time.time), now=time.time,
    )  # fmt: skip
