"""Telnet: taking its commands out of what a peer sends, and answering them (RFC 854).

Every option is refused, but NAWS, by which a client tells the size of its window (RFC 1073), TERMINAL-TYPE, by which it
tells what it is (RFC 1091), and ECHO, which the server offers while a password is typed (RFC 857).
So a client stays in line mode if it can, where the terminal itself edits the line and shows it.
"""

from groupchat.lazy.expressions import expression
from groupchat.lazy.widths import letters
from groupchat.model.errors import LineTooLong, TooManyAttempts

SUSP, SE, BRK, IP, AO, AYT, EC, EL, SB, WILL, WONT, DO, DONT, IAC = (
    237,
    240,
    243,
    244,
    245,
    246,
    247,
    248,
    250,
    251,
    252,
    253,
    254,
    255,
)
ECHO, TIMING_MARK, TERMINAL_TYPE, NAWS = 1, 6, 24, 31
IS, SEND = 0, 1
"""What follows the option in a subnegotiation about the type of the terminal."""

STILL_HERE = b"-- Still here.\r\n"
"""The answer to "are you there?"."""

SUBNEGOTIATION_LIMIT = 4096
"""The most bytes of one subnegotiation; real ones have some dozens."""

WINDOW = 5
"""Bytes by which a client tells its size: the option, columns, rows."""

NAME_LIMIT = 40
"""The most characters of the name of a terminal (RFC 1091)."""

_NAME = expression(rb"[A-Za-z0-9][A-Za-z0-9/_.+-]*")

MANGLED = {IP: b"\x83", AO: b"\x8f", SUSP: b"\x9a", BRK: b"\x9c"}
"""The bytes of UTF-8 for which GNU telnet sends commands: but for the highest bit they are the keys Ctrl-C, Ctrl-O …"""

COMMANDS_AT_ONCE = 1000
"""The most commands in one chunk (64 KiB at most); a person's client sends a few.  Each costs about 0.5 µs."""

ERASE, ERASE_LINE, ERASE_WORD = "\x7f\b", "\x15", "\x17"
"""The bytes of the keys Backspace, Ctrl-U and Ctrl-W, where the terminal leaves editing to the server."""

LETTER_MOST = 16
"""The most characters of what is seen as one; the longest families have some dozen.

To more than that nothing is added after a key that erases: it would all be looked at again for each of them.
"""

_KEYS = expression(f"([{ERASE}{ERASE_LINE}{ERASE_WORD}])")


def with_erasures(line: str) -> str:
    """Apply the keys that erase: a telnet client in character mode sends them with the line.

    Backspace erases what is seen as one character, such as a letter with its accents, a flag or a family.
    """
    if line.isprintable() or _KEYS.search(line) is None:  # the first is true for nearly every line, and sooner known
        return line
    kept: list[str] = []
    for piece in _KEYS.split(line):
        if piece == ERASE_LINE:
            kept.clear()
        elif piece == ERASE_WORD:
            while kept and kept[-1].isspace():
                kept.pop()
            while kept and not kept[-1].isspace():
                kept.pop()
        elif piece and piece in ERASE:
            del kept[-1:]
        elif piece.isascii():
            kept += piece
        else:
            # What was typed after an erasure may belong to the character before it, as an accent does.
            kept += letters(kept.pop() + piece if kept and len(kept[-1]) <= LETTER_MOST else piece)
    return "".join(kept)


def _is_unfinished(text: bytes) -> bool:
    """Say whether a text ends within a character of UTF-8."""
    for length in range(1, min(len(text), 3) + 1):
        byte = text[-length]
        if byte < 0x80:
            return False
        if byte >= 0xC0:
            return length < (2 if byte < 0xE0 else 3 if byte < 0xF0 else 4)
    return False


class TelnetFilter:
    """One peer's telnet state.  ``feed`` takes bytes in; ``replies`` gathers what is to be sent back.

    ``commands``: how many commands were taken out by the last ``feed``.
    ``columns``: the width of the window, as the client told it last; 0: it did not.
    ``terminal``: the name of the kind of terminal, in small letters; empty: it is not known.

    Replies are never more bytes than were received, except for the first answer to AYT.
    """

    __slots__ = (
        "_answered", "_offered", "_pending", "_received", "_replied", "_said", "_subnegotiated", "_tail", "columns",
        "commands", "replies", "terminal",
    )  # fmt: skip

    def __init__(self) -> None:
        self.replies = bytearray()
        self.commands = 0
        self.columns = 0
        self.terminal = ""
        self._said = b""
        """The beginning of the present subnegotiation, long enough for the name of a terminal."""
        self._pending = b""
        """An incomplete command: at most two bytes."""
        self._subnegotiated = -1
        """The length of the present subnegotiation so far, in bytes; -1 outside of one."""
        self._answered: set[tuple[int, int]] = set()
        self._received = 0
        """The number of bytes received up to the present command."""
        self._replied = 0
        self._tail = b""
        """The last three bytes that were no command."""
        self._offered = False
        """True if ECHO was ever offered; then the peer's DO and DONT are answers to that."""

    def feed(self, data: bytes) -> bytes:
        """Return what of this, and of what was left over, is not a telnet command.

        :raises Refusal: there are more commands than any client would send.
        """
        before = self._received - len(self._pending)
        if self._pending:
            data, self._pending = self._pending + data, b""
        pieces: list[bytes] = []
        position, self.commands = 0, 0
        while True:
            start = data.find(IAC, position)
            piece = data[position : start if start >= 0 else None]
            if self._subnegotiated >= 0:
                self._count(piece)
            elif piece:
                pieces.append(piece)
            if start < 0:
                break
            self._received = before + start + 2
            position = self._command(data, start, pieces)
            if position < 0:
                self._pending = data[start:]
                break
            self.commands += 1
            if self.commands > COMMANDS_AT_ONCE:
                raise TooManyAttempts("Too many telnet commands at once.")
        self._received = before + len(data)
        text = b"".join(pieces)
        self._tail = (self._tail + text)[-3:]
        return text

    def conceal(self) -> bytes:
        """Return the command that stops the client showing what is typed: the server will echo it (and does not)."""
        self._offered = True
        return bytes((IAC, WILL, ECHO))

    def reveal(self) -> bytes:
        """Return the command that lets the client show again what is typed."""
        return bytes((IAC, WONT, ECHO))

    def _command(self, data: bytes, start: int, pieces: list[bytes]) -> int:
        """Take the command at ``start``; return where it ends, or -1 when it is incomplete."""
        if start + 1 >= len(data):
            return -1
        command = data[start + 1]
        if self._subnegotiated >= 0:
            if command == SE:
                self._subnegotiated = -1
                if len(self._said) == WINDOW and self._said[0] == NAWS:
                    self.columns = int.from_bytes(self._said[1:3], "big")
                elif self._said[:2] == bytes((TERMINAL_TYPE, IS)) and _NAME.fullmatch(self._said, 2):
                    self.terminal = self._said[2 : 2 + NAME_LIMIT].decode("ascii").lower()
            else:
                self._count(b"\xff" if command == IAC else b"", 2)
        elif command == IAC:
            pieces.append(b"\xff")
        elif command == SB:
            self._subnegotiated, self._said = 0, b""
        elif command >= WILL:
            if start + 2 >= len(data):
                return -1
            self._negotiate(command, data[start + 2])
            return start + 3
        elif command in (EC, EL):
            pieces.append((ERASE[0] if command == EC else ERASE_LINE).encode())
        elif command == AYT:
            self._reply(STILL_HERE)
        elif command in MANGLED and _is_unfinished(self._tail + b"".join(pieces[-3:])):
            pieces.append(MANGLED[command])
        # The others (IP, BRK, NOP, GA, …) ask for nothing that a chat can give.
        return start + 2

    def _negotiate(self, verb: int, option: int) -> None:
        if verb in (WONT, DONT):
            return  # the option is off already
        if verb == DO and option == TIMING_MARK:
            # Asked anew each time Ctrl-C is pressed; until the answer the client shows nothing (RFC 860).
            self._reply(bytes((IAC, WONT, TIMING_MARK)))
            return
        if (verb, option) in self._answered or (verb == DO and option == ECHO and self._offered):
            return
        self._answered.add((verb, option))
        if (verb, option) == (WILL, NAWS):
            self._reply(bytes((IAC, DO, NAWS)))
            return
        if (verb, option) == (WILL, TERMINAL_TYPE):
            self._reply(bytes((IAC, DO, TERMINAL_TYPE, IAC, SB, TERMINAL_TYPE, SEND, IAC, SE)))
            return
        self._reply(bytes((IAC, WONT if verb == DO else DONT, option)))

    def _reply(self, reply: bytes) -> None:
        if self._replied + len(reply) <= self._received + len(STILL_HERE):
            self._replied += len(reply)
            self.replies += reply

    def _count(self, piece: bytes, length: int | None = None) -> None:
        """:raises LineTooLong: this piece, of so many bytes on the wire, makes the subnegotiation too long."""
        self._subnegotiated += len(piece) if length is None else length
        self._said += piece[: NAME_LIMIT + 2 - len(self._said)]
        if self._subnegotiated > SUBNEGOTIATION_LIMIT:
            raise LineTooLong(f"A telnet subnegotiation can have {SUBNEGOTIATION_LIMIT} bytes.")
