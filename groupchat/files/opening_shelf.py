"""Open the shelf that belongs to a journal."""

from pathlib import Path
from typing import Any

from groupchat.files.folder_shelf import FolderShelf
from groupchat.files.memory_shelf import MemoryShelf
from groupchat.interfaces.files import IShelf


def open_shelf(journal: str, reactor: Any) -> IShelf:
    """Return the shelf beside the journal at ``sqlite:PATH``, or one in memory for one at ``memory:``.

    Nothing is opened, and no thread started, before the first file.
    """
    scheme, _, rest = journal.partition(":")
    return MemoryShelf() if scheme == "memory" else FolderShelf(Path(rest).absolute().parent, reactor)
