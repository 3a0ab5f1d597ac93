"""The keys of the terminal client, for people: ``/keys`` shows this list, and the documentation repeats it."""

from typing import TypeAlias

COMMAND = "/keys"
"""The command that shows them."""

Keys: TypeAlias = tuple[tuple[str, str], ...]
"""Keys, and what they do, as the end of a sentence that begins with them."""

KEYS: Keys = (
    ("Tab", "completes commands, nicknames, rooms, settings and `:shortcodes:`; Tab again chooses the next word"),
    (
        "↑ on an empty line",
        "edits your last message where your lines go: Enter sends the edit, Esc cancels it, ↑ goes on to the history",
    ),
    ("↑ ↓ Ctrl-R", "go through and search the lines you typed, in all sessions"),
    ("Alt-Enter", "begins another line of the same message"),
    ("Alt-1 … Alt-9", "go to the room or private conversation with this number"),
    ("Alt-A", "goes to the next one with a mention, or else with something unread"),
    ("Ctrl-N Ctrl-P", "go to the next and the previous one"),
    ("Alt-Q", "goes back to the one before"),
    ("Esc Esc", "counts everything as read"),
    (
        "Ctrl-X Ctrl-E",
        "opens what you type in your own editor (`$VISUAL`, else `$EDITOR`); Enter sends what comes back",
    ),
    ("Ctrl-_", "takes back the last change of the line; Ctrl-X Ctrl-R makes it again"),
    ("Ctrl-W Ctrl-U Ctrl-K", "cut a word, or all before or after the cursor; Ctrl-Y inserts it, Alt-Y an earlier one"),
    ("Alt-B Alt-F", "go back and forward by a word; Ctrl-A and Ctrl-E go to the beginning and the end"),
    (
        "Ctrl-C",
        "clears the line, which ↑ or Ctrl-_ brings back, or ends a search; on an empty line, pressed twice, it leaves",
    ),
    ("Ctrl-Z", "goes back to the shell, whose command `fg` comes back to the chat"),
    ("Ctrl-L", "draws the screen again"),
    ("Ctrl-D, `/exit`", "leaves"),
)
"""The keys of the line editor.  Those of every shell, such as Ctrl-A, are not repeated here."""

PLAIN_KEYS: Keys = (
    ("Enter", "sends the line"),
    ("`/views`", "lists your rooms and private conversations, and what is unread in each"),
    ("`/next`", "goes to the next one with a mention, or else with something unread"),
    ("`/switch ROOM`", "goes to a room, `/query NICK` to a person"),
    ("`/back`", "goes back to the one before"),
    ("`/read all`", "counts everything as read"),
    ("Backspace Ctrl-W Ctrl-U", "take back a letter, a word, and the line"),
    ("Ctrl-Z", "goes back to the shell; its command `fg` comes back to the chat"),
    ("Ctrl-C, Ctrl-D, `/exit`", "leave"),
)
"""The keys where the terminal itself keeps the half-typed line."""


def shown(keys: Keys) -> str:
    """Return the keys as lines for people, without the marks that the documentation needs."""
    lines = [(key.replace("`", ""), does.replace("`", "")) for key, does in keys]
    width = max(len(key) for key, _ in lines)
    return "\n".join(f"{key:{width}}  {does}" for key, does in lines)
