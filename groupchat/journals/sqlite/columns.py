"""The SQL that more than one connection uses."""

COLUMNS = "id, kind, author, reader, room, nick, peer, at, text, target, revised, gone_by, gone_to"
"""The columns of ``posts`` in the order of the fields of Row."""

MESSAGE = "kind IN ('said', 'acted', 'whispered')"

ROW = f"SELECT {COLUMNS} FROM posts WHERE id = ?"

TAIL_LATEST = f"SELECT max(id) FROM posts WHERE id > ? AND author = ? AND {MESSAGE} AND gone_by IS NULL"
"""The author's newest message among those not yet indexed."""

LATEST = "SELECT max(id) FROM authored WHERE author = ?"
"""The author's newest message among those indexed."""
