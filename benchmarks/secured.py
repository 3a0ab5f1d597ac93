"""Secured: a client's connection through TLS, by the system's OpenSSL, which the load in C calls too."""

import ctypes
import ctypes.util
import socket
from functools import cache
from typing import Any

_WANTS_READ = 2
_VERIFY_NOTHING = 0


class NoOpenSSL(OSError):
    """There is no OpenSSL on this machine that a program can load."""


@cache
def openssl() -> Any:
    """Return the library.

    :raises NoOpenSSL: there is none.
    """
    name = ctypes.util.find_library("ssl")
    if name is None:
        raise NoOpenSSL("There is no libssl on this machine.")
    library = ctypes.CDLL(name)
    for made in (library.TLS_client_method, library.SSL_CTX_new, library.SSL_new):
        made.restype = ctypes.c_void_p
    library.SSL_CTX_new.argtypes = library.SSL_new.argtypes = library.SSL_free.argtypes = (ctypes.c_void_p,)
    library.SSL_connect.argtypes = (ctypes.c_void_p,)
    library.SSL_CTX_set_verify.argtypes = (ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)
    library.SSL_set_fd.argtypes = library.SSL_get_error.argtypes = (ctypes.c_void_p, ctypes.c_int)
    library.SSL_read.argtypes = library.SSL_write.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int)
    return library


def entries() -> tuple[int | None, int | None]:
    """Return where SSL_read and SSL_write are, for C."""
    library = openssl()
    reads, writes = (ctypes.cast(entry, ctypes.c_void_p).value for entry in (library.SSL_read, library.SSL_write))
    return reads, writes


@cache
def _context() -> int:
    """Return the settings of all clients; they trust whatever certificate they are shown."""
    library = openssl()
    context = int(library.SSL_CTX_new(library.TLS_client_method()))
    library.SSL_CTX_set_verify(context, _VERIFY_NOTHING, None)
    return context


class Secured(socket.socket):
    """The client's end of a connection through TLS, which does not block; only what the load needs goes through it.

    ``session``: its ``SSL *``.
    """

    def __init__(self, connection: socket.socket, patience_s: float) -> None:
        """Take over a connected socket and establish TLS, within so many seconds.

        :raises ConnectionError: the server does not establish it.
        """
        super().__init__(connection.family, connection.type, fileno=connection.detach())
        library = openssl()
        self.session = int(library.SSL_new(_context()))
        library.SSL_set_fd(self.session, self.fileno())
        self.settimeout(patience_s)
        while (result := library.SSL_connect(self.session)) != 1:
            if library.SSL_get_error(self.session, result) != _WANTS_READ:
                raise ConnectionError("The server did not establish TLS.")
            super().recv(1, socket.MSG_PEEK)
        self.setblocking(False)

    def send(self, data: bytes, flags: int = 0) -> int:  # type: ignore[override]
        """Encrypt and send all of it.

        :raises BlockingIOError: the kernel does not take it now.
        """
        sent: int = openssl().SSL_write(self.session, data, len(data))
        if sent <= 0:
            raise BlockingIOError
        return sent

    def recv(self, size: int, flags: int = 0) -> bytes:
        """Return everything that has come, of up to ``size`` bytes; nothing at the end.

        :raises BlockingIOError: nothing has come.
        """
        pieces: list[bytes] = []
        buffer = ctypes.create_string_buffer(min(size, 1 << 14))
        library, left = openssl(), size
        while left > 0 and (got := library.SSL_read(self.session, buffer, min(left, len(buffer)))) > 0:
            pieces.append(buffer.raw[:got])
            left -= got
        if not pieces and library.SSL_get_error(self.session, got) == _WANTS_READ:
            raise BlockingIOError
        return b"".join(pieces)

    def close(self) -> None:
        """Close the connection."""
        if self.session:
            openssl().SSL_free(self.session)
            self.session = 0
        super().close()
