"""Every tunable of the daemon, each declared once: name, default, unit, range and reason."""

from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields, replace
from difflib import get_close_matches
from typing import Any, TypeVar, cast

from groupchat.config.checks import checked
from groupchat.model.errors import CannotStart
from groupchat.model.names import RESERVED, NameRules
from groupchat.model.networks import Network

T = TypeVar("T")

_ORDERED = (
    ("nick_min", "nick_max"),
    ("commit_pause_s", "commit_refuse_s"),
    ("password_wait_s", "password_wait_max_s"),
)
"""Settings the first of which must not be above the second."""


def setting(
    default: T,
    unit: str,
    reason: str,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    choices: tuple[str, ...] = (),
    reload: bool = True,
) -> T:
    """Declare one setting.

    :param unit: what its number counts; for others, what it is.
    :param reason: what it is for, and why its default is what it is.
    :param minimum: the lowest and (``maximum``) the highest value taken.
    :param choices: the only words it takes, when it does not take any text.
    :param reload: whether a change is followed while the daemon runs, or needs a restart.
    """
    about = {"unit": unit, "reason": reason, "minimum": minimum, "maximum": maximum}
    return field(default=default, metadata={**about, "choices": choices, "reload": reload})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings.  Made wrongly it raises CannotStart, with the name of the setting and what it may be."""

    # What a peer may send
    line_limit_bytes: int = setting(
        4096,
        "bytes",
        "longest line of text, its end included: a terminal in line mode can type no more",
        minimum=256,
        maximum=65536,
    )
    json_limit_bytes: int = setting(
        16384,
        "bytes",
        "longest line of a program: a text of 4,096 bytes may need escapes",
        minimum=1024,
        maximum=1048576,
    )
    json_limit_depth: int = setting(
        8, "levels", "deepest nesting of a program's request: none needs more", minimum=2, maximum=100
    )
    lines_per_turn: int = setting(
        64,
        "lines",
        "taken from one peer before the others have their turn: 65,536 at once delayed them by half a second",
        minimum=1,
        maximum=4096,
    )
    flood_burst: int = setting(
        10, "lines", "sent at once without delay: nobody types faster", minimum=1, maximum=100000
    )
    flood_rate: float = setting(
        2.0, "lines/s", "taken after the burst: faster ones are delayed", minimum=0.01, maximum=100000
    )
    flood_patience_s: float = setting(
        30.0,
        "seconds",
        "of steady excess before a peer is cut off: a paste of 40 lines is through in 15",
        minimum=1,
        maximum=86400,
    )
    rooms_max: int = setting(16, "rooms", "one connection may be in at a time", minimum=1, maximum=1000)
    topic_max: int = setting(200, "characters", "longest topic of a room: it is one line", minimum=1, maximum=1000)

    # What a peer is shown
    replay_posts: int = setting(20, "messages", "shown on joining a room: what fits a screen", minimum=0, maximum=1000)
    query_posts: int = setting(
        200, "messages", "most that one /history or /search answers with", minimum=1, maximum=10000
    )
    page_posts: int = setting(
        100, "messages", "read from the journal at a time while a slow reader catches up", minimum=1, maximum=10000
    )
    notice_rate: float = setting(
        1000.0,
        "notices/s",
        "of joining and leaving delivered in a room after the burst, so that crowds do not cost their square",
        minimum=1,
        maximum=10000000,
    )
    notice_burst: int = setting(
        2000,
        "notices",
        "of joining and leaving delivered in a room at once, counted per reader",
        minimum=1,
        maximum=10000000,
    )
    motd: str = setting("", "text", "shown to everyone after the nickname; may have several lines")

    # What a peer that does not read may cost
    stuck_timeout_s: float = setting(
        60.0,
        "seconds",
        "without reading anything before a peer is cut off: a Ctrl-S of a minute survives",
        minimum=1,
        maximum=86400,
    )
    outbound_total_bytes: int = setting(
        512 * 1024 * 1024,
        "bytes",
        "waiting for all peers together: above, the largest is cut off first",
        minimum=1048576,
        maximum=1 << 40,
    )
    send_buffer_bytes: int = setting(
        65536,
        "bytes",
        "SO_SNDBUF: the kernel's part for a stuck peer is 0.22 MiB instead of 2.8",
        minimum=4096,
        maximum=16777216,
    )

    # How a connection begins and how its end is noticed
    handshake_timeout_s: float = setting(
        30.0, "seconds", "from connecting to a nickname, whatever is sent meanwhile", minimum=1, maximum=3600
    )
    handshake_lines: int = setting(16, "lines", "before a nickname", minimum=1, maximum=10000)
    handshake_refusals: int = setting(
        5, "nicknames", "refused before the connection is closed", minimum=1, maximum=1000
    )
    keepalive_idle_s: int = setting(
        60,
        "seconds",
        "of silence before TCP asks whether the peer is there: netcat cannot answer a ping, its kernel can",
        minimum=1,
        maximum=32767,
    )
    keepalive_interval_s: int = setting(15, "seconds", "between such questions", minimum=1, maximum=32767)
    keepalive_probes: int = setting(4, "questions", "without an answer before the peer is gone", minimum=1, maximum=127)
    user_timeout_s: int = setting(
        60,
        "seconds",
        "TCP_USER_TIMEOUT, for data never acknowledged: keepalive does not work while there is some",
        minimum=1,
        maximum=86400,
    )

    # How many may connect
    connections: int = setting(
        10000,
        "connections",
        "at most; fewer when the descriptors do not suffice",
        minimum=1,
        maximum=1000000,
        reload=False,
    )
    spare_descriptors: int = setting(
        128,
        "descriptors",
        "kept free for the journal and logs, because without them timers die",
        minimum=16,
        maximum=65536,
        reload=False,
    )
    address_live: int = setting(16, "connections", "of one address (IPv6: /64) at a time", minimum=1, maximum=1000000)
    address_new: int = setting(
        32, "connections", "of one address (IPv6: /64) made within the window", minimum=1, maximum=1000000
    )
    address_window_s: float = setting(60.0, "seconds", "the window for new connections", minimum=1, maximum=86400)
    tls_required: bool = setting(
        False, "true or false", "whether only encrypted connections are let in, except through UNIX sockets"
    )
    exempt: tuple[Network, ...] = setting((), "networks", 'whose peers no such limit holds for, as in ["10.0.0.0/8"]')

    # Names
    nick_min: int = setting(2, "characters", "shortest nickname", minimum=1, maximum=64)
    nick_max: int = setting(
        24, "characters", "longest nickname: a line has to have room for words", minimum=1, maximum=64
    )
    unicode_names: bool = setting(
        False, "true or false", "whether nicknames may have letters beyond A-Z; of one script, without look-alikes"
    )
    reserved_names: tuple[str, ...] = setting(
        RESERVED, "nicknames", "nobody may take: a line from them would look like more than it is"
    )
    session_days: int = setting(30, "days", "a program's token works after it was last here", minimum=1, maximum=3650)

    # Accounts
    guests: bool = setting(
        True, "true or false", "whether one may come in without an account: a hall is open unless it is closed"
    )
    password: str = setting(
        "", "text", "that every guest is asked for, one for all; empty: none.  An account has its own instead"
    )
    registration: str = setting(
        "open",
        "open, invite or closed",
        "who may make an account: everybody, who has a code of /invitecode (or the password), or operators only",
        choices=("open", "invite", "closed"),
    )
    plain_passwords: bool = setting(
        True,
        "true or false",
        "whether passwords are taken on connections that are not encrypted: netcat and telnet have no others",
    )
    password_min: int = setting(
        8, "characters", "shortest password (NIST SP 800-63B, section 5.1.1)", minimum=1, maximum=64
    )
    password_failures: int = setting(
        3, "passwords", "wrong within a minute for an account or from an address before one has to wait",
        minimum=1, maximum=1000,
    )  # fmt: skip
    password_wait_s: float = setting(
        60.0, "seconds", "to wait after these failures; twice as long after each further one", minimum=1, maximum=3600
    )
    password_wait_max_s: float = setting(
        600.0, "seconds", "the longest such wait: 144 guesses a day find nothing", minimum=1, maximum=86400
    )
    password_queue: int = setting(
        64, "passwords", "waiting to be checked: two are at a time, each takes some 0.1 s",
        minimum=1, maximum=10000, reload=False,
    )  # fmt: skip
    invite_days: int = setting(7, "days", "a code of /invitecode works, once", minimum=1, maximum=3650)

    # The journal
    edit_window_h: float = setting(
        24.0, "hours", "in which one's own messages can be edited and deleted", minimum=0, maximum=87600
    )
    commit_queue_posts: int = setting(
        4096, "messages", "waiting for the disk before senders are paused", minimum=1, maximum=1000000
    )
    commit_pause_s: float = setting(
        2.0, "seconds", "the oldest waits for the disk before senders are paused", minimum=0.1, maximum=3600
    )
    commit_refuse_s: float = setting(
        10.0, "seconds", "the oldest waits for the disk before new messages are refused", minimum=0.1, maximum=3600
    )
    retain_days: int = setting(
        0, "days", "messages are kept, then removed (within the hour, but for topics); 0: for ever",
        minimum=0, maximum=36500,
    )  # fmt: skip

    # The daemon
    stop_timeout_s: float = setting(
        10.0, "seconds", "to deliver what is under way when the daemon stops", minimum=0, maximum=3600
    )
    zone: str = setting(
        "", "time zone", "of times shown to who sets none, as in Europe/Paris; empty: this host's", reload=False
    )
    name: str = setting("", "text", "the server's name in its greeting; empty: this host's name")
    log_lines: int = setting(
        100,
        "lines",
        "of the log in 10 s about one thing that peers do; of more it is said how many: no attack fills the disk",
        minimum=1,
        maximum=1000000,
    )
    log_messages: bool = setting(
        False, "true or false", "whether the log has what people say: chat is private, so it has not"
    )

    def __post_init__(self) -> None:
        for about in fields(self):
            object.__setattr__(self, about.name, checked(about, getattr(self, about.name)))
        for low, high in _ORDERED:
            if getattr(self, low) > getattr(self, high):
                raise CannotStart(f"{low} is {getattr(self, low):g}, which is above {high}, {getattr(self, high):g}.")

    @staticmethod
    def check(name: str, value: object) -> None:
        """See that there is such a setting, and that it takes this value.

        :raises CannotStart: else; says what there is.
        """
        if name not in _FIELDS:
            raise CannotStart(_unknown(name, value))
        checked(_FIELDS[name], value)

    def replaced(self, **changes: object) -> "Settings":
        """These settings with some changed, as by options of the command line.

        :raises CannotStart: a name is unknown, or a value is not one it takes.
        """
        for name, value in changes.items():
            self.check(name, value)
        return replace(self, **cast(dict[str, Any], changes))

    def changed(self, other: "Settings") -> list[str]:
        """The names of settings that differ in the other."""
        return [name for name in _FIELDS if getattr(self, name) != getattr(other, name)]

    def fixed(self, other: "Settings") -> list[str]:
        """The names of settings that differ in the other, and need a restart to be followed."""
        return [name for name in self.changed(other) if not _FIELDS[name].metadata["reload"]]

    @property
    def name_rules(self) -> NameRules:
        """What may be a nickname."""
        return NameRules(self.nick_min, self.nick_max, self.unicode_names, self.reserved_names)


_FIELDS: Mapping[str, "Field[Any]"] = {about.name: about for about in fields(Settings)}


def _unknown(name: str, value: object) -> str:
    """The sentence about a name that is none of ours."""
    if isinstance(value, dict) and any(inner in _FIELDS for inner in value):
        return f"settings stand alone, not within [{name}]; leave that line out."
    near = get_close_matches(name, _FIELDS, n=1)
    return f"there is no setting {name!r}" + (f"; do you mean {near[0]}?" if near else ".")
