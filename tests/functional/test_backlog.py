"""Memory for those who do not read is bounded, whatever is said."""

import re
import socket

from tests.functional.harness import FunctionalTest

MIB = 2**20


class BacklogTest(FunctionalTest):
    def test_largest_is_cut_off(self) -> None:
        """Above the bound for all peers some of those who do not read are cut off; who reads goes on."""
        settings = self.folder / "settings.toml"
        settings.write_text(f"outbound_total_bytes = {MIB}\nsend_buffer_bytes = 4096\nlines_per_turn = 4096\n")
        daemon = self.start("--settings", str(settings))
        for number in range(8):
            stuck = self.connect(daemon, f"stuck{number}")
            stuck.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        alice, bob = self.connect(daemon, "alice"), self.connect(daemon, "bob")
        alice.send("".join(f"{number} {'x' * 4000}\n" for number in range(500)))
        bob.expect("alice: 499 x", 60)
        cut = re.findall(
            r"(\d+) bytes wait for (\d+) peers; 127\.0\.0\.1, with \d+ the largest, is cut off", daemon.log
        )
        self.assertTrue(cut, daemon.log)
        self.assertGreater(int(cut[0][0]), MIB)
        bob.send("/list\n")
        self.assertLess(int(bob.expect(r"-- (\d+) people are in lobby")[1]), 10)
        alice.send("who is left?\n")
        bob.expect("alice: who is left")
