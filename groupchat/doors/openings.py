"""The table of doors: how the clients of each begin, and what serves them.

A new door is one module and one row here.
"""

from collections.abc import Callable

from zope.interface import implementer

from groupchat.doors import other_protocols
from groupchat.doors.lines.json_conversation import JsonConversation
from groupchat.doors.lines.json_style import json_style
from groupchat.doors.lines.text_conversation import TextConversation
from groupchat.doors.lines.text_style import text_style
from groupchat.doors.wire import proxy_header, tls
from groupchat.interfaces.entrances import IDoor, IFront
from groupchat.lazy.records import record
from groupchat.model.preferences import Preferences


@implementer(IDoor)
@record
class Door:
    """A way in.

    ``openings``: its clients begin with one of these; none: all other clients.
    ``admit``: serves the connection from now on, by ``front.enter``.
    """

    name: str
    openings: tuple[bytes, ...]
    admit: Callable[[IFront], None]


def _admit_text(front: IFront) -> None:
    if must_encrypt(front):
        other_protocols.admit_unencrypted(front, text_style(Preferences()))
    else:
        front.enter(TextConversation(front.reception, front.address, front.exempt))


def _admit_json(front: IFront) -> None:
    if must_encrypt(front):
        other_protocols.admit_unencrypted(front, json_style(Preferences()))
    else:
        front.enter(JsonConversation(front.reception, front.address, front.exempt))


def _admit_web(front: IFront) -> None:
    reception = front.reception
    if not reception.settings.web:
        other_protocols.admit_web(front)
        return
    try:
        from groupchat.doors.web import channel  # many daemons never have a browser

        reception.site  # noqa: B018  # it is loaded by this
    except Exception:
        received = b"HEAD " if front.began_with(b"HEAD ") else b""
        words = other_protocols.unloaded_words(received, reception)
        front.enter(other_protocols.Stranger(reception, front.address, words))
    else:
        channel.admit(front)  # whether it has to be encrypted is known when a proxy has said how the client came


def _admit_tls(front: IFront) -> None:
    """Establish TLS; within it a front chooses again."""
    tunnels = front.reception.tunnels
    if front.secure or tunnels is None:
        front.enter(other_protocols.Stranger(front.reception, front.address, b""))
    else:
        front.enter(tunnels.around(front.within()))


def must_encrypt(front: IFront) -> bool:
    """Return whether this peer has to come back encrypted; not one of a UNIX socket, which has no address."""
    return front.reception.settings.tls_required and not front.secure and bool(front.address)


DOORS: tuple[IDoor, ...] = (
    Door("text", (), _admit_text),
    Door("json", (b"{",), _admit_json),
    Door("tls", (tls.OPENING,), _admit_tls),
    Door("telnet", (b"\xff",), _admit_text),
    Door("proxy", (proxy_header.TEXT, proxy_header.SIGNATURE), other_protocols.admit_unknown_proxy),
    Door("web", other_protocols.WEB_OPENINGS, _admit_web),
    Door("http2", (b"PRI * HTTP/2",), other_protocols.admit_web),
    Door("ssh", (b"SSH-2.0-", b"SSH-1."), other_protocols.admit_ssh),
    Door("irc", (b"CAP ", b"NICK ", b"PASS ", b"USER "), other_protocols.admit_irc),
)
"""Every door.  No opening is a nickname or the beginning of another opening, and no nickname has a space."""
