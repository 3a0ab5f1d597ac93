"""What floods and crowds meet at a real daemon, by the limits of its settings."""

import socket
import subprocess
import sys
import time

from tests.functional.harness import LIMIT_S, TWISTD, Daemon, FunctionalTest, Line, Peer


class From(Line):
    """A client with an address of its own: all of 127.0.0.0/8 are this machine."""

    def __init__(self, port: int, address: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), LIMIT_S, source_address=(address, 0))
        Peer.__init__(self, self.socket.fileno())


class LimitsTest(FunctionalTest):
    def limited(self, settings: str, *options: str) -> Daemon:
        """A daemon for which nobody is exempt, unless the options say so."""
        (self.folder / "settings.toml").write_text(settings)
        command = [*TWISTD, "-n", "--pidfile=", "groupchat", "--port", "tcp:0:interface=127.0.0.1", "--data", "data"]
        return self.launch("--settings", "settings.toml", *options, command=command).ready()

    def come(self, daemon: Daemon, address: str, nick: str = "") -> From:
        """Somebody from this address; with a nickname, once they are in."""
        line = From(daemon.port, address)
        self.addCleanup(line.close)
        if nick:
            line.expect("Choose your nickname: ")
            line.send(f"{nick}\n")
            line.expect(f"You are {nick}, .*\r\n")
        return line

    # Floods

    def test_paste(self) -> None:
        """A paste of 40 lines goes through whole and in order; beyond the burst it comes at the rate, not sooner."""
        daemon = self.limited("flood_rate = 20.0\n")
        alice, bob = self.come(daemon, "127.0.0.2", "alice"), self.come(daemon, "127.0.0.3", "bob")
        began = time.monotonic()
        alice.send("".join(f"line {number}\n" for number in range(40)))
        for number in range(40):
            bob.expect(rf"\A((?:\[.*\] \*|--) .*\r\n)*\[.*\] #\d+ alice: line {number}\r\n")
        self.assertGreater(time.monotonic() - began, (40 - 10 - 2) / 20)
        alice.send("/list\n")
        alice.expect("2 people are in lobby")

    def test_flood(self) -> None:
        """Steady excess is held back, so that nobody is flooded, and cut off with a reason when its time is over."""
        daemon = self.limited("flood_rate = 5.0\nflood_patience_s = 3.0\nhandshake_lines = 100\n")
        mallory, bob = self.come(daemon, "127.0.0.2", "mallory"), self.come(daemon, "127.0.0.3", "bob")
        alice = self.come(daemon, "127.0.0.4", "alice")
        began = time.monotonic()
        mallory.send("x\n" * 20000)
        alice.send("hello\n")
        heard = mallory.rest()
        self.assertRegex(heard, r"!! flooding: .*\r\n\Z")
        self.assertGreater(time.monotonic() - began, 2.9)
        shown = bob.expect(r"(?s)\A.*\* mallory left lobby \(flooding\)")[0]
        took = time.monotonic() - began
        self.assertLessEqual(shown.count("mallory: x"), 10 + 5 * took)
        self.assertIn("alice: hello\r\n", shown)  # she does not wait until the flood is over

    def test_costs(self) -> None:
        """Costly commands take more of the allowance than what is said: three /history take all of it and more."""
        daemon = self.limited("flood_rate = 20.0\n")
        alice = self.come(daemon, "127.0.0.2", "alice")
        began = time.monotonic()
        alice.send("/history\n" * 4 + "/away\n")
        alice.expect("You are away")
        self.assertGreater(time.monotonic() - began, (40 - 10 - 2) / 20)

    def test_operator(self) -> None:
        """An operator who fights a flood is not held up."""
        daemon = self.limited("flood_rate = 0.01\n")  # others would wait for an hour
        olga = self.operator(daemon, "127.0.0.2")
        olga.send("/bans\n" * 30 + "/away\n")
        olga.expect("You are away")

    # Addresses

    def test_per_address(self) -> None:
        """An address has so many connections at a time; more are told so and closed, others are not concerned."""
        daemon = self.limited("private_live = 3\n")
        lines = [self.come(daemon, "127.0.0.2", f"nick{number}") for number in range(3)]
        self.assertRegex(self.come(daemon, "127.0.0.2").rest(), r"\A!! too-many-connections: .*\r\n\Z")
        self.come(daemon, "127.0.0.3", "other")
        lines[0].send("/exit\n")
        lines[0].rest()
        self.come(daemon, "127.0.0.2", "next")

    def test_connecting_too_often(self) -> None:
        """An address that comes and goes for ever is turned away for a while; exempt ones are not."""
        for options, refused in [([], True), (["--exempt", "127.0.0.0/8"], False)]:
            daemon = self.limited("private_new = 5\naddress_window_s = 600\n", *options)
            for _ in range(5):
                self.come(daemon, "127.0.0.2").close()
            sixth = self.come(daemon, "127.0.0.2")
            sixth.expect("!! too-many-connections: .*too many new" if refused else "Choose your nickname: ")
            self.come(daemon, "127.0.0.3", "other")
            self.assertEqual(daemon.stop(), 0)
            (self.folder / "log").unlink()

    def test_banned_address(self) -> None:
        """A banned network's connections are cut and its new ones told so and closed, after a restart too."""
        daemon = self.limited("")
        olga = self.operator(daemon, "127.0.0.2")
        bob, nameless = self.come(daemon, "127.9.0.1", "bob"), self.come(daemon, "127.9.0.2")
        nameless.expect("nickname: ")
        olga.send("/ban 127.9.0.0/16 1h flood\n")
        told = r"!! banned: Your address is banned for 1 hour, by olga: flood\r\n\Z"
        self.assertRegex(bob.rest(), told)
        self.assertRegex(nameless.rest(), told)
        self.assertRegex(self.come(daemon, "127.9.3.4").rest(), rf"\A{told}")
        self.assertEqual(daemon.stop(), 0)
        (self.folder / "log").unlink()
        daemon = self.limited("")
        self.assertRegex(self.come(daemon, "127.9.3.4").rest(), rf"\A{told}")
        olga = self.come(daemon, "127.0.0.2")
        olga.send("/login olga correct-horse-battery\n/unban 127.9.0.0/16\n")
        olga.expect("is not banned any more")
        self.come(daemon, "127.9.3.4", "bob")

    # Coming in

    def test_handshake_time(self) -> None:
        """Who has no nickname in time is cut off with a reason, also one who sends a byte now and then."""
        daemon = self.limited("handshake_timeout_s = 4.0\n")
        bob = self.come(daemon, "127.0.0.4")
        bob.send("bob\n")  # at once, so that the time is long enough on any machine
        silent, dripping = self.come(daemon, "127.0.0.2"), self.come(daemon, "127.0.0.3")
        dripping.expect("nickname: ")
        end = time.monotonic() + LIMIT_S
        while not dripping.ended and "!!" not in dripping.heard and time.monotonic() < end:
            dripping.send("a")
            dripping._hear(time.monotonic() + 0.2)
        for line in (silent, dripping):
            self.assertRegex(line.rest(), r"!! handshake-timeout: .*\r\n\Z")
        bob.expect("You are bob, ")
        bob.send("/list\n")
        bob.expect("1 person is in lobby")

    def test_handshake_lines(self) -> None:
        """So many lines without a nickname, or so many refused ones, end a connection with a reason."""
        daemon = self.limited("handshake_lines = 8\nhandshake_refusals = 3\n")
        empty, refused = self.come(daemon, "127.0.0.2"), self.come(daemon, "127.0.0.3")
        empty.send("\n" * 9)
        refused.send("1\n2\n3\n")
        for line in (empty, refused):
            self.assertRegex(line.rest(), r"!! too-many-attempts: .*\r\n\Z")

    def operator(self, daemon: Daemon, address: str) -> From:
        """An operator from this address."""
        olga = self.come(daemon, address, "olga")
        olga.send("/register correct-horse-battery\n")
        olga.expect("is yours from now on")
        user = [sys.executable, "-m", "groupchat.admin", "user", "promote", "olga", "--data", "data"]
        subprocess.run(user, cwd=self.folder, env=self.environment, check=True, capture_output=True, timeout=LIMIT_S)
        olga.expect("made olga an operator")
        return olga
