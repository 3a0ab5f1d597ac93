"""The library for programs that take part in a chat.

`Client` joins and stays in; `events` has the records of what it hears, `errors` what can go wrong.
"""

import sys

from groupchat.client import client_events as events
from groupchat.client.address import Address, reason
from groupchat.client.client import Client
from groupchat.client.core import client_errors as errors
from groupchat.client.core.client_errors import (
    ClientError,
    ConnectionDropped,
    FileChanged,
    Left,
    NotTrusted,
    Refused,
    Unanswered,
)
from groupchat.client.core.client_state import Change, State
from groupchat.client.core.protocol import Message
from groupchat.client.core.resumption import Since
from groupchat.client.tls.trust import Encryption

__all__ = [
    "Address",
    "Change",
    "Client",
    "ClientError",
    "ConnectionDropped",
    "Encryption",
    "FileChanged",
    "Left",
    "Message",
    "NotTrusted",
    "Refused",
    "Since",
    "State",
    "Unanswered",
    "errors",
    "events",
    "reason",
]

# Documented names of modules that are files of other names, since each file name is used once in the package.
sys.modules[f"{__name__}.errors"] = errors
sys.modules[f"{__name__}.events"] = events
