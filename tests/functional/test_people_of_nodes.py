"""People at two real nodes with a real etcd: they are in one room, under one nickname each, and survive their node."""

import json
import re
from typing import Any

from tests.functional.harness import Daemon, Line
from tests.functional.test_nodes import NodesCase


class PeopleOfNodesTest(NodesCase):
    def two(self) -> tuple[Daemon, Daemon]:
        """Start two nodes."""
        return self.node("a1").ready(), self.node("b1").ready()

    def program(self, daemon: Daemon, **claim: Any) -> Line:
        """Connect a program to a node."""
        line = Line(daemon.port)
        self.addCleanup(line.close)
        line.send(json.dumps({"do": "nick", **claim}) + "\n")
        return line

    def token(self, line: Line) -> str:
        """Wait for the welcome; return the token."""
        welcome = json.loads(line.expect(r'^\{"event":\s*"welcome".*\}\r?$').group())
        return str(welcome["token"])

    def test_people(self) -> None:
        """They see one another come, write, type and change their names; two cannot have one nickname."""
        a, b = self.two()
        alice = self.program(a, nick="alice")
        self.token(alice)
        alice.send('{"do": "ping", "ref": 1}\n')
        alice.expect(r'"done",\s*"ref":\s*1')  # from then on whoever comes anywhere finds her there
        bob = self.connect(b, "bob")
        bob.expect("With you in lobby: alice")
        alice.expect('"joined".*"bob"')
        bob.send("hello from b1\n")
        alice.expect('"said".*"hello from b1"')
        alice.send('{"do": "msg", "nick": "bob", "text": "psst"}\n')
        bob.expect("alice -> bob: psst")
        bob.send("/nick alice\n")
        bob.expect("!! nick-taken")
        bob.send("/nick bobby\n")
        alice.expect('"renamed".*"bobby"')
        bob.send("/list\n")
        bob.expect("2 people are in lobby:\\s+-- alice, bobby")

    def test_node_is_killed(self) -> None:
        """When a node is killed its people are gone within its lease, and come back at another one as who they were."""
        a, b = self.two()
        alice = self.program(a, nick="alice", rooms=["dev", "lobby"])
        token = self.token(alice)
        carol = self.program(b, nick="carol")
        self.token(carol)
        alice.send('{"do": "say", "text": "before", "ref": 1}\n')
        number = int(re.findall(r'"id":\s*(\d+)', alice.expect(r'"done".*"ref":\s*1.*').group())[-1])
        carol.expect('"said".*"before"')
        a.kill()
        carol.expect('"left".*"alice"')
        carol.send('{"do": "say", "text": "meanwhile"}\n')
        back = self.program(b, nick="alice", token=token, since=number)
        self.token(back)
        back.expect('"entered".*"dev"')
        back.expect('"said".*"meanwhile"')
        carol.expect('"joined".*"alice"')
        again = self.node("a1").ready()
        dora = self.program(again, nick="alice")
        dora.expect("nick-taken")

    def test_back_at_once(self) -> None:
        """Who comes back by the token at another node is in, and the connection at the first one is closed."""
        a, b = self.two()
        alice = self.program(a, nick="alice")
        token = self.token(alice)
        carol = self.program(b, nick="carol")
        self.token(carol)
        back = self.program(b, nick="alice", token=token)
        self.token(back)
        alice.expect('"replaced"')
        back.send('{"do": "say", "text": "here now"}\n')
        carol.expect('"said".*"here now"')

    def test_silent_etcd(self) -> None:
        """Who comes while etcd does not answer is told so, at each door; nobody is shown them when it is back."""
        a, b = self.two()
        bob = self.program(b, nick="bob")
        self.token(bob)
        self.etcd.members[0].pause()
        try:
            early = self.program(a, nick="early", ref=1)
            tom = Line(a.port)
            self.addCleanup(tom.close)
            tom.send("tom\n")
            early.expect(r'"refused",\s*"ref":\s*1,\s*"code":\s*"journal-unavailable".*Try again in a while')
            tom.expect("!! journal-unavailable: .*Try again in a while")
            tom.expect("Choose your nickname: ")
        finally:
            self.etcd.members[0].resume()
        self.until(lambda: self.asked(a.port, "/health")[0] == 200)
        alice = self.program(a, nick="alice")
        self.token(alice)
        shown = bob.expect(r'(?s).*?"joined"[^\n]*"alice"').group()
        self.assertNotIn('"early"', shown)
        self.assertNotIn('"tom"', shown)
