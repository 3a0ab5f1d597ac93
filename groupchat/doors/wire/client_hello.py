"""The name of the host that a TLS client asks for, read from the first message of its handshake.

The certificate is chosen by it before OpenSSL sees anything.  OpenSSL's own call for that would hand the name over as
text, and write to standard error about each one that is none.

Only what is needed for the name is read here, and anything strange is left to OpenSSL: it judges the same bytes.
"""

import struct

MOST_RECORDS = 8
"""The most records over which a first message is followed; clients have it in one, rarely in two or three."""

_HANDSHAKE, _CLIENT_HELLO, _SERVER_NAME, _HOST_NAME = 22, 1, 0, 0

_LONGEST_RECORD = 1 << 14


_number, _extension, _entry = (struct.Struct(form).unpack_from for form in (">H", ">HH", ">BH"))
"""Read a number of two bytes; the kind and the length of an extension; and those of an entry in a list of names."""


def asked_name(received: bytes) -> bytes | None:
    """Return the name of the host in a ClientHello (RFC 6066, section 3); None while that is not whole.

    Empty: it has none, or is no ClientHello.
    """
    message = _message(received)
    if not message:
        return message
    try:
        return _name(message)
    except (IndexError, struct.error):
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


def _name(hello: bytes) -> bytes:
    """Return the name in a whole message.  This is done for each connection, so fields are not cut out but walked over.

    :raises IndexError, struct.error: a field is not whole.
    """
    position = 4 + 2 + 32  # its kind and length, the version, and the random bytes
    position += 1 + hello[position]  # the session
    position += 2 + _number(hello, position)[0]  # the ciphers
    position += 1 + hello[position]  # the ways to compress
    if position == len(hello):
        return b""
    end = position + 2 + _number(hello, position)[0]
    position += 2
    while position < end <= len(hello):
        kind, size = _extension(hello, position)
        position += 4
        if kind == _SERVER_NAME and position + size <= end:
            return _host(hello[position : position + size])
        position += size
    return b""


def _host(names: bytes) -> bytes:
    """Return the first of a list of names, if it is the name of a host, and all is whole."""
    end = 2 + _number(names)[0]
    kind, size = _entry(names, 2)
    return names[5 : 5 + size] if kind == _HOST_NAME and 5 + size <= end <= len(names) else b""
