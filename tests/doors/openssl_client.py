"""A TLS client in memory by the system's OpenSSL itself: it can do what Python's ``ssl`` has no call for."""

import ctypes
from typing import Any

from benchmarks.secured import NoOpenSSL, openssl
from tests.lacking import lacking

_RENEWED, _RENEWED_AND_ASKED = 0, 1


def _library() -> Any:
    try:
        library = openssl()
    except NoOpenSSL as error:
        lacking(str(error))
    for made in (library.BIO_s_mem, library.BIO_new):
        made.restype = ctypes.c_void_p
    library.BIO_new.argtypes = library.SSL_do_handshake.argtypes = (ctypes.c_void_p,)
    library.SSL_set_connect_state.argtypes = library.SSL_renegotiate.argtypes = (ctypes.c_void_p,)
    library.SSL_set_bio.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
    library.SSL_key_update.argtypes = (ctypes.c_void_p, ctypes.c_int)
    library.BIO_read.argtypes = library.BIO_write.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int)
    library.SSL_ctrl.argtypes = (ctypes.c_void_p, ctypes.c_int, ctypes.c_long, ctypes.c_void_p)
    return library


class OpenSslClient:
    """One client; what it sends is fetched by ``sent``, what it is sent comes by ``receive``."""

    def __init__(self, highest: int = 0, name: bytes = b"", filled_to: int = 0) -> None:
        """:param highest: the highest version, such as 0x303 for TLS 1.2; 0: the newest.

        :param filled_to: fill records up to a multiple of so many bytes, in TLS 1.3.
        """
        self._library = library = _library()
        context = library.SSL_CTX_new(library.TLS_client_method())
        self._tls = library.SSL_new(context)
        self._in, self._out = library.BIO_new(library.BIO_s_mem()), library.BIO_new(library.BIO_s_mem())
        library.SSL_set_bio(self._tls, self._in, self._out)
        library.SSL_set_connect_state(self._tls)
        if highest:
            library.SSL_ctrl(self._tls, 124, highest, None)  # SSL_CTRL_SET_MAX_PROTO_VERSION
        if filled_to:
            library.SSL_set_block_padding(ctypes.c_void_p(self._tls), ctypes.c_size_t(filled_to))
        if name:
            library.SSL_ctrl(self._tls, 55, 0, name)  # SSL_CTRL_SET_TLSEXT_HOSTNAME

    def shake_hands(self) -> bool:
        """Go on with the handshake; return whether it is done."""
        return bool(self._library.SSL_do_handshake(self._tls) == 1)

    def write(self, data: bytes) -> None:
        self._library.SSL_write(self._tls, data, len(data))

    def renew_keys(self, *, ask: bool) -> None:
        """Send that new keys are used from now on, and ask the server for new ones, too, or not."""
        self._library.SSL_key_update(self._tls, _RENEWED_AND_ASKED if ask else _RENEWED)
        self._library.SSL_do_handshake(self._tls)

    def renegotiate(self) -> None:
        """Ask for another handshake, which TLS 1.2 has."""
        self._library.SSL_renegotiate(self._tls)
        self._library.SSL_do_handshake(self._tls)

    def receive(self, data: bytes) -> None:
        self._library.BIO_write(self._in, data, len(data))

    def read(self) -> bytes:
        """Return what the server has said since the last time."""
        buffer, pieces = ctypes.create_string_buffer(65536), []
        while (got := self._library.SSL_read(self._tls, buffer, len(buffer))) > 0:
            pieces.append(buffer.raw[:got])
        return b"".join(pieces)

    def sent(self) -> bytes:
        """Return what it has sent since the last time."""
        buffer, pieces = ctypes.create_string_buffer(65536), []
        while (got := self._library.BIO_read(self._out, buffer, len(buffer))) > 0:
            pieces.append(buffer.raw[:got])
        return b"".join(pieces)

    def close(self) -> None:
        self._library.SSL_free(self._tls)
        self._tls = None
