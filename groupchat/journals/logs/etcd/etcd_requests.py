"""Requests to etcd's JSON gateway, and what their answers say.

What is zero, empty or false is left out of answers; numbers of 64 bits come as strings.  Fields of a request that etcd
does not know are ignored, so each of these is tried on a real one.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from groupchat.interfaces.shared_log import ForeignLog, LiveNode
from groupchat.lazy.records import record

Answer: TypeAlias = Mapping[str, Any]
"""A JSON object that etcd answered with."""


@record
class Request:
    """A request: a path and a JSON object."""

    path: str
    body: bytes


def request(path: str, **fields: Any) -> Request:
    """Compose a request."""
    return Request(f"/v3/{path}", json.dumps(fields).encode("ascii"))


def transaction(compare: list[Any], success: list[Any], failure: list[Any] | None = None) -> Request:
    """Compose a transaction."""
    return request("kv/txn", compare=compare, success=success, failure=failure or [])


def number(answer: Answer, field: str) -> int:
    """Read a number, which is left out when it is 0."""
    return int(answer.get(field, 0))


def key_values(answer: Answer) -> list[Answer]:
    """Read what a range found."""
    found: list[Answer] = answer.get("kvs", [])
    return found


def ranges(answer: Answer) -> list[list[Answer]]:
    """Read what each range of a transaction found, in their order; operations that are no ranges are left out."""
    return [key_values(one["response_range"]) for one in answer.get("responses", []) if "response_range" in one]


def revision(answer: Answer) -> int:
    """Read how far the whole of etcd was when it answered."""
    return number(answer.get("header", {}), "revision")


def encoded(data: bytes) -> str:
    """Encode a key or a value."""
    return b64encode(data).decode("ascii")


def value(key_value: Answer) -> bytes:
    """Read a value."""
    return b64decode(key_value.get("value", ""))


@record
class Place:
    """A place in the log: the number and the revision of an entry, both 0 if there is none."""

    number: int
    revision: int


def place(found: Iterable[Answer]) -> Place:
    """Read the place of the newest entry, from the range of the key ``log``."""
    for key_value in found:
        return Place(number(key_value, "version"), number(key_value, "mod_revision"))
    return Place(0, 0)


FORM = 1
"""The form of the log that this version writes and reads."""


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
            raise ForeignLog(f"The log in etcd has the form {fields['form']}; this version reads {FORM}: upgrade it.")
        return str(fields["cluster"])
    except (ValueError, TypeError, KeyError) as error:
        raise ForeignLog("Something else than groupchat has written what is in etcd.") from error


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


class Requests:
    """The requests about the log below a prefix."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._form = self._key("form")
        self._log = self._key("log")
        self._appending_for = ("", 0, 0)
        self._append = Request("", b"")

    def watch(self, start: int) -> Request:
        """Watch the log from this revision on."""
        return request("watch", create_request={"key": self._log, "start_revision": str(start), "fragment": True})

    def count_own(self) -> Request:
        """Count the keys below the prefix."""
        return request("kv/range", key=self._key(""), range_end=encoded(f"{self._prefix}0".encode()), count_only=True)

    def make_form(self, form: bytes) -> Request:
        """Give the log its form unless it has one, which is read then."""
        return transaction(
            [{"key": self._form, "target": "VERSION", "result": "EQUAL", "version": "0"}],
            [{"request_put": {"key": self._form, "value": encoded(form)}}],
            [{"request_range": {"key": self._form}}],
        )

    def claim(self, node: str, card: bytes, lease: int) -> Request:
        """Take the place of a node if it is free; else read who has it."""
        live = self._key(f"live/{node}")
        return transaction(
            [{"key": live, "target": "CREATE", "result": "EQUAL", "create_revision": "0"}],
            [{"request_put": {"key": live, "value": encoded(card), "lease": str(lease)}}],
            [{"request_range": {"key": live, "keys_only": True}}],
        )

    def show(self, node: str, epoch: int, card: bytes, lease: int) -> Request:
        """Replace the card of a node in its epoch."""
        live = self._key(f"live/{node}")
        return transaction(
            [self._is_of(live, epoch)],
            [{"request_put": {"key": live, "value": encoded(card), "lease": str(lease)}}],
            [self._read_newest()],
        )

    def append(self, node: str, epoch: int, count: int, data: bytes, lease: int) -> Request:
        """Append the entry that is the ``count``-th of this epoch.

        Whether or not it is done, the answer tells whose place it is, what was sent, and the newest entry.
        """
        if self._appending_for != (node, epoch, lease):
            self._appending_for = (node, epoch, lease)
            self._append = self._compose_append(node, epoch, lease)
        # What is left to fill in are the last count and the entry; nothing else in it has a per cent sign.
        return Request(self._append.path, self._append.body % (count - 1, b64encode(data)))

    def _compose_append(self, node: str, epoch: int, lease: int) -> Request:
        """Compose what is the same for all entries of an epoch."""
        live, sent = self._key(f"live/{node}"), self._key(f"sent/{epoch}")
        return transaction(
            [
                self._is_of(live, epoch),
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

    def newest_at(self, revision: int) -> Request:
        """Read which entry was the newest at a revision."""
        return request("kv/range", key=self._log, keys_only=True, revision=str(revision))

    def look(self) -> Request:
        """Read the form, the newest entry and who is alive, as a quorum has it now."""
        return transaction(
            [],
            [
                {"request_range": {"key": self._form}},
                self._read_newest(),
                {"request_range": {"key": self._key("live/"), "range_end": self._key("live0")}},
            ],
        )

    def view(self, answer: Answer) -> View:
        """Read the answer to ``look``."""
        forms, newest, live = ranges(answer)
        skipped = len(self._prefix) + len("/live/")
        return View(
            value(forms[0]) if forms else b"",
            number(newest[0], "create_revision") if newest else revision(answer) + 1,
            place(newest),
            {
                b64decode(one["key"]).decode("utf-8")[skipped:]: LiveNode(number(one, "create_revision"), value(one))
                for one in live
            },
            revision(answer),
        )

    def _key(self, name: str) -> str:
        return encoded(f"{self._prefix}/{name}".encode())

    def _read_newest(self) -> Any:
        return {"request_range": {"key": self._log, "keys_only": True}}

    def _is_of(self, live: str, epoch: int) -> Any:
        return {"key": live, "target": "CREATE", "result": "EQUAL", "create_revision": str(epoch)}


GRANT, KEEP_ALIVE, REVOKE, TIME_TO_LIVE = "lease/grant", "lease/keepalive", "lease/revoke", "lease/timetolive"


def grant(seconds: int) -> Request:
    """Ask for a lease."""
    return request(GRANT, TTL=seconds)


def keep_alive(lease: int) -> Request:
    """Renew a lease."""
    return request(KEEP_ALIVE, ID=str(lease))


def revoke(lease: int) -> Request:
    """End a lease, and with it its keys."""
    return request(REVOKE, ID=str(lease))


def time_to_live(lease: int) -> Request:
    """Ask how long a lease goes on."""
    return request(TIME_TO_LIVE, ID=str(lease))


EVERYTHING = request("kv/range", key="AA==", range_end="AA==", count_only=True)
STATUS = request("maintenance/status")
MEMBERS = request("cluster/member/list")
ALARMS = request("maintenance/alarm", action="GET")
DEFRAGMENT = request("maintenance/defragment")


def disarm(member: str, alarm: str) -> Request:
    """End the alarm of a server."""
    return request("maintenance/alarm", action="DEACTIVATE", memberID=member, alarm=alarm)


def compact(upto: int) -> Request:
    """Forget what is before this revision, on disk too."""
    return request("kv/compaction", revision=str(upto), physical=True)


def authenticate(user: str, password: str) -> Request:
    """Ask for a token."""
    return request("auth/authenticate", name=user, password=password)
