"""The traces of a person in a journal."""

from groupchat.facts.account_facts import ReadPosition
from groupchat.facts.room_facts import RoomOperator
from groupchat.facts.typed import TypedFact
from groupchat.journals.rules.rows import Row
from groupchat.journals.tools.archive import Archive, reading
from groupchat.journals.tools.traces import BATCH, Traces
from groupchat.model.drafts import Draft, Kind
from groupchat.model.errors import JournalUnavailable
from groupchat.model.events import AuthorId
from tests.journals.contract import ALICE, BOB, NOON, account, amended, ban, deleted, said, topic, whispered
from tests.journals.sqlite.files import DataFolderCase

GUEST = AuthorId(77)


def by_guest(text: str, nick: str = "alice") -> Draft:
    """Draft something that a guest said under this nickname."""
    return Draft(Kind.SAID, GUEST, nick, NOON, "lobby", text)


class TracesTest(DataFolderCase):
    def setUp(self) -> None:
        super().setUp()
        self.archive = Archive(self.path)
        self.open_archive = True
        self.addCleanup(self.close)

    def close(self) -> None:
        if self.open_archive:
            self.archive.__exit__()
        self.open_archive = False

    def rows(self) -> list[Row]:
        with reading(self.path) as (_, rows):
            return list(rows)

    def test_account(self) -> None:
        """Messages of an account are found whatever the nickname was; what is deleted already is not."""
        renamed = Draft(Kind.SAID, ALICE, "alice2", NOON, "lobby", "b")
        self.archive.append(
            [said("a"), renamed, said("c", BOB), whispered("d", ALICE, BOB), said("e"), deleted(5), topic("f")]
        )
        self.archive.append([amended(account(ALICE), account(BOB))])
        traces = Traces(self.archive, "Alice")
        self.assertEqual([row.text for row in traces.messages], ["a", "b", "d"])
        self.assertEqual((traces.topics, traces.has_account), ([7], True))

    def test_guests(self) -> None:
        """Messages of guests with the nickname are found, but none of another account that used it."""
        self.archive.append([by_guest("a"), by_guest("b", "zoe"), Draft(Kind.SAID, BOB, "alice", NOON, "lobby", "c")])
        self.archive.append([amended(account(BOB))])
        traces = Traces(self.archive, "ALICE")
        self.assertEqual(([row.text for row in traces.messages], traces.has_account), (["a"], False))

    def test_facts(self) -> None:
        """The facts of an account go with it: the account itself, its positions and ranks, and no other's."""
        mine: list[TypedFact] = [
            account(ALICE), ReadPosition(ALICE, "lobby", 1, NOON), RoomOperator("lobby", ALICE, "alice", "olga", NOON)
        ]  # fmt: skip
        others: list[TypedFact] = [account(BOB), ReadPosition(BOB, "lobby", 1, NOON), ban("alice")]
        self.archive.append([amended(*mine, *others)])
        found = {(fact.kind, fact.name) for fact in Traces(self.archive, "alice").facts}
        self.assertEqual(found, {(one.KIND, one.name) for one in mine})

    def test_erased(self) -> None:
        """Nothing of the person can be read afterwards, in any row or file; the rest is there."""
        self.archive.append([said("zebra"), said("okapi", BOB), topic("gnu"), amended(account(ALICE))])
        Traces(self.archive, "alice").erase(NOON, lambda done, total: None)
        left = Traces(self.archive, "alice")
        self.assertEqual((left.messages, left.topics, left.facts), ([], [], []))
        self.close()
        self.assertEqual([row.text for row in self.rows()], ["", "okapi", "", ""])
        files = b"".join(file.read_bytes() for file in self.folder.iterdir())
        self.assertEqual([word in files for word in (b"zebra", b"gnu", b"okapi")], [False, False, True])

    def test_pieces(self) -> None:
        """Many messages are erased in pieces; after an error it goes on where it was."""
        self.archive.append([by_guest(f"word{number}") for number in range(BATCH + 5)])
        told: list[tuple[int, int]] = []

        def progress(done: int, total: int) -> None:
            told.append((done, total))
            if len(told) == 1:
                raise JournalUnavailable("The disk is full.")

        self.assertRaises(JournalUnavailable, Traces(self.archive, "alice").erase, NOON, progress)
        Traces(self.archive, "alice").erase(NOON, progress)
        self.assertEqual(told, [(BATCH, BATCH + 5), (5, 5)])
        self.close()
        self.assertFalse(any(row.text for row in self.rows()))
