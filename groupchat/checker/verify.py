"""``groupchat verify``: checks a server's promises under load, or the journal of a stopped daemon."""

import argparse
import contextlib
import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from groupchat.checker.agreement import Agreement, agree
from groupchat.checker.drain import Drain, Unreachable
from groupchat.checker.ledger import Kept, Ledger, Outcome, compare
from groupchat.checker.load import Load
from groupchat.checker.movers import MovingLoad
from groupchat.checker.roamers import ClusterLoad
from groupchat.client.address import address
from groupchat.files.copying_files import faults, left_over
from groupchat.files.objects import FOLDER
from groupchat.journals.tools.archive import Contents
from groupchat.journals.tools.audit import Audit
from groupchat.journals.tools.rebuilding import rebuild
from groupchat.journals.tools.snapshots import snapshot
from groupchat.model.errors import CannotStart
from groupchat.model.wording import plural, size_words
from groupchat.stdio.complaints import complain
from groupchat.stdio.printable import one_line

T = TypeVar("T")

BROKEN = 1
"""The exit status when a promise was broken."""
UNCHECKED = 2
"""The exit status when nothing could be checked."""

ERASED_PER_S = 1.0
"""Deletions a second that each client manages at least, where the server has not other limits."""

SETTLE_S = 30.0
"""Seconds in which posts that are under way at the end must be answered."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``groupchat verify``."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "addresses", metavar="HOST[:PORT]", type=address, nargs="*", default=[],
        help="the server to put under load; several are the nodes of a cluster, which must agree",
    )  # fmt: skip
    what.add_argument("--data", metavar="DIR", type=Path, help="check the data folder of a stopped daemon instead")
    parser.add_argument("--mend", action="store_true", help="with --data: rebuild the search index if it is damaged")
    parser.add_argument(
        "--clients", metavar="N", type=_number(1, 10000), default=8,
        help="clients that post; more than 15 need an exempt address (default: 8)",
    )  # fmt: skip
    parser.add_argument(
        "--rate", metavar="R", type=_number(1, 1000000), default=10,
        help="posts a second, of all clients together; above 2 for each they need an exempt address (default: 10)",
    )  # fmt: skip
    parser.add_argument(
        "--movers", metavar="N", type=_number(0, 1000), default=4,
        help="further clients, which move between rooms and write to each other (default: 4)",
    )  # fmt: skip
    parser.add_argument(
        "--roamers", metavar="N", type=_number(0, 1000), default=4,
        help="with several servers: further clients, which edit and delete what they said, and go from node to node "
        "(default: 4)",
    )  # fmt: skip
    parser.add_argument("--seconds", metavar="S", type=float, default=10.0, help="for how long (default: 10)")
    parser.add_argument("--size", metavar="C", type=_number(1, 4000), default=100, help="characters a post")
    parser.add_argument(
        "--patience", metavar="S", type=float, default=30.0, help="seconds to wait for a server that is away"
    )
    parser.add_argument(
        "--record", metavar="FILE", type=Path, help="write every attempt and its outcome to FILE, and delete nothing"
    )
    parser.add_argument("--against", metavar="FILE", type=Path, help="no load: check the server against such a file")


def run(arguments: argparse.Namespace) -> int:
    """Check, print what was found, and return 0 only if every promise was kept."""
    try:
        if arguments.data is not None:
            return check_journal(arguments.data, arguments.mend)
        try:
            return check_server(arguments) if len(arguments.addresses) == 1 else check_nodes(arguments)
        except (LookupError, TypeError, AttributeError, RecursionError) as error:
            # The clients of the load take for granted what docs/PROTOCOL.md says.
            raise Unreachable(
                f"The server does not answer as groupchat does: {type(error).__name__}: {error}."
            ) from error
    except BrokenPipeError:  # the reader of the output has closed its end, which is no fault of a server
        raise
    except OSError as error:
        complain(f"{error.filename or ', '.join(map(str, arguments.addresses))}: {error.strerror or error}.")
    except (CannotStart, Unreachable, ValueError) as error:
        complain(str(error))
    return UNCHECKED


def check_journal(data: Path, mend: bool = False) -> int:
    """Check the journal of a stopped daemon.

    :param mend: whether a damaged search index is rebuilt.
    :raises CannotStart: it cannot be checked.
    """
    audit = Audit(data)
    found = 0
    for fault in audit.faults():
        found += 1
        _tell(f"! {fault}")
    if not found:
        for fault in _of_files(audit.path):
            found += 1
            _tell(f"! {fault}")
        if found:
            print("Everything else is whole; what is missing can be copied from a backup's files.")
            return BROKEN
        print(f"{audit.path} is whole: {plural(audit.messages, 'message')}, up to #{audit.head}.")
        if audit.cleared:
            print("It had failed before; the daemon can start again.")
        return 0
    if found == len(audit.of_index):
        if mend:
            print("Rebuilding the search index …")
            rebuild(audit.path)
            return check_journal(data)
        print(f"Only the search index is damaged. “groupchat verify --data {data} --mend” rebuilds it.")
        return BROKEN
    print(f"{audit.path} is damaged. Restore it from a backup, or save what can be read of it:")
    print(f"  sqlite3 {audit.path} .recover | sqlite3 {audit.path}.recovered")
    print(f"and put that in its place; remove {audit.path}-wal, {audit.path}-shm and {audit.path}-head then.")
    return BROKEN


def _of_files(path: Path) -> Iterator[str]:
    """Read everything that people share; give a sentence for what is missing or damaged."""
    folder = path.parent / FOLDER
    with snapshot(path) as database:
        files = Contents(database).files()
    if not files and not folder.is_dir():
        return
    found = 0
    for fault in faults(files, folder):
        found += 1
        yield fault
    if not found and files:
        print(f"{folder} is whole: {plural(len(files), 'file')}, {size_words(sum(file.size for file in files))}.")
    more = left_over(files, folder)
    if more:
        print(f"{plural(more, 'file')} in {folder} that no message shares; the next start removes them.")


def check_server(arguments: argparse.Namespace) -> int:
    """Put a server under load, or read an earlier record, and compare.  Raises Unreachable, OSError, ValueError."""
    [address] = arguments.addresses
    server = (address.host, address.port)
    if arguments.against is not None:
        ledger = Ledger.read(arguments.against)
        return report(ledger, history(server, ledger, arguments.patience))
    ledger = _new_ledger()
    load = MovingLoad(server, ledger, arguments.clients, arguments.rate, arguments.size, arguments.movers)

    def look() -> tuple[None, list[Kept]]:
        return None, finish(load, arguments.patience)

    _, found = _under_load(load, f"{address} does not let all clients in", arguments, look)
    return report(ledger, found, load.refused, load.moves)


def check_nodes(arguments: argparse.Namespace) -> int:
    """Put all nodes of a cluster under load, or read an earlier record, and compare.

    Raises Unreachable, OSError, ValueError.
    """
    servers = [(address.host, address.port) for address in arguments.addresses]
    if arguments.against is not None:
        ledger = Ledger.read(arguments.against)
        return max(report(ledger, history(server, ledger, arguments.patience)) for server in servers)
    ledger = _new_ledger()
    load = ClusterLoad(
        servers, ledger, arguments.clients, arguments.rate, arguments.size, arguments.movers,
        roamers=arguments.roamers,
    )  # fmt: skip

    def look() -> tuple[Agreement, list[Kept]]:
        return agree(load, arguments.patience), history(servers[0], ledger, arguments.patience)

    refusal = f"{', '.join(load.names)} do not let all clients in"
    agreement, _ = _under_load(load, refusal, arguments, look)
    tell(ledger, load.refused, load.moves)
    for line in agreement.lines():
        _tell(line)
    return 0 if agreement.good else BROKEN


def _new_ledger() -> Ledger:
    run = secrets.token_hex(4)
    return Ledger(run, f"verify-{run}")


def _under_load(
    load: MovingLoad, refusal: str, arguments: argparse.Namespace, look: Callable[[], tuple[T, list[Kept]]]
) -> tuple[T, list[Kept]]:
    """Run the load, and return what ``look`` finds while its clients are still there, with the posts of the run.

    Whatever comes of it, the posts are deleted, or recorded for later.

    :param refusal: the beginning of a sentence, for clients that are not let in.
    :raises Unreachable: they are not.
    """
    found: list[Kept] | None = None
    with contextlib.closing(load):
        try:
            if not load.join(arguments.patience):
                raise Unreachable(f"{refusal}: {', '.join(sorted(load.turned_away)) or 'there is no answer'}.")
            load.run(arguments.seconds)
            load.settle(SETTLE_S)
            result, found = look()
        finally:
            if arguments.record is not None:
                load.ledger.write(arguments.record)
            else:
                tidy(load, load.posted() if found is None else found)
    return result, found


def tidy(load: Load, found: list[Kept]) -> None:
    """Delete what was posted; say so if something is left."""
    limit = len(found) / max(len(load.posters) * ERASED_PER_S, 1.0) + SETTLE_S
    why = ""
    try:
        load.erase(found, limit)
    except Unreachable as error:
        why = f" ({error})"
    if load.left:
        complain(f"{plural(load.left, 'message')} could not be deleted{why}; they are in the room {load.ledger.room}.")


def finish(load: Load, patience: float) -> list[Kept]:
    """Read the history after the load, and let the watcher read to its end.  Raises Unreachable."""
    ledger = load.ledger
    found = history(load.server, ledger, patience)
    load.watch(max(found[-1].id if found else 0, ledger.highest), SETTLE_S)
    if ledger.shown and max(ledger.shown) > (found[-1].id if found else 0):
        found = history(load.server, ledger, patience)  # what was on its way has come meanwhile
    return found


def history(server: tuple[str, int], ledger: Ledger, patience: float) -> list[Kept]:
    """Return the posts of a run that the server has.  Raises Unreachable."""
    with contextlib.closing(Drain(server, patience, ledger.room)) as drain:
        return drain.posts(ledger)


def report(
    ledger: Ledger, found: list[Kept], refused: Mapping[str, int] | None = None, moves: Mapping[str, int] | None = None
) -> int:
    """Print what was promised and what exists; return the exit status."""
    tell(ledger, refused, moves)
    findings = compare(ledger, found)
    for line in findings.lines():
        _tell(line)
    return 0 if findings.good else BROKEN


def tell(ledger: Ledger, refused: Mapping[str, int] | None, moves: Mapping[str, int] | None) -> None:
    """Print what was attempted, and how it was answered."""
    tally = ledger.tally()
    print(f"{'attempted':13}{len(ledger.attempts)}")
    final = Counter(one.code for one in ledger.attempts if one.outcome is Outcome.REFUSED)
    for outcome in Outcome:
        more = f" ({_counted(final)})" if outcome is Outcome.REFUSED and final else ""
        _tell(f"{outcome:13}{tally.get(outcome, 0)}{more}")
    others = Counter(refused or {}) - final
    if others:
        _tell(f"Refused besides, of moves or with an unknown end: {_counted(others)}")
    if moves:
        what = ", ".join(f"{do}: {count}" for do, count in sorted(moves.items()))
        print(f"{'moves':13}{sum(moves.values())} ({what})")


def _counted(codes: Mapping[str, int]) -> str:
    return ", ".join(f"{code}: {count}" for code, count in sorted(codes.items()))


def _tell(line: str) -> None:
    """Print a line that has words of the server, or of the journal: a terminal obeys none of them."""
    print(one_line(line))


def _number(lowest: int, highest: int) -> Callable[[str], int]:
    """Return a type for argparse: a whole number in this range."""

    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not lowest <= int(text) <= highest:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from {lowest} to {highest}")
        return int(text)

    return read
