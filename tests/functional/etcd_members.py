"""Real members of an etcd cluster as processes of their own, for tests and for trials of faults."""

import base64
import contextlib
import json
import os
import shutil
import signal
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.functional.harness import LIMIT_S, free_port

HOST = "127.0.0.1"
START_TRIES = 5
"""How often members are started at other ports when somebody else has just taken one of theirs."""


class PortTaken(Exception):
    """A member could not listen."""


@dataclass(frozen=True)
class Place:
    """Where a process runs: the address where it listens, and the command that runs it there, as in a namespace."""

    host: str = HOST
    prefix: Sequence[str] = ()


HERE = Place()


class EtcdMember:
    """One member.  What it writes is in the file ``log`` of its folder."""

    def __init__(
        self, name: str, folder: Path, port: int, peer_port: int, scheme: str = "http", place: Place = HERE
    ) -> None:
        self.name = name
        self.host = place.host
        self._prefix = place.prefix
        self.folder = folder
        self.scheme = scheme
        self.port = port
        self.peer_port = peer_port
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def peer_url(self) -> str:
        """Where the others reach it."""
        return f"http://{self.host}:{self.peer_port}"

    @property
    def peer(self) -> str:
        """Its part of ``--initial-cluster``."""
        return f"{self.name}={self.peer_url}"

    @property
    def is_running(self) -> bool:
        """Whether its process is there, also if it is stopped."""
        return self.process is not None and self.process.poll() is None

    def launch(self, cluster: Sequence["EtcdMember"], options: Sequence[str]) -> None:
        """Start it, and do not wait for it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        url, peer = f"{self.scheme}://{self.host}:{self.port}", self.peer_url
        command = [
            *self._prefix, "etcd", "--name", self.name, "--data-dir", str(self.folder / "data"),
            "--listen-client-urls", url, "--advertise-client-urls", url,
            "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
            "--initial-cluster", ",".join(member.peer for member in cluster), "--initial-cluster-state", "new",
            "--pre-vote", "--snapshot-count", "5000", "--log-level", "error", *options,
        ]  # fmt: skip
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ETCD_")}
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, start_new_session=True
            )

    def kill(self) -> None:
        """Leave it no chance."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(LIMIT_S)

    def pause(self) -> None:
        """Stop its process; its connections stay."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let its process go on."""
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    @property
    def log(self) -> str:
        """What it has written."""
        with contextlib.suppress(FileNotFoundError):
            return (self.folder / "log").read_text(errors="replace")
        return ""


class EtcdMembers:
    """One member, or several that belong together.

    :param options: further options of each etcd, such as ``--quota-backend-bytes``.
    :param context: how to speak TLS with them; then the options name their certificates.
    :param places: where each runs; by default all on this machine.
    """

    def __init__(
        self, folder: Path, count: int = 1, options: Sequence[str] = (), context: ssl.SSLContext | None = None,
        places: Sequence[Place] = (),
    ) -> None:  # fmt: skip
        self.folder = folder
        self.members: list[EtcdMember] = []
        self.token = ""
        self._count = count
        self.options = options
        self._context = context
        self._places = places or [HERE] * count

    @property
    def location(self) -> str:
        """Where the log is, without a prefix."""
        scheme = "etcd" if self._context is None else "etcds"
        return f"{scheme}://{','.join(f'{member.host}:{member.port}' for member in self.members)}"

    def start(self) -> "EtcdMembers":
        """Start all, and wait until they can be used."""
        for attempt in range(START_TRIES):
            scheme = "http" if self._context is None else "https"
            ports: set[int] = set()
            while len(ports) < 2 * self._count:
                ports.add(free_port())
            self.members = [
                EtcdMember(
                    f"e{n + 1}", self.folder / f"{attempt}" / f"e{n + 1}", ports.pop(), ports.pop(), scheme, place
                )
                for n, place in enumerate(self._places)
            ]
            for member in self.members:
                member.launch(self.members, self.options)
            try:
                self.wait()
                for member in self.members:
                    self._identify(member)
            except PortTaken:
                self.close()
            else:
                return self
        raise AssertionError(f"etcd does not start: {[member.log[-500:] for member in self.members]}")

    def restart(self, member: EtcdMember) -> None:
        """Start a member again that was killed, and wait until it can be used."""

        def is_there() -> bool:
            try:
                return self._is_usable(member)
            except PortTaken:  # whoever has it may not have it for long
                (member.folder / "log").unlink()
                member.launch(self.members, self.options)
                return False

        member.launch(self.members, self.options)
        self._until(is_there, f"{member.name} is there again")

    def restart_all(self) -> None:
        """Start all again that were killed, and wait until they can be used."""
        for member in self.members:
            if not member.is_running:
                member.launch(self.members, self.options)
        self.wait()

    def wait(self) -> None:
        """Wait until each running member takes what is written, and knows the same leader."""
        self._until(lambda: all(map(self._is_usable, self._running())), "all members can be used")

    def leader(self) -> EtcdMember:
        """Wait until one leads, and return it."""
        found: list[EtcdMember] = []

        def find() -> bool:
            for member in self._running():
                with contextlib.suppress(OSError, ValueError):
                    status = self.call("maintenance/status", member=member)
                    if status.get("leader") == status["header"]["member_id"]:
                        found.append(member)
            return bool(found)

        self._until(find, "a member leads")
        return found[-1]

    def others(self, member: EtcdMember) -> list[EtcdMember]:
        """The members but for one."""
        return [other for other in self.members if other is not member]

    def call(
        self, path: str, member: EtcdMember | None = None, limit: float = 10.0, **fields: Any
    ) -> Mapping[str, Any]:
        """Ask a member, by default the first, something over its JSON gateway.

        :raises OSError: it does not answer, or refuses.
        """
        member = member or self.members[0]
        headers = {"Content-Type": "application/json"} | ({"Authorization": self.token} if self.token else {})
        request = urllib.request.Request(
            f"{member.scheme}://{member.host}:{member.port}/v3/{path}", json.dumps(fields).encode("ascii"), headers
        )
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=self._context)
        )
        try:
            with opener.open(request, timeout=limit) as response:
                answer: Mapping[str, Any] = json.loads(response.read() or b"{}")
                return answer
        except urllib.error.HTTPError as error:
            with error:
                raise OSError(f"{error.code}: {error.read()!r}") from error

    def clear(self) -> None:
        """Remove all keys."""
        self.call("kv/deleterange", key="AA==", range_end="AA==")

    def expire(self, prefix: str, node: str) -> None:
        """End the lease of a node."""
        for found in self.call("kv/range", key=_live(prefix, node)).get("kvs", ()):
            self.call("lease/revoke", ID=found["lease"])

    def claim(self, prefix: str, node: str) -> int:
        """Take the place of a node as a process does that is killed at once; return its epoch."""
        lease = self.call("lease/grant", TTL=10)["ID"]
        return int(self.call("kv/put", key=_live(prefix, node), value="e30=", lease=lease)["header"]["revision"])

    def close(self) -> None:
        """Kill all, and leave nothing of them."""
        for member in self.members:
            member.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _identify(self, member: EtcdMember) -> None:
        """:raises PortTaken: it is another etcd that answers at this member's port."""
        answer = self.call("cluster/member/list", member=member)
        if not any(
            one["ID"] == answer["header"]["member_id"] and member.peer_url in one["peerURLs"]
            for one in answer["members"]
        ):
            raise PortTaken(member.name)

    def _running(self) -> list[EtcdMember]:
        return [member for member in self.members if member.is_running]

    def _is_usable(self, member: EtcdMember) -> bool:
        if not member.is_running:
            if "address already in use" in member.log:
                raise PortTaken(member.name)
            raise AssertionError(f"etcd {member.name} has ended: {member.log[-2000:]}")
        try:
            self.call("kv/range", member=member, limit=2.0, key="AA==")
        except OSError as error:
            # With users it refuses who gives no token, who counts as itself where it has a certificate; so it is there.
            return "user name is empty" in str(error) or "permission denied" in str(error)
        return True

    def _until(self, check: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + LIMIT_S
        while not check():
            if time.monotonic() > end:
                raise AssertionError(
                    f"It is not so within {LIMIT_S:g} s that {what}: {[m.log[-500:] for m in self.members]}"
                )
            time.sleep(0.05)


def _live(prefix: str, node: str) -> str:
    return base64.b64encode(f"{prefix}/live/{node}".encode()).decode("ascii")
