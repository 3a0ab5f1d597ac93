"""Every setting of the daemon, declared once: name, default, unit, range and reason."""

from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields, replace
from difflib import get_close_matches
from typing import Any, TypeVar, cast

from groupchat.config.checks import (
    checked,
    expected,
    host_and_port,
    multiline,
    network,
    proxy,
    public_url,
    time_zone,
    web_origin,
)
from groupchat.model.errors import CannotStart
from groupchat.model.names import RESERVED, NameRules
from groupchat.model.networks import Network
from groupchat.model.text import PASSWORD

T = TypeVar("T")

_ORDERED = (
    ("nick_min", "nick_max"),
    ("commit_pause_s", "commit_refuse_s"),
    ("password_wait_s", "password_wait_max_s"),
)
"""Pairs of settings of which the first must not be above the second."""


def setting(
    default: T,
    unit: str,
    reason: str,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    choices: tuple[str, ...] = (),
    check: Callable[[str, Any], object] | None = None,
    reload: bool = True,
) -> T:
    """Declare one setting.

    :param unit: what a number counts; for other settings, what the value is.
    :param reason: what the setting is for, and why the default is what it is.
    :param minimum: the lowest value, with ``maximum`` as the highest; of a text, ``maximum`` is the most characters.
    :param choices: the only texts allowed; empty: any.
    :param check: checks a text, or each item of a list, given the name and the value; returns it as it is kept.
    :param reload: whether a change applies while the daemon runs, or needs a restart.
    """
    about = {"unit": unit, "reason": reason, "minimum": minimum, "maximum": maximum}
    return field(default=default, metadata={**about, "choices": choices, "check": check, "reload": reload})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings.  A wrong value raises CannotStart, which names the setting and what it may be."""

    # What a peer may send
    line_limit_bytes: int = setting(
        4096,
        "bytes",
        "longest line of text, with its end: nobody can type more on a terminal in line mode",
        minimum=256,
        maximum=65536,
    )
    json_limit_bytes: int = setting(
        16384,
        "bytes",
        "longest line of JSON: a text of 4,096 bytes may need escapes",
        minimum=1024,
        maximum=1048576,
    )
    json_limit_depth: int = setting(
        8, "levels", "deepest nesting of a request in JSON: none needs more", minimum=2, maximum=100
    )
    lines_per_turn: int = setting(
        64,
        "lines",
        "lines read from one peer before the others have their turn: 65,536 at once delayed them by half a second",
        minimum=1,
        maximum=4096,
    )
    flood_burst: int = setting(
        10, "lines", "lines a peer can send at once without delay: nobody types faster", minimum=1, maximum=100000
    )
    flood_rate: float = setting(
        2.0, "lines/s", "lines a peer can send after the burst without delay", minimum=0.01, maximum=100000
    )
    flood_patience_s: float = setting(
        30.0,
        "seconds",
        "steady excess after which a peer is disconnected: a paste of 40 lines takes 15 s",
        minimum=1,
        maximum=86400,
    )
    rooms_max: int = setting(16, "rooms", "most rooms of one connection", minimum=1, maximum=1000)
    topic_max: int = setting(200, "characters", "longest topic of a room: it is one line", minimum=1, maximum=1000)

    # What a peer is shown
    replay_posts: int = setting(
        20, "messages", "messages shown on joining a room: they fit on a screen", minimum=0, maximum=1000
    )
    query_posts: int = setting(
        200,
        "messages",
        "most messages in one answer of /history or /search",
        minimum=1,
        maximum=10000,
    )
    page_posts: int = setting(
        100, "messages", "messages read from the journal at a time for a slow reader", minimum=1, maximum=10000
    )
    notice_rate: float = setting(
        1000.0,
        "notices/s",
        "join and leave notices delivered in a room after the burst: unlimited, a crowd costs its square",
        minimum=1,
        maximum=10000000,
    )
    notice_burst: int = setting(
        2000,
        "notices",
        "join and leave notices delivered in a room at once, counted per reader",
        minimum=1,
        maximum=10000000,
    )
    motd: str = setting(
        "", "text", "text shown to everybody on joining; may have several lines", maximum=4000, check=multiline
    )

    # What a peer that does not read may cost
    stuck_timeout_s: float = setting(
        60.0,
        "seconds",
        "time without reading after which a peer is disconnected: a Ctrl-S of almost a minute is survived",
        minimum=1,
        maximum=86400,
    )
    outbound_total_bytes: int = setting(
        512 * 1024 * 1024,
        "bytes",
        "most output waiting for all peers together; beyond that the peer with most is disconnected",
        minimum=1048576,
        maximum=1 << 40,
    )
    send_buffer_bytes: int = setting(
        65536,
        "bytes",
        "SO_SNDBUF: with it the kernel keeps 0.22 MiB for a stuck peer, without it 2.8",
        minimum=4096,
        maximum=16777216,
    )

    # How a connection begins and how its end is noticed
    handshake_timeout_s: float = setting(
        30.0, "seconds", "time from connecting to a nickname, whatever is sent meanwhile", minimum=1, maximum=3600
    )
    handshake_lines: int = setting(16, "lines", "most lines before a nickname", minimum=1, maximum=10000)
    handshake_refusals: int = setting(
        5, "nicknames", "refused nicknames after which the connection is closed", minimum=1, maximum=1000
    )
    keepalive_idle_s: int = setting(
        30,
        "seconds",
        "silence after which TCP probes whether the peer is there: netcat cannot answer a ping, its kernel can",
        minimum=1,
        maximum=32767,
    )
    keepalive_interval_s: int = setting(10, "seconds", "time between two such probes", minimum=1, maximum=32767)
    keepalive_probes: int = setting(
        27,
        "probes",
        "unanswered probes after which the peer is gone, where the system does not go by user_timeout_s",
        minimum=1,
        maximum=127,
    )
    user_timeout_s: int = setting(
        300,
        "seconds",
        "TCP_USER_TIMEOUT: how long nothing may be acknowledged. An outage of 180 s is survived: "
        "before Linux 6.15, TCP may wait 120 s more before it tries again",
        minimum=1,
        maximum=86400,
    )
    vanished_s: float = setting(
        60.0,
        "seconds",
        "time without any acknowledgement after which a nickname is given to whoever asks for it; "
        "its own token takes it at once",
        minimum=1,
        maximum=86400,
    )

    # How many may connect
    connections: int = setting(
        10000,
        "connections",
        "most connections; fewer if there are not enough descriptors",
        minimum=1,
        maximum=1000000,
        reload=False,
    )
    spare_descriptors: int = setting(
        128,
        "descriptors",
        "file descriptors kept free for the journal and logs, which fail without them",
        minimum=16,
        maximum=65536,
        reload=False,
    )
    address_live: int = setting(
        32,
        "connections",
        "most connections of one public address (IPv6: /64): a household has fewer",
        minimum=1,
        maximum=1000000,
    )
    address_new: int = setting(
        64,
        "connections",
        "most new connections of one public address (IPv6: /64) within the window",
        minimum=1,
        maximum=1000000,
    )
    private_live: int = setting(
        500,
        "connections",
        "most connections of one private or loopback address: a router may stand before a whole school",
        minimum=1,
        maximum=1000000,
    )
    private_new: int = setting(
        500,
        "connections",
        "most new connections of one private or loopback address within the window: a class comes at once",
        minimum=1,
        maximum=1000000,
    )
    address_window_s: float = setting(60.0, "seconds", "the window for new connections", minimum=1, maximum=86400)
    tls_required: bool = setting(
        False, "true or false", "refuse connections that are not encrypted, except through UNIX sockets"
    )
    metrics_hosts: tuple[str, ...] = setting(
        (),
        "names",
        "host names under which figures are served, besides addresses, localhost and the names of host and server",
    )
    web: bool = setting(True, "true or false", "serve browsers, and requests over HTTP, on every port")
    web_origins: tuple[str, ...] = setting(
        (),
        "origins",
        'sites whose pages may use this server from browsers, such as ["https://example.org"]; its own page always may',
        check=web_origin,
    )
    web_hosts: tuple[str, ...] = setting(
        (),
        "names",
        "host names, besides those that exist in local networks only, under which browsers of a private network may "
        "come without TLS: other names may be a stranger's (DNS rebinding)",
    )
    exempt: tuple[Network, ...] = setting(
        (), "networks", 'networks whose peers are exempt from limits, such as ["10.0.0.0/8"]', check=network
    )
    proxies: tuple[Network, ...] = setting(
        (),
        "networks",
        'proxies in front of this server, such as ["10.0.0.5"]: each of their connections must begin with a PROXY '
        "header (version 1 or 2), or with HTTP that has X-Forwarded-For; the client address in it counts from then on",
        check=proxy,
    )
    proxy_sockets: bool = setting(
        False,
        "true or false",
        "a proxy connects to the UNIX sockets among the ports: all their connections must begin with a PROXY header, "
        "or with HTTP that has X-Forwarded-For",
    )

    # Files
    public_url: str = setting(
        "",
        "address",
        'where people reach this server over HTTP, such as "https://chat.example.org": links to files begin with it; '
        "empty: with the address that each of them is connected to",
        check=public_url,
    )
    file_max_bytes: int = setting(
        16 * 1024 * 1024, "bytes", "largest file that can be shared: a photo or a song", minimum=0, maximum=1 << 40
    )
    files_per_account_bytes: int = setting(
        256 * 1024 * 1024,
        "bytes",
        "most bytes of all files that one person shares; each counts as 16 KiB at least",
        minimum=16384,
        maximum=1 << 50,
    )
    files_total_bytes: int = setting(
        4 * 1024 * 1024 * 1024,
        "bytes",
        "most bytes of all files; they never take more than half of what the disk has left for them",
        minimum=0,
        maximum=1 << 50,
    )
    guest_files: bool = setting(
        False, "true or false", "let guests share files: anybody could fill the space that there is"
    )
    uploads_each: int = setting(
        4, "files", "most files that one person sends at the same time", minimum=1, maximum=1000
    )
    uploads: int = setting(
        32,
        "files",
        "most files that are being sent at the same time: each needs a MiB of memory",
        minimum=1,
        maximum=10000,
    )

    # Names
    nick_min: int = setting(2, "characters", "shortest nickname", minimum=1, maximum=64)
    nick_max: int = setting(
        24, "characters", "longest nickname: the rest of a line is for the text", minimum=1, maximum=64
    )
    unicode_names: bool = setting(
        True,
        "true or false",
        "allow letters beyond A-Z in nicknames: of one script, and no nickname that looks like somebody else's account",
    )
    reserved_names: tuple[str, ...] = setting(
        RESERVED, "nicknames", "nicknames that nobody can take, because others would trust them too much"
    )
    session_days: int = setting(30, "days", "how long a program can come back with its token", minimum=1, maximum=3650)

    # Accounts
    guests: bool = setting(True, "true or false", "let people in without an account")
    password: str = setting(
        "",
        "text",
        "one password that every guest is asked for; empty: none. Accounts have their own",
        maximum=PASSWORD.most,
    )
    registration: str = setting(
        "open",
        "open, invite or closed",
        "who may register: everybody, people with a code of /invitecode (or the password), or nobody by themselves",
        choices=("open", "invite", "closed"),
    )
    login_rooms: str = setting(
        "mine",
        "mine or lobby",
        "the rooms somebody with a password comes into: those where the account was last, or the lobby alone",
        choices=("mine", "lobby"),
    )
    plain_passwords: bool = setting(
        True,
        "true or false",
        "accept passwords on connections that are not encrypted: netcat and telnet have no others",
    )
    password_min: int = setting(
        8, "characters", "shortest password (NIST SP 800-63B, section 5.1.1)", minimum=1, maximum=64
    )
    password_failures: int = setting(
        3,
        "passwords",
        "wrong passwords from an address (IPv6: /64) before the next has to wait; ten times as many from a /48, "
        "or for one account from all addresses together where its owner never was",
        minimum=1, maximum=1000,
    )  # fmt: skip
    password_wait_s: float = setting(
        60.0, "seconds", "the wait after these; each further wrong password doubles it", minimum=1, maximum=3600
    )
    password_wait_max_s: float = setting(
        600.0,
        "seconds",
        "the longest such wait, and the time in which one failure is forgotten: 144 guesses a day find nothing",
        minimum=1,
        maximum=86400,
    )
    registrations_hour: int = setting(
        5, "accounts", "accounts that can be made in an hour from an address (IPv6: /64) that is not exempt",
        minimum=1, maximum=1000000,
    )  # fmt: skip
    password_queue: int = setting(
        64, "passwords", "passwords that can wait to be checked: two are checked at a time, each takes some 0.1 s",
        minimum=1, maximum=10000, reload=False,
    )  # fmt: skip
    invite_days: int = setting(
        7,
        "days",
        "how long a code of /invitecode works; it works once",
        minimum=1,
        maximum=3650,
    )

    # The journal
    edit_window_h: float = setting(
        24.0, "hours", "how long people can edit and delete their own messages", minimum=0, maximum=87600
    )
    commit_queue_posts: int = setting(
        4096,
        "messages",
        "messages waiting for the disk, above which nothing more is read from senders",
        minimum=1,
        maximum=1000000,
    )
    commit_pause_s: float = setting(
        2.0,
        "seconds",
        "wait for the disk, above which nothing more is read from senders",
        minimum=0.1,
        maximum=3600,
    )
    commit_refuse_s: float = setting(
        10.0, "seconds", "wait for the disk, above which new messages are refused", minimum=0.1, maximum=3600
    )
    cluster_refuse_s: float = setting(
        5.0,
        "seconds",
        "the same in a cluster, in place of commit_refuse_s: how long most of etcd may be away",
        minimum=0.1,
        maximum=3600,
    )
    log_keep_h: float = setting(
        24.0,
        "hours",
        "how long etcd keeps what was said in a cluster, for nodes that are away; one that was away for longer "
        "needs a seed. What is deleted is in it for as long",
        minimum=0.1,
        maximum=8760,
        reload=False,
    )
    node_address: str = setting(
        "",
        "HOST:PORT",
        "where the other nodes of a cluster reach this one; empty: at the name of this host, and the first port",
        check=host_and_port,
        reload=False,
    )
    room_days: int = setting(
        30, "days",
        "how long a room that nobody is in is listed after the last post; who joins it later finds it as it was."
        " 0: always",
        minimum=0, maximum=36500,
    )  # fmt: skip
    retain_days: int = setting(
        0, "days",
        "how long messages are kept; older ones, except the topic of each room, count as removed within an hour."
        " 0: keep all",
        minimum=0, maximum=36500,
    )  # fmt: skip

    # The daemon
    stop_timeout_s: float = setting(
        8.0, "seconds", "time for a stop, with delivering the rest: docker kills after 10 s", minimum=0, maximum=3600
    )
    zone: str = setting(
        "",
        "time zone",
        "time zone for people who set none, such as Europe/Paris; empty: this host's",
        check=time_zone,
        reload=False,
    )
    name: str = setting("", "text", "name of the server in its greeting; empty: the name of this host", maximum=100)
    log_file_bytes: int = setting(
        10_000_000,
        "bytes",
        "size from which a log file is moved to NAME.1 and a new one begun; 0: never, for logrotate",
        minimum=0,
        maximum=1 << 40,
    )
    log_files: int = setting(9, "files", "log files that are kept beside the present one", minimum=1, maximum=1000)
    log_lines: int = setting(
        100,
        "lines",
        "most log lines in 10 s about one kind of event that peers cause: the rest is counted, so attacks fill no disk",
        minimum=1,
        maximum=1000000,
    )
    log_messages: bool = setting(False, "true or false", "log what people say; off, because chat is private")

    def __post_init__(self) -> None:
        for about in fields(self):
            object.__setattr__(self, about.name, checked(about, getattr(self, about.name)))
        for low, high in _ORDERED:
            if getattr(self, low) > getattr(self, high):
                raise CannotStart(f"{low} ({getattr(self, low):g}) must not be above {high} ({getattr(self, high):g}).")

    @staticmethod
    def check(name: str, value: object) -> None:
        """Check a value of a setting.

        :raises CannotStart: there is no such setting, or it does not take the value.
        """
        if name not in _FIELDS:
            raise CannotStart(_unknown(name, value))
        checked(_FIELDS[name], value)

    @staticmethod
    def expected(name: str) -> str:
        """Return what a setting takes, such as ``true or false``; empty: there is no such setting."""
        return expected(_FIELDS[name]) if name in _FIELDS else ""

    def replaced(self, **changes: object) -> "Settings":
        """Return these settings with some of them changed.

        :raises CannotStart: there is no such setting, or it does not take the value.
        """
        for name, value in changes.items():
            self.check(name, value)
        return replace(self, **cast(dict[str, Any], changes))

    def changed(self, other: "Settings") -> list[str]:
        """Return the names of the settings that differ."""
        return [name for name in _FIELDS if getattr(self, name) != getattr(other, name)]

    def fixed(self, other: "Settings") -> list[str]:
        """Return the names of the settings that differ and need a restart."""
        return [name for name in self.changed(other) if not _FIELDS[name].metadata["reload"]]

    @property
    def name_rules(self) -> NameRules:
        """Return the rules for nicknames."""
        return NameRules(self.nick_min, self.nick_max, self.unicode_names, self.reserved_names)


_FIELDS: Mapping[str, "Field[Any]"] = {about.name: about for about in fields(Settings)}


def _unknown(name: str, value: object) -> str:
    """Return the sentence about an unknown name."""
    if isinstance(value, dict) and any(inner in _FIELDS for inner in value):
        return f"settings are not in a table; remove the line [{name}]."
    near = get_close_matches(name, _FIELDS, n=1)
    return f"there is no setting {name!r}" + (f"; do you mean {near[0]}?" if near else ".")
