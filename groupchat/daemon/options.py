"""What the daemon is told as it is started: by the command line, which counts most, the environment and a file."""

import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twisted.python import usage

from groupchat.config import environment
from groupchat.config.settings import Settings
from groupchat.config.settings_file import load
from groupchat.daemon import process
from groupchat.model.errors import CannotStart

PORT = "5000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where the daemon finds and offers things.

    ``ports``: port numbers or endpoints; ``data``: the data folder; ``journal``: as ``open_journal`` takes it.
    ``certificate``: a folder, or ``CERT,KEY``; empty: one of our own.
    ``metrics``: an endpoint where figures are served; empty: nowhere.
    """

    ports: tuple[str, ...]
    data: Path
    journal: str
    certificate: str = ""
    metrics: str = ""


class Options(usage.Options):
    """What stands on the command line after ``twistd groupchat``."""

    synopsis = "[options]"
    optParameters = [  # noqa: RUF012  (Twisted's way of declaring them)
        ["data", None, None, "Folder of the messages [default: $STATE_DIRECTORY, or groupchat-data here]"],
        ["journal", None, None, "Where messages are kept: memory: or sqlite:PATH [default: sqlite:DATA/chat.db]"],
        ["name", None, None, "The server's name in its greeting [default: this host's]"],
        ["motd", None, None, "File with the text that everyone is shown on connecting"],
        ["settings", None, None, "File with settings, in TOML"],
        ["metrics", None, None, "Where figures are served: an endpoint, or a port of this machine [default: nowhere]"],
        ["tls", None, None, "Certificate: a folder, or CERT,KEY [default: one of our own, in the data folder]"],
    ]
    optFlags = [["log-messages", None, "Log what people say (chat is private: off unless asked for)"]]  # noqa: RUF012
    compData = usage.Completions(
        optActions={
            "data": usage.CompleteDirs(),
            "motd": usage.CompleteFiles(),
            "settings": usage.CompleteFiles("*.toml"),
            "tls": usage.CompleteFiles(),
        }
    )

    def __init__(self) -> None:
        super().__init__()
        self["port"] = []
        self["exempt"] = []
        self.given = Settings()

    @property
    def places(self) -> Places:
        """Where things are, as the options and the environment say."""
        data = process.data_folder(self["data"])
        metrics = self["metrics"] or ""
        return Places(
            ports=tuple(self["port"] or [PORT]),
            data=data,
            journal=self["journal"] or f"sqlite:{data}/chat.db",
            certificate=self["tls"] or "",
            metrics=f"tcp:{metrics}:interface=127.0.0.1" if metrics.isdigit() else metrics,
        )

    # Twisted calls these.

    def opt_port(self, place: str) -> None:
        """Where to listen: a number, or an endpoint such as tcp:5000:interface=127.0.0.1; may be repeated
        [default: 5000, on all addresses]"""
        self["port"].append(place)

    def opt_exempt(self, network: str) -> None:
        """A network, such as 10.0.0.0/8, that limits for addresses do not hold for; may be repeated"""
        self["exempt"].append(network)

    def parseOptions(self, options: Any = None) -> None:
        """Read them; a mistake is told in one line, with exit status 1 whatever program runs the daemon."""
        try:
            super().parseOptions(options)
        except (usage.UsageError, CannotStart) as error:
            process.complain(f"{error}")
            raise SystemExit(1) from error

    def parseArgs(self, *surplus: str) -> None:
        if surplus:
            raise usage.UsageError(f"{surplus[0]!r} is no option; twistd groupchat --help lists them.")

    def postOptions(self) -> None:
        given = environment.options(os.environ)
        for name in ("data", "journal", "metrics", "settings", "tls"):
            self[name] = self[name] or given.get(name)
        self["port"] = self["port"] or given.get("port", "").split()
        self.given = self.read_settings()

    def read_settings(self) -> Settings:
        """The settings as they stand now: in the file, changed by the environment, changed by options.

        :raises CannotStart: something is wrong there.
        """
        settings = load(self["settings"]) if self["settings"] else Settings()
        settings = settings.replaced(**environment.settings(os.environ))
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
    """:raises CannotStart: the file cannot be read, or is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8").rstrip("\n")
    except OSError as error:
        raise CannotStart(f"{path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise CannotStart(f"{path} is not UTF-8.") from error
