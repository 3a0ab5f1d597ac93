"""The options of the daemon: from the command line, which wins, the environment and the settings file."""

import os
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twisted.python import usage

from groupchat.config import environment
from groupchat.config.settings import Settings
from groupchat.config.settings_file import load
from groupchat.daemon import process
from groupchat.disk.data_folders import data_folder
from groupchat.disk.small_files import read_small
from groupchat.journals.opening import NodeOptions, check_node, check_shared, is_shared
from groupchat.journals.sqlite.folder import DATABASE
from groupchat.model.errors import CannotStart

JOURNAL = (
    "Where messages are kept: memory: or sqlite:PATH; of a node of a cluster, the log that all nodes share: "
    "etcd://HOST:PORT[,HOST:PORT...][/PREFIX], or etcds: with TLS [default: sqlite:DATA/chat.db]"
)
"""The help of the option."""

PORT = "5000"
"""The port to listen at unless told otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Locations:
    """The places where the daemon finds and offers things.

    ``ports``: port numbers or endpoints; ``data``: the data folder; ``journal``: as ``open_journal`` takes it.
    ``certificate``: a folder, or ``CERT,KEY``; empty: the daemon makes its own.
    ``metrics``: an endpoint where figures are served; empty: they are not served.
    ``log``, ``node``: the log of the cluster, and which of its nodes the daemon is; it is alone if ``node`` is None.
    Then ``journal`` is where the node keeps what it has carried out.
    """

    ports: tuple[str, ...]
    data: Path
    journal: str
    certificate: str = ""
    metrics: str = ""
    log: str = ""
    node: NodeOptions | None = None


class Options(usage.Options):
    """The command line after ``twistd groupchat``."""

    synopsis = "[options]"
    optParameters = [  # noqa: RUF012  (Twisted's way of declaring them)
        [
            "data",
            None,
            None,
            "Folder for messages and accounts [default: $STATE_DIRECTORY, or groupchat-data here]",
        ],
        ["journal", None, None, JOURNAL],
        ["node", None, None, "Name of this node of a cluster: 1 to 32 of a-z, 0-9 and hyphens"],
        ["etcd-ca", None, None, "File with the certificates that the servers of etcds: are trusted by"],
        ["etcd-cert", None, None, "File with the certificate to show to etcd; --etcd-key has its key"],
        ["etcd-key", None, None, "File with the key of that certificate"],
        ["name", None, None, "Name of the server in its greeting [default: the name of this host]"],
        ["motd", None, None, "File with the text that everybody is shown on joining"],
        ["settings", None, None, "Settings file, in TOML"],
        ["metrics", None, None, "Where to serve figures: an endpoint, or a port of 127.0.0.1 [default: nowhere]"],
        [
            "tls",
            None,
            None,
            "Certificate: a folder, or CERT,KEY [default: the daemon makes its own, in DATA/tls]",
        ],
    ]
    optFlags = [["log-messages", None, "Log what people say (off by default, because chat is private)"]]  # noqa: RUF012
    compData = usage.Completions(
        optActions={
            "data": usage.CompleteDirs(),
            "motd": usage.CompleteFiles(),
            "settings": usage.CompleteFiles("*.toml"),
            "tls": usage.CompleteFiles(),
            "etcd-ca": usage.CompleteFiles(),
            "etcd-cert": usage.CompleteFiles(),
            "etcd-key": usage.CompleteFiles(),
        }
    )

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        super().__init__()
        self._environ = environ
        self["port"] = []
        self["exempt"] = []
        self.given = Settings()
        self.node: NodeOptions | None = None

    @property
    def locations(self) -> Locations:
        """Return where things are, according to the options and the environment."""
        data = data_folder(self["data"], self._environ)
        metrics = self["metrics"] or ""
        return Locations(
            ports=tuple(self["port"] or [PORT]),
            data=data,
            journal=self["journal"] if self["journal"] and self.node is None else f"sqlite:{data / DATABASE}",
            certificate=self["tls"] or "",
            metrics=f"tcp:{metrics}:interface=127.0.0.1" if metrics.isdigit() else metrics,
            log=self["journal"] if self.node is not None else "",
            node=self.node,
        )

    # Twisted calls these.

    def opt_port(self, location: str) -> None:
        """Where to listen: a port number, or an endpoint such as tcp:5000:interface=127.0.0.1; can be repeated
        [default: 5000, on all addresses]"""
        self["port"].append(location)

    def opt_exempt(self, network: str) -> None:
        """A network, such as 10.0.0.0/8, whose peers are exempt from limits; can be repeated"""
        self["exempt"].append(network)

    def parseOptions(self, options: Any = None) -> None:
        """Read the options; on a mistake, exit with status 1 and one line, whichever program runs the daemon."""
        try:
            super().parseOptions(options)
        except (usage.UsageError, CannotStart) as error:
            process.complain(f"{error}")
            raise SystemExit(1) from error

    def parseArgs(self, *surplus: str) -> None:
        if surplus:
            raise usage.UsageError(f"{surplus[0]!r} is not an option; twistd groupchat --help lists them.")

    def postOptions(self) -> None:
        self.take_environment()
        self.given = self.read_settings()

    # Ours again.

    def take_environment(self) -> None:
        """Take what the command line does not have from the environment, and see which node of a cluster this is.

        :raises CannotStart: the options do not fit together.
        """
        given = environment.options(self._environ)
        for name in ("data", "etcd-ca", "etcd-cert", "etcd-key", "journal", "metrics", "node", "settings", "tls"):
            self[name] = self[name] or given.get(name.replace("-", "_"))
        self["port"] = self["port"] or given.get("port", "").split()
        self.node = self._node()

    def _node(self) -> NodeOptions | None:
        """Return which node of a cluster this is; None: the daemon is alone.

        :raises CannotStart: the options do not fit together.
        """
        log, node = self["journal"] or "", self["node"]
        files = {name: self[name] for name in ("etcd-ca", "etcd-cert", "etcd-key") if self[name]}
        if not is_shared(log):
            if node and log:
                shown = re.sub(r"//[^/]*@", "//…@", log)  # a password may stand there
                raise CannotStart(
                    f"--node names a node of a cluster, whose --journal is etcd://HOST:PORT,…, not {shown}."
                )
            if node:
                raise CannotStart("--node names a node of a cluster, which needs --journal etcd://HOST:PORT,… too.")
            if files:
                raise CannotStart(f"--{next(iter(files))} is for --journal etcds://HOST:PORT,…")
            return None
        check_shared(log)
        check_node(node or "")
        if files and not log.startswith("etcds:"):
            raise CannotStart(f"--{next(iter(files))} is for etcds:, and the journal is etcd:, without TLS.")
        if ("etcd-cert" in files) != ("etcd-key" in files):
            raise CannotStart("--etcd-cert and --etcd-key are given together.")
        authority, certificate, key = (
            Path(files[name]) if name in files else None for name in ("etcd-ca", "etcd-cert", "etcd-key")
        )
        return NodeOptions(
            data=data_folder(self["data"], self._environ), node=node, authority=authority, certificate=certificate,
            key=key, login=self._login(),
        )  # fmt: skip

    def _login(self) -> tuple[str, str] | None:
        """Return the name and the password for etcd.  Raises CannotStart."""
        user, password = (self._environ.get(name, "") for name in (environment.ETCD_USER, environment.ETCD_PASSWORD))
        if bool(user) != bool(password):
            raise CannotStart(f"{environment.ETCD_USER} and {environment.ETCD_PASSWORD} are given together.")
        return (user, password) if user else None

    def read_settings(self) -> Settings:
        """Return the settings as they stand now: the file, overridden by the environment, overridden by options.

        :raises CannotStart: a setting is wrong, or a file cannot be read.
        """
        settings = load(self["settings"]) if self["settings"] else Settings()
        settings = settings.replaced(**environment.settings(self._environ))
        changes: dict[str, object] = {}
        if self["name"]:
            changes["name"] = self["name"]
        elif not settings.name:
            changes["name"] = socket.gethostname()
        if self["motd"]:
            changes["motd"] = _read(Path(self["motd"]))
        if self["exempt"]:
            changes["exempt"] = [*map(str, settings.exempt), *self["exempt"]]
        if self["log-messages"]:
            changes["log_messages"] = True
        if self.node is not None:
            changes["commit_refuse_s"] = settings.cluster_refuse_s
            changes["commit_pause_s"] = min(settings.commit_pause_s, settings.cluster_refuse_s)
        return settings.replaced(**changes)


def _read(path: Path) -> str:
    """:raises CannotStart: the file cannot be read, is no regular file or too large, or is not UTF-8."""
    try:
        return read_small(path).decode().replace("\r\n", "\n").rstrip("\n")
    except OSError as error:
        raise CannotStart(f"{path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise CannotStart(f"{path} is not UTF-8.") from error
