"""The options of the daemon: from the command line, which wins, the environment and the settings file."""

import os
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
from groupchat.journals.sqlite.folder import DATABASE
from groupchat.model.errors import CannotStart

PORT = "5000"
"""The port to listen at unless told otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Locations:
    """The places where the daemon finds and offers things.

    ``ports``: port numbers or endpoints; ``data``: the data folder; ``journal``: as ``open_journal`` takes it.
    ``certificate``: a folder, or ``CERT,KEY``; empty: the daemon makes its own.
    ``metrics``: an endpoint where figures are served; empty: they are not served.
    """

    ports: tuple[str, ...]
    data: Path
    journal: str
    certificate: str = ""
    metrics: str = ""


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
        ["journal", None, None, "Where messages are kept: memory: or sqlite:PATH [default: sqlite:DATA/chat.db]"],
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
        }
    )

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        super().__init__()
        self._environ = environ
        self["port"] = []
        self["exempt"] = []
        self.given = Settings()

    @property
    def locations(self) -> Locations:
        """Return where things are, according to the options and the environment."""
        data = data_folder(self["data"], self._environ)
        metrics = self["metrics"] or ""
        return Locations(
            ports=tuple(self["port"] or [PORT]),
            data=data,
            journal=self["journal"] or f"sqlite:{data / DATABASE}",
            certificate=self["tls"] or "",
            metrics=f"tcp:{metrics}:interface=127.0.0.1" if metrics.isdigit() else metrics,
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
        given = environment.options(self._environ)
        for name in ("data", "journal", "metrics", "settings", "tls"):
            self[name] = self[name] or given.get(name)
        self["port"] = self["port"] or given.get("port", "").split()
        self.given = self.read_settings()

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
        return settings.replaced(**changes)


def _read(path: Path) -> str:
    """:raises CannotStart: the file cannot be read, is no regular file or too large, or is not UTF-8."""
    try:
        return read_small(path).decode().replace("\r\n", "\n").rstrip("\n")
    except OSError as error:
        raise CannotStart(f"{path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise CannotStart(f"{path} is not UTF-8.") from error
