"""Requests about the log to etcd's JSON gateway, and what their answers say.

Fields of a request that etcd does not know are ignored, so each of these is tried on a real one.
Each request says how its answer is read; a wrong answer counts as no answer at all.
"""

import json
import re
from base64 import b64encode
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from groupchat.interfaces.shared_log import ForeignLog, LiveNode
from groupchat.journals.logs.etcd.requests.etcd_answers import (
    Answer,
    Place,
    WrongAnswer,
    brief,
    flag,
    key_values,
    number,
    only,
    place,
    positive,
    ranges,
    revision,
    value,
)
from groupchat.lazy.records import record

T = TypeVar("T")


@record
class Request(Generic[T]):
    """A request: a path, a JSON object, and what reads the answer.  It raises ValueError if that is a wrong one.

    ``recognise``: reads the bytes of an answer that is usual in every respect; None: of all others.
    """

    path: str
    body: bytes
    read: Callable[[Answer], T]
    recognise: Callable[[bytes], T | None] | None = None


def request(path: str, read: Callable[[Answer], T], **fields: Any) -> Request[T]:
    """Compose a request."""
    return Request(f"/v3/{path}", json.dumps(fields).encode("ascii"), read)


def transaction(
    read: Callable[[Answer], T], compare: list[Any], success: list[Any], failure: list[Any] | None = None
) -> Request[T]:
    """Compose a transaction."""
    return request("kv/txn", read, compare=compare, success=success, failure=failure or [])


def encoded(data: bytes) -> str:
    """Encode a key or a value."""
    return b64encode(data).decode("ascii")


def nothing(answer: Answer) -> None:
    """Read nothing: that there is an answer is all."""


def count(answer: Answer) -> int:
    """Read how many keys there are."""
    return number(answer, "count")


FORM = 1
"""The form of the log that this version writes and reads."""
MOST_NAME = 64
"""The most characters of the name of a log, which has 32, or of a node, which has as many at most."""


def compose_form(cluster: str) -> bytes:
    """Compose what the key ``form`` says."""
    return json.dumps({"form": FORM, "cluster": cluster}).encode("ascii")


def cluster_of(form: bytes) -> str:
    """Read the name of a log from what the key ``form`` says.

    :raises ForeignLog: there is nothing, or it was not written by this version or an older one.
    """
    if not form:
        raise ForeignLog("The log in etcd is gone.")
    try:
        fields = json.loads(form)
        if fields["form"] != FORM:
            newer = brief(fields["form"])
            raise ForeignLog(f"The log in etcd has the form {newer}; this version reads {FORM}: upgrade it.")
        if not _is_name(fields["cluster"]):
            raise ValueError
        return str(fields["cluster"])
    except (ValueError, TypeError, KeyError) as error:
        raise ForeignLog("Something else than groupchat has written what is in etcd.") from error


def _is_name(found: object) -> bool:
    """Return whether something can be the name of a log or a node; whoever can write to etcd may say anything."""
    return isinstance(found, str) and 0 < len(found) <= MOST_NAME and found.isprintable()


@record
class View:
    """What a look at the log shows.

    ``first`` is the revision before which it has no entry, whatever else etcd may have had there; ``revision`` how
    far all of etcd is.
    """

    form: bytes
    first: int
    newest: Place
    live: dict[str, LiveNode]
    revision: int


@record
class Claim:
    """What became of a claim: the epoch and the lease of whoever has the place then; 0, 0: nobody."""

    epoch: int
    lease: int


@record
class Append:
    """What became of an append, and the newest entry then.

    If it is not done: in which ``epoch`` the node is (0: in none), how many entries were ``sent`` in the one that was
    asked about, and the revision of the last of them.
    """

    is_done: bool
    newest: Place
    epoch: int = 0
    sent: int = 0
    written: int = 0


def _read_append(answer: Answer) -> Append:
    if flag(answer, "succeeded"):
        [log] = ranges(answer, 1)
        newest = place(log)
        if newest.revision != revision(answer):
            raise WrongAnswer(f"an entry at {newest.revision}, which etcd would have put at {revision(answer)}")
        return Append(True, newest)
    lives, sents, log = ranges(answer, 3)
    live, sent, newest = only(lives), only(sents), place(log)
    epoch = 0 if live is None else positive(live, "create_revision")
    if sent is None:
        return Append(False, newest, epoch)
    return Append(False, newest, epoch, positive(sent, "version"), positive(sent, "mod_revision"))


_APPENDED = re.compile(
    rb'\{"header":\{"cluster_id":"[0-9]{1,20}","member_id":"[0-9]{1,20}","revision":"([1-9][0-9]{0,17})",'
    rb'"raft_term":"[0-9]{1,20}"\},"succeeded":true,"responses":\['
    rb'\{"response_put":\{"header":\{"revision":"\1"\}\}\},\{"response_put":\{"header":\{"revision":"\1"\}\}\},'
    rb'\{"response_range":\{"header":\{"revision":"\1"\},"kvs":\[\{"key":"[A-Za-z0-9+/=]+",'
    rb'"create_revision":"[0-9]{1,19}","mod_revision":"\1","version":"([1-9][0-9]{0,17})"\}\],"count":"1"\}\}\]\}\n?'
)
"""What etcd 3.4 and 3.5 answer to nearly every append, byte for byte; whatever else there is, is read as usual."""


def _recognise_append(body: bytes) -> Append | None:
    """Read the answer to an append that was done, as ``_read_append`` does, in a tenth of the time."""
    found = _APPENDED.fullmatch(body)
    return None if found is None else Append(True, Place(int(found[2]), int(found[1])))


class Requests:
    """The requests about the log below a prefix."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._form = self._key("form")
        self._log = self._key("log")
        self._appending_for = ("", 0, 0)
        self._append = Request("", b"", _read_append)

    def watch(self, start: int) -> Request[None]:
        """Watch the log from this revision on; what comes is a stream."""
        return request(
            "watch", nothing, create_request={"key": self._log, "start_revision": str(start), "fragment": True}
        )

    def count_own(self) -> Request[int]:
        """Count the keys below the prefix."""
        end = encoded(f"{self._prefix}0".encode())
        return request("kv/range", count, key=self._key(""), range_end=end, count_only=True)

    def make_form(self, form: bytes) -> Request[bytes | None]:
        """Give the log its form unless it has one, which is read then."""

        def read(answer: Answer) -> bytes | None:
            if flag(answer, "succeeded"):
                return None
            [found] = ranges(answer, 1)
            there = only(found)
            if there is None:
                raise WrongAnswer("neither was the form written, nor was it there")
            return value(there)

        return transaction(
            read,
            [{"key": self._form, "target": "VERSION", "result": "EQUAL", "version": "0"}],
            [{"request_put": {"key": self._form, "value": encoded(form)}}],
            [{"request_range": {"key": self._form}}],
        )

    def claim(self, node: str, card: bytes, lease: int) -> Request[Claim]:
        """Take the place of a node if it is free; else read who has it."""
        live = self._key(f"live/{node}")

        def read(answer: Answer) -> Claim:
            if flag(answer, "succeeded"):
                return Claim(revision(answer), lease)
            [found] = ranges(answer, 1)
            holder = only(found)
            return (
                Claim(0, 0) if holder is None else Claim(positive(holder, "create_revision"), number(holder, "lease"))
            )

        return transaction(
            read,
            [{"key": live, "target": "CREATE", "result": "EQUAL", "create_revision": "0"}],
            [{"request_put": {"key": live, "value": encoded(card), "lease": str(lease)}}],
            [{"request_range": {"key": live, "keys_only": True}}],
        )

    def show(self, node: str, epoch: int, card: bytes, lease: int) -> Request[Place | None]:
        """Replace the card of a node in its epoch; if that has ended, read the newest entry then."""
        live = self._key(f"live/{node}")

        def read(answer: Answer) -> Place | None:
            return None if flag(answer, "succeeded") else place(*ranges(answer, 1))

        return transaction(
            read,
            self._is_of(live, epoch, lease),
            [{"request_put": {"key": live, "value": encoded(card), "lease": str(lease)}}],
            [self._read_newest()],
        )

    def append(self, node: str, epoch: int, count: int, data: bytes, lease: int) -> Request[Append]:
        """Append the entry that is the ``count``-th of this epoch.

        Whether or not it is done, the answer tells whose place it is, what was sent, and the newest entry.
        """
        if self._appending_for != (node, epoch, lease):
            self._appending_for = (node, epoch, lease)
            self._append = self._compose_append(node, epoch, lease)
        # What is left to fill in are the last count and the entry; nothing else in it has a per cent sign.
        body = self._append.body % (count - 1, b64encode(data))
        return Request(self._append.path, body, _read_append, _recognise_append)

    def _compose_append(self, node: str, epoch: int, lease: int) -> Request[Append]:
        """Compose what is the same for all entries of an epoch."""
        live, sent = self._key(f"live/{node}"), self._key(f"sent/{epoch}")
        return transaction(
            _read_append,
            [
                *self._is_of(live, epoch, lease),
                {"key": sent, "target": "VERSION", "result": "EQUAL", "version": "%d"},
            ],
            [
                {"request_put": {"key": self._log, "value": "%b"}},
                {"request_put": {"key": sent, "lease": str(lease)}},
                self._read_newest(),
            ],
            [
                {"request_range": {"key": live, "keys_only": True}},
                {"request_range": {"key": sent, "keys_only": True}},
                self._read_newest(),
            ],
        )

    def entry_at(self, revision: int) -> Request[Place]:
        """Read which entry was written at a revision."""

        def read(answer: Answer) -> Place:
            found = place(key_values(answer))
            if found.revision != revision:
                raise WrongAnswer(f"an entry at {found.revision}, not at {revision}")
            return found

        return request("kv/range", read, key=self._log, keys_only=True, revision=str(revision))

    def look(self) -> Request[View]:
        """Read the form, the newest entry and who is alive, as a quorum has it now."""
        return transaction(
            self.view,
            [],
            [
                {"request_range": {"key": self._form}},
                self._read_newest(),
                {"request_range": {"key": self._key("live/"), "range_end": self._key("live0")}},
            ],
        )

    def view(self, answer: Answer) -> View:
        """Read the answer to ``look``."""
        forms, logs, lives = ranges(answer, 3)
        form, log, newest, now = only(forms), only(logs), place(logs), revision(answer)
        first = now + 1 if log is None else positive(log, "create_revision")
        if log is not None and not first <= newest.revision <= now:
            raise WrongAnswer(f"an entry at {newest.revision}, of those from {first} on, when all was at {now}")
        live = {name: node for name, node in map(self._read_live, lives) if _is_name(name)}
        return View(b"" if form is None else value(form), first, newest, live, now)

    def _read_live(self, found: Answer) -> tuple[str, LiveNode]:
        """Read the name and the card of a living node."""
        before, key = f"{self._prefix}/live/", value(found, "key").decode("utf-8")
        if not key.startswith(before):
            raise WrongAnswer(f"a key that is not below {before}")
        return key.removeprefix(before), LiveNode(positive(found, "create_revision"), value(found))

    def _key(self, name: str) -> str:
        return encoded(f"{self._prefix}/{name}".encode())

    def _read_newest(self) -> Any:
        return {"request_range": {"key": self._log, "keys_only": True}}

    def _is_of(self, live: str, epoch: int, lease: int) -> list[Any]:
        """Compare whose the place of a node is; an etcd that was set up anew may come to the same epoch once more."""
        return [
            {"key": live, "target": "CREATE", "result": "EQUAL", "create_revision": str(epoch)},
            {"key": live, "target": "LEASE", "result": "EQUAL", "lease": str(lease)},
        ]
