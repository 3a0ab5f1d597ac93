"""A node's lease: as long as it is renewed, the node's place is its own."""

from groupchat.interfaces.shared_log import LEASE_S
from groupchat.journals.logs.etcd.etcd_requests import grant, keep_alive, number
from groupchat.journals.logs.etcd.gateway import Refused
from groupchat.journals.logs.etcd.rounds import Rounds

RENEW_S = LEASE_S / 4
"""Seconds between two renewals."""


class Lease:
    """A lease that was granted.  ``renewed`` is when the newest renewal was asked for that was granted."""

    def __init__(self, rounds: Rounds, id: int, renewed: float) -> None:
        self.id = id
        self.renewed = renewed
        self._rounds = rounds

    async def keep(self) -> None:
        """Renew the lease again and again, until it has ended."""
        rounds = self._rounds
        while True:
            clock = rounds.gateway.clock
            await rounds.gateway.pause(max(self.renewed + RENEW_S - clock.seconds(), 0.0))
            try:
                answer = await rounds.ask(keep_alive(self.id))
            except Refused as error:
                rounds.trouble = f"{rounds.server} does not renew the lease: {error}."
                await rounds.gateway.pause(RENEW_S)
                continue
            if not number(answer, "TTL"):
                return
            self.renewed = rounds.asked


async def granted(rounds: Rounds) -> Lease:
    """Get a lease.

    :raises CannotStart: it is refused.
    """
    answer = await rounds.first(grant(round(LEASE_S)))
    return Lease(rounds, int(answer["ID"]), rounds.asked)
