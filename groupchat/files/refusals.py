"""Why a file is not kept, whichever shelf it was for."""

from groupchat.interfaces.files import FileDamaged
from groupchat.model.errors import FilesUnavailable, FileTooLarge
from groupchat.model.wording import exact_size


def too_large(limit: int) -> FileTooLarge:
    """Return the refusal of a file that has more bytes than its limit."""
    return FileTooLarge(f"The file is larger than {exact_size(limit)}, the most that is taken; nothing of it was kept.")


def ended() -> FilesUnavailable:
    """Return the refusal of a file that was given up."""
    return FilesUnavailable("The file was not sent to its end; nothing of it was kept.")


def stopping() -> FilesUnavailable:
    """Return the refusal of what comes while the shelf is closed."""
    return FilesUnavailable("The server is stopping. Send the file again later.")


def damaged() -> FileDamaged:
    """Return the refusal of a file that has another hash than it must have."""
    return FileDamaged("What has come is another file; nothing of it was kept.")
