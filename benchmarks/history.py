"""History: measure how the cost of everyday operations grows with the number of posts."""

import random
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.figures import Row, Tell, median
from benchmarks.free_ports import free_port
from benchmarks.ours import Groupchat
from benchmarks.processes import Server
from benchmarks.talk import Refused, Talk
from groupchat.journals.sqlite.database import opened
from groupchat.journals.sqlite.folder import Folder
from groupchat.journals.sqlite.writer import Writer
from groupchat.model.drafts import Draft, Kind
from groupchat.model.events import AuthorId

BATCH = 5000
WORDS = 5000
"""Different words in the posts; the n-th is used in proportion to 1/n, as in a language."""
FEW = 600
"""The posts in the journal that is called empty: a page and a replay are as long there as elsewhere."""
TIMES = 100
TOO_SLOW = "too-slow-search"
"""A search that would take too much of the processor is refused; that costs its time, too."""
STARTS = 3
ROOMS = ("lobby", "lobby", "lobby", "dev", "random")


def history(sizes: Sequence[int], keep: Path | None, tell: Tell) -> list[Row]:
    """Return one row for each size.

    :param keep: a folder where filled journals are kept for the next run; None: they are removed.
    """
    rows: list[Row] = []
    folder = keep or Path(tempfile.mkdtemp(prefix="groupchat-bench-"))
    folder.mkdir(exist_ok=True)
    try:
        for size in sizes:
            data = folder / f"posts-{size}"
            if not (data / "filled").exists():
                tell(f"history: filling a journal with {size} posts")
                fill(data, size or FEW)
                (data / "filled").touch()
            tell(f"history: measuring with {size} posts")
            _read_through(data / "chat.db")
            rows.append(_measure(data, size))
    finally:
        if keep is None:
            shutil.rmtree(folder, ignore_errors=True)
    return rows


def fill(data: Path, count: int) -> None:
    """Make a journal of ``count`` posts, all of them indexed, with the writer that the daemon uses."""
    shutil.rmtree(data, ignore_errors=True)
    path = data / "chat.db"
    folder = Folder(path)
    writer = Writer(opened(path, folder.marked()), folder)
    chance = random.Random(1)
    words = [f"{chance.choice('bcdfgklmnprst')}{chance.choice('aeiou')}{number:x}" for number in range(WORDS)]
    weights = [sum(1 / (rank + 1) for rank in range(number + 1)) for number in range(WORDS)]
    said = [" ".join(chance.choices(words, cum_weights=weights, k=12)) for _ in range(20 * WORDS)]
    at = time.time() - count
    for begin in range(0, count, BATCH):
        drafts = [
            Draft(Kind.SAID, AuthorId(number % 20), f"member{number % 20}", at + number, ROOMS[number % len(ROOMS)],
                  f"{said[number * 7919 % len(said)]} n{number}")
            for number in range(begin, min(count, begin + BATCH))
        ]  # fmt: skip
        writer.append(drafts)
        writer.index.fill(writer.head, BATCH)
        writer.keep_up(0)
    while writer.index.upto < writer.head:
        writer.index.fill(writer.head, BATCH)
    writer.close()


def _read_through(path: Path) -> None:
    """Read the file into the kernel's cache, so that the journal is measured and not the state of that cache."""
    with path.open("rb") as file:
        while file.read(1 << 20):
            pass


def _measure(data: Path, size: int) -> Row:
    starts = []
    for _ in range(STARTS):
        server, seconds = _start(data)
        starts.append(seconds)
        server.stop()
    server, _ = _start(data)
    refused: list[str] = []

    def search(text: str) -> None:
        try:
            talk.ask({"do": "search", "text": text})
        except Refused as error:
            if error.code != TOO_SLOW:
                raise
            refused.append(text)

    try:
        talk = Talk(server.port)
        head = int(talk.ask({"do": "nick", "nick": "reader", "since": "head"})["head"])
        row: Row = {
            "scenario": "history", "peer": Groupchat.name, "posts": size, "start_s": median(starts),
            "post_ms": _timed(lambda turn: talk.ask({"do": "say", "text": f"hello {turn}"})),
            "join_ms": _timed(lambda turn: _join(server.port, turn)),
            "page_ms": _timed(lambda turn: talk.ask({"do": "history", "since": _spread(turn, head - FEW)})),
            "search_ms": _timed(lambda turn: search(_sought(turn, head))),
            "rare_ms": _timed(lambda turn: search(_rare(turn, head))), "searches_refused": len(refused),
            "memory_mib": server.memory_kib() / 1024,
        }  # fmt: skip
        talk.close()
    finally:
        server.stop()
    return row


def _start(data: Path) -> tuple[Server, float]:
    folder = Path(tempfile.mkdtemp(prefix="groupchat-bench-"))
    port = free_port()
    server = Server(Groupchat().command(folder, port, 0, data), port, folder)
    return server, server.wait_until_open(greets=True)


def _timed(action: Callable[[int], object]) -> float:
    """Return the median time of an action, in milliseconds."""
    action(-1)  # what is loaded at the first time is not of interest
    times = []
    for turn in range(TIMES):
        begun = time.perf_counter()
        action(turn)
        times.append((time.perf_counter() - begun) * 1000)
    return median(times)


def _join(port: int, turn: int) -> None:
    talk = Talk(port)
    talk.ask({"do": "nick", "nick": f"guest{turn + 1}"})
    talk.ask({"do": "exit"})
    talk.close()


def _spread(turn: int, head: int) -> int:
    """Return a number up to ``head``, from somewhere else each time."""
    return max(1, turn * 7919 * 104_729 % max(1, head))


def _rare(turn: int, head: int) -> str:
    """Return a word that one message has; of all that a whole number begins, such as n1, it would be one in nine."""
    return f"n{head // 2 + _spread(turn, head // 2)}"


def _sought(turn: int, head: int) -> str:
    """Return two words that are used together somewhere, one frequent and one less so."""
    chance = random.Random(1)
    words = [f"{chance.choice('bcdfgklmnprst')}{chance.choice('aeiou')}{number:x}" for number in range(WORDS)]
    return f"{words[turn % 5]} {words[5 + turn % 200]}"
