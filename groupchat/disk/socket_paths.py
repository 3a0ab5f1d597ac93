"""Addresses of UNIX sockets, also of those whose path is longer than the kernel takes.

A socket's address has room for 107 bytes, the path of a file for 4,096.
Where the path is longer, the folder is opened, and the address leads through its descriptor.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

LONGEST = 107
"""The most bytes that the path in an address may have."""

DESCRIPTORS = Path("/proc/self/fd")
"""Where Linux shows a process what it has open."""


@contextlib.contextmanager
def socket_address(path: str | Path) -> Iterator[str]:
    """Give the address of the UNIX socket at this path, to bind or connect to it here and now.

    :raises OSError: its folder cannot be opened.
    """
    path = os.path.abspath(path)
    if len(os.fsencode(path)) <= LONGEST or not DESCRIPTORS.is_dir():
        yield path
        return
    folder, name = os.path.split(path)
    # Its entries need not be readable, as they need not be for the path itself.
    number = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield str(DESCRIPTORS / str(number) / name)
    finally:
        os.close(number)
