from groupchat.client import client_events as events
from groupchat.client import testing
from groupchat.client.address import (
    Address,
    Servers,
    reason,
)
from groupchat.client.aio.async_chat import (
    Chat,
)
from groupchat.client.aio.connecting import (
    connect,
)
from groupchat.client.bots.bot import (
    Bot,
)
from groupchat.client.bots.calls import (
    Call,
)
from groupchat.client.client import (
    Client,
)
from groupchat.client.client_events import (
    Acted,
    Announced,
    AwayChanged,
    Closing,
    Deleted,
    Departed,
    Edited,
    Entered,
    Event,
    HistoryErased,
    Joined,
    Left,
    ManyJoined,
    ManyLeft,
    ManyProgramsJoined,
    ManyProgramsLeft,
    Moderated,
    Person,
    Post,
    ProgramJoined,
    ProgramLeft,
    Read,
    Renamed,
    Said,
    Shared,
    TopicChanged,
    Typing,
    Unknown,
    Whispered,
)
from groupchat.client.core import client_errors as errors
from groupchat.client.core.client_errors import (
    ClientError,
    ConnectionDropped,
    ConnectionEnded,
    FileChanged,
    NoConnection,
    NoRoute,
    NoServerAnswers,
    NothingListens,
    NotTrusted,
    Refused,
    TimedOut,
    Unanswered,
    UnknownHost,
)
from groupchat.client.core.client_state import (
    Change,
    State,
)
from groupchat.client.core.protocol import (
    Message,
)
from groupchat.client.core.resumption import (
    Since,
)
from groupchat.client.mentioning import (
    mentions,
)
from groupchat.client.tls.trust import (
    Encryption,
)

__all__ = [
    "Acted",
    "Address",
    "Announced",
    "AwayChanged",
    "Bot",
    "Call",
    "Change",
    "Chat",
    "Client",
    "ClientError",
    "Closing",
    "ConnectionDropped",
    "ConnectionEnded",
    "Deleted",
    "Departed",
    "Edited",
    "Encryption",
    "Entered",
    "Event",
    "FileChanged",
    "HistoryErased",
    "Joined",
    "Left",
    "ManyJoined",
    "ManyLeft",
    "ManyProgramsJoined",
    "ManyProgramsLeft",
    "Message",
    "Moderated",
    "NoConnection",
    "NoRoute",
    "NoServerAnswers",
    "NotTrusted",
    "NothingListens",
    "Person",
    "Post",
    "ProgramJoined",
    "ProgramLeft",
    "Read",
    "Refused",
    "Renamed",
    "Said",
    "Servers",
    "Shared",
    "Since",
    "State",
    "TimedOut",
    "TopicChanged",
    "Typing",
    "Unanswered",
    "Unknown",
    "UnknownHost",
    "Whispered",
    "connect",
    "errors",
    "events",
    "mentions",
    "reason",
    "testing",
]
