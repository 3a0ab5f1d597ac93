"""The traces of a person in a journal."""

from groupchat.facts.room_facts import Invitation
from groupchat.facts.sanctions import Mute
from groupchat.journals.tools.archive import Archive
from groupchat.journals.tools.traces import Traces, traces
from groupchat.model.drafts import Deed, Draft, Erase, Expire, Kind, Operation, StoredSession
from groupchat.model.errors import CannotStart
from groupchat.model.events import SERVER, AuthorId
from tests.journals.contract import ALICE, BOB, NOON, account, amended, deleted, said, topic, whispered
from tests.journals.sqlite.files import DataFolderCase

GUEST = AuthorId(77)


def by_guest(text: str, nick: str = "alice") -> Draft:
    """Draft something that a guest said under this nickname."""
    return Draft(Kind.SAID, GUEST, nick, NOON, "lobby", text)


class TracesTest(DataFolderCase):
    def setUp(self) -> None:
        super().setUp()
        self.archive = Archive(self.path)
        self.addCleanup(self.archive.__exit__)

    def test_account(self) -> None:
        """Messages of an account are counted whatever the nickname was; what is deleted or empty already is not."""
        renamed = Draft(Kind.SAID, ALICE, "alice2", NOON, "lobby", "b")
        self.archive.append(
            [
                said("a"),
                renamed,
                said("c", BOB),
                whispered("d", ALICE, BOB),
                said("e"),
                deleted(5),
                topic("f"),
                topic(""),
            ]
        )
        self.archive.append([amended(account(ALICE), account(BOB))])
        self.assertEqual(traces(self.path, "alice"), Traces(3, 1, True, True))

    def test_guests(self) -> None:
        """Messages of guests with the nickname are counted, but none of another account that used it."""
        self.archive.append([by_guest("a"), by_guest("b", "zoe"), Draft(Kind.SAID, BOB, "alice", NOON, "lobby", "c")])
        self.archive.append([amended(account(BOB))])
        self.assertEqual(traces(self.path, "alice"), Traces(1, 0, False, False))

    def test_nothing(self) -> None:
        """What has expired, or was erased, is not there any more, although its rows may be."""
        self.archive.append([said("a"), said("b", at=NOON + 9), Expire(NOON + 5)])
        self.assertEqual(traces(self.path, "alice"), Traces(1, 0, False, False))
        self.archive.append([Erase("alice", "forgotten-0123abcd", SERVER)])
        found = traces(self.path, "alice")
        self.assertEqual((found, bool(found)), (Traces(0, 0, False, False), False))
        self.assertRaises(CannotStart, traces, self.folder / "none.db", "alice")

    def test_named(self) -> None:
        """Somebody who said nothing may have a session, or be named in a decision, an act or a private message."""
        deed = Deed("invite", "invited alice to dev", "alice").encode()
        places: list[Operation] = [
            StoredSession(GUEST, "d" * 64, "Alice", ("lobby",), 0, NOON),
            amended(Invitation("dev", GUEST, "bob", "alice", NOON)),
            amended(Mute("alice", "alice", None, True, "", "bob", "", NOON, None)),
            Draft(Kind.MODERATED, BOB, "bob", NOON, text=deed),
            Draft(Kind.WHISPERED, BOB, "bob", NOON, text="psst", reader=GUEST, to="Alice"),
        ]
        self.assertFalse(traces(self.path, "alice"))
        for number, place in enumerate(places):
            self.archive.append([place])
            self.assertEqual(traces(self.path, "alice"), Traces(0, 0, False, True), number)
            self.archive.append([Erase("alice", f"forgotten-0123abc{number}", SERVER)])
            self.assertEqual(traces(self.path, "alice"), Traces(0, 0, False, False), number)
