"""Secured: a client's connection through TLS, by the system's OpenSSL, which the load in C calls too."""

import ctypes
import ctypes.util
import select
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

    def __init__(self, connection: socket.socket) -> None:
        """Take over a connected socket, and begin the handshake; it goes on when something is received."""
        super().__init__(connection.family, connection.type, fileno=connection.detach())
        library = openssl()
        self.session = int(library.SSL_new(_context()))
        library.SSL_set_fd(self.session, self.fileno())
        self.setblocking(False)
        self._is_done = False
        self._unsent = b""
        self._shake_hands()

    def establish(self, patience_s: float) -> None:
        """Wait until the handshake is done; so many seconds for each message of it.

        :raises ConnectionError: the server does not establish TLS.
        """
        while not self._is_done:
            if not select.select([self], [], [], patience_s)[0]:
                raise ConnectionError("The server does not answer.")
            self._shake_hands()

    def _shake_hands(self) -> None:
        library = openssl()
        library.ERR_clear_error()  # SSL_get_error looks at errors of earlier calls, too
        result = library.SSL_connect(self.session)
        if result == 1:
            self._is_done = True
            if self._unsent:
                self.send(self._unsent)
        elif library.SSL_get_error(self.session, result) != _WANTS_READ:
            raise ConnectionError("The server did not establish TLS.")

    def send(self, data: bytes, flags: int = 0) -> int:  # type: ignore[override]
        """Encrypt and send all of it, as soon as the handshake is done.

        :raises BlockingIOError: the kernel does not take it now.
        """
        if not self._is_done:
            self._unsent += data
            return len(data)
        sent: int = openssl().SSL_write(self.session, data, len(data))
        if sent <= 0:
            raise BlockingIOError
        return sent

    def recv(self, size: int, flags: int = 0) -> bytes:
        """Return everything that has come, of up to ``size`` bytes; nothing at the end.

        :raises BlockingIOError: nothing has come.
        """
        if not self._is_done:
            self._shake_hands()
        if not self._is_done:
            raise BlockingIOError
        pieces: list[bytes] = []
        buffer = ctypes.create_string_buffer(min(size, 1 << 14))
        library, left = openssl(), size
        library.ERR_clear_error()
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
