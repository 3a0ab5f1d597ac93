"""A node's lease: as long as it is renewed, the node's place is its own."""

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from groupchat.interfaces.shared_log import LEASE_S
from groupchat.journals.logs.etcd.gateway import Refused, in_background
from groupchat.journals.logs.etcd.requests.etcd_requests import Requests
from groupchat.journals.logs.etcd.requests.server_requests import grant, keep_alive, revoke, time_to_live
from groupchat.journals.logs.etcd.rounds import Rounds
from groupchat.model.errors import CannotStart

RENEW_S = LEASE_S / 4
"""Seconds between two renewals."""
AGAIN_S = 1.0
"""Seconds after which another server is asked to renew it if one refuses."""
CLAIM_S = 0.5
"""Seconds between two attempts to take a place that an older epoch still has."""
_NOT_FOUND = 5

_log = Logger()


class Lease:
    """A lease that was granted.  ``renewed`` is when the newest renewal was asked for that was granted."""

    def __init__(self, rounds: Rounds, id: int, renewed: float) -> None:
        self.id = id
        self.renewed = renewed
        self._rounds = rounds
        self._keeping: Deferred[None] | None = None

    def begin(self) -> None:
        """Renew it from now on."""
        self._keeping = in_background(self._keep(), "Renewing the lease")

    def end(self) -> None:
        """Renew it no more."""
        if self._keeping is not None:
            self._keeping.cancel()

    async def revoke(self, rounds: Rounds) -> None:
        """End it, and with it the node's place; if that is refused, it ends by itself, since nobody renews it."""
        try:
            await rounds.ask(revoke(self.id))
        except Refused as error:
            if error.code != _NOT_FOUND:
                _log.warn("The lease of this node is not ended before its time: {error}", error=error)

    async def _keep(self) -> None:
        """Renew the lease again and again, until it has ended."""
        rounds = self._rounds
        while True:
            clock = rounds.gateway.clock
            await rounds.gateway.pause(max(self.renewed + RENEW_S - clock.seconds(), 0.0))
            try:
                goes_on = await rounds.ask(keep_alive(self.id))
            except Refused as error:
                rounds.trouble = f"{rounds.server} does not renew the lease: {error}."
                rounds.turn()
                await rounds.gateway.pause(AGAIN_S)
                continue
            if not goes_on:
                return
            self.renewed = rounds.asked


async def _granted(rounds: Rounds) -> Lease:
    """Get a lease.

    :raises CannotStart: it is refused.
    """
    return Lease(rounds, await rounds.first(grant(round(LEASE_S))), rounds.asked)


class _Holder:
    """Somebody who has a node's place: under which lease, for how many seconds, and in which term of etcd's leader."""

    def __init__(self, lease: int, left: int, term: int) -> None:
        self.lease = lease
        self.left = left
        self.term = term


async def claimed(rest: Rounds, renewals: Rounds, requests: Requests, node: str, card: bytes) -> tuple[Lease, int]:
    """Get a lease, and a node's place when nobody else has it any more; return the lease and the epoch.

    :param renewals: which way the lease is renewed; ``rest`` is for everything else.
    :raises CannotStart: somebody else has the place, and goes on renewing it; or it is refused.
    """
    holder: _Holder | None = None
    while True:
        lease = await _granted(renewals)
        lease.begin()
        try:
            while True:
                claim = await rest.ask(requests.claim(node, card, lease.id))
                if claim.lease == lease.id:  # also when the answer to an earlier attempt was lost
                    return lease, claim.epoch
                if not claim.epoch:
                    continue  # it has become free just now
                holder = await _look_at_holder(rest, node, claim.lease, holder)
                await rest.gateway.pause(CLAIM_S)
        except Refused as error:
            lease.end()
            if error.code != _NOT_FOUND:
                if not rest.is_patient:
                    raise CannotStart(rest.gateway.refusal(rest.server, error)) from error
                rest.note_refusal(error)
                await rest.gateway.pause(CLAIM_S)
            # Otherwise the lease has ended meanwhile.
        except BaseException:
            lease.end()
            raise


async def _look_at_holder(rest: Rounds, node: str, lease: int, before: _Holder | None) -> _Holder:
    """See how long the lease of another holder goes on.

    :raises CannotStart: it was renewed since the last look.
    """
    remaining = await rest.first(time_to_live(lease))
    holder = _Holder(lease, remaining.seconds, remaining.term)
    # A new leader of etcd begins the time of every lease anew, whoever renews it.
    if before is not None and (before.lease, before.term) == (lease, holder.term) and holder.left > before.left:
        raise CannotStart(f"Another process is running as node “{node}”; each node needs a --node of its own.")
    return holder
