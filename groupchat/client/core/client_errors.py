"""Errors of the client library."""


class ClientError(Exception):
    """Base class of all errors that the library raises."""


class Refused(ClientError):
    """The server refused a request.

    ``code`` is one of the stable codes of the protocol (``nick-taken``), ``text`` a sentence for people.
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text


class Unanswered(ClientError):
    """A request was sent, and its answer was lost with the connection: it may have been carried out or not.

    Posts do not fail like this: they are sent again with the same key,
    unless the server has forgotten the token, and with it the key.
    """


class Left(ClientError):
    """The client left, or gave up, before the answer came."""


class ConnectionDropped(ClientError):
    """A connection ended; state changes carry it as their reason.

    ``code`` is the server's stable code for why (``kicked``, ``stopping``), empty when the server gave none.
    """

    def __init__(self, text: str, code: str = "") -> None:
        super().__init__(f"{code}: {text}" if code else text)
        self.code = code
        self.text = text


class FileChanged(ClientError):
    """The file that was to be sent has become shorter meanwhile."""
