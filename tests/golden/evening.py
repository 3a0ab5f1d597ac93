"""Record a long evening: ``python -m tests.golden.evening`` writes it beside this file.

A recording is never written again once it was released: it is what older versions have on their disks.
A version with new operations, or new rules, gets a recording of its own, under the number of its schema.

Each line is a JSON array of the operations of one commit; the last is an object with the hash of the tables.
"""

import hashlib
import json
import random
import secrets
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred

from groupchat.delivery.queue import Change, Posting, Receipt
from groupchat.facts.account_facts import RankGiven
from groupchat.journals.rules.codec import encode
from groupchat.journals.sqlite.database import SCHEMA
from groupchat.model.drafts import Draft, Expire, ForgetSessions, Kind, Operation, Outcome, StoredFile
from groupchat.model.ranks import Rank
from tests.house import House, Peer
from tests.journals.direct import DirectJournal
from tests.people import establish

HERE = Path(__file__).parent

WORDS = (
    "hello", "who has the key?", "the build is red", "ship it :)", "<3", "こんにちは世界", "naïve café", "مرحبا",
    "👩‍👩‍👧 and 🇫🇷", "e\u0301", "see #3", "x" * 300, "it's \"quoted\" and \\slashed\\", "alice: look", "1 < 2 && 3 > 2",
    "def f():\n    return 1\n\nprint(f())",
)  # fmt: skip
"""What people say."""


class RecordingJournal(DirectJournal):
    """A journal that writes down the operations of each commit."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.commits: list[list[dict[str, Any]]] = []

    def append(self, operations: Sequence[Operation]) -> "Deferred[list[Outcome]]":
        """Write them down, and carry them out."""
        if operations:
            self.commits.append([encode(operation) for operation in operations])
        return super().append(operations)


def record(path: Path, seed: int = 7) -> list[str]:
    """Live through an evening; return the lines of its recording.

    :param path: the file of the journal.
    """
    chance = random.Random(seed)
    journal = RecordingJournal(path)
    house = House(journal, registration="open", retain_days=0)
    people: dict[str, Peer] = {}
    for _ in range(250):
        _come(house, people)
        house.turns.run(partial(_act_together, house, people, chance))
        _forget(house, chance)
        house.pass_time(chance.choice([0, 1, 3, 30]))
        if chance.random() < 0.05:
            journal.restart()
            house.hall = house.reopened(registration="open")
            people.clear()
    lines = [json.dumps(commit, ensure_ascii=False) for commit in journal.commits]
    lines.append(json.dumps({"head": journal.head, "hash": journal.hash()}))
    journal.close()
    return lines


def _come(house: House, people: dict[str, Peer]) -> None:
    """Let everybody come in who is not here; accounts are made the first time."""
    for nick in ("alice", "bob", "carol", "dora", "frank"):
        if nick in people and not people[nick].screen.closed and people[nick].session.connection is not None:
            continue
        peer = people[nick] = house.connect("json")
        if house.hall.accounts.find(nick) is not None:
            peer.offer(nick, password=f"{nick}'s password", marks=nick == "alice")
        elif nick in ("alice", "bob", "carol"):
            peer.offer(nick, password=f"{nick}'s password", register=True)
        else:
            peer.offer(nick, marks=nick == "dora")
    alice = house.hall.accounts.find("alice")
    if alice is not None and house.hall.moderation.rank_of(alice.author, "") < Rank.OPERATOR:
        establish(house.hall, RankGiven(alice.author, Rank.OPERATOR, "server", house.now()))


def _forget(house: House, chance: random.Random) -> None:
    """Remove what is old, now and then, as the daemon does."""
    old = house.now() - chance.randint(60, 600)
    for form, rarity in ((Expire, 0.05), (ForgetSessions, 0.05)):
        if chance.random() < rarity:
            house.hall.commits.post(Change(form(old), Receipt()))


def _act_together(house: House, people: dict[str, Peer], chance: random.Random) -> None:
    for _ in range(chance.randint(1, 12)):
        _act(house, people, chance)


def _act(house: House, people: dict[str, Peer], chance: random.Random) -> None:
    """Let somebody do something; much of it is refused, as on any evening."""
    nick = chance.choice([*people])
    peer = people[nick]
    other = chance.choice([*people])
    room = chance.choice(["lobby", "dev", "dev", "games"])
    number = chance.randint(1, max(house.journal.head, 1))
    words = chance.choice(WORDS)
    alice = people["alice"]
    ordinary: list[Callable[[], object]] = [
        lambda: peer.say(words),
        lambda: peer.say(words, room=room),
        lambda: peer.say(words, key=f"k{chance.randint(1, 30)}"),
        lambda: peer.do("me", text=words),
        lambda: peer.do("me", text=words, nick=other),
        lambda: alice.say(f"@all {words}", room=room),
        lambda: peer.do("say", text=words, reply=number, room=room),
        lambda: peer.do("re", id=number, text=words),
        lambda: peer.do("msg", nick=other, text=words, reply=number),
        lambda: peer.do("msg", nick=other, text=words),
        lambda: _share(house, peer, room, words, number),
        lambda: _share(house, peer, room, words, number, people[other]),
        lambda: peer.do("query", nick=other),
        lambda: peer.do("query"),
        lambda: peer.do("edit", id=number, text=words),
        lambda: peer.do("edit", text=words),
        lambda: peer.do("delete", id=number),
        lambda: peer.type("s/e/E/"),
        lambda: peer.do("join", room=room),
        lambda: peer.do("leave", room=room),
        lambda: peer.do("switch", room=room),
        lambda: peer.do("read", room=room),
        lambda: peer.do("read", nick=other, id=number),
        lambda: peer.do("read", all=True),
        lambda: peer.do("topic", text=words[:40], room=room),
        lambda: peer.do("set", name="time", value=chance.choice(["off", "minutes", "seconds"])),
        lambda: peer.do("ignore", nick=other),
        lambda: peer.do("unignore", nick=other),
        lambda: peer.do("password", old=f"{nick}'s password", new=f"{nick}'s password"),
        lambda: _end(house, peer, nick, chance.choice([None, 1, 2, 3, "others"])),
    ]
    orders: list[tuple[str, dict[str, object]]] = [
        ("mute", {"nick": other, "duration": 20, "room": room}), ("unmute", {"nick": other, "room": room}),
        ("ban", {"whom": other, "duration": 40, "room": "games"}), ("unban", {"whom": other, "room": "games"}),
        ("ban", {"whom": f"192.0.2.{number % 250}"}), ("kick", {"nick": other, "room": room, "reason": words[:50]}),
        ("close", {"room": "games", "reason": words[:50]}), ("reopen", {"room": "games"}),
        ("set-room", {"name": "topic", "value": chance.choice(["anybody", "operators"]), "room": "dev"}),
        ("mute", {"nick": f"192.0.2.{number % 250}"}), ("unmute", {"nick": f"192.0.2.{number % 250}"}),
        ("lock", {"room": "games", "visible": True}),
        ("lock", {"room": "games"}), ("unlock", {"room": "games"}), ("invite", {"nick": other, "room": "games"}),
        ("uninvite", {"nick": other, "room": "games"}), ("slow", {"room": "dev", "seconds": chance.choice([0, 2, 5])}),
        ("op", {"nick": other, "room": room}), ("deop", {"nick": other, "room": room}), ("promote", {"name": other}),
        ("demote", {"name": "bob"}), ("motd", {"text": words[:60]}), ("announce", {"text": words}), ("invitecode", {}),
        ("purge", {"nick": other, "duration": 10, "room": room}),
        ("adduser", {"name": f"user{number}", "password": "a good password"}),
        ("removeuser", {"name": f"user{number}"}), ("forget", {"name": other, "yes": True}),
        ("setpassword", {"name": "carol", "password": "carol's password"}),
    ]  # fmt: skip
    if chance.random() < 0.25:
        name, fields = chance.choice(orders)
        chance.choice([alice, alice, people["bob"]]).do(name, **fields)
    else:
        chance.choice(ordinary)()


def _share(house: House, peer: Peer, room: str, words: str, number: int, to: Peer | None = None) -> None:
    """Let somebody share a file in a room, or with one person."""
    connection = peer.session.connection
    other = None if to is None or to.session.connection is None else to.session.connection.person
    if connection is None:
        return
    file = StoredFile(hashlib.sha256(words.encode()).hexdigest(), len(words), "text/plain")
    person = connection.person
    draft = Draft(
        Kind.SHARED, person.author, person.nick, house.now(), "" if other else room, f"{words[:20].strip()}.txt",
        other.author if other else None, other.nick if other else "", folded=person.key, within=connection.rooms,
        reply=number if number % 3 == 0 else None, file=file, link=secrets.token_urlsafe(16), quota=60_000,
    )  # fmt: skip
    house.hall.commits.post(Posting(draft, Receipt(), connection))


def _end(house: House, peer: Peer, nick: str, which: int | str | None) -> None:
    """Let somebody come in once more, and log out: here, there, or everywhere else."""
    house.connect("json").offer(nick, password=f"{nick}'s password")
    peer.do("logout", **({} if which is None else {"connection": which}))


def main() -> None:
    """Write the recording of this version."""
    form = max(int(file.stem) for file in SCHEMA.glob("[0-9]*.sql"))
    with tempfile.TemporaryDirectory() as place:
        lines = record(Path(place) / "chat.db")
    target = HERE / f"evening-{form:04}.jsonl"
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{target.name}: {len(lines) - 1} commits, {lines[-1]}")


if __name__ == "__main__":
    main()
