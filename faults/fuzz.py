"""Fuzzing: feed the doors and the telnet filter with bytes that a fuzzer makes up.

``python -m faults.fuzz text --seconds 60`` fuzzes one target.
The door and everything behind it run in memory, with a clock that the harness advances.
It is a fault if an exception is logged, if what is sent is not a line, if an answer to a program is not JSON,
if a browser is answered with anything but HTTP or whole frames,
or if the filter returns something else when the same bytes arrive in other pieces.
"""

import argparse
import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, cast

from faults.trial import NotRun, Trial, Verdict

CORPUS = Path(__file__).with_name("corpus")
RUNS = {"text": 1500, "json": 2500, "control": 1500, "telnet": 3000, "tls": 400, "web": 1500}
"""Inputs that the short form tries for each target: some 20 s on a quiet machine."""
LONGEST = 17_000
"""Bytes of the longest input: more than a line of JSON can have; of telnet, which is tried byte by byte, a third."""
TARGETS = tuple(RUNS)
CONTROLS = re.compile(r"[\0-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")
RENEWED = 500
"""After so many inputs the server is replaced: what was said would grow without end."""


def fuzzed(trial: Trial) -> Verdict:
    """Fuzz each target for a while; in the short form with the same inputs each time."""
    figures, kept = [], True
    for target in TARGETS:
        effort = ["--seconds", "120"] if trial.full else ["--runs", str(RUNS[target])]
        command = [sys.executable, "-m", "faults.fuzz", target, *effort]
        hashing = {} if trial.full else {"PYTHONHASHSEED": "0"}
        done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **hashing})
        if "No module named 'atheris'" in done.stderr:
            raise NotRun("atheris is not installed")
        runs = re.search(r"number_of_executed_units: (\d+)", done.stderr)
        kept = kept and done.returncode == 0 and runs is not None
        figures.append(f"{target} {runs[1] if runs else done.stderr[-500:]}")
    return Verdict(kept, f"executions{' in 120 s each' if trial.full else ''}: {', '.join(figures)}")


class Door:
    """A server in memory, to which peers connect one after the other.

    ``as_operator``: they come through the control socket, and may do everything.
    """

    def __init__(self, as_operator: bool = False) -> None:
        from twisted.logger import ILogObserver, globalLogPublisher

        self.as_operator = as_operator
        self.failures: list[Any] = []
        globalLogPublisher.addObserver(cast(ILogObserver, self._observe))
        self._peers = 0

    def converse(self, opening: bytes, data: bytes, prepare: Callable[[Any], object] = lambda transport: None) -> bytes:
        """Return what a peer receives that sends this data, in pieces of a size that its first byte says.

        :param prepare: is called with the transport before the data is sent.
        """
        from twisted.internet.address import IPv4Address
        from twisted.internet.error import ConnectionDone
        from twisted.internet.testing import StringTransport
        from twisted.python.failure import Failure

        if self._peers % RENEWED == 0:
            self.renew()
        self._peers += 1
        transport: Any = StringTransport()
        factory: Any = self._control if self.as_operator else self._factory
        transport.protocol = factory.buildProtocol(IPv4Address("TCP", "192.0.2.1", 4321))
        transport.protocol.makeConnection(transport)
        transport.protocol.dataReceived(opening)
        prepare(transport)
        size = (data[0] if data else 0) + 1
        for start in range(1, len(data), size):
            if not transport.disconnecting:
                transport.protocol.dataReceived(data[start : start + size])
                self._clock.advance(0)
        self._clock.advance(2)
        transport.protocol.connectionLost(Failure(ConnectionDone()))
        self._clock.advance(0)
        if self.failures:
            raise self.failures[0].value
        sent: bytes = transport.value()
        return sent

    def close(self) -> None:
        """Look at the log no more."""
        from twisted.logger import ILogObserver, globalLogPublisher

        globalLogPublisher.removeObserver(cast(ILogObserver, self._observe))

    def _observe(self, event: Any) -> None:
        if event.get("log_failure") is not None:
            self.failures.append(event["log_failure"])

    def renew(self) -> None:
        """Begin with a new server."""
        from twisted.internet.task import Clock

        from groupchat.config.settings import Settings
        from groupchat.doors.control import ControlFactory
        from groupchat.doors.factory import ChatFactory
        from groupchat.doors.reception import Reception
        from groupchat.doors.wire.tls import Tunnels
        from groupchat.hall.hall import Hall
        from groupchat.journals.memory import MemoryJournal
        from groupchat.sessions.session import Session
        from tests.doors.connections import certificates
        from tests.fakes import FakePasswords

        self._clock = Clock()
        settings = Settings(zone="UTC", flood_burst=100000, flood_rate=100000.0)
        now = 1795262400.0
        hall = Hall(
            MemoryJournal(), settings, self._clock, lambda: now + self._clock.seconds(), passwords=FakePasswords()
        )
        hall.open()
        reception = Reception(partial(Session, hall), settings, self._clock)
        self._factory = ChatFactory(reception)
        self._control = ControlFactory(reception)
        reception.tunnels = Tunnels(certificates())


def text(door: Door, data: bytes) -> None:
    """Fuzz a person: what comes back must be lines that contain nothing a terminal obeys."""
    sent = door.converse(b"fuzz\n" if data[-1:] > b"\x40" else b"", data)
    if b"\xff" in data[1:]:
        sent = re.sub(rb"\xff[\xfb-\xfe].|\r\n\[groupchat.*?\]\r\n", b"", sent, flags=re.DOTALL)
    shown = sent.decode(errors="strict" if b"\xff" not in data[1:] else "ignore").replace("\r\n", "\n")
    if b"\xff" not in data[1:] and CONTROLS.search(shown):
        raise AssertionError(repr(shown))


def program(door: Door, data: bytes) -> None:
    """Fuzz a program: what comes back must be one JSON object a line."""
    sent = door.converse(b"" if door.as_operator else b'{"do":"nick","nick":"fuzz"}\n', data)
    for line in sent.decode().split("\r\n"):
        if line.startswith("{"):
            json.loads(line)
        if CONTROLS.search(line):
            raise AssertionError(repr(line))


def telnet(data: bytes) -> None:
    """Fuzz the filter: the same result at once and byte by byte, and never a longer reply than the input."""
    from groupchat.doors.lines.telnet import STILL_HERE, TelnetFilter
    from groupchat.model.errors import Refusal

    results = []
    for pieces in ([data], [data[index : index + 1] for index in range(len(data))]):
        telnet = TelnetFilter()
        try:
            results.append((b"".join(map(telnet.feed, pieces)), bytes(telnet.replies)))
        except Refusal:
            return  # the limit is for what arrives at once, which differs between the two
        if len(telnet.replies) > len(data) + len(STILL_HERE):
            raise AssertionError("The reply is longer than the input.")
    if results[0] != results[1]:
        raise AssertionError(f"{results[0]!r} at once, {results[1]!r} byte by byte")


RECORDS = frozenset({20, 21, 22, 23})
"""The first bytes of TLS records (RFC 8446, section 5.1)."""


def tls(door: Door, data: bytes) -> None:
    """Fuzz TLS: what comes back must be records, whatever comes instead of a handshake or after it.

    The first byte says how: these are the client's first records; they replace bytes of a real client's;
    or they follow a real handshake.
    """
    import ssl

    how, data = (data[0] % 3 if data else 0), data[1:]
    if how == 0:
        sent = door.converse(b"\x16\x03", data)
    else:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = context.wrap_bio(incoming, outgoing)

        def shake_hands(transport: Any) -> None:
            for _ in range(3):
                with contextlib.suppress(ssl.SSLWantReadError):
                    client.do_handshake()
                transport.protocol.dataReceived(outgoing.read())
                incoming.write(transport.value()[incoming_size[0] :])
                incoming_size[0] = len(transport.value())

        incoming_size = [0]
        if how == 1:
            with contextlib.suppress(ssl.SSLWantReadError):
                client.do_handshake()
            hello = bytearray(outgoing.read())
            for at, value in zip(data[::2], data[1::2], strict=False):
                hello[(at * 7) % len(hello)] = value
            sent = door.converse(bytes(hello[:2]) if hello[:2] == b"\x16\x03" else b"\x16\x03", b"\xff" + hello[2:])
        else:
            sent = door.converse(b"", data, shake_hands)
    if sent and sent[0] not in RECORDS:
        raise AssertionError(repr(sent[:100]))


REQUEST = b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
UPGRADE = REQUEST + b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
"""A handshake of WebSocket."""


def unmasked(text: bytes) -> bytes:
    """Return a frame of a client, with a mask that changes nothing."""
    length = len(text)
    size = bytes((0x80 | length,)) if length < 126 else b"\xfe" + length.to_bytes(2)
    return b"\x81" + size + bytes(4) + text


def web(door: Door, data: bytes) -> None:
    """Fuzz a browser: what comes back must be HTTP, and after the handshake of WebSocket whole frames of JSON.

    The first byte says how: the rest is of a request, or frames, or what is in one frame.
    """
    from wsproto.frame_protocol import FrameDecoder, Opcode

    how, data = (data[0] % 3 if data else 0), data[1:]
    if how == 0:
        sent = door.converse(b"GET /", data)
        if sent and not re.match(rb"HTTP/1\.[01] \d{3} ", sent):
            raise AssertionError(repr(sent[:100]))
        return
    if how == 2:
        data = b"\xff" + unmasked(data)
    sent = door.converse(UPGRADE + unmasked(b'{"do":"nick","nick":"fuzz"}'), data)
    head, _, frames = sent.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 101 "):
        raise AssertionError(repr(head))
    decoder = FrameDecoder(client=True)
    decoder.receive_bytes(frames)
    while (frame := decoder.process_buffer()) is not None:
        if not frame.frame_finished:
            raise AssertionError(repr(frame))
        if frame.opcode is Opcode.TEXT:
            line = frame.payload.decode()  # type: ignore[union-attr]  # the decoder makes bytes
            json.loads(line)
            if CONTROLS.search(line):
                raise AssertionError(repr(line))
    if len(decoder.buffer):
        raise AssertionError(repr(frames))


def main() -> None:
    """Fuzz one target."""
    parser = argparse.ArgumentParser(prog="python -m faults.fuzz", description=__doc__.partition("\n")[0])
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--runs", type=int, default=0, help="try so many inputs instead, always the same")
    parser.add_argument("--keep", action="store_true", help="add inputs that reach new code to the corpus")
    arguments = parser.parse_args()
    import atheris

    # What is imported in here reports which of its lines were reached; without that the fuzzer is blind.
    with atheris.instrument_imports(include=["groupchat"]):
        from groupchat.doors.lines.telnet import TelnetFilter  # noqa: F401

        door = Door(arguments.target == "control")
        door.renew()
    targets = {
        "text": lambda data: text(door, data),
        "json": lambda data: program(door, data),
        "control": lambda data: program(door, data),
        "telnet": telnet,
        "tls": lambda data: tls(door, data),
        "web": lambda data: web(door, data),
    }
    corpus = str(CORPUS / ("json" if arguments.target == "control" else arguments.target))
    with tempfile.TemporaryDirectory() as found:
        corpora = [corpus] if arguments.keep else [found, corpus]
        longest = LONGEST // 3 if arguments.target == "telnet" else LONGEST
        effort = [f"-runs={arguments.runs}", "-seed=1"] if arguments.runs else [f"-max_total_time={arguments.seconds}"]
        options = [
            *effort,
            f"-max_len={longest}",
            "-print_final_stats=1",
            "-verbosity=0",
        ]
        options.append(f"-artifact_prefix={tempfile.gettempdir()}/groupchat-fuzz-")
        atheris.Setup([sys.argv[0], *options, *corpora], targets[arguments.target])
        atheris.Fuzz()


if __name__ == "__main__":
    main()
