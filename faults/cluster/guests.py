"""People at the nodes of a cluster, over JSON Lines: they come, ask for something, and wait for the answer."""

import contextlib
import json
import re
import time
from typing import Any

from faults.cluster.cluster import Node
from faults.trial import HOST, START_S, Trial
from tests.functional.harness import Line

STEP_S = 0.3
"""Seconds between two attempts."""


class Guest:
    """Somebody at a node.

    :param nick: the nickname; ``answer`` tells whether they have it.
    """

    def __init__(self, trial: Trial, node: Node, nick: str, **more: object) -> None:
        self.nick = nick
        self.trial = trial
        self._line = Line(node.port, "" if node.place.prefix else HOST, node.place.host)
        trial.at_end(self._line.close)
        self._ref = 0
        self.answer = self.ask("nick", nick=nick, since="head", **more)

    @property
    def is_in(self) -> bool:
        """True if they were let in."""
        return bool(self.answer["event"] == "welcome")

    def ask(self, do: str, **more: object) -> dict[str, Any]:
        """Ask for something, and return the answer."""
        self.send(do, **more)
        return self.answered()

    def send(self, do: str, **more: object) -> None:
        """Ask for something."""
        self._ref += 1
        self._line.send(json.dumps({"do": do, "ref": self._ref, **more}) + "\n")

    def answered(self) -> dict[str, Any]:
        """Wait for the answer to what was asked for last."""
        found: dict[str, Any] = json.loads(self._line.expect(rf'^(\{{.*"ref": ?{self._ref}\D.*)\n', START_S)[1])
        return found

    def heard(self, pattern: str, limit: float = START_S) -> "re.Match[str]":
        """Wait until they are sent this."""
        return self._line.expect(pattern, limit)

    def close(self) -> None:
        """Leave."""
        self._line.close()


def let_in(trial: Trial, node: Node, nick: str, limit: float = START_S) -> Guest:
    """Come to a node that may not let anybody in at first.  Raises AssertionError."""
    begun = time.monotonic()
    while time.monotonic() < begun + limit:
        guest = Guest(trial, node, nick)
        if guest.is_in:
            return guest
        guest.close()
        if guest.answer.get("code") not in ("journal-unavailable", "node-lost"):
            break
        time.sleep(STEP_S)
    raise AssertionError(f"{nick} is not let in at {node.name}: {guest.answer}")


def until_free(trial: Trial, node: Node, nick: str, limit: float) -> float:
    """Ask for a nickname until it is free; return the seconds that it took.  Raises AssertionError."""
    begun = time.monotonic()
    while time.monotonic() < begun + limit:
        guest = Guest(trial, node, nick)
        guest.close()
        if guest.is_in:
            return time.monotonic() - begun
        if guest.answer.get("code") != "nick-taken":
            raise AssertionError(f"{node.name} answers: {guest.answer}")
        time.sleep(0.2)
    raise AssertionError(f"{nick} is not free at {node.name} after {limit:g} s.")


def until_posted(guest: Guest, limit: float = START_S) -> float:
    """Post until that is taken; return the seconds that it took.  Raises AssertionError."""
    begun = time.monotonic()
    while time.monotonic() < begun + limit:
        answer = guest.ask("say", text="Is it well?")
        if answer["event"] == "done":
            return time.monotonic() - begun
        if answer.get("code") != "journal-unavailable":
            raise AssertionError(f"{guest.nick} is answered: {answer}")
        time.sleep(0.1)
    raise AssertionError(f"{guest.nick} cannot post within {limit:g} s.")


def until_refused(guest: Guest, limit: float = START_S) -> float:
    """Post until that is refused by name; return the seconds that it took.  Raises AssertionError.

    What is on its way to the log already is not answered before that is known, so it is not waited for.
    """
    begun = time.monotonic()
    while time.monotonic() < begun + limit:
        guest.send("say", text="Is it refused?")
        with contextlib.suppress(AssertionError):
            guest.heard('"refused".*"journal-unavailable"', STEP_S)
            return time.monotonic() - begun
    raise AssertionError(f"{guest.nick} is not refused within {limit:g} s.")
