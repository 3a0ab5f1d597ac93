"""Bad networks: what each client says and hears over links that lose, delay, cut and forget (``faults.links``)."""

import contextlib
import json
import re
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec

from faults.disk import trial_line
from faults.far_clients import LOUD, Client, Irssi, Join, Netcat, Numbers, Plain, Program, Say, Tail
from faults.links import Link, Router, Weather
from faults.trial import NotRun, Trial, Verdict, leave_out, need, wait_for
from tests.functional.harness import LIMIT_S, Daemon, Line, free_port

PACE_S = 1.0
"""Seconds between two lines of each client, and of the one whose lines they hear."""

TOLD_S = 18.0
"""Seconds of silence after which the terminal client has told the person so: 15, and what drawing takes here."""

POOR = Weather(loss=(0.05, 0.05), delay=0.125, jitter=0.05, rate=8000)
"""A round trip of 300 ms, 5 % of the packets lost each way, the others out of order, 64 kbit/s."""


@dataclass(frozen=True)
class Condition:
    """A kind of bad network.

    ``breaks``: what happens to each link after a quarter of the time; ``mends``: what happens some seconds later.
    ``lasts``: these seconds, in the short form and in the long one.
    ``keeps``: whether a connection lives through it, so that also clients lose nothing that do not reconnect.
    """

    name: str
    weather: Weather
    breaks: Callable[[Link], object] | None = None
    mends: Callable[[Link], object] | None = None
    lasts: tuple[int, int] = (0, 0)
    keeps: bool = True


def _go_down(link: Link) -> None:
    link.shaper.weather.is_down = True


def _come_up(link: Link) -> None:
    link.shaper.weather.is_down = False


CONDITIONS = (
    Condition("poor", POOR),
    Condition("one-way", Weather(loss=(0.3, 0.0), delay=0.02)),
    Condition("outage", Weather(delay=0.02), _go_down, _come_up, (20, 90)),
    Condition("forgotten", Weather(delay=0.02), lambda link: link.shaper.forget(), keeps=False),
)
"""In each of them every client has a link of its own; they meet in a room of the same name."""

CLIENTS: tuple[tuple[str, type[Client]], ...] = (
    ("nc", Netcat), ("plain", Plain), ("join", Join), ("say", Say), ("tail", Tail), ("library", Program),
)  # fmt: skip

LINES = (60, 150)
"""How many lines each says, in the short form and in the long one."""


def networks(trial: Trial) -> Verdict:
    """Let each client say and hear a line a second in each kind of bad network; what can be kept is kept."""
    need("tmux")
    router = Router(trial)
    daemon = trial.start(host="0.0.0.0")
    hole = BlackHole(trial, router, daemon)
    talker = Talker(daemon.port)
    trial.at_end(talker.close)
    left_out: list[str] = []
    kinds = (*CLIENTS, *with_page(trial, left_out)) if trial.full else CLIENTS
    chats = [Chat(trial, router, condition, kinds, talker, daemon.port) for condition in CONDITIONS]
    chats += beside(trial, router, left_out)
    run = Run(chats, trial.full)
    run.go()
    figures = [*run.figures(), hole.figure(), *left_out]
    return Verdict(run.is_kept and hole.is_kept, "".join(f"\n{'':15}{figure}" for figure in figures))


def with_page(trial: Trial, left_out: list[str]) -> Iterator[tuple[str, type[Client]]]:
    """Return the page in Chromium, if it can be driven here; else note that it is left out."""
    try:
        need("chromium")
        if find_spec("playwright") is None:
            raise NotRun("playwright is not installed")
    except NotRun as lack:
        left_out.append(leave_out(lack))
        return
    from faults.far_page import Page

    Page.drive(trial)
    yield "page", Page


def beside(trial: Trial, router: Router, left_out: list[str]) -> "list[Chat]":
    """Return the same with irssi on ngIRCd, if both are installed; else note that it is left out."""
    try:
        need("irssi")
        need("ngircd")
    except NotRun as lack:
        left_out.append(leave_out(lack))
        return []
    port = _ngircd(trial)
    talker = IrcTalker(port)
    trial.at_end(talker.close)
    return [Chat(trial, router, condition, (("irssi", Irssi),), talker, port) for condition in CONDITIONS]


class BlackHole:
    """A network in which large packets get lost, and ``groupchat say`` in it with short lines and a long one.

    ``is_kept``: whether it ended, and said what was not said; known after ``figure``.
    """

    def __init__(self, trial: Trial, router: Router, daemon: Daemon) -> None:
        self.is_kept = False
        self._client = Say("say", "lobby", trial, router.link(Weather(largest=500)))
        self._client.start(daemon.port)
        hearer = trial_line(trial, daemon, "hearer")
        self._client.say("short")
        hearer.expect("say-lobby: short")
        for text in ("x" * 2000, "after"):
            self._client.say(text)

    def figure(self) -> str:
        """Wait until it gives up; return what came of it."""
        status, told = self._client.finish(), self._client.everything()
        self.is_kept = (
            status == 1 and "1 line was posted" in told and len(re.findall("^groupchat: Not ", told, re.M)) == 2
        )
        return f"black hole: say status {status}{'' if self.is_kept else f', BROKEN: {told[:300]!r}'}"


class Chat:
    """Clients in one kind of network, who talk in one room, each with a link of its own."""

    def __init__(
        self, trial: Trial, router: Router, condition: Condition, kinds: Sequence[tuple[str, type[Client]]],
        talker: "Talker", port: int,
    ) -> None:  # fmt: skip
        self.condition = condition
        self.talker = talker
        self.broken_at: float | None = None
        links = [router.link(replace(condition.weather)) for _ in kinds]
        self.clients = [
            kind(name, condition.name, trial, link) for (name, kind), link in zip(kinds, links, strict=True)
        ]
        for client in self.clients:
            client.start(port)

    def listen(self) -> None:
        """Note what is new."""
        self.talker.listen()
        for client in self.clients:
            client.listen()

    def are_there(self) -> bool:
        """Say something; return whether everybody hears by now."""
        self.talker.say(self.condition.name, "is anybody there?")
        return all(not client.hears or LOUD in client.everything() for client in self.clients)

    def break_links(self) -> None:
        """Let happen to the network what this kind of network is about."""
        if self.condition.breaks is not None:
            self.broken_at = time.monotonic()
            for client in self.clients:
                self.condition.breaks(client.link)

    def mend_links(self) -> None:
        """Let it be as before."""
        if self.condition.mends is not None:
            for client in self.clients:
                self.condition.mends(client.link)


def _is_judged(chat: Chat, client: Client) -> bool:
    """Return whether everything is to come through: where a connection lives, also for who does not reconnect."""
    return client.promises or (client.is_ours and chat.condition.keeps)


class Run:
    """Some time in which everybody says a line a second.

    ``is_kept``: whether every client has kept what it promises; known after ``figures``.
    """

    def __init__(self, chats: Sequence[Chat], is_full: bool) -> None:
        self.is_kept = True
        self._chats = chats
        self._is_full = is_full
        self._lines = LINES[is_full]

    def go(self) -> None:
        """Talk, and do to the networks what is to be done; then wait until nothing more comes."""
        for chat in self._chats:
            if not wait_for(chat.are_there, LIMIT_S, 0.5):
                raise AssertionError(f"{chat.condition.name}: not everybody hears.")
        begun = time.monotonic()
        for number in range(self._lines):
            while time.monotonic() < begun + number * PACE_S:
                self._listen()
                time.sleep(0.1)
            for chat in self._chats:
                if number == self._lines // 4:
                    chat.break_links()
                if number == self._lines // 4 + chat.condition.lasts[self._is_full]:
                    chat.mend_links()
                chat.talker.say(chat.condition.name, f"t{number}")
                for client in chat.clients:
                    client.say(f"n{number}")
        wait_for(self._is_over, 60.0 if self._is_full else 30.0, 0.5)

    def figures(self) -> Iterator[str]:
        """Return a line for each kind of network, and judge what came."""
        for chat in self._chats:
            yield f"{chat.condition.name}: {'; '.join(self._figure(chat, client) for client in chat.clients)}"

    def _figure(self, chat: Chat, client: Client) -> str:
        status, words, kept = client.finish(), [], True
        sides = ((client.says, "said", chat.talker.said(client.nick)), (client.hears, "heard", client.heard()))
        for is_so, what, came in sides:
            if is_so:
                words.append(f"{what} {came.words(self._lines)}")
                kept = kept and came.are_whole(self._lines)
        told_after = None
        if client.told_at is not None and chat.broken_at is not None:
            told_after = client.told_at - chat.broken_at
            words.append(f"told after {told_after:.0f} s")
        if status is not None:
            words.append(f"status {status}")
            kept = kept and status == 0
        if client.tells and chat.broken_at is not None:
            kept = kept and told_after is not None and told_after < TOLD_S
        if _is_judged(chat, client):
            self.is_kept = self.is_kept and kept
            words += [] if kept else ["BROKEN"]
        return f"{client.name} {', '.join(words)}"

    def _is_over(self) -> bool:
        self._listen()
        judged = [(chat, one) for chat in self._chats for one in chat.clients if _is_judged(chat, one)]
        heard = (one.heard() for _, one in judged if one.hears)
        said = (chat.talker.said(one.nick) for chat, one in judged if one.says)
        return all(len(set(came.all)) == self._lines for came in (*heard, *said))

    def _listen(self) -> None:
        for chat in self._chats:
            chat.listen()


class Talker(Line):
    """The one whose lines all hear, in the same rooms; it hears what they say."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        rooms = [condition.name for condition in CONDITIONS]
        self.send(json.dumps({"do": "nick", "nick": LOUD, "rooms": rooms}) + "\n")
        self.expect('"welcome"')

    def say(self, room: str, text: str) -> None:
        """Say a line in a room."""
        self.send(json.dumps({"do": "say", "room": room, "text": text}) + "\n")

    def listen(self) -> None:
        """Read what there is."""
        while self._hear(0):
            pass

    def said(self, nick: str) -> Numbers:
        """Return what somebody has said."""
        self.listen()
        return Numbers(re.findall(rf'"nick":"{nick}","text":"n(\d+)"', self.heard))


class IrcTalker(Talker):
    """The same on an IRC server."""

    def __init__(self, port: int) -> None:
        Line.__init__(self, port)
        self.send(f"NICK {LOUD}\r\nUSER {LOUD} 0 * :{LOUD}\r\n")
        self.expect(" 001 ")
        for condition in CONDITIONS:
            self.send(f"JOIN #{condition.name}\r\n")

    def say(self, room: str, text: str) -> None:
        self.send(f"PRIVMSG #{room} :{text}\r\n")

    def listen(self) -> None:
        super().listen()
        if "PING" in self.heard:
            self.send("PONG :x\r\n")

    def said(self, nick: str) -> Numbers:
        self.listen()
        return Numbers(re.findall(rf":{nick}!\S+ PRIVMSG \S+ :n(\d+)", self.heard))


def _ngircd(trial: Trial) -> int:
    """Start ngIRCd; return its port."""
    port = free_port()
    (trial.folder / "ngircd.conf").write_text(
        f"[Global]\nName = irc.example.org\nPorts = {port}\nListen = 0.0.0.0\nMotdPhrase = hello\n"
        "[Limits]\nMaxPenaltyTime = 0\nMaxConnectionsIP = 0\nMaxNickLength = 30\n"
        "[Options]\nDNS = no\nIdent = no\nPAM = no\n"
    )
    process = subprocess.Popen(
        [need("ngircd"), "-n", "-f", str(trial.folder / "ngircd.conf")],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    trial.at_end(process.wait)
    trial.at_end(process.kill)

    def listens() -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0):
            return True
        return False

    if not wait_for(listens, 10.0):
        raise AssertionError("ngIRCd does not start.")
    return port
