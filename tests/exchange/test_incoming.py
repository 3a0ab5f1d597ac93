"""What becomes of single lines: known, new, changed here since, of another copy, or not valid."""

import json
from typing import Any

from groupchat.exchange.fields import NUMBER_MAX
from groupchat.facts.account_facts import (
    AccessToken,
    Account,
    Hook,
    KnownAddress,
    RankGiven,
    ReadPosition,
    RegistrationCode,
)
from groupchat.facts.reading_places import talk
from groupchat.facts.sanctions import Mute
from groupchat.model.drafts import Amendment, Draft, Erase, Expire, Fact, FactChange, Kind, ReadUpTo
from groupchat.model.errors import Muted, Refusal
from groupchat.model.events import SERVER, AuthorId
from groupchat.model.ranks import Rank
from tests.admin.cases import ALICE, BOB, NOON, account, draft
from tests.exchange.places import Lines, Place, PlacesCase, posts

OTHER = AuthorId(99)


def said(text: str, minutes: float = 0, author: AuthorId = ALICE, nick: str = "alice", **more: object) -> Draft:
    return draft(author, nick, text, minutes / 1440, **more)


def edited(text: str, target: int, minutes: float) -> Draft:
    return said(text, minutes, kind=Kind.EDITED, target=target)


def deleted(target: int, minutes: float) -> Draft:
    return said("", minutes, kind=Kind.DELETED, target=target)


def mute(nick: str, minutes: float = 0) -> Mute:
    return Mute(nick, nick, None, True, "", "olga", "", NOON + minutes * 60, None)


def amended(*changes: FactChange) -> Amendment:
    return Amendment(SERVER, NOON, changes)


class IncomingCase(PlacesCase):
    def setUp(self) -> None:
        self.here, self.there = self.place(), self.place()

    def texts(self, place: Place) -> list[str | None]:
        """Return how messages read; None: deleted."""
        return [line.get("text") for line in posts(place.exported()) if line["kind"] not in ("edited", "deleted")]


class RepliesTest(IncomingCase):
    """Replies, and messages of several lines."""

    def setUp(self) -> None:
        super().setUp()
        self.there.append(said("before"), said("and before"))
        whisper = Draft(Kind.WHISPERED, ALICE, "alice", NOON, text="psst", reader=BOB, to="bob")
        answer = Draft(Kind.WHISPERED, BOB, "bob", NOON, text="what?", reader=ALICE, to="alice", reply=3)
        self.here.append(
            said("a\n\n  b"), said("yes", 1, BOB, "bob", reply=1), whisper, answer,
            Draft(Kind.EDITED, BOB, "bob", NOON, text="no", target=2),
        )  # fmt: skip

    def replies(self) -> list[tuple[object, ...]]:
        """Return what is a reply there."""
        return self.there.query("SELECT text, reply, reply_author, reply_nick FROM posts WHERE reply IS NOT NULL")

    def test_numbers(self) -> None:
        """A reply answers the message that it answered, whichever number that has here; edits of it do so too."""
        self.there.take(self.here.exported())
        self.assertEqual(
            self.replies(),
            [("no", 3, ALICE, "alice"), ("what?", 5, ALICE, "alice"), ("no", 3, ALICE, "alice")],
        )
        self.assertEqual(self.texts(self.there)[2], "a\n\n  b")
        self.assertEqual(self.there.faults(), [])
        self.assert_unchanged(self.there, self.here.exported())

    def test_missing(self) -> None:
        """What answers something that is not here is no reply, and neither is what answers another conversation."""
        lines = [line for line in self.here.exported() if line.get("id") not in (1, 3)]
        for line in lines:
            if line.get("text") == "what?":
                line.update(reply=2, reply_at=next(one["at"] for one in lines if one.get("id") == 2))
        self.there.take(lines)
        self.assertEqual(self.replies(), [])
        self.assertEqual(self.there.faults(), [])

    def test_mistakes(self) -> None:
        """A reply needs the number and the time of what it answers."""
        lines = self.here.exported()
        (at,) = [index for index, line in enumerate(lines) if line.get("id") == 2]
        for wrong in ({"reply": 0}, {"reply": "1"}, {"reply_at": None}, {"reply_at": "x"}, {"reply_journal": "x"}):
            with self.assertRaises((ValueError, Refusal)):
                self.there.take([*lines[:at], {**lines[at], **wrong}, *lines[at + 1 :]])


class PostsTest(IncomingCase):
    def test_authors_keep_their_messages(self) -> None:
        """Whoever has the account may edit what was imported."""
        self.here.append(amended(account("alice", ALICE).made()), said("a"))
        self.there.take(self.here.exported())
        (outcome,) = self.there.append(edited("b", 1, 1))
        self.assertNotIsInstance(outcome, Refusal)
        self.assertEqual(self.texts(self.there), ["b"])

    def test_mutes_of_today(self) -> None:
        """What muted people said before is imported; they still may say nothing."""
        self.there.append(amended(mute("alice").made()))
        self.here.append(said("a"))
        self.assertEqual(self.there.take(self.here.exported()).posts["imported"], 1)
        (outcome,) = self.there.append(said("b", folded="alice"))
        self.assertIsInstance(outcome, Muted)

    def test_private_only_on_request(self) -> None:
        """Private messages are in the export only if asked for; then they are between the same two people."""
        self.here.append(said("a"), said("psst", 1, kind=Kind.WHISPERED, reader=BOB, to="bob"), edited("hush", 2, 2))
        self.here.append(said("b", 3))
        public = self.here.exported(private=False)
        self.assertNotIn("hush", json.dumps(public))
        self.there.take(public)
        self.assertEqual(self.texts(self.there), ["a", "b"])
        self.there.take(self.here.exported())
        self.assertEqual(self.texts(self.there), ["a", "b", "hush"])
        self.assertEqual(self.there.query("SELECT author, reader, peer FROM posts WHERE id = 3"), [(ALICE, BOB, "bob")])
        self.assertEqual(self.there.faults(), [])

    def test_older_words_are_not_exported(self) -> None:
        """What a message said before it was edited or deleted is in no export."""
        self.here.append(said("secret1"), edited("secret2", 1, 1), edited("now", 1, 2))
        self.here.append(said("secret3", 3), edited("secret4", 4, 4), deleted(4, 5))
        self.assertNotIn("secret", json.dumps(self.here.exported()))

    def test_changed_there_and_here(self) -> None:
        """Of two edits the later one holds, whichever came first into the journal; a deletion holds always."""
        self.here.append(*map(said, "abcd"))
        self.there.take(self.here.exported())
        self.here.append(edited("a here", 1, 1), edited("b here", 2, 4), deleted(3, 5), edited("d here", 4, 6))
        self.there.append(edited("a there", 1, 3), edited("b there", 2, 2), edited("c there", 3, 9), deleted(4, 1))
        self.there.take(self.here.exported())
        self.assertEqual(self.texts(self.there), ["a there", "b here", None, None])
        self.here.take(self.there.exported())
        self.assertEqual(self.texts(self.here), ["a there", "b here", None, None])
        self.assertEqual(self.there.faults() + self.here.faults(), [])

    def test_removed_here(self) -> None:
        """What was removed as too old, here or where it was imported, does not come back."""
        self.here.append(*(said(f"old {n}", n) for n in range(3)), said("new", 100))
        lines = self.here.exported()
        self.there.take(lines)
        for place in (self.here, self.there):
            place.append(Expire(NOON + 3000))
            self.assertEqual(self.texts(place), ["new"])
            self.assert_unchanged(place, lines)

    def test_erased(self) -> None:
        """Somebody who was erased stays erased: where that was done, and elsewhere, but for what was there already."""
        self.here.append(amended(account("alice", ALICE).made()), said("a"), said("b", author=BOB, nick="bob"))
        self.here.append(
            said("psst", 1, kind=Kind.WHISPERED, reader=BOB, to="bob"), edited("a!", 1, 2), said("gone", 2)
        )
        self.here.append(deleted(5, 3), said("T", 3, kind=Kind.TOPIC))
        before = self.here.exported()
        backup = self.copy(self.here)
        self.here.append(Erase("alice", "forgotten-0000abcd", SERVER))
        after = self.here.exported()
        for word in ("alice", "a!", "psst"):
            self.assertNotIn(word, json.dumps(after))
        for lines in (before, after):
            self.assert_unchanged(self.here, lines)
        self.assertEqual(self.there.take(after).posts["left out"], 0)
        self.assertEqual(self.texts(self.there), [None, "b", None, None, ""])
        self.assertEqual(posts(self.there.exported()), posts(after))
        for lines in (before, after):
            self.assert_unchanged(self.there, [line for line in lines if line["kind"] != "fact"])
        self.assert_unchanged(backup, after)
        self.assertEqual(self.there.faults() + self.here.faults() + backup.faults(), [])

    def test_through_others(self) -> None:
        """What comes back through other journals is known, with what was said there."""
        third = self.place()
        self.here.append(said("a"))
        self.there.append(said("b", 1))
        self.there.take(self.here.exported())
        third.take(self.there.exported())
        third.append(edited("b!", 1, 2))
        self.here.take(third.exported())
        self.assertEqual(self.texts(self.here), ["a", "b!"])
        self.there.take(self.here.exported())
        self.assertEqual(self.texts(self.there), ["b!", "a"])
        self.assert_unchanged(self.there, third.exported())

    def test_several_at_once(self) -> None:
        """Files can be joined, and a line that is there twice counts once."""
        self.here.append(said("a"))
        self.there.append(said("b"))
        third = self.place()
        incoming = third.take([*self.here.exported(), *self.there.exported(), *self.here.exported()])
        self.assertEqual((incoming.posts["imported"], incoming.posts["there already"]), (2, 1))
        self.assertEqual(self.texts(third), ["a", "b"])

    def test_selection(self) -> None:
        """A message of which only later changes are in the file is left out with them."""
        self.here.append(said("a"), edited("b", 1, 1), said("c", 2))
        lines = [line for line in self.here.exported() if line.get("id") != 1]
        incoming = self.there.take(lines)
        self.assertEqual((incoming.posts["imported"], incoming.posts["left out"]), (1, 1))
        self.assertEqual(self.there.faults(), [])


class RestoredTest(IncomingCase):
    def test_lost_posts_come_back(self) -> None:
        """After a backup was restored, an export that is newer brings what was lost, with its old numbers."""
        self.here.append(amended(account("alice", ALICE).made()), said("a"))
        backup = self.copy(self.here)
        self.assert_unchanged(backup, self.here.exported())
        self.here.append(said("b", 1), edited("a!", 1, 2), amended(mute("bob", 3).made()))
        lines = self.here.exported()
        backup.take(lines)
        self.assertEqual(backup.exported(), lines)
        self.assert_unchanged(backup, lines)
        self.assert_unchanged(self.here, backup.exported())
        self.assertEqual(backup.query("SELECT * FROM imported"), [])

    def test_said_meanwhile(self) -> None:
        """If something else was said with these numbers, both are there, and reading positions are right."""
        self.here.append(amended(account("alice", ALICE).made()), said("a"))
        backup = self.copy(self.here)
        self.here.append(said("b", 1), said("c", 2), ReadUpTo(ALICE, "lobby", 3, NOON))
        backup.append(said("x", 3), said("y", 4), said("z", 5))
        lines = self.here.exported()
        backup.take(lines)
        self.assertEqual(self.texts(backup), ["a", "x", "y", "z", "b", "c"])
        self.assertEqual(json.loads(backup.query("SELECT value FROM facts WHERE kind = 'position'")[0][0])["upto"], 6)
        for given in (lines, backup.exported()):
            self.assert_unchanged(backup, given)
        self.assertEqual(self.here.take(backup.exported()).posts["imported"], 3)
        self.assertEqual(self.texts(self.here), ["a", "b", "c", "x", "y", "z"])


class FactsTest(IncomingCase):
    def test_undone_since(self) -> None:
        """What was undone does not come back: not where it was decided, nor where it was imported."""
        alice = account("alice", ALICE)
        self.here.append(amended(alice.made(), mute("bob").made()), said("a"))
        lines = self.here.exported()
        self.there.take(lines)
        for place in (self.here, self.there):
            place.append(amended(FactChange(Fact("mute", "/bob", None)), FactChange(Fact("account", "alice", None))))
            self.assert_unchanged(place, lines)
        self.there.append(amended(mute("carol").made()))
        self.here.take(self.there.exported())
        self.assertEqual(self.here.query("SELECT kind, name FROM facts"), [("mute", "/carol")])

    def test_others_account(self) -> None:
        """An account of another person with the same nickname keeps its own; only on request they are one person."""
        self.here.append(
            amended(account("alice", OTHER).made(), RankGiven(OTHER, Rank.OPERATOR, "server", NOON).made())
        )
        self.here.append(said("mine", author=OTHER))
        self.there.append(amended(account("alice", ALICE).made()))
        lines = self.here.exported()
        another = self.copy(self.there)
        incoming = self.there.take(lines)
        self.assertEqual((incoming.strangers, incoming.facts["left out"]), (["alice"], 2))
        self.assertEqual(self.there.query("SELECT author FROM posts"), [(OTHER,)])
        another.take(lines, same_people=True)
        self.assertEqual(another.query("SELECT author FROM posts"), [(ALICE,)])
        for place in (self.there, another):
            self.assertEqual(place.query("SELECT name FROM facts"), [("alice",)])
            self.assert_unchanged(place, lines)

    def test_positions_of_the_same_people(self) -> None:
        """How far people have read comes along to the accounts they have here, with whomever they talked."""
        self.here.append(amended(account("alice", OTHER).made(), account("bob", AuthorId(8)).made()))
        self.here.append(said("psst", kind=Kind.WHISPERED, author=AuthorId(8), reader=OTHER, to="alice"), said("a"))
        self.here.append(ReadUpTo(OTHER, talk(AuthorId(8)), 1, NOON), ReadUpTo(OTHER, "lobby", 2, NOON))
        self.there.append(amended(account("alice", ALICE).made(), account("bob", BOB).made()))
        lines = self.here.exported()
        self.assertEqual([line["with"] for line in lines if "with" in line], ["8"])
        self.there.take(lines, same_people=True)
        names = [name for (name,) in self.there.query("SELECT name FROM facts WHERE kind = 'position' ORDER BY name")]
        self.assertEqual(names, [f"{ALICE}/{talk(BOB)}", f"{ALICE}/lobby"])
        again = self.copy(self.there)
        again.take(lines, same_people=True)
        self.assertEqual(again.tables(), self.there.tables())

    def test_secrets(self) -> None:
        """No password, token, hook, code or known address is in an export, and an account comes without a password."""
        facts = [
            Account("alice", "alice", ALICE, "secret-hash", NOON),
            KnownAddress(ALICE, "secret-address", NOON),
            RegistrationCode("secret-code", "olga", NOON),
            AccessToken(ALICE, "secret-name", "secret-digest", NOON),
            Hook(ALICE, "secret-name", "lobby", "secret-digest", NOON),
        ]
        self.here.append(amended(*(fact.made() for fact in facts)), said("a"))
        lines = self.here.exported()
        self.assertNotIn("secret", json.dumps(lines))
        self.assertEqual(self.there.take(lines).accounts, ["alice"])
        ((value,),) = self.there.query("SELECT value FROM facts")
        self.assertEqual(json.loads(value)["hash"], "")

    def test_positions(self) -> None:
        """A position is never lowered, and is of no use to somebody without an account."""
        self.here.append(
            amended(account("alice", ALICE).made()), said("a"), said("b"), ReadUpTo(ALICE, "lobby", 1, NOON)
        )
        lines = self.here.exported()
        self.there.take(lines)
        self.there.append(ReadUpTo(ALICE, "lobby", 2, NOON))
        self.assert_unchanged(self.there, lines)
        third = self.place()
        incoming = third.take([line for line in lines if line["kind"] != "fact"])
        self.assertEqual(incoming.facts["left out"], 1)
        self.assertEqual(third.query("SELECT * FROM facts WHERE kind = ?", ReadPosition.KIND), [])


class MistakesTest(IncomingCase):
    """Every part is checked as a door checks it."""

    def setUp(self) -> None:
        super().setUp()
        self.here.append(amended(account("alice", ALICE).made(), mute("bob").made()))
        self.here.append(said("a"), edited("b", 1, 1), said("psst", 2, kind=Kind.WHISPERED, reader=BOB, to="bob"))
        self.here.append(said("T", 3, kind=Kind.TOPIC), ReadUpTo(ALICE, "lobby", 1, NOON))
        self.lines = self.here.exported()

    def changed(self, index: int, **fields: Any) -> Lines:
        """Return the lines with one changed; Ellipsis takes a field away."""
        line = {name: value for name, value in {**self.lines[index], **fields}.items() if value is not ...}
        return [*self.lines[:index], line, *self.lines[index + 1 :]]

    def assert_refused(self, lines: Lines) -> None:
        before = self.there.tables()
        with self.assertRaises((ValueError, Refusal)):
            self.there.take(lines)
        self.assertEqual(self.there.tables(), before)

    def test_heads(self) -> None:
        """The first lines must say what the rest is."""
        cases: list[dict[str, Any]] = [
            {"version": 3},
            {"version": None},
            {"journal": "X"},
            {"head": -1},
            {"head": True},
            {"more": 1},
        ]
        for fields in cases:
            self.assert_refused(self.changed(0, **fields))
        self.assert_refused([self.lines[0], *self.lines[2:]])
        self.assert_refused(self.changed(1, journal="0" * 33))
        wrongs: tuple[Any, ...] = ("x", ["x"], [[]], {}, 3)
        for wrong in wrongs:
            self.assert_refused(self.changed(0, formerly=wrong))

    def test_posts(self) -> None:
        """No door takes such text, names, numbers or times."""
        first = next(index for index, line in enumerate(self.lines) if line.get("id") == 1)
        cases: list[dict[str, Any]] = [
            {"id": 0}, {"id": True}, {"id": 2**63}, {"id": "1"}, {"kind": "sung"}, {"kind": ["said"]}, {"room": ""},
            {"room": "no room"}, {"nick": "two words"}, {"nick": 3}, {"nick": "x" * 65}, {"author": 11},
            {"author": "-1"}, {"author": str(NUMBER_MAX + 1)}, {"author": "1" * 5000}, {"at": "9999-01-01T00:00:00Z"},
            {"at": "0001-01-01T00:00:00Z"}, {"at": "2026-11-21T12:00:00"}, {"at": 12}, {"at": "x"},
            {"text": ""}, {"text": "\x1b[2J"}, {"text": "a\vb"}, {"text": "a\r\nb"}, {"text": "a\n"},
            {"text": "a\n" * 60 + "b"}, {"text": "x" * 65537}, {"text": None}, {"text": ...},
            {"text": "\ud800"}, {"reader": "22"}, {"to": "bob"}, {"deleted_by": "bob"}, {"more": 1}, {"edited": 1},
            {"text": ..., "deleted_by": "bob"},
        ]  # fmt: skip
        for fields in cases:
            self.assert_refused(self.changed(first, **fields))
        cases = [
            {"message": ...}, {"message": 0}, {"message_at": "x"}, {"message_journal": "x"},
        ]  # fmt: skip
        for fields in cases:
            self.assert_refused(self.changed(first + 1, **fields))
        cases = [{"to": ...}, {"reader": ...}, {"room": "lobby"}, {"kind": "said"}]
        for fields in cases:
            self.assert_refused(self.changed(first + 2, **fields))
        self.assert_refused(self.changed(first + 3, text="x" * 1001))
        topic = self.lines[first + 3]
        later = {**self.lines[first + 1], "id": 9, "message": topic["id"], "message_at": topic["at"]}
        self.assert_refused([*self.lines, later])

    def test_facts(self) -> None:
        """Nothing else is taken for a fact."""
        cases: list[dict[str, Any]] = [
            {"fact": "invitecode"}, {"fact": "known-address"}, {"fact": "nonsense"}, {"fact": []}, {"name": "bob"},
            {"name": 3}, {"value": []}, {"value": {}}, {"value": {**self.lines[2]["value"], "hash": "x"}},
            {"value": {**self.lines[2]["value"], "author": 11}},
        ]  # fmt: skip
        for fields in cases:
            self.assert_refused(self.changed(2, **fields))
        cases = [
            {"room": "No"}, {"until": 5}, {"until": "9999-12-31T00:00:00Z"}, {"named": "yes"}, {"why": "x\x07"},
            {"key": "carol"}, {"whom": ""}, {"author": True},
        ]  # fmt: skip
        for fields in cases:
            self.assert_refused(self.changed(3, value={**self.lines[3]["value"], **fields}))
        self.assert_refused(self.changed(len(self.lines) - 1, id="x"))
        self.assert_refused(self.changed(len(self.lines) - 1, author=...))

    def test_no_objects(self) -> None:
        """A line must be an object with a kind."""
        for line in [[], 3, None, "x", {}]:
            self.assert_refused([*self.lines, line])  # type: ignore[list-item]
