"""Readers that stop, and crowds that arrive, against a real daemon; ``pytest -s`` shows the figures."""

import contextlib
import json
import resource
import select
import socket
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import quantiles
from typing import cast

from tests.functional.harness import LIMIT_S, Daemon, FunctionalTest

POSTS = 20_000
SENDERS = 4
OUTSTANDING = 128
PROBE_EVERY = 40
CROWDS = (500, 1000, 2000)
WELCOME = b"Connected to the server!"
SETTLING_S = 2.0
"""How long it is listened for late notices after everybody is in, in seconds."""


class Program:
    """A program's connection, without blocking: what it sends waits until the daemon takes it."""

    def __init__(self, port: int, nick: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), LIMIT_S)
        self._unread = b""
        self.send({"do": "nick", "nick": nick})
        while self.next()["event"] != "welcome":
            pass

    def send(self, request: dict[str, object]) -> None:
        self.socket.sendall(json.dumps(request).encode() + b"\n")

    def next(self) -> "dict[str, object]":
        """The next event; waits for it."""
        while b"\n" not in self._unread:
            data = self.socket.recv(1 << 20)
            if not data:
                raise AssertionError("The daemon closed the connection.")
            self._unread += data
        line, _, self._unread = self._unread.partition(b"\n")
        return cast("dict[str, object]", json.loads(line)) if line.startswith(b"{") else self.next()

    def take(self) -> "list[dict[str, object]]":
        """The events that have come, after a read that must not wait."""
        self._unread += self.socket.recv(1 << 20)
        *lines, self._unread = self._unread.split(b"\n")
        return [json.loads(line) for line in lines if line.startswith(b"{")]


def rss(daemon: Daemon) -> int:
    """The daemon's resident memory, in bytes."""
    pages = int(Path(f"/proc/{daemon.process.pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def post(senders: Sequence[Program], readers: Sequence[Program], label: str) -> list[float]:
    """Post POSTS messages and wait until all readers have them; how long some took to reach the first, in seconds."""
    waiting = {program.socket: program for program in (*senders, *readers)}
    sent = done = 0
    seen = dict.fromkeys(readers, 0)
    begun: dict[str, float] = {}
    took: list[float] = []
    room = dict.fromkeys(senders, OUTSTANDING)
    while done < POSTS or min(seen.values()) < POSTS:
        for sender in senders:
            while room[sender] and sent < POSTS:
                text = f"{label} {sent}"
                if sent % PROBE_EVERY == 0:
                    begun[text] = time.monotonic()
                sender.send({"do": "say", "text": text})
                sent, room[sender] = sent + 1, room[sender] - 1
        ready = select.select(list(waiting), [], [], LIMIT_S)[0]
        if not ready:
            raise AssertionError(f"Nothing came for {LIMIT_S:g} s after {done} of {POSTS} were done.")
        for program in map(waiting.__getitem__, ready):
            for event in program.take():
                if event["event"] == "done":
                    done, room[program] = done + 1, room[program] + 1
                elif event["event"] == "said" and program in seen:
                    seen[program] += 1
                    if program is readers[0] and event["text"] in begun:
                        took.append(time.monotonic() - begun.pop(str(event["text"])))
    return took


def heard(program: Program, word: str) -> list[dict[str, object]]:
    """Read until everything that was posted with this word has come, and return that."""
    events: list[dict[str, object]] = []
    while len(events) < POSTS:
        event = program.next()
        if event["event"] == "said" and str(event["text"]).startswith(word):
            events.append(event)
    return events


class StoppedReaderTest(FunctionalTest):
    def test_stopped_reader(self) -> None:
        """A member that stops reading while 20,000 posts go by gets all of them, in order, once, for under 1 MiB."""
        # So patient a server that it does not matter how long it takes until all is posted.
        (self.folder / "settings.toml").write_text("stuck_timeout_s = 3600\n")
        daemon = self.start("--settings", "settings.toml")
        programs = [Program(daemon.port, f"program{number}") for number in range(SENDERS + 2)]
        for program in programs:
            self.addCleanup(program.socket.close)
        *senders, witness, stopped = programs
        post(senders, (witness, stopped), "warm")
        begin = self.settled(daemon)
        normal = quantiles(post(senders, (witness, stopped), "all read"), n=100)
        middle = self.settled(daemon)
        hindered = quantiles(post(senders, (witness,), "late"), n=100)
        cost = (self.settled(daemon) - middle) - (middle - begin)
        print(
            f"\nall read: p50 {normal[49] * 1000:.1f} ms, p99 {normal[98] * 1000:.1f} ms;"
            f" one does not: p50 {hindered[49] * 1000:.1f} ms, p99 {hindered[98] * 1000:.1f} ms,"
            f" {cost / 2**20:.2f} MiB more memory"
        )
        late = heard(stopped, "late")
        senders[0].send({"do": "say", "text": "the end"})
        self.assertEqual("the end", stopped.next()["text"])
        numbers = [event["id"] for event in late]
        self.assertEqual(sorted(numbers), numbers)
        self.assertEqual({f"late {number}" for number in range(POSTS)}, {event["text"] for event in late})
        self.assertLess(cost, 2**20)

    def settled(self, daemon: Daemon) -> int:
        """The daemon's memory when all that was posted is indexed, which it does when nothing is said."""
        behind = "SELECT max(id) > (SELECT value FROM counters WHERE name = 'indexed') FROM posts WHERE kind = 'said'"
        end = time.monotonic() + LIMIT_S
        with contextlib.closing(sqlite3.connect(self.folder / "data" / "chat.db")) as database:
            while database.execute(behind).fetchone()[0]:
                self.assertLess(time.monotonic(), end)
                time.sleep(0.05)
        return rss(daemon)


class CrowdTest(FunctionalTest):
    def test_crowd(self) -> None:
        """What a crowd that joins one room is sent grows in proportion to it, not to its square."""
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit[1], limit[1]))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, limit)
        each = [self.join_all(crowd) / crowd for crowd in CROWDS]
        print(
            "\n"
            + "; ".join(f"{crowd:,} joined: {size:.0f} bytes each" for crowd, size in zip(CROWDS, each, strict=True))
        )
        self.assertLess(each[-1], 2 * each[0])

    def join_all(self, crowd: int) -> int:
        """Let so many people join; how many bytes they are sent in all, up to a second after the last is in."""
        # So slow a rate that it does not matter how long it takes until they are in.
        (self.folder / "settings.toml").write_text("notice_rate = 10.0\n")
        daemon = self.start("--settings", "settings.toml")
        members = {}
        for number in range(crowd):
            member = socket.create_connection(("127.0.0.1", daemon.port), LIMIT_S)
            self.addCleanup(member.close)
            member.sendall(f"person{number}\n".encode())
            members[member.fileno()] = member
        poll = select.epoll(crowd)
        self.addCleanup(poll.close)
        for descriptor in members:
            poll.register(descriptor, select.EPOLLIN)
        size = welcomed = 0
        ends = dict.fromkeys(members, b"")
        end = time.monotonic() + LIMIT_S
        while welcomed < crowd or time.monotonic() < end:
            if welcomed < crowd and time.monotonic() > end:
                raise AssertionError(f"{welcomed} of {crowd} were in after {LIMIT_S:g} s.")
            for descriptor, _ in poll.poll(0.1):
                data = members[descriptor].recv(1 << 16)
                size += len(data)
                heard = ends[descriptor] + data  # the words may come in two pieces
                welcomed += heard.count(WELCOME)
                ends[descriptor] = heard[1 - len(WELCOME) :]
            if welcomed == crowd and end - time.monotonic() > SETTLING_S:
                end = time.monotonic() + SETTLING_S
        daemon.kill()
        return size
