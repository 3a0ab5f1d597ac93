"""Parts: the server's own work for a line, and each step of its journal, timed separately."""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, cast

from twisted.internet.address import IPv4Address
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from benchmarks.figures import Row, Tell, median
from benchmarks.peer import FILLING
from groupchat.config.settings import Settings
from groupchat.doors.lines.json_style import json_style
from groupchat.doors.lines.text_conversation import TextConversation
from groupchat.doors.reception import Reception
from groupchat.hall.hall import Hall
from groupchat.journals.memory import MemoryJournal
from groupchat.journals.sqlite.database import opened
from groupchat.journals.sqlite.folder import Folder
from groupchat.journals.sqlite.index import LARGE_PIECE
from groupchat.journals.sqlite.writer import Writer
from groupchat.model.drafts import Draft, Kind
from groupchat.model.events import AuthorId, Said
from groupchat.model.preferences import Preferences
from groupchat.model.text import clean, shown
from groupchat.sessions.session import Session

MEMBERS = 100
SENDERS = 20
BATCH = 60
"""Lines at a time, as with 64 outstanding: three from each sender."""
TIMES = 20
"""Times that each part is timed; the median is reported."""

WORDS = {
    "ASCII": "hello, how are you all today; this is a line of some words",
    "one emoji": "hello, how are you all today; this is a line 😀 of some words",
    "Chinese": "你好，世界。今天天气很好，我们去公园走走吧，明天再见。",
}
"""What somebody says."""


def parts(count: int, tell: Tell) -> list[Row]:
    """Return one row for each part, in microseconds of processor time per line.

    :param count: lines each time that a part is timed.
    """
    tell("parts: a line through the door, the hall and the door again")
    rows = [_row("door, hall, door: without sockets, disk and other threads", _chat(count))]
    tell("parts: the words of a line, and its form for programs")
    for name, words in WORDS.items():
        rows.append(_row(f"cleaned once and shown once: {name}", _looks(words, count)))
    rows.append(_row("its form for programs", _object(count)))
    with new_writer() as writer:
        tell("parts: the steps of the journal")
        rows.append(_row(f"its row, {BATCH} in a commit, with the flush", _post(writer, count, BATCH)))
        rows.append(_row(f"its words, indexed {LARGE_PIECE} at a time", _index(writer)))
        rows.append(_row("its row and a commit of its own, with the flush", _post(writer, count // 10, 1)))
    return rows


def _looks(words: str, count: int) -> float:
    def look() -> None:
        for _ in range(count):
            shown(clean(words))

    return timed(count, look)


def _object(count: int) -> float:
    style = json_style(Preferences())
    said = [Said(number, "lobby", "member1", time.time() + number / 50, WORDS["ASCII"]) for number in range(BATCH)]

    def render() -> None:
        for _ in range(count // BATCH):
            style.render(said, (), False)

    return timed(count, render)


def _row(part: str, cpu_us: float) -> Row:
    return {"scenario": "parts", "part": part, "cpu_us": cpu_us}


def timed(count: int, work: Callable[[], object]) -> float:
    """Return this thread's processor time for each of ``count`` lines, including the kernel's, in microseconds."""
    spent = []
    for _ in range(TIMES):
        began = time.thread_time()
        work()
        spent.append((time.thread_time() - began) / count * 1e6)
    return median(spent)


class Silence(StringTransport):
    """A connection that accepts everything and keeps nothing."""

    def write(self, data: bytes) -> None:
        """Discard it."""


def _chat(count: int) -> float:
    turn: list[Callable[[], None]] = []
    settings = Settings()
    hall = Hall(MemoryJournal(), settings, Clock(), time.time, turn_end=turn.append)
    hall.open()
    reception = Reception(partial(Session, hall), settings, cast(Any, Clock()))
    crowd = []
    for number in range(MEMBERS):
        member = TextConversation(reception, "127.0.0.1", exempt=True)
        member.makeConnection(Silence(peerAddress=IPv4Address("TCP", "127.0.0.1", number)))
        member.dataReceived(b"member%d\n" % number)
        _end(turn)
        crowd.append(member)
    lines = b"".join(b"0123456789" + FILLING + b"\n" for _ in range(BATCH // SENDERS))

    def talk() -> None:
        for _ in range(count // BATCH):
            for member in crowd[:SENDERS]:
                member.dataReceived(lines)
            _end(turn)

    return timed(count, talk)


def _end(turn: list[Callable[[], None]]) -> None:
    """Tell the server that the reactor has read everything."""
    while turn:
        turn.pop(0)()


@contextmanager
def new_writer() -> Iterator[Writer]:
    top = Path(tempfile.mkdtemp(prefix="groupchat-bench-"))
    folder = Folder(top / "data" / "chat.db")
    writer = Writer(opened(folder.database, folder.marked()), folder)
    try:
        yield writer
    finally:
        writer.close()
        shutil.rmtree(top)


def _post(writer: Writer, count: int, batch: int) -> float:
    def write() -> None:
        for _ in range(count // batch):
            at = time.time()
            writer.append(
                [Draft(Kind.SAID, AuthorId(number % SENDERS), "member1", at, "lobby", _text(writer.head + number))
                 for number in range(batch)]
            )  # fmt: skip

    return timed(count, write)


def _index(writer: Writer) -> float:
    pieces = (writer.head - writer.index.upto) // (LARGE_PIECE * TIMES)

    def index() -> None:
        for _ in range(pieces):
            writer.index.fill(writer.head, LARGE_PIECE)

    return timed(pieces * LARGE_PIECE, index)


def _text(number: int) -> str:
    return f"{number:010d}{FILLING.decode()}"
