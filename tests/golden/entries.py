"""Record the entries of a log: ``python -m tests.golden.entries`` writes it beside this file.

A recording is never written again once it was released: it is what older versions have written into logs.
A version with a new form of entries, or new rules, gets a recording of its own, under the number of its rules.

Each line is an entry as it stands in the log; the last is an object with what a journal has once it is carried out.
"""

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from twisted.internet.task import Clock
from zope.interface import implementer

from groupchat.facts.account_facts import Account, AccountRooms
from groupchat.facts.room_facts import Invitation
from groupchat.facts.whereabouts import Places
from groupchat.interfaces.shared_log import ILogWatch, LogEntry
from groupchat.journals.cluster.applying import Applying
from groupchat.journals.cluster.entries import RULES, entry_bytes, groups, written
from groupchat.journals.nodes.attending import NOWHERE
from groupchat.journals.rules.codec import decode
from groupchat.journals.sqlite.database import SCHEMA
from groupchat.model.drafts import (
    Amendment,
    Deed,
    Draft,
    Erase,
    ForgetSessions,
    Kind,
    Need,
    Operation,
    PutOut,
    ReadUpTo,
    Revoke,
    StoredSession,
)
from groupchat.model.events import SERVER, AuthorId
from groupchat.model.node_operations import (
    Attend,
    Check,
    Checked,
    Depart,
    NodeDown,
    NodeUp,
    Passing,
    Place,
    Presence,
    RemoveNode,
    Rules,
)
from groupchat.model.ranks import Rank
from tests.golden.evening import HERE
from tests.journals.direct import DirectJournal


class Replay:
    """Carries out the entries of a recording, and keeps what it came to.

    :param path: the file of the journal.
    """

    def __init__(self, path: Path) -> None:
        self.journal = DirectJournal(path)
        self.stopped: list[object] = []
        self.applying = Applying(
            self.journal, Clock(), RULES, lambda received, outcomes: None, self.stopped.append, self.stopped.append
        )
        self.applying.begin(Place("golden", 0, 0, ""), _Watch)

    def carry_out(self, entries: Sequence[bytes]) -> None:
        """Take the next entries of the log."""
        first = self.applying.known + 1
        self.applying.receive([LogEntry(number, 400 + number * 2, data) for number, data in enumerate(entries, first)])

    def end(self) -> dict[str, object]:
        """Return what the journal has."""
        assert not self.stopped, self.stopped
        place = self.applying.place
        return {
            "number": place.number, "chain": place.chain, "rules": place.rules, "head": self.applying.head,
            "hash": self.journal.hash(),
        }  # fmt: skip


@implementer(ILogWatch)
class _Watch:
    """A watch that somebody else feeds."""

    def pause(self) -> None:
        """Go on all the same."""

    def resume(self) -> None:
        """Go on."""

    def delay(self) -> None:
        """Go on all the same."""

    def catch_up(self) -> None:
        """Go on."""

    def stop(self) -> None:
        """Go on all the same."""


def record(path: Path) -> list[str]:
    """Let two nodes live through the newest recorded evening; return the lines of the recording.

    :param path: the file of a journal.
    """
    form = max(int(file.stem) for file in SCHEMA.glob("[0-9]*.sql"))
    *commits, _ = (HERE / f"evening-{form:04}.jsonl").read_text("utf-8").splitlines()
    replay = Replay(path)
    counts = {"a1": 0, "b1": 0}
    epochs = {"a1": 5, "b1": 9}
    rules = NOWHERE.rules
    lines: list[str] = []

    def say(node: str, operations: Sequence[Operation], unknown: int = 0) -> None:
        """Have a node write something that has not carried out so many of the last entries."""
        texts = [written(operation) for operation in operations]
        for group in groups([len(text) for text in texts]):
            counts[node] += 1
            known = replay.applying.known - unknown
            data = entry_bytes(node, epochs[node], counts[node], rules, texts[group.start : group.stop], known)
            replay.carry_out([data])
            lines.append(data.decode())

    [found] = replay.journal.writer.append([Check(1, 0)])[0]
    assert isinstance(found, Checked)
    say("a1", [Check(1, 0, 0, found.rows, found.facts), NodeUp("a1", epochs["a1"])])
    say("b1", [NodeUp("b1", epochs["b1"])])
    say("a1", [Rules(RULES)])
    rules = RULES
    for number, commit in enumerate(commits):
        say(("a1", "b1")[number % 3 == 0], [decode(one) for one in json.loads(commit)])
        if number % 20 == 5:
            node = ("a1", "b1")[number % 40 > 20]
            say(node, _attendance(number, node, epochs[node]))
        if number == 120:
            for node, operations in _late(epochs):
                say(node, operations)
        if number == 160:
            for node, operations in _behind_erasures(epochs, lambda: replay.applying.head):
                say(node, operations)
        if number == 180:
            for node, operations, unknown in _behind_ends():
                say(node, operations, unknown)
        if number == 200:
            say("a1", [NodeUp("c1", 300), NodeDown("c1", 300, 1795262300.25, 150)])
            say("a1", [NodeUp("d1", 310), NodeDown("d1", 310, 1795262310.25, 151, stopped=True)])
            say("a1", [NodeDown("d1", 310, 1795262312.25, 150)])
        if number % 100 == 50:
            say("a1", [Check(number, number + 200, 1, "ab", "cd", "ef")])
        if number == 300:
            say("a1", [NodeDown("b1", epochs["b1"], 1795262400.5, 290), RemoveNode("b1", SERVER)])
            say("a1", [NodeDown("b1", epochs["b1"], 1795262400.75, 290)])
            epochs["b1"], counts["b1"] = 400, 0
            say("b1", [NodeUp("b1", 400)])
    lines.append(json.dumps(replay.end()))
    replay.journal.close()
    return lines


def _late(epochs: Mapping[str, int]) -> Iterator[tuple[str, list[Operation]]]:
    """Give what nodes say of a connection that came back at another one and left that, and of one that is lost there.

    What the first of them wants to keep comes last.
    """
    for author, end in (
        (AuthorId(2**61), Depart(f"{2**61:064x}", "b1", epochs["b1"], "bye", "")),
        (AuthorId(2**61 + 1), NodeDown("b1", epochs["b1"], 1795262000.5, 120)),
    ):
        digest, nick = f"{author:064x}", f"roamer{author - 2**61}"
        older = StoredSession(author, digest, nick, ("lobby",), 1, 1795262000.25, "lobby")
        newer = replace(older, rooms=("dev",), position=7, current="dev")
        presence = Presence(digest, "a1", epochs["a1"], author, nick, nick, "", 1795261000.5, 1795261000.5)
        yield "a1", [Attend(presence, takes=True), older]
        elsewhere = replace(presence, node="b1", epoch=epochs["b1"])
        yield "b1", [Attend(elsewhere, takes=True), newer]
        yield ("b1" if isinstance(end, Depart) else "a1"), [end]
        yield "a1", [replace(older, position=2)]
    yield "b1", [NodeUp("b1", epochs["b1"])]


def _behind_erasures(epochs: Mapping[str, int], head: Callable[[], int]) -> Iterator[tuple[str, list[Operation]]]:
    """Give what stands behind the erasures of a guest and of somebody with an account, said at another node.

    :param head: returns the highest number that was given.
    """
    at = 1795262050.25
    guest, owner, other = (AuthorId(2**61 + number) for number in (2, 3, 4))
    for number, author in enumerate((guest, owner)):
        nick, digest = f"erased{number}", f"{author:064x}"
        presence = Presence(digest, "b1", epochs["b1"], author, nick, nick, "", at, at, ("lobby",), "lobby")
        session = StoredSession(author, digest, nick, ("lobby",), 1, at, "lobby")
        first: list[Operation] = [Attend(presence, takes=True), session]
        if author == owner:
            first.append(Amendment(SERVER, at, (Account(nick, nick, author, "1:hash", at).made(),)))
        yield "b1", [*first, Draft(Kind.SAID, author, nick, at, "lobby", "before")]
        yield "a1", [Erase(nick, f"forgotten-0000000{number}", SERVER)]
        yield "b1", [
            Draft(Kind.SAID, author, nick, at, "lobby", "behind"),
            Draft(Kind.WHISPERED, author, nick, at, text="behind", reader=other, to="other"),
            Draft(Kind.WHISPERED, other, "other", at, text="behind", reader=author, to=nick),
            Draft(Kind.EDITED, author, nick, at, "lobby", "behind"),
            Amendment(author, at, (Invitation("dev", other, "other", nick, at).put(),)),
            Attend(replace(presence, rooms=("lobby", "dev"))), ReadUpTo(author, "lobby", 2, at), session,
            StoredSession(other, f"{other:064x}", "other", ("lobby",), 1, at, ignored=((author, nick, ""),)),
            Depart(digest, "b1", epochs["b1"], "kicked", "kicked"),
        ]  # fmt: skip
    gone, listed = AuthorId(2**61 + 6), AuthorId(2**61 + 7)
    ignoring = StoredSession(other, f"{other:064x}", "other", ("lobby",), 1, at, ignored=((listed, "erased2", ""),))
    yield "b1", [Draft(Kind.SAID, gone, "erased2", at, "lobby", "before", key="before"), ignoring]
    yield "a1", [Erase("erased2", "forgotten-00000002", SERVER, authors=(gone,))]
    text = Deed("purge", "deleted everything erased2 said", "erased2").encode()
    order = Draft(Kind.MODERATED, SERVER, "server", at, "lobby", text)
    yield "b1", [
        Draft(Kind.WHISPERED, other, "other", at, text="behind", reader=gone, to="erased2"), ignoring,
        replace(order, needs=Need(Rank.OPERATOR, over=listed)), replace(order, target=head()),
        Amendment(SERVER, at, (Invitation("dev", listed, "erased2", "server", at).put(),)),
    ]  # fmt: skip


def _behind_ends() -> Iterator[tuple[str, list[Operation], int]]:
    """Give what nodes say of connections behind entries that end their tokens, and how many of these they do not know.

    The sessions of some are void, and those of others not; likewise of rooms that somebody is put out of, and where an
    account moves.
    """
    at = 1795262060.25
    author = AuthorId(2**61 + 5)
    sessions = [StoredSession(author, f"{number:064x}", "ended", ("lobby",), 1, at, "lobby") for number in range(4)]
    ends: tuple[tuple[Revoke, ...], ...] = (
        (Revoke(author, keep=sessions[0].digest),), (Revoke(author, only=sessions[1].digest),),
        (Revoke(AuthorId(1)), Revoke(author, keep=sessions[2].digest), Revoke(author, keep=sessions[2].digest)),
    )  # fmt: skip
    yield "a1", [*sessions], 0
    for changes in ends:
        yield "a1", [Amendment(SERVER, at, changes)], 0
        yield "b1", [*sessions], 0
        yield "b1", [replace(one, position=2) for one in sessions[1:]], 2
    yield "b1", [replace(one, position=3) for one in sessions], 3
    at += 1
    account = Account("moved", "moved", author, "1:hash", at)
    out = PutOut(author, "dev", "kicked", "Go.")
    both = replace(sessions[3], rooms=("lobby", "dev"), current="dev", position=4)

    def places(*rooms: str) -> Amendment:
        return Amendment(author, at, (AccountRooms(author, Places(rooms, rooms[-1])).put(),))

    yield "a1", [Amendment(SERVER, at, (account.made(),)), both, places("lobby", "dev")], 0
    yield "b1", [places("dev", "lobby")], 1
    yield "a1", [Amendment(SERVER, at, (out,))], 0
    yield "b1", [replace(both, position=5), places("dev")], 1
    yield "b1", [places("dev", "ops")], 1
    yield "a1", [places("ops")], 0
    yield "a1", [Amendment(SERVER, at - 900000.5, (Revoke(author, only="f" * 64),)), ForgetSessions(at - 700000)], 0


def _attendance(number: int, node: str, epoch: int) -> list[Operation]:
    """Return what a node says of its people: some come, some claim what others have, some go."""
    nicks = ("ann", "bob", "Ćid", "日本")
    nick = nicks[number // 20 % 4]
    author = AuthorId(2**62 + number // 60)
    presence = Presence(
        f"{number // 40:032x}", node, epoch, author, nick, nick.casefold(), nick if number % 3 else "",
        1795000000.25 + number, 1794000000.5, ("lobby", "dev")[: number % 3], "lobby" if number % 3 else "",
        ("lunch", "", None)[number // 20 % 3], number % 2 == 0, number % 60 == 5, "json", f"{number:x}",
    )  # fmt: skip
    left = Depart(f"{number // 80:032x}", node, epoch, "bye", "")
    return [Attend(presence, "gone to dev"), Passing(author, {"event": "typing", "room": "lobby"}), left]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        made = record(Path(place) / "chat.db")
    target = HERE / f"entries-{RULES:04}.jsonl"
    target.write_text("\n".join(made) + "\n", encoding="utf-8")
    print(f"{target.name}: {len(made) - 1} entries, {made[-1]}")
