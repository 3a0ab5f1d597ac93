"""Our client programs during restarts of the server."""

import signal
import sys

from groupchat.journals.tools.archive import reading
from tests.functional.harness import LIMIT_S, FunctionalTest, Program, free_port, program


class ComingBackTest(FunctionalTest):
    def test_nothing_is_missed(self) -> None:
        """Over restarts ``groupchat tail`` and ``groupchat say`` come back by themselves; each word is there, once."""
        port = free_port()
        place = f"tcp:{port}:interface=127.0.0.1"
        daemon = self.start("--port", place)
        server = f"127.0.0.1:{port}"  # it has another one, too, which changes
        client = [program("env"), sys.executable, "-m", "groupchat.admin"]
        tail = self.spawn(*client, "tail", "--nick", "reader", server)
        saying = self.spawn(*client, "say", "--nick", "writer", server)
        printed: list[str] = []
        expected = [f"word{number}" for number in range(60)]
        for first in (0, 20, 40):
            saying.send("".join(f"{word}\n" for word in expected[first : first + 10]))
            printed += self.printed(tail, expected[first])
            self.assertEqual(daemon.stop(), 0)
            saying.send("".join(f"{word}\n" for word in expected[first + 10 : first + 20]))
            daemon = self.start("--port", place)
        saying.finish()
        saying.rest()
        self.assertEqual(saying.process.wait(), 0)
        with reading(self.folder / "data" / "chat.db") as (_, rows):
            self.assertEqual([row.text for row in rows], expected)
        printed += self.printed(tail, expected[-1])
        self.assertEqual(printed, expected)
        tail.process.send_signal(signal.SIGINT)
        self.assertEqual(tail.process.wait(LIMIT_S), 0)

    def test_at_another_server(self) -> None:
        """With two addresses they go on at the other one when the first is killed, as who they were."""
        ports = free_port(), free_port()
        servers = ",".join(f"127.0.0.1:{port}" for port in ports)
        places = [f"tcp:{port}:interface=127.0.0.1" for port in ports]
        daemon = self.launch("--port", places[1])  # the first one is not there
        daemon.ready()
        client = [program("env"), sys.executable, "-m", "groupchat.admin"]
        tail = self.spawn(*client, "tail", "--nick", "reader", servers)
        saying = self.spawn(*client, "say", "--nick", "writer", servers)
        saying.send("word0\n")
        self.assertEqual(self.printed(tail, "word0"), ["word0"])
        for number, place in enumerate([places[0], places[1]], 1):
            daemon.kill()
            saying.send(f"word{number}\n")
            daemon = self.start("--port", place)
            tail.expect(rf"Connected to 127\.0\.0\.1:{ports[number - 1]} again\.")
            self.assertEqual(self.printed(tail, f"word{number}"), [f"word{number}"])
        saying.finish()
        saying.rest()
        self.assertEqual(saying.process.wait(LIMIT_S), 0)
        tail.process.send_signal(signal.SIGINT)
        self.assertEqual(tail.process.wait(LIMIT_S), 0)

    def printed(self, tail: Program, last: str) -> list[str]:
        """The words that are printed up to this one."""
        words: list[str] = []
        while not words or words[-1] != last:
            words.append(tail.expect(r": (word\d+)\b")[1])
        return words
