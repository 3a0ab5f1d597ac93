"""What has to be looked after in etcd: its versions, its space, its servers."""

import re
from collections.abc import Sequence
from typing import Any

from twisted.internet.defer import Deferred, DeferredList
from twisted.logger import Logger

from groupchat.interfaces.shared_log import Member, Space
from groupchat.journals.logs.etcd.etcd_connections import Server
from groupchat.journals.logs.etcd.gateway import Gateway, Refused, Unanswered
from groupchat.journals.logs.etcd.requests.server_requests import (
    ALARMS,
    DEFRAGMENT,
    MEMBERS,
    STATUS,
    Status,
    compact,
    disarm,
)
from groupchat.journals.logs.etcd.rounds import Rounds
from groupchat.model.errors import CannotStart

QUOTA_BYTES = 2 * 1024**3
"""The space that etcd has unless it is told otherwise; only newer versions say how much it is."""
TIDYING_S = 30.0
"""Seconds that compacting and defragmenting may take at a server."""
FULL = "NOSPACE"
_OUT_OF_RANGE = 11
_PERMISSION_DENIED = 7

UNTOLD = Status("", "", "", 0, 0)
"""How a server is that tells that to its user root only, as newer ones do; so it is of a version that can be used."""

_log = Logger()


def is_usable(version: str) -> bool:
    """Return whether entries are safe with this version: 3.4, or 3.5 since 3.5.6; those before could lose some."""
    found = re.match(r"(\d+)\.(\d+)\.(\d+)", version)
    if found is None:
        return False
    parts = tuple(map(int, found.groups()))
    return (3, 4, 0) <= parts < (3, 5, 0) or parts >= (3, 5, 6)


def _is_forbidden(error: BaseException | None) -> bool:
    return isinstance(error, Refused) and error.code == _PERMISSION_DENIED


class Upkeep:
    """Looks after the servers."""

    def __init__(self, rounds: Rounds) -> None:
        self._rounds = rounds
        self._gateway: Gateway = rounds.gateway
        self._servers: Sequence[Server] = rounds.servers

    async def check_versions(self) -> None:
        """See that each server that answers is of a version that can be used; wait until one answers.

        :raises CannotStart: one is not.
        """
        statuses = await self.statuses()
        if not statuses:
            # Whichever answers first; what hinders all of them is told meanwhile.
            try:
                answer = await self._rounds.first(STATUS)
            except CannotStart as error:
                if not _is_forbidden(error.__cause__):
                    raise
                answer = UNTOLD
            statuses = {self._rounds.server: answer}
        for server, status in statuses.items():
            version = status.version
            if status != UNTOLD and not is_usable(version):
                raise CannotStart(
                    f"{server} is etcd {version or 'of an unknown version'}, which cannot be used; 3.4, and 3.5.6 and "
                    "newer, can."
                )

    async def statuses(self) -> dict[Server, Status]:
        """Return how each server is that answers."""
        asked = [Deferred.fromCoroutine(self._status(server)) for server in self._servers]
        results: list[tuple[bool, Any]] = await DeferredList(asked, consumeErrors=True)
        found: dict[Server, Status] = {}
        for server, (has_ended_well, result) in zip(self._servers, results, strict=True):
            if not has_ended_well:
                raise result.value
            if result is not None:
                found[server] = result
        return found

    async def _status(self, server: Server) -> Status | None:
        try:
            return await self._gateway.call(server, STATUS)
        except Unanswered:
            return None
        except Refused as error:
            return UNTOLD if _is_forbidden(error) else None

    async def _alarms(self) -> list[tuple[str, str]]:
        """Return the alarms, as far as they are told."""
        try:
            return await self._rounds.ask(ALARMS)
        except Refused as error:
            if not _is_forbidden(error):
                raise
            return []

    async def compact(self, upto: int) -> None:
        """Forget what is before a revision, and give its space back at each server that answers."""
        try:
            await self._rounds.ask(compact(upto), TIDYING_S)
        except Refused as error:
            if error.code != _OUT_OF_RANGE:
                raise
            # It was forgotten before.
        statuses = await self.statuses()
        # Defragmenting stops a server for a moment, so the one that leads comes last.
        for server in sorted(statuses, key=lambda one: statuses[one].leads):
            try:
                await self._gateway.call(server, DEFRAGMENT, TIDYING_S)
            except (Unanswered, Refused) as error:
                _log.warn(
                    "The log in etcd was compacted, but its space was not given back at {server}: {error}",
                    server=server, error=error,
                )  # fmt: skip
        for member, alarm in await self._alarms():
            if alarm == FULL:
                await self._rounds.ask(disarm(member, FULL))

    async def space(self) -> Space:
        """Return how much space is taken at the fullest server."""
        statuses = await self.statuses()
        while not statuses:
            await self._gateway.pause(1.0)
            statuses = await self.statuses()
        alarms = await self._alarms()
        return Space(
            max(status.used for status in statuses.values()),
            min(status.quota or QUOTA_BYTES for status in statuses.values()),
            any(alarm == FULL for _, alarm in alarms),
        )

    async def members(self) -> list[Member]:
        """Return all servers that belong together, also those that no address was given of."""
        members = await self._rounds.ask(MEMBERS)
        statuses = {status.member: status for status in (await self.statuses()).values()}
        found = []
        for id, name in members:
            status = statuses.get(id)
            found.append(Member(name, status is not None and status.leader != "", status is not None and status.leads))
        return sorted(found, key=lambda one: one.name)
