"""Whether a message speaks to somebody, by the rule of the server and of all other clients."""

from groupchat.client.client_events import Event
from groupchat.model.message.mentions import is_mentioned


def mentions(nick: str, message: str | Event) -> bool:
    """Return whether a message speaks to somebody: by their nickname as a word, or to everybody in the room.

    A nickname in an address, a path, code or a longer word is no mention, and nobody mentions themselves.

    :param message: a text, or an event.
    """
    if isinstance(message, str):
        return is_mentioned(nick, message)
    if str(getattr(message, "nick", "")).casefold() == nick.casefold():
        return False
    text = getattr(message, "text", "")
    return getattr(message, "all", False) is True or (isinstance(text, str) and is_mentioned(nick, text))
