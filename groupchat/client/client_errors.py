"""What can go wrong for a program that is a client."""


class ClientError(Exception):
    """The root of what the client library raises."""


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

    Posts do not fail so: they are sent again with the same key.
    Only when the server has forgotten the token, and so does not know the key any more, they do.
    """


class Left(ClientError):
    """The client has left, or given up, and this was not answered before."""


class ConnectionDropped(ClientError):
    """A connection ended; the sentence says why, as far as it is known.  A reason, told in state changes."""
