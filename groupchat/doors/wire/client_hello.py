"""The name of the host that a TLS client asks for, read from the first message of its handshake.

The certificate is chosen by it before OpenSSL sees anything.  OpenSSL's own call for that would hand the name over as
text, and write to standard error about each one that is none.

Only what is needed for the name is read here, and anything strange is left to OpenSSL: it judges the same bytes.
"""

MOST_RECORDS = 8
"""The most records over which a first message is followed; clients have it in one, rarely in two or three."""

_HANDSHAKE, _CLIENT_HELLO, _SERVER_NAME, _HOST_NAME = 22, 1, 0, 0

_LONGEST_RECORD = 1 << 14


class _Short(Exception):
    """The message ends before it should."""


def asked_name(received: bytes) -> bytes | None:
    """Return the name of the host in a ClientHello (RFC 6066, section 3); None while that is not whole.

    Empty: it has none, or is no ClientHello.
    """
    message = _message(received)
    if not message:
        return message
    try:
        return _name(_Fields(message[4:]))
    except _Short:
        return b""


def _message(received: bytes) -> bytes | None:
    """Return the first message of the handshake, which may be cut into records (RFC 8446, section 5.1)."""
    message, position = b"", 0
    for _ in range(MOST_RECORDS):
        header = received[position : position + 5]
        if header[:1] not in (b"", bytes([_HANDSHAKE])):
            return b""
        if len(header) < 5:
            return None
        length = int.from_bytes(header[3:])
        if not 0 < length <= _LONGEST_RECORD:
            return b""
        message += received[position + 5 : position + 5 + length]
        position += 5 + length
        if message[:1] not in (b"", bytes([_CLIENT_HELLO])):
            return b""
        if len(message) >= 4 and len(message) >= 4 + int.from_bytes(message[1:4]):
            return message[: 4 + int.from_bytes(message[1:4])]
        if position > len(received):
            return None
    return b""


class _Fields:
    """The fields of a message, one after the other."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def take(self, size: int) -> bytes:
        """:raises _Short: there are fewer bytes."""
        taken = self._data[self._position : self._position + size]
        if len(taken) < size:
            raise _Short
        self._position += size
        return taken

    def field(self, size: int) -> bytes:
        """Return a field that begins with its length, in so many bytes."""
        return self.take(int.from_bytes(self.take(size)))

    def is_over(self) -> bool:
        """Return whether there is nothing more."""
        return self._position == len(self._data)


def _name(hello: _Fields) -> bytes:
    hello.take(2 + 32)  # the version and the random bytes
    hello.field(1)  # the session
    hello.field(2)  # the ciphers
    hello.field(1)  # the ways to compress
    if hello.is_over():
        return b""
    extensions = _Fields(hello.field(2))
    while not extensions.is_over():
        kind, content = int.from_bytes(extensions.take(2)), extensions.field(2)
        if kind == _SERVER_NAME:
            names = _Fields(_Fields(content).field(2))
            return names.field(2) if names.take(1)[0] == _HOST_NAME else b""
    return b""
