"""The log in etcd while members of etcd die, fall silent and come back: nothing is lost, doubled or out of order."""

import json
import shutil

from groupchat.interfaces.shared_log import MAX_ENTRY_BYTES, Appended, ForeignLog
from groupchat.journals.logs.etcd.etcd_log import EtcdLog
from groupchat.journals.logs.etcd.requests.etcd_answers import Place
from groupchat.journals.logs.etcd.requests.etcd_requests import Append, Requests
from tests.functional.etcd_cases import EtcdTest
from tests.functional.etcd_members import EtcdMembers
from tests.journals.logs.log_contract import Census, Reader, pause

SOME = 20
"""How many entries are written before, during and after a fault."""


class MembersAwayTests(EtcdTest):
    """Some of three members are away for a while."""

    async def test_killed_leader(self) -> None:
        """When the leader is killed, and comes back later, both nodes go on."""
        one, two = await self.node("a1"), await self.node("b1")
        for node in (one, two):
            await node.reach(SOME)
        leader = await self.aside(self.etcd.leader)
        leader.kill()
        for node in (one, two):
            await node.reach(SOME)
        await self.aside(self.etcd.restart, leader)
        for node in (one, two):
            await node.reach(SOME)
        await self.check(one, two)

    async def test_paused_members(self) -> None:
        """Each member in turn stops answering without a word: the one that is written to, watched, asked and leads."""
        one, two = await self.node("a1"), await self.node("b1")
        for member in self.etcd.members:
            for node in (one, two):
                await node.reach(SOME)
            member.pause()
            for node in (one, two):
                await node.reach(SOME)
                await node.reader.have(len(node.reader.entries) + SOME)
            member.resume()
        await self.check(one, two)

    async def test_two_of_three(self) -> None:
        """Without a quorum nothing is answered, and it is told why; when it is back everything goes on."""
        one, two = await self.node("a1"), await self.node("b1")
        for node in (one, two):
            await node.reach(SOME)
        away = self.etcd.members[1:]
        for member in away:
            member.kill()
        while not all(node.log.trouble() for node in (one, two)):
            await pause(0.05)
        # What was answered before is read first; if there were more and more, this would not end.
        known = -1
        while known != len(one.written) + len(two.written):
            known = len(one.written) + len(two.written)
            await pause(3.0)
        self.assertTrue(one.log.trouble())
        # The first cannot be used before the second is there, so neither is waited for alone.
        for member in away:
            member.launch(self.etcd.members, ())
        await self.aside(self.etcd.wait)
        for node in (one, two):
            await node.reach(SOME)
            while node.log.trouble():
                await pause(0.05)
        await self.check(one, two)

    async def test_all_killed(self) -> None:
        """When all members are killed at once nothing that was told to be written is lost."""
        one, two = await self.node("a1"), await self.node("b1")
        for node in (one, two):
            await node.reach(SOME)
        for member in self.etcd.members:
            member.kill()
        for member in self.etcd.members:
            member.launch(self.etcd.members, ())
        await self.aside(self.etcd.wait)
        for node in (one, two):
            await node.reach(SOME)
        await self.check(one, two)

    async def test_members(self) -> None:
        """The list of members tells who leads, and who is away."""
        log = self.open()
        await log.begin("a1", b"{}")
        self.assertEqual([member.name for member in await log.members()], ["e1", "e2", "e3"])
        # Another one may lead at any time, and one that is slow to answer is not shown to be well.
        leader = ""
        while [member.name for member in await log.members() if member.is_leader] != [leader]:
            leader = (await self.aside(self.etcd.leader)).name
        while not all(member.is_healthy for member in await log.members()):
            await pause(0.05)
        away = next(member for member in self.etcd.members if member.name != leader)
        away.kill()
        while [one.name for one in await log.members() if not one.is_healthy] != [away.name]:
            await pause(0.05)

    async def test_fenced_nodes(self) -> None:
        """Nodes whose leases end while they write lose nothing, and write on in a new epoch."""
        one, two = await self.node("a1"), await self.node("b1")
        census = Census(two.log)
        for _ in range(5):
            for node in (one, two):
                await node.reach(SOME)
            epochs = len(one.epochs)
            await self.aside(self.etcd.expire, "gc", "a1")
            while len(one.epochs) == epochs:
                await pause(0.01)
        await self.check(one, two)
        self.assertEqual(len(two.epochs), 1)
        self.assertIn(one.epochs[0], [nodes["a1"].epoch for nodes in census.told if "a1" in nodes])


class FullTests(EtcdTest):
    """The space of etcd is used up."""

    def members(self) -> EtcdMembers:
        return EtcdMembers(self.folder, 3, ["--quota-backend-bytes", str(12 * 1024 * 1024)])

    async def test_full(self) -> None:
        """What is appended waits until the log is compacted, and then gets in; nodes stay alive meanwhile."""
        log = self.open()
        begun = await log.begin("a1", b"{}")
        reader = Reader(log)
        count = 0
        answers: list[Appended] = []

        def note(place: Appended) -> Appended:
            answers.append(place)
            return place

        while True:
            appended = log.append(b"%d" % count + b" " * (MAX_ENTRY_BYTES - 10))
            count += 1
            appended.addCallback(note)
            while len(answers) < count and "space" not in log.trouble():
                await pause(0.01)
            if len(answers) < count:
                break
        await reader.have(count - 1)
        self.assertTrue((await log.space()).is_full)
        await log.compact(reader.entries[-1].revision)
        place = await appended
        self.assertEqual(place.number, count)
        await reader.have(count)
        # A server that was slow to answer got no space back, but it does the next time.
        while (space := await log.space()).is_full or space.used >= 4 * MAX_ENTRY_BYTES:
            await log.compact(reader.entries[-2].revision)
        self.assertEqual(log.trouble(), "")
        self.assertEqual((await log.live())["a1"].epoch, begun.epoch)


class SetUpAnewTests(EtcdTest):
    """Behind the same addresses is another etcd than before."""

    count = 1

    async def test_made_anew(self) -> None:
        """A node does not go on with a log that is not its own, neither reading nor beginning."""
        log = self.open()
        await log.begin("a1", b"{}")
        reader = Reader(log)
        for n in range(5):
            await log.append(b"%d" % n)
        await reader.have(5)
        await self.aside(self._make_anew)
        error = await reader.ended()
        self.assertIn("gone", str(error))
        other = self.open()
        await other.begin("b1", b"{}")
        failure = await self.assertFailure(log.begin("a1", b"{}"), ForeignLog)
        self.assertIn("another one than before", str(failure))

    async def test_late_append(self) -> None:
        """What was on its way gets into no other log, also when its node has the same epoch there."""
        log = self.open()
        begun = await log.begin("a1", b"{}")
        assert isinstance(log, EtcdLog)
        late = Requests("gc").append("a1", begun.epoch, 1, b"late", log._need_begun()[1].id)
        await self.aside(self._make_anew)
        other = self.open()
        again = await other.begin("a1", b"{}")
        self.assertEqual(again.epoch, begun.epoch)  # both are a new etcd's first
        said = await self.aside(lambda: self.etcd.call("kv/txn", **json.loads(late.body)))
        self.assertEqual(late.read(said), Append(False, Place(0, 0), again.epoch))
        self.assertEqual((await other.append(b"own")).number, 1)

    async def test_older_copy(self) -> None:
        """A node does not go on with a log that was restored to an earlier state."""
        log = self.open()
        await log.begin("a1", b"{}")
        await log.append(b"1")
        await self.aside(self._restart_with_copy, "", "copy")
        reader = Reader(log)
        for n in range(2, 9):
            await log.append(b"%d" % n)
        await reader.have(8)
        await self.aside(self._restart_with_copy, "copy", "")
        error = await reader.ended()
        self.assertIsInstance(error, ForeignLog)
        self.assertIn("older copy", str(error))

    def _restart_with_copy(self, source: str, target: str) -> None:
        member = self.etcd.members[0]
        member.kill()
        data = member.folder / "data"
        if target:
            shutil.copytree(data, member.folder / target)
        else:
            shutil.rmtree(data)
            shutil.copytree(member.folder / source, data)
        self.etcd.restart(member)

    def _make_anew(self) -> None:
        member = self.etcd.members[0]
        member.kill()
        member.folder = member.folder.with_name("anew")
        self.etcd.restart(member)
