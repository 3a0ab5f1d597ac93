"""Files: kill -9 and a full disk at each step of taking one; and many who fetch, beside people who chat."""

import hashlib
import http.client
import json
import os
import random
import selectors
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from faults.disk import SMALL
from faults.honest import Honest
from faults.trial import HOST, START_S, NotRun, Trial, Verdict, memory_mib, need, need_root, percentile, wait_for
from tests.functional.harness import Daemon

SETTINGS = "guest_files = true\n"
SIZE = 300_000

Step = tuple[str, Callable[[bytes, Path], Sequence[str]]]

STEPS: Sequence[Step] = (
    ("before the file is flushed", lambda content, files: ("fsync",)),
    ("before it has its name", lambda content, files: ("rename,renameat,renameat2",)),
    ("before its folder is flushed", lambda content, files: ("fsync", "-P", str(_folder(content, files)))),
    ("before its post is flushed", lambda content, files: ("fdatasync",)),
)
"""What is done with a file, one after the other: what strace calls the system call that is never made."""


def _folder(content: bytes, files: Path) -> Path:
    return files / hashlib.sha256(content).hexdigest()[:2]


class Files:
    """The files that were sent to the daemons of a trial, and whether they are there."""

    def __init__(self, trial: Trial, data: Path) -> None:
        self.wrong: list[str] = []
        self.posted = 0
        self._trial = trial
        self._data = data
        self._sent: dict[str, bytes] = {}
        self._answered: set[str] = set()

    @property
    def folder(self) -> Path:
        """Return where they are kept."""
        return self._data / "files"

    def content(self) -> bytes:
        """Return the content of another file."""
        return os.urandom(SIZE)

    def send(self, daemon: Daemon, content: bytes, part: float = 1.0) -> int:
        """Send a file, or only a part of it; return the status of the answer, 0: there is none."""
        name = f"file{len(self._sent)}"
        self._sent[name] = content
        connection = http.client.HTTPConnection(HOST, daemon.port, timeout=START_S)
        try:
            connection.putrequest("PUT", f"/rooms/lobby/{name}?nick=sender")
            connection.putheader("Content-Length", str(len(content)))
            connection.endheaders(content[: round(len(content) * part)])
            if part < 1.0:
                return 0
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()
        if status == 201:
            self._answered.add(name)
        return status

    def check(self, daemon: Daemon, when: str) -> None:
        """Note what is wrong: every post has its whole file, everything answered is posted, and nothing is left."""
        posts = {}
        for line in _get(daemon, "/rooms/lobby?since=0&count=500", "application/x-ndjson")[1].splitlines():
            event = json.loads(line)
            if event["event"] == "shared":
                posts[event["name"]] = event["link"]
        for name, link in posts.items():
            status, body = _get(daemon, link)
            if status != 200 or body != self._sent[name]:
                self.wrong.append(f"{when}: {name} was answered {status} with {len(body)} bytes")
        self.wrong += [f"{when}: {name} was lost" for name in sorted(self._answered - posts.keys())]
        named = {hashlib.sha256(self._sent[name]).hexdigest() for name in posts}
        kept = {path.name for path in self.folder.glob("??/*")}
        self.wrong += [f"{when}: {len(kept - named)} files without a post"] if kept - named else []
        self.wrong += [f"{when}: {left.name} is left" for left in self.folder.glob("incoming/*")]
        self.posted = len(posts)


def kept_whole(trial: Trial) -> Verdict:
    """Kill the daemon, or fill the disk, at each step of a file: a post has its whole file, and nothing is left."""
    need("strace")
    files = Files(trial, trial.folder / "data")
    rounds = 5 if trial.full else 1
    chance = random.Random(rounds)
    daemon = trial.start(settings=SETTINGS)
    kills = refusals = 0
    for _ in range(rounds):
        for when, calls in STEPS:
            content = files.content()
            tracer = _inject(trial, daemon, calls(content, files.folder), "signal=KILL")
            status = files.send(daemon, content)
            daemon.wait()
            tracer.wait()
            if status == 201:
                files.wrong.append(f"killed {when}: it was answered")
            kills += 1
            daemon = trial.start(settings=SETTINGS)
            files.check(daemon, f"killed {when}")
        for part in (0.0, chance.random(), 1.0):
            files.send(daemon, files.content(), part)
            daemon.kill()
            kills += 1
            daemon = trial.start(settings=SETTINGS)
            files.check(daemon, f"killed after {part:.0%}")
        for when, calls in STEPS[:3]:
            content = files.content()
            tracer = _inject(trial, daemon, calls(content, files.folder), "error=ENOSPC")
            if files.send(daemon, content) != 507:
                files.wrong.append(f"full {when}: it was not refused")
            tracer.terminate()
            tracer.wait()
            refusals += 1
            if not wait_for(lambda: not list(files.folder.glob("incoming/*")), START_S):
                files.wrong.append(f"full {when}: a part is left")
            if files.send(daemon, files.content()) != 201:
                files.wrong.append(f"full {when}: nothing was taken afterwards")
    daemon.kill()
    daemon = trial.start(settings=SETTINGS)
    files.check(daemon, "at the end")
    status = daemon.stop()
    figure = _full_disk(trial)
    kept = not files.wrong and status == 0 and not figure
    return Verdict(
        kept,
        f"{kills} kills and {refusals + 1} full disks, {files.posted} files posted, each whole; nothing left over"
        if kept
        else f"{len(files.wrong)} wrong, exit {status}: {'; '.join([*files.wrong[:3], *([figure] if figure else [])])}",
    )


def _full_disk(trial: Trial) -> str:
    """Fill a small disk while a file comes; return what is wrong."""
    need_root()
    point = trial.folder / "small"
    point.mkdir()
    trial.run("mount", "-t", "tmpfs", "-o", SMALL, "groupchat-fault", point)
    trial.at_end(lambda: subprocess.run(["umount", str(point)], check=False, capture_output=True))
    files = Files(trial, point / "data")
    daemon = trial.start(settings=SETTINGS, data=point / "data")
    first = files.send(daemon, files.content())
    with socket.create_connection((HOST, daemon.port), START_S) as sender:
        sender.sendall(b"PUT /rooms/lobby/large?nick=sender HTTP/1.1\r\nHost: a\r\nContent-Length: 700000\r\n\r\n")
        sender.sendall(bytes(100_000))
        wait_for(lambda: bool(list(files.folder.glob("incoming/*"))), START_S)
        ballast = point / "ballast"
        with ballast.open("wb", buffering=0) as filler:
            try:
                while filler.write(bytes(4096)):
                    pass
            except OSError:
                pass
        sender.sendall(bytes(600_000))
        answer = sender.recv(4096)
    ballast.unlink()
    again = files.send(daemon, files.content())
    files.check(daemon, "on a small disk")
    files.wrong += [] if first == again == 201 else [f"before and after the disk was full: {first}, {again}"]
    files.wrong += [] if b" 507 " in answer else [f"on the full disk: {answer[:100]!r}"]
    daemon.stop()
    return "; ".join(files.wrong)


def _inject(trial: Trial, daemon: Daemon, calls: Sequence[str], what: str) -> "subprocess.Popen[bytes]":
    """Let these system calls of the daemon end so from now on.  Raises NotRun."""
    named, *more = calls
    # The shelf makes its folders first, so that what is traced is there.
    tracer = subprocess.Popen(
        [need("strace"), "-f", "-q", "-o", "/dev/null", "-e", f"trace={named}", "-e", f"inject={named}:{what}", *more,
         "-p", str(daemon.process.pid)], stderr=subprocess.DEVNULL,
    )  # fmt: skip
    trial.at_end(tracer.kill)
    task = Path(f"/proc/{daemon.process.pid}/status")
    if not wait_for(lambda: tracer.poll() is not None or "TracerPid:\t0" not in task.read_text(), START_S):
        raise NotRun("strace may not trace here")
    if tracer.poll() is not None:
        raise NotRun("strace may not trace here")
    return tracer


def _get(daemon: Daemon, path: str, accept: str = "*/*") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(HOST, daemon.port, timeout=START_S)
    connection.request("GET", path, headers={"Accept": accept})
    reply = connection.getresponse()
    body = reply.read()
    connection.close()
    return reply.status, body


DOWNLOADS = 200
LARGE = 16 * 2**20 - 1


def fetched(trial: Trial) -> Verdict:
    """200 peers fetch a file of 16 MiB again and again, one at 1 KiB/s, while people chat."""
    seconds = 30.0 if trial.full else 8.0
    daemon = trial.start(settings=SETTINGS)
    files = Files(trial, trial.folder / "data")
    content = os.urandom(LARGE)
    if files.send(daemon, content) != 201:
        return Verdict(False, "the file was not taken")
    line = _get(daemon, "/rooms/lobby?since=0", "application/x-ndjson")[1].splitlines()[0]
    link = json.loads(line)["link"]
    alone = percentile(Honest(daemon.port, seconds / 2).delays(), 0.99)
    before, end = memory_mib(daemon.process.pid), time.monotonic() + seconds + 2.0
    slow = _Slow(daemon, link, end)
    fetchers = subprocess.Popen(
        [sys.executable, "-m", "faults.files", str(daemon.port), link, str(seconds + 2.0)], stdout=subprocess.PIPE
    )
    time.sleep(1.0)
    honest = Honest(daemon.port, seconds)
    delays = honest.delays()
    most = memory_mib(daemon.process.pid) - before
    whole, cut = map(int, fetchers.communicate()[0].split())
    slow.join()
    p99 = percentile(delays, 0.99)
    kept = p99 <= max(50.0, 2 * alone) and not cut and slow.got > 0 and not slow.ended
    return Verdict(
        kept,
        f"p99 {p99:.1f} ms ({alone:.1f} ms without them), median {percentile(delays, 0.5):.1f} ms, beside {DOWNLOADS} "
        f"who fetched {whole / 2**20:.0f} MiB in {seconds + 2:.0f} s; {cut} cut off; the slow one went on; memory "
        f"+{most:.1f} MiB",
    )


class _Slow(threading.Thread):
    """Fetches a file at 1 KiB/s."""

    def __init__(self, daemon: Daemon, link: str, end: float) -> None:
        super().__init__(daemon=True)
        self.got = 0
        self.ended = False
        self._socket = socket.create_connection((HOST, daemon.port), START_S)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._socket.sendall(f"GET {link} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        self._end = end
        self.start()

    def run(self) -> None:
        """Read on."""
        while time.monotonic() < self._end and not self.ended:
            data = self._socket.recv(1024)
            self.got += len(data)
            self.ended = not data
            time.sleep(1.0)
        self._socket.close()


def fetch(port: int, link: str, seconds: float) -> tuple[int, int]:
    """Fetch a file on many connections, over and over; return the bytes that came, and how many were cut off."""
    os.nice(10)  # those who fetch are elsewhere, and take no processor from the daemon
    chosen = selectors.DefaultSelector()
    request = f"GET {link} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
    left: dict[socket.socket, int] = {}
    for _ in range(DOWNLOADS):
        peer = socket.create_connection((HOST, port), START_S)
        peer.sendall(request)
        left[peer] = 0
        chosen.register(peer, selectors.EVENT_READ)
    end, total, cut = time.monotonic() + seconds, 0, 0
    while (now := time.monotonic()) < end:
        for key, _ in chosen.select(max(end - now, 0.0)):
            peer = key.fileobj  # type: ignore[assignment]
            data = peer.recv(65536)
            if not data:
                cut += 1
                chosen.unregister(peer)
                continue
            total += len(data)
            left[peer] += len(data)
            if left[peer] >= LARGE + 200:  # nearly: the head has some hundred bytes more
                left[peer] = 0
                peer.sendall(request)
    return total, cut


if __name__ == "__main__":
    print(*fetch(int(sys.argv[1]), sys.argv[2], float(sys.argv[3])))
