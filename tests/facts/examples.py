"""One fact of each kind, and how the journal keeps it."""

from typing import Any

from groupchat.facts.account_facts import (
    AccessToken,
    Account,
    AccountRooms,
    ErasedAuthor,
    Hook,
    Ignoring,
    KeptPreferences,
    KnownAddress,
    RankGiven,
    ReadPosition,
    RegistrationCode,
)
from groupchat.facts.room_facts import Closed, Invitation, Lock, Motd, RoomOperator, RoomSettings, Slow
from groupchat.facts.sanctions import Ban, Mute, NetworkBan, NetworkMute
from groupchat.facts.typed import TypedFact
from groupchat.facts.whereabouts import Places
from groupchat.model.events import AuthorId
from groupchat.model.ranks import Rank

ALICE, BOB = AuthorId(2**63 - 1), AuthorId(22)
DIGEST = "a" * 64
AT = 1_795_000_000.25

SANCTION = {
    "whom": "Bob", "key": "bob", "author": 22, "named": True, "room": "dev", "by": "olga", "why": "spam", "at": AT,
    "until": None,
}  # fmt: skip
NETWORK = {
    "whom": "192.0.2.0/24", "key": "192.0.2.0/24", "author": None, "named": False, "room": "", "by": "olga",
    "why": "", "at": AT, "until": AT + 60,
}  # fmt: skip
GRANTED = {"nick": "Alice", "by": "olga", "at": AT}

EXAMPLES: list[tuple[TypedFact, str, str, dict[str, Any]]] = [
    (
        Account("Ælice", "ælice", ALICE, "1:hash", AT), "account", "ælice",
        {"nick": "Ælice", "author": 2**63 - 1, "hash": "1:hash", "since": AT},
    ),
    (
        RankGiven(ALICE, Rank.OPERATOR, "server", AT), "rank", "9223372036854775807",
        {"rank": "operator", "by": "server", "at": AT},
    ),
    (RegistrationCode(DIGEST, "olga", AT), "invitecode", DIGEST, {"by": "olga", "until": AT}),
    (KeptPreferences(BOB, "text", {"time": "off"}), "preferences", "22/text", {"time": "off"}),
    (Ignoring(BOB, ALICE, "Alice"), "ignoring", "22/9223372036854775807", {"nick": "Alice"}),
    (KnownAddress(BOB, DIGEST, AT), "known-address", f"22/{DIGEST}", {"at": AT}),
    (ErasedAuthor(BOB, "forgotten-1"), "erased", "22", {"alias": "forgotten-1"}),
    (
        AccessToken(BOB, "ci", DIGEST, AT), "access-token", "22/ci", {"digest": DIGEST, "at": AT, "used": None},
    ),
    (
        AccessToken(BOB, "ci", DIGEST, AT, AT + 1), "access-token", "22/ci",
        {"digest": DIGEST, "at": AT, "used": AT + 1},
    ),
    (Hook(BOB, "grafana", "dev", DIGEST, AT), "hook", "22/grafana", {"room": "dev", "digest": DIGEST, "at": AT}),
    (
        AccountRooms(BOB, Places(("lobby", "dev"), "lobby", "ops")), "rooms", "22",
        {"rooms": ["lobby", "dev"], "current": "lobby", "lost": "ops"},
    ),
    (ReadPosition(BOB, "dev", 7, AT), "position", "22/dev", {"upto": 7, "at": AT}),
    (ReadPosition(BOB, "", 7, AT), "position", "22/", {"upto": 7, "at": AT}),
    (Ban("Bob", "bob", BOB, True, "dev", "olga", "spam", AT, None), "ban", "dev/bob", SANCTION),
    (Mute("Bob", "bob", BOB, True, "dev", "olga", "spam", AT, None), "mute", "dev/bob", SANCTION),
    (
        Mute("Bob", "bob", BOB, True, "dev", "olga", "spam", AT, None, "0" * 32), "mute", "dev/bob",
        {**SANCTION, "origin": "0" * 32},
    ),
    (
        NetworkBan("192.0.2.0/24", "192.0.2.0/24", None, False, "", "olga", "", AT, AT + 60), "network-ban",
        "/192.0.2.0/24", NETWORK,
    ),
    (
        NetworkMute("192.0.2.0/24", "192.0.2.0/24", None, False, "", "olga", "", AT, AT + 60), "network-mute",
        "/192.0.2.0/24", NETWORK,
    ),
    (Lock("dev", "olga", AT), "lock", "dev", {"by": "olga", "at": AT}),
    (Lock("dev", "olga", AT, True), "lock", "dev", {"by": "olga", "at": AT, "visible": True}),
    (
        RoomSettings("dev", {"topic": "operators"}, "olga", AT), "room-settings", "dev",
        {"changed": {"topic": "operators"}, "by": "olga", "at": AT},
    ),
    (Closed("dev", "olga", "spam", AT), "closed-room", "dev", {"by": "olga", "why": "spam", "at": AT}),
    (Slow("dev", 2.5, "olga", AT), "slow", "dev", {"seconds": 2.5, "by": "olga", "at": AT}),
    (Invitation("dev", BOB, "Alice", "olga", AT), "invitation", "dev/22", GRANTED),
    (Invitation("dev", BOB, "Alice", "olga", AT, True), "invitation", "dev/22", {**GRANTED, "staying": True}),
    (RoomOperator("dev", BOB, "Alice", "olga", AT), "room-operator", "dev/22", GRANTED),
    (Motd("Ahoy\n👋", "olga", AT), "motd", "", {"text": "Ahoy\n👋", "by": "olga", "at": AT}),
]  # fmt: skip
