"""Requests about leases and servers to etcd's JSON gateway, and what their answers say."""

import re

from groupchat.journals.logs.etcd.requests.etcd_answers import (
    Answer,
    number,
    objects,
    positive,
    said,
    within,
    words,
    wrong,
)
from groupchat.journals.logs.etcd.requests.etcd_requests import Request, count, nothing, request
from groupchat.lazy.records import record

GRANT, KEEP_ALIVE, REVOKE, TIME_TO_LIVE = "lease/grant", "lease/keepalive", "lease/revoke", "lease/timetolive"


def grant(seconds: int) -> Request[int]:
    """Ask for a lease; the answer is its number."""

    def read(answer: Answer) -> int:
        positive(answer, "TTL")
        return positive(answer, "ID")

    return request(GRANT, read, TTL=seconds)


def keep_alive(lease: int) -> Request[bool]:
    """Renew a lease; the answer says whether it goes on."""

    def read(answer: Answer) -> bool:
        if number(answer, "ID") != lease:
            raise wrong("ID", answer.get("ID"))
        return number(answer, "TTL") > 0

    return request(KEEP_ALIVE, read, ID=str(lease))


def revoke(lease: int) -> Request[None]:
    """End a lease, and with it its keys."""
    return request(REVOKE, nothing, ID=str(lease))


@record
class Remaining:
    """For how many seconds a lease goes on, and the term of etcd's leader then."""

    seconds: int
    term: int


def time_to_live(lease: int) -> Request[Remaining]:
    """Ask how long a lease goes on."""
    return request(
        TIME_TO_LIVE,
        lambda answer: Remaining(number(answer, "TTL"), positive(within(answer, "header"), "raft_term")),
        ID=str(lease),
    )


@record
class Status:
    """How a server is.  ``member``, ``leader``: its own number and that of who leads; no leader: it knows none.

    ``used``, ``quota``: its bytes, and how many they may be; 0: it does not say.
    """

    version: str
    member: str
    leader: str
    used: int
    quota: int

    @property
    def leads(self) -> bool:
        """Whether it is the one that leads."""
        return self.leader != "" and self.leader == self.member


def _read_status(answer: Answer) -> Status:
    return Status(
        said(words(answer, "version")), words(within(answer, "header"), "member_id"), words(answer, "leader"),
        number(answer, "dbSize"), number(answer, "dbSizeQuota"),
    )  # fmt: skip


def _read_members(answer: Answer) -> list[tuple[str, str]]:
    """Read the number and the name of each server; the name of a new one is its addresses."""
    members = []
    for one in objects(answer, "members"):
        urls = one.get("peerURLs", [])
        if not isinstance(urls, list) or not all(isinstance(url, str) for url in urls):
            raise wrong("peerURLs", urls)
        members.append((words(one, "ID"), said(words(one, "name") or " ".join(urls))))
    return members


def _read_alarms(answer: Answer) -> list[tuple[str, str]]:
    """Read the number of the server, and what it is, of each alarm."""
    return [(words(one, "memberID"), words(one, "alarm")) for one in objects(answer, "alarms")]


EVERYTHING = request("kv/range", count, key="AA==", range_end="AA==", count_only=True)
STATUS = request("maintenance/status", _read_status)
MEMBERS = request("cluster/member/list", _read_members)
ALARMS = request("maintenance/alarm", _read_alarms, action="GET")
DEFRAGMENT = request("maintenance/defragment", nothing)


def disarm(member: str, alarm: str) -> Request[None]:
    """End the alarm of a server."""
    return request("maintenance/alarm", nothing, action="DEACTIVATE", memberID=member, alarm=alarm)


def compact(upto: int) -> Request[None]:
    """Forget what is before this revision, on disk too."""
    return request("kv/compaction", nothing, revision=str(upto), physical=True)


_TOKEN = re.compile(r"[!-~]{1,4096}")
"""What can stand in a header."""


def authenticate(user: str, password: str) -> Request[str]:
    """Ask for a token; empty: the answer has none that could be used."""

    def read(answer: Answer) -> str:
        token = answer.get("token")
        return token if isinstance(token, str) and _TOKEN.fullmatch(token) else ""

    return request("auth/authenticate", read, name=user, password=password)
