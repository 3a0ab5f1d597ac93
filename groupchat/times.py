"""Times as programs and people read them outside of the stream of messages."""

from datetime import UTC, datetime, tzinfo


def iso(at: float) -> str:
    """RFC 3339, in UTC, to the millisecond.  ``at``: seconds since 1970 UTC."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def minute(at: float, zone: tzinfo | None) -> str:
    """``2026-11-21 09:41`` in a zone (None: the server's).  ``at``: seconds since 1970 UTC."""
    return datetime.fromtimestamp(at, zone).strftime("%Y-%m-%d %H:%M")
