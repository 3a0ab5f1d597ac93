"""One port for everybody: netcat, telnet, TLS, programs, browsers; and a certificate that is renewed meanwhile."""

import contextlib
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
from typing import Any

import trustme
from cryptography import x509

from tests.functional.harness import LIMIT_S, FunctionalTest, Line, Peer, Program, program

GROUPCHAT = [sys.executable, "-m", "groupchat.admin"]
CONNECTIONS = 100


NOT_SAID = "groupchat: Not said: hello\n"
"""What ``groupchat say`` ends with when nothing could be said."""


class TlsLine(Peer):
    """A bare socket with TLS, which believes in any certificate."""

    def __init__(self, port: int, context: ssl.SSLContext | None = None) -> None:
        plain = socket.create_connection(("127.0.0.1", port), LIMIT_S)
        if context is None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.socket = context.wrap_socket(plain, server_hostname="localhost")
        super().__init__(self.socket.fileno())

    def send(self, data: str) -> None:
        self.socket.sendall(data.encode())

    def close(self) -> None:
        self.socket.close()

    def serial(self) -> int:
        """The number of the server's certificate."""
        certificate = self.socket.getpeercert(True)
        assert certificate is not None
        return x509.load_der_x509_certificate(certificate).serial_number

    def _hear(self, end: float) -> bool:
        if self.ended:
            return False
        self.socket.settimeout(max(end - time.monotonic(), 0.001))
        try:
            data = self.socket.recv(65536)
        except TimeoutError:
            return False
        self.ended = not data
        self.heard += data.decode()
        return bool(data)


class TlsTest(FunctionalTest):
    def encrypted(self, port: int, nick: str = "") -> TlsLine:
        """A client through TLS; with a nickname, once it is in."""
        line = TlsLine(port)
        self.addCleanup(line.close)
        if nick:
            line.send(f"{nick}\n")
            line.expect(rf"^Choose your nickname: Connected to the server! You are {nick}, ")
        return line

    def groupchat(self, *arguments: object) -> Program:
        """A client program."""
        spawned = Program(*GROUPCHAT, *map(str, arguments), env=self.environment)
        self.addCleanup(spawned.close)
        return spawned

    def run_groupchat(self, *arguments: object) -> tuple[int, str]:
        """A client program that has nothing to read: its exit status, and what it said."""
        done = subprocess.run(
            [*GROUPCHAT, *map(str, arguments)], env=self.environment, timeout=LIMIT_S, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        return done.returncode, done.stdout

    def issue(self, authority: trustme.CA, **more: Any) -> int:
        """Put another certificate where the daemon looks for it; its number."""
        leaf = authority.issue_cert("localhost", **more)
        for name, blob in (("cert.pem", leaf.cert_chain_pems[0]), ("key.pem", leaf.private_key_pem)):
            blob.write_to_path(str(self.folder / f"{name}.new"))
        for name in ("cert.pem", "key.pem"):
            (self.folder / f"{name}.new").replace(self.folder / name)
        return x509.load_pem_x509_certificate(leaf.cert_chain_pems[0].bytes()).serial_number


class OnePortTest(TlsTest):
    def test_everybody(self) -> None:
        """One port serves them all at the same time, and they read each other."""
        daemon = self.start()
        port, place = daemon.port, f"localhost:{daemon.port}"
        nc = self.spawn("nc", "127.0.0.1", port)
        telnet = self.spawn("telnet", "127.0.0.1", port, terminal=True)
        openssl = self.spawn("openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-quiet")
        join, encrypted_join = self.groupchat("join", place), self.groupchat("join", "--insecure", place)
        people = {"nc": nc, "telnet": telnet, "openssl": openssl, "join": join, "encrypted": encrypted_join}
        ends = dict.fromkeys(people, "\n") | {"telnet": "\r"}
        for nick, client in people.items():
            client.expect("Choose your nickname: ")  # none of them speaks first
            client.send(f"{nick}-person" + ends[nick])
            client.expect(f"You are {nick}-person")
        plain_bot, encrypted_bot = Line(port), TlsLine(port)
        programs: dict[str, Line | TlsLine] = {"plain": plain_bot, "secret": encrypted_bot}
        for nick, bot in programs.items():
            self.addCleanup(bot.close)
            bot.send(json.dumps({"do": "nick", "nick": f"{nick}-bot", "ref": 1}) + "\n")
            # Neither greeting nor prompt: the first that comes is the answer.
            self.assertEqual(json.loads(bot.expect(r"\A.*\r\n")[0])["event"], "welcome")
            bot.send(json.dumps({"do": "say", "text": f"hello from {nick}-bot"}) + "\n")
        for nick in people:
            people[nick].send(f"hello from {nick}" + ends[nick])
        readers: dict[str, Peer] = {**people, **programs}
        for nick, reader in readers.items():
            self.assert_heard(reader, *(f"hello from {other}" for other in people if other != nick))
        answers = []
        for scheme in ("http", "https"):
            curl = [program("curl"), "--silent", "--insecure", "--include", f"{scheme}://127.0.0.1:{port}/"]
            answers.append(subprocess.run(curl, capture_output=True, text=True, timeout=LIMIT_S, check=True).stdout)
        for answer in answers:
            self.assertRegex(answer, r"\AHTTP/1\.1 200 ")
            self.assertIn(f"nc HOST {port}\n", answer)
        nc.send("/list\n")
        everybody = nc.expect(r"(?s)7 people are in lobby:\r\n(.*)\r\n")[1]
        marked = set(re.findall(r"(\S+) \(TLS\)", everybody))
        self.assertEqual(marked, {"openssl-person", "encrypted-person", "secret-bot"})
        nc.send("/whois secret-bot\n")
        nc.expect("secret-bot's connection is encrypted\r\n")

    def assert_heard(self, reader: Peer, *sentences: str) -> None:
        """It reads all of these, in whatever order."""
        left = set(sentences)
        while left:
            left.discard(reader.expect("|".join(left))[0])

    def test_strangers(self) -> None:
        """SSH and IRC clients are told what this is, in their own words."""
        daemon = self.start()
        ssh = self.spawn("ssh", "-p", daemon.port, "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "127.0.0.1")
        self.assertIn("This is a chat, not an SSH server", ssh.rest())
        irc = self.connect(daemon)
        irc.send("CAP LS 302\r\nNICK alice\r\nUSER alice 0 * :Alice\r\n")
        self.assertRegex(irc.rest(), r"\AERROR :This is a chat, but not IRC; .*\r\n\Z")

    def test_pipe_through_tls(self) -> None:
        """Who pipes lines through TLS and ends it has said them all."""
        daemon = self.start()
        bob = self.connect(daemon, "bob")
        client = TlsLine(daemon.port)
        client.send("alice\none\ntwo\nno line end")
        beneath = socket.socket(fileno=os.dup(client.socket.fileno()))
        beneath.settimeout(LIMIT_S)
        for one in (client, beneath):
            self.addCleanup(one.close)
        with contextlib.suppress(ssl.SSLError):  # there is something to read, which it does not expect
            client.socket.unwrap()
        while beneath.recv(65536):
            pass  # closed with something unread, a connection is reset, and what it sent may be lost
        client.close()
        bob.expect(r"alice: one\r\n.*alice: two\r\n.*alice: no line end\r\n.*alice left lobby")

    def test_stop(self) -> None:
        """A stop waits neither for who has not begun, nor for a handshake that does not end."""
        (self.folder / "settings.toml").write_text("stop_timeout_s = 3600\nhandshake_timeout_s = 3600\n")
        daemon = self.start("--settings", "settings.toml")
        hello, silent = self.connect(daemon), self.connect(daemon)
        hello.send(b"\x16\x03\x01")
        alice = self.encrypted(daemon.port, "alice")
        self.assertEqual(daemon.stop(), 0)
        self.assertIn("-- The server is restarting.", alice.rest())
        hello.rest()
        silent.rest()


class RequiredTest(TlsTest):
    def test_tls_required(self) -> None:
        """When a setting demands it, only encrypted connections come in; the others are told."""
        (self.folder / "settings.toml").write_text("tls_required = true\n")
        daemon = self.start("--settings", "settings.toml")
        place = f"localhost:{daemon.port}"
        self.assertRegex(self.connect(daemon).rest(), r"\A!! tls-required: .*\r\n\Z")
        status, said = self.run_groupchat("say", place, "hello", "--nick", "bot")
        self.assertEqual(status, 1)
        self.assertRegex(said, rf"tls-required.*; 1 line was not said\.\n{NOT_SAID}\Z")
        alice = self.encrypted(daemon.port, "alice")
        self.assertEqual(self.run_groupchat("say", "--insecure", place, "hello", "--nick", "bot"), (0, ""))
        alice.expect("bot: hello\r\n")


class CertificateTest(TlsTest):
    def test_renewed(self) -> None:
        """The certificate is replaced under a hundred connections: none drops, and a new one sees the new one."""
        authority = trustme.CA()
        first = self.issue(authority)
        daemon = self.start("--tls", str(self.folder))
        lines = [self.encrypted(daemon.port, f"user{number}") for number in range(CONNECTIONS)]
        self.assertEqual({line.serial() for line in lines}, {first})
        second = self.issue(authority)
        daemon.process.send_signal(signal.SIGHUP)
        daemon.logged(r"SIGHUP(?s:.)*TLS with .+/cert\.pem, SHA-256 [0-9A-F:]{95}, valid until")
        newcomer = self.encrypted(daemon.port, "newcomer")
        self.assertEqual(newcomer.serial(), second)
        newcomer.send("anybody left?\n")
        for line in lines:
            line.expect(r"newcomer: anybody left\?\r\n")
        lines[0].send("/list\n")
        lines[0].expect("101 people are in lobby")

    def test_our_own(self) -> None:
        """Without --tls one is made, whose fingerprint the log tells; a client that demands it comes in."""
        daemon = self.start()
        fingerprint = daemon.logged(r"TLS with .+/tls/cert\.pem, SHA-256 ([0-9A-F:]{95}), valid until ")[1]
        place, say = f"localhost:{daemon.port}", ("hello", "--nick", "bot")
        self.assertEqual((self.folder / "data" / "tls" / "key.pem").stat().st_mode & 0o777, 0o600)
        own = self.folder / "data" / "tls" / "cert.pem"
        for option in (["--fingerprint", fingerprint], ["--ca", own], ["--insecure"]):
            self.assertEqual(self.run_groupchat("say", *option, place, *say), (0, ""), option)
        other = f"{'01' if fingerprint.startswith('00') else '00'}{fingerprint[2:]}"
        for command in (["say", place, *say], ["tail", place], ["join", place]):
            status, said = self.run_groupchat(*command, "--tls")
            self.assertEqual(status, 1)
            self.assertRegex(said, r"\Agroupchat: No encrypted connection to \S+: the server's certificate "
                                   rf"is self-signed\. Its fingerprint is SHA-256 .*\.\n({NOT_SAID})?\Z")  # fmt: skip
            status, said = self.run_groupchat(*command, "--fingerprint", other)
            self.assertEqual(status, 1)
            self.assertRegex(
                said, rf"certificate is a different one: its fingerprint is {fingerprint}.*\n({NOT_SAID})?\Z"
            )

    def test_authority(self) -> None:
        """A certificate of an authority counts for the host it names, as long as it is valid."""
        authority = trustme.CA()
        self.issue(authority)
        authority.cert_pem.write_to_path(str(self.folder / "ca.pem"))
        trustme.CA().cert_pem.write_to_path(str(self.folder / "other.pem"))
        daemon = self.start("--tls", f"{self.folder}/cert.pem,{self.folder}/key.pem")
        place, say = f"localhost:{daemon.port}", ("hello", "--nick", "bot")
        self.assertEqual(self.run_groupchat("say", "--ca", self.folder / "ca.pem", place, *say), (0, ""))
        for ca, host, words in (
            ("ca.pem", "127.0.0.1", r"is not for 127\.0\.0\.1"),
            ("other.pem", "localhost", "was issued by an authority that is not known here"),
        ):
            status, said = self.run_groupchat("say", "--ca", self.folder / ca, f"{host}:{daemon.port}", *say)
            self.assertEqual(status, 1)
            self.assertRegex(said, rf"\Agroupchat: .*the server's certificate {words}.*\n{NOT_SAID}\Z")

    def test_no_tls_there(self) -> None:
        """Who wants TLS from somebody that has none is told so, and what is none of its files is refused."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            client = self.groupchat("join", "--tls", f"127.0.0.1:{server.getsockname()[1]}")
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"220 mail.example.org ESMTP\r\n")
                self.assertRegex(client.rest(), "No encrypted connection .*perhaps the server does not speak TLS")
            self.assertEqual(client.process.wait(LIMIT_S), 1)
        (self.folder / "text").write_text("text")
        for options, words in (
            (("--ca", "missing"), "missing: No such file"),
            (("--ca", str(self.folder / "text")), "has no certificate in PEM"),
            (("--fingerprint", "AB:CD"), "64 hexadecimal digits"),
        ):
            status, said = self.run_groupchat("join", *options, "localhost")
            self.assertEqual((status, words in said), (2, True), said)

    def test_refused(self) -> None:
        """What is of no use as a certificate keeps the daemon from starting, in one line."""
        for options, pattern in (
            (["--tls", "nowhere"], "groupchat: There is no certificate in nowhere: .*"),
            (["--tls", "a,b"], r"groupchat: a: No such file or directory\."),
        ):
            daemon = self.launch(*options)
            self.assertEqual(daemon.wait(), 1)
            self.assertRegex(daemon.errors, rf"\A{pattern}\n\Z")
        data = self.folder / "data"
        data.mkdir()
        (data / "tls").touch()
        daemon = self.launch()
        self.assertEqual(daemon.wait(), 1)
        self.assertRegex(
            daemon.errors, r"\Agroupchat: A certificate cannot be stored in .*data/tls: File exists; .*\n\Z"
        )
