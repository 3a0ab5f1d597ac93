"""For whom a proxy passes on a request, as it says in X-Forwarded-For and X-Forwarded-Proto."""

import re
from collections.abc import Callable
from typing import ClassVar

from groupchat.model.errors import Refusal
from groupchat.model.networks import plain


class ForwardingWrong(Refusal):
    """A proxy does not say for whom it passes on a request."""

    code: ClassVar[str] = "proxy-header-wrong"


def client(chain: str, is_proxy: Callable[[str], bool]) -> str:
    """Return the address of the client in X-Forwarded-For: the last one that is not a proxy's.

    Each proxy adds the address that it was asked from; what stands before that may be anybody's invention.

    :raises ForwardingWrong: there is no address.
    """
    address = ""
    for written in reversed(chain.split(",")):
        try:
            address = str(plain(_without_port(written.strip())))
        except ValueError:
            raise ForwardingWrong(
                "A proxy has to say in X-Forwarded-For which address each request comes from; this one does not."
            ) from None
        if not is_proxy(address):
            break
    return address


def is_encrypted(protocol: str) -> bool:
    """Return whether the client came encrypted to the last proxy, by X-Forwarded-Proto."""
    return protocol.rpartition(",")[2].strip().lower() in ("https", "wss")


def _without_port(address: str) -> str:
    """Return an address without the port that some proxies add."""
    bracketed = re.fullmatch(r"\[([^]]*)\](:\d+)?", address)
    if bracketed is not None:
        return bracketed[1]
    return address.partition(":")[0] if address.count(":") == 1 else address
