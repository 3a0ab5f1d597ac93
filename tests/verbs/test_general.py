"""Preferences, the server's state, the barrier and the end."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer
from zope.interface.verify import verifyObject

from groupchat.interfaces.storage import IClusterJournal, NodeCard, Standing
from groupchat.journals.memory import MemoryJournal
from groupchat.model import preferences
from groupchat.model.drafts import Operation
from groupchat.model.errors import JournalUnavailable
from groupchat.model.events import Done, Left, Listed, Refused, Said
from groupchat.model.node_operations import NodeDown, NodeState, NodeUp
from groupchat.model.preferences import Preferences
from groupchat.model.times import iso
from groupchat.verbs.general import NOTICED_S
from tests.fakes import HeldJournal
from tests.house import NOON, House, Peer
from tests.people import account, member

PASSWORD = "correct horse"


def back(home: House, nick: str, door: str = "text") -> Peer:
    """Return somebody who logs in."""
    peer = home.connect(door)
    return peer.offer(nick, password=PASSWORD) if door == "json" else peer.type(nick, PASSWORD)


def attended(home: House, nick: str) -> Peer:
    """Return somebody who sits at a program, which is shown things as programs are until it has said so."""
    peer = home.connect("json")
    peer.screen.prefer(Preferences(emoji=False))
    return peer.offer(nick, password=PASSWORD, attended=True)


class SetTests(SynchronousTestCase):
    def test_list(self) -> None:
        """/set alone lists the preferences, for people and for programs; a name or value that is none is refused."""
        (alice,) = House().come("alice")
        alice.type("/set", "/set echo", "/set echo perhaps", "/set colour red")
        (listed, *_) = alice.answers
        assert isinstance(listed, Listed)
        self.assertIn("echo off", listed.lines[0])
        self.assertEqual([item["name"] for item in listed.items], preferences.names())
        self.assertEqual(listed.items[0], {"name": "echo", "value": "off"})
        self.assertEqual(alice.codes, ["bad-arguments"] * 3)
        self.assertFalse([answer for answer in alice.answers if isinstance(answer, Done)])

    def test_answer(self) -> None:
        """A change is answered with a sentence for people, and name and value for programs."""
        (alice,) = House().come("alice")
        alice.type("/set ZONE europe/paris")
        fields = {"name": "zone", "value": "Europe/Paris"}
        self.assertEqual(alice.answers, [Done(0, "zone is now Europe/Paris.", fields)])

    def test_answer_of_an_account(self) -> None:
        """A change that is remembered is answered in the same way, once it is on disk."""
        alice = member(House(), "alice", "json")
        alice.do("set", name="echo", value=True, ref=1)
        self.assertEqual(alice.answers, [Done(0, "echo is now on.", {"name": "echo", "value": "on"})])
        self.assertEqual(alice.refs(), [("Done", 1)])

    def test_every_connection(self) -> None:
        """What a person prefers holds at once at all doors of one kind, and later; programs have their own."""
        home = House()
        account(home.hall, "alice")
        laptop, phone, bot = back(home, "alice"), back(home, "alice"), back(home, "alice", "json")
        laptop.type("/set echo on", "/set zone utc")
        self.assertTrue(phone.screen.style.preferences.echo)
        self.assertFalse(bot.screen.style.preferences.echo)
        later = back(home, "alice").screen.style.preferences
        self.assertEqual((later.echo, later.zone), (True, "UTC"))

    def test_program(self) -> None:
        """What a program sets holds for that connection only, unless it wants it remembered."""
        home = House()
        account(home.hall, "alice")
        terminal, bot = attended(home, "alice"), back(home, "alice", "json")
        bot.do("set", name="echo", value=True, remember=False)
        self.assertTrue(bot.screen.style.preferences.echo)
        self.assertEqual(bot.told, ["echo is now on."])
        for other in (terminal, attended(home, "alice"), back(home, "alice", "json")):
            self.assertFalse(other.screen.style.preferences.echo)
        bot.do("set", name="echo", value=True, remember=True)
        self.assertTrue(attended(home, "alice").screen.style.preferences.echo)

    def test_person_at_a_program(self) -> None:
        """What a person types into a program is remembered for such programs, and reaches no program by itself."""
        home = House()
        account(home.hall, "alice")
        laptop = back(home, "alice")
        first, second = attended(home, "alice"), attended(home, "alice")
        bot = back(home, "alice", "json")
        self.assertTrue(first.screen.style.preferences.emoji)
        first.session.type("/set joins off")
        first.session.type("/set emoji off")
        for peer in (first, second, attended(home, "alice")):
            kept = peer.screen.style.preferences
            self.assertEqual((kept.joins, kept.emoji), ("off", False))
        for peer in (bot, back(home, "alice", "json"), laptop):
            self.assertEqual(peer.screen.style.preferences.joins, "on")

    def test_guest(self) -> None:
        """A guest's preferences end with the connection."""
        home = House()
        (alice,) = home.come("alice")
        alice.type("/set echo on")
        alice.vanish()
        self.assertFalse(home.connect().type("alice").screen.style.preferences.echo)

    def test_not_stored(self) -> None:
        """When the change cannot be stored it is refused, and holds for this connection until it ends."""
        journal = HeldJournal(MemoryJournal())
        home = House(journal)
        alice = member(home, "alice", "json")
        while journal.pending:
            journal.commit()
        alice.do("set", name="echo", value=True)
        journal.fail(JournalUnavailable("Full."))
        self.assertEqual(alice.codes, ["journal-unavailable"])
        self.assertTrue(alice.screen.style.preferences.echo)

    def test_at_once(self) -> None:
        """A change holds from the next line on."""
        (alice, bob) = House().come("alice", "bob")
        alice.type("one", "/set echo on", "two", "/set joins off")
        bob.type("/leave")
        self.assertEqual(alice.texts, ["two"])

    def test_usage(self) -> None:
        """A name without a value is answered with the usage."""
        (bot,) = House().come("bot", door="json")
        bot.do("set", name="echo")
        self.assertEqual(bot.codes, ["bad-arguments"])
        self.assertTrue(bot.answers[0].text.startswith("Usage: /set echo VALUE"))  # type: ignore[attr-defined]

    def test_server(self) -> None:
        """What the server itself sets is stored nowhere."""
        house = House()
        server = house.connect("json")
        server.session.serve()
        server.do("set", name="zone", value="UTC", ref=1)
        self.assertEqual(server.refs(), [("Done", 1)])
        self.assertEqual(server.screen.style.preferences.zone, "UTC")
        self.assertEqual(self.successResultOf(house.journal.facts("preferences")), [])

    def test_remember(self) -> None:
        """Only true and false are taken for "remember"."""
        (bot,) = House().come("bot", door="json")
        bot.do("set", name="echo", value=True, remember="yes")
        self.assertEqual(bot.codes, ["bad-arguments"])


class StatusTests(SynchronousTestCase):
    def test_status(self) -> None:
        """The status counts people, connections and rooms, and says how the journal is."""
        home = House()
        account(home.hall, "alice")
        alice, _ = back(home, "alice"), back(home, "alice")
        home.connect()
        (bot,) = home.come("bot", door="json")
        bot.say("hi").do("join", room="dev")
        bot.take()
        bot.do("status")
        (listed,) = bot.answers
        assert isinstance(listed, Listed)
        (item,) = listed.items
        counts = {name: item[name] for name in ("people", "connections", "rooms", "head", "queued", "trouble")}
        self.assertEqual(counts, {"people": 2, "connections": 4, "rooms": 2, "head": 1, "queued": 0, "trouble": ""})
        self.assertEqual((item["name"], item["since"]), (home.hall.settings.name, "2026-11-21T12:00:00.000Z"))
        alice.type("/status")
        listed = alice.answers[-1]
        assert isinstance(listed, Listed)
        self.assertEqual(listed.lines[1], "2 people, 4 connections, 2 rooms")
        self.assertEqual(listed.lines[3], "Messages can be posted.")

    def test_waiting(self) -> None:
        """What waits for the disk is counted, one message in the singular."""
        home = House(HeldJournal(MemoryJournal()))
        alice, bob = home.come("alice", "bob")
        bob.type("one")  # is being stored
        for told in ("0 messages wait", "1 message waits", "2 messages wait"):
            alice.type("/status")
            listed = alice.answers[-1]
            assert isinstance(listed, Listed)
            self.assertEqual(listed.lines[2], f"The highest number is #0; {told} to be stored.")
            bob.type("more")

    def test_what_is_no_message(self) -> None:
        """Of what waits for the disk only messages are counted: not what somebody asks for, or is told."""
        home = House(HeldJournal(MemoryJournal()))
        alice, bob = home.come("alice", "bob")
        bob.type("one")  # is being stored
        bob.type("/away lunch")
        home.come("carol")
        self.assertGreater(home.hall.commits.queued, 1)
        alice.type("/status")
        listed = alice.answers[-1]
        assert isinstance(listed, Listed)
        self.assertEqual(listed.lines[2], "The highest number is #0; 0 messages wait to be stored.")

    def test_trouble(self) -> None:
        """When nothing can be stored, the status says so."""
        journal = HeldJournal(MemoryJournal())
        home = House(journal)
        (alice,) = home.come("alice")
        alice.session.typed("lost")
        journal.fail(JournalUnavailable("The disk is full."))
        alice.take()
        alice.session.typed("/status")
        listed = alice.answers[-1]
        assert isinstance(listed, Listed)
        self.assertNotEqual(listed.lines[-1], "Messages can be posted.")
        self.assertEqual(listed.items[0]["trouble"], listed.lines[-1])


@implementer(IClusterJournal)
class StandingJournal(MemoryJournal):
    """The journal of a node, which stands as the test says."""

    node, epoch = "a1", 3
    on_received: Any = None
    on_fenced: Any = None
    on_begun: Any = None
    on_broken: Any = None
    standing_now = Standing("a1", 3, {}, 0, 0, 0.0, 0.0, 0.0, "")

    def start(self) -> "Deferred[None]":
        return succeed(None)

    def fitting(self, operations: Sequence[Operation]) -> int:
        return len(operations)

    def introduce(self, secret: str, fingerprint: Callable[[], str]) -> None:
        """Do nothing: there are no others."""

    def standing(self) -> Standing:
        return self.standing_now


class ClusterTests(SynchronousTestCase):
    """What a node says of its cluster."""

    def setUp(self) -> None:
        self.journal = StandingJournal()
        verifyObject(IClusterJournal, self.journal)
        self.house = House(self.journal)

    def stand(self, trouble: str = "", **digests: tuple[int, str]) -> None:
        """Let these nodes live, with the number of the last check of each, and what it found."""
        nodes = {
            name: NodeCard(7, "1.0", 1, 8000, f"{name}:5000", check, digest)
            for name, (check, digest) in digests.items()
        }
        self.journal.standing_now = Standing("a1", 3, nodes, 8842, 8840, 0.1, 0.0031, 0.5, trouble)

    def asked(self, do: str) -> tuple[tuple[str, ...], list[dict[str, Any]]]:
        """Return the answer to the server's own machine: its lines and its items."""
        peer = self.house.connect("json")
        peer.session.serve()
        peer.do(do)
        answer = peer.answers[-1]
        assert isinstance(answer, Listed), answer
        return answer.lines, [dict(item) for item in answer.items]

    def test_status(self) -> None:
        """One line, and some fields, say which node this is and how far it is."""
        self.stand(b1=(0, ""), a1=(0, ""), c1=(0, ""))
        lines, (item,) = self.asked("status")
        told = "This is a1 of 3 nodes (a1 b1 c1); the log is at 8,842, here 8,840; a post takes 3 ms."
        self.assertIn(told, lines)
        expected = {
            "node": "a1",
            "nodes": ["a1", "b1", "c1"],
            "log": 8842,
            "applied": 8840,
            "append": 0.0031,
            "missing": 0,
        }
        self.assertLessEqual(expected.items(), item.items())
        self.stand("e1 cannot be reached.", a1=(0, ""))
        lines, _ = self.asked("status")
        self.assertIn("This is a1 of 1 node (a1); the log is at 8,842, here 8,840; nothing can be posted here.", lines)
        self.assertEqual(lines[1], "0 people, 2 connections here, 0 rooms")
        self.assertIn(JournalUnavailable.UNSTORED, lines)
        self.assertIn("e1 cannot be reached.", lines)  # for an operator

    def test_status_for_people(self) -> None:
        """People are told that messages cannot be stored, and not what is wrong with etcd."""
        self.journal.append([NodeUp("a1", 3)])
        (alice,) = self.house.come("alice")
        self.stand("e1 cannot be reached.", a1=(0, ""))
        alice.type("/status")
        listed = alice.answers[-1]
        assert isinstance(listed, Listed)
        self.assertIn(JournalUnavailable.UNSTORED, listed.lines)
        self.assertNotIn("e1 cannot be reached", " ".join(listed.lines))

    def test_certificate(self) -> None:
        """A certificate is one node's."""
        self.stand("", a1=(0, ""))
        self.house.hall.health.validity = lambda: {"localhost": NOON + 86400}
        lines, _ = self.asked("status")
        self.assertIn("The certificate of localhost here is valid until 2026-11-22.", lines)

    def test_unseen(self) -> None:
        """A node that has not seen for long which others are alive says so; not where nothing can be posted anyway."""
        nodes = {"a1": NodeCard(3, "1.0", 1, 8842, "a1:5000")}
        words = "This node has not seen for 42 s which others are alive: what it tells of them is older."
        for live_age, trouble, told in ((42.0, "", words), (14.9, "", ""), (42.0, "e1 cannot be reached.", "")):
            self.journal.standing_now = Standing("a1", 3, nodes, 8842, 8842, 0.0, 0.003, 0.5, trouble, {}, live_age)
            self.assertEqual(words in self.asked("status")[0], bool(told))
            lines, (item,) = self.asked("nodes")
            self.assertEqual(lines[-1] == words, bool(told))
            self.assertEqual(item["unseen"], told)

    def test_missing_files(self) -> None:
        """Files that are at other nodes only are counted."""

        class Others:
            missing = 2

        self.stand("", a1=(0, ""), b1=(0, ""))
        self.house.hall.sharing.files.others = Others()  # type: ignore[assignment]
        lines, (item,) = self.asked("status")
        self.assertIn("2 shared files must still be fetched from other nodes.", lines)
        self.assertEqual(item["missing"], 2)

    def test_alone(self) -> None:
        """A server that is alone says nothing of nodes."""
        self.house = House()
        lines, (item,) = self.asked("status")
        self.assertFalse([line for line in lines if "node" in line])
        self.assertNotIn("node", item)
        self.assertEqual(self.asked("nodes"), (("This server is alone; it is no node of a cluster.",), []))

    def test_nodes(self) -> None:
        """Each node is listed with how far it is; this one with how far it is now, and with its trouble."""
        self.stand("e1 cannot be reached.", b1=(0, ""), a1=(0, ""))
        lines, items = self.asked("nodes")
        self.assertEqual(lines, (
            "a1: entry 8,840 of 8,842, 1.0, at a1:5000", "b1: entry 8,000 of 8,842, 1.0, at b1:5000",
            "They have not been compared since the nodes changed; that is done each minute while etcd answers.",
            "e1 cannot be reached.",
        ))  # fmt: skip
        self.assertEqual([item["trouble"] for item in items], ["e1 cannot be reached.", ""])
        self.assertEqual([item["own"] for item in items], [True, False])

    def test_not_known(self) -> None:
        """What is not known is not told: how far a node is that has just started, or the log of one that waits."""
        self.stand("", a1=(0, ""), b1=(0, ""))
        nodes = {name: replace(card, applied=0) for name, card in self.journal.standing_now.nodes.items()}
        self.journal.standing_now = replace(self.journal.standing_now, nodes=nodes)
        lines, _ = self.asked("nodes")
        self.assertEqual(lines[1], "b1: has just started, 1.0, at b1:5000")
        self.stand("e1 cannot be reached.")
        self.journal.standing_now = replace(self.journal.standing_now, head=8840)
        self.assertIn("a1: entry 8,840 of at least 8,840", self.asked("nodes")[0][0])
        self.journal.standing_now = replace(self.journal.standing_now, head=0, epoch=0)
        self.assertIn("a1: waits for its place in the cluster, here entry 8,840", self.asked("nodes")[0][0])
        self.assertIn(
            "; the log is not read yet, here 8,840; nothing can be posted here.", "\n".join(self.asked("status")[0])
        )

    def test_cut_off(self) -> None:
        """A node that knows of none that lives lists itself, with what is wrong."""
        self.stand("e1 cannot be reached.")
        lines, (item,) = self.asked("nodes")
        self.assertEqual((item["node"], item["epoch"], item["trouble"]), ("a1", 3, "e1 cannot be reached."))
        self.assertEqual(lines[-1], "e1 cannot be reached.")

    def known(self) -> set[str]:
        """Return the nodes that the journal remembers."""
        states: dict[str, NodeState] = {}
        self.journal.nodes().addCallback(states.update)
        return set(states)

    def lose(self) -> None:
        """Let b1 be gone."""
        self.stand("", a1=(0, ""), c1=(0, ""))
        gone = {
            "b1": NodeState(7, False, NOON, 8000), "d1": NodeState(3, False, NOON),
            "e1": NodeState(2, False, NOON, 8800, stopped=True),
        }  # fmt: skip
        self.journal.standing_now = replace(self.journal.standing_now, gone=gone)

    def test_gone(self) -> None:
        """Nodes that are gone are told of: since when, how far they were, and how long the log keeps what they need."""
        self.lose()
        lines, (item,) = self.asked("status")
        ended = "e1 is stopped; b1 d1 are gone"
        told = f"This is a1 of 2 nodes (a1 c1); {ended}; the log is at 8,842, here 8,840; a post takes 3 ms."
        self.assertIn(told, lines)
        self.assertEqual((item["nodes"], item["gone"]), (["a1", "c1"], ["b1", "d1", "e1"]))
        lines, items = self.asked("nodes")
        self.assertEqual(lines[2:5], (
            "b1: not seen since 2026-11-21 12:00; it had carried out entry 8,000",
            "d1: not seen since 2026-11-21 12:00",
            "e1: stopped since 2026-11-21 12:00; it had carried out entry 8,800",
        ))  # fmt: skip
        self.assertNotIn("gone", items[0])
        found = [items[2][name] for name in ("node", "own", "epoch", "applied", "gone", "until")]
        self.assertEqual([item.get("stopped") for item in items], [None, None, False, False, True])
        self.assertEqual(found, ["b1", False, 7, 8000, iso(NOON), iso(NOON + 24 * 3600 - NOTICED_S)])

    def test_remove(self) -> None:
        """A node that is gone is removed, which stands with what operators did; no other one is."""
        self.lose()
        self.journal.append([NodeUp("a1", 3), NodeUp("b1", 7), NodeDown("b1", 7, NOON, 8000)])
        peer = self.house.connect("json")
        peer.session.serve()
        for name, words in (
            ("a1", "The node a1 is there. Stop it first; 10 to 15 s after it has died it counts as gone."),
            ("f1", "No node f1 is known here. Gone are: b1 d1 e1."),
        ):
            peer.do("removenode", name=name)
            refused = peer.answers[-1]
            assert isinstance(refused, Refused), refused
            self.assertEqual(refused.text, words)
        self.assertEqual(self.known(), {"a1", "b1"})
        peer.do("removenode", name="b1", ref=4)
        self.house.turn()
        done = peer.answers[-1]
        assert isinstance(done, Done), done
        told = "The node b1 is listed as gone no longer. If it is started again, it is a node of the cluster again."
        self.assertEqual((done.text, self.known()), (told, {"a1"}))
        (stored,) = self.successResultOf(self.journal.moderated(10, 10))
        self.assertEqual(getattr(stored.event, "act", ""), "removenode")

    def test_remove_at_one_that_is_alone(self) -> None:
        """A server that is alone has no nodes to remove, and none but operators removes any."""
        self.house = House()
        peer = self.house.connect("json")
        peer.session.serve()
        peer.do("removenode", name="b1")
        refused = peer.answers[-1]
        assert isinstance(refused, Refused), refused
        self.assertIn("This server is alone", refused.text)
        (guest,) = self.house.come("guest")
        guest.type("/removenode b1")
        refused = guest.answers[-1]
        assert isinstance(refused, Refused), refused
        self.assertEqual(refused.code, "not-allowed")

    def test_compared(self) -> None:
        """They have the same if those that have compared last at the same entry found the same."""
        for digests, told in (
            ({"a1": (90, "x"), "b1": (90, "x"), "c1": (80, "y")}, "They have the same, as of entry 90."),
            (
                {"a1": (90, "x"), "b1": (80, "x")},
                "They have not been compared since the nodes changed; that is done each minute while etcd answers.",
            ),
            ({"a1": (90, "x"), "b1": (90, "y"), "c1": (90, "x")}, "THEY DIFFER, as of entry 90: a1 c1 / b1."),
            ({"a1": (90, "x"), "b1": (80, "y"), "c1": (80, "y")}, "They have the same, as of entry 80."),
        ):
            self.stand("", **digests)
            lines, _ = self.asked("nodes")
            self.assertEqual(lines[-1], told)


class PingTests(SynchronousTestCase):
    def test_barrier(self) -> None:
        """A ping is answered after everything that was posted before it, by anybody, is shown and answered."""
        journal = HeldJournal(MemoryJournal())
        home = House(journal)
        bot, other = home.come("bot", "other", door="json")
        while journal.pending:
            journal.commit()
        bot.take(), other.take()
        other.say("first")
        bot.say("second", ref=1).do("ping", ref=2)
        self.assertEqual(bot.screen.shown, [])
        while journal.pending:
            journal.commit()
            home.turn()
        self.assertEqual([type(event) for event, _ in bot.screen.shown], [Said, Done, Done])
        self.assertEqual(bot.refs(), [("Done", 1), ("Done", 2)])

    def test_idle(self) -> None:
        """Where nothing is posted the answer comes at once; also before there is a nickname."""
        home = House()
        (bot,) = home.come("bot", door="json")
        bot.do("ping", ref=3)
        self.assertEqual(bot.refs(), [("Done", 3)])
        self.assertEqual(home.connect("json").do("ping", ref=4).refs(), [("Done", 4)])

    def test_refused_posts(self) -> None:
        """A ping after a post that could not be stored is answered after its refusal."""
        journal = HeldJournal(MemoryJournal())
        home = House(journal)
        (bot,) = home.come("bot", door="json")
        while journal.pending:
            journal.commit()
        bot.say("lost", ref=1).do("ping", ref=2)
        journal.fail(JournalUnavailable("Full."))
        home.turn()
        self.assertEqual(bot.refs(), [("Refused", 1), ("Done", 2)])

    def test_journal_that_does_not_answer(self) -> None:
        """Whoever has something in a journal that does not answer is answered all the same, and goes on reading."""
        journal = HeldJournal(MemoryJournal())
        home = House(journal)
        bot, other = home.come("bot", "other", door="json")
        while journal.pending:
            journal.commit()
            home.turn()
        other.say("before")
        while journal.pending:
            journal.commit()
            home.turn()
        bot.take()
        bot.say("lost", ref=1)
        home.turn()
        bot.do("ping", ref=2)
        self.assertEqual(bot.refs(), [])
        home.pass_time(3)
        self.assertEqual(bot.refs(), [("Done", 2)])
        home.pass_time(10)
        bot.take()
        bot.do("ping", ref=3).do("history", ref=4)
        home.turn()
        self.assertEqual(bot.refs(), [("Done", 3), ("Replayed", 4)])


class ExitTests(SynchronousTestCase):
    def test_reason(self) -> None:
        """The reason is shown to others, cut to what they should have to read; the code of closing is exit."""
        home = House()
        alice, bob = home.come("alice", "bob")
        alice.type(f"/quit   {'z' * 200}")
        self.assertEqual(bob.events, [Left("lobby", "alice", home.now(), "z" * 100, True)])
        self.assertEqual(alice.screen.codes, ["exit"])

    def test_program(self) -> None:
        """A program is answered with its ref before the connection closes."""
        (bot,) = House().come("bot", door="json")
        bot.do("exit", reason="done", ref=9)
        self.assertEqual(bot.refs(), [("Done", 9)])
        self.assertTrue(bot.screen.closed)
